// Methods that go all ways through libtramp that take memory.  Rewritten before it is compiled.
#define Py_LIMITED_API 0x030A0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <exception>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>

struct Own {};

static PyObject *invalid(PyObject *, PyObject *) { throw std::invalid_argument("invalid"); }
static PyObject *no_memory(PyObject *, PyObject *) { throw std::bad_alloc(); }
static PyObject *own(PyObject *, PyObject *) { throw Own(); }
static PyObject *mapped(PyObject *, PyObject *) { throw std::domain_error("mapped"); }
static PyObject *missing(PyObject *, PyObject *)
{
    throw std::filesystem::filesystem_error("missing", "one", "two", std::make_error_code(std::errc::no_such_file_or_directory));
}

static PyObject *second_only(PyObject *, PyObject *)
{
    throw std::filesystem::filesystem_error("missing", "", "two", std::make_error_code(std::errc::no_such_file_or_directory));
}

static PyObject *nested(PyObject *, PyObject *)
{
    try {
        throw std::out_of_range("inner");
    } catch (const std::exception &) {
        std::throw_with_nested(std::runtime_error("outer"));
    }
}

static PyObject *pending(PyObject *, PyObject *)
{
    PyErr_SetString(PyExc_KeyError, "pending");
    throw std::runtime_error("thrown");
}

static PyObject *released(PyObject *, PyObject *)
{
    PyEval_SaveThread();
    throw std::invalid_argument("released");
}

static PyObject *numbers(PyObject *, PyObject *args)
{
    double a, b;
    int c = 3;
    if (!PyArg_ParseTuple(args, "dd|i", &a, &b, &c))
        return nullptr;
    return PyFloat_FromDouble(a + b + c);
}

static PyObject *texts(PyObject *, PyObject *args)
{
    const char *a, *b = "";
    Py_ssize_t length;
    PyObject *c;
    char *encoded = nullptr;
    if (!PyArg_ParseTuple(args, "s#sUes", &a, &length, &b, &c, "utf-8", &encoded))
        return nullptr;
    PyObject *made = PyUnicode_FromFormat("%s %s %U %s", a, b, c, encoded);
    PyMem_Free(encoded);
    return made;
}

static PyObject *keywords(PyObject *, PyObject *args, PyObject *kwargs)
{
    static const char *names[] = {"first", "second", "third", nullptr};
    int a, b = 2;
    PyObject *c = nullptr;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i|iO", const_cast<char **>(names), &a, &b, &c))
        return nullptr;
    return PyLong_FromLong(a + b);
}

// Called by others than a table: it keeps an entry that takes a tuple.
static PyObject *entered(PyObject *, PyObject *args)
{
    PyObject *a, *b = nullptr;
    if (!PyArg_UnpackTuple(args, "entered", 1, 30, &a, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b, &b,
                           &b, &b, &b, &b, &b, &b, &b, &b, &b, &b))
        return nullptr;
    return PyLong_FromLong(7);
}

static PyObject *enters(PyObject *self, PyObject *arg)
{
    PyObject *args = PySequence_Tuple(arg);
    PyObject *result = args ? entered(self, args) : nullptr;
    Py_XDECREF(args);
    return result;
}

static PyMethodDef methods[] = {
    {"invalid", invalid, METH_NOARGS, nullptr},
    {"no_memory", no_memory, METH_NOARGS, nullptr},
    {"own", own, METH_NOARGS, nullptr},
    {"mapped", mapped, METH_NOARGS, nullptr},
    {"missing", missing, METH_NOARGS, nullptr},
    {"second_only", second_only, METH_NOARGS, nullptr},
    {"nested", nested, METH_NOARGS, nullptr},
    {"pending", pending, METH_NOARGS, nullptr},
    {"released", released, METH_NOARGS, nullptr},
    {"numbers", numbers, METH_VARARGS, nullptr},
    {"texts", texts, METH_VARARGS, nullptr},
    {"keywords", (PyCFunction)(void (*)(void))keywords, METH_VARARGS | METH_KEYWORDS, nullptr},
    {"entered", entered, METH_VARARGS, nullptr},
    {"enters", enters, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_case() { return PyModule_Create(&definition); }
