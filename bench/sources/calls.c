/* What the call table is about: functions that do as little as their signature allows.  Compiled as C and as C++, plain and routed. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *nothing(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    Py_RETURN_NONE;
}

static PyObject *add(PyObject *self, PyObject *args)
{
    double a, b;
    (void)self;
    if (!PyArg_ParseTuple(args, "dd", &a, &b))
        return NULL;
    return PyFloat_FromDouble(a + b);
}

static PyObject *add_keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char first[] = "a", second[] = "b";
    static char *keywords[] = {first, second, NULL};
    double a, b;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "dd", keywords, &a, &b))
        return NULL;
    return PyFloat_FromDouble(a + b);
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

static PyMethodDef methods[] = {
    {"nothing", nothing, METH_NOARGS, NULL},
    {"add", add, METH_VARARGS, NULL},
    {"add_keywords", (PyCFunction)(void (*)(void))add_keywords, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "calls", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_calls(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyObject *point = module ? PyType_FromSpec(&point_spec) : NULL;
    if (point == NULL || PyModule_AddObject(module, "Point", point) < 0) {
        Py_XDECREF(point);
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
