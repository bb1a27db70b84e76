/* parse_shape.c: parses by the shape of a format of plain units, which a module knows without reading the format at each call
 * (tramp_build/rewrite/formats.py).  tramp.h says what a shape is.
 *
 * At the first doubt the whole call is left to the parser that reads formats.  That stores again what is stored by then, the same values,
 * so nothing tells that it has been tried. */
#include "parse_call.h"

#include "tramp.h"

#define TRAMP_MOST_UNITS 8
#define COUNT(shape) ((Py_ssize_t)((shape) & 15))
#define REQUIRED(shape) ((Py_ssize_t)((shape) >> 4 & 15))

/* Whether the list has that many entries, with those that are positional-only, which are counted, at its start. */
TRAMP_INLINE bool has(char *const *keywords, Py_ssize_t count, Py_ssize_t *positional)
{
    Py_ssize_t i, found = 0;

    for (i = 0; i < count; i++) {
        if (!TRAMP_LIKELY(keywords[i] != NULL))
            return false;
        if (!TRAMP_LIKELY(*keywords[i] != '\0') && i != found++)
            return false;
    }
    *positional = found;
    return keywords[count] == NULL;
}

/* Which of the names a keyword is; -1: none. */
TRAMP_INLINE Py_ssize_t find(PyObject *names, Py_ssize_t count, const char *keyword)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t size;
        const char *text = text_of(names, i, true, &size);
        if (is_same(text, size, keyword))
            return i;
    }
    return -1;
}

TRAMP_INLINE bool are_readable(PyObject *names, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t size;
        if (text_of(names, i, true, &size) == NULL)
            return false;
    }
    return true;
}

/* As arrange() in parse_names.c: the list leads, and what is not equal to a name CPython would have to decode. */
static TRAMP_NOINLINE PyObject *const *arrange(
    PyObject *const *args, Py_ssize_t nargs, PyObject *names, char *const *keywords, uint64_t shape, PyObject **vector)
{
    Py_ssize_t count = COUNT(shape), required = REQUIRED(shape), named = names != NULL ? Py_SIZE(names) : 0, left = named, i;

    if (named > 0 && !are_readable(names, named))
        return NULL;
    for (i = 0; i < nargs; i++)
        vector[i] = args[i];
    for (; i < count; i++) {
        const char *keyword = keywords[i];
        Py_ssize_t place = left > 0 ? find(names, named, keyword) : -1;
        vector[i] = NULL;
        if (place >= 0) {
            vector[i] = args[nargs + place];
            left--;
        } else if (i < required || (left > 0 && !is_ascii(keyword))) {
            return NULL;
        }
    }
    return left == 0 ? vector : NULL;
}

/* The arguments in the order of a keyword list, NULL for those that were not passed: `args`, or `vector`, which has room for all.  NULL
 * where the parser has to see. */
TRAMP_INLINE PyObject *const *in_order(
    PyObject *const *args, Py_ssize_t nargs, PyObject *names, char *const *keywords, uint64_t shape, PyObject **vector)
{
    Py_ssize_t count = COUNT(shape), named = names != NULL ? Py_SIZE(names) : 0, positional;

    if (keywords == NULL || nargs + named > count || !has(keywords, count, &positional))
        return NULL;
    if (named > 0 && nargs < positional)
        return NULL;
    if (nargs + named == count && are_in_order(names, named, keywords + nargs, true))
        return args;
    return arrange(args, nargs, names, keywords, shape, vector);
}

/* The first `count` units; an argument that is NULL was not passed. */
TRAMP_INLINE bool convert(PyObject *const *args, Py_ssize_t count, uint64_t shape, const volatile void *const *outputs)
{
    uint64_t letters = shape >> 8;

    for (Py_ssize_t i = 0; i < count; i++, letters >>= 7, outputs++) {
        PyObject *arg = args[i];
        char letter = (char)(letters & 127);
        if (letter == 'T') {
            if (arg != NULL && (const volatile void *)Py_TYPE(arg) != *outputs)
                return false;
            letter = 'O';
            outputs++;
        }
        if (arg != NULL && !TRAMP_LIKELY(tramp_store(arg, letter, (void *)(uintptr_t)*outputs)))
            return false;
    }
    return true;
}

/* All that a format of plain units can take; `O!` takes two. */
#define TRAMP_MOST_OUTPUTS (2 * TRAMP_MOST_UNITS)
#define OUTPUTS(o) \
    (o)[0], (o)[1], (o)[2], (o)[3], (o)[4], (o)[5], (o)[6], (o)[7], (o)[8], (o)[9], (o)[10], (o)[11], (o)[12], (o)[13], (o)[14], (o)[15]

static void copy_outputs(const volatile void **copy, uint64_t shape, const volatile void *const *outputs)
{
    uint64_t letters = shape >> 8;
    size_t count = (size_t)COUNT(shape);

    for (Py_ssize_t i = 0; i < COUNT(shape); i++, letters >>= 7)
        count += (letters & 127) == 'T';
    memcpy(copy, outputs, count * sizeof *copy);
}

static TRAMP_NOINLINE int read_format(
    PyObject *const *args, Py_ssize_t nargs, const char *format, uint64_t shape, const volatile void *const *outputs)
{
    const volatile void *all[TRAMP_MOST_OUTPUTS] = {NULL};

    copy_outputs(all, shape, outputs);
    return tramp_parse(args, nargs, format, OUTPUTS(all));
}

static TRAMP_NOINLINE int read_format_keywords(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format,
    char *const *keywords, uint64_t shape, const volatile void *const *outputs)
{
    const volatile void *all[TRAMP_MOST_OUTPUTS] = {NULL};

    copy_outputs(all, shape, outputs);
    return tramp_parse_keywords(args, nargs, kwnames, format, keywords, OUTPUTS(all));
}

int tramp_parse_plain(
    PyObject *const *args, Py_ssize_t nargs, const char *format, uint64_t shape, const volatile void *const *outputs)
{
    if (TRAMP_LIKELY(nargs >= REQUIRED(shape) && nargs <= COUNT(shape) && tramp_is_known() && convert(args, nargs, shape, outputs)))
        return 1;
    return read_format(args, nargs, format, shape, outputs);
}

int tramp_parse_plain_keywords(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format, char *const *keywords,
    uint64_t shape, const volatile void *const *outputs)
{
    PyObject *buffer[TRAMP_MOST_UNITS];
    PyObject *const *vector = tramp_is_known() ? in_order(args, nargs, kwnames, keywords, shape, buffer) : NULL;

    if (TRAMP_LIKELY(vector != NULL && convert(vector, COUNT(shape), shape, outputs)))
        return 1;
    return read_format_keywords(args, nargs, kwnames, format, keywords, shape, outputs);
}
