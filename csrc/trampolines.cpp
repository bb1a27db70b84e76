// trampolines.cpp: libtramp-cxx, the trampolines with the barrier.
//
// On the way in and out there is the call, and the place of the method put into the frame for the handler: nothing else.  What
// happens to an exception is in barrier.cpp, once for all of them.
#include "barrier.h"
#include "positional.h"

namespace {

using namespace tramp::barrier;

// Two levels, for the destructor of the exception object runs where a handler ends, and may throw as well.
template <typename Result, typename Call> inline Result guarded(const Place &place, Result failure, Call call)
{
    try {
        try {
            return call();
        }
        catch (const Anything &) {
            caught(place);
        }
    }
    catch (const Anything &) {
        destructor_threw(place);
    }
    return failure;
}

} // namespace

extern "C" {

#define TRAMP_METHOD(convention, implementation, parameters, arguments) \
    PyObject *tramp_cxx_##convention(TRAMP_EXPAND parameters, implementation *impl, const char *name) \
    { \
        return guarded<PyObject *>({reinterpret_cast<const void *>(impl), name}, nullptr, [&] { return impl arguments; }); \
    }
#include "signatures.def"
#undef TRAMP_METHOD

PyObject *tramp_cxx_positional(
    PyObject *self, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, tramp_function_fastcall *impl, const char *name)
{
    if (__builtin_expect(kwnames != nullptr, 0) && tramp_has_keywords(kwnames)) {
        return tramp_refuse_keywords(self, args, nargs, kwnames, name);
    }
    return guarded<PyObject *>({reinterpret_cast<const void *>(impl), name}, nullptr, [&] { return impl(self, args, nargs); });
}

PyObject *tramp_cxx_method(
    PyObject *self, PyTypeObject *cls, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, const struct tramp_method_def *def)
{
    return guarded<PyObject *>({reinterpret_cast<const void *>(def->impl), def->name}, nullptr,
        [&] { return def->impl(self, cls, args, nargs, kwnames); });
}

PyObject *tramp_cxx_get(PyObject *self, void *closure)
{
    const auto *row = static_cast<const tramp_getset *>(closure);
    return guarded<PyObject *>(
        {reinterpret_cast<const void *>(row->get), row->name}, nullptr, [&] { return row->get(self, row->closure); });
}

int tramp_cxx_set(PyObject *self, PyObject *value, void *closure)
{
    const auto *row = static_cast<const tramp_getset *>(closure);
    return guarded<int>({reinterpret_cast<const void *>(row->set), row->name}, -1, [&] { return row->set(self, value, row->closure); });
}

} // extern "C"
