/* parse_names.c: calls with keywords that parse_keywords.c leaves: names in another order than the list has them, or with gaps, and units
 * that take functions. */
#include "parse_call.h"

/* Calls of functions with more parameters go the slow way if their names are not simply in order. */
#define MAX_PARAMETERS 32

struct name {
    const char *text;
    Py_ssize_t size;
};

/* Which of the names a keyword is; -1: none. */
TRAMP_INLINE Py_ssize_t find(const struct name *names, Py_ssize_t count, const char *keyword)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (is_same(names[i].text, names[i].size, keyword))
            return i;
    }
    return -1;
}

/* Puts the arguments in the order of the list, with NULL where one was not passed, and returns how many entries that took; -1: the slow
 * way.  The list leads, as in CPython, so that what it has twice has the same effect.  An entry that no name is equal to CPython would
 * have to decode, which may fail if it is not ASCII. */
TRAMP_INLINE Py_ssize_t arrange(const struct call *given, bool known, PyObject **vector)
{
    const struct call call = *given; /* a copy, for what is stored below could be in that one */
    PyObject *const *values = call.args + call.nargs;
    Py_ssize_t count = Py_SIZE(call.names), left = count, i;
    struct name names[MAX_PARAMETERS];

    if (call.count > MAX_PARAMETERS)
        return -1;
    for (i = 0; i < count; i++) {
        names[i].text = text_of(call.names, i, known, &names[i].size);
        if (names[i].text == NULL)
            return -1;
    }
    for (i = 0; i < call.nargs; i++)
        vector[i] = call.args[i];
    for (; i < call.count && left > 0; i++) {
        const char *keyword = call.keywords[i];
        Py_ssize_t place = i < call.positional ? -1 : find(names, count, keyword);
        vector[i] = NULL;
        if (place >= 0) {
            vector[i] = values[place];
            left--;
        } else if (!is_ascii(keyword)) {
            return -1;
        }
    }
    return left == 0 ? i : -1;
}

/* Converts what takes functions. */
static TRAMP_NOINLINE bool convert(struct walk walk, struct tramp_outputs *outputs)
{
    while (walk.at < walk.size) {
        PyObject *arg = next_of(&walk);
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
        walk = walk_of(call, vector, size, size, format);
        va_copy(list.next, outputs->list);
        done = convert_plain(&walk, call->nargs + Py_SIZE(call->names) == call->count, &list, outputs->sizes);
        va_end(list.next);
    }
    return done || convert(walk_of(call, vector, size, size, format), outputs);
}

bool tramp_parse_rest(struct call *call, enum way way, const char *format, struct tramp_outputs *outputs)
{
    if (way == UNREAD) {
        tramp_learn();
        way = order_of(call, false);
    }
    if (way == SLOW)
        return false;
    return way == IN_ORDER ? convert(walk_in_order(call, format), outputs) : parse_in_disorder(call, format, outputs);
}

