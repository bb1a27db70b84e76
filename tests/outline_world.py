"""The C++ around randomly generated catch chains: types that are thrown, a log of all that happens, and places to call from.

What happens is told by serial numbers, which begin anew with each call, so that two builds can be compared by text.
"""

from __future__ import annotations

# What is thrown, by number.  The flows after the last `FOREIGN` are no C++ exceptions.
THROWS = (
    '',
    'throw Base("base");',
    'throw Derived("derived");',
    'throw Diamond();',
    'throw Twice();',
    'throw static_cast<const Base *>(&lasting);',
    'static Derived kept("kept"); throw &kept;',
    'throw 42;',
    'throw 42L;',
    'throw GREEN;',
    'throw "text";',
    'throw std::string("string");',
    'throw nullptr;',
    'throw &note_state;',
    'throw std::out_of_range("range");',
    'throw std::runtime_error("runtime");',
    'throw std::bad_alloc();',
    'throw Own();',
    'try { throw Derived("inner"); } catch (...) { std::throw_with_nested(Base("nested")); }',
    'try { throw Derived("again"); } catch (const Base &) { note("again"); throw; }',
    'std::exception_ptr kept; try { throw Diamond(); } catch (...) { kept = std::current_exception(); } std::rethrow_exception(kept);',
    'PyErr_SetString(PyExc_KeyError, "set"); throw Base("with-error");',
    'raise_foreign();',
    'pthread_exit(nullptr);',
)
FOREIGN, FORCED = len(THROWS) - 2, len(THROWS) - 1
# Where a function is called from: from nothing, a handler, a destructor while the stack is unwound, a handler of a foreign exception,
# and from a handler within such a destructor.
PLACES = 5

HEAD = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <new>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <unwind.h>
#include <utility>
#include <vector>

typedef std::vector<std::pair<int, const char *>> Pairs;
static std::string seen;
static int serial, alive;
static std::exception_ptr saved;

static void note(const char *text) { seen += std::string(" ") + text; }
static void note(const std::string &text) { seen += " " + text; }
static void note(int number) { seen += " " + std::to_string(number); }
static void note_state()
{
    const std::exception_ptr now = std::current_exception();
    seen += std::string(" <") + (now ? now.__cxa_exception_type()->name() : "") + " " + std::to_string(std::uncaught_exceptions()) + ">";
}

struct Noisy {
    const char *name;
    explicit Noisy(const char *n) : name(n) { seen += std::string(" +") + name; }
    Noisy(const Noisy &) = delete;
    Noisy &operator=(const Noisy &) = delete;
    ~Noisy() { seen += std::string(" -") + name; note_state(); }
};

struct Base {
    std::string text;
    int number;
    explicit Base(const char *t) : text(t), number(++serial) { ++alive; }
    Base(const Base &other) : text(other.text), number(++serial) { ++alive; note("copy"); }
    Base &operator=(const Base &) = delete;
    virtual ~Base() { --alive; note("gone:" + what()); }
    virtual std::string what() const { return text + "#" + std::to_string(number); }
};
struct Derived : Base { using Base::Base; std::string what() const override { return "derived:" + Base::what(); } };
struct Left : virtual Base { Left() : Base("left") {} };
struct Right : virtual Base { Right() : Base("right") {} };
struct Diamond : Left, Right { Diamond() : Base("diamond") {} };
struct One : Base { One() : Base("one") {} };
struct Two : Base { Two() : Base("two") {} };
struct Twice : One, Two {};
struct Own : Derived, std::runtime_error { Own() : Derived("own"), std::runtime_error("own-error") {} };
enum Color { RED, GREEN };
static const Base lasting("lasting");

static std::string told(const Base &error) { return error.what(); }
static std::string told(const std::exception &error) { return error.what(); }
static std::string told(const Base *error) { return error ? "*" + error->what() : "null"; }
static std::string told(const char *error) { return error ? error : "null"; }
static std::string told(long error) { return std::to_string(error); }
static std::string told(const std::string &error) { return error; }

static void forget(_Unwind_Reason_Code, _Unwind_Exception *thrown) { note("foreign-gone"); std::free(thrown); }
static void raise_foreign()
{
    _Unwind_Exception *thrown = static_cast<_Unwind_Exception *>(std::calloc(1, sizeof *thrown));
    std::memcpy(&thrown->exception_class, "TESTTEST", 8);
    thrown->exception_cleanup = forget;
    _Unwind_RaiseException(thrown);
}

__attribute__((noinline)) static void work(int what)
{
    Noisy here("work");
    switch (what) {
CASES
    }
}
"""

TAIL = """
typedef int (*Function)(int);
static const Function all[] = {NAMES};

static void call(int number, int what)
{
    Noisy outer("call");
    try {
        const int result = all[number](what);
        note("= " + std::to_string(result));
    }
    catch (abi::__forced_unwind &) { note("passed:forced"); throw; }
    catch (const Own &error) { note("passed:own:" + told(static_cast<const Base &>(error))); }
    catch (const Base &error) { note("passed:" + told(error)); }
    catch (const std::exception &error) { note("passed:" + told(error)); }
    catch (const Base *error) { note("passed:" + told(error)); }
    catch (int error) { note("passed:" + told(error)); }
    catch (...) { note("passed:other"); note_state(); }
    note_state();
}

struct Caller { int number, what; ~Caller() { call(number, what); } };
struct Handling { int number, what; ~Handling() { try { throw 1; } catch (int) { call(number, what); note_state(); } } };

static void place(int number, int what, int where)
{
    try {
        if (where == 1) { throw Base("outside"); }
        if (where == 2) { const Caller caller = {number, what}; throw Base("outside"); }
        if (where == 3) { raise_foreign(); }
        if (where == 4) { const Handling caller = {number, what}; throw Base("outside"); }
        call(number, what);
    }
    catch (abi::__forced_unwind &) { throw; }
    catch (const Base &error) {
        note("[" + told(error)); note_state();
        if (where == 1) call(number, what);
        note_state(); note(told(error) + "]");
    }
    catch (...) {
        note("["); call(number, what); note("]");
    }
    note_state();
}

struct Job { int number, what, where; };
static void *job(void *data) { const Job *given = static_cast<Job *>(data); place(given->number, given->what, 0); return nullptr; }

static void finish()
{
    if (saved) {
        try { std::rethrow_exception(saved); }
        catch (const Base &error) { note("saved:" + error.what()); }
        catch (...) { note("saved:other"); }
        saved = nullptr;
    }
    note_state();
    note(alive);
}

// What the C++ ABI says that it points to.  libstdc++ counts a foreign exception that is thrown again, and never takes that back.
struct Globals { void *caught; unsigned uncaught; };

static PyObject *run(PyObject *, PyObject *args)
{
    Job given;
    if (!PyArg_ParseTuple(args, "iii", &given.number, &given.what, &given.where))
        return nullptr;
    seen.clear();
    serial = 0;
    reinterpret_cast<Globals *>(abi::__cxa_get_globals())->uncaught = 0;
    if (given.what == FORCED) {
        pthread_t thread;
        pthread_create(&thread, nullptr, job, &given);
        pthread_join(thread, nullptr);
    }
    else
        place(given.number, given.what, given.where);
    finish();
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *result = Py_BuildValue("sOO", seen.c_str(), type ? type : Py_None, value ? value : Py_None);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return result;
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&definition); }
"""


def around(functions: str, names: list[str]) -> str:
    """Return the text of a module with these functions, each of which takes an int and returns one."""
    cases = '\n'.join(f'    case {number}: {{ {throw} break; }}' for number, throw in enumerate(THROWS) if throw)
    return HEAD.replace('CASES', cases) + functions + TAIL.replace('NAMES', ', '.join(names)).replace('FORCED', str(FORCED))
