/* Heads of static types, types in arrays and in functions, suites within types, macros and #ifs among members. */
#include <Python.h>
#define TWO_MEMBERS 0, 0
#define OWN_HEAD PyVarObject_HEAD_INIT(NULL, 0)
#define REPR_ID Py_tp_repr

static PyTypeObject with_head = {PyVarObject_HEAD_INIT(NULL, 0) "m.A", 1, 0, (destructor)dealloc, 0, NULL, (setattrfunc)0, 0, repr};
static PyTypeObject with_comma = {PyVarObject_HEAD_INIT(NULL, 0), "m.B", 1, 0, dealloc};
static PyTypeObject of_two = {
#ifdef PyVarObject_HEAD_INIT
    PyVarObject_HEAD_INIT(NULL, 0)
#else
    PyObject_HEAD_INIT(NULL)
    0,
#endif
    "m.C", 1, 0, dealloc,
};
static PyTypeObject written_out = {{{1, NULL}, 0}, "m.D", 1, 0, &dealloc};
static PyTypeObject own_head = {OWN_HEAD "m.E", 1, 0, dealloc};
static PyTypeObject flat_head = {1, NULL, 0, "m.F", 1, 0, dealloc};
PyTypeObject designated = {
    .ob_base = PyVarObject_HEAD_INIT(NULL, 0) .tp_name = "m.G",
    .tp_as_number = &(PyNumberMethods){.nb_add = add, 0, subtract_is_two_behind},
    .tp_alloc = alloc, .tp_print = 0, .tp_unknown = what, .tp_base.x = y,
    tp_repr: repr,
};
static PyTypeObject several[] = {
    {PyVarObject_HEAD_INIT(NULL, 0) .tp_repr = repr},
    {PyVarObject_HEAD_INIT(NULL, 0) .tp_str = str},
};
static PyNumberMethods two_members = {add, TWO_MEMBERS, (binaryfunc)nobody_knows, .nb_and = and};
static PySequenceMethods empty = {0};
static PyMappingMethods mapping = {
    length,
#if defined(A)
    subscript,
#elif defined(B)
    other_subscript,
#else
    0,
#endif
    ass_subscript,
};
static PyType_Slot slots[] = {
    {Py_tp_repr, repr},
    {.slot = REPR_ID, .pfunc = (void *)repr},
    {Py_tp_doc, (void *)"doc"},
    {Py_tp_members, members},
#if PY_VERSION_HEX >= 0x03090000
    {Py_bf_getbuffer, (void *)getbuffer},
#endif
    SLOT(tp_str, str),
    {Py_tp_new, NULL},
    {NPY_METH_get_loop, &loop},
    {0},
};
PyTypeObject *pointer = &with_head, declared_only;
static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, exec}, {Py_mod_gil, Py_MOD_GIL_NOT_USED}, {0, NULL}};

static void dealloc(PyObject *self) { Py_TYPE(self)->tp_free(self); }
static PyObject *repr(PyObject *self) { return self; }

static int ready(PyTypeObject *type, PyTypeObject *types)
{
    static PyBufferProcs buffer = {getbuffer, (releasebufferproc)NULL};
    with_head.tp_repr = repr; /* type->tp_str = repr; */
    with_head.tp_new = PyType_GenericNew;
#define LATER type->tp_dealloc = dealloc;
    ((PyTypeObject *)type)->tp_dealloc = (destructor)dealloc;
    types[0].tp_as_number->nb_negative = repr;
    if (type->tp_str == repr || type->tp_iter != NULL)
        type->tp_iter = type->tp_str = &repr;
    type->tp_name = "name";
    type->tp_repr = type->tp_base->tp_repr;
    type->tp_repr = unknown;
    return 0;
}

#define DOC "text, with a comma"
#if USE_SPECS
static int specs;
#else
DL_EXPORT(PyTypeObject) as_cython_writes = {
    PyVarObject_HEAD_INIT(NULL, 0) "name", 0, 0, dealloc, 0, 0, 0, 0, repr, 0, 0, 0, 0, 0, 0, 0, 0, 0,
#ifdef MORE_FLAGS
    MORE_FLAGS |
#endif
    0, DOC, 0, 0, 0, 0, repr, 0, 0, 0, 0, 0, 0, 0, 0,
#if !USE_SPECS
    0,
#endif
    init, 0, new,
#if USE_SPECS
    0,
#endif
    0,
};
#endif
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "m", NULL, 0, NULL, NULL,
#if WITH_STATE
    NULL, NULL, module_free
#else
    NULL, clear, (freefunc)other_free
#endif
};
static PyNumberMethods either = {
#if WITH_STATE
    add
#else
    other_add
#endif
    , add,
#if WITH_STATE
    add
#else
    other_add
#endif
    + 1
};
