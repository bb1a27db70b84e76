#include "methods.h"
#include <stdexcept>

static PyObject *outer(PyObject *, PyObject *)
{
    throw std::out_of_range("from the module");
}

static PyMethodDef methods[] = {{"outer", outer, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_outer", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit__outer()
{
    PyObject *created = PyModule_Create(&module);
    if (created != nullptr && PyModule_AddFunctions(created, shared_methods()) < 0)
        Py_CLEAR(created);
    return created;
}
