/* entries.c: the ways between a function's two entries.
 *
 * A METH_VARARGS function that others than method tables refer to gets a second entry, which takes a vector; the one that it had stays
 * for the others and goes over the new one (tramp_by_vector).  A table in another unit calls the new entry if the unit that defines the
 * function has one, and the old one if that was compiled as it is (tramp_by_tuple).
 *
 * A C++ exception may pass through the first two: they are called by the project's own code, which may catch it.  What they have
 * allocated is leaked then: to free it would take the C++ run time's unwinder, and libtramp needs none. */
#include "parse.h"
#include "positional.h"

#include <stdlib.h>

/* Longer vectors are allocated. */
#define ON_STACK 16

/* In the words of PyArg_ParseTuple (Python/getargs.c): a function that reads nothing is not called by way of here. */
static bool is_tuple(PyObject *args)
{
    if (args != NULL && PyType_HasFeature(Py_TYPE(args), Py_TPFLAGS_TUPLE_SUBCLASS))
        return true;
    PyErr_SetString(PyExc_SystemError, "new style getargs format but argument is not a tuple");
    return false;
}

static void copy_items(PyObject **vector, PyObject *tuple, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        vector[i] = PyTuple_GetItem(tuple, i);
}

/* The items in `few`, or in memory of their own; NULL with an error set. */
static PyObject **vector_of(PyObject *tuple, Py_ssize_t count, PyObject **few)
{
    PyObject **vector = count > ON_STACK ? malloc((size_t)count * sizeof *vector) : few;

    if (vector == NULL)
        PyErr_NoMemory();
    else
        copy_items(vector, tuple, count);
    return vector;
}

PyObject *tramp_by_vector(PyObject *self, PyObject *args, tramp_function_fastcall *impl)
{
    PyObject *few[ON_STACK], **vector, *result;

    if (!is_tuple(args))
        return NULL;
    Py_ssize_t count = PyTuple_Size(args);
    vector = vector_of(args, count, few);
    if (vector == NULL)
        return NULL;
    result = impl(self, vector, count);
    if (vector != few)
        free(vector);
    return result;
}

/* The names as a tuple, the values behind the positional arguments. */
static PyObject *split_keywords(PyObject *kwargs, PyObject **values, Py_ssize_t count)
{
    PyObject *names = PyTuple_New(count), *name, *value;
    Py_ssize_t position = 0;

    for (Py_ssize_t i = 0; names != NULL && i < count && PyDict_Next(kwargs, &position, &name, &value); i++) {
        Py_IncRef(name);
        PyTuple_SetItem(names, i, name);
        values[i] = value;
    }
    return names;
}

/* With keywords; they are a C caller's, so this is rare. */
static TRAMP_COLD PyObject *call_with_names(PyObject *self, PyObject *args, PyObject *kwargs, tramp_function_fastcall_keywords *impl)
{
    Py_ssize_t positional = PyTuple_Size(args), named = PyDict_Size(kwargs);
    PyObject **vector, *names, *result = NULL;

    if (named < 0)
        return NULL;
    vector = malloc((size_t)(positional + named + 1) * sizeof *vector);
    if (vector == NULL)
        return PyErr_NoMemory();
    copy_items(vector, args, positional);
    names = split_keywords(kwargs, vector + positional, named);
    if (names != NULL)
        result = impl(self, vector, positional, names);
    Py_DecRef(names);
    free(vector);
    return result;
}

PyObject *tramp_by_vector_keywords(PyObject *self, PyObject *args, PyObject *kwargs, tramp_function_fastcall_keywords *impl)
{
    PyObject *few[ON_STACK], **vector, *result;

    if (!is_tuple(args))
        return NULL;
    if (kwargs != NULL && PyDict_Size(kwargs) != 0)
        return call_with_names(self, args, kwargs, impl);
    Py_ssize_t count = PyTuple_Size(args);
    vector = vector_of(args, count, few);
    if (vector == NULL)
        return NULL;
    result = impl(self, vector, count, NULL);
    if (vector != few)
        free(vector);
    return result;
}

PyObject *tramp_by_tuple(
    PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const struct tramp_by_tuple_def *def)
{
    if (kwnames != NULL && tramp_has_keywords(kwnames))
        return tramp_refuse_keywords(self, args, nargs, kwnames, def->name);
    PyObject *tuple = tramp_args_tuple(args, nargs);
    if (tuple == NULL)
        return NULL;
    PyObject *result = def->route(self, tuple, def->impl, def->name);
    Py_DecRef(tuple);
    return result;
}

PyObject *tramp_by_tuple_keywords(
    PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const struct tramp_by_tuple_keywords_def *def)
{
    PyObject *tuple = tramp_args_tuple(args, nargs), *dict, *result = NULL;

    if (tuple == NULL)
        return NULL;
    if (tramp_keyword_dict(args + nargs, kwnames, &dict)) {
        result = def->route(self, tuple, dict, def->impl, def->name);
        Py_DecRef(dict);
    }
    Py_DecRef(tuple);
    return result;
}
