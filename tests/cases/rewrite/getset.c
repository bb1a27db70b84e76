/* Getset rows with every closure that occurs, and none. */
#include <Python.h>

typedef struct { PyObject_HEAD long value; } Thing;

static int extra;

static PyObject *get_value(Thing *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(self->value);
}

static int set_value(Thing *self, PyObject *value, void *closure)
{
    (void)closure;
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "no delete");
        return -1;
    }
    self->value = PyLong_AsLong(value);
    return self->value == -1 && PyErr_Occurred() ? -1 : 0;
}

static PyObject *get_text(PyObject *self, void *closure) { (void)self; return PyUnicode_FromString(closure ? (const char *)closure : "none"); }
static PyObject *get_number(PyObject *self, void *closure) { (void)self; return PyLong_FromSsize_t((Py_ssize_t)closure); }
static PyObject *get_extra(PyObject *self, void *closure) { (void)self; return PyBool_FromLong(closure == &extra); }

/* As many are written, with a cast that -Wcast-function-type has something against, in its own line. */
static PyObject *get_alone(PyObject *self) { (void)self; return PyLong_FromLong(1); }

static PyGetSetDef getset[] = {
    {"alone", (getter)get_alone,
     NULL, NULL, NULL},
    {"value", (getter)get_value, (setter)set_value, "doc", NULL},
    {"read_only", (getter)get_value, NULL, NULL, NULL},
    {"write_only", NULL, (setter)set_value, NULL, NULL},
    {"text", get_text, NULL, NULL, (void *)"a \"closure\", with a comma"},
    {"no_closure", get_text, NULL, NULL},
    {"short_row", get_text, },
    {"number", get_number, NULL, NULL, (void *)42},
    {"extra", get_extra, NULL, NULL, &extra},
    {.name = "designated", .get = get_number, .closure = (void *)7},
    {.name = "bare", .get = get_text},
#ifdef NEVER
    {"never", get_never, NULL, NULL, NULL},
#else
    {"otherwise", get_text, NULL, NULL, NULL},
#endif
    {NULL, NULL, NULL, NULL, NULL}
};

static PyType_Slot slots[] = {{Py_tp_getset, getset}, {0, NULL}};
static PyType_Spec spec = {"case.Thing", sizeof(Thing), 0, Py_TPFLAGS_DEFAULT, slots};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, NULL, NULL, NULL, NULL, NULL};

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
