#include <Python.h>

static PyObject *word(PyObject *self, PyObject *ignored)
{
    return PyUnicode_FromString("stable");
}

static PyMethodDef methods[] = {{"word", word, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_stable", NULL, -1, methods};

PyMODINIT_FUNC PyInit__stable(void)
{
    return PyModule_Create(&module);
}
