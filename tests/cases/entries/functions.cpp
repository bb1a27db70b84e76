/* Functions that a table of another file names, and that C code calls. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "functions.h"

PyObject *positional(PyObject *self, PyObject *args)
{
    const char *text;
    Py_ssize_t size;
    int number = -1;

    (void)self;
    if (!PyArg_ParseTuple(args, "s#|i:positional", &text, &size, &number))
        return NULL;
    return Py_BuildValue("s#i", text, size, number);
}

PyObject *
keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *names[] = {"first", "second", NULL};
    PyObject *first, *second = Py_None;

    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:keywords", (char **)names, &first, &second))
        return NULL;
    return PyTuple_Pack(2, first, second);
}

extern "C" PyObject *ignoring(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    return PyUnicode_FromString("ignored");
}

PyObject *ignoring_both(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    return PyUnicode_FromString("both ignored");
}

PyObject *sized(PyObject *self, PyObject *args)
{
    Py_ssize_t size = PyTuple_GET_SIZE(args);

    (void)self;
    if (size > 0 && PyTuple_GET_ITEM(args, size - 1) == Py_None)
        Py_RETURN_NONE;
    return PyLong_FromSsize_t(size);
}
