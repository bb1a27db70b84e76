// Slots in C++: functions at file scope and in namespaces, members, private ones, templates, tables in functions, assignments.
#include <Python.h>
#include <stdexcept>

namespace {

struct Thing { PyObject_HEAD };

PyObject *shared(PyObject *, PyObject *) { throw std::invalid_argument("shared"); }
Py_ssize_t length(PyObject *) { throw std::length_error("length"); }
int fill(PyObject *, Py_buffer *, int) { throw std::bad_alloc(); }
void done(PyObject *, Py_buffer *) {}

PyNumberMethods number = {shared, shared, reinterpret_cast<binaryfunc>(&shared), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
PyMappingMethods mapping = {length, nullptr, nullptr};
PyBufferProcs buffer = {fill, done};

} // namespace

static PyObject *in_class_and_out(PyObject *) { throw std::out_of_range("out"); }
static int visit(PyObject *, visitproc, void *) { return 0; }

template <int N> static PyObject *numbered(PyObject *) { throw std::overflow_error(N == 1 ? "one" : "two"); }

class Holder {
public:
    static PyTypeObject type;
    static PyType_Slot slots[];

private:
    static PyObject *repr(PyObject *) { throw std::domain_error("repr"); }
    static PyObject *make(PyTypeObject *type_, PyObject *, PyObject *) { return type_->tp_alloc(type_, 0); }
    static PyObject *call(Thing *, PyObject *, PyObject *) noexcept(false) { throw 7; }
#if PY_VERSION_HEX >= 0x030A0000
    static PySendResult send(PyObject *, PyObject *, PyObject **) { throw std::runtime_error("send"); }
#endif
};

PyTypeObject Holder::type = {
    PyVarObject_HEAD_INIT(nullptr, 0)
    "case.Holder", sizeof(Thing), 0, nullptr,
    0, nullptr, nullptr, nullptr,
    repr, &number, nullptr, &mapping, nullptr,
    reinterpret_cast<ternaryfunc>(call),
    &in_class_and_out, nullptr, nullptr, &buffer, Py_TPFLAGS_DEFAULT, nullptr, nullptr, nullptr, nullptr, 0,
    numbered<1>, static_cast<iternextfunc>(numbered<2>),
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr, nullptr, Holder::make,
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr, nullptr,
#if PY_VERSION_HEX >= 0x030C0000
    0,
#endif
};

#define void_cast(x) reinterpret_cast<void *>(x)

PyType_Slot Holder::slots[] = {
    {Py_tp_repr, void_cast(Holder::repr)},
    {Py_tp_str, reinterpret_cast<void *>(in_class_and_out)},
    {Py_tp_traverse, reinterpret_cast<void *>(&visit)},
    {Py_nb_subtract, reinterpret_cast<void *>(shared)},
#if PY_VERSION_HEX >= 0x030A0000
    {Py_am_send, reinterpret_cast<void *>(Holder::send)},
#endif
    {0, nullptr},
};

static PyObject *assigned(PyObject *, PyObject *) { throw std::range_error("assigned"); }
static PyObject *get(PyObject *, PyObject *, PyObject *) { throw std::underflow_error("get"); }

static int add(PyObject *module, const char *name, PyObject *type)
{
    return type == nullptr ? -1 : PyModule_AddObject(module, name, type);
}

PyMODINIT_FUNC PyInit_case(void)
{
    static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, nullptr, nullptr, nullptr, nullptr, nullptr};
    static PyType_Spec spec = {"case.Made", static_cast<int>(sizeof(Thing)), 0, Py_TPFLAGS_DEFAULT, Holder::slots};
    PyTypeObject *type = &Holder::type;
    number.nb_and = assigned;
    type->tp_getattro = reinterpret_cast<binaryfunc>(assigned);
    Holder::type.tp_descr_get = get;
    PyObject *module = PyType_Ready(type) < 0 ? nullptr : PyModule_Create(&definition);
    if (module == nullptr)
        return nullptr;
    Py_INCREF(type);
    if (add(module, "Holder", reinterpret_cast<PyObject *>(type)) < 0 || add(module, "Made", PyType_FromSpec(&spec)) < 0)
        throw std::runtime_error("no module");
    return module;
}
