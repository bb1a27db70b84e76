/* positional.c: keywords in a call of a method that takes none.
 *
 * CPython words the TypeError by flags, by version, and by the way that the call came: `f() takes no keyword arguments` or
 * `module.f() ...` or `Class.f() ...`.  An upgraded method has other flags than its source says.  So it takes keywords, and where some
 * come, a METH_VARARGS method of the same name is made and called the same way: the message is CPython's own. */
#ifndef Py_LIMITED_API
#  define Py_LIMITED_API 0x03080000
#endif
#include <Python.h>

#include "positional.h"

static PyObject *never(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    PyErr_SetString(PyExc_TypeError, "the function takes no keyword arguments");
    return NULL;
}

int tramp_has_keywords(PyObject *kwnames)
{
    return PyTuple_Size(kwnames) > 0;
}

/* The class whose method descriptor was called; a new reference, or NULL without an error where the call did not come that way.
 *
 * A descriptor passes the vector on behind its first item, which is `self` (CPython Objects/descrobject.c, method_vectorcall_FASTCALL_
 * KEYWORDS); in front of the vector of a bound method stands the callable or a free slot (PEP 590). */
static PyObject *class_of_descriptor(PyObject *self, PyObject *const *args, const char *name)
{
    if (self == NULL || args == NULL || args[-1] != self) {
        return NULL;
    }
    PyObject *type = PyObject_Type(self);
    PyObject *descriptor = type == NULL ? NULL : PyObject_GetAttrString(type, name);
    PyObject *owner = descriptor == NULL ? NULL : PyObject_GetAttrString(descriptor, "__objclass__");
    Py_DecRef(type);
    Py_DecRef(descriptor);
    if (owner == NULL) {
        PyErr_Clear();
    }
    return owner;
}

static PyObject *positional_tuple(PyObject *first, PyObject *const *args, Py_ssize_t nargs)
{
    Py_ssize_t shift = first != NULL;
    PyObject *tuple = PyTuple_New(nargs + shift);
    if (tuple == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = -shift; i < nargs; i++) {
        PyObject *item = i < 0 ? first : args[i];
        Py_IncRef(item);
        PyTuple_SetItem(tuple, i + shift, item);
    }
    return tuple;
}

static PyObject *keyword_dict(PyObject *const *values, PyObject *kwnames)
{
    PyObject *dict = PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i < PyTuple_Size(kwnames); i++) {
        if (PyDict_SetItem(dict, PyTuple_GetItem(kwnames, i), values[i]) < 0) {
            Py_DecRef(dict);
            return NULL;
        }
    }
    return dict;
}

PyObject *tramp_refuse_keywords(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *name)
{
    /* The function object is gone before this frame is. */
    PyMethodDef method = {name, never, METH_VARARGS, NULL};
    PyObject *owner = class_of_descriptor(self, args, name);
    PyObject *function = owner == NULL ? PyCFunction_NewEx(&method, self, NULL) : PyDescr_NewMethod((PyTypeObject *)owner, &method);
    PyObject *tuple = positional_tuple(owner == NULL ? NULL : self, args, nargs);
    PyObject *dict = keyword_dict(args + nargs, kwnames);
    PyObject *result = NULL;
    if (function != NULL && tuple != NULL && dict != NULL) {
        result = PyObject_Call(function, tuple, dict);
    }
    Py_DecRef(owner);
    Py_DecRef(function);
    Py_DecRef(tuple);
    Py_DecRef(dict);
    return result;
}
