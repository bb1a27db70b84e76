/* parse_keywords.c: PyArg_ParseTupleAndKeywords on a vector of arguments and the names of the last of them.
 *
 * First the arguments are put in the order of the keyword list; if the call has them in that order, the vector is that already.  Then
 * they are converted like positional ones.  Names are compared by their text: no str object is kept from one call to the next, for
 * subinterpreters have their own, and a list may be built at run time. */
#include "parse_call.h"

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
    return TRAMP_LIKELY(convert_plain(&walk, walk.head == walk.count, list, sizes)) ? DONE : IN_ORDER;
}

#define TRAMP_PARSE_KEYWORDS(name, twin) \
    int name(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames, const char *format, char *const *keywords, ...) \
    { \
        struct call call = {args, nargs, kwnames, keywords, 0, 0, 0, 0}, rest; \
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
            rest = call; \
            if (!tramp_parse_rest(&rest, way, format, &outputs)) { \
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
