#include "methods.h"
#include <stdexcept>

static PyObject *inner(PyObject *, PyObject *)
{
    throw std::invalid_argument("from the library");
}

static PyMethodDef methods[] = {{"inner", inner, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

PyMethodDef *shared_methods(void)
{
    return methods;
}
