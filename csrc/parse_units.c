/* parse_units.c: one unit of a format, for arguments that convert without running Python code.
 *
 * Each function stores what CPython's parser would store, or says no; then the whole call goes the slow way.  That does the same again
 * from the first unit on, in the same order, so a variable that was stored before the doubt came up gets the same value once more.  What
 * has an effect that can not be undone (a converter, memory) is therefore never done here. */
#include "parse.h"

#include <limits.h>

/* Integers in this range are doubles exactly. */
#define EXACT_DOUBLE (1LL << 53)

#define UNIT(name) static const char *name(PyObject *arg, const char *format, struct tramp_outputs *outputs)
#define OUTPUT(type) (*va_arg(outputs->list, type *))

/* int, or bool that nobody can derive from: neither has an __index__ of its own. */
static inline bool is_int(PyObject *arg)
{
    return TRAMP_LIKELY(Py_TYPE(arg) == &PyLong_Type) || Py_TYPE(arg) == &PyBool_Type;
}

static inline bool is_instance(PyObject *arg, PyTypeObject *type)
{
    return TRAMP_LIKELY(Py_TYPE(arg) == type) || PyType_IsSubtype(Py_TYPE(arg), type);
}

static inline bool to_long(PyObject *arg, long *value)
{
    int overflow;

    if (!is_int(arg))
        return false;
    *value = PyLong_AsLongAndOverflow(arg, &overflow);
    return overflow == 0;
}

static inline bool to_long_long(PyObject *arg, long long *value)
{
    int overflow;

    if (!is_int(arg))
        return false;
    *value = PyLong_AsLongLongAndOverflow(arg, &overflow);
    return overflow == 0;
}

/* The bits of what a signed or an unsigned long long can hold.  The units that take the low bits of anything else warn of that since 3.15,
 * and a warning may be an error. */
static inline bool to_bits(PyObject *arg, unsigned long long *value)
{
    int overflow;

    if (!is_int(arg))
        return false;
    *value = (unsigned long long)PyLong_AsLongLongAndOverflow(arg, &overflow);
    if (TRAMP_LIKELY(overflow == 0))
        return true;
    if (overflow < 0)
        return false;
    *value = PyLong_AsUnsignedLongLong(arg);
    if (*value != (unsigned long long)-1 || PyErr_Occurred() == NULL)
        return true;
    PyErr_Clear();
    return false;
}

static inline bool to_double(PyObject *arg, double *value)
{
    long long integer;

    if (TRAMP_LIKELY(Py_TYPE(arg) == &PyFloat_Type)) {
        *value = PyFloat_AsDouble(arg);
        return true;
    }
    if (!to_long_long(arg, &integer) || integer > EXACT_DOUBLE || integer < -EXACT_DOUBLE)
        return false;
    *value = (double)integer;
    return true;
}

#define NUMBER(name, type, wide, convert, in_range) \
    UNIT(name) \
    { \
        wide value; \
        if (!TRAMP_LIKELY(convert(arg, &value) && (in_range))) \
            return NULL; \
        OUTPUT(type) = (type)value; \
        return format; \
    }

NUMBER(unit_b, unsigned char, long, to_long, value >= 0 && value <= UCHAR_MAX)
NUMBER(unit_h, short, long, to_long, value >= SHRT_MIN && value <= SHRT_MAX)
NUMBER(unit_i, int, long, to_long, value >= INT_MIN && value <= INT_MAX)
NUMBER(unit_l, long, long, to_long, true)
NUMBER(unit_L, long long, long long, to_long_long, true)
NUMBER(unit_n, Py_ssize_t, long long, to_long_long, value >= PY_SSIZE_T_MIN && value <= PY_SSIZE_T_MAX)
NUMBER(unit_B, unsigned char, long, to_long, value >= SCHAR_MIN && value <= UCHAR_MAX)
NUMBER(unit_H, unsigned short, long, to_long, value >= SHRT_MIN && value <= USHRT_MAX)
NUMBER(unit_I, unsigned int, long long, to_long_long, value >= INT_MIN && value <= UINT_MAX)
#if ULONG_MAX == ULLONG_MAX
NUMBER(unit_k, unsigned long, unsigned long long, to_bits, true)
#else
NUMBER(unit_k, unsigned long, long long, to_long_long, value >= LONG_MIN && value <= (long long)ULONG_MAX)
#endif
NUMBER(unit_K, unsigned long long, unsigned long long, to_bits, true)
NUMBER(unit_d, double, double, to_double, true)
NUMBER(unit_f, float, double, to_double, true)

UNIT(unit_c)
{
    char value;

    if (Py_TYPE(arg) == &PyBytes_Type && PyBytes_Size(arg) == 1)
        value = PyBytes_AsString(arg)[0];
    else if (Py_TYPE(arg) == &PyByteArray_Type && PyByteArray_Size(arg) == 1)
        value = PyByteArray_AsString(arg)[0];
    else
        return NULL;
    OUTPUT(char) = value;
    return format;
}

UNIT(unit_C)
{
    if (Py_TYPE(arg) != &PyUnicode_Type || PyUnicode_GetLength(arg) != 1)
        return NULL;
    OUTPUT(int) = (int)PyUnicode_ReadChar(arg, 0);
    return format;
}

/* For types whose truth CPython finds without a call into Python. */
UNIT(unit_p)
{
    int value;

    if (arg == Py_True || arg == Py_False || arg == Py_None)
        value = arg == Py_True;
    else if (Py_TYPE(arg) == &PyLong_Type || Py_TYPE(arg) == &PyFloat_Type || Py_TYPE(arg) == &PyUnicode_Type)
        value = PyObject_IsTrue(arg);
    else
        return NULL;
    OUTPUT(int) = value;
    return format;
}

#define INSTANCE(name, type) \
    UNIT(name) \
    { \
        if (!is_instance(arg, &type)) \
            return NULL; \
        OUTPUT(PyObject *) = arg; \
        return format; \
    }

INSTANCE(unit_U, PyUnicode_Type)
INSTANCE(unit_S, PyBytes_Type)
INSTANCE(unit_Y, PyByteArray_Type)

/* `O&` could run anything. */
UNIT(unit_O)
{
    if (*format == '&')
        return NULL;
    if (*format == '!') {
        format++;
        if (!is_instance(arg, va_arg(outputs->list, PyTypeObject *)))
            return NULL;
    }
    OUTPUT(PyObject *) = arg;
    return format;
}

const char *tramp_not_utf8(void)
{
    PyErr_Clear();
    return NULL;
}

/* The end of `s`, `z` and `y`, with or without `#`; `text` may be NULL only for None. */
static inline const char *store_text(const char *text, Py_ssize_t size, const char *format, struct tramp_outputs *outputs)
{
    if (*format == '#') {
        OUTPUT(const char *) = text;
        OUTPUT(Py_ssize_t) = size;
        return format + 1;
    }
    if (text != NULL && strlen(text) != (size_t)size)
        return NULL;
    OUTPUT(const char *) = text;
    return format;
}

static inline bool to_bytes(PyObject *arg, const char **text, Py_ssize_t *size)
{
    return Py_TYPE(arg) == &PyBytes_Type && PyBytes_AsStringAndSize(arg, (char **)text, size) == 0;
}

/* `s*`, `z*`, `y*` and `w*` of objects whose buffers come and go without running Python code.  `format` points to the `*`. */
static const char *store_buffer(PyObject *arg, char letter, const char *format, struct tramp_outputs *outputs)
{
    struct tramp_buffer *buffer = va_arg(outputs->list, struct tramp_buffer *);
    bool text = letter == 's' || letter == 'z';

    if (outputs->held == TRAMP_MAX_HELD)
        return NULL;
    if (text && Py_TYPE(arg) == &PyUnicode_Type) {
        Py_ssize_t size;
        const char *utf8 = tramp_utf8(arg, &size);
        if (utf8 == NULL)
            return NULL;
        PyBuffer_FillInfo(buffer, arg, (void *)utf8, size, 1, 0);
    } else if (letter == 'z' && arg == Py_None) {
        PyBuffer_FillInfo(buffer, NULL, NULL, 0, 1, 0);
    } else if ((Py_TYPE(arg) != &PyBytes_Type || letter == 'w') && Py_TYPE(arg) != &PyByteArray_Type) {
        return NULL;
    } else if (PyObject_GetBuffer(arg, buffer, letter == 'w' ? 1 : 0) < 0) {
        PyErr_Clear();
        return NULL;
    }
    outputs->buffers[outputs->held++] = buffer;
    return format + 1;
}

/* What `#` stores without PY_SSIZE_T_CLEAN, and whether, depends on the version. */
static inline bool is_refused(const char *format, const struct tramp_outputs *outputs)
{
    return *format == '#' && outputs->sizes != TRAMP_SSIZE;
}

UNIT(unit_s)
{
    Py_ssize_t size;
    const char *text;

    if (*format == '*')
        return store_buffer(arg, 's', format, outputs);
    if (is_refused(format, outputs))
        return NULL;
    text = tramp_utf8(arg, &size);
    if (text == NULL && !(*format == '#' && to_bytes(arg, &text, &size)))
        return NULL;
    return store_text(text, size, format, outputs);
}

UNIT(unit_z)
{
    if (arg != Py_None)
        return unit_s(arg, format, outputs);
    if (*format == '*')
        return store_buffer(arg, 'z', format, outputs);
    return is_refused(format, outputs) ? NULL : store_text(NULL, 0, format, outputs);
}

UNIT(unit_y)
{
    Py_ssize_t size;
    const char *text;

    if (*format == '*')
        return store_buffer(arg, 'y', format, outputs);
    if (is_refused(format, outputs) || !to_bytes(arg, &text, &size))
        return NULL;
    return store_text(text, size, format, outputs);
}

UNIT(unit_w)
{
    return *format == '*' ? store_buffer(arg, 'w', format, outputs) : NULL;
}

tramp_unit *const tramp_units[256] = {
    ['b'] = unit_b, ['B'] = unit_B, ['h'] = unit_h, ['H'] = unit_H, ['i'] = unit_i, ['I'] = unit_I, ['l'] = unit_l, ['L'] = unit_L,
    ['n'] = unit_n, ['k'] = unit_k, ['K'] = unit_K, ['d'] = unit_d, ['f'] = unit_f, ['c'] = unit_c, ['C'] = unit_C, ['p'] = unit_p,
    ['U'] = unit_U, ['S'] = unit_S, ['Y'] = unit_Y, ['O'] = unit_O, ['s'] = unit_s, ['z'] = unit_z, ['y'] = unit_y,
    ['w'] = unit_w,
};

const unsigned tramp_classes[256] = {
    ['\0'] = TRAMP_END, [':'] = TRAMP_END, [';'] = TRAMP_END, ['|'] = TRAMP_OPTIONAL,
    ['!'] = TRAMP_SUFFIX, ['#'] = TRAMP_SUFFIX, ['&'] = TRAMP_SUFFIX, ['*'] = TRAMP_SUFFIX,
    ['b'] = TRAMP_UNIT, ['B'] = TRAMP_UNIT, ['h'] = TRAMP_UNIT, ['H'] = TRAMP_UNIT, ['i'] = TRAMP_UNIT, ['I'] = TRAMP_UNIT,
    ['l'] = TRAMP_UNIT, ['L'] = TRAMP_UNIT, ['n'] = TRAMP_UNIT, ['k'] = TRAMP_UNIT, ['K'] = TRAMP_UNIT, ['d'] = TRAMP_UNIT,
    ['f'] = TRAMP_UNIT, ['c'] = TRAMP_UNIT, ['C'] = TRAMP_UNIT, ['p'] = TRAMP_UNIT, ['U'] = TRAMP_UNIT, ['S'] = TRAMP_UNIT,
    ['Y'] = TRAMP_UNIT, ['O'] = TRAMP_UNIT, ['s'] = TRAMP_UNIT, ['z'] = TRAMP_UNIT, ['y'] = TRAMP_UNIT, ['w'] = TRAMP_UNIT,
};

const char *tramp_skip(const char *format, struct tramp_outputs *outputs)
{
    char letter = *format++;
    bool text = letter == 's' || letter == 'z' || letter == 'y';

    if (tramp_class_of(letter) != TRAMP_UNIT || (letter == 'w' && *format != '*'))
        return NULL;
    (void)va_arg(outputs->list, void *);
    if (tramp_class_of(*format) != TRAMP_SUFFIX)
        return format;
    if ((text || letter == 'w') && *format == '*')
        return format + 1;
    if (!(letter == 'O' ? *format == '!' || *format == '&' : text && *format == '#' && outputs->sizes == TRAMP_SSIZE))
        return NULL;
    (void)va_arg(outputs->list, void *);
    return format + 1;
}
