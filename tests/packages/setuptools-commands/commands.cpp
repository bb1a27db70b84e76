#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdexcept>
#include <string>

static PyObject *check(PyObject *, PyObject *args)
{
    int number;
    if (!PyArg_ParseTuple(args, "i", &number))
        return nullptr;
    if (number < 0)
        throw std::invalid_argument("negative: " + std::to_string(number));
    return PyLong_FromLong(number + FROM_PROJECT);
}

static PyMethodDef methods[] = {
    {"check", check, METH_VARARGS, "Return the number, unless it is negative."},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "commands", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_commands()
{
    return PyModule_Create(&module);
}
