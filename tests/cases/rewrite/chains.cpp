// Catch chains that functions have in common, with every way out of a handler.
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
    if (number == 1)
        throw std::runtime_error("one");
    return number;
}

static PyObject *first(PyObject *, PyObject *value)
{
    try {
        return PyLong_FromLong(checked(value));
    }
    catch (const std::out_of_range &error) {
        PyErr_SetString(PyExc_IndexError, error.what());
    }
    catch (const std::invalid_argument &error) {
        if (PyErr_Occurred())
            return nullptr;
        PyErr_SetString(PyExc_ValueError, error.what());
    }
    catch (const std::exception &error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    catch (...) {
        PyErr_SetString(PyExc_SystemError, "unknown");
    }
    return nullptr;
}

static PyObject *second(PyObject *, PyObject *value)
{
    std::string text = "text";
    try {
        text += std::to_string(checked(value));
    } catch (const std::out_of_range &e) { // at the end of a line
        PyErr_SetString(PyExc_IndexError, e.what());
    } catch (const std::invalid_argument &e) {
        if (PyErr_Occurred()) return nullptr;
        PyErr_SetString(PyExc_ValueError, e.what());
    } catch (const std::exception &e) {
        PyErr_SetString(PyExc_RuntimeError, e.what());
    } catch (...) {
        PyErr_SetString(PyExc_SystemError, "unknown");
    }
    return PyErr_Occurred() ? nullptr : PyUnicode_FromString(text.c_str());
}

static PyObject *third(PyObject *, PyObject *value)
{
    long sum = 0;
    for (int i = 0; i < 3; i++) {
        try {
            sum += checked(value);
        }
        catch (const std::out_of_range &error) {
            PyErr_SetString(PyExc_IndexError, error.what());
            break;
        }
        catch (const std::invalid_argument &) {
            PyErr_Clear();
            continue;
        }
        catch (const std::runtime_error &error) {
            PyErr_SetString(PyExc_RuntimeError, error.what());
            goto failed;
        }
    }
    return PyErr_Occurred() ? nullptr : PyLong_FromLong(sum);
failed:
    return nullptr;
}

static PyObject *fourth(PyObject *, PyObject *value)
{
    for (;;) {
        try {
            return PyLong_FromLong(checked(value));
        }
        catch (const std::out_of_range &error) {
            PyErr_SetString(PyExc_IndexError, error.what());
            break;
        }
        catch (const std::invalid_argument &) {
            PyErr_Clear();
            return PyLong_FromLong(-7);
        }
        catch (const std::runtime_error &error) {
            PyErr_SetString(PyExc_RuntimeError, error.what());
            return nullptr;
        }
    }
    return nullptr;
}

namespace inside {
static PyObject *method(PyObject *, PyObject *value)
{
    try {
        return PyLong_FromLong(checked(value));
    }
    catch (const std::out_of_range &error) { PyErr_SetString(PyExc_IndexError, error.what()); return nullptr; }
    catch (const std::invalid_argument &error) { PyErr_SetString(PyExc_ValueError, error.what()); return nullptr; }
    catch (const std::runtime_error &error) { PyErr_SetString(PyExc_RuntimeError, error.what()); return nullptr; }
    catch (const std::exception &error) { PyErr_SetString(PyExc_RuntimeError, error.what()); return nullptr; }
}

static PyObject *also(PyObject *self, PyObject *value)
{
    try {
        return method(self, PyLong_Check(value) ? value : nullptr);
    }
    catch (const std::out_of_range &e) { PyErr_SetString(PyExc_IndexError, e.what()); return nullptr; }
    catch (const std::invalid_argument &e) { PyErr_SetString(PyExc_ValueError, e.what()); return nullptr; }
    catch (const std::runtime_error &e) { PyErr_SetString(PyExc_RuntimeError, e.what()); return nullptr; }
    catch (const std::exception &e) { PyErr_SetString(PyExc_RuntimeError, e.what()); return nullptr; }
}
} // namespace inside

static PyMethodDef methods[] = {
    {"first", first, METH_O, nullptr},
    {"second", second, METH_O, nullptr},
    {"third", third, METH_O, nullptr},
    {"fourth", fourth, METH_O, nullptr},
    {"fifth", inside::method, METH_O, nullptr},
    {"sixth", inside::also, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_case(void)
{
    return PyModule_Create(&definition);
}
