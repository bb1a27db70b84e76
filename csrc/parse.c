/* parse.c: PyArg_ParseTuple and PyArg_UnpackTuple on a vector of arguments.
 *
 * Most calls pass what the format asks for, in types that convert without running Python code.  Those are done here.  At the first
 * doubt, and for every error, parse_slow.c hands the whole call to CPython's own parser.  Nothing is stored before the count of arguments
 * is known to be right, for CPython stores nothing when it is not. */
#include "parse_plain.h"

/* Whether the format takes that many arguments, and whether its units are of a letter each. */
enum taking {
    TAKES_NOT, /* also where CPython refuses it */
    TAKES,
    TAKES_LETTERS,
};

TRAMP_INLINE enum taking takes(const char *format, Py_ssize_t nargs)
{
    uint64_t sum = 0;
    size_t units, required = SIZE_MAX;
    unsigned class;

    for (;;) {
        while (TRAMP_LIKELY((class = tramp_class_of(*format++)) >= TRAMP_SUFFIX))
            sum += class;
        if (TRAMP_LIKELY(class == TRAMP_END))
            break;
        /* CPython would take a second `|`. */
        if (class != TRAMP_OPTIONAL || required != SIZE_MAX)
            return TAKES_NOT;
        required = sum & TRAMP_COUNT;
    }
    units = sum & TRAMP_COUNT;
    if (!TRAMP_LIKELY((size_t)nargs == units) && !((size_t)nargs < units && (size_t)nargs >= required))
        return TAKES_NOT;
    return sum == units * (uint64_t)TRAMP_UNIT ? TAKES_LETTERS : TAKES;
}

/* Whether there is no suffix left that no unit has taken: of the characters in this range takes() lets only suffixes pass. */
TRAMP_INLINE bool is_taken(const char *format)
{
    return (unsigned char)(*format - '!') > '*' - '!';
}

TRAMP_INLINE bool convert_letters(PyObject *const *args, PyObject *const *last, const char *format, struct tramp_list *list)
{
    while (args != last) {
        if (*format == '|')
            format++;
        if (!TRAMP_LIKELY(tramp_store(*args++, *format++, va_arg(list->next, void *))))
            return false;
    }
    return true;
}

TRAMP_INLINE bool convert_plain(
    PyObject *const *args, PyObject *const *last, const char *format, struct tramp_list *list, enum tramp_sizes sizes)
{
    while (args != last) {
        const char *next = tramp_convert_plain(*args, format, list, sizes);
        if (TRAMP_LIKELY(next != NULL)) {
            args++;
            format = next;
        } else if (*format++ != '|') {
            return false;
        }
    }
    return is_taken(format);
}

TRAMP_INLINE bool parse_plain(
    PyObject *const *args, Py_ssize_t nargs, const char *format, struct tramp_list *list, enum tramp_sizes sizes)
{
    PyObject *const *last = args + nargs;

    if (tramp_is_simple(format, nargs))
        return tramp_convert_simply(args, nargs, format, list);
    switch (takes(format, nargs)) {
    case TAKES_LETTERS: return convert_letters(args, last, format, list);
    case TAKES: return convert_plain(args, last, format, list, sizes);
    default: return false;
    }
}

/* The same for what takes functions. */
static TRAMP_NOINLINE bool parse(PyObject *const *args, Py_ssize_t nargs, const char *format, struct tramp_outputs *outputs)
{
    tramp_learn();
    if (takes(format, nargs) == TAKES_NOT)
        return false;
    for (Py_ssize_t i = 0; i < nargs; i++) {
        if (*format == '|')
            format++;
        format = tramp_convert(args[i], format, outputs);
        if (format == NULL)
            return false;
    }
    return is_taken(format);
}

struct call {
    PyObject *const *args;
    Py_ssize_t nargs;
    const char *format;
};

/* `call` is for the way that is not plain.  It is volatile so that it is kept in memory: in registers it would have to be saved on every
 * way, and the plain one would need registers that are its caller's. */
#define TRAMP_PARSE(name, twin) \
    int name(PyObject *const *args, Py_ssize_t nargs, const char *format, ...) \
    { \
        volatile struct call call; \
        struct tramp_outputs outputs; \
        struct tramp_list list; \
        bool done; \
        call.args = args; \
        call.nargs = nargs; \
        call.format = format; \
        va_start(list.next, format); \
        done = tramp_is_known() && TRAMP_LIKELY(parse_plain(args, nargs, format, &list, twin)); \
        va_end(list.next); \
        if (TRAMP_LIKELY(done)) \
            return 1; \
        outputs.sizes = twin; \
        outputs.held = 0; \
        va_start(outputs.list, format); \
        done = parse(call.args, call.nargs, call.format, &outputs); \
        va_end(outputs.list); \
        if (done) \
            return 1; \
        va_start(outputs.list, format); \
        done = tramp_parse_slow(call.args, call.nargs, call.format, &outputs); \
        va_end(outputs.list); \
        return done; \
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
