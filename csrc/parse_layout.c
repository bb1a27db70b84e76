/* parse_layout.c: where this CPython keeps the values of floats, ints, strs and tuples.
 *
 * The limited API has functions that tell a value, and none that tells where it is; to read it costs a fraction of the call.  The places
 * have been the same for years, but are promised for no version.  So they are looked at, once in a process: objects of known value are
 * made, and everything has to be where it is expected, in all of them.  If one thing is not, nothing is known and the functions are asked.
 *
 * Concurrency.  Interpreters with locks of their own may come here at the same time: one looks, and others ask until it has published
 * what it has found.  Nothing of that is an object. */
#include "parse_plain.h"

struct tramp_layout tramp_layout;

/* The word behind an object's header, which is the length of what has one. */
static size_t word_of(PyObject *object)
{
    size_t word;

    memcpy(&word, (const char *)object + sizeof(PyObject), sizeof word);
    return word;
}

static bool check_float(double value)
{
    PyObject *object = PyFloat_FromDouble(value);
    bool right = object != NULL && memcmp((const char *)object + sizeof(PyObject), &value, sizeof value) == 0;

    Py_DecRef(object);
    return right;
}

/* An int of one digit: up to 3.11 behind a length with the sign of the int, since 3.12 behind a tag. */
static bool check_int(long value, bool tagged)
{
    PyObject *object = PyLong_FromLong(value);
    long found = 0;
    bool right = object != NULL && tramp_read_int(object, tagged, &found) && found == value;

    Py_DecRef(object);
    return right;
}

/* An int of more digits must not be taken for one of one digit. */
static bool check_long_int(long long value, bool tagged)
{
    PyObject *object = PyLong_FromLongLong(value);
    long found;
    bool right = object != NULL && !tramp_read_int(object, tagged, &found);

    Py_DecRef(object);
    return right;
}

static bool check_ints(bool tagged)
{
    static const long values[] = {0, 1, -1, 5, -5, 256, 257, -1000, 0x12345678, -0x12345678, 0x3fffffff, -0x3fffffff};
    static const long long longs[] = {
        0x40000000, -0x40000000, 0x7fffffff, -0x7fffffffLL - 1, 1LL << 45, 1LL << 60, -(1LL << 60), 0x7fffffffffffffff};

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (!check_int(values[i], tagged))
            return false;
    }
    for (size_t i = 0; i < sizeof longs / sizeof *longs; i++) {
        if (!check_long_int(longs[i], tagged))
            return false;
    }
    return true;
}

/* The state of a str: in three bits how wide its characters are, in one each whether they are in the object and whether it is ASCII. */
#define IN_OBJECT 8u
#define ASCII 16u

static bool check_state(const char *utf8, Py_ssize_t length, unsigned expected, unsigned shift)
{
    PyObject *text = PyUnicode_FromString(utf8);
    bool right = text != NULL && word_of(text) == (size_t)length && ((tramp_read_state(text) >> shift) & 31) == expected;

    Py_DecRef(text);
    return right;
}

static bool check_states(unsigned shift)
{
    return check_state("abc", 3, 1 | IN_OBJECT | ASCII, shift) && check_state("ab\xc3\xa9", 3, 1 | IN_OBJECT, shift) &&
        check_state("a\xe2\x82\xac", 2, 2 | IN_OBJECT, shift) && check_state("\xf0\x9f\x98\x80xyz", 4, 4 | IN_OBJECT, shift) &&
        check_state("such is life", 12, 1 | IN_OBJECT | ASCII, shift);
}

/* An ASCII str has its UTF-8 in the object; returns how far from its start, 0 if not. */
static unsigned text_data(void)
{
    static const char sample[] = "where is it";
    PyObject *text = PyUnicode_FromString(sample);
    Py_ssize_t size = 0;
    const char *utf8 = text == NULL ? NULL : PyUnicode_AsUTF8AndSize(text, &size);
    Py_ssize_t offset = utf8 == NULL ? 0 : utf8 - (const char *)text;

    if (offset < (Py_ssize_t)(TRAMP_TEXT_STATE + sizeof(unsigned)) || offset > 64 || size != sizeof sample - 1)
        offset = 0;
    Py_DecRef(text);
    return (unsigned)offset;
}

/* Before these bits stand those that say whether it is interned: two in every version up to 3.14.  That they get half of the word is tried
 * as well.  What is behind may be anything. */
static bool look_at_text(struct tramp_layout *found)
{
    unsigned shift = check_states(2) ? 2 : 16;

    found->text_data = text_data();
    found->text_bits = (IN_OBJECT | ASCII) << shift;
    return found->text_data != 0 && check_states(shift);
}

/* In a tuple that is there anyway: to make one could start a collection. */
static bool look_at_tuple(struct tramp_layout *found)
{
    PyObject *bases = PyObject_GetAttrString((PyObject *)&PyFloat_Type, "__mro__");
    PyObject *size = bases == NULL ? NULL : PyObject_GetAttrString((PyObject *)&PyTuple_Type, "__basicsize__");
    long offset = size == NULL ? 0 : PyLong_AsLong(size);
    bool right = offset >= (long)sizeof(PyVarObject) && offset <= 64 && PyTuple_Size(bases) == 2 && word_of(bases) == 2;

    found->tuple_items = right ? (unsigned)offset : 0;
    for (Py_ssize_t i = 0; right && i < 2; i++)
        right = tramp_read_item(bases, found->tuple_items, i) == PyTuple_GetItem(bases, i);
    Py_DecRef(size);
    Py_DecRef(bases);
    return right;
}

static bool look(struct tramp_layout *found)
{
    found->tagged = check_int(7, true);
    return check_float(1.5) && check_float(-2.5e300) && check_float(0.0) && check_ints(found->tagged) && look_at_text(found) &&
        look_at_tuple(found);
}

void tramp_look(void)
{
    struct tramp_layout found = {TRAMP_NOT_KNOWN, false, 0, 0, 0};
    int unasked = TRAMP_NOT_ASKED;
    PyObject *type, *value, *traceback;

    if (!__atomic_compare_exchange_n(&tramp_layout.state, &unasked, TRAMP_LOOKING, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
        return;
    PyErr_Fetch(&type, &value, &traceback);
    if (look(&found))
        found.state = TRAMP_KNOWN;
    else if (PyErr_Occurred() != NULL && PyErr_ExceptionMatches(PyExc_MemoryError)) /* another time */
        found.state = TRAMP_NOT_ASKED;
    PyErr_Restore(type, value, traceback);
    tramp_layout.tagged = found.tagged;
    tramp_layout.text_bits = found.text_bits;
    tramp_layout.text_data = found.text_data;
    tramp_layout.tuple_items = found.tuple_items;
    __atomic_store_n(&tramp_layout.state, found.state, __ATOMIC_RELEASE);
}
