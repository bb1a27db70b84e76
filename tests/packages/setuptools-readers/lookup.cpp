// Reads method tables at run time, and calls what stands there as its flags say: as the atom project does with those of list.
#include "lookup.h"
#include <cstring>

static const PyMethodDef *find(PyTypeObject *type, const char *name)
{
    for (const PyMethodDef *method = type->tp_methods; method != nullptr && method->ml_name != nullptr; method++) {
        if (std::strcmp(method->ml_name, name) == 0)
            return method;
    }
    PyErr_Format(PyExc_LookupError, "%s has no method %s", type->tp_name, name);
    return nullptr;
}

PyObject *call_by_table(PyTypeObject *type, const char *name, PyObject *self, PyObject *args)
{
    const PyMethodDef *method = find(type, name);
    if (method == nullptr)
        return nullptr;
    switch (method->ml_flags) {
    case METH_NOARGS:
        return method->ml_meth(self, nullptr);
    case METH_O:
        return method->ml_meth(self, PyTuple_GetItem(args, 0));
    case METH_VARARGS:
        return method->ml_meth(self, args);
    case METH_VARARGS | METH_KEYWORDS:
        return reinterpret_cast<PyCFunctionWithKeywords>(reinterpret_cast<void (*)()>(method->ml_meth))(self, args, nullptr);
    default:
        PyErr_Format(PyExc_SystemError, "%s has flags %d", name, method->ml_flags);
        return nullptr;
    }
}
