// Static members, private ones too, namespaces, templates, extern "C", overloads.
#include <Python.h>
#include <stdexcept>

namespace outer { namespace {

PyObject *in_namespace(PyObject *, PyObject *args) { Py_INCREF(args); return args; }

PyMethodDef namespaced[] = {
    {"in_namespace", in_namespace, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

} }

class Holder {
public:
    static PyMethodDef methods[];
    static PyObject *open(PyObject *, PyObject *arg) { throw std::out_of_range(PyUnicode_Check(arg) ? "text" : "other"); }

private:
    static PyObject *hidden(PyObject *, PyObject *) { throw std::invalid_argument("hidden"); }
    static PyObject *keywords(PyObject *, PyObject *args, PyObject *kwargs)
    {
        return Py_BuildValue("(OO)", args, kwargs ? kwargs : Py_None);
    }
};

#ifdef CASE_TUPLE
#define CASE_ONE METH_VARARGS
#else
#define CASE_ONE METH_O
#endif
PyMethodDef Holder::methods[] = {
    {"open", Holder::open, CASE_ONE, nullptr},
    {"hidden", reinterpret_cast<PyCFunction>(Holder::hidden), METH_NOARGS, nullptr},
    {"member_keywords", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&Holder::keywords)), METH_VARARGS | METH_KEYWORDS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

template <int N> static PyObject *number(PyObject *, PyObject *) { return PyLong_FromLong(N); }

extern "C" {
static PyObject *c_linkage(PyObject *, PyObject *) { throw 7; }
}

static PyObject *overloaded(PyObject *, PyObject *args) { Py_INCREF(args); return args; }
int overloaded(int value);
int overloaded(int value) { return value; }

static PyMethodDef methods[] = {
    {"seven", number<7>, METH_NOARGS, nullptr},
    {"c_linkage", c_linkage, METH_NOARGS, nullptr},
    {"overloaded", overloaded, METH_VARARGS, nullptr},
#if defined(NEVER)
    {"never", never, METH_VARARGS, nullptr},
#else
    {"otherwise", overloaded, METH_VARARGS, nullptr},
#endif
    {nullptr, nullptr, 0, nullptr},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_case(void)
{
    static PyMethodDef local[] = {{"local", overloaded, METH_VARARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
    PyObject *m = PyModule_Create(&module);
    if (m && (PyModule_AddFunctions(m, outer::namespaced) < 0 || PyModule_AddFunctions(m, Holder::methods) < 0 || PyModule_AddFunctions(m, local) < 0)) {
        return nullptr;
    }
    return m;
}
