/* Tables within functions, single definitions, tables that are not static. */
#include <Python.h>

static PyObject *first(PyObject *self, PyObject *args) { (void)self; Py_INCREF(args); return args; }

PyMethodDef case_methods[] = {
    {"first", first, METH_VARARGS, NULL},
    {0}
};

static PyMethodDef single = {"single", first, METH_VARARGS, "one that is not in an array"};

static PyObject *second(PyObject *self, PyObject *arg) { (void)self; return Py_BuildValue("(O)", arg); }

static int add(PyObject *module)
{
    static PyMethodDef local[] = {{"local_first", first, METH_VARARGS, NULL}, {"second", second, METH_O, NULL}, {NULL, NULL, 0, NULL}};
    if (PyModule_AddFunctions(module, local) < 0) {
        return -1;
    }
    PyObject *function = PyCFunction_New(&single, NULL);
    return function ? PyModule_AddObject(module, "single", function) : -1;
}

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, case_methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *m = PyModule_Create(&module);
    if (m && add(m) < 0) {
        Py_DECREF(m);
        return NULL;
    }
    return m;
}
