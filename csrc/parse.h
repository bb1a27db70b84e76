/* parse.h: what the parts of the argument parser have between them.
 *
 * parse.c and parse_keywords.c walk over a call, parse_units.c converts one argument, parse_slow.c hands a call to CPython's parser. */
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

/* Where CPython keeps values, as far as a module has told (tramp_layout): offsets, 0 where it is not known. */
struct tramp_known {
    size_t float_value;            /* of a float */
    size_t tuple_items;            /* of a tuple */
    size_t text_length, text_data; /* of a str that is compact and ASCII... */
    size_t text_state;             /* ...which it is if it has these bits there */
    unsigned text_bits;
};
extern struct tramp_known tramp_known TRAMP_HIDDEN;

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

/* The value of a float. */
TRAMP_INLINE double tramp_double(PyObject *arg)
{
    double value;

    if (!TRAMP_LIKELY(tramp_known.float_value != 0))
        return PyFloat_AsDouble(arg);
    memcpy(&value, (const char *)arg + tramp_known.float_value, sizeof value);
    return value;
}

/* The same for what many calls are made of, in line; NULL: it is something else. */
TRAMP_INLINE const char *tramp_convert_plain(PyObject *arg, const char *format, struct tramp_outputs *outputs)
{
    if (*format == 'd' && Py_TYPE(arg) == &PyFloat_Type) {
        *va_arg(outputs->list, double *) = tramp_double(arg);
        return format + 1;
    }
    if (*format == 'O' && (unsigned char)(format[1] - '!') > '&' - '!') {
        *va_arg(outputs->list, PyObject **) = arg;
        return format + 1;
    }
    if (*format == 'i' && Py_TYPE(arg) == &PyLong_Type) {
        int overflow;
        long value = PyLong_AsLongAndOverflow(arg, &overflow);
        if ((overflow | (value != (int)value)) == 0) {
            *va_arg(outputs->list, int *) = (int)value;
            return format + 1;
        }
    }
    return NULL;
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

/* Where the text of a str is, if it is known to be compact and ASCII; else NULL. */
TRAMP_INLINE const char *tramp_ascii(PyObject *text, Py_ssize_t *size)
{
    const char *at = (const char *)text;
    unsigned bits;

    memcpy(&bits, at + tramp_known.text_state, sizeof bits);
    if (!TRAMP_LIKELY((bits & tramp_known.text_bits) == tramp_known.text_bits))
        return NULL;
    memcpy(size, at + tramp_known.text_length, sizeof *size);
    return at + tramp_known.text_data;
}

/* The UTF-8 of a str; NULL if it is not exactly a str, or has lone surrogates. */
TRAMP_INLINE const char *tramp_utf8(PyObject *text, Py_ssize_t *size)
{
    const char *utf8 = NULL;

    if (Py_TYPE(text) != &PyUnicode_Type)
        return NULL;
    if (TRAMP_LIKELY(tramp_known.text_data != 0))
        utf8 = tramp_ascii(text, size);
    if (!TRAMP_LIKELY(utf8 != NULL))
        utf8 = PyUnicode_AsUTF8AndSize(text, size);
    return TRAMP_LIKELY(utf8 != NULL) ? utf8 : tramp_not_utf8();
}

/* The same for the name of an argument.  One that is not ASCII goes the slow way where that can be seen: CPython would keep the UTF-8
 * with the str, which it does not do when it compares a name. */
TRAMP_INLINE const char *tramp_name(PyObject *name, Py_ssize_t *size)
{
    if (!TRAMP_LIKELY(tramp_known.text_data != 0))
        return tramp_utf8(name, size);
    return Py_TYPE(name) == &PyUnicode_Type ? tramp_ascii(name, size) : NULL;
}

TRAMP_INLINE PyObject *tramp_item(PyObject *tuple, Py_ssize_t i)
{
    PyObject *item;

    if (!TRAMP_LIKELY(tramp_known.tuple_items != 0))
        return PyTuple_GetItem(tuple, i);
    memcpy(&item, (const char *)tuple + tramp_known.tuple_items + (size_t)i * sizeof item, sizeof item);
    return item;
}

#endif
