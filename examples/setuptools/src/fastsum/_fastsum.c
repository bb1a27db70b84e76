#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *add(PyObject *self, PyObject *args)
{
    double a, b;
    (void)self;
    if (!PyArg_ParseTuple(args, "dd:add", &a, &b)) {
        return NULL;
    }
    return PyFloat_FromDouble(a + b);
}

static PyObject *scale(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"value", "by", NULL};
    double value, by = 2.0;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "d|d:scale", keywords, &value, &by)) {
        return NULL;
    }
    return PyFloat_FromDouble(value * by);
}

static PyMethodDef methods[] = {
    {"add", add, METH_VARARGS, "add(a, b, /)\n--\n\nReturn the sum."},
    {"scale", (PyCFunction)(void (*)(void))scale, METH_VARARGS | METH_KEYWORDS, "scale(value, by=2.0)\n--\n\nReturn value times by."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fastsum._fastsum", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__fastsum(void) { return PyModule_Create(&module); }
