/* All that a function may do with its arguments and still take a vector. */
#include <Python.h>
#include <assert.h>

#define UNUSED(x) do { (void)(x); } while (0)
#define WORDS words
#define FAMILY(kind) static PyObject *family_##kind(PyObject *value) { return PyObject_##kind(value); }
FAMILY(Repr)
FAMILY(Str)

typedef struct {
    PyObject_HEAD
    Py_ssize_t local; /* bears the name of a method */
} Thing;

static PyObject *whole(PyObject *args_of_nobody)
{
    return PyLong_FromLong(args_of_nobody != NULL);
}

static PyObject *item(PyObject *self, PyObject *args)
{
    Py_ssize_t index = PyTuple_Size(args) - 2;
    PyObject *found = PyTuple_GetItem(args, index);
    (void)self;
    Py_XINCREF(found);
    return found;
}

static PyObject *sizes(PyObject *self, PyObject *args)
{
    (void)self;
    return Py_BuildValue("(nnnnn)", PyTuple_GET_SIZE(args), PyTuple_Size(args), Py_SIZE(args), PySequence_Length(args), PyObject_Size(args));
}

static PyObject *is_there(PyObject *self, PyObject *args)
{
    int seen = 0;
    (void)self;
    assert(PyTuple_Check(args));
    if (!args) {
        return NULL;
    }
    if (args == NULL || NULL == args) {
        return NULL;
    }
    if (args != NULL && PyTuple_GET_SIZE(args) > 1) {
        seen |= 1;
    }
    if (args) {
        seen |= 2;
    }
    seen |= args && self == NULL ? 4 : 8;
    return Py_BuildValue("(in)", seen, args ? PyTuple_GET_SIZE(args) : -1);
}

static PyObject *discards(PyObject *self, PyObject *args, PyObject *kwargs)
{
    UNUSED(self);
    UNUSED(args);
    (void)kwargs, (void)self;
    Py_RETURN_NONE;
}

static PyObject *shadows(PyObject *self, PyObject *args)
{
    int count;
    PyObject *result = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "i:shadows", &count)) {
        return NULL;
    }
    if (count > 1) {
        PyObject *args = Py_BuildValue("(ii)", count, count);
        result = args == NULL ? NULL : PyObject_Repr(args);
        Py_XDECREF(args);
    }
    else {
        result = PyLong_FromLong(count);
    }
    for (int args = 0; args < 2; args++) {
        count += args;
    }
    return result;
}

/* Overloads, in conditions and in a loop. */
static PyObject *overloads(PyObject *self, PyObject *args)
{
    static const char *const formats[] = {"ll", "l"};
    long first = 0, second = -1;
    const char *text;
    (void)self;
    for (size_t i = 0; i < 2; i++) {
        if (PyArg_ParseTuple(args, formats[i], &first, &second)) {
            return Py_BuildValue("(ll)", first, second);
        }
        PyErr_Clear();
    }
    return PyArg_ParseTuple(args, PyTuple_GET_SIZE(args) == 1 ? "s" : "ss", &text, &text) ? PyUnicode_FromString(text) : NULL;
}

static PyObject *made_words(PyObject *self, PyObject *args, PyObject *kwargs)
{
    char buffer[3][2] = {"a", "b", ""};
    char *words[4];
    int a, b = -1;
    (void)self;
    for (int i = 0; i < 2; i++) {
        words[i] = buffer[i];
    }
    words[2] = NULL;
    return PyArg_ParseTupleAndKeywords(args, kwargs, "i|i:made_words", WORDS, &a, &b) ? Py_BuildValue("(ii)", a, b) : NULL;
}

/* Helpers. */
static int two_numbers(PyObject *args, const char *format, int *a, int *b);
static int two_numbers(PyObject *args, const char *format, int *a, int *b)
{
    return PyArg_ParseTuple(args, format, a, b);
}

static PyObject *combined(const char *format, int factor, PyObject *args)
{
    int a, b = 0;
    if (!two_numbers(args, format, &a, &b)) {
        return NULL;
    }
    return PyLong_FromLong(a + (long)factor * b);
}

static PyObject *plus(PyObject *self, PyObject *args)
{
    (void)self;
    return combined("ii:plus", 1, args);
}

static PyObject *minus(PyObject *self, PyObject *args)
{
    (void)self;
    return combined("i|i:minus", -1, /* the
        tuple */ args);
}

static PyObject *with_keywords(PyObject *self, PyObject *args, PyObject *kwargs, const char *format)
{
    static char *words[] = {"first", "second", NULL};
    PyObject *first, *second = Py_None;
    (void)self;
    return PyArg_ParseTupleAndKeywords(args, kwargs, format, words, &first, &second) ? PyTuple_Pack(2, first, second) : NULL;
}

static PyObject *helped(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return with_keywords(self, args, kwargs, "O|O:helped");
}

static PyObject *helped_without(PyObject *self, PyObject *args)
{
    return with_keywords(self, args, NULL, "O|O:helped_without");
}

/* One method calls another one. */
static PyObject *find(Thing *self, PyObject *args, PyObject *kwargs)
{
    static char *words[] = {"value", "start", NULL};
    int value, start = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i|i:find", words, &value, &start)) {
        return NULL;
    }
    return PyLong_FromLong(value < start ? -1 : value + (long)self->local);
}

static PyObject *index_of(Thing *self, PyObject *args, PyObject *kwargs)
{
    PyObject *found = find(self, args, kwargs);
    if (found != NULL && PyLong_AsLong(found) < 0) {
        Py_DECREF(found);
        return PyErr_Format(PyExc_ValueError, "%R not there", PyTuple_GET_ITEM(args, 0));
    }
    return found;
}

static PyObject *local(Thing *self, PyObject *args)
{
    int number;
    if (!PyArg_ParseTuple(args, "i:local", &number)) {
        return NULL;
    }
    return PyLong_FromSsize_t(number + self->local);
}

static PyObject *by_name(Thing *self, PyObject *Py_UNUSED(ignored))
{
    Py_ssize_t local = self->local + 1;
    return PyLong_FromSsize_t(local);
}

/* Methods that are called with a tuple as well, and so have two entries. */
static PyObject *called(Thing *self, PyObject *args, PyObject *kwargs)
{
    static char *words[] = {"a", "b", NULL};
    PyObject *a, *b = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:called", words, &a, &b)) {
        return NULL;
    }
    return Py_BuildValue("(nOO)", self->local, a, b);
}

static PyObject *calls(Thing *self, PyObject *args)
{
    PyObject *kwargs = Py_BuildValue("{s:i}", "b", 7), *result = NULL;
    PyObject *tuple = Py_BuildValue("(n)", PyTuple_GET_SIZE(args));
    if (kwargs != NULL && tuple != NULL) {
        PyObject *one = called(self, tuple, NULL), *two = called(self, tuple, kwargs), *three = called(self, args, NULL);
        if (three == NULL) {
            PyErr_Clear();
        }
        result = Py_BuildValue("(NNN)", one ? one : PyLong_FromLong(0), two ? two : PyLong_FromLong(0), three ? three : PyLong_FromLong(0));
    }
    Py_XDECREF(kwargs);
    Py_XDECREF(tuple);
    return result;
}

static PyMethodDef thing_methods[] = {
    {"find", (PyCFunction)(void (*)(void))find, METH_VARARGS | METH_KEYWORDS, NULL},
    {"index", (PyCFunction)(void (*)(void))index_of, METH_VARARGS | METH_KEYWORDS, NULL},
    {"local", (PyCFunction)(void (*)(void))local, METH_VARARGS, NULL},
    {"by_name", (PyCFunction)(void (*)(void))by_name, METH_NOARGS, NULL},
    {"called", (PyCFunction)(void (*)(void))called, METH_VARARGS | METH_KEYWORDS, NULL},
    {"calls", (PyCFunction)(void (*)(void))calls, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot slots[] = {{Py_tp_methods, thing_methods}, {0, NULL}};
static PyType_Spec spec = {"case.Thing", (int)sizeof(Thing), 0, Py_TPFLAGS_DEFAULT, slots};

static PyObject *texts(PyObject *self, PyObject *value)
{
    (void)self;
    return Py_BuildValue("(NNN)", family_Repr(value), family_Str(value), whole(value));
}

static PyMethodDef methods[] = {
    {"item", item, METH_VARARGS, NULL},
    {"sizes", sizes, METH_VARARGS, NULL},
    {"is_there", is_there, METH_VARARGS, NULL},
    {"discards", (PyCFunction)(void (*)(void))discards, METH_VARARGS | METH_KEYWORDS, NULL},
    {"shadows", shadows, METH_VARARGS, NULL},
    {"overloads", overloads, METH_VARARGS, NULL},
    {"again", overloads, METH_VARARGS, NULL},
    {"made_words", (PyCFunction)(void (*)(void))made_words, METH_VARARGS | METH_KEYWORDS, NULL},
    {"plus", plus, METH_VARARGS, NULL},
    {"minus", minus, METH_VARARGS, NULL},
    {"helped", (PyCFunction)(void (*)(void))helped, METH_VARARGS | METH_KEYWORDS, NULL},
    {"helped_without", helped_without, METH_VARARGS, NULL},
    {"texts", texts, METH_O, NULL},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *m = PyModule_Create(&module);
    PyObject *type = m ? PyType_FromSpec(&spec) : NULL;
    if (type == NULL || PyModule_AddObject(m, "Thing", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(m);
        return NULL;
    }
    return m;
}
