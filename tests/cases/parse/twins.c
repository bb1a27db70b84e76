/* twins.c: the parser of CPython and that of libtramp on the same call, for tests that compare what both leave behind.
 *
 * prepare() says what the next calls are parsed by: a format, a keyword list, and one spec for each variable argument.  All of those are
 * pointers, so both parsers can always be called with as many as there is room for.  After a call take() returns the memory behind
 * them, byte for byte, and what the converters have seen. */
#define Py_LIMITED_API 0x03080000
#include <Python.h>

#include <string.h>

#include "tramp.h"
#ifdef COUNT_SLOW
#  include "parse_layout.h"
#endif

#define SLOTS 64
#define SLOT_SIZE 96
#define FILL 0xA5
#define FRAMES 128

/* In no header of every version. */
PyAPI_FUNC(int) _PyArg_ParseTuple_SizeT(PyObject *, const char *, ...);
PyAPI_FUNC(int) _PyArg_ParseTupleAndKeywords_SizeT(PyObject *, PyObject *, const char *, char **, ...);
/* Py_buffer, which the limited API has since 3.11 only. */
struct buffer {
    void *buf;
    PyObject *obj;
    Py_ssize_t len, itemsize;
    int readonly, ndim;
    char *format;
    Py_ssize_t *shape, *strides, *suboffsets;
    void *internal;
};
PyAPI_FUNC(void) PyBuffer_Release(struct buffer *);
#ifndef Py_CLEANUP_SUPPORTED
#  define Py_CLEANUP_SUPPORTED 0x20000
#endif
#ifndef METH_FASTCALL
#  define METH_FASTCALL 0x80
#endif

_Static_assert(sizeof(struct buffer) <= SLOT_SIZE, "a slot takes a Py_buffer");

/* The case: what prepare() was told. */
static struct {
    PyObject *owner; /* keeps the texts below alive */
    const char *format;
    char *keywords[FRAMES + 1];
    int has_keywords;
    int clean; /* PY_SSIZE_T_CLEAN */
    Py_ssize_t min, max;
    char kinds[SLOTS + 1];
    PyObject *values[SLOTS];
    void *pointers[SLOTS];
} now;

/* Of the formats that have functions of their own (shapes.h, made by parse_support.py): what they ask for, and those functions. */
typedef int parse_shape(PyObject *const *args, Py_ssize_t nargs);
typedef int parse_shape_keywords(PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
struct shape {
    const char *units;
    parse_shape *parse;
    parse_shape_keywords *parse_keywords;
};
static const struct shape *shape; /* the one of the case */
static int wants_shape = 1;
static long shape_calls;

static _Alignas(16) unsigned char area[SLOTS][SLOT_SIZE];
static char encoded[SLOTS][32]; /* what `es#` fills that was given a buffer */
static PyObject *seen, *hook, *snapshot;

static void see(const char *what, PyObject *object, Py_ssize_t slot)
{
    PyObject *entry = Py_BuildValue("(sOn)", what, object != NULL ? object : Py_NotImplemented, slot);

    if (entry == NULL || PyList_Append(seen, entry) < 0)
        Py_FatalError("no memory for the log");
    Py_DecRef(entry);
}

static Py_ssize_t slot_of(void *output)
{
    return ((unsigned char *)output - &area[0][0]) / SLOT_SIZE;
}

/* Converters, by number. */

static int store(PyObject *object, void *output)
{
    see("store", object, slot_of(output));
    *(PyObject **)output = object;
    return 1;
}

static int refuse(PyObject *object, void *output)
{
    see("refuse", object, slot_of(output));
    PyErr_SetString(PyExc_ValueError, "the converter refuses");
    return 0;
}

static int refuse_silently(PyObject *object, void *output)
{
    see("refuse silently", object, slot_of(output));
    return 0;
}

static int hold(PyObject *object, void *output)
{
    see("hold", object, slot_of(output));
    if (object == NULL) {
        Py_DecRef(*(PyObject **)output);
        *(PyObject **)output = NULL;
        return 1;
    }
    Py_IncRef(object);
    *(PyObject **)output = object;
    return Py_CLEANUP_SUPPORTED;
}

static int judge(PyObject *object, void *output)
{
    int truth = PyObject_IsTrue(object);

    see("judge", object, slot_of(output));
    *(int *)output = truth;
    return truth >= 0;
}

/* Runs whatever the test wants to run in the middle of a parse. */
static int ask(PyObject *object, void *output)
{
    PyObject *answer;
    int result;

    see("ask", object, slot_of(output));
    *(PyObject **)output = NULL;
    if (object == NULL)
        return 1;
    answer = PyObject_CallFunctionObjArgs(hook, object, NULL);
    if (answer == NULL)
        return 0;
    result = (int)PyLong_AsLong(answer);
    Py_DecRef(answer);
    return result;
}

#include "shapes.h"

static const struct shape *find_shape(void)
{
    size_t length = now.format != NULL ? strcspn(now.format, ":;") : 0;

    for (const struct shape *at = shapes; wants_shape && now.format != NULL && at->units != NULL; at++) {
        if (strlen(at->units) == length && memcmp(at->units, now.format, length) == 0)
            return at;
    }
    return NULL;
}

typedef int converter(PyObject *, void *);
static converter *const converters[] = {store, refuse, refuse_silently, hold, judge, ask, PyUnicode_FSConverter, PyUnicode_FSDecoder};

static void forget(void)
{
    PyList_SetSlice(seen, 0, PyList_Size(seen), NULL);
    Py_DecRef(snapshot);
    snapshot = NULL;
}

/* The memory as it is before a call. */
static void reset(void)
{
    memset(area, FILL, sizeof area);
    memset(encoded, 0, sizeof encoded);
    for (Py_ssize_t i = 0; now.kinds[i] != '\0'; i++) {
        if (now.kinds[i] == 'm' || now.kinds[i] == 'r')
            memset(area[i], 0, sizeof(void *));
        else if (now.kinds[i] == 'p')
            *(char **)area[i] = encoded[i];
        else if (now.kinds[i] == 'n')
            *(Py_ssize_t *)area[i] = (Py_ssize_t)PyLong_AsSsize_t(now.values[i]);
    }
    forget();
}

/* After a call: what differs from run to run by its address is replaced by its content, what is owned is released. */
static PyObject *finish(int result)
{
    PyObject *type, *value, *traceback;
    Py_ssize_t count = (Py_ssize_t)strlen(now.kinds);
    struct buffer buffers[SLOTS];

    PyErr_Fetch(&type, &value, &traceback);
    for (Py_ssize_t i = 0; i < count; i++) {
        void *pointer = *(void **)area[i];
        if (now.kinds[i] == 'm' && pointer != NULL) {
            /* On failure it is freed; CPython up to 3.9 leaves the address there. */
            PyObject *text = result ? PyBytes_FromString(pointer) : NULL;
            see("encoded", text, i);
            Py_DecRef(text);
            PyMem_Free(result ? pointer : NULL);
            memset(area[i], 1, sizeof pointer);
        }
        if (now.kinds[i] == 'r' && result && pointer != NULL) {
            see("reference", pointer, i);
            Py_DecRef(pointer);
            memset(area[i], 1, sizeof pointer);
        }
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        struct buffer *view = (struct buffer *)area[i];
        if (now.kinds[i] != 'b' || *(unsigned char *)&view->obj == FILL)
            continue;
        /* A bytearray that has been changed and changed back has moved. */
        if (result && view->buf != NULL) {
            PyObject *content = PyBytes_FromStringAndSize(view->buf, view->len);
            see("buffer", content, i);
            Py_DecRef(content);
        }
        /* Where a buffer is exported by Python code, the owner is a new object each time. */
        buffers[i] = *view;
        view->buf = NULL;
        view->obj = view->obj != NULL ? Py_None : NULL;
    }
    snapshot = Py_BuildValue("(NN)", PyBytes_FromStringAndSize((char *)area, count * SLOT_SIZE),
        PyBytes_FromStringAndSize((char *)encoded, count * (Py_ssize_t)sizeof encoded[0]));
    for (Py_ssize_t i = 0; i < count; i++) {
        if (now.kinds[i] != 'b' || !result || *(unsigned char *)&((struct buffer *)area[i])->obj == FILL)
            continue;
        PyBuffer_Release(&buffers[i]);
    }
    /* It happens: a warning that is an error, in CPython 3.8 and 3.9.  Python code must not go on with it. */
    if (result && type != NULL)
        see("success with an error set", NULL, 0);
    PyErr_Restore(type, value, traceback);
    if (!result || type != NULL)
        return NULL;
    Py_IncRef(Py_None);
    return Py_None;
}

#define P8(i) \
    now.pointers[i], now.pointers[i + 1], now.pointers[i + 2], now.pointers[i + 3], now.pointers[i + 4], now.pointers[i + 5], \
        now.pointers[i + 6], now.pointers[i + 7]
#define POINTERS P8(0), P8(8), P8(16), P8(24), P8(32), P8(40), P8(48), P8(56)

static PyObject *stock(PyObject *self, PyObject *args)
{
    (void)self;
    reset();
    return finish(now.clean ? _PyArg_ParseTuple_SizeT(args, now.format, POINTERS) : PyArg_ParseTuple(args, now.format, POINTERS));
}

static PyObject *fast(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)self;
    reset();
    if (shape != NULL && shape->parse != NULL) {
        shape_calls++;
        return finish(shape->parse(args, nargs));
    }
    return finish(now.clean ? tramp_parse_sizet(args, nargs, now.format, POINTERS) : tramp_parse(args, nargs, now.format, POINTERS));
}

static PyObject *stock_keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self;
    reset();
    return finish(now.clean ? _PyArg_ParseTupleAndKeywords_SizeT(args, kwargs, now.format, now.keywords, POINTERS)
                            : PyArg_ParseTupleAndKeywords(args, kwargs, now.format, now.keywords, POINTERS));
}

static PyObject *fast_keywords(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    (void)self;
    reset();
    if (shape != NULL && shape->parse_keywords != NULL) {
        shape_calls++;
        return finish(shape->parse_keywords(args, nargs, kwnames));
    }
    return finish(now.clean ? tramp_parse_keywords_sizet(args, nargs, kwnames, now.format, now.keywords, POINTERS)
                            : tramp_parse_keywords(args, nargs, kwnames, now.format, now.keywords, POINTERS));
}

static PyObject *stock_unpack(PyObject *self, PyObject *args)
{
    (void)self;
    reset();
    return finish(PyArg_UnpackTuple(args, now.format, now.min, now.max, POINTERS));
}

static PyObject *fast_unpack(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)self;
    reset();
    return finish(tramp_unpack(args, nargs, now.format, now.min, now.max, POINTERS));
}

/* call_stock(args, names or None, values): as CPython calls METH_VARARGS | METH_KEYWORDS functions for a vectorcall. */
static PyObject *call_stock(PyObject *self, PyObject *stuff)
{
    PyObject *args, *names, *values, *kwargs = NULL, *result = NULL;

    if (!PyArg_ParseTuple(stuff, "OOO", &args, &names, &values))
        return NULL;
    if (!now.has_keywords)
        return stock(self, args);
    if (names != Py_None && PyTuple_Size(names) > 0) {
        kwargs = PyDict_New();
        for (Py_ssize_t i = 0; i < PyTuple_Size(names); i++) {
            if (PyDict_SetItem(kwargs, PyTuple_GetItem(names, i), PyTuple_GetItem(values, i)) < 0)
                goto done;
        }
    }
    result = stock_keywords(self, args, kwargs);
done:
    Py_DecRef(kwargs);
    return result;
}

/* call_fast(args, names or None, values): a vectorcall with just these names, which no Python code could make. */
static PyObject *call_fast(PyObject *self, PyObject *stuff)
{
    PyObject *args, *names, *values, *result;
    PyObject **vector;
    Py_ssize_t nargs, count;

    if (!PyArg_ParseTuple(stuff, "OOO", &args, &names, &values))
        return NULL;
    nargs = PyTuple_Size(args);
    count = nargs + (names != Py_None ? PyTuple_Size(names) : 0);
    /* From the heap and of the exact size, so that AddressSanitizer sees each read behind it. */
    vector = count > 0 ? PyMem_Malloc((size_t)count * sizeof *vector) : NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        vector[i] = i < nargs ? PyTuple_GetItem(args, i) : PyTuple_GetItem(values, i - nargs);
    result = now.has_keywords ? fast_keywords(self, vector, nargs, names != Py_None ? names : NULL) : fast(self, vector, nargs);
    PyMem_Free(vector);
    return result;
}

/* prepare(owner, format, keywords or None, specs, clean, min, max); `specs` is a list of pairs (kind, value). */
static PyObject *prepare(PyObject *self, PyObject *args)
{
    PyObject *owner, *keywords, *specs;
    Py_ssize_t count;

    (void)self;
    if (!PyArg_ParseTuple(args, "OzOO!inn", &owner, &now.format, &keywords, &PyList_Type, &specs, &now.clean, &now.min, &now.max))
        return NULL;
    Py_IncRef(owner);
    Py_DecRef(now.owner);
    now.owner = owner;
    now.has_keywords = keywords != Py_None;
    count = now.has_keywords ? PyList_Size(keywords) : 0;
    for (Py_ssize_t i = 0; i < count; i++)
        now.keywords[i] = PyBytes_AsString(PyList_GetItem(keywords, i));
    now.keywords[count] = NULL;
    memset(now.kinds, 0, sizeof now.kinds);
    for (Py_ssize_t i = 0; i < SLOTS; i++)
        now.pointers[i] = area[i];
    for (Py_ssize_t i = 0; i < PyList_Size(specs); i++) {
        const char *kind;
        if (!PyArg_ParseTuple(PyList_GetItem(specs, i), "sO", &kind, &now.values[i]))
            return NULL;
        now.kinds[i] = *kind;
        if (*kind == 't')
            now.pointers[i] = now.values[i];
        else if (*kind == 'e')
            now.pointers[i] = now.values[i] == Py_None ? NULL : PyBytes_AsString(now.values[i]);
        else if (*kind == 'c')
            now.pointers[i] = (void *)converters[PyLong_AsLong(now.values[i])];
    }
    shape = find_shape();
    Py_IncRef(Py_None);
    return Py_None;
}

static PyObject *take(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    PyObject *result = Py_BuildValue("(ON)", snapshot != NULL ? snapshot : Py_None, PyList_GetSlice(seen, 0, PyList_Size(seen)));
    forget();
    return result;
}

static PyObject *set_hook(PyObject *self, PyObject *function)
{
    (void)self;
    Py_IncRef(function);
    Py_DecRef(hook);
    hook = function;
    Py_IncRef(Py_None);
    return Py_None;
}

/* Whether later cases go to the function of their format, if it has one; returns how many calls have done so. */
static PyObject *want_shape(PyObject *self, PyObject *flag)
{
    (void)self;
    wants_shape = PyObject_IsTrue(flag);
    return PyLong_FromLong(shape_calls);
}

/* The parser and nothing else, for tests in which memory runs out. */
static PyObject *bare(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    int result;

    (void)self;
    if (now.has_keywords)
        result = tramp_parse_keywords_sizet(args, nargs, kwnames, now.format, now.keywords, POINTERS);
    else
        result = tramp_parse_sizet(args, nargs, now.format, POINTERS);
    if (!result)
        return NULL;
    Py_IncRef(Py_None);
    return Py_None;
}

static PyObject *as_tuple(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)self;
    return tramp_args_tuple(nargs > 0 ? args : NULL, nargs);
}

/* With the parser in this module, and the linker's --wrap: how often it has called CPython's. */
static long slow_calls;

#ifdef COUNT_SLOW
#  include <stdarg.h>
#  define COUNTED(name, parameters, arguments) \
      int __real_##name parameters; \
      int __wrap_##name parameters; \
      int __wrap_##name parameters \
      { \
          slow_calls++; \
          return __real_##name arguments; \
      }
COUNTED(PyArg_VaParse, (PyObject * args, const char *format, va_list list), (args, format, list))
COUNTED(_PyArg_VaParse_SizeT, (PyObject * args, const char *format, va_list list), (args, format, list))
COUNTED(PyArg_VaParseTupleAndKeywords, (PyObject * args, PyObject *kwargs, const char *format, char **keywords, va_list list),
    (args, kwargs, format, keywords, list))
COUNTED(_PyArg_VaParseTupleAndKeywords_SizeT, (PyObject * args, PyObject *kwargs, const char *format, char **keywords, va_list list),
    (args, kwargs, format, keywords, list))
#endif

static PyObject *slow(PyObject *self, PyObject *ignored)
{
    long calls = slow_calls;

    (void)self;
    (void)ignored;
    slow_calls = 0;
    return PyLong_FromLong(calls);
}

/* With the parser in this module: blind(True) makes it ask for values where it would read them, blind(False) look where they are. */
#ifdef COUNT_SLOW
static PyObject *blind(PyObject *self, PyObject *flag)
{
    (void)self;
    tramp_layout.state = PyObject_IsTrue(flag) ? TRAMP_NOT_KNOWN : TRAMP_NOT_ASKED;
    Py_IncRef(Py_None);
    return Py_None;
}

static PyObject *is_known(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    return PyBool_FromLong(tramp_layout.state == TRAMP_KNOWN);
}
#endif

#define CAST(function) (PyCFunction)(void (*)(void))(function)
static PyMethodDef methods[] = {
    {"stock", stock, METH_VARARGS, NULL},
    {"fast", CAST(fast), METH_FASTCALL, NULL},
    {"stock_keywords", CAST(stock_keywords), METH_VARARGS | METH_KEYWORDS, NULL},
    {"fast_keywords", CAST(fast_keywords), METH_FASTCALL | METH_KEYWORDS, NULL},
    {"stock_unpack", stock_unpack, METH_VARARGS, NULL},
    {"fast_unpack", CAST(fast_unpack), METH_FASTCALL, NULL},
    {"call_stock", call_stock, METH_VARARGS, NULL},
    {"call_fast", call_fast, METH_VARARGS, NULL},
    {"prepare", prepare, METH_VARARGS, NULL},
    {"take", take, METH_NOARGS, NULL},
    {"set_hook", set_hook, METH_O, NULL},
    {"want_shape", want_shape, METH_O, NULL},
    {"bare", CAST(bare), METH_FASTCALL | METH_KEYWORDS, NULL},
    {"as_tuple", CAST(as_tuple), METH_FASTCALL, NULL},
    {"slow", slow, METH_NOARGS, NULL},
#ifdef COUNT_SLOW
    {"blind", blind, METH_O, NULL},
    {"is_known", is_known, METH_NOARGS, NULL},
#endif
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "twins", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_twins(void)
{
    seen = PyList_New(0);
    return PyModule_Create(&definition);
}
