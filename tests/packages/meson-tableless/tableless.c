#include <Python.h>

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "tableless", __FILE__, -1};

PyMODINIT_FUNC PyInit_tableless(void)
{
    return PyModule_Create(&module);
}
