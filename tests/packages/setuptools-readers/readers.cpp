#include "lookup.h"
#include <stdexcept>

static PyObject *add(PyObject *, PyObject *args)
{
    long a, b;
    if (!PyArg_ParseTuple(args, "ll", &a, &b))
        return nullptr;
    if (a + b < 0)
        throw std::out_of_range("less than nothing");
    return PyLong_FromLong(a + b);
}

static PyObject *scale(PyObject *, PyObject *args, PyObject *kwargs)
{
    static const char *names[] = {"value", "by", nullptr};
    double value, by = 2.0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "d|d", const_cast<char **>(names), &value, &by))
        return nullptr;
    if (by == 0.0)
        throw std::domain_error("nothing left");
    return PyFloat_FromDouble(value * by);
}

static PyObject *itself(PyObject *self, PyObject *)
{
    return PyObject_Type(self);
}

static PyMethodDef counter_methods[] = {
    {"add", add, METH_VARARGS, nullptr},
    {"scale", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(scale)), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"itself", itself, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static PyTypeObject Counter = {PyVarObject_HEAD_INIT(nullptr, 0) "readers.Counter", sizeof(PyObject)};

// by_table(object, name, *arguments): as object.name(*arguments) would, past every cache and wrapper of Python.
static PyObject *by_table(PyObject *, PyObject *args)
{
    PyObject *self = PyTuple_GetItem(args, 0), *name = PyTuple_GetItem(args, 1);
    const char *text = name ? PyUnicode_AsUTF8(name) : nullptr;
    PyObject *rest = text ? PyTuple_GetSlice(args, 2, PyTuple_GET_SIZE(args)) : nullptr;
    PyObject *result = rest ? call_by_table(Py_TYPE(self), text, self, rest) : nullptr;
    Py_XDECREF(rest);
    return result;
}

static PyMethodDef methods[] = {
    {"by_table", by_table, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "readers", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_readers()
{
    Counter.tp_methods = counter_methods;
    Counter.tp_new = PyType_GenericNew;
    if (PyType_Ready(&Counter) < 0)
        return nullptr;
    PyObject *made = PyModule_Create(&module);
    if (made != nullptr && PyModule_AddObject(made, "Counter", reinterpret_cast<PyObject *>(&Counter)) < 0)
        Py_CLEAR(made);
    return made;
}
