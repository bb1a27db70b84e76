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

/* The short ASCII text of an exact str without a NUL; else NULL. */
TRAMP_INLINE const char *tramp_short_text(PyObject *arg)
{
    Py_ssize_t size;
    const char *text = Py_TYPE(arg) == &PyUnicode_Type ? tramp_read_ascii(arg, &size) : NULL;

    return text != NULL && size <= TRAMP_SHORT_TEXT && !tramp_text_has_nul(text, size) ? text : NULL;
}

#define TRAMP_STORE(ctype, value) (*(ctype *)output = (ctype)(value))

#define TRAMP_STORE_WITHIN(ctype, least, most) (value >= (least) && value <= (most) ? (TRAMP_STORE(ctype, value), true) : false)

/* An int of one digit is in the range of all but the four smallest. */
TRAMP_INLINE bool tramp_store_int(PyObject *arg, char letter, void *output)
{
    long value;

    if (!tramp_read_int(arg, tramp_layout.tagged, &value))
        return false;
    /* In front of the switch, for most are of these. */
    if (TRAMP_LIKELY(letter == 'i')) {
        TRAMP_STORE(int, value);
        return true;
    }
    switch (letter) {
    case 'b': return TRAMP_STORE_WITHIN(unsigned char, 0, UCHAR_MAX);
    case 'h': return TRAMP_STORE_WITHIN(short, SHRT_MIN, SHRT_MAX);
    /* 3.15 warns of others. */
    case 'B': return TRAMP_STORE_WITHIN(unsigned char, SCHAR_MIN, UCHAR_MAX);
    case 'H': return TRAMP_STORE_WITHIN(unsigned short, SHRT_MIN, USHRT_MAX);
    case 'I': TRAMP_STORE(int, value); return true;
    case 'l':
    case 'k': TRAMP_STORE(long, value); return true;
    case 'n': TRAMP_STORE(Py_ssize_t, value); return true;
    case 'L':
    case 'K': TRAMP_STORE(long long, value); return true;
    case 'd': TRAMP_STORE(double, value); return true;
    case 'p': TRAMP_STORE(int, value != 0); return true;
    default: return false;
    }
}

/* Converts by a unit of one letter. */
TRAMP_INLINE bool tramp_store(PyObject *arg, char letter, void *output)
{
    PyTypeObject *type = Py_TYPE(arg);
    const char *text;

    /* In front of the switch, for most units are of these. */
    if (TRAMP_LIKELY(letter == 'O')) {
        TRAMP_STORE(PyObject *, arg);
        return true;
    }
    if (type == &PyLong_Type)
        return tramp_store_int(arg, letter, output);
    if (TRAMP_LIKELY(letter == 'd') && TRAMP_LIKELY(type == &PyFloat_Type)) {
        TRAMP_STORE(double, tramp_read_float(arg));
        return true;
    }
    if (letter == 's') {
        text = tramp_short_text(arg);
        if (!TRAMP_LIKELY(text != NULL))
            return false;
        TRAMP_STORE(const char *, text);
        return true;
    }
    switch (letter) {
    case 'z':
        text = arg == Py_None ? NULL : tramp_short_text(arg);
        if (text == NULL && arg != Py_None)
            return false;
        TRAMP_STORE(const char *, text);
        return true;
    case 'U':
        if (type != &PyUnicode_Type)
            return false;
        TRAMP_STORE(PyObject *, arg);
        return true;
    case 'S':
        if (type != &PyBytes_Type)
            return false;
        TRAMP_STORE(PyObject *, arg);
        return true;
    case 'f':
        if (type != &PyFloat_Type)
            return false;
        TRAMP_STORE(float, tramp_read_float(arg));
        return true;
    case 'p':
        if (arg != Py_True && arg != Py_False && arg != Py_None)
            return false;
        TRAMP_STORE(int, arg == Py_True);
        return true;
    default: return false;
    }
}

#undef TRAMP_STORE_WITHIN
#undef TRAMP_STORE

/* Converts by the unit at `format`, with its outputs from the list; returns what is behind it.  NULL: it takes a function, if it can be
 * done. */
TRAMP_INLINE const char *tramp_convert_plain(PyObject *arg, const char *format, struct tramp_list *list, enum tramp_sizes sizes)
{
    unsigned class = tramp_class_of(*format);

    if (TRAMP_LIKELY(class == TRAMP_UNIT) && TRAMP_LIKELY(tramp_class_of(format[1]) != TRAMP_SUFFIX))
        return tramp_store(arg, *format, va_arg(list->next, void *)) ? format + 1 : NULL;
    if (class != TRAMP_UNIT)
        return NULL;
    if (format[0] == 'O' && format[1] == '!' && va_arg(list->next, PyTypeObject *) == Py_TYPE(arg)) {
        *va_arg(list->next, PyObject **) = arg;
        return format + 2;
    }
    if ((format[0] == 's' || format[0] == 'z') && format[1] == '#' && sizes == TRAMP_SSIZE && Py_TYPE(arg) == &PyUnicode_Type) {
        Py_ssize_t size;
        const char *text = tramp_read_ascii(arg, &size);
        if (text == NULL)
            return NULL;
        *va_arg(list->next, const char **) = text;
        *va_arg(list->next, Py_ssize_t *) = size;
        return format + 2;
    }
    return NULL;
}

/* Up to this many units of one letter each need no look at what is between them. */
#define TRAMP_FEW 3

TRAMP_INLINE bool tramp_is_unit(char character)
{
    return TRAMP_LIKELY(tramp_class_of(character) == TRAMP_UNIT);
}

/* Whether the format is of so few units, as many as arguments. */
TRAMP_INLINE bool tramp_is_simple(const char *format, Py_ssize_t count)
{
    if (count == 2)
        return tramp_is_unit(format[0]) && tramp_is_unit(format[1]) && TRAMP_LIKELY(tramp_class_of(format[2]) == TRAMP_END);
    if (count == 1)
        return tramp_is_unit(format[0]) && TRAMP_LIKELY(tramp_class_of(format[1]) == TRAMP_END);
    return count == 3 && tramp_is_unit(format[0]) && tramp_is_unit(format[1]) && tramp_is_unit(format[2]) &&
        TRAMP_LIKELY(tramp_class_of(format[3]) == TRAMP_END);
}

/* Converts by a simple format.  No loop, so that the place of each output is a constant. */
TRAMP_INLINE bool tramp_convert_simply(PyObject *const *args, Py_ssize_t count, const char *format, struct tramp_list *list)
{
    if (!TRAMP_LIKELY(tramp_store(args[0], format[0], va_arg(list->next, void *))))
        return false;
    if (count == 1)
        return true;
    if (!TRAMP_LIKELY(tramp_store(args[1], format[1], va_arg(list->next, void *))))
        return false;
    return count == 2 || tramp_store(args[2], format[2], va_arg(list->next, void *));
}

#endif
