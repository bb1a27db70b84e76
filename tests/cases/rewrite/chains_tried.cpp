// Catch chains around whole functions.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <new>
#include <stdexcept>
#include <string>

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
try {
    return PyLong_FromLong(checked(value));
}
catch (const std::out_of_range &error) {
    PyErr_SetString(PyExc_IndexError, error.what());
    return nullptr;
}
catch (const std::invalid_argument &error) {
    PyErr_SetString(PyExc_ValueError, error.what());
    return nullptr;
}

static PyObject *second(PyObject *, PyObject *value) try { // of another function
    const std::string text(static_cast<size_t>(checked(value)), 'x');
    return PyUnicode_FromString(text.c_str());
}
catch (const std::out_of_range &e) {
    PyErr_SetString(PyExc_IndexError, e.what());
    return nullptr;
}
catch (const std::invalid_argument &e) {
    PyErr_SetString(PyExc_ValueError, e.what());
    return nullptr;
}

static PyObject *third(PyObject *, PyObject *args)
try {
    PyObject *value;
    int number = 1;
    if (!PyArg_ParseTuple(args, "O|i", &value, &number))
        return nullptr;
    return PyLong_FromLong(checked(value) + number);
}
catch (const std::out_of_range &error) {
    PyErr_SetString(PyExc_KeyError, error.what());
    return nullptr;
}
catch (const std::invalid_argument &error) {
    PyErr_SetString(PyExc_KeyError, error.what());
    return nullptr;
}

static PyObject *fourth(PyObject *, PyObject *args)
try {
    PyObject *value;
    if (!PyArg_ParseTuple(args, "O", &value))
        return nullptr;
    return PyLong_FromLong(checked(value));
}
catch (const std::out_of_range &error) {
    PyErr_SetString(PyExc_KeyError, error.what());
    return nullptr;
}
catch (const std::invalid_argument &error) {
    PyErr_SetString(PyExc_KeyError, error.what());
    return nullptr;
}

static void add(std::string &text, PyObject *value)
try {
    text += std::to_string(checked(value));
}
catch (const std::out_of_range &) {
    text += " twelve";
}
catch (const std::invalid_argument &error) {
    PyErr_Format(PyExc_TypeError, "%s %s %R", text.c_str(), error.what(), value);
}

static void put(std::string &text, PyObject *value)
try {
    text = std::to_string(checked(value)) + text;
}
catch (const std::out_of_range &) {
    text += " twelve";
}
catch (const std::invalid_argument &error) {
    PyErr_Format(PyExc_TypeError, "%s %s %R", text.c_str(), error.what(), value);
}

static int count(PyObject *value) noexcept
try {
    return checked(value) > 1 ? 2 : 1;
}
catch (const std::out_of_range &) {
    return 12;
}
catch (...) {
    PyErr_Clear();
    return 0;
}

static int twice(PyObject *value) noexcept
try {
    return checked(value) > 2 ? 4 : 2;
}
catch (const std::out_of_range &) {
    return 12;
}
catch (...) {
    PyErr_Clear();
    return 0;
}

namespace {
struct Kept {
    std::string text;
    explicit Kept(PyObject *value);
};
} // namespace

Kept::Kept(PyObject *value)
try : text(std::to_string(checked(value))) {
    text += "!";
}
catch (const std::out_of_range &) {
    throw std::runtime_error("kept");
}

static PyObject *fifth(PyObject *, PyObject *value)
{
    std::string text = "fifth";
    add(text, value);
    if (!PyErr_Occurred())
        put(text, value);
    return PyErr_Occurred() ? nullptr : PyUnicode_FromString(text.c_str());
}

static PyObject *sixth(PyObject *, PyObject *value)
{
    return PyLong_FromLong(count(value) + twice(value));
}

static PyObject *seventh(PyObject *, PyObject *value)
{
    try {
        return PyUnicode_FromString(Kept(value).text.c_str());
    }
    catch (const std::exception &error) {
        PyErr_Clear();
        return PyUnicode_FromString(error.what());
    }
}

static PyMethodDef methods[] = {
    {"first", first, METH_O, nullptr},
    {"second", second, METH_O, nullptr},
    {"third", third, METH_VARARGS, nullptr},
    {"fourth", fourth, METH_VARARGS, nullptr},
    {"fifth", fifth, METH_O, nullptr},
    {"sixth", sixth, METH_O, nullptr},
    {"seventh", seventh, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_case(void)
{
    return PyModule_Create(&definition);
}
