"""Generates a C++ module whose functions throw all sorts of things through chains of all sorts, and tell what happened in which order."""

from __future__ import annotations

# What is thrown, by number; the last two only where the chain lets them pass.
THROWS = (
    '',
    'throw Base("base");',
    'throw Derived("derived");',
    'throw Diamond();',
    'throw Twice();',
    'throw static_cast<const Base *>(&lasting);',
    'throw 42;',
    'throw "text";',
    'throw std::out_of_range("range");',
    'throw std::runtime_error("runtime");',
    'PyErr_SetString(PyExc_KeyError, "set"); throw Base("with error");',
    'raise_foreign();',
    'pthread_exit(nullptr);',
)
FOREIGN, FORCED = len(THROWS) - 2, len(THROWS) - 1

_HEAD = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <unwind.h>

static std::string seen;

struct Noisy {
    const char *name;
    explicit Noisy(const char *n) : name(n) { seen += std::string("+") + name; }
    Noisy(const Noisy &) = delete;
    Noisy &operator=(const Noisy &) = delete;
    ~Noisy() { seen += std::string("-") + name + (std::current_exception() ? "!" : "") + (std::uncaught_exception() ? "?" : ""); }
};

struct Base {
    std::string text;
    explicit Base(const char *t) : text(t) {}
    Base(const Base &other) : text(other.text) { seen += " copy"; }
    Base &operator=(const Base &) = delete;
    virtual ~Base() { seen += " gone:" + text; }
    virtual const char *what() const { return text.c_str(); }
};
struct Derived : Base { using Base::Base; const char *what() const override { return "overridden"; } };
struct Left : virtual Base { Left() : Base("left") {} };
struct Right : virtual Base { Right() : Base("right") {} };
struct Diamond : Left, Right { Diamond() : Base("diamond") {} };
struct One : Base { One() : Base("one") {} };
struct Two : Base { Two() : Base("two") {} };
struct Twice : One, Two {};
static const Base lasting("lasting");

static void forget(_Unwind_Reason_Code, _Unwind_Exception *thrown) { seen += " foreign gone"; std::free(thrown); }
static void raise_foreign()
{
    _Unwind_Exception *thrown = static_cast<_Unwind_Exception *>(std::calloc(1, sizeof *thrown));
    std::memcpy(&thrown->exception_class, "TESTTEST", 8);
    thrown->exception_cleanup = forget;
    _Unwind_RaiseException(thrown);
}
static void note(const char *text) { seen += std::string(" ") + text; }
#define GIVE_UP goto done
#define FAIL(type, text) do { note("macro"); PyErr_SetString(type, text); GIVE_UP; } while (0)
#define FAIL_IF(condition, text) if (condition) { note(text); GIVE_UP; }
static void note_state() { seen += std::current_exception() ? " in" : " out"; seen += std::uncaught_exception() ? "?" : ""; }

__attribute__((noinline)) static void work(int what)
{
    Noisy here("work");
    switch (what) {
CASES
    }
}
"""

_TAIL = """
typedef int (*Function)(int);
static const Function all[] = {NAMES};

static void call(int number, int what)
{
    Noisy outer("call");
    try {
        const int result = all[number](what);
        seen += " =" + std::to_string(result);
    }
    catch (abi::__forced_unwind &) { seen += " passed:forced"; throw; }
    catch (const Base &error) { seen += std::string(" passed:") + error.what(); }
    catch (const std::exception &error) { seen += std::string(" passed:") + error.what(); }
    catch (int error) { seen += " passed:" + std::to_string(error); }
    catch (...) { seen += " passed:other"; }
    note_state();
}

struct Job { int number, what; };
static void *job(void *data) { call(static_cast<Job *>(data)->number, static_cast<Job *>(data)->what); return nullptr; }

static PyObject *run(PyObject *, PyObject *args)
{
    Job given;
    if (!PyArg_ParseTuple(args, "ii", &given.number, &given.what))
        return nullptr;
    seen.clear();
    if (given.what == FORCED) {
        pthread_t thread;
        pthread_create(&thread, nullptr, job, &given);
        pthread_join(thread, nullptr);
    }
    else
        call(given.number, given.what);
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

_ERROR = 'PyErr_SetString(PyExc_ValueError, VAR.what());'
_RANGE = 'PyErr_SetString(PyExc_IndexError, VAR.what());'
_TYPED = f"""catch (const Derived &VAR) {{ note("derived"); note_state(); {_ERROR} return 1; }}
    catch (const Base &VAR) {{ note("base"); {_ERROR} return 1; }}
    catch (const std::out_of_range &VAR) {{ note("range"); {_RANGE} return 1; }}"""
_ALL = 'catch (...) { note("all"); note_state(); PyErr_SetString(PyExc_RuntimeError, "all"); return 1; }'
_LET = 'catch (abi::__forced_unwind &) { note("forced"); throw; }'
_BODY = '{ Noisy first("a"); try { Noisy second("b"); work(what); note("worked"); } CHAIN REST }'


def _whole(chain: str, rest: str = 'note("behind"); return 9;') -> str:
    return 'static int NAME(int what)\n' + _BODY.replace('CHAIN', chain).replace('REST', rest)


# Shape by name: the text of a function, and whether what is foreign or forced may go through it.
SHAPES = {
    'typed': _whole(_TYPED),
    'catch all': _whole(f'{_LET} {_TYPED} {_ALL}'),
    'no name': _whole('catch (const Derived &) { note("derived"); } catch (Base) { note("value"); } catch (int) { note("int"); }'),
    'values': _whole(
        'catch (Derived VAR) { note(VAR.what()); VAR.text = "changed"; throw; } catch (Base VAR) { note(VAR.what()); return 2; }'
        ' catch (const char *VAR) { note(VAR); return 3; } catch (const Base *VAR) { note(VAR->what()); }'
    ),
    'changed': _whole(
        'catch (Derived &VAR) { VAR.text = "changed"; note(VAR.text.c_str()); throw; } catch (Base &VAR) { note("b"); throw 7; }'
        ' catch (int VAR) { if (VAR == 42) throw Base("new"); throw; } catch (const char *) { throw Derived("from text"); }',
        'return 4;',
    ),
    'told': _whole(
        'catch (const Derived &VAR) { PyErr_SetString(PyExc_KeyError, "NAME"); return 1; } catch (const Base &VAR) {'
        ' PyErr_Format(PyExc_ValueError, "In %s: %s %s", ("NAME"), VAR.what(), "text"); return 2; } catch (int) {'
        ' PyErr_SetFromErrnoWithFilename(PyExc_OSError, "NAME.txt"); return 3; }'
    ),
    'exits': _whole(
        'catch (const Derived &VAR) { note(VAR.what()); goto done; } catch (const Base &VAR) { Noisy in("h"); note(VAR.what());'
        ' return -1; }'
        ' catch (int VAR) { if (VAR == 42) { Noisy in("k"); return 0; } note("other"); } catch (const char *) { note("falls"); }'
        ' catch (const std::exception &VAR) { note(VAR.what()); return value; }',
        'note("behind"); return 5;\ndone: note("done"); return 6;',
    ).replace('{ Noisy first', '{ int value = what + 100; Noisy first'),
    'macros': _whole(
        'catch (const Derived &VAR) { FAIL(PyExc_ValueError, VAR.what()); } catch (const Base &VAR) { FAIL_IF(PyErr_Occurred(), "set")'
        ' note(VAR.what()); } catch (int VAR) { if (VAR == 42) { Noisy in("k"); FAIL(PyExc_TypeError, "int"); } note("other"); }'
        ' catch (const std::exception &VAR) { FAIL(PyExc_IndexError, VAR.what()); }',
        'note("behind"); return 5;\ndone: note("done"); return 6;',
    ),
    'loop': (
        'static int NAME(int what)\n{ int turns = 0; for (int i = 0; i < 3; i++) { Noisy turn("t"); turns++; try { work(what); }'
        ' catch (const Derived &VAR) { note(VAR.what()); continue; } catch (const Base &VAR) { note(VAR.what()); break; }'
        ' catch (int) { note("int"); return -2; } catch (const char *VAR) { note(VAR); } turns += 10; } return turns; }'
    ),
    'nested': (
        'static int NAME(int what)\n{ Noisy first("a"); try { try { work(what); }'
        ' catch (const Derived &VAR) { note("inner"); throw Base("thrown again"); } catch (int VAR) { note("int");'
        ' if (VAR) throw; return 2; }'
        ' catch (const char *VAR) { note(VAR); throw; } note("between"); }'
        f' {_TYPED} catch (const char *VAR) {{ note(VAR); return 8; }} return 3; }}'
    ),
    'within': (
        'static int NAME(int what)\n{ try { work(what); } catch (const Base &VAR) { note("outer"); try { Noisy in("n"); throw; }'
        ' catch (const Derived &VAR) { note(VAR.what()); } catch (const Base &) { note("inner"); work(6); } note_state(); return 1; }'
        ' catch (const std::exception &VAR) { try { std::throw_with_nested(Base("around")); } catch (const std::nested_exception &n) {'
        ' note(n.nested_ptr() == std::current_exception() ? "same" : "other"); } note(VAR.what()); } return 2; }'
    ),
    'void': (
        'static void v_NAME(int what)\n{ Noisy first("v"); try { work(what); } catch (const Derived &VAR) { note(VAR.what()); return; }'
        ' catch (const Base &VAR) { note(VAR.what()); if (PyErr_Occurred()) return; note("clear"); } catch (int) { note("int"); return; }'
        ' note("end"); }\nstatic int NAME(int what) { v_NAME(what); return 3; }'
    ),
    'lambda': (
        'static int NAME(int what)\n{ const auto inner = [what]() -> int { Noisy in("l"); try { work(what); }'
        f' {_TYPED} catch (int) {{ note("int"); return 12; }} return 13; }}; return inner() + 100; }}'
    ),
    'throws': _whole(
        'catch (const Derived &VAR) { note(VAR.what()); throw std::out_of_range("in"); }'
        ' catch (const Base &VAR) { note(VAR.what()); throw std::runtime_error(VAR.what()); } catch (int VAR) { note("int");'
        ' throw VAR + 1; }'
    ),
    'namespace': (
        f'namespace space {{ {_whole(_TYPED).replace("NAME", "in_NAME")} }}\nstatic int NAME(int what) {{ return space::in_NAME(what); }}'
    ),
}
COPIES = 6


def module() -> tuple[str, list[str]]:
    """Return the text of a module that has every shape several times, and the shapes by number."""
    names, shapes, functions = [], [], []
    for index, (shape, text) in enumerate(SHAPES.items()):
        for copy in range(COPIES):
            name = f'f_{index}_{copy}'
            functions.append(text.replace('NAME', name).replace('VAR', ('e', 'error', 'exc')[copy % 3]))
            names.append(name)
            shapes.append(shape)
    cases = '\n'.join(f'    case {number}: {{ {throw} break; }}' for number, throw in enumerate(THROWS) if throw)
    tail = _TAIL.replace('NAMES', ', '.join(names)).replace('FORCED', str(FORCED))
    return _HEAD.replace('CASES', cases) + '\n' + '\n\n'.join(functions) + tail, shapes
