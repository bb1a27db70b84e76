/* parse_calls.c: each row of the call table twice, as a project writes it and as tramp-build upgrades it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "tramp.h"

#define STOCK(name, locals, format, ...) ROW_WITH(name, locals, , format, __VA_ARGS__)
#define ROW_WITH(name, locals, after, format, ...) \
    static PyObject *name##_stock(PyObject *Py_UNUSED(self), PyObject *args) \
    { \
        locals \
        if (!PyArg_ParseTuple(args, format, __VA_ARGS__)) \
            return NULL; \
        after \
        Py_RETURN_NONE; \
    } \
    static PyObject *name##_fast(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t nargs) \
    { \
        locals \
        if (!tramp_parse_sizet(args, nargs, format, __VA_ARGS__)) \
            return NULL; \
        after \
        Py_RETURN_NONE; \
    }

#define KEYWORDS(name, list, locals, format, ...) \
    static PyObject *name##_stock(PyObject *Py_UNUSED(self), PyObject *args, PyObject *kwargs) \
    { \
        static char *keywords[] = list; \
        locals \
        if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, keywords, __VA_ARGS__)) \
            return NULL; \
        Py_RETURN_NONE; \
    } \
    static PyObject *name##_fast(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) \
    { \
        static char *keywords[] = list; \
        locals \
        if (!tramp_parse_keywords_sizet(args, nargs, kwnames, format, keywords, __VA_ARGS__)) \
            return NULL; \
        Py_RETURN_NONE; \
    }

static int accept(PyObject *Py_UNUSED(object), void *Py_UNUSED(output))
{
    return 1;
}

#define LIST(...) {__VA_ARGS__, NULL}
#define COMMA ,

STOCK(dd, double x; double y;, "dd:dd", &x, &y)
STOCK(o, PyObject *x;, "O:o", &x)
STOCK(s, const char *x;, "s:s", &x)
STOCK(i, int x;, "i:i", &x)
STOCK(opt, int x; int y = 0; int z = 0;, "i|ii:opt", &x, &y, &z)
STOCK(osid, PyObject *x; const char *y; int z; double t;, "Osid:osid", &x, &y, &z, &t)
STOCK(obang, PyObject *x; PyObject *y;, "O!O!:obang", &PyList_Type, &x, &PyTuple_Type, &y)
ROW_WITH(buffer, Py_buffer x; int y = 0;, PyBuffer_Release(&x);, "y*|i:buffer", &x, &y)
STOCK(converter, int x = 0; double y;, "O&d:converter", accept, &x, &y)
KEYWORDS(kdd, LIST("x", "y"), double x; double y;, "dd:kdd", &x, &y)
KEYWORDS(kopt, LIST("x", "first", "second", "third"), PyObject *x; int y = 0; int z = 0; int t = 0;, "O|iii:kopt", &x, &y, &z, &t)
KEYWORDS(konly, LIST("source", "strict", "level"), const char *x; int y = 0; int z = 0;, "s|$pi:konly", &x, &y, &z)

#define ROW(name) \
    {#name "_stock", name##_stock, METH_VARARGS, NULL}, {#name "_fast", (PyCFunction)(void (*)(void))name##_fast, METH_FASTCALL, NULL}
#define KEYWORD_ROW(name) \
    {#name "_stock", (PyCFunction)(void (*)(void))name##_stock, METH_VARARGS | METH_KEYWORDS, NULL}, \
    {#name "_fast", (PyCFunction)(void (*)(void))name##_fast, METH_FASTCALL | METH_KEYWORDS, NULL}

static PyObject *noargs(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {ROW(dd), ROW(o), ROW(s), ROW(i), ROW(opt), ROW(osid), ROW(obang), ROW(buffer), ROW(converter), KEYWORD_ROW(kdd), KEYWORD_ROW(kopt),
    KEYWORD_ROW(konly), {"noargs", noargs, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "parse_calls", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_parse_calls(void)
{
    return PyModule_Create(&module);
}
