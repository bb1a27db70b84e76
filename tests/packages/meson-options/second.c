#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *twice(PyObject *self, PyObject *args);

PyObject *twice(PyObject *self, PyObject *args)
{
    double number;
    (void)self;
    if (!PyArg_ParseTuple(args, "d", &number))
        return NULL;
    return Py_BuildValue("(dd)", number, number);
}
