/* What the preprocessor does to real modules. */
#ifndef BRANCHES
#define BRANCHES

#ifdef __cplusplus
extern "C" {
#endif

#if PY_MAJOR_VERSION >= 3
#define INIT(name) PyMODINIT_FUNC PyInit_##name(void)
#else
#define INIT(name) void init##name(void)
#endif

static PyObject *first(PyObject *self, PyObject *args)
{
#ifdef FAST
    if (args == NULL) {
        return fast(self);
#else
    if (self != NULL) {
        return slow(self);
#endif
    }
    return NULL;
}

#ifdef FAST
static PyObject *second(PyObject *self, PyObject *const *args, Py_ssize_t nargs) {
    Py_ssize_t count = nargs;
#else
static PyObject *second(PyObject *self, PyObject *args) {
    Py_ssize_t count = PyTuple_GET_SIZE(args);
#endif
    return PyLong_FromSsize_t(count);
}

#if 0
static PyObject *gone(PyObject *self) {
    don't read this {{{
#endif

static PyObject *
#ifdef _WIN32
third_windows(PyObject *self)
#elif defined(__APPLE__)
third_mac(PyObject *self)
#else
third_linux(PyObject *self)
#endif
{
    return NULL;
}

static PyMethodDef methods[] = {
    {"first", first, METH_O, NULL},
#ifdef FAST
    {"second", (PyCFunction)second, METH_FASTCALL, NULL},
#else
    {"second", second, METH_VARARGS, NULL},
#endif
#if !defined(_WIN32) && !defined(__APPLE__)
    {"third", (PyCFunction)third_linux, METH_NOARGS, NULL},
#endif
    {"fourth",
#if PY_VERSION_HEX < 0x03090000
     (PyCFunction)old_fourth,
#else
     (PyCFunction)Py_GenericAlias,
#endif
     METH_O | METH_CLASS, NULL},
#if 0
    {"gone", gone, METH_NOARGS, NULL},
#endif
    {NULL, NULL, 0, NULL},
};

INIT(branches)
{
    return PyModule_Create(&module);
}

#ifdef __cplusplus
}
#endif

#endif
