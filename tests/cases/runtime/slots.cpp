// Every slot of signatures.def, each with a function that does what it is told to, behind a stub as the rewriter writes it.
//
// Compiled for one CPython (static types are not in the limited API); with PLAIN for libtramp, else for libtramp-cxx.
#include <Python.h>

#include <cstring>
#include <initializer_list>
#include <pthread.h>
#include <stdexcept>
#include <type_traits>
#include <utility>

#define TRAMP_ABI
#include "tramp.h"

#ifdef PLAIN
#define TRAMPOLINE(signature) tramp_##signature
#else
#define TRAMPOLINE(signature) tramp_cxx_##signature
#endif
#define EXPAND(...) __VA_ARGS__
// Of versions that came after those whose headers do not have them; not used there.
#ifndef Py_bf_getbuffer
#define Py_bf_getbuffer 1
#define Py_bf_releasebuffer 2
#endif
#ifndef Py_am_send
#define Py_am_send 81
#endif
#ifndef Py_tp_vectorcall
#define Py_tp_vectorcall 82
#endif

namespace {

struct Object {
    PyObject_HEAD
    PyObject *held; // for reference cycles
};

enum Mode { passes, fails, ends, throws, sets_and_throws, throws_detached, leaves };
Mode mode = passes;
char who[40];       // the slot that acts; all others pass
PyObject *answer;   // what functions return that return an object
PyObject *seen;     // a list for the arguments, or null
int calls = 0;      // of that one

PyObject *see(PyObject *object) { return object != nullptr ? Py_BuildValue("O", object) : Py_BuildValue("s", "NULL"); }
PyObject *see(PyTypeObject *type) { return Py_BuildValue("O", type); }
PyObject *see(PyModuleDef *) { return Py_BuildValue("s", "PyModuleDef"); }
PyObject *see(PyObject *const *vector) { return Py_BuildValue("O", vector[0]); }
PyObject *see(PyObject **) { return Py_BuildValue("s", "PyObject **"); }
PyObject *see(const char *text) { return Py_BuildValue("s", text); }
PyObject *see(void *) { return Py_BuildValue("s", "void *"); }
PyObject *see(visitproc) { return Py_BuildValue("s", "visitproc"); }
PyObject *see(int number) { return Py_BuildValue("i", number); }
PyObject *see(Py_ssize_t number) { return Py_BuildValue("n", number); }
PyObject *see(size_t number) { return PyLong_FromSize_t(number); }

template <typename... Args> void note(const char *name, Args... args)
{
    // An object that goes away can not be kept.
    if (seen == nullptr || std::strcmp(name, who) != 0 || std::strcmp(name, "tp_dealloc") == 0)
        return;
    PyObject *row = PyList_New(0);
    for (PyObject *item : {see(name), see(args)...}) {
        PyList_Append(row, item);
        Py_DECREF(item);
    }
    PyList_Append(seen, row);
    Py_DECREF(row);
}

template <typename Result> Result result(bool failed) { return Result(failed ? -1 : 0); }
template <> PyObject *result<PyObject *>(bool failed)
{
    if (!failed)
        Py_XINCREF(answer);
    return failed ? nullptr : answer;
}
template <> void result<void>(bool) {}

// What is to be done before the function does what it is there for, if anything.
void act(const char *name)
{
    if (std::strcmp(name, who) != 0)
        return;
    calls++;
    switch (mode) {
    case throws:
        throw std::invalid_argument(name);
    case sets_and_throws:
        PyErr_SetString(PyExc_KeyError, name);
        throw std::invalid_argument("thrown after");
    case throws_detached:
        PyEval_SaveThread();
        throw std::invalid_argument(name);
    case leaves:
        PyEval_SaveThread();
        pthread_exit(nullptr);
    case fails:
        PyErr_SetString(PyExc_KeyError, name);
        break;
    case ends:
    case passes:
        break;
    }
}

bool failing(const char *name) { return (mode == fails || mode == ends) && std::strcmp(name, who) == 0; }

// What some functions have to do in order that the test gets along.
int visit_all(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(reinterpret_cast<Object *>(self)->held);
    if (PyType_HasFeature(Py_TYPE(self), Py_TPFLAGS_HEAPTYPE))
        Py_VISIT(Py_TYPE(self));
    return 0;
}

int fill_view(PyObject *self, Py_buffer *view, int flags)
{
    static char bytes[] = "bytes";
    return PyBuffer_FillInfo(view, self, bytes, 5, 1, flags);
}

template <typename... Args> void duty(const char *, Args...) {}
void duty(const char *name, PyObject *self)
{
    if (std::strcmp(name, "tp_dealloc") == 0) {
        PyTypeObject *type = Py_TYPE(self);
        type->tp_free(self);
        if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE))
            Py_DECREF(type);
    }
    if (std::strcmp(name, "tp_clear") == 0)
        Py_CLEAR(reinterpret_cast<Object *>(self)->held);
}
void duty(const char *name, PyObject *self, visitproc visit, void *arg)
{
    if (std::strcmp(name, "tp_traverse") == 0)
        visit_all(self, visit, arg);
}

#define TRAMP_SLOT(signature, result_, implementation, parameters, arguments, rule, failure) \
    template <typename Tag> struct slot_##signature { \
        static result_ impl parameters \
        { \
            note(Tag::name(), EXPAND arguments); \
            duty(Tag::name(), EXPAND arguments); \
            act(Tag::name()); \
            return result<result_>(failing(Tag::name())); \
        } \
        static result_ stub parameters { return TRAMPOLINE(signature)(EXPAND arguments, impl, Tag::name()); } \
    };
#include "signatures.def"

// What has no trampoline has no stub.
template <typename Tag> struct slot_alone {
    static void stub() {}
};

#define TRAMP_MEMBER(struct_, member, signature, since, id_since) \
    struct tag_##member { \
        static const char *name() { return #member; } \
    };
#define TRAMP_ID(id, signature, since) \
    struct tag_##id { \
        static const char *name() { return #id; } \
    };
#include "signatures.def"

// Arguments for a call that does not come from CPython.
Py_buffer sample_view;
PyObject *sample_sent;
PyObject *sample_object;
PyObject *sample_vector[1];
PyObject *sample_arguments[4]; // behind `self`, told apart by their places
PyModuleDef sample_def;
char sample_text[] = "attribute";

template <typename T> struct sample;
template <> struct sample<PyObject *> { static PyObject *make(int place) { return place == 0 ? sample_object : sample_arguments[place]; } };
template <> struct sample<PyTypeObject *> { static PyTypeObject *make(int) { return Py_TYPE(sample_object); } };
template <> struct sample<PyModuleDef *> { static PyModuleDef *make(int) { return &sample_def; } };
template <> struct sample<PyObject *const *> { static PyObject *const *make(int) { return sample_vector; } };
template <> struct sample<PyObject **> { static PyObject **make(int) { return &sample_sent; } };
template <> struct sample<char *> { static char *make(int) { return sample_text; } };
template <> struct sample<void *> { static void *make(int) { return &sample_view; } };
template <> struct sample<int> { static int make(int) { return 7; } };
template <> struct sample<Py_ssize_t> { static Py_ssize_t make(int) { return 7; } };
template <> struct sample<size_t> { static size_t make(int) { return 1; } };
template <> struct sample<visitproc> { static visitproc make(int) { return [](PyObject *, void *) { return 0; }; } };

PyObject *shown(PyObject *object) { return object != nullptr ? object : Py_BuildValue("s", "NULL"); }
PyObject *shown(int number) { return Py_BuildValue("i", number); }
PyObject *shown(Py_ssize_t number) { return Py_BuildValue("n", number); }

template <typename Result, typename... Args, size_t... Places>
PyObject *call(Result (*stub)(Args...), std::index_sequence<Places...>)
{
    if constexpr (std::is_void<Result>::value) {
        stub(sample<Args>::make(Places)...);
        return Py_BuildValue("s", "");
    }
    else {
        return shown(stub(sample<Args>::make(Places)...));
    }
}
template <typename Result, typename... Args> PyObject *call(Result (*stub)(Args...))
{
    return call(stub, std::index_sequence_for<Args...>());
}

// Where the members of all structs are while a static type is made.
struct Parts {
    PyTypeObject *type;
    PyNumberMethods number;
    PySequenceMethods sequence;
    PyMappingMethods mapping;
    PyAsyncMethods async;
    PyBufferProcs buffer;
};
PyTypeObject *part(Parts *parts, PyTypeObject *) { return parts->type; }
PyNumberMethods *part(Parts *parts, PyNumberMethods *) { return &parts->number; }
PySequenceMethods *part(Parts *parts, PySequenceMethods *) { return &parts->sequence; }
PyMappingMethods *part(Parts *parts, PyMappingMethods *) { return &parts->mapping; }
PyAsyncMethods *part(Parts *parts, PyAsyncMethods *) { return &parts->async; }
PyBufferProcs *part(Parts *parts, PyBufferProcs *) { return &parts->buffer; }
PyModuleDef *part(Parts *, PyModuleDef *) { return nullptr; }

struct Row {
    const char *name;
    const char *full_name;
    int id;
    bool routed;
    void *stub;
    PyObject *(*call)();
    void (*set)(Parts *parts);
};

constexpr long version = PY_VERSION_HEX >> 16;
// No ids: they are there to be named only.
enum { Py_m_traverse, Py_m_clear, Py_m_free };

template <typename Struct, typename Set> void set_member(Parts *parts, Set set)
{
    if (Struct *there = part(parts, static_cast<Struct *>(nullptr)))
        set(there);
}
template <typename Stub> PyObject *call_stub(Stub stub) { return call(stub); }
PyObject *call_stub(void (*)()) { return nullptr; }

#define TRAMP_MEMBER(struct_, member, signature, since, id_since) \
    {#member, "slots." #member, version >= id_since && id_since != 0 ? Py_##member : 0, std::strcmp(#signature, "alone") != 0 && version >= since, \
        reinterpret_cast<void *>(slot_##signature<tag_##member>::stub), [] { return call_stub(slot_##signature<tag_##member>::stub); }, \
        [](Parts *parts) { \
            set_member<struct_>(parts, [](auto *there) { \
                if constexpr (version >= since) \
                    there->member = reinterpret_cast<decltype(there->member)>(slot_##signature<tag_##member>::stub); \
            }); \
        }},
#define TRAMP_ID(id, signature, since) \
    {#id, nullptr, 0, version >= since, nullptr, [] { return call_stub(slot_##signature<tag_##id>::stub); }, nullptr},
const Row rows[] = {
#include "signatures.def"
    {nullptr, nullptr, 0, false, nullptr, nullptr, nullptr},
};

const Row *find(const char *name)
{
    for (const Row *row = rows; row->name != nullptr; row++)
        if (std::strcmp(row->name, name) == 0 && row->routed)
            return row;
    PyErr_SetString(PyExc_LookupError, name);
    return nullptr;
}

unsigned long flags_for(const char *name)
{
    const bool cyclic = std::strcmp(name, "tp_traverse") == 0 || std::strcmp(name, "tp_clear") == 0;
    return Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | (cyclic ? Py_TPFLAGS_HAVE_GC : 0);
}

// static_type(member): a static type that has this one function of ours.
PyObject *static_type(PyObject *, PyObject *name)
{
    const Row *row = find(PyUnicode_AsUTF8(name));
    if (row == nullptr)
        return nullptr;
    static const PyTypeObject blank = {PyVarObject_HEAD_INIT(nullptr, 0)};
    Parts *parts = static_cast<Parts *>(PyMem_RawCalloc(1, sizeof(Parts)));
    parts->type = static_cast<PyTypeObject *>(PyMem_RawCalloc(1, sizeof(PyTypeObject)));
    PyTypeObject &type = *parts->type;
    std::memcpy(static_cast<void *>(&type), &blank, sizeof blank);
    type.tp_name = row->full_name;
    type.tp_basicsize = sizeof(Object);
    type.tp_flags = flags_for(row->name);
    type.tp_new = PyType_GenericNew;
    if (type.tp_flags & Py_TPFLAGS_HAVE_GC)
        type.tp_traverse = visit_all;
    type.tp_as_number = &parts->number;
    type.tp_as_sequence = &parts->sequence;
    type.tp_as_mapping = &parts->mapping;
    type.tp_as_async = &parts->async;
    type.tp_as_buffer = &parts->buffer;
    parts->buffer.bf_getbuffer = std::strcmp(row->name, "bf_releasebuffer") == 0 ? fill_view : nullptr;
    row->set(parts);
    if (PyType_Ready(&type) < 0)
        return nullptr;
    Py_INCREF(&type);
    return reinterpret_cast<PyObject *>(&type);
}

// heap_type(member): the same, made of slots; None where the slot has no id.
PyObject *heap_type(PyObject *, PyObject *name)
{
    const Row *row = find(PyUnicode_AsUTF8(name));
    if (row == nullptr)
        return nullptr;
    if (row->id == 0)
        Py_RETURN_NONE;
    PyType_Slot slots[3] = {{row->id, row->stub}};
    PyType_Spec spec = {row->full_name, sizeof(Object), 0, static_cast<unsigned>(flags_for(row->name)), slots};
    if (std::strcmp(row->name, "tp_clear") == 0)
        slots[1] = {Py_tp_traverse, reinterpret_cast<void *>(visit_all)};
    if (std::strcmp(row->name, "bf_releasebuffer") == 0)
        slots[1] = {Py_bf_getbuffer, reinterpret_cast<void *>(fill_view)};
    return PyType_FromSpec(&spec);
}

// names(): what is routed here.
PyObject *names(PyObject *, PyObject *)
{
    PyObject *list = PyList_New(0);
    for (const Row *row = rows; row->name != nullptr; row++) {
        PyObject *name = PyUnicode_FromString(row->name);
        if (row->routed)
            PyList_Append(list, name);
        Py_DECREF(name);
    }
    return list;
}

// tell(mode, slot): from now on the slot does so.
PyObject *tell(PyObject *, PyObject *args)
{
    int number;
    const char *name;
    if (!PyArg_ParseTuple(args, "is", &number, &name))
        return nullptr;
    mode = static_cast<Mode>(number);
    std::strncpy(who, name, sizeof who - 1);
    calls = 0;
    Py_RETURN_NONE;
}

// keep(answer, seen)
PyObject *keep(PyObject *, PyObject *args)
{
    PyObject *list;
    if (!PyArg_ParseTuple(args, "OO", &answer, &list))
        return nullptr;
    Py_INCREF(answer);
    Py_INCREF(list);
    seen = list == Py_None ? nullptr : list;
    Py_RETURN_NONE;
}

PyObject *called(PyObject *, PyObject *) { return PyLong_FromLong(calls); }

// hold(object, other): a reference for visit_all().
PyObject *hold(PyObject *, PyObject *args)
{
    PyObject *object, *other;
    if (!PyArg_ParseTuple(args, "OO", &object, &other))
        return nullptr;
    Py_INCREF(other);
    reinterpret_cast<Object *>(object)->held = other;
    Py_RETURN_NONE;
}

// raw(slot, self, pending): calls the stub with no CPython around it, and perhaps with an error set.  Returns the result, and the error
// that is set then.  For tp_dealloc `self` is the type.
PyObject *raw(PyObject *, PyObject *args)
{
    const char *name;
    int pending;
    if (!PyArg_ParseTuple(args, "sOp", &name, &sample_object, &pending))
        return nullptr;
    const Row *row = find(name);
    if (row == nullptr)
        return nullptr;
    if (std::strcmp(name, "tp_dealloc") == 0)
        sample_object = PyObject_CallObject(sample_object, nullptr);
    sample_vector[0] = sample_object;
    for (int place = 1; place < 4; place++)
        if (sample_arguments[place] == nullptr)
            sample_arguments[place] = PyUnicode_FromFormat("argument %d", place);
    sample_view.obj = sample_sent = sample_object;
    if (pending)
        PyErr_SetString(PyExc_LookupError, "before");
    PyObject *returned = row->call();
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return Py_BuildValue("NN", returned, value != nullptr ? value : Py_BuildValue(""));
}

// The two results that go by way of a pointer: whether there is an object.
PyObject *left(PyObject *, PyObject *) { return Py_BuildValue("ii", sample_view.obj != nullptr, sample_sent != nullptr); }

PyMethodDef functions[] = {
    {"static_type", static_type, METH_O, nullptr},
    {"heap_type", heap_type, METH_O, nullptr},
    {"names", names, METH_NOARGS, nullptr},
    {"tell", tell, METH_VARARGS, nullptr},
    {"keep", keep, METH_VARARGS, nullptr},
    {"called", called, METH_NOARGS, nullptr},
    {"hold", hold, METH_VARARGS, nullptr},
    {"raw", raw, METH_VARARGS, nullptr},
    {"left", left, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyModuleDef definition = {PyModuleDef_HEAD_INIT, "slots", nullptr, -1, functions, nullptr, nullptr, nullptr, nullptr};

PyModuleDef_Slot making[] = {
    {Py_mod_create, reinterpret_cast<void *>(slot_module_create<tag_Py_mod_create>::stub)},
    {0, nullptr},
};
PyModuleDef made = {PyModuleDef_HEAD_INIT, "made", nullptr, 0, nullptr, making, nullptr, nullptr, nullptr};
PyModuleDef_Slot running[] = {
    {Py_mod_exec, reinterpret_cast<void *>(slot_module_exec<tag_Py_mod_exec>::stub)},
    {0, nullptr},
};
PyModuleDef run = {PyModuleDef_HEAD_INIT, "run", nullptr, 8, nullptr, running, slot_traverse<tag_m_traverse>::stub,
    slot_clear<tag_m_clear>::stub, slot_module_free<tag_m_free>::stub};

PyObject *init_made()
{
    act("PyInit_made");
    return failing("PyInit_made") ? nullptr : PyModuleDef_Init(&made);
}
PyObject *init_run() { return PyModuleDef_Init(&run); }

} // namespace

PyMODINIT_FUNC PyInit_slots(void)
{
    return PyModule_Create(&definition);
}

// More modules in this file: importlib takes the function that is named like the module.
PyMODINIT_FUNC PyInit_made(void)
{
    return TRAMPOLINE(module_init)(init_made, "made");
}
PyMODINIT_FUNC PyInit_run(void)
{
    return TRAMPOLINE(module_init)(init_run, "run");
}
