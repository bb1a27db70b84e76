/* Slots: static types in both spellings, suites, arrays of slots, functions that several tables list, `#if`s among them. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stddef.h>

typedef struct {
    PyObject_HEAD
    Py_ssize_t value;
} Number;

static PyTypeObject Number_Type;
static PyObject *number_repr(Number *self) { return PyUnicode_FromFormat("Number(%zd)", self->value); }
static Py_hash_t number_hash(PyObject *self) { return ((Number *)self)->value + 1; }
static void number_dealloc(PyObject *self)
{
    /* The type of a subclass is for CPython to let go of. */
    Py_TYPE(self)->tp_free(self);
}
static PyObject *number_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *words[] = {(char *)(size_t)"value", NULL};
    Py_ssize_t value = 4;
    Number *self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|n", words, &value))
        return NULL;
    self = (Number *)type->tp_alloc(type, 0);
    if (self != NULL)
        self->value = value;
    return (PyObject *)self;
}
static int calls = 0;
/* CPython tries it once where both operands have it, which the result tells. */
static PyObject *number_add(PyObject *a, PyObject *b)
{
    calls++;
    if (!PyLong_Check(b))
        Py_RETURN_NOTIMPLEMENTED;
    return PyLong_FromSsize_t(((Number *)a)->value + PyLong_AsSsize_t(b));
}
static PyObject *number_power(PyObject *a, PyObject *b, PyObject *c) { return Py_BuildValue("(OOO)", a, b, c); }
static int number_bool(PyObject *self) { return ((Number *)self)->value != 0; }
static Py_ssize_t number_len(PyObject *self) { return ((Number *)self)->value; }
static PyObject *number_item(PyObject *self, Py_ssize_t index)
{
    if (index >= ((Number *)self)->value) {
        PyErr_SetNone(PyExc_IndexError);
        return NULL;
    }
    return PyLong_FromSsize_t(index);
}
static int number_contains(PyObject *self, PyObject *item) { (void)self; return PyLong_Check(item); }
static int number_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    return PyBuffer_FillInfo(view, self, (char *)self + offsetof(Number, value), sizeof(Py_ssize_t), 1, flags);
}
static void number_releasebuffer(PyObject *self, Py_buffer *view) { (void)self; (void)view; }
static PyObject *number_richcompare(PyObject *self, PyObject *other, int op) { return Py_BuildValue("(OOi)", self, other, op); }
static PyObject *number_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return Py_BuildValue("(OOO)", self, args, kwargs ? kwargs : Py_None);
}
static PyObject *number_iter(PyObject *self) { return Py_INCREF(self), self; }
static PyObject *number_next(Number *self) { return self->value > 0 ? PyLong_FromSsize_t(--self->value) : NULL; }
static int number_setattro(PyObject *self, PyObject *name, PyObject *value) { return PyObject_GenericSetAttr(self, name, value); }

static PyObject *number_int(PyObject *self) { return PyLong_FromSsize_t(((Number *)self)->value); }

static PyNumberMethods number_as_number = {
    .nb_add = number_add,
    .nb_power = (ternaryfunc)number_power,
    .nb_bool = &number_bool,
#if PY_VERSION_HEX >= 0x03000000
    .nb_index = (unaryfunc)number_int,
#endif
};
static PySequenceMethods number_as_sequence = {
    (lenfunc)number_len,
    0,                 /* sq_concat */
    NULL,              /* sq_repeat */
    number_item,
#if PY_VERSION_HEX < 0x03000000
    0,
    0,
    0,
#else
    0, 0, 0,
#endif
    (objobjproc) /* over
    two lines */ number_contains,
};
static PyBufferProcs number_as_buffer = {number_getbuffer, number_releasebuffer};

static PyTypeObject Number_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    "case.Number",                          /* tp_name */
    sizeof(Number),                         /* tp_basicsize */
    0,                                      /* tp_itemsize */
    number_dealloc,                         /* tp_dealloc */
    0,                                      /* tp_vectorcall_offset */
    0, 0, 0,
    (reprfunc)number_repr,
    &number_as_number,
    &number_as_sequence,
    0,                                      /* tp_as_mapping */
    number_hash,
    (ternaryfunc)number_call,
    0,                                      /* tp_str */
    PyObject_GenericGetAttr,
    number_setattro,
    &number_as_buffer,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    PyDoc_STR("a number, with a comma"),
    0, 0,
    number_richcompare,
    0,
    number_iter,
    (iternextfunc)number_next,
#ifndef WITHOUT_NEW
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    number_new,
#endif
};

static int other_traverse(PyObject *self, visitproc visit, void *arg)
{
    (void)self, (void)visit, (void)arg;
#if PY_VERSION_HEX >= 0x03090000
    Py_VISIT(Py_TYPE(self));
#endif
    return 0;
}
static int other_clear(PyObject *self) { (void)self; return 0; }
static void other_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static PyType_Slot other_slots[] = {
    {Py_tp_dealloc, (void *)other_dealloc},
    {Py_tp_traverse, (void *)(traverseproc)other_traverse},
    {Py_tp_clear, (void *)other_clear},
    {Py_tp_doc, (void *)(size_t)"of slots"},
    {Py_tp_repr, (void *)number_repr},
    {Py_nb_add, (void *)number_add},
    {Py_nb_inplace_add, (void *)number_add},
    {Py_tp_new, (void *)number_new},
#ifdef WITHOUT_LEN
    {Py_mp_length, (void *)missing},
#else
    {Py_mp_length, (void *)number_len},
#endif
    {Py_tp_getattro, (void *)PyObject_GenericGetAttr},
    {0, NULL},
};
#pragma GCC diagnostic pop
static PyType_Spec other_spec = {"case.Other", sizeof(Number), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, other_slots};

/* It asks whether a type is its own by a slot, so the slot has to be this very function. */
static PyObject *kept_str(PyObject *self)
{
    return PyUnicode_FromString(Py_TYPE(self)->tp_str == kept_str ? "own" : "inherited");
}
static PyTypeObject Kept_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "case.Kept", .tp_basicsize = sizeof(PyObject), .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_str = kept_str, .tp_new = PyType_GenericNew,
};

static PyObject *count(PyObject *self, PyObject *ignored) { (void)self; (void)ignored; return PyLong_FromLong(calls); }
static PyMethodDef functions[] = {{"count", count, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static int add_type(PyObject *module, const char *name, PyTypeObject *type)
{
    if (type == NULL || PyType_Ready(type) < 0)
        return -1;
    Py_INCREF(type);
    return PyModule_AddObject(module, name, (PyObject *)type);
}
static int fill(PyObject *module)
{
    if (add_type(module, "Number", &Number_Type) < 0 || add_type(module, "Kept", &Kept_Type) < 0)
        return -1;
    return PyModule_AddObject(module, "Other", PyType_FromSpec(&other_spec));
}
static int module_clear(PyObject *module) { (void)module; return 0; }
static void module_free(void *module) { (void)module; }
static int module_traverse(PyObject *module, visitproc visit, void *arg) { (void)module, (void)visit, (void)arg; return 0; }

PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
    static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};
#pragma GCC diagnostic pop
    static struct PyModuleDef definition = {
        PyModuleDef_HEAD_INIT, "case", NULL, 0, functions, slots, module_traverse, module_clear, .m_free = module_free,
    };
    return PyModuleDef_Init(&definition);
}
