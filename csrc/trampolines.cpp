// trampolines.cpp: libtramp-cxx, the trampolines with the barrier.
//
// On the way in and out there is the call, and the place of the method put into the frame for the handler: nothing else.  What
// happens to an exception is in barrier.cpp, once for all of them.  Those with a chain have one more argument, for the cold path.
#include "barrier.h"
#include "positional.h"

namespace {

using namespace tramp::barrier;

template <typename Impl> inline Place at(Impl *impl, const char *name)
{
    return {reinterpret_cast<const void *>(impl), name};
}

/// The method conventions: the failure value is NULL.
template <typename Impl, typename Call> inline PyObject *method(Impl *impl, const char *name, Call call)
{
    return guarded<PyObject *, caught>(at(impl, name), call, [] { return nullptr; });
}

/// The same with the chain that the source had around the method.
template <typename Impl, typename Call> inline PyObject *method(Impl *impl, const char *name, Call call, PyObject *(*chain)())
{
    return method(impl, name, [&] { return answered(call, chain); });
}

/// PyObject_GetBuffer: a failure leaves NULL in `view->obj`, or PyBuffer_Release would release what was never taken.  A reference that
/// is there already is not given back: exporters often write the pointer first and count the reference last.
inline int no_buffer(void *view)
{
    // struct Py_buffer begins with `void *buf; PyObject *obj;`.  Without a view the caller only asks whether there are buffers.
    if (view != nullptr)
        static_cast<PyObject **>(view)[1] = nullptr;
    return -1;
}

/// PYGEN_ERROR, and no value.
inline int nothing_sent(PyObject **sent)
{
    *sent = nullptr;
    return -1;
}

} // namespace

extern "C" {

#define TRAMP_METHOD(convention, implementation, parameters, arguments) \
    PyObject *tramp_cxx_##convention(TRAMP_EXPAND parameters, implementation *impl, const char *name) \
    { \
        return method(impl, name, [&] { return impl arguments; }); \
    } \
    PyObject *tramp_cxx_chain_##convention(TRAMP_EXPAND parameters, implementation *impl, const char *name, PyObject *(*chain)()) \
    { \
        return method(impl, name, [&] { return impl arguments; }, chain); \
    }
// The rules: what happens to an exception, and what has to be known for it.
#define TRAMP_RULE_raises caught
#define TRAMP_PLACE_raises at(impl, name)
#define TRAMP_RULE_reports_type reported
#define TRAMP_PLACE_reports_type Witness{at(impl, name), self}
#define TRAMP_RULE_reports_name reported_by_name
#define TRAMP_PLACE_reports_name at(impl, name)
#define TRAMP_RULE_dies died
#define TRAMP_PLACE_dies at(impl, name)
// A chain answers for slots that can raise; the others have more to do than to return what it says.
#define TRAMP_CHAIN_raises(signature, result, implementation, parameters, arguments, failure) \
    result tramp_cxx_chain_##signature(TRAMP_EXPAND parameters, implementation *impl, const char *name, result (*chain)()) \
    { \
        return guarded<result, caught>( \
            at(impl, name), [&] { return answered([&] { return impl arguments; }, chain); }, [&]() -> result { return failure; }); \
    }
#define TRAMP_CHAIN_reports_type(signature, result, implementation, parameters, arguments, failure)
#define TRAMP_CHAIN_reports_name(signature, result, implementation, parameters, arguments, failure)
#define TRAMP_CHAIN_dies(signature, result, implementation, parameters, arguments, failure)
#define TRAMP_SLOT(signature, result, implementation, parameters, arguments, rule, failure) \
    result tramp_cxx_##signature(TRAMP_EXPAND parameters, implementation *impl, const char *name) \
    { \
        return guarded<result, TRAMP_RULE_##rule>( \
            TRAMP_PLACE_##rule, [&] { return impl arguments; }, [&]() -> result { return failure; }); \
    } \
    TRAMP_CHAIN_##rule(signature, result, implementation, parameters, arguments, failure)
#include "signatures.def"

PyObject *tramp_cxx_positional(
    PyObject *self, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, tramp_function_fastcall *impl, const char *name)
{
    if (__builtin_expect(kwnames != nullptr, 0) && tramp_has_keywords(kwnames)) {
        return tramp_refuse_keywords(self, args, nargs, kwnames, name);
    }
    return method(impl, name, [&] { return impl(self, args, nargs); });
}

PyObject *tramp_cxx_chain_positional(PyObject *self, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames,
    tramp_function_fastcall *impl, const char *name, PyObject *(*chain)())
{
    if (__builtin_expect(kwnames != nullptr, 0) && tramp_has_keywords(kwnames)) {
        return tramp_refuse_keywords(self, args, nargs, kwnames, name);
    }
    return method(impl, name, [&] { return impl(self, args, nargs); }, chain);
}

PyObject *tramp_cxx_method(
    PyObject *self, PyTypeObject *cls, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, const struct tramp_method_def *def)
{
    return method(def->impl, def->name, [&] { return def->impl(self, cls, args, nargs, kwnames); });
}

PyObject *tramp_cxx_chain_method(PyObject *self, PyTypeObject *cls, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames,
    const struct tramp_method_def *def, PyObject *(*chain)())
{
    return method(def->impl, def->name, [&] { return def->impl(self, cls, args, nargs, kwnames); }, chain);
}

PyObject *tramp_cxx_get(PyObject *self, void *closure)
{
    const auto *row = static_cast<const tramp_getset *>(closure);
    return method(row->get, row->name, [&] { return row->get(self, row->closure); });
}

PyObject *tramp_cxx_chain_get(PyObject *self, void *closure, PyObject *(*chain)())
{
    const auto *row = static_cast<const tramp_getset *>(closure);
    return method(row->get, row->name, [&] { return row->get(self, row->closure); }, chain);
}

int tramp_cxx_set(PyObject *self, PyObject *value, void *closure)
{
    const auto *row = static_cast<const tramp_getset *>(closure);
    return guarded<int, caught>(at(row->set, row->name), [&] { return row->set(self, value, row->closure); }, [] { return -1; });
}

int tramp_cxx_chain_set(PyObject *self, PyObject *value, void *closure, int (*chain)())
{
    const auto *row = static_cast<const tramp_getset *>(closure);
    const auto call = [&] { return answered([&] { return row->set(self, value, row->closure); }, chain); };
    return guarded<int, caught>(at(row->set, row->name), call, [] { return -1; });
}

PyObject *tramp_cxx_module_init(tramp_initfunc *impl, const char *name)
{
    return method(impl, name, [&] { return impl(); });
}

} // extern "C"
