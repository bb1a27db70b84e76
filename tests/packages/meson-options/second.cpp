#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cassert>
#include <stdexcept>

// As in the other file: static, and not the same.
static PyObject *look(PyObject *, PyObject *args, PyObject *kwargs)
{
    static const char *names[] = {"where", "at", nullptr};
    const char *where;
    Py_ssize_t at = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|n", const_cast<char **>(names), &where, &at))
        return nullptr;
    assert(at >= 0);
    if (at > 9)
        throw std::out_of_range(where);
    return PyLong_FromSsize_t(at);
}

extern PyMethodDef second_methods[];
PyMethodDef second_methods[] = {
    {"look", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(look)), METH_VARARGS | METH_KEYWORDS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
