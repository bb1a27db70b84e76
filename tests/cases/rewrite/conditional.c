/* `#if` around rows and around functions; a table in front of the functions that it names. */
#include <Python.h>

#define HAVE_ONE 1
/* HAVE_TWO is not defined */

#ifdef HAVE_ONE
static PyObject *one(PyObject *self, PyObject *args);
#endif
#ifdef HAVE_TWO
static PyObject *two(PyObject *self, PyObject *args);
#endif
static PyObject *always(PyObject *self, PyObject *args);

#if defined(HAVE_TWO)
static PyObject *either(PyObject *self, PyObject *args) { (void)self; (void)args; return PyLong_FromLong(2); }
#else
static PyObject *either(PyObject *self, PyObject *args) { (void)self; (void)args; return PyLong_FromLong(1); }
#endif

static PyMethodDef methods[] = {
#ifdef HAVE_ONE
    {"one", one, METH_VARARGS, NULL},
#endif
#ifdef HAVE_TWO
    {"two", two, METH_VARARGS, NULL},
#endif
#if PY_VERSION_HEX > 0x03000000
    {"either", either, METH_VARARGS, NULL},
#else
    {"older", either, METH_VARARGS, NULL},
#endif
    {"always", always, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}
};

#ifdef HAVE_ONE
static PyObject *one(PyObject *self, PyObject *args) { (void)self; Py_INCREF(args); return args; }
#endif
#ifdef HAVE_TWO
static PyObject *two(PyObject *self, PyObject *args) { (void)self; Py_INCREF(args); return args; }
#endif
static PyObject *always(PyObject *self, PyObject *args) { (void)self; Py_INCREF(args); return args; }

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
