/* A module as most are: one type, one module, tables at the end. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define COUNTER_FLAGS (METH_VARARGS | METH_KEYWORDS)

typedef struct {
    PyObject_HEAD
    long value;
} Counter;

static PyTypeObject Counter_Type;

static PyObject *Counter_add(Counter *self, PyObject *args, PyObject *kwargs);

PyDoc_STRVAR(add_doc,
"add(amount=1)\n"
"--\n"
"\n"
"Add to the counter; {braces} and \"quotes\" are text.");

static PyObject *
Counter_add(Counter *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"amount", NULL};
    long amount = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|l:add", names, &amount)) {
        return NULL;
    }
    self->value += amount;
    Py_RETURN_NONE;
}

static PyObject *
Counter_reset(Counter *self, PyObject *Py_UNUSED(ignored))
{
    self->value = 0;
    Py_RETURN_NONE;
}

static PyObject *Counter_get_value(Counter *self, void *closure) { return PyLong_FromLong(self->value); }

static int
Counter_set_value(Counter *self, PyObject *value, void *closure)
{
    long number = PyLong_AsLong(value);
    if (number == -1 && PyErr_Occurred())
        return -1;
    self->value = number;
    return 0;
}

static PyMethodDef Counter_methods[] = {
    {"add", (PyCFunction)(void (*)(void))Counter_add, COUNTER_FLAGS, add_doc},
    {"reset", (PyCFunction)Counter_reset, METH_NOARGS,
     PyDoc_STR("reset()\n--\n\nBack to " "zero.")},
    {"__class_getitem__", (PyCFunction)Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL}  /* Sentinel */
};

static PyGetSetDef Counter_getset[] = {
    {"value", (getter)Counter_get_value, (setter)Counter_set_value, "the value", NULL},
    {"twice", (getter)Counter_get_value, NULL, NULL, (void *)2},
    {NULL}
};

static PyTypeObject Counter_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "counter.Counter",
    .tp_methods = Counter_methods,
    .tp_getset = Counter_getset,
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "counter", NULL, -1, NULL};

PyMODINIT_FUNC
PyInit_counter(void)
{
    return PyModule_Create(&module);
}
