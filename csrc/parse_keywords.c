/* parse_keywords.c: PyArg_ParseTupleAndKeywords on a vector of arguments and the names of the last of them.
 *
 * First the arguments are put in the order of the keyword list; if the call has them in that order, the vector is that already.  Then
 * they are converted like positional ones.  Names are compared by their text: no str object is kept from one call to the next, for
 * subinterpreters have their own, and a list may be built at run time. */
#include "parse_plain.h"

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

TRAMP_INLINE bool is_ascii(const char *text)
{
    while ((signed char)*text > 0)
        text++;
    return *text == '\0';
}

/* A call: what it passes, and the list. */
struct call {
    PyObject *const *args;
    Py_ssize_t nargs;
    PyObject *names;
    char *const *keywords;
    Py_ssize_t count, positional; /* what measure() found */
};

/* The arguments of a call in the order of the list, and how far they are converted. */
struct walk {
    PyObject *const *vector; /* NULL where one was not passed */
    Py_ssize_t size, at;
    Py_ssize_t count;              /* of all parameters */
    Py_ssize_t least_keyword_only; /* the first that may be keyword-only */
    const char *format;
    bool optional, keyword_only; /* marks that have been read */
};

TRAMP_INLINE struct walk walk_of(const struct call *call, PyObject *const *vector, Py_ssize_t size, const char *format)
{
    Py_ssize_t least = call->nargs > call->positional ? call->nargs : call->positional;
    struct walk walk = {vector, size, 0, call->count, least, format, false, false};

    return walk;
}

/* Puts the arguments in the order of the list, with NULL where one was not passed, and returns how many entries that took; -1: the slow
 * way.  The list leads, as in CPython, so that what it has twice has the same effect.  An entry that no name is equal to CPython would
 * have to decode, which may fail if it is not ASCII. */
TRAMP_INLINE Py_ssize_t arrange(const struct call *call, bool known, PyObject **vector)
{
    const char *texts[MAX_PARAMETERS];
    Py_ssize_t sizes[MAX_PARAMETERS], count = Py_SIZE(call->names), left = count, i;

    if (call->count > MAX_PARAMETERS)
        return -1;
    for (i = 0; i < count; i++) {
        texts[i] = text_of(call->names, i, known, &sizes[i]);
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

/* Moves behind a unit of one letter whose argument was not passed; NULL: tramp_skip has to see. */
TRAMP_INLINE const char *skip_plain(const char *format, struct tramp_list *list)
{
    if (tramp_class_of(format[0]) != TRAMP_UNIT || tramp_class_of(format[1]) == TRAMP_SUFFIX)
        return NULL;
    (void)va_arg(list->next, void *);
    return format + 1;
}

/* Converts what can be read in line.  `walk` must be nothing that is pointed to. */
TRAMP_INLINE bool convert_plain(struct walk *walk, struct tramp_list *list, enum tramp_sizes sizes)
{
    while (walk->at < walk->size) {
        PyObject *arg = walk->vector[walk->at];
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

/* The same for what takes functions. */
static TRAMP_NOINLINE bool convert(struct walk walk, struct tramp_outputs *outputs)
{
    while (walk.at < walk.size) {
        PyObject *arg = walk.vector[walk.at];
        if (*walk.format == '|' || *walk.format == '$') {
            if (!read_mark(&walk))
                return false;
            continue;
        }
        if (arg != NULL)
            walk.format = tramp_convert(arg, walk.format, outputs);
        else
            walk.format = walk.optional ? tramp_skip(walk.format, outputs) : NULL;
        if (walk.format == NULL)
            return false;
        walk.at++;
    }
    return ends(&walk);
}

/* How far the fast parser gets with a call. */
enum way {
    DONE,
    IN_ORDER,  /* the vector is in the order of the list */
    IN_DISORDER,
    UNREAD,    /* where values are is not known */
    SLOW,
};

/* How the arguments of a call stand to the list; fills the rest of `call`. */
TRAMP_INLINE enum way order_of(struct call *call, bool known)
{
    Py_ssize_t named = call->names != NULL ? Py_SIZE(call->names) : 0;

    call->count = measure(call->keywords, &call->positional);
    if (!TRAMP_LIKELY(call->nargs + named <= call->count))
        return SLOW;
    if (named == 0)
        return IN_ORDER;
    if (call->nargs < call->positional || !are_in_order(call->names, named, call->keywords + call->nargs, known))
        return IN_DISORDER;
    return IN_ORDER;
}

TRAMP_INLINE struct walk walk_in_order(const struct call *call, const char *format)
{
    return walk_of(call, call->args, call->nargs + (call->names != NULL ? Py_SIZE(call->names) : 0), format);
}

TRAMP_INLINE enum way parse_plain(struct call *call, const char *format, struct tramp_list *list, enum tramp_sizes sizes)
{
    enum way way;
    struct walk walk;

    if (!TRAMP_LIKELY(format != NULL && call->keywords != NULL))
        return SLOW;
    if (!tramp_is_known())
        return UNREAD;
    way = order_of(call, true);
    if (!TRAMP_LIKELY(way == IN_ORDER))
        return way;
    walk = walk_in_order(call, format);
    return TRAMP_LIKELY(convert_plain(&walk, list, sizes)) ? DONE : IN_ORDER;
}

static TRAMP_NOINLINE bool parse_in_disorder(const struct call *call, const char *format, struct tramp_outputs *outputs)
{
    bool known = tramp_is_known(), done = false;
    PyObject *vector[MAX_PARAMETERS];
    Py_ssize_t size = arrange(call, known, vector);
    struct walk walk;

    if (size < 0)
        return false;
    if (known) {
        struct tramp_list list;
        walk = walk_of(call, vector, size, format);
        va_copy(list.next, outputs->list);
        done = convert_plain(&walk, &list, outputs->sizes);
        va_end(list.next);
    }
    return done || convert(walk_of(call, vector, size, format), outputs);
}

/* The rest of the way. */
static TRAMP_NOINLINE bool parse(struct call call, enum way way, const char *format, struct tramp_outputs *outputs)
{
    if (way == UNREAD) {
        tramp_learn();
        way = order_of(&call, false);
    }
    if (way == SLOW)
        return false;
    return way == IN_ORDER ? convert(walk_in_order(&call, format), outputs) : parse_in_disorder(&call, format, outputs);
}

#define TRAMP_PARSE_KEYWORDS(name, twin) \
    int name(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format, char *const *keywords, ...) \
    { \
        struct call call = {args, nargs, kwnames, keywords, 0, 0}; \
        struct tramp_outputs outputs; \
        struct tramp_list list; \
        enum way way; \
        int result = 1; \
        va_start(list.next, keywords); \
        way = parse_plain(&call, format, &list, twin); \
        if (!TRAMP_LIKELY(way == DONE)) { \
            outputs.sizes = twin; \
            outputs.held = 0; \
            va_start(outputs.list, keywords); \
            if (!parse(call, way, format, &outputs)) { \
                va_end(outputs.list); \
                va_start(outputs.list, keywords); \
                result = tramp_parse_keywords_slow(args, nargs, kwnames, format, keywords, &outputs); \
            } \
            va_end(outputs.list); \
        } \
        va_end(list.next); \
        return result; \
    }

TRAMP_PARSE_KEYWORDS(tramp_parse_keywords, TRAMP_INT)
TRAMP_PARSE_KEYWORDS(tramp_parse_keywords_sizet, TRAMP_SSIZE)
