/* Words that compilers know as attributes are macros in many projects. */
#include <Python.h>

#define always_inline inline __attribute__((__always_inline__))
#define cold __attribute__((__cold__))
#define constructor 1
#define naked 2
#define noinline __attribute__((__noinline__))
#define noipa 3
#define noplt 4
#define noreturn _Noreturn
#define unused __attribute__((__unused__))
#define used __attribute__((__used__))
#define weak 6

static PyObject *two(PyObject *self, PyObject *args)
{
    int a, b;
    (void)self;
    if (!PyArg_ParseTuple(args, "ii", &a, &b))
        return NULL;
    return PyLong_FromLong(a + b + constructor + naked + noipa + noplt + weak);
}

static PyObject *one(PyObject *self unused, PyObject *arg)
{
    Py_INCREF(arg);
    return arg;
}

static PyObject *none(PyObject *self unused, PyObject *args unused)
{
    return PyLong_FromLong(7);
}

static PyMethodDef methods[] = {
    {"two", two, METH_VARARGS, "doc"},
    {"one", one, METH_O, NULL},
    {"none", none, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void)
{
    return PyModule_Create(&module);
}
