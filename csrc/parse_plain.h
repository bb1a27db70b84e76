/* parse_plain.h: what most calls are made of, read in line where parse_layout.c has found it.
 *
 * All of this is for one purpose: the way of a plain call has no call of a function in it, so its state stays in registers. */
#ifndef TRAMP_PARSE_PLAIN_H
#define TRAMP_PARSE_PLAIN_H

#include "parse.h"
#include "parse_layout.h"

#include <limits.h>
#include <stdint.h>

/* A text that is longer goes to strlen, which is faster by then. */
#define TRAMP_SHORT_TEXT 64

/* Behind the header and the length of a str stands its hash, and behind that its state. */
#define TRAMP_TEXT_STATE (sizeof(PyObject) + 2 * sizeof(Py_ssize_t))

TRAMP_INLINE bool tramp_is_known(void)
{
    return TRAMP_LIKELY(__atomic_load_n(&tramp_layout.state, __ATOMIC_ACQUIRE) == TRAMP_KNOWN);
}

/* What comes of it is for later calls. */
TRAMP_INLINE void tramp_learn(void)
{
    if (!TRAMP_LIKELY(__atomic_load_n(&tramp_layout.state, __ATOMIC_RELAXED) != TRAMP_NOT_ASKED))
        tramp_look();
}

/* Of an exact int; false if it has more than one digit. */
TRAMP_INLINE bool tramp_read_int(PyObject *number, bool tagged, long *value)
{
    const char *at = (const char *)number;
    size_t head;
    uint32_t digit;

    memcpy(&head, at + sizeof(PyObject), sizeof head);
    if (head + (tagged ? 0 : 1) > (tagged ? 15u : 2u))
        return false;
    memcpy(&digit, at + sizeof(PyVarObject), sizeof digit);
    *value = (tagged ? 1 - (long)(head & 3) : (long)head) * (long)digit;
    return true;
}

TRAMP_INLINE double tramp_read_float(PyObject *number)
{
    double value;

    memcpy(&value, (const char *)number + sizeof(PyObject), sizeof value);
    return value;
}

TRAMP_INLINE PyObject *tramp_read_item(PyObject *tuple, size_t items, Py_ssize_t i)
{
    PyObject *item;

    memcpy(&item, (const char *)tuple + items + (size_t)i * sizeof item, sizeof item);
    return item;
}

TRAMP_INLINE unsigned tramp_read_state(PyObject *text)
{
    unsigned state;

    memcpy(&state, (const char *)text + TRAMP_TEXT_STATE, sizeof state);
    return state;
}

/* Of an exact str; NULL if it is not ASCII. */
TRAMP_INLINE const char *tramp_read_ascii(PyObject *text, Py_ssize_t *size)
{
    const char *at = (const char *)text;

    if (!TRAMP_LIKELY((~tramp_read_state(text) & tramp_layout.text_bits) == 0))
        return NULL;
    memcpy(size, at + sizeof(PyObject), sizeof *size);
    return at + tramp_layout.text_data;
}

#define TRAMP_ONES ((uint64_t)0x0101010101010101)
#define TRAMP_HIGHS ((uint64_t)0x8080808080808080)

/* Whether an ASCII text has a NUL in it.  Read by words; the last one ends with the text and may begin before it, in the object. */
TRAMP_INLINE bool tramp_text_has_nul(const char *text, Py_ssize_t size)
{
    uint64_t word, before;

    for (; size >= 8; size -= 8, text += 8) {
        memcpy(&word, text, sizeof word);
        if (((word - TRAMP_ONES) & TRAMP_HIGHS) != 0)
            return true;
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&word, text + size - 8, sizeof word);
    before = UINT64_MAX >> 8 * size;
    return (((word | before) - TRAMP_ONES) & ~before & TRAMP_HIGHS) != 0;
#else
    (void)before;
    return memchr(text, '\0', (size_t)size) != NULL;
#endif
}

/* A list of outputs that nothing points to. */
struct tramp_list {
    va_list next;
};

/* `s`, `z`, `s#` and `z#` of a short ASCII text. */
TRAMP_INLINE const char *tramp_convert_text(PyObject *arg, const char *format, struct tramp_list *list, enum tramp_sizes sizes)
{
    Py_ssize_t size;
    const char *text = tramp_read_ascii(arg, &size);

    if (text == NULL || *format == '*')
        return NULL;
    if (*format == '#') {
        if (sizes != TRAMP_SSIZE)
            return NULL;
        *va_arg(list->next, const char **) = text;
        *va_arg(list->next, Py_ssize_t *) = size;
        return format + 1;
    }
    if (size > TRAMP_SHORT_TEXT || tramp_text_has_nul(text, size))
        return NULL;
    *va_arg(list->next, const char **) = text;
    return format;
}

/* An int of one digit goes into any of these types. */
#define TRAMP_STORE_INT(ctype) \
    if (type != &PyLong_Type || !tramp_read_int(arg, tramp_layout.tagged, &value)) \
        return NULL; \
    *va_arg(list->next, ctype *) = (ctype)value; \
    return format

/* Converts by the unit at `format`, with its outputs from the list.  NULL: it takes a function, if it can be done. */
TRAMP_INLINE const char *tramp_convert_plain(PyObject *arg, const char *format, struct tramp_list *list, enum tramp_sizes sizes)
{
    PyTypeObject *type = Py_TYPE(arg);
    long value;

    /* In front of the switch, for most units are of these. */
    if (TRAMP_LIKELY(*format == 'd') && TRAMP_LIKELY(type == &PyFloat_Type)) {
        *va_arg(list->next, double *) = tramp_read_float(arg);
        return format + 1;
    }
    if (TRAMP_LIKELY(*format == 'O')) {
        if (format[1] == '!' && va_arg(list->next, PyTypeObject *) == type)
            format++;
        else if ((unsigned char)(format[1] - '!') <= '&' - '!')
            return NULL;
        *va_arg(list->next, PyObject **) = arg;
        return format + 1;
    }
    switch (*format++) {
    case 'd': TRAMP_STORE_INT(double);
    case 'U':
        if (type != &PyUnicode_Type)
            return NULL;
        *va_arg(list->next, PyObject **) = arg;
        return format;
    case 'z':
        if (arg == Py_None && *format != '#' && *format != '*') {
            *va_arg(list->next, const char **) = NULL;
            return format;
        }
        /* fall through */
    case 's': return type == &PyUnicode_Type ? tramp_convert_text(arg, format, list, sizes) : NULL;
    case 'f':
        if (type != &PyFloat_Type)
            return NULL;
        *va_arg(list->next, float *) = (float)tramp_read_float(arg);
        return format;
    case 'p':
        if (arg != Py_True && arg != Py_False && arg != Py_None)
            return NULL;
        *va_arg(list->next, int *) = arg == Py_True;
        return format;
    case 'i': TRAMP_STORE_INT(int);
    case 'I': TRAMP_STORE_INT(unsigned);
    case 'l': TRAMP_STORE_INT(long);
    case 'k': TRAMP_STORE_INT(unsigned long);
    case 'n': TRAMP_STORE_INT(Py_ssize_t);
    case 'L': TRAMP_STORE_INT(long long);
    case 'K': TRAMP_STORE_INT(unsigned long long);
    default: return NULL;
    }
}

#undef TRAMP_STORE_INT

#endif
