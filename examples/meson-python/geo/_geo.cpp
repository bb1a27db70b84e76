// A module without one `try`: what C++ throws arrives in Python by way of tramp-build.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace geo {

struct ParseError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct MissingComma : ParseError {
    MissingComma() : ParseError("no comma between the coordinates") {}
};

struct NotFound : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::pair<double, double> parse(const std::string &text)
{
    const auto comma = text.find(',');
    if (comma == std::string::npos) {
        throw MissingComma();
    }
    return {std::stod(text.substr(0, comma)), std::stod(text.substr(comma + 1))};
}

const std::map<std::string, std::pair<double, double>> places = {{"Graz", {47.07, 15.44}}, {"Lviv", {49.84, 24.03}}};

const std::pair<double, double> &find(const std::string &name)
{
    const auto place = places.find(name);
    if (place == places.end()) {
        throw NotFound("no place called " + name);
    }
    return place->second;
}

}

namespace {

PyObject *geo_parse(PyObject *, PyObject *args)
{
    const char *text;
    if (!PyArg_ParseTuple(args, "s:parse", &text)) {
        return nullptr;
    }
    const auto place = geo::parse(text);
    return Py_BuildValue("(dd)", place.first, place.second);
}

PyObject *geo_find(PyObject *, PyObject *args, PyObject *kwargs)
{
    static const char *keywords[] = {"name", nullptr};
    const char *name;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s:find", const_cast<char **>(keywords), &name)) {
        return nullptr;
    }
    const auto &place = geo::find(name);
    return Py_BuildValue("(dd)", place.first, place.second);
}

PyMethodDef methods[] = {
    {"parse", geo_parse, METH_VARARGS, "parse(text)\n--\n\nRead 'latitude,longitude'."},
    {"find", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(geo_find)), METH_VARARGS | METH_KEYWORDS,
     "find(name)\n--\n\nReturn the coordinates of a place."},
    {nullptr, nullptr, 0, nullptr},
};

struct Place {
    PyObject_HEAD
    std::string *text;
};

PyObject *place_new(PyTypeObject *type, PyObject *args, PyObject *)
{
    const char *text;
    if (!PyArg_ParseTuple(args, "s:Place", &text)) {
        return nullptr;
    }
    auto *self = reinterpret_cast<Place *>(PyType_GenericAlloc(type, 0));
    if (self) {
        self->text = new (std::nothrow) std::string(text);
    }
    return reinterpret_cast<PyObject *>(self);
}

void place_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    delete reinterpret_cast<Place *>(self)->text;
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject *place_latitude(PyObject *self, void *)
{
    return PyFloat_FromDouble(geo::parse(*reinterpret_cast<Place *>(self)->text).first);
}

PyGetSetDef place_getset[] = {
    {"latitude", place_latitude, nullptr, "Degrees north.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot place_slots[] = {
    {Py_tp_new, reinterpret_cast<void *>(place_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(place_dealloc)},
    {Py_tp_getset, place_getset},
    {0, nullptr},
};

PyType_Spec place_spec = {"geo.Place", sizeof(Place), 0, Py_TPFLAGS_DEFAULT, place_slots};

PyModuleDef module = {PyModuleDef_HEAD_INIT, "geo._geo", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}

PyMODINIT_FUNC PyInit__geo()
{
    PyObject *m = PyModule_Create(&module);
    PyObject *type = m ? PyType_FromSpec(&place_spec) : nullptr;
    if (!type || PyModule_AddObject(m, "Place", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(m);
        return nullptr;
    }
    return m;
}
