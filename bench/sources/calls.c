/* What the call table is about: functions that do as little as their signature allows.  Compiled as C and as C++, plain and routed.  Only
 * those of floats return something, for to make it costs as much as the call. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *nothing(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    Py_RETURN_NONE;
}

static PyObject *ints(PyObject *self, PyObject *args)
{
    int a, b;
    (void)self;
    if (!PyArg_ParseTuple(args, "ii", &a, &b))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *floats(PyObject *self, PyObject *args)
{
    double a, b;
    (void)self;
    if (!PyArg_ParseTuple(args, "dd", &a, &b))
        return NULL;
    return PyFloat_FromDouble(a + b);
}

static PyObject *texts(PyObject *self, PyObject *args)
{
    const char *a, *b;
    (void)self;
    if (!PyArg_ParseTuple(args, "ss", &a, &b))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *objects(PyObject *self, PyObject *args)
{
    PyObject *a, *b;
    (void)self;
    if (!PyArg_ParseTuple(args, "OO", &a, &b))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *options(PyObject *self, PyObject *args)
{
    int a, b = 2, c = 3;
    (void)self;
    if (!PyArg_ParseTuple(args, "i|ii", &a, &b, &c))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *mixed(PyObject *self, PyObject *args)
{
    PyObject *thing;
    const char *text;
    int number = 1;
    double factor = 1.0;
    (void)self;
    if (!PyArg_ParseTuple(args, "Os|id", &thing, &text, &number, &factor))
        return NULL;
    Py_RETURN_NONE;
}

/* The list is not const, and C++ does not let it point to literals. */
static char name_a[] = "a", name_b[] = "b", name_c[] = "c";
static char thing_name[] = "thing", text_name[] = "text", number_name[] = "number", factor_name[] = "factor";
static char *two_names[] = {name_a, name_b, NULL};
static char *three_names[] = {name_a, name_b, name_c, NULL};
static char *four_names[] = {thing_name, text_name, number_name, factor_name, NULL};

static PyObject *named_ints(PyObject *self, PyObject *args, PyObject *kwargs)
{
    int a, b;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ii", two_names, &a, &b))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *named_floats(PyObject *self, PyObject *args, PyObject *kwargs)
{
    double a, b;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "dd", two_names, &a, &b))
        return NULL;
    return PyFloat_FromDouble(a + b);
}

static PyObject *named_texts(PyObject *self, PyObject *args, PyObject *kwargs)
{
    const char *a, *b;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ss", two_names, &a, &b))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *named_objects(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *a, *b;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO", two_names, &a, &b))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *named_options(PyObject *self, PyObject *args, PyObject *kwargs)
{
    int a, b = 2, c = 3;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i|ii", three_names, &a, &b, &c))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *named_mixed(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *thing;
    const char *text;
    int number = 1;
    double factor = 1.0;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Os|id", four_names, &thing, &text, &number, &factor))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *get_value(PyObject *self, void *closure)
{
    (void)self;
    (void)closure;
    Py_RETURN_NONE;
}

static int set_value(PyObject *self, PyObject *value, void *closure)
{
    (void)self;
    (void)value;
    (void)closure;
    return 0;
}

static PyGetSetDef point_getset[] = {
    {"value", get_value, set_value, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot point_slots[] = {
    {Py_tp_getset, point_getset},
    {0, NULL},
};

static PyType_Spec point_spec = {"calls.Point", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, point_slots};

/* Slots: what an operator, a built-in function, a loop and an attribute call. */
static PyObject *add(PyObject *self, PyObject *other)
{
    (void)self;
    (void)other;
    Py_RETURN_NONE;
}

static Py_ssize_t length(PyObject *self)
{
    (void)self;
    return 3;
}

static PyObject *itself(PyObject *self)
{
    Py_INCREF(self);
    return self;
}

static PyObject *next_one(PyObject *self)
{
    (void)self;
    Py_RETURN_NONE;
}

static PyObject *attribute(PyObject *self, PyObject *name)
{
    (void)self;
    (void)name;
    Py_RETURN_NONE;
}

static PyType_Slot vector_slots[] = {
    {Py_nb_add, (void *)add},
    {Py_sq_length, (void *)length},
    {Py_tp_iter, (void *)itself},
    {Py_tp_iternext, (void *)next_one},
    {Py_tp_getattro, (void *)attribute},
    {0, NULL},
};

static PyType_Spec vector_spec = {"calls.Vector", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, vector_slots};

static PyMethodDef methods[] = {
    {"nothing", nothing, METH_NOARGS, NULL},
    {"ints", ints, METH_VARARGS, NULL},
    {"floats", floats, METH_VARARGS, NULL},
    {"texts", texts, METH_VARARGS, NULL},
    {"objects", objects, METH_VARARGS, NULL},
    {"options", options, METH_VARARGS, NULL},
    {"mixed", mixed, METH_VARARGS, NULL},
    {"named_ints", (PyCFunction)(void (*)(void))named_ints, METH_VARARGS | METH_KEYWORDS, NULL},
    {"named_floats", (PyCFunction)(void (*)(void))named_floats, METH_VARARGS | METH_KEYWORDS, NULL},
    {"named_texts", (PyCFunction)(void (*)(void))named_texts, METH_VARARGS | METH_KEYWORDS, NULL},
    {"named_objects", (PyCFunction)(void (*)(void))named_objects, METH_VARARGS | METH_KEYWORDS, NULL},
    {"named_options", (PyCFunction)(void (*)(void))named_options, METH_VARARGS | METH_KEYWORDS, NULL},
    {"named_mixed", (PyCFunction)(void (*)(void))named_mixed, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "calls", NULL, -1, methods, NULL, NULL, NULL, NULL};

static int add_type(PyObject *module, PyType_Spec *spec, const char *name)
{
    PyObject *type = PyType_FromSpec(spec);
    if (type == NULL || PyModule_AddObject(module, name, type) < 0) {
        Py_XDECREF(type);
        return -1;
    }
    return 0;
}

PyMODINIT_FUNC PyInit_calls(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module && (add_type(module, &point_spec, "Point") < 0 || add_type(module, &vector_spec, "Vector") < 0)) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
