/* parse_keywords.c: PyArg_ParseTupleAndKeywords on a vector of arguments and the names of the last of them.
 *
 * First the arguments are put in the order of the keyword list; if the call has them in that order, the vector is that already.  Then
 * they are converted like positional ones.  Names are compared by their text: no str object is kept from one call to the next, for
 * subinterpreters have their own, and a list may be built at run time. */
#include "parse.h"

/* Calls of functions with more parameters go the slow way if their names are not simply in order. */
#define MAX_PARAMETERS 32

/* The length of the list, and how many entries at its start are positional-only; -1: CPython refuses it. */
TRAMP_INLINE Py_ssize_t measure(char *const *keywords, Py_ssize_t *positional)
{
    Py_ssize_t count;

    *positional = 0;
    for (count = 0; keywords[count] != NULL; count++) {
        if (!TRAMP_LIKELY(*keywords[count] != '\0') && count != (*positional)++)
            return -1;
    }
    return count;
}

/* `text` may have a NUL in it and has one behind it. */
TRAMP_INLINE bool is_same(const char *text, Py_ssize_t size, const char *keyword)
{
    const char *at = text;

    while (*keyword == *at) {
        if (*keyword++ == '\0')
            return at == text + size;
        at++;
    }
    return false;
}

/* Whether the names are the first entries of the list, in that order. */
TRAMP_INLINE bool are_in_order(PyObject *names, Py_ssize_t count, char *const *keywords)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t size;
        const char *text = tramp_name(tramp_item(names, i), &size);
        if (!TRAMP_LIKELY(text != NULL && is_same(text, size, keywords[i])))
            return false;
    }
    return true;
}

TRAMP_INLINE bool is_ascii(const char *text)
{
    while ((signed char)*text > 0)
        text++;
    return *text == '\0';
}

/* A call whose names are not simply in order. */
struct call {
    PyObject *const *args;
    Py_ssize_t nargs;
    PyObject *names;
    char *const *keywords;
    Py_ssize_t count, positional; /* what measure() found */
};

/* Puts the arguments in the order of the list, with NULL where one was not passed, and returns how many entries that took; -1: the slow
 * way.  The list leads, as in CPython, so that what it has twice has the same effect.  An entry that no name is equal to CPython would
 * have to decode, which may fail if it is not ASCII. */
static __attribute__((noinline)) Py_ssize_t arrange(const struct call *call, PyObject **vector)
{
    const char *texts[MAX_PARAMETERS];
    Py_ssize_t sizes[MAX_PARAMETERS], count = Py_SIZE(call->names), left = count, i;

    if (call->count > MAX_PARAMETERS)
        return -1;
    for (i = 0; i < count; i++) {
        texts[i] = tramp_name(tramp_item(call->names, i), &sizes[i]);
        if (texts[i] == NULL)
            return -1;
    }
    for (i = 0; i < call->nargs; i++)
        vector[i] = call->args[i];
    for (; i < call->count && left > 0; i++) {
        Py_ssize_t name = 0;
        vector[i] = NULL;
        if (i < call->positional)
            continue;
        while (name < count && !is_same(texts[name], sizes[name], call->keywords[i]))
            name++;
        if (name < count) {
            vector[i] = call->args[call->nargs + name];
            left--;
        } else if (!is_ascii(call->keywords[i])) {
            return -1;
        }
    }
    return left == 0 ? i : -1;
}

/* Reads a mark before the unit of parameter `i`; NULL: CPython refuses it here. */
TRAMP_INLINE const char *read_mark(const char *format, Py_ssize_t i, Py_ssize_t least_keyword_only, bool *optional, bool *keyword_only)
{
    bool *read = *format == '|' ? optional : keyword_only;

    if (*read || *keyword_only || (read == keyword_only && i < least_keyword_only))
        return NULL;
    *read = true;
    return format + 1;
}

/* tramp_skip, with the units of one letter in line. */
TRAMP_INLINE const char *skip(const char *format, struct tramp_outputs *outputs)
{
    if (tramp_class_of(format[0]) != TRAMP_UNIT || tramp_class_of(format[1]) == TRAMP_SUFFIX)
        return tramp_skip(format, outputs);
    (void)va_arg(outputs->list, void *);
    return format + 1;
}

/* Converts the first `size` of `count` parameters; those from `least_keyword_only` on may be keyword-only. */
TRAMP_INLINE bool convert(PyObject *const *vector, Py_ssize_t size, Py_ssize_t count, Py_ssize_t least_keyword_only, const char *format,
    struct tramp_outputs *outputs)
{
    bool optional = false, keyword_only = false;
    Py_ssize_t i = 0;

    while (i < size) {
        const char *next = NULL;
        if (TRAMP_LIKELY(vector[i] != NULL))
            next = tramp_convert_plain(vector[i], format, outputs);
        if (next == NULL) {
            if (*format == '|' || *format == '$') {
                format = read_mark(format, i, least_keyword_only, &optional, &keyword_only);
                if (format == NULL)
                    return false;
                continue;
            }
            if (vector[i] != NULL)
                next = tramp_convert(vector[i], format, outputs);
            else if (optional)
                next = skip(format, outputs);
            if (next == NULL)
                return false;
        }
        format = next;
        i++;
    }
    if (TRAMP_LIKELY(tramp_class_of(*format) == TRAMP_END))
        return size == count;
    if (size == count)
        return *format == '|' || *format == '$';
    /* With no name left CPython reads no further than this. */
    while (*format == '|' || *format == '$') {
        format = read_mark(format, size, least_keyword_only, &optional, &keyword_only);
        if (format == NULL)
            return false;
    }
    return optional && tramp_class_of(*format) != TRAMP_END;
}

/* The same for a call whose names are in another order, or do not follow on the positional arguments. */
static __attribute__((noinline)) bool convert_arranged(const struct call *call, const char *format, struct tramp_outputs *outputs)
{
    PyObject *vector[MAX_PARAMETERS];
    Py_ssize_t size = arrange(call, vector);

    return size >= 0 &&
        convert(vector, size, call->count, call->nargs > call->positional ? call->nargs : call->positional, format, outputs);
}

TRAMP_INLINE bool parse(PyObject *const *args, Py_ssize_t nargs, PyObject *names, const char *format, char *const *keywords,
    struct tramp_outputs *outputs)
{
    Py_ssize_t passed = nargs, positional, count;

    if (!TRAMP_LIKELY(format != NULL) || !TRAMP_LIKELY(keywords != NULL))
        return false;
    count = measure(keywords, &positional);
    if (names != NULL)
        passed += Py_SIZE(names);
    if (!TRAMP_LIKELY(passed <= count))
        return false;
    if (passed > nargs && (nargs < positional || !are_in_order(names, passed - nargs, keywords + nargs))) {
        struct call call = {args, nargs, names, keywords, count, positional};
        return convert_arranged(&call, format, outputs);
    }
    return convert(args, passed, count, nargs > positional ? nargs : positional, format, outputs);
}

#define TRAMP_PARSE_KEYWORDS(name, twin) \
    int name(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format, char *const *keywords, ...) \
    { \
        struct tramp_outputs outputs; \
        int result = 1; \
        outputs.sizes = twin; \
        outputs.held = 0; \
        va_start(outputs.list, keywords); \
        if (!TRAMP_LIKELY(parse(args, nargs, kwnames, format, keywords, &outputs))) { \
            va_end(outputs.list); \
            va_start(outputs.list, keywords); \
            result = tramp_parse_keywords_slow(args, nargs, kwnames, format, keywords, &outputs); \
        } \
        va_end(outputs.list); \
        return result; \
    }

TRAMP_PARSE_KEYWORDS(tramp_parse_keywords, TRAMP_INT)
TRAMP_PARSE_KEYWORDS(tramp_parse_keywords_sizet, TRAMP_SSIZE)
