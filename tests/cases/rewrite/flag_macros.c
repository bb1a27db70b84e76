/* Flags that a macro decides about, as Cython writes them: only the compiler knows the convention. */
#include <Python.h>

#if PY_VERSION_HEX >= 0x03070000
#define CASE_FAST METH_FASTCALL
#define CASE_ARGS PyObject *const *args, Py_ssize_t nargs
#define CASE_FIRST (nargs > 0 ? args[0] : Py_None)
#define CASE_NAMES(kwargs) (kwargs ? PyTuple_GET_SIZE(kwargs) : 0)
#else
#define CASE_FAST METH_VARARGS
#define CASE_ARGS PyObject *args
#define CASE_FIRST (PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0) : Py_None)
#define CASE_NAMES(kwargs) (kwargs ? PyDict_Size(kwargs) : 0)
#endif

#ifdef CASE_OLD
#define CASE_ONE METH_VARARGS
static PyObject *one(PyObject *self, PyObject *args) { (void)self; return PyLong_FromSsize_t(PyTuple_Size(args)); }
#else
#define CASE_ONE METH_O
static PyObject *one(PyObject *self, PyObject *arg) { (void)self; return PyObject_Repr(arg); }
#endif

static PyObject *first(PyObject *self, CASE_ARGS)
{
    PyObject *found = CASE_FIRST;
    (void)self;
    return PyObject_Repr(found);
}

static PyObject *count(PyObject *self, CASE_ARGS, PyObject *kwargs)
{
    PyObject *found = CASE_FIRST;
    (void)self;
    return Py_BuildValue("On", found, CASE_NAMES(kwargs));
}

static PyMethodDef methods[] = {
    {"first", (PyCFunction)(void (*)(void))first, CASE_FAST, "the first"},
    {"count", (PyCFunction)(void (*)(void))count, CASE_FAST | METH_KEYWORDS, NULL},
    {"again", (PyCFunction)(void (*)(void))count, METH_KEYWORDS | CASE_FAST, NULL},
    {"one", one, CASE_ONE, PyDoc_STR("one")},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);

PyMODINIT_FUNC PyInit_case(void)
{
    return PyModule_Create(&module);
}
