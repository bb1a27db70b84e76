/* positional.h: keywords in a call of a method that takes none. */
#ifndef TRAMP_POSITIONAL_H
#define TRAMP_POSITIONAL_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tell whether `kwnames`, not NULL, has a name: callers may pass an empty tuple. */
TRAMP_COLD int tramp_has_keywords(PyObject *kwnames);

/** Raise the TypeError that CPython raises where a METH_VARARGS method is called with keywords; returns NULL.
 *  The arguments are those of tramp_positional. */
TRAMP_COLD PyObject *tramp_refuse_keywords(
    PyObject *self, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, const char *name);

#ifdef __cplusplus
}
#endif

#endif
