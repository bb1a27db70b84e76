/* Calls in a loop, timed in C: a loop in Python costs ten times what is to be seen.
 *
 * Under callgrind, zero() forgets what was counted so far and dump(label) writes it out; elsewhere both do nothing. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <time.h>

#if defined(__has_include)
#  if __has_include(<valgrind/callgrind.h>)
#    include <valgrind/callgrind.h>
#    define HAVE_CALLGRIND 1
#  endif
#endif
#ifndef HAVE_CALLGRIND
#  define HAVE_CALLGRIND 0
#  define CALLGRIND_ZERO_STATS
#  define CALLGRIND_DUMP_STATS_AT(label) (void)(label)
#endif

/* The time of this thread alone: what others do on the machine is not in it, as far as they do not wear out the caches. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* call(count, function, kwnames or None, *arguments): nanoseconds */
static PyObject *loop_call(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    Py_ssize_t count, i, named;
    PyObject *names;
    double start;
    (void)self;
    if (given < 3) {
        PyErr_SetString(PyExc_TypeError, "call(count, function, kwnames, *arguments)");
        return NULL;
    }
    count = PyLong_AsSsize_t(args[0]);
    names = args[2] == Py_None ? NULL : args[2];
    named = names ? PyTuple_GET_SIZE(names) : 0;
    start = now();
    for (i = 0; i < count; i++) {
        PyObject *result = PyObject_Vectorcall(args[1], args + 3, (size_t)(given - 3 - named), names);
        if (result == NULL)
            return NULL;
        Py_DECREF(result);
    }
    return PyFloat_FromDouble(now() - start);
}

/* get(count, object, name): nanoseconds */
static PyObject *loop_get(PyObject *self, PyObject *args)
{
    PyObject *object, *name;
    Py_ssize_t count, i;
    double start;
    (void)self;
    if (!PyArg_ParseTuple(args, "nOU", &count, &object, &name))
        return NULL;
    start = now();
    for (i = 0; i < count; i++) {
        PyObject *result = PyObject_GetAttr(object, name);
        if (result == NULL)
            return NULL;
        Py_DECREF(result);
    }
    return PyFloat_FromDouble(now() - start);
}

/* set(count, object, name, value): nanoseconds */
static PyObject *loop_set(PyObject *self, PyObject *args)
{
    PyObject *object, *name, *value;
    Py_ssize_t count, i;
    double start;
    (void)self;
    if (!PyArg_ParseTuple(args, "nOUO", &count, &object, &name, &value))
        return NULL;
    start = now();
    for (i = 0; i < count; i++) {
        if (PyObject_SetAttr(object, name, value) < 0)
            return NULL;
    }
    return PyFloat_FromDouble(now() - start);
}

static inline int let_go(PyObject *result)
{
    Py_XDECREF(result);
    return result ? 0 : -1;
}

static inline int add_once(PyObject *object)
{
    return let_go(PyNumber_Add(object, object));
}

static inline int length_once(PyObject *object)
{
    return PyObject_Size(object) < 0 ? -1 : 0;
}

static inline int next_once(PyObject *object)
{
    return let_go(PyIter_Next(object));
}

/* Always in line, so that a loop has a step in it and no call of one. */
static inline __attribute__((always_inline)) PyObject *timed(PyObject *args, int (*step)(PyObject *))
{
    PyObject *object;
    Py_ssize_t count, i;
    double start;
    if (!PyArg_ParseTuple(args, "nO", &count, &object))
        return NULL;
    start = now();
    for (i = 0; i < count; i++) {
        if (step(object) < 0)
            return NULL;
    }
    return PyFloat_FromDouble(now() - start);
}

/* add(count, object), length(count, object), next(count, iterator): nanoseconds */
static PyObject *loop_add(PyObject *self, PyObject *args)
{
    (void)self;
    return timed(args, add_once);
}

static PyObject *loop_length(PyObject *self, PyObject *args)
{
    (void)self;
    return timed(args, length_once);
}

static PyObject *loop_next(PyObject *self, PyObject *args)
{
    (void)self;
    return timed(args, next_once);
}

static PyObject *loop_zero(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    CALLGRIND_ZERO_STATS;
    Py_RETURN_NONE;
}

static PyObject *loop_dump(PyObject *self, PyObject *label)
{
    const char *text = PyUnicode_AsUTF8(label);
    (void)self;
    if (text == NULL)
        return NULL;
    CALLGRIND_DUMP_STATS_AT(text);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"call", (PyCFunction)(void (*)(void))loop_call, METH_FASTCALL, NULL},
    {"get", loop_get, METH_VARARGS, NULL},
    {"set", loop_set, METH_VARARGS, NULL},
    {"add", loop_add, METH_VARARGS, NULL},
    {"length", loop_length, METH_VARARGS, NULL},
    {"next", loop_next, METH_VARARGS, NULL},
    {"zero", loop_zero, METH_NOARGS, NULL},
    {"dump", loop_dump, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "loop", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_loop(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddIntConstant(module, "HAVE_CALLGRIND", HAVE_CALLGRIND) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
