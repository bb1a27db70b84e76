#include <Python.h>
#include <stdexcept>

static PyObject *fail(PyObject *, PyObject *text)
{
    throw std::out_of_range(PyUnicode_AsUTF8(text));
}

static PyMethodDef methods[] = {{"fail", fail, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_thrower", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit__thrower()
{
    return PyModule_Create(&module);
}
