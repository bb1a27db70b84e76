#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *word(PyObject *self, PyObject *args)
{
    if (!PyArg_ParseTuple(args, ""))
        return NULL;
    return PyUnicode_FromString(WORD);
}

static PyMethodDef methods[] = {
    {"word", word, METH_VARARGS, "Return what the build was told."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_plain", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__plain(void)
{
    return PyModule_Create(&module);
}
