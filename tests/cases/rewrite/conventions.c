/* Every calling convention, in the spellings that tables use. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define KEYWORD_FLAGS (METH_VARARGS | METH_KEYWORDS)

static PyObject *
noargs(PyObject *self, PyObject *ignored)
{
    (void)self;
    return PyBool_FromLong(ignored == NULL);
}

/* As many are written, with a cast that -Wcast-function-type has something against, in the row. */
static PyObject *alone(PyObject *self) { (void)self; return PyLong_FromLong(1); }

static PyObject *one(PyObject *self, PyObject *arg) { (void)self; return Py_BuildValue("(O)", arg); }

static PyObject *varargs(PyObject *self, PyObject *args) { (void)self; Py_INCREF(args); return args; }

static PyObject *keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self;
    return Py_BuildValue("(OO)", args, kwargs ? kwargs : Py_None);
}

static PyObject *fastcall(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)self;
    return Py_BuildValue("(nO)", nargs, nargs ? args[nargs - 1] : Py_None);
}

static PyObject *fastcall_keywords(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    (void)self;
    return Py_BuildValue("(nOO)", nargs, kwnames ? kwnames : Py_None, nargs ? args[0] : Py_None);
}

static PyObject *fails(PyObject *self, PyObject *args)
{
    (void)self;
    PyErr_Format(PyExc_KeyError, "%R", args);
    return NULL;
}

static PyMethodDef methods[] = {
    {"noargs", noargs, METH_NOARGS, "bare"},
    {"alone", (PyCFunction)alone, METH_NOARGS, NULL},
    {"one", (PyCFunction)one, METH_O, PyDoc_STR("cast")},
    {"varargs", varargs, METH_VARARGS, NULL},
    {"varargs_number", varargs, 1, NULL},
    {"varargs_again", (PyCFunction)varargs, METH_VARARGS, NULL},
    { "keywords" , /* { a comment, with a brace */
      (PyCFunction)(void (*)(void))keywords,
      METH_VARARGS // why
        | METH_KEYWORDS, NULL },
    {"keywords_cast", (PyCFunction)keywords, METH_VARARGS | METH_KEYWORDS, NULL},
    {"keywords_macro", (PyCFunction)(void (*)(void))keywords, KEYWORD_FLAGS, NULL},
    {"fastcall", (PyCFunction)(void (*)(void))fastcall, METH_FASTCALL, NULL},
    {"fastcall_keywords", (PyCFunction)(void (*)(void)) fastcall_keywords, METH_FASTCALL | METH_KEYWORDS, NULL},
    {.ml_name = "designated", .ml_meth = varargs, .ml_flags = METH_VARARGS, .ml_doc = NULL},
    {"concat" "enated\x41\n\"", varargs, METH_VARARGS, NULL},
    {"fails", fails, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
