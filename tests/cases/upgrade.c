/* Functions that the upgrade changes, and whatever may look at them. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *two(PyObject *self, PyObject *args)
{
    double a, b;
    if (!PyArg_ParseTuple(args, "dd:two", &a, &b)) {
        return NULL;
    }
    return Py_BuildValue("(Odd)", self ? (PyObject *)Py_TYPE(self) : Py_None, a, b);
}

static PyObject *keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"first", "second", "third", NULL};
    PyObject *first;
    int second = 2;
    const char *third = "three";
    Py_ssize_t size = -1;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|is#:keywords", names, &first, &second, &third, &size)) {
        return NULL;
    }
    return Py_BuildValue("(Oisn)", first, second, third, size);
}

static PyObject *unpack(PyObject *self, PyObject *args)
{
    PyObject *a, *b = Py_None;
    (void)self;
    if (!PyArg_UnpackTuple(args, "unpack", 1, 2, &a, &b)) {
        return NULL;
    }
    return Py_BuildValue("(OO)", a, b);
}

static PyObject *overloads(PyObject *self, PyObject *args)
{
    long number;
    const char *text;
    (void)self;
    if (PyArg_ParseTuple(args, "l", &number)) {
        return PyLong_FromLong(number);
    }
    PyErr_Clear();
    if (!PyArg_ParseTuple(args, "s", &text)) {
        return NULL;
    }
    return PyUnicode_FromString(text);
}

static PyObject *items(PyObject *self, PyObject *args)
{
    PyObject *sum = PyLong_FromLong(0);
    (void)self;
    for (Py_ssize_t i = 0; sum && i < PyTuple_GET_SIZE(args); i++) {
        PyObject *next = PyNumber_Add(sum, PyTuple_GET_ITEM(args, (i)));
        Py_DECREF(sum);
        sum = next;
    }
    return sum;
}

static PyObject *ignores(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(args)) { Py_RETURN_NONE; }

static PyObject *ignores_both(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self;
    (void)args;
    (void)kwargs;
    Py_RETURN_TRUE;
}

static PyMethodDef thing_methods[] = {
    {"two", two, METH_VARARGS, "two($self, a, b, /)\n--\n\nTwo of them."},
    {"keywords", (PyCFunction)(void (*)(void))keywords, METH_VARARGS | METH_KEYWORDS, "keywords($self, /, first, second=2)\n--\n\n"},
    {"of_class", two, METH_VARARGS | METH_CLASS, NULL},
    {"of_none", two, METH_VARARGS | METH_STATIC, NULL},
    {"__reduce__", ignores, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyType_Slot slots[] = {{Py_tp_methods, thing_methods}, {0, NULL}};
static PyType_Spec spec = {"case.Thing", (int)sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

static PyMethodDef methods[] = {
    {"two", two, METH_VARARGS, "two(a, b, /)\n--\n\nTwo of them."},
    {"keywords", (PyCFunction)(void (*)(void))keywords, METH_VARARGS | METH_KEYWORDS, "keywords(first, second=2)\n--\n\n"},
    {"unpack", unpack, METH_VARARGS, NULL},
    {"overloads", overloads, METH_VARARGS, NULL},
    {"items", items, METH_VARARGS, NULL},
    {"ignores", ignores, METH_VARARGS, NULL},
    {"ignores_both", (PyCFunction)(void (*)(void))ignores_both, METH_VARARGS | METH_KEYWORDS, NULL},
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
