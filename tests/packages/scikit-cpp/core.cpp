#define PY_SSIZE_T_CLEAN
#include <Python.h>

void check(int number);
extern "C" PyMethodDef answer_methods[];

static PyObject *check_number(PyObject *, PyObject *args)
{
    int number;
    if (!PyArg_ParseTuple(args, "i", &number))
        return nullptr;
    check(number);
    return PyLong_FromLong(number);
}

static PyMethodDef methods[] = {
    {"check", check_number, METH_VARARGS, "Return the number, unless it is negative."},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit__core()
{
    PyObject *self = PyModule_Create(&module);
    if (self && PyModule_AddFunctions(self, answer_methods) < 0)
        Py_CLEAR(self);
    return self;
}
