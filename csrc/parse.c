/* parse.c: PyArg_ParseTuple and PyArg_UnpackTuple on a vector of arguments.
 *
 * Most calls pass what the format asks for, in types that convert without running Python code.  Those are done here.  At the first
 * doubt, and for every error, parse_slow.c hands the whole call to CPython's own parser.  Nothing is stored before the count of arguments
 * is known to be right, for CPython stores nothing when it is not. */
#include "parse_units.h"

static inline __attribute__((always_inline)) bool parse(
    PyObject *const *args, Py_ssize_t nargs, const char *format, enum tramp_sizes sizes, va_list *outputs)
{
    const char *end = format;
    Py_ssize_t required = -1, units = 0;
    enum tramp_class class;

    while ((class = class_of(*end++)) != TRAMP_END) {
        if (class == TRAMP_UNIT)
            units++;
        else if (class == TRAMP_OPTIONAL && required < 0)
            required = units;
        else if (class != TRAMP_SUFFIX)
            return false;
    }
    if (nargs > units || nargs < (required < 0 ? units : required))
        return false;
    for (Py_ssize_t i = 0; i < nargs; i++) {
        if (*format == '|')
            format++;
        if (!convert(args[i], &format, sizes, outputs))
            return false;
    }
    return class_of(*format) != TRAMP_SUFFIX;
}

#define TRAMP_PARSE(name, sizes) \
    int name(PyObject *const *args, Py_ssize_t nargs, const char *format, ...) \
    { \
        va_list outputs; \
        int result = 1; \
        va_start(outputs, format); \
        if (!parse(args, nargs, format, sizes, &outputs)) { \
            va_end(outputs); \
            va_start(outputs, format); \
            result = tramp_parse_slow(args, nargs, format, sizes, &outputs); \
        } \
        va_end(outputs); \
        return result; \
    }

TRAMP_PARSE(tramp_parse, TRAMP_INT)
TRAMP_PARSE(tramp_parse_sizet, TRAMP_SSIZE)

/* The count is wrong: nothing will be stored, so CPython needs no outputs to say so. */
static TRAMP_COLD int unpack_fails(PyObject *const *args, Py_ssize_t nargs, const char *name, Py_ssize_t min, Py_ssize_t max)
{
    PyObject *tuple = tramp_args_tuple(args, nargs);
    int result;

    if (tuple == NULL)
        return 0;
    result = PyArg_UnpackTuple(tuple, name, min, max);
    Py_DecRef(tuple);
    return result;
}

int tramp_unpack(PyObject *const *args, Py_ssize_t nargs, const char *name, Py_ssize_t min, Py_ssize_t max, ...)
{
    va_list outputs;

    if (nargs < min || (nargs > max && nargs != 0))
        return unpack_fails(args, nargs, name, min, max);
    va_start(outputs, max);
    for (Py_ssize_t i = 0; i < nargs; i++)
        *va_arg(outputs, PyObject **) = args[i];
    va_end(outputs);
    return 1;
}
