/* parse.h: what the parts of the argument parser have between them.
 *
 * A call goes through up to three of them, each from where the one before it had a doubt: parse.c and parse_keywords.c convert in line
 * what parse_plain.h reads by itself; with parse_units.c they convert what takes a call of a function; parse_slow.c hands the whole call
 * to CPython's parser.  parse_layout.c finds out whether the first may be done at all. */
#ifndef TRAMP_PARSE_H
#define TRAMP_PARSE_H

#ifndef Py_LIMITED_API
#  define Py_LIMITED_API 0x03080000
#endif
#include <Python.h>

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "defs.h"

#define TRAMP_HIDDEN __attribute__((visibility("hidden")))
#define TRAMP_INLINE static inline __attribute__((always_inline))
#define TRAMP_NOINLINE __attribute__((noinline))
#define TRAMP_LIKELY(condition) __builtin_expect(!!(condition), 1)

/* Which twin it is.  CPython decides by PY_SSIZE_T_CLEAN in the caller's unit whether `#` stores an int or a Py_ssize_t; the two are two
 * sets of functions.  Since 3.13 they are the same. */
enum tramp_sizes { TRAMP_INT, TRAMP_SSIZE };

/* Py_buffer, which the limited API has since 3.11 only. */
struct tramp_buffer {
    void *buf;
    PyObject *obj;
    Py_ssize_t len, itemsize;
    int readonly, ndim;
    char *format;
    Py_ssize_t *shape, *strides, *suboffsets;
    void *internal;
};

/* Calls that fill more buffers than this go the slow way. */
#define TRAMP_MAX_HELD 8

/* Where the values of a call go. */
struct tramp_outputs {
    va_list list;
    enum tramp_sizes sizes;
    unsigned held; /* buffers that have been filled: before CPython fills them again they have to be released */
    struct tramp_buffer *buffers[TRAMP_MAX_HELD];
};

/* parse_slow.c */

/* The keywords of a call as a new dict; no dict for no names, as CPython calls a METH_VARARGS | METH_KEYWORDS function.  False with an
 * error set. */
bool tramp_keyword_dict(PyObject *const *values, PyObject *kwnames, PyObject **dict) TRAMP_HIDDEN;

/* parse_units.c */

/* What a character of a format is.  Units and their suffixes have the first bit, so a sum of them has the number of units in its last
 * 31 bits. */
#define TRAMP_OTHER 0u
#define TRAMP_END 1u
#define TRAMP_OPTIONAL 2u
#define TRAMP_SUFFIX 0x80000000u
#define TRAMP_UNIT 0x80000001u
#define TRAMP_COUNT 0x7fffffffu
extern const unsigned tramp_classes[256] TRAMP_HIDDEN;

TRAMP_INLINE unsigned tramp_class_of(char character)
{
    return tramp_classes[(unsigned char)character];
}

/* Converts by one unit.  `format` points behind its letter, the result behind all of it; NULL: this call goes the slow way. */
typedef const char *tramp_unit(PyObject *arg, const char *format, struct tramp_outputs *outputs);

/* By letter.  What is missing the fast parser leaves to CPython: `e` `u` `D` `(`, and what CPython refuses. */
extern tramp_unit *const tramp_units[256] TRAMP_HIDDEN;

/* Converts by the unit at `format`, with a function of its own. */
TRAMP_INLINE const char *tramp_convert(PyObject *arg, const char *format, struct tramp_outputs *outputs)
{
    tramp_unit *unit = tramp_units[(unsigned char)*format];

    return TRAMP_LIKELY(unit != NULL) ? unit(arg, format + 1, outputs) : NULL;
}

/* Moves behind a unit whose argument was not passed; NULL: the slow way. */
TRAMP_HIDDEN const char *tramp_skip(const char *format, struct tramp_outputs *outputs);

/* What CPython would report is not wanted here: it will say so again.  Returns NULL. */
TRAMP_COLD TRAMP_HIDDEN const char *tramp_not_utf8(void);

/* parse_slow.c: the public parser of CPython on a tuple, and a dict, made for this call.  They return what it returns. */

TRAMP_COLD TRAMP_HIDDEN int tramp_parse_slow(
    PyObject *const *args, Py_ssize_t nargs, const char *format, struct tramp_outputs *outputs);
TRAMP_COLD TRAMP_HIDDEN int tramp_parse_keywords_slow(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format,
    char *const *keywords, struct tramp_outputs *outputs);

/* Public and exported by every CPython since 3.3; the first is part of the limited API since 3.10, the others since 3.11. */
PyAPI_FUNC(const char *) PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *size);
PyAPI_FUNC(int) PyObject_GetBuffer(PyObject *arg, struct tramp_buffer *buffer, int flags);
PyAPI_FUNC(int) PyBuffer_FillInfo(struct tramp_buffer *buffer, PyObject *arg, void *memory, Py_ssize_t size, int readonly, int flags);
PyAPI_FUNC(void) PyBuffer_Release(struct tramp_buffer *buffer);

/* The UTF-8 of a str; NULL if it is not exactly a str, or has lone surrogates. */
TRAMP_INLINE const char *tramp_utf8(PyObject *text, Py_ssize_t *size)
{
    const char *utf8;

    if (Py_TYPE(text) != &PyUnicode_Type)
        return NULL;
    utf8 = PyUnicode_AsUTF8AndSize(text, size);
    return TRAMP_LIKELY(utf8 != NULL) ? utf8 : tramp_not_utf8();
}

#endif
