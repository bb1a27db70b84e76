/* The module `without_memory`: calls a function while allocations fail, with nothing of the interpreter's loop in between. */
#define Py_LIMITED_API 0x030A0000
#include <Python.h>

/* failing_malloc.c */
extern long fail_allocations(long from, long to);

/* call(function, args, kwargs, first, last) -> (how many allocations there were, the result or the exception) */
static PyObject *call(PyObject *self, PyObject *all)
{
    PyObject *function, *args, *kwargs;
    long first, last;
    (void)self;
    if (!PyArg_ParseTuple(all, "OOOll", &function, &args, &kwargs, &first, &last))
        return NULL;
    fail_allocations(first, last);
    PyObject *result = PyObject_Call(function, args, kwargs);
    long seen = fail_allocations(0, 0);
    if (result != NULL)
        return Py_BuildValue("lN", seen, result);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    return Py_BuildValue("lN", seen, value);
}

static PyMethodDef methods[] = {{"call", call, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "without_memory", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_without_memory(void) { return PyModule_Create(&definition); }
