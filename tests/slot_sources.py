"""Sources of a module `slots` that has every slot in tables as people write them, for `cases/runtime/slot_calls.py` to call."""

from __future__ import annotations

from tramp_build import slots
from tramp_build.signatures import CLOSURE, VISIT, VOID, Signature, stub_type

_HEAD = r"""
#include <Python.h>
#include <cstring>
#include <stdexcept>

struct Object { PyObject_HEAD PyObject *held; };
static int mode;
static char who[40];
static PyObject *answer;
static int calls;

static void act(const char *name)
{
    if (std::strcmp(name, who) != 0)
        return;
    calls++;
    if (mode == 3)
        throw std::invalid_argument(name);
}
static int visit_all(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(reinterpret_cast<Object *>(self)->held);
    if (PyType_HasFeature(Py_TYPE(self), Py_TPFLAGS_HEAPTYPE))
        Py_VISIT(Py_TYPE(self));
    return 0;
}
static int fill_view(PyObject *self, Py_buffer *view, int flags)
{
    static char bytes[] = "bytes";
    return PyBuffer_FillInfo(view, self, bytes, 5, 1, flags);
}
static void release(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE))
        Py_DECREF(type);
}
"""
_TAIL = r"""
struct Row { const char *name; PyTypeObject *type; PyType_Spec *spec; };
static Row rows[] = {%s {nullptr, nullptr, nullptr}};
static Row *find(PyObject *name)
{
    for (Row *row = rows; row->name != nullptr; row++)
        if (std::strcmp(row->name, PyUnicode_AsUTF8(name)) == 0)
            return row;
    PyErr_SetObject(PyExc_LookupError, name);
    return nullptr;
}
static PyObject *static_type(PyObject *, PyObject *name)
{
    Row *row = find(name);
    if (row == nullptr || PyType_Ready(row->type) < 0)
        return nullptr;
    Py_INCREF(row->type);
    return reinterpret_cast<PyObject *>(row->type);
}
static PyObject *heap_type(PyObject *, PyObject *name)
{
    Row *row = find(name);
    if (row == nullptr)
        return nullptr;
    if (row->spec == nullptr)
        Py_RETURN_NONE;
    return PyType_FromSpec(row->spec);
}
static PyObject *tell(PyObject *, PyObject *args)
{
    const char *name;
    if (!PyArg_ParseTuple(args, "is", &mode, &name))
        return nullptr;
    std::strncpy(who, name, sizeof who - 1);
    calls = 0;
    Py_RETURN_NONE;
}
static PyObject *keep(PyObject *, PyObject *args)
{
    PyObject *ignored;
    if (!PyArg_ParseTuple(args, "OO", &answer, &ignored))
        return nullptr;
    Py_INCREF(answer);
    Py_RETURN_NONE;
}
static PyObject *called(PyObject *, PyObject *) { return PyLong_FromLong(calls); }
static PyObject *hold(PyObject *, PyObject *args)
{
    PyObject *object, *other;
    if (!PyArg_ParseTuple(args, "OO", &object, &other))
        return nullptr;
    Py_INCREF(other);
    reinterpret_cast<Object *>(object)->held = other;
    Py_RETURN_NONE;
}
static PyMethodDef functions[] = {
    {"static_type", static_type, METH_O, nullptr}, {"heap_type", heap_type, METH_O, nullptr}, {"tell", tell, METH_VARARGS, nullptr},
    {"keep", keep, METH_VARARGS, nullptr}, {"called", called, METH_NOARGS, nullptr}, {"hold", hold, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "slots", nullptr, -1, functions, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_slots(void)
{
    return PyModule_Create(&definition);
}
static int run_exec(PyObject *) { act("Py_mod_exec"); return 0; }
static PyModuleDef_Slot run_slots[] = {{Py_mod_exec, reinterpret_cast<void *>(run_exec)}, {0, nullptr}};
static PyModuleDef run = {PyModuleDef_HEAD_INIT, "run", nullptr, 0, nullptr, run_slots, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_run(void)
{
    act("PyInit_run");
    return PyModuleDef_Init(&run);
}
static PyObject *make(PyObject *, PyModuleDef *) { act("Py_mod_create"); return PyModule_New("made"); }
static PyModuleDef_Slot made_slots[] = {{Py_mod_create, reinterpret_cast<void *>(make)}, {0, nullptr}};
static PyModuleDef made = {PyModuleDef_HEAD_INIT, "made", nullptr, 0, nullptr, made_slots, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_made(void) { return PyModuleDef_Init(&made); }
"""
_SUITES = {
    'PyNumberMethods': 'tp_as_number',
    'PySequenceMethods': 'tp_as_sequence',
    'PyMappingMethods': 'tp_as_mapping',
    'PyAsyncMethods': 'tp_as_async',
    'PyBufferProcs': 'tp_as_buffer',
}
# What a type needs beside the one slot.
_BESIDE = {'tp_clear': {'tp_traverse': 'visit_all'}, 'bf_releasebuffer': {'bf_getbuffer': 'fill_view'}}


def _function(name: str, signature: Signature, member: bool) -> str:
    kinds = [
        f'{stub_type(kind, cxx=True)}{parameter if kind in (VISIT, CLOSURE) or parameter == "self" else ""}'
        for kind, parameter in signature.parameters
    ]
    result = {VOID: 'return;', 'o': 'Py_INCREF(answer); return answer;', 'e': 'return PYGEN_ERROR;'}.get(signature.result, 'return 0;')
    body = {
        'tp_traverse': 'return visit_all(self, visit, arg);',
        'tp_clear': 'Py_CLEAR(reinterpret_cast<Object *>(self)->held); act("tp_clear"); return 0;',
        'tp_dealloc': 'release(self); act("tp_dealloc");',
    }.get(name, f'act("{name}"); {result}')
    own = 'static_cast<void>(self);' if any(p == 'self' for _, p in signature.parameters) else ''
    return f'{"" if member else "static "}{stub_type(signature.result, cxx=True)}f_{name}({", ".join(kinds)}) {{ {own} {body} }}'


def _struct(kind: str, values: dict[str, str]) -> str:
    """Every member up to the last that is there, in order; a line each, as in real sources."""
    last = max(slots.LAYOUTS[kind].index(name) for name in values)
    return ''.join(f'\n    {values.get(name, "0")}, /* {name} */' for name in slots.LAYOUTS[kind][: last + 1])


def _type(name: str, slot: slots.Slot, prefix: str) -> str:
    """A static type and a heap type with one slot of ours; functions come with the prefix that the tables need."""
    function = f'{prefix}f_{name}'
    values = {slot.struct or '': {name: function}}
    for other, beside in _BESIDE.get(name, {}).items():
        values.setdefault(slots.BY_MEMBER[other].struct or '', {})[other] = beside
    text = ''
    cyclic = name in ('tp_traverse', 'tp_clear')
    flags = f'Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE{" | Py_TPFLAGS_HAVE_GC" if cyclic else ""}'
    own = {'tp_name': f'"slots.{name}"', 'tp_basicsize': 'sizeof(Object)', 'tp_flags': flags, 'tp_new': 'PyType_GenericNew'}
    own |= values.pop('PyTypeObject', {})
    for kind, members in values.items():
        text += f'static {kind} {kind}_{name} = {{{_struct(kind, members)}\n}};\n'
        own[_SUITES[kind]] = f'&{kind}_{name}'
    text += f'static PyTypeObject static_{name} = {{\n    PyVarObject_HEAD_INIT(nullptr, 0){_struct("PyTypeObject", own)}\n}};\n'
    if slot.id is None:
        return text
    rows = [(slot.id, function)] + [(f'Py_{other}', beside) for other, beside in _BESIDE.get(name, {}).items()]
    listed = ''.join(f'    {{{id_}, reinterpret_cast<void *>({value})}},\n' for id_, value in rows)
    since = f'0x{slot.id_since[0]:02x}{slot.id_since[1]:02x}0000'
    table = f'static PyType_Slot slots_{name}[] = {{\n{listed}    {{0, nullptr}},\n}};\n'
    spec = f'static PyType_Spec spec_{name} = {{"slots.{name}", sizeof(Object), 0, {flags}, slots_{name}}};\n'
    return f'{text}#if PY_VERSION_HEX >= {since}\n{table}{spec}#endif\n'


def every_slot(version: tuple[int, int], *, members: bool) -> str:
    """Return the source for one CPython; `members`: the functions are members of a class, and private ones."""
    found = {name: slot for name, slot in slots.BY_MEMBER.items() if slot.signature and slot.since <= version and slot.struct in _TYPES}
    functions = [f'{_function(name, slot.signature, members)}\n' for name, slot in found.items() if slot.signature]
    if members:
        functions = ['class Holder {\npublic:\n', *(f'    static {text}' for text in functions), '};\n']
    tables = ''.join(_type(name, slot, 'Holder::' if members else '') for name, slot in found.items())
    rows = [(name, f'&spec_{name}' if slot.id and slot.id_since <= version else 'nullptr') for name, slot in found.items()]
    return _HEAD + ''.join(functions) + tables + _TAIL % ''.join(f'\n    {{"{name}", &static_{name}, {spec}}},' for name, spec in rows)


_TYPES = {'PyTypeObject', *_SUITES}
