/* A table of functions that stand in another file, and functions of its own that others refer to. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "functions.h"

static PyObject *halves(PyObject *self, PyObject *args);

static PyObject *call(PyObject *self, PyObject *arg)
{
    PyObject *function, *args, *kwargs = NULL;
    const char *name;
    static const struct {
        const char *name;
        PyCFunction plain;
        PyCFunctionWithKeywords keywords;
    } known[] = {
        {"positional", positional, NULL},
        {"keywords", NULL, keywords},
        {"ignoring", ignoring, NULL},
        {"ignoring_both", NULL, ignoring_both},
        {"sized", sized, NULL},
        {"halves", halves, NULL},
    };

    (void)self;
    if (!PyArg_ParseTuple(arg, "UO|O", &function, &args, &kwargs))
        return NULL;
    name = PyUnicode_AsUTF8(function);
    if (args == Py_Ellipsis)
        args = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) == 0)
            return known[i].plain ? known[i].plain(NULL, args) : known[i].keywords(NULL, args, kwargs);
    }
    return PyErr_Format(PyExc_LookupError, "%s", name);
}

#define ROW(function) {"pasted_" #function, function, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    {"positional", positional, METH_VARARGS, NULL},
    {"keywords", (PyCFunction)(void (*)(void))keywords, METH_VARARGS | METH_KEYWORDS, NULL},
    {"ignoring", ignoring, METH_VARARGS, NULL},
    {"ignoring_both", (PyCFunction)(void (*)(void))ignoring_both, METH_VARARGS | METH_KEYWORDS, NULL},
    {"sized", sized, METH_VARARGS, NULL},
    {"halves", halves, METH_VARARGS, NULL},
    ROW(halves),
    {"call", call, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyObject *halves(PyObject *self, PyObject *args)
{
    long number;

    if (!PyArg_ParseTuple(args, "l:halves", &number))
        return NULL;
    if (number > 1) {
        PyObject *less = Py_BuildValue("(l)", number / 2), *result = less ? halves(self, less) : NULL;
        Py_XDECREF(less);
        return result;
    }
    return PyLong_FromLong(number);
}

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void)
{
    return PyModule_Create(&module);
}
