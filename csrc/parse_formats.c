/* parse_formats.c: functions for the commonest formats, faster by a few nanoseconds than parse_shape.c, which is for all others. */
#include "parse_plain.h"

#include "tramp.h"

/* `O!` is written as T.  It takes a type and an output, any other unit an output. */
#define TAKES_UNIT(n) volatile void *out##n
#define TAKES_TYPED(n) const void *type##n, volatile void *out##n
#define GIVES_UNIT(n) out##n
#define GIVES_TYPED(n) type##n, out##n
#define STORES(letter, n) tramp_store(args[n], letter, (void *)(uintptr_t)out##n)
#define STORES_TYPED(n) (Py_TYPE(args[n]) == (const PyTypeObject *)type##n && STORES('O', n))

#define TAKES_I TAKES_UNIT
#define TAKES_O TAKES_UNIT
#define TAKES_T TAKES_TYPED
#define TAKES_d TAKES_UNIT
#define TAKES_i TAKES_UNIT
#define TAKES_n TAKES_UNIT
#define TAKES_s TAKES_UNIT
#define GIVES_I GIVES_UNIT
#define GIVES_O GIVES_UNIT
#define GIVES_T GIVES_TYPED
#define GIVES_d GIVES_UNIT
#define GIVES_i GIVES_UNIT
#define GIVES_n GIVES_UNIT
#define GIVES_s GIVES_UNIT
#define STORES_I(n) STORES('I', n)
#define STORES_O(n) STORES('O', n)
#define STORES_T(n) STORES_TYPED(n)
#define STORES_d(n) STORES('d', n)
#define STORES_i(n) STORES('i', n)
#define STORES_n(n) STORES('n', n)
#define STORES_s(n) STORES('s', n)

#define FUNCTION(name, count, takes, stores, gives) \
    int tramp_p_##name(PyObject *const *args, Py_ssize_t nargs, const char *format, TRAMP_EXPAND takes) \
    { \
        if (TRAMP_LIKELY(nargs == count && tramp_is_known() && stores)) \
            return 1; \
        return tramp_parse(args, nargs, format, TRAMP_EXPAND gives); \
    }
#define TRAMP_FORMAT_1(a) FUNCTION(a, 1, (TAKES_##a(0)), STORES_##a(0), (GIVES_##a(0)))
#define TRAMP_FORMAT_2(a, b) FUNCTION(a##b, 2, (TAKES_##a(0), TAKES_##b(1)), STORES_##a(0) && STORES_##b(1), (GIVES_##a(0), GIVES_##b(1)))
#define TRAMP_FORMAT_3(a, b, c) \
    FUNCTION(a##b##c, 3, (TAKES_##a(0), TAKES_##b(1), TAKES_##c(2)), STORES_##a(0) && STORES_##b(1) && STORES_##c(2), \
        (GIVES_##a(0), GIVES_##b(1), GIVES_##c(2)))
#include "formats.def"
