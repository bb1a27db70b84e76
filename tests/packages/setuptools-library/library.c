#include <Python.h>

int answer(void);

static PyObject *ask(PyObject *self, PyObject *ignored)
{
    return PyLong_FromLong(answer());
}

static PyMethodDef methods[] = {{"ask", ask, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "library", NULL, -1, methods};

PyMODINIT_FUNC PyInit_library(void)
{
    return PyModule_Create(&module);
}
