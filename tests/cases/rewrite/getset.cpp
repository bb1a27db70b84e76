// Getters and setters in C++: free, static members, templates, closures.
#include <Python.h>
#include <stdexcept>
#include <system_error>

struct Thing {
    PyObject_HEAD
    long value;
};

static PyObject *get_value(Thing *self, void *) { return PyLong_FromLong(self->value); }

static int set_value(Thing *self, PyObject *value, void *)
{
    if (!value) {
        throw std::invalid_argument("no delete");
    }
    self->value = PyLong_AsLong(value);
    if (self->value == -1 && PyErr_Occurred()) {
        throw 1;
    }
    return 0;
}

static PyObject *get_text(PyObject *, void *closure) { return PyUnicode_FromString(closure ? static_cast<const char *>(closure) : "none"); }
static PyObject *get_throws(PyObject *, void *) { throw std::system_error(2, std::generic_category(), "gone"); }

class Members {
    static PyObject *get(PyObject *, void *) { throw std::out_of_range("member"); }
    static int set(PyObject *, PyObject *, void *) { throw std::overflow_error("member"); }
    template <int N> static PyObject *number(PyObject *, void *) { return PyLong_FromLong(N); }

public:
    static PyGetSetDef getset[];
};

static PyGetSetDef getset[] = {
    {"value", reinterpret_cast<getter>(get_value), reinterpret_cast<setter>(set_value), nullptr, nullptr},
    {"text", get_text, nullptr, nullptr, const_cast<char *>("closure")},
    {"short_row", get_text, nullptr, nullptr},
    {"throws", get_throws, nullptr, nullptr, nullptr},
#ifdef NEVER
    {"never", get_never, nullptr, nullptr, nullptr},
#else
    {"otherwise", get_text, nullptr, nullptr, nullptr},
#endif
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyGetSetDef Members::getset[] = {
    {"member", get, set, nullptr, nullptr},
    {"number", Members::number<3>, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

static PyType_Slot slots[] = {{Py_tp_getset, getset}, {0, nullptr}};
static PyType_Spec spec = {"case.Thing", sizeof(Thing), 0, Py_TPFLAGS_DEFAULT, slots};
static PyType_Slot member_slots[] = {{Py_tp_getset, Members::getset}, {0, nullptr}};
static PyType_Spec member_spec = {"case.MemberThing", sizeof(Thing), 0, Py_TPFLAGS_DEFAULT, member_slots};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, nullptr, nullptr, nullptr, nullptr, nullptr};

PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *m = PyModule_Create(&module);
    if (!m || PyModule_AddObject(m, "Thing", PyType_FromSpec(&spec)) < 0 || PyModule_AddObject(m, "MemberThing", PyType_FromSpec(&member_spec)) < 0) {
        return nullptr;
    }
    return m;
}
