#include <Python.h>

static PyObject *ask(PyObject *self, PyObject *unused)
{
    return PyLong_FromLong(42);
}

/* In a library, so that the link of the module finds what it needs in an archive. */
PyMethodDef answer_methods[] = {
    {"ask", ask, METH_NOARGS, "Return the answer."},
    {NULL, NULL, 0, NULL},
};
