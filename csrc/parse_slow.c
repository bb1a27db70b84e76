/* parse_slow.c: the way that every call takes of which the fast parser is not sure, and every call that fails.
 *
 * What METH_VARARGS would have been called with is made again, the tuple and the dict, and handed to CPython's own parser.  So results
 * and errors are its own.  The borrowed references that it stores stay valid after the tuple is gone: the caller's vector holds them.
 *
 * Where a converter never returns (a daemon thread that ends, a C++ exception), the tuple is leaked: without the GIL nothing may be
 * released. */
#include "parse.h"

/* What PyArg_VaParse and PyArg_VaParseTupleAndKeywords are under PY_SSIZE_T_CLEAN; part of the stable ABI, but since 3.13 in no header. */
PyAPI_FUNC(int) _PyArg_VaParse_SizeT(PyObject *args, const char *format, va_list outputs);
PyAPI_FUNC(int) _PyArg_VaParseTupleAndKeywords_SizeT(
    PyObject *args, PyObject *kwargs, const char *format, char **keywords, va_list outputs);

PyObject *tramp_args_tuple(PyObject *const *args, Py_ssize_t nargs)
{
    PyObject *tuple;

    /* One call where the loop takes many. */
    switch (nargs) {
    case 1: return PyTuple_Pack(1, args[0]);
    case 2: return PyTuple_Pack(2, args[0], args[1]);
    case 3: return PyTuple_Pack(3, args[0], args[1], args[2]);
    case 4: return PyTuple_Pack(4, args[0], args[1], args[2], args[3]);
    default: break;
    }
    tuple = PyTuple_New(nargs);
    if (tuple == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < nargs; i++) {
        Py_IncRef(args[i]);
        PyTuple_SetItem(tuple, i, args[i]);
    }
    return tuple;
}

PyObject *tramp_item(PyObject *const *args, Py_ssize_t nargs, Py_ssize_t index)
{
    if (index >= 0 && index < nargs)
        return args[index];
    /* Objects/tupleobject.c */
    PyErr_SetString(PyExc_IndexError, "tuple index out of range");
    return NULL;
}

/* CPython fills them again, or never looks at them. */
static void release(struct tramp_outputs *outputs)
{
    while (outputs->held > 0)
        PyBuffer_Release(outputs->buffers[--outputs->held]);
}

int tramp_parse_slow(PyObject *const *args, Py_ssize_t nargs, const char *format, struct tramp_outputs *outputs)
{
    PyObject *tuple = tramp_args_tuple(args, nargs);
    int result;

    release(outputs);
    if (tuple == NULL)
        return 0;
    if (outputs->sizes == TRAMP_SSIZE)
        result = _PyArg_VaParse_SizeT(tuple, format, outputs->list);
    else
        result = PyArg_VaParse(tuple, format, outputs->list);
    Py_DecRef(tuple);
    return result;
}

bool tramp_keyword_dict(PyObject *const *values, PyObject *kwnames, PyObject **dict)
{
    Py_ssize_t count = kwnames != NULL ? PyTuple_Size(kwnames) : 0;

    *dict = NULL;
    if (count == 0)
        return true;
    *dict = PyDict_New();
    if (*dict == NULL)
        return false;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyDict_SetItem(*dict, PyTuple_GetItem(kwnames, i), values[i]) < 0) {
            Py_DecRef(*dict);
            return false;
        }
    }
    return true;
}

int tramp_parse_keywords_slow(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format, char *const *keywords,
    struct tramp_outputs *outputs)
{
    PyObject *tuple = tramp_args_tuple(args, nargs);
    PyObject *dict;
    int result = 0;

    release(outputs);
    if (tuple == NULL)
        return 0;
    if (tramp_keyword_dict(args + nargs, kwnames, &dict)) {
        if (outputs->sizes == TRAMP_SSIZE)
            result = _PyArg_VaParseTupleAndKeywords_SizeT(tuple, dict, format, (char **)keywords, outputs->list);
        else
            result = PyArg_VaParseTupleAndKeywords(tuple, dict, format, (char **)keywords, outputs->list);
        Py_DecRef(dict);
    }
    Py_DecRef(tuple);
    return result;
}
