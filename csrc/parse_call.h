/* parse_call.h: a call with keywords, on its way through parse_keywords.c and parse_names.c. */
#ifndef TRAMP_PARSE_CALL_H
#define TRAMP_PARSE_CALL_H

#include "parse_plain.h"

/* A call: what it passes, and the list. */
struct call {
    PyObject *const *args;
    Py_ssize_t nargs;
    PyObject *names;
    char *const *keywords;
    Py_ssize_t count, positional; /* what measure() found */
    Py_ssize_t size, head;        /* of the walk */
};

/* The arguments of a call in the order of the list, and how far they are converted. */
struct walk {
    PyObject *const *vector; /* NULL where one was not passed */
    Py_ssize_t size, at;
    Py_ssize_t head;               /* in front of a gap: from here to the last none was passed, and the last stands here */
    Py_ssize_t count;              /* of all parameters */
    Py_ssize_t least_keyword_only; /* the first that may be keyword-only */
    const char *format;
    bool optional, keyword_only; /* marks that have been read */
};

TRAMP_INLINE struct walk walk_of(const struct call *call, PyObject *const *vector, Py_ssize_t size, Py_ssize_t head, const char *format)
{
    Py_ssize_t least = call->nargs > call->positional ? call->nargs : call->positional;
    struct walk walk = {vector, size, 0, head, call->count, least, format, false, false};

    return walk;
}

/* NULL: it was not passed. */
TRAMP_INLINE PyObject *next_of(const struct walk *walk)
{
    if (TRAMP_LIKELY(walk->at < walk->head))
        return walk->vector[walk->at];
    return walk->at == walk->size - 1 ? walk->vector[walk->head] : NULL;
}

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

/* The text of the name of an argument; NULL: the slow way.  That takes a name that is not ASCII, where it can be seen: CPython would keep
 * the UTF-8 with the str if it were asked for it, which it does not do when it compares a name. */
TRAMP_INLINE const char *text_of(PyObject *names, Py_ssize_t i, bool known, Py_ssize_t *size)
{
    PyObject *name = known ? tramp_read_item(names, tramp_layout.tuple_items, i) : PyTuple_GetItem(names, i);

    if (!known)
        return tramp_utf8(name, size);
    return TRAMP_LIKELY(Py_TYPE(name) == &PyUnicode_Type) ? tramp_read_ascii(name, size) : NULL;
}

/* Whether the names are the first entries of the list, in that order. */
TRAMP_INLINE bool are_in_order(PyObject *names, Py_ssize_t count, char *const *keywords, bool known)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t size;
        const char *text = text_of(names, i, known, &size);
        if (!TRAMP_LIKELY(text != NULL && is_same(text, size, keywords[i])))
            return false;
    }
    return true;
}

/* Reads a mark before the next unit; false: CPython refuses it here, or it is none. */
TRAMP_INLINE bool read_mark(struct walk *walk)
{
    if (*walk->format == '|') {
        if (walk->optional || walk->keyword_only)
            return false;
        walk->optional = true;
    } else {
        if (*walk->format != '$' || walk->keyword_only || walk->at < walk->least_keyword_only)
            return false;
        walk->keyword_only = true;
    }
    walk->format++;
    return true;
}

/* Whether CPython would be content with the format behind the last argument. */
TRAMP_INLINE bool ends(struct walk *walk)
{
    if (TRAMP_LIKELY(tramp_class_of(*walk->format) == TRAMP_END))
        return walk->size == walk->count;
    if (walk->size == walk->count)
        return *walk->format == '|' || *walk->format == '$';
    /* With no name left CPython reads no further than this. */
    while (*walk->format == '|' || *walk->format == '$') {
        if (!read_mark(walk))
            return false;
    }
    return walk->optional && tramp_class_of(*walk->format) != TRAMP_END;
}

/* Moves behind a unit of one letter whose argument was not passed; NULL: tramp_skip has to see.  There is no `w` without a `*`. */
TRAMP_INLINE const char *skip_plain(const char *format, struct tramp_list *list)
{
    if (tramp_class_of(format[0]) != TRAMP_UNIT || tramp_class_of(format[1]) == TRAMP_SUFFIX || format[0] == 'w')
        return NULL;
    (void)va_arg(list->next, void *);
    return format + 1;
}

/* Converts what can be read in line.  `walk` must be nothing that is pointed to; `full`: every parameter has an argument. */
TRAMP_INLINE bool convert_plain(struct walk *walk, bool full, struct tramp_list *list, enum tramp_sizes sizes)
{
    if (full && tramp_is_simple(walk->format, walk->size))
        return tramp_convert_simply(walk->vector, walk->size, walk->format, list);
    while (walk->at < walk->size) {
        PyObject *arg = next_of(walk);
        const char *next = NULL;
        if (TRAMP_LIKELY(arg != NULL))
            next = tramp_convert_plain(arg, walk->format, list, sizes);
        else if (walk->optional)
            next = skip_plain(walk->format, list);
        if (TRAMP_LIKELY(next != NULL)) {
            walk->format = next;
            walk->at++;
        } else if (!read_mark(walk)) {
            return false;
        }
    }
    return ends(walk);
}

/* How far the fast parser gets with a call. */
enum way {
    DONE,
    IN_ORDER, /* the vector is in the order of the list, at most with a gap before the last */
    IN_DISORDER,
    UNREAD, /* where values are is not known */
    SLOW,
};

TRAMP_INLINE bool is_ascii(const char *text)
{
    while ((signed char)*text > 0)
        text++;
    return *text == '\0';
}

/* Where a single name stands in the list; -1: the slow way.  What stands before it CPython would have to decode, which may fail if it is
 * not ASCII. */
TRAMP_INLINE Py_ssize_t place_of(const struct call *call, bool known)
{
    Py_ssize_t size, place = call->nargs > call->positional ? call->nargs : call->positional;
    const char *text = text_of(call->names, 0, known, &size);

    if (text == NULL)
        return -1;
    for (; place < call->count; place++) {
        if (is_same(text, size, call->keywords[place]))
            return place;
        if (!is_ascii(call->keywords[place]))
            return -1;
    }
    return -1;
}

/* How the arguments of a call stand to the list; fills the rest of `call`. */
TRAMP_INLINE enum way order_of(struct call *call, bool known)
{
    Py_ssize_t named = call->names != NULL ? Py_SIZE(call->names) : 0;

    call->count = measure(call->keywords, &call->positional);
    call->size = call->head = call->nargs + named;
    if (!TRAMP_LIKELY(call->size <= call->count))
        return SLOW;
    if (named == 0)
        return IN_ORDER;
    if (call->nargs >= call->positional && TRAMP_LIKELY(are_in_order(call->names, named, call->keywords + call->nargs, known)))
        return IN_ORDER;
    if (named > 1)
        return IN_DISORDER;
    call->head = call->nargs;
    call->size = place_of(call, known) + 1;
    return call->size > 0 ? IN_ORDER : SLOW;
}

TRAMP_INLINE struct walk walk_in_order(const struct call *call, const char *format)
{
    return walk_of(call, call->args, call->size, call->head, format);
}

/* What parse_keywords.c does not convert: other orders, and what takes functions. */
bool tramp_parse_rest(struct call *call, enum way way, const char *format, struct tramp_outputs *outputs) TRAMP_HIDDEN TRAMP_NOINLINE;

#endif
