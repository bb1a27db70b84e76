"""Generates a C++ module whose methods and slots stand in try blocks as a whole, each called by CPython in its own way."""

from __future__ import annotations

THROWS = (
    '',
    'throw Base("base");',
    'throw Derived("derived");',
    'throw Diamond();',
    'throw static_cast<const Base *>(&lasting);',
    'throw 42;',
    'throw std::out_of_range("range");',
    'throw std::length_error("length");',
    'PyErr_SetString(PyExc_KeyError, "set"); throw Base("with error");',
    'try { throw Base("inner"); } catch (...) { std::throw_with_nested(std::runtime_error("outer")); }',
    'raise_foreign();',
)

_HEAD = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <unwind.h>

static std::string seen;
static int thrown;

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
static const Base lasting("lasting");

static void forget(_Unwind_Reason_Code, _Unwind_Exception *gone) { seen += " foreign gone"; std::free(gone); }
static void raise_foreign()
{
    _Unwind_Exception *foreign = static_cast<_Unwind_Exception *>(std::calloc(1, sizeof *foreign));
    std::memcpy(&foreign->exception_class, "TESTTEST", 8);
    foreign->exception_cleanup = forget;
    _Unwind_RaiseException(foreign);
}
static void note(const char *text) { seen += std::string(" ") + text; }
static void note_state() { seen += std::current_exception() ? " in" : " out"; seen += std::uncaught_exception() ? "?" : ""; }
__attribute__((noinline)) static void work()
{
    Noisy here("work");
    switch (thrown) {
CASES
    }
}
template <typename T> static T told(T value, const char *text) { note_state(); PyErr_SetString(PyExc_OSError, text); return value; }
static PyObject *choose(PyObject *, PyObject *number) { seen.clear(); thrown = (int)PyLong_AsLong(number); Py_RETURN_NONE; }
static PyObject *trace(PyObject *, PyObject *) { note_state(); return PyUnicode_FromString(seen.c_str()); }
"""

# How each returns: what works, what fails, and what a handler can return that is neither.
_RETURNS = {
    'PyObject *': ('return PyLong_FromLong(5);', 'return nullptr;', 'Py_RETURN_TRUE;'),
    'int': ('return 0;', 'return -1;', 'return 0;'),
    'Py_ssize_t': ('return 5;', 'return -1;', 'return 7;'),
}
_TYPED = (
    'catch (const Derived &VAR) { note("derived"); note_state(); PyErr_SetString(PyExc_ValueError, VAR.what()); FAIL }'
    ' catch (const Base &VAR) { note("base"); if (PyErr_Occurred()) FAIL PyErr_SetString(PyExc_TypeError, VAR.what()); }'
    ' catch (const std::out_of_range &VAR) { note("range"); throw std::runtime_error(VAR.what()); }'
    ' catch (const std::length_error &VAR) { note(VAR.what()); throw; } catch (int) { note("int"); OTHER }'
)
_ALL = _TYPED + ' catch (...) { note("all"); note_state(); PyErr_SetString(PyExc_OSError, "all"); FAIL }'

# Handlers that return what they call; OTHER and FAIL stand for two more ways out.
_DIRECT = (
    'catch (const Derived &VAR) { note("derived"); TOLD(VAR.what()); }'
    ' catch (const Base &VAR) { if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, VAR.what()); }'
    ' catch (const std::out_of_range &VAR) { Noisy in("h"); if (PyErr_Occurred()) { OTHER } throw std::runtime_error(VAR.what()); }'
    ' catch (const std::exception &VAR) { Noisy in("h"); TOLD(VAR.what()); } catch (int VAR) { if (VAR == 42) { OTHER } FAIL }'
)

# Row, head and front of each kind of method.
_METHODS = {
    'noargs': ('METH_NOARGS', '(PyObject *, PyObject *)', ''),
    'o': (
        'METH_O',
        '(PyObject *, PyObject *value)',
        'const long given = PyLong_AsLong(value); if (given == -1 && PyErr_Occurred()) return nullptr;'
        ' if (given * 2 < 0) { PyErr_SetString(PyExc_ValueError, "negative"); return NULL; }',
    ),
    'varargs': (
        'METH_VARARGS',
        '(PyObject *, PyObject *args)',
        'int n = 0; if (PyTuple_GET_SIZE(args) > 3 || !PyArg_ParseTuple(args, "i", &n)) return nullptr;',
    ),
    'keywords': (
        'METH_VARARGS | METH_KEYWORDS',
        '(PyObject *self, PyObject *args, PyObject *kwargs)',
        'int n; const char *text = NULL; Base *base = reinterpret_cast<Base *>(self), *const other = base; Py_ssize_t size[2] = {-1, 0};'
        ' static const char *names[] = {"n", "text", nullptr};'
        ' if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i|z", const_cast<char **>(names), &n, &text)) { return NULL; }',
    ),
    'fastcall': ('METH_FASTCALL', '(PyObject *, PyObject *const *, Py_ssize_t)', ''),
    'fastcall_keywords': ('METH_FASTCALL | METH_KEYWORDS', '(PyObject *, PyObject *const *, Py_ssize_t, PyObject *)', ''),
}
# Result, parameters, and what calls it on an object `x` of the type `t`.
SLOTS = {
    'tp_repr': ('PyObject *', 'PyObject *', 'repr(x)'),
    'tp_iternext': ('PyObject *', 'PyObject *', 'next(x)'),
    'tp_call': ('PyObject *', 'PyObject *, PyObject *, PyObject *', 'x()'),
    'tp_richcompare': ('PyObject *', 'PyObject *, PyObject *, int', 'x < 1'),
    'tp_getattr': ('PyObject *', 'PyObject *, char *', 'x.a'),
    'tp_setattr': ('int', 'PyObject *, char *, PyObject *', 'setattr(x, "a", 1)'),
    'tp_getattro': ('PyObject *', 'PyObject *, PyObject *', 'x.a'),
    'tp_setattro': ('int', 'PyObject *, PyObject *, PyObject *', 'setattr(x, "a", 1)'),
    'tp_hash': ('Py_ssize_t', 'PyObject *', 'hash(x)'),
    'tp_new': ('PyObject *', 'PyTypeObject *, PyObject *, PyObject *', 't() is None'),
    'tp_init': ('int', 'PyObject *, PyObject *, PyObject *', 't() is None'),
    'nb_add': ('PyObject *', 'PyObject *, PyObject *', 'x + 1'),
    'nb_bool': ('int', 'PyObject *', 'bool(x)'),
    'sq_length': ('Py_ssize_t', 'PyObject *', 'len(x)'),
    'sq_item': ('PyObject *', 'PyObject *, Py_ssize_t', 'x[0]'),
    'sq_ass_item': ('int', 'PyObject *, Py_ssize_t, PyObject *', 'x.__setitem__(0, 1)'),
    'sq_contains': ('int', 'PyObject *, PyObject *', '1 in x'),
    'bf_getbuffer': ('int', 'PyObject *, Py_buffer *, int', 'memoryview(x) is None'),
}
_TAIL = """
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *module = PyModule_Create(&definition);
TYPES
    return module;
}
"""


def _body(result: str, chain: str, front: str = '', work: str = 'work(); note("worked");') -> str:
    good, fail, other = _RETURNS[result]
    text = f'{{ {front} try {{ Noisy first("a"); {work} {good} }} {chain} {fail} }}'
    text = text.replace('TOLD(', fail.replace('return ', 'return told<RESULT>(').replace(';', ', ').replace('RESULT', result))
    return text.replace('FAIL', fail).replace('OTHER', other)


def _methods(suffix: str, chain: str) -> tuple[list[str], list[str], dict[str, str]]:
    functions, rows, calls = [], [], {}
    for name, (flags, parameters, front) in _METHODS.items():
        own = f'{name}_{suffix}'
        functions.append(f'static PyObject *{own}{parameters}\n{_body("PyObject *", chain, front)}')
        cast = own if flags in ('METH_NOARGS', 'METH_O', 'METH_VARARGS') else f'(PyCFunction)(void (*)(void)){own}'
        rows.append(f'{{"{own}", {cast}, {flags}, nullptr}}')
        calls[own] = f'case.{own}({"" if name == "noargs" else "1"})'
    return functions, rows, calls


def _slot_type(member: str, suffix: str, chain: str) -> tuple[str, str]:
    result, parameters, call = SLOTS[member]
    function, owner = f'{member}_{suffix}', f'type_{member}_{suffix}'
    text = f'static {result} {function}({parameters})\n{_body(result, chain)}\n'
    text += f'static PyType_Slot slots_{function}[] = {{{{Py_{member}, (void *){function}}}, {{0, nullptr}}}};\n'
    return text + _spec(owner, f'slots_{function}'), call


def _spec(owner: str, slots: str) -> str:
    return f'static PyType_Spec {owner} = {{"case.{owner}", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, {slots}}};'


def module() -> tuple[str, dict[str, str]]:
    """Return the text of a module, and the Python expressions that call what it has."""
    functions, rows, types, calls = [], [], [], {}
    for suffix, chain in (('typed', _TYPED), ('all', _ALL), ('direct', _DIRECT)):
        own = chain.replace('VAR', f'e_{suffix}')
        more, their_rows, their_calls = _methods(suffix, own)
        functions += more
        rows += their_rows
        calls |= their_calls
        for member in SLOTS:
            text, call = _slot_type(member, suffix, own)
            functions.append(text)
            types.append(f'type_{member}_{suffix}')
            calls[f'{member}_{suffix}'] = call
        get = f'static PyObject *get_{suffix}(PyObject *, void *)\n{_body("PyObject *", own)}'
        setter = f'static int set_{suffix}(PyObject *, PyObject *, void *)\n{_body("int", own)}'
        getset = f'static PyGetSetDef rows_{suffix}[] = {{{{"a", get_{suffix}, set_{suffix}, nullptr, nullptr}}, {{nullptr}}}};'
        owner = f'type_getset_{suffix}'
        slots = f'static PyType_Slot slots_{suffix}[] = {{{{Py_tp_getset, rows_{suffix}}}, {{0, nullptr}}}};'
        functions += [get, setter, getset, slots, _spec(owner, f'slots_{suffix}')]
        types.append(owner)
        calls |= {f'getset_{suffix}': 'x.a', f'getset_{suffix} ': 'setattr(x, "a", 1)'}
    rows += ['{"choose", choose, METH_O, nullptr}', '{"trace", trace, METH_NOARGS, nullptr}', '{nullptr, nullptr, 0, nullptr}']
    table = f'static PyMethodDef methods[] = {{{", ".join(rows)}}};'
    cases = '\n'.join(f'    case {number}: {{ {throw} break; }}' for number, throw in enumerate(THROWS) if throw)
    ready = '\n'.join(f'    PyModule_AddObject(module, "{t}", PyType_FromSpec(&{t}));' for t in types)
    text = '\n'.join([_HEAD.replace('CASES', cases), *functions, table, _TAIL.replace('TYPES', ready)])
    return text, calls
