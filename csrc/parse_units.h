/* parse_units.h: one unit of a format, for arguments that convert without running Python code.
 *
 * convert() stores what CPython's parser would store, or says no; then the whole call goes the slow way.  That does the same again from
 * the first unit on, in the same order, so a variable that was stored before the doubt came up gets the same value once more.  What has
 * an effect of its own (a converter, a buffer to be released, memory) is therefore never done here.
 *
 * Included by parse.c and parse_keywords.c: a call per unit is what this parser is meant to save. */
#ifndef TRAMP_PARSE_UNITS_H
#define TRAMP_PARSE_UNITS_H

#include "parse.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

/* Integers in this range are doubles exactly. */
#define TRAMP_EXACT_DOUBLE (1LL << 53)

/* int, or bool that nobody can derive from: neither has an __index__ of its own. */
static inline bool is_int(PyObject *arg)
{
    return Py_TYPE(arg) == &PyLong_Type || Py_TYPE(arg) == &PyBool_Type;
}

static inline bool is_instance(PyObject *arg, PyTypeObject *type)
{
    return Py_TYPE(arg) == type || PyType_IsSubtype(Py_TYPE(arg), type);
}

static inline bool to_long(PyObject *arg, long *value)
{
    int overflow;

    if (!is_int(arg))
        return false;
    *value = PyLong_AsLongAndOverflow(arg, &overflow);
    return overflow == 0;
}

static inline bool to_long_long(PyObject *arg, long long *value)
{
    int overflow;

    if (!is_int(arg))
        return false;
    *value = PyLong_AsLongLongAndOverflow(arg, &overflow);
    return overflow == 0;
}

static inline bool to_double(PyObject *arg, double *value)
{
    long integer;

    if (Py_TYPE(arg) == &PyFloat_Type) {
        *value = PyFloat_AsDouble(arg);
        return true;
    }
    if (!to_long(arg, &integer) || integer > TRAMP_EXACT_DOUBLE || integer < -TRAMP_EXACT_DOUBLE)
        return false;
    *value = (double)integer;
    return true;
}

/* The low bits, whatever the value. */
static inline bool to_bits(PyObject *arg, unsigned long long *value)
{
    if (!is_int(arg))
        return false;
    *value = PyLong_AsUnsignedLongLongMask(arg);
    return true;
}

/* `p`: for types whose truth CPython finds without a call into Python. */
static inline bool to_truth(PyObject *arg, int *value)
{
    if (arg == Py_True || arg == Py_False || arg == Py_None) {
        *value = arg == Py_True;
        return true;
    }
    if (Py_TYPE(arg) != &PyLong_Type && Py_TYPE(arg) != &PyFloat_Type && Py_TYPE(arg) != &PyUnicode_Type)
        return false;
    *value = PyObject_IsTrue(arg);
    return true;
}

/* `c` */
static inline bool to_byte(PyObject *arg, char *value)
{
    if (Py_TYPE(arg) == &PyBytes_Type && PyBytes_Size(arg) == 1)
        *value = PyBytes_AsString(arg)[0];
    else if (Py_TYPE(arg) == &PyByteArray_Type && PyByteArray_Size(arg) == 1)
        *value = PyByteArray_AsString(arg)[0];
    else
        return false;
    return true;
}

/* `C` */
static inline bool to_character(PyObject *arg, int *value)
{
    if (Py_TYPE(arg) != &PyUnicode_Type || PyUnicode_GetLength(arg) != 1)
        return false;
    *value = (int)PyUnicode_ReadChar(arg, 0);
    return true;
}

/* The UTF-8 of a str; not for one with lone surrogates. */
static inline bool to_utf8(PyObject *arg, const char **text, Py_ssize_t *size)
{
    if (Py_TYPE(arg) != &PyUnicode_Type)
        return false;
    *text = PyUnicode_AsUTF8AndSize(arg, size);
    if (*text != NULL)
        return true;
    PyErr_Clear();
    return false;
}

static inline bool to_bytes(PyObject *arg, const char **text, Py_ssize_t *size)
{
    return Py_TYPE(arg) == &PyBytes_Type && PyBytes_AsStringAndSize(arg, (char **)text, size) == 0;
}

/* `s`, `z`, `y` (`unit`), each alone or with `#`, which takes bytes as well.  `*format` is behind the letter. */
static inline bool store_text(PyObject *arg, char unit, const char **format, enum tramp_sizes sizes, va_list *outputs)
{
    const char **output = va_arg(*outputs, const char **);
    const char *text = NULL;
    Py_ssize_t size = 0;
    bool sized = **format == '#';

    if (**format == '*' || (sized && sizes != TRAMP_SSIZE))
        return false;
    if (!(unit == 'z' && arg == Py_None) && !(unit != 'y' && to_utf8(arg, &text, &size)) &&
        !((unit == 'y' || sized) && to_bytes(arg, &text, &size)))
        return false;
    if (sized) {
        ++*format;
        *output = text;
        *va_arg(*outputs, Py_ssize_t *) = size;
        return true;
    }
    if (text != NULL && strlen(text) != (size_t)size)
        return false;
    *output = text;
    return true;
}

/* `O`, `O!`.  `O&` could run anything. */
static inline bool store_object(PyObject *arg, const char **format, va_list *outputs)
{
    if (**format == '&')
        return false;
    if (**format == '!') {
        ++*format;
        if (!is_instance(arg, va_arg(*outputs, PyTypeObject *)))
            return false;
    }
    *va_arg(*outputs, PyObject **) = arg;
    return true;
}

static inline bool store_instance(PyObject *arg, PyTypeObject *type, va_list *outputs)
{
    if (!is_instance(arg, type))
        return false;
    *va_arg(*outputs, PyObject **) = arg;
    return true;
}

#define TRAMP_STORE_RANGE(type, low, high) \
    { \
        type *output = va_arg(*outputs, type *); \
        long value; \
        if (!to_long(arg, &value) || value < (low) || value > (high)) \
            return false; \
        *output = (type)value; \
        return true; \
    }

#define TRAMP_STORE(type, wide, convert) \
    { \
        type *output = va_arg(*outputs, type *); \
        wide value; \
        if (!convert(arg, &value)) \
            return false; \
        *output = (type)value; \
        return true; \
    }

/* Converts `arg` by the unit at `*format` and moves `*format` behind it; false: the slow way. */
static inline __attribute__((always_inline)) bool convert(
    PyObject *arg, const char **format, enum tramp_sizes sizes, va_list *outputs)
{
    char unit = *(*format)++;

    switch (unit) {
    case 'O': return store_object(arg, format, outputs);
    case 'd': TRAMP_STORE(double, double, to_double)
    case 'f': TRAMP_STORE(float, double, to_double)
    case 's':
    case 'z':
    case 'y': return store_text(arg, unit, format, sizes, outputs);
    case 'U': return store_instance(arg, &PyUnicode_Type, outputs);
    case 'S': return store_instance(arg, &PyBytes_Type, outputs);
    case 'Y': return store_instance(arg, &PyByteArray_Type, outputs);
    case 'p': return to_truth(arg, va_arg(*outputs, int *));
    case 'c': return to_byte(arg, va_arg(*outputs, char *));
    case 'C': return to_character(arg, va_arg(*outputs, int *));
    case 'b': TRAMP_STORE_RANGE(unsigned char, 0, UCHAR_MAX)
    case 'h': TRAMP_STORE_RANGE(short, SHRT_MIN, SHRT_MAX)
    case 'i': TRAMP_STORE_RANGE(int, INT_MIN, INT_MAX)
    case 'l': TRAMP_STORE(long, long, to_long)
    case 'L': TRAMP_STORE(long long, long long, to_long_long)
    case 'n': TRAMP_STORE_RANGE(Py_ssize_t, PY_SSIZE_T_MIN, PY_SSIZE_T_MAX)
    case 'B': TRAMP_STORE(unsigned char, unsigned long long, to_bits)
    case 'H': TRAMP_STORE(unsigned short, unsigned long long, to_bits)
    case 'I': TRAMP_STORE(unsigned int, unsigned long long, to_bits)
    case 'k': TRAMP_STORE(unsigned long, unsigned long long, to_bits)
    case 'K': TRAMP_STORE(unsigned long long, unsigned long long, to_bits)
    default: return false;
    }
}

/* What a character of a format is.  Anything that is not in the table is a doubt: `e` `w` `u` `D` `(` `$` and what CPython refuses. */
enum tramp_class { TRAMP_DOUBT, TRAMP_UNIT, TRAMP_SUFFIX, TRAMP_OPTIONAL, TRAMP_END };

#define TRAMP_ROW(character, class) [character] = TRAMP_##class
static const unsigned char tramp_classes[256] = {
    TRAMP_ROW('O', UNIT), TRAMP_ROW('d', UNIT), TRAMP_ROW('f', UNIT), TRAMP_ROW('s', UNIT), TRAMP_ROW('z', UNIT),
    TRAMP_ROW('y', UNIT), TRAMP_ROW('U', UNIT), TRAMP_ROW('S', UNIT), TRAMP_ROW('Y', UNIT), TRAMP_ROW('p', UNIT),
    TRAMP_ROW('c', UNIT), TRAMP_ROW('C', UNIT), TRAMP_ROW('b', UNIT), TRAMP_ROW('h', UNIT), TRAMP_ROW('i', UNIT),
    TRAMP_ROW('l', UNIT), TRAMP_ROW('L', UNIT), TRAMP_ROW('n', UNIT), TRAMP_ROW('B', UNIT), TRAMP_ROW('H', UNIT),
    TRAMP_ROW('I', UNIT), TRAMP_ROW('k', UNIT), TRAMP_ROW('K', UNIT),
    TRAMP_ROW('!', SUFFIX), TRAMP_ROW('#', SUFFIX), TRAMP_ROW('*', SUFFIX), TRAMP_ROW('&', SUFFIX),
    TRAMP_ROW('|', OPTIONAL),
    TRAMP_ROW('\0', END), TRAMP_ROW(':', END), TRAMP_ROW(';', END),
};

/* The units that take `#` and `*`. */
static inline bool is_text(char unit)
{
    return unit == 's' || unit == 'z' || unit == 'y';
}

static inline enum tramp_class class_of(char character)
{
    return (enum tramp_class)tramp_classes[(unsigned char)character];
}

#endif
