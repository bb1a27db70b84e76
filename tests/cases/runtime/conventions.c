// A type with a method of every convention and an attribute; C and C++.  `failing` makes all of them fail, in the language's own way.
#include <string.h>

#ifdef __cplusplus
#  include <stdexcept>
#  define FAIL(value) throw std::invalid_argument("thrown")
#  define TRAMP(name) tramp_cxx_##name
#else
#  define FAIL(value) return PyErr_SetString(PyExc_ValueError, "returned"), value
#  define TRAMP(name) tramp_##name
#endif

static int failing;
static PyObject *stored;

static PyObject *new_reference(PyObject *object)
{
    Py_IncRef(object != NULL ? object : Py_None);
    return object != NULL ? object : Py_None;
}

static PyObject *array(PyObject *const *args, Py_ssize_t n)
{
    PyObject *list = PyList_New(n);
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_IncRef(args[i]);
        PyList_SetItem(list, i, args[i]);
    }
    return list;
}

static PyObject *noargs(PyObject *self, PyObject *ignored)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sOi", "noargs", self, ignored == NULL);
}

static PyObject *o(PyObject *self, PyObject *arg)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sOO", "o", self, arg);
}

static PyObject *varargs(PyObject *self, PyObject *args)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sNO", "varargs", new_reference(self), args); // without a self in a static method
}

static PyObject *keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sOON", "keywords", self, args, new_reference(kwargs));
}

static PyObject *fastcall(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sON", "fastcall", self, array(args, n));
}

static PyObject *fastcall_keywords(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sONN", "fastcall_keywords", self, array(args, n + (names != NULL ? PyTuple_Size(names) : 0)), new_reference(names));
}

static PyObject *method(PyObject *self, PyTypeObject *cls, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sOONN", "method", self, cls, array(args, n + (names != NULL ? PyTuple_Size(names) : 0)), new_reference(names));
}

static PyObject *get(PyObject *self, void *closure)
{
    if (failing) FAIL(NULL);
    return Py_BuildValue("sONs", "get", self, new_reference(stored), (const char *)closure);
}

static int set(PyObject *self, PyObject *value, void *closure)
{
    if (failing) FAIL(-1);
    Py_DecRef(stored);
    stored = Py_BuildValue("sONs", "set", self, new_reference(value), (const char *)closure);
    return 0;
}

static PyObject *fail(PyObject *self, PyObject *flag)
{
    (void)self;
    failing = PyObject_IsTrue(flag);
    return new_reference(NULL);
}

static PyObject *stub_noargs(PyObject *self, PyObject *args) { return TRAMP(noargs)(self, args, noargs, "noargs"); }
static PyObject *stub_o(PyObject *self, PyObject *arg) { return TRAMP(o)(self, arg, o, "o"); }
static PyObject *stub_varargs(PyObject *self, PyObject *args) { return TRAMP(varargs)(self, args, varargs, "varargs"); }
static PyObject *stub_keywords(PyObject *self, PyObject *args, PyObject *kwargs) { return TRAMP(keywords)(self, args, kwargs, keywords, "keywords"); }
static PyObject *stub_fastcall(PyObject *self, PyObject *const *args, Py_ssize_t n) { return TRAMP(fastcall)(self, args, n, fastcall, "fastcall"); }
static PyObject *stub_fastcall_keywords(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return TRAMP(fastcall_keywords)(self, args, n, names, fastcall_keywords, "fastcall_keywords");
}
static const struct tramp_method_def def_method = {method, "method"};
static PyObject *stub_method(PyObject *self, PyTypeObject *cls, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    return TRAMP(method)(self, cls, args, n, names, &def_method);
}
static struct tramp_getset row = {get, set, (void *)"closure", "attribute"};

#define FUNCTION(name) (PyCFunction)(void (*)(void))name
static PyMethodDef type_methods[] = {
    {"noargs", stub_noargs, METH_NOARGS, NULL},
    {"o", stub_o, METH_O, NULL},
    {"varargs", stub_varargs, METH_VARARGS, NULL},
    {"keywords", FUNCTION(stub_keywords), METH_VARARGS | METH_KEYWORDS, NULL},
    {"fastcall", FUNCTION(stub_fastcall), 0x80, NULL},
    {"fastcall_keywords", FUNCTION(stub_fastcall_keywords), 0x80 | METH_KEYWORDS, NULL},
    {"class_", stub_varargs, METH_VARARGS | METH_CLASS, NULL},
    {"static_", stub_varargs, METH_VARARGS | METH_STATIC, NULL},
    {"method", FUNCTION(stub_method), 0x280 | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef getset[] = {{"attribute", TRAMP(get), TRAMP(set), NULL, &row}, {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot type_slots[] = {{Py_tp_methods, type_methods}, {Py_tp_getset, getset}, {0, NULL}};
static PyType_Spec spec = {"conventions.Type", (int)sizeof(void *) * 2, 0, Py_TPFLAGS_DEFAULT, type_slots};

static int add_type(PyObject *module)
{
    // 3.8 does not know METH_METHOD.
    if (strncmp(Py_GetVersion(), "3.8.", 4) == 0)
        memset(&type_methods[sizeof type_methods / sizeof *type_methods - 2], 0, sizeof *type_methods);
    return PyModule_AddObject(module, "Type", PyType_FromSpec(&spec));
}
