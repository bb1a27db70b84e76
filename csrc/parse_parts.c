/* parse_parts.c: what the functions that modules bring along leave to libtramp (tramp_build/rewrite/formats.py): names and texts. */
#include "parse_call.h"

/* Whether the list has that many entries, in the order that CPython wants; how many at its start are positional-only. */
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

TRAMP_INLINE bool are_ascii(PyObject *names, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t size;
        if (text_of(names, i, true, &size) == NULL)
            return false;
    }
    return true;
}

static TRAMP_NOINLINE PyObject *const *arrange(
    PyObject *const *args, Py_ssize_t nargs, PyObject *names, char *const *keywords, unsigned count, PyObject **vector)
{
    Py_ssize_t named = Py_SIZE(names), left = named, i;

    if (!are_ascii(names, named))
        return NULL;
    for (i = 0; i < nargs; i++)
        vector[i] = args[i];
    for (; i < count; i++) {
        Py_ssize_t place = left > 0 ? find(names, named, keywords[i]) : -1;
        vector[i] = NULL;
        if (place >= 0) {
            vector[i] = args[nargs + place];
            left--;
        } else if (left > 0 && !is_ascii(keywords[i])) {
            return NULL;
        }
    }
    return left == 0 ? vector : NULL;
}

PyObject *const *tramp_arrange(
    PyObject *const *args, Py_ssize_t nargs, PyObject *names, char *const *keywords, unsigned shape, PyObject **vector)
{
    Py_ssize_t count = shape & 0xff, required = shape >> 8, named = names != NULL ? Py_SIZE(names) : 0, positional;

    if (!tramp_is_known() || keywords == NULL || nargs + named > count || !has(keywords, count, &positional))
        return NULL;
    if (named > 0 && !(nargs >= positional && are_in_order(names, named, keywords + nargs, true))) {
        PyObject *const *found = nargs >= positional ? arrange(args, nargs, names, keywords, (unsigned)count, vector) : NULL;
        for (Py_ssize_t i = nargs; found != NULL && i < required; i++) {
            if (vector[i] == NULL)
                return NULL;
        }
        return found;
    }
    nargs += named;
    if (nargs == count)
        return args;
    if (nargs < required)
        return NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        vector[i] = i < nargs ? args[i] : NULL;
    return vector;
}

int tramp_parse_text(const void *object, volatile void *output)
{
    PyObject *arg = (PyObject *)(uintptr_t)object;
    const char *text = tramp_is_known() ? tramp_short_text(arg) : NULL;

    if (!TRAMP_LIKELY(text != NULL))
        return 0;
    *(const char **)(uintptr_t)output = text;
    return 1;
}
