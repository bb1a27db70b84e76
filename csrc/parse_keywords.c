/* parse_keywords.c: PyArg_ParseTupleAndKeywords on a vector of arguments and the names of the last of them.
 *
 * The keyword list leads, as in CPython: each entry takes the next positional argument or is looked for among the names.  Names are
 * compared by their text.  No str object is kept from one call to the next: subinterpreters have their own, and a list may be built
 * at run time. */
#include "parse_units.h"

/* More names than that in one call go the slow way. */
#define TRAMP_MAX_NAMES 16

/* The names of one call and how far they have been used. */
struct names {
    PyObject *tuple;
    PyObject *const *values;
    Py_ssize_t count;
    Py_ssize_t known; /* texts that have been read */
    Py_ssize_t next;  /* the name that comes next if they are in the order of the list */
    Py_ssize_t left;  /* names that no entry of the list has taken */
    const char *texts[TRAMP_MAX_NAMES];
    Py_ssize_t sizes[TRAMP_MAX_NAMES];
};

static inline bool name_is(const struct names *names, Py_ssize_t i, const char *keyword)
{
    const char *text = names->texts[i];
    Py_ssize_t size = names->sizes[i], at = 0;

    while (at < size && keyword[at] == text[at] && text[at] != '\0')
        at++;
    return at == size && keyword[at] == '\0';
}

static inline bool read_name(struct names *names)
{
    Py_ssize_t i = names->known++;

    return to_utf8(PyTuple_GetItem(names->tuple, i), &names->texts[i], &names->sizes[i]);
}

/* The name is not the expected one.  An entry that is not ASCII CPython would have to decode, and may fail to. */
static __attribute__((noinline)) bool search(struct names *names, const char *keyword, PyObject **value)
{
    while (names->known < names->count) {
        if (!read_name(names))
            return false;
    }
    for (Py_ssize_t i = 0; i < names->count; i++) {
        if (name_is(names, i, keyword)) {
            *value = names->values[i];
            names->next = i + 1;
            names->left--;
            return true;
        }
    }
    while (*keyword != '\0') {
        if ((unsigned char)*keyword++ >= 0x80)
            return false;
    }
    return true;
}

/* Stores the value that was passed under this name, or leaves NULL there; false: the slow way. */
static inline bool look_up(struct names *names, const char *keyword, PyObject **value)
{
    Py_ssize_t i = names->next;

    if (i < names->count) {
        if (i == names->known && !read_name(names))
            return false;
        if (name_is(names, i, keyword)) {
            *value = names->values[i];
            names->next = i + 1;
            names->left--;
            return true;
        }
    }
    return search(names, keyword, value);
}

/* Moves behind a unit whose argument was not passed. */
static inline bool skip(const char **format, enum tramp_sizes sizes, va_list *outputs)
{
    char unit = *(*format)++, suffix = **format;

    if (class_of(unit) != TRAMP_UNIT)
        return false;
    (void)va_arg(*outputs, void *);
    if (class_of(suffix) != TRAMP_SUFFIX)
        return true;
    ++*format;
    if (unit == 'O' ? suffix == '!' || suffix == '&' : is_text(unit) && suffix == '#' && sizes == TRAMP_SSIZE) {
        (void)va_arg(*outputs, void *);
        return true;
    }
    return is_text(unit) && suffix == '*';
}

/* How many entries the list has, and how many of them are positional-only; -1: it is not a proper list. */
static inline Py_ssize_t count_keywords(char *const *keywords, Py_ssize_t *positional)
{
    Py_ssize_t count = 0;

    while (keywords[count] != NULL && *keywords[count] == '\0')
        count++;
    *positional = count;
    for (; keywords[count] != NULL; count++) {
        if (*keywords[count] == '\0')
            return -1;
    }
    return count;
}

static inline __attribute__((always_inline)) bool parse(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
    const char *format, char *const *keywords, enum tramp_sizes sizes, va_list *outputs)
{
    struct names names;
    Py_ssize_t positional, count, required = PY_SSIZE_T_MAX;
    bool keyword_only = false;

    if (format == NULL || keywords == NULL)
        return false;
    count = count_keywords(keywords, &positional);
    names.tuple = kwnames;
    names.values = args + nargs;
    names.count = names.left = kwnames != NULL ? PyTuple_Size(kwnames) : 0;
    names.known = names.next = 0;
    if (names.count > TRAMP_MAX_NAMES || nargs + names.count > count)
        return false;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *arg = NULL;

        if (*format == '|') {
            if (required != PY_SSIZE_T_MAX || keyword_only)
                return false;
            required = i;
            format++;
        }
        if (*format == '$') {
            if (keyword_only || i < positional || i < nargs)
                return false;
            keyword_only = true;
            format++;
        }
        if (i < nargs)
            arg = args[i];
        else if (names.left > 0 && i >= positional && !look_up(&names, keywords[i], &arg))
            return false;
        if (arg != NULL) {
            if (!convert(arg, &format, sizes, outputs))
                return false;
            continue;
        }
        if (i < required || class_of(*format) == TRAMP_END)
            return false;
        if (names.left == 0)
            return true;
        if (!skip(&format, sizes, outputs))
            return false;
    }
    return names.left == 0 && (class_of(*format) == TRAMP_END || *format == '|' || *format == '$');
}

#define TRAMP_PARSE_KEYWORDS(name, sizes) \
    int name(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format, char *const *keywords, ...) \
    { \
        va_list outputs; \
        int result = 1; \
        va_start(outputs, keywords); \
        if (!parse(args, nargs, kwnames, format, keywords, sizes, &outputs)) { \
            va_end(outputs); \
            va_start(outputs, keywords); \
            result = tramp_parse_keywords_slow(args, nargs, kwnames, format, keywords, sizes, &outputs); \
        } \
        va_end(outputs); \
        return result; \
    }

TRAMP_PARSE_KEYWORDS(tramp_parse_keywords, TRAMP_INT)
TRAMP_PARSE_KEYWORDS(tramp_parse_keywords_sizet, TRAMP_SSIZE)
