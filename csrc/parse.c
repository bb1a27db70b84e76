/* parse.c: PyArg_ParseTuple and PyArg_UnpackTuple on a vector of arguments.
 *
 * Most calls pass what the format asks for, in types that convert without running Python code.  Those are done here.  At the first
 * doubt, and for every error, parse_slow.c hands the whole call to CPython's own parser.  Nothing is stored before the count of arguments
 * is known to be right, for CPython stores nothing when it is not. */
#include "parse.h"

#include <stdint.h>

TRAMP_INLINE bool parse(PyObject *const *args, Py_ssize_t nargs, const char *format, struct tramp_outputs *outputs)
{
    PyObject *const *last = args + nargs;
    const char *end = format;
    size_t units = 0, required = SIZE_MAX;
    unsigned class;

    for (;;) {
        while ((class = tramp_class_of(*end++)) >= TRAMP_SUFFIX)
            units += class;
        if (TRAMP_LIKELY(class == TRAMP_END))
            break;
        /* CPython would take a second `|`. */
        if (class != TRAMP_OPTIONAL || required != SIZE_MAX)
            return false;
        required = units & TRAMP_COUNT;
    }
    units &= TRAMP_COUNT;
    if ((size_t)nargs != units && ((size_t)nargs > units || (size_t)nargs < required))
        return false;
    while (args != last) {
        const char *next = tramp_convert_plain(*args, format, outputs);
        if (next == NULL) {
            if (*format == '|') {
                format++;
                continue;
            }
            next = tramp_convert(*args, format, outputs);
            if (!TRAMP_LIKELY(next != NULL))
                return false;
        }
        format = next;
        args++;
    }
    /* A suffix that no unit has taken: of the characters in this range only suffixes were counted. */
    return (unsigned char)(*format - '!') > '*' - '!';
}

#define TRAMP_PARSE(name, twin) \
    int name(PyObject *const *args, Py_ssize_t nargs, const char *format, ...) \
    { \
        struct tramp_outputs outputs; \
        int result = 1; \
        outputs.sizes = twin; \
        outputs.held = 0; \
        va_start(outputs.list, format); \
        if (!TRAMP_LIKELY(parse(args, nargs, format, &outputs))) { \
            va_end(outputs.list); \
            va_start(outputs.list, format); \
            result = tramp_parse_slow(args, nargs, format, &outputs); \
        } \
        va_end(outputs.list); \
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
