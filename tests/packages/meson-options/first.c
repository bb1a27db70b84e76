#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *twice(PyObject *self, PyObject *args);

static PyObject *flag()
{
    return PyBool_FromLong(1);
}

static PyObject *is_set(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    return flag();
}

static PyMethodDef methods[] = {
    {"twice", twice, METH_VARARGS, "Return the number twice."},
    {"is_set", is_set, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "meson_options_c", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_meson_options_c(void)
{
    return PyModule_Create(&module);
}
