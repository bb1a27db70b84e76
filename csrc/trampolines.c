/* trampolines.c: the trampolines of libtramp, without the barrier.
 *
 * Each is a jump and leaves no frame: should a C++ exception or the forced unwinding of a thread pass, there is nothing in its way. */
#include "positional.h"

#define TRAMP_METHOD(convention, implementation, parameters, arguments) \
    PyObject *tramp_##convention(TRAMP_EXPAND parameters, implementation *impl, const char *name) \
    { \
        (void)name; \
        return impl arguments; \
    }
#define TRAMP_SLOT(signature, result, implementation, parameters, arguments, rule, failure) \
    result tramp_##signature(TRAMP_EXPAND parameters, implementation *impl, const char *name) \
    { \
        (void)name; \
        return impl arguments; \
    }
/* ISO C has no `return` with an expression here. */
#define TRAMP_SLOT_VOID(signature, implementation, parameters, arguments, rule) \
    void tramp_##signature(TRAMP_EXPAND parameters, implementation *impl, const char *name) \
    { \
        (void)name; \
        impl arguments; \
    }
#include "signatures.def"

static TRAMP_COLD PyObject *with_names(
    PyObject *self, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, tramp_function_fastcall *impl, const char *name)
{
    return tramp_has_keywords(kwnames) ? tramp_refuse_keywords(self, args, nargs, kwnames, name) : impl(self, args, nargs);
}

PyObject *tramp_positional(
    PyObject *self, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, tramp_function_fastcall *impl, const char *name)
{
    /* Not as a condition with a call in it, which would want a frame. */
    if (__builtin_expect(kwnames != 0, 0)) {
        return with_names(self, args, nargs, kwnames, impl, name);
    }
    return impl(self, args, nargs);
}

PyObject *tramp_method(
    PyObject *self, PyTypeObject *cls, PyObject *const *args, tramp_ssize nargs, PyObject *kwnames, const struct tramp_method_def *def)
{
    return def->impl(self, cls, args, nargs, kwnames);
}

PyObject *tramp_get(PyObject *self, void *closure)
{
    const struct tramp_getset *row = closure;
    return row->get(self, row->closure);
}

int tramp_set(PyObject *self, PyObject *value, void *closure)
{
    const struct tramp_getset *row = closure;
    return row->set(self, value, row->closure);
}

PyObject *tramp_module_init(tramp_initfunc *impl, const char *name)
{
    (void)name;
    return impl();
}
