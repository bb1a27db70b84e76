#include <Python.h>

static PyObject *word(PyObject *self, PyObject *ignored)
{
    return PyUnicode_FromString(WORD);
}

static PyMethodDef methods[] = {{"word", word, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_plain", NULL, -1, methods};

PyMODINIT_FUNC PyInit__plain(void)
{
    return PyModule_Create(&module);
}
