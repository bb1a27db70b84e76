#ifndef LOOKUP_H
#define LOOKUP_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *call_by_table(PyTypeObject *type, const char *name, PyObject *self, PyObject *args);

#endif
