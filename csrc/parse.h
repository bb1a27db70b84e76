/* parse.h: what the parts of the argument parser have between them (parse.c, parse_keywords.c, parse_slow.c). */
#ifndef TRAMP_PARSE_H
#define TRAMP_PARSE_H

#ifndef Py_LIMITED_API
#  define Py_LIMITED_API 0x03080000
#endif
#include <Python.h>

#include <stdarg.h>
#include <stdbool.h>

#include "defs.h"

/* Exported by every CPython since 3.3, part of the limited API since 3.10. */
PyAPI_FUNC(const char *) PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *size);

/* Which twin it is.  CPython decides by PY_SSIZE_T_CLEAN in the caller's unit whether `#` writes an int or a Py_ssize_t; the two are two
 * sets of functions.  Since 3.13 they are the same. */
enum tramp_sizes { TRAMP_INT, TRAMP_SSIZE };

/* parse_slow.c: the public parser of CPython on a tuple, and a dict, made for this call.  They return what it returns. */
TRAMP_COLD int tramp_parse_slow(PyObject *const *args, Py_ssize_t nargs, const char *format, enum tramp_sizes sizes, va_list *outputs);
TRAMP_COLD int tramp_parse_keywords_slow(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format,
    char *const *keywords, enum tramp_sizes sizes, va_list *outputs);

#endif
