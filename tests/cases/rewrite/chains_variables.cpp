// Catch chains whose handlers use what their functions declare.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#define IGNORE(x) static_cast<void>(0)

namespace geo {
struct Lock {
    int held;
};
static Lock shared = {0};
} // namespace geo

static long checked(PyObject *value)
{
    const long number = PyLong_AsLong(value);
    if (number == -1 && PyErr_Occurred())
        throw std::invalid_argument("no number");
    if (number == 12)
        throw std::out_of_range("twelve");
    return number;
}

static PyObject *first(PyObject *, PyObject *value)
{
    geo::Lock &lock = geo::shared;
    lock.held++;
    try {
        PyObject *result = PyLong_FromLong(checked(value) + lock.held);
        lock.held--;
        return result;
    }
    catch (const std::out_of_range &error) {
        lock.held--;
        PyErr_Format(PyExc_IndexError, "%s: %R, %d", error.what(), value, lock.held);
        return nullptr;
    }
    catch (const std::invalid_argument &error) {
        lock.held--;
        PyErr_Format(PyExc_ValueError, "%s: %R, %d", error.what(), value, lock.held);
        return nullptr;
    }
}

static PyObject *second(PyObject *, PyObject *value)
{
    geo::Lock &lock = geo::shared;
    try {
        lock.held += 2;
        PyObject *result = PyLong_FromLong(checked(value) + lock.held);
        lock.held -= 2;
        return result;
    }
    catch (const std::out_of_range &e) {
        lock.held--;
        PyErr_Format(PyExc_IndexError, "%s: %R, %d", e.what(), value, lock.held);
        return nullptr;
    }
    catch (const std::invalid_argument &e) {
        lock.held--;
        PyErr_Format(PyExc_ValueError, "%s: %R, %d", e.what(), value, lock.held);
        return nullptr;
    }
}

static PyObject *third(PyObject *self, PyObject *value)
{
    PyObject *made = PyList_New(0), *result = nullptr;
    volatile int turns = 0;
    std::string text("third");
    const char *const *names = nullptr;
    if (!self || names)
        return nullptr;
    for (int i = 0; i < 3; i++) {
        try {
            turns = turns + 1;
            result = PyLong_FromLong(checked(value) + turns);
            break;
        }
        catch (const std::out_of_range &error) {
            IGNORE(self);
            IGNORE(names);
            text += error.what();
            PyErr_Clear();
            if (turns == 2)
                break;
        }
        catch (const std::invalid_argument &error) {
            text += error.what();
            result = PyUnicode_FromString(text.c_str());
            Py_CLEAR(made);
            PyErr_Clear();
            break;
        }
    }
    Py_XDECREF(made);
    return result ? result : PyUnicode_FromString(text.c_str());
}

static PyObject *fourth(PyObject *self, PyObject *value)
{
    int count = 0;
    volatile int turns = 0;
    const char *const *names = nullptr;
    PyObject *made = nullptr, *result = nullptr;
    std::string text = std::string("fourth");
    while (self && !names && ++count < 4) {
        try {
            made = PyTuple_New(count);
            result = PyLong_FromLong(checked(value) + count);
            break;
        }
        catch (const std::out_of_range &error) {
            IGNORE(self);
            IGNORE(names);
            text += error.what();
            PyErr_Clear();
            if (turns == 2)
                break;
        }
        catch (const std::invalid_argument &error) {
            text += error.what();
            result = PyUnicode_FromString(text.c_str());
            Py_CLEAR(made);
            PyErr_Clear();
            break;
        }
        Py_CLEAR(made);
    }
    Py_XDECREF(made);
    return result ? result : PyUnicode_FromString(text.c_str());
}

static void add(std::vector<std::pair<int, PyObject *>> &&items, const std::string &text, PyObject *value)
{
    static int calls;
    try {
        items.push_back(std::make_pair(static_cast<int>(checked(value)), value));
    }
    catch (const std::out_of_range &) {
        items.clear();
        PyErr_Format(PyExc_IndexError, "%s %d", text.c_str(), ++calls);
    }
    catch (const std::invalid_argument &) {
        items.resize(2);
        PyErr_Format(PyExc_KeyError, "%s %d", text.c_str(), ++calls);
    }
}

static void put(std::vector<std::pair<int, PyObject *>> &items, const std::string &text, PyObject *value)
{
    static int calls = 10;
    try {
        items.insert(items.begin(), std::make_pair(static_cast<int>(checked(value)), value));
    }
    catch (const std::out_of_range &) {
        items.clear();
        PyErr_Format(PyExc_IndexError, "%s %d", text.c_str(), ++calls);
    }
    catch (const std::invalid_argument &) {
        items.resize(2);
        PyErr_Format(PyExc_KeyError, "%s %d", text.c_str(), ++calls);
    }
}

static PyObject *fifth(PyObject *, PyObject *value)
{
    std::vector<std::pair<int, PyObject *>> items;
    put(items, "put", value);
    if (PyErr_Occurred())
        return nullptr;
    add(std::move(items), "add", value);
    return PyErr_Occurred() ? nullptr : PyLong_FromSize_t(items.size());
}

static PyObject *sixth(PyObject *self, PyObject *args)
{
    PyObject *value;
    int number = 0;
    if (!PyArg_ParseTuple(args, "O|i", &value, &number))
        return nullptr;
    try {
        return PyLong_FromLong(checked(value));
    }
    catch (const std::out_of_range &error) {
        PyErr_Format(PyExc_IndexError, "%s %d %d", error.what(), number, self == nullptr);
        throw;
    }
    catch (const std::invalid_argument &error) {
        PyErr_Format(PyExc_ValueError, "%s %d %d", error.what(), number, self == nullptr);
        throw std::runtime_error("thrown");
    }
}

static PyObject *seventh(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static const char *names[] = {"value", "k", nullptr};
    PyObject *value = Py_None;
    int number;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|Oi", const_cast<char **>(names), &value, &(number = 3)))
        return nullptr;
    try {
        return PyLong_FromLong(checked(value));
    }
    catch (const std::out_of_range &error) {
        PyErr_Format(PyExc_IndexError, "%s %d %d", error.what(), number, self == nullptr);
        throw;
    }
    catch (const std::invalid_argument &error) {
        PyErr_Format(PyExc_ValueError, "%s %d %d", error.what(), number, self == nullptr);
        throw std::runtime_error("thrown");
    }
}

static PyObject *guarded(PyObject *self, PyObject *args)
{
    try {
        return PyTuple_GET_SIZE(args) == 1 ? sixth(self, args) : seventh(self, args, nullptr);
    }
    catch (...) {
        return nullptr;
    }
}

static PyMethodDef methods[] = {
    {"first", first, METH_O, nullptr},
    {"second", second, METH_O, nullptr},
    {"third", third, METH_O, nullptr},
    {"fourth", fourth, METH_O, nullptr},
    {"fifth", fifth, METH_O, nullptr},
    {"guarded", guarded, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_case(void)
{
    return PyModule_Create(&definition);
}
