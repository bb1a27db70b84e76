/* parse_parts.c: what the functions that modules bring along leave to libtramp (tramp_build/rewrite/formats.py): names and texts. */
#include "parse_call.h"

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
    PyObject *const *args, Py_ssize_t nargs, PyObject *names, char *const *keywords, unsigned shape, PyObject **vector)
{
    Py_ssize_t count = shape & 0xff, required = shape >> 8, named = names != NULL ? Py_SIZE(names) : 0, left = named, i;

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

PyObject *const *tramp_arrange(
    PyObject *const *args, Py_ssize_t nargs, PyObject *names, char *const *keywords, unsigned shape, PyObject **vector)
{
    Py_ssize_t count = shape & 0xff, named = names != NULL ? Py_SIZE(names) : 0, positional;

    if (!tramp_is_known() || keywords == NULL || nargs + named > count || !has(keywords, count, &positional))
        return NULL;
    if (named > 0 && nargs < positional)
        return NULL;
    if (nargs + named == count && are_in_order(names, named, keywords + nargs, true))
        return args;
    return arrange(args, nargs, names, keywords, shape, vector);
}

int tramp_parse_text(const void *object, volatile void *output)
{
    PyObject *arg = (PyObject *)(uintptr_t)object;
    const char *text = tramp_is_known() ? tramp_short_text(arg) : NULL;

    if (!TRAMP_LIKELY(text != NULL))
        return 0;
    memcpy((void *)(uintptr_t)output, &text, sizeof text);
    return 1;
}
