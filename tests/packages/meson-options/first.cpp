#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdexcept>

extern PyMethodDef second_methods[];

static PyObject *check(PyObject *, PyObject *args)
{
    int number;
    if (!PyArg_ParseTuple(args, "i", &number))
        return nullptr;
    if (number < 0)
        throw std::invalid_argument("negative");
    return PyLong_FromLong(number);
}

static PyMethodDef methods[] = {
    {"check", check, METH_VARARGS, "Return the number, unless it is negative."},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "meson_options_cxx", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_meson_options_cxx()
{
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddFunctions(made, second_methods) < 0)
        Py_CLEAR(made);
    return made;
}
