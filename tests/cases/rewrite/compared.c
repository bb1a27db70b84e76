/* Functions that are compared with what slots hold: slot and comparison get the same stub. */
#include <Python.h>

#define IS_FORWARD(other, slot, f) (Py_TYPE(other)->tp_as_number && (void (*)(void))Py_TYPE(other)->tp_as_number->slot == (void (*)(void))(f))

static int deallocated;
static PyObject *number_repr(PyObject *self);
static PyObject *add(PyObject *a, PyObject *b);
static unaryfunc listed[] = {number_repr, &number_repr};

static void dealloc(PyObject *self)
{
    deallocated += Py_TYPE(self)->tp_dealloc == dealloc ? 1 : 100;
    Py_TYPE(self)->tp_free(self);
}

static PyObject *add(PyObject *a, PyObject *b)
{
    return PyLong_FromLong((IS_FORWARD(a, nb_add, add) ? 10 : 0) + (IS_FORWARD(b, nb_add, add) ? 1 : 0));
}

static PyObject *number_repr(PyObject *self) { return PyUnicode_FromString(Py_TYPE(self)->tp_name); }

#ifdef CASE_OLD
static int inquire(PyObject *self) { return self == Py_None; }
#else
static int inquire(PyObject *self) { return self != Py_None; }
#endif

static PyNumberMethods number = {.nb_add = add, .nb_bool = inquire};

static PyTypeObject Number_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "case.Number",
    .tp_basicsize = sizeof(PyObject),
    .tp_dealloc = dealloc,
    .tp_repr = number_repr,
    .tp_as_number = &number,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_new = PyType_GenericNew,
};

static PyObject *same(PyObject *self, PyObject *ignored)
{
    const PyTypeObject *type = &Number_Type;
    int direct = (number_repr)(self) == NULL;
    (void)ignored;
    PyErr_Clear();
    return Py_BuildValue("iiiiii", deallocated, type->tp_repr == number_repr, type->tp_repr == &number_repr, type->tp_repr == listed[0],
                         listed[0] == listed[1], type->tp_as_number->nb_bool == inquire ? 1 : direct);
}

static PyMethodDef methods[] = {{"same", same, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);

PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *m = PyModule_Create(&module);
    if (m == NULL || PyType_Ready(&Number_Type) < 0 || PyModule_AddObject(m, "Number", (PyObject *)&Number_Type) < 0) {
        return NULL;
    }
    Py_INCREF(&Number_Type);
    return m;
}
