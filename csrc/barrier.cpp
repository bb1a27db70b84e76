// barrier.cpp: what happens to a C++ exception that leaves a method.
//
// Overview.  A trampoline has caught it and calls caught().  In this order:
//
//   1. attach the thread state, if the method had released it                      thread_state.c
//   2. an error of Python that is set already stays; the C++ text becomes a note   exceptions.c
//   3. ask the project's translators, then its `exceptions` table, then the
//      table for the standard library                                              registry.c, describe.cpp
//   4. the same for each nested exception, which becomes the __cause__
//   5. set the error
//
// What keeps the exception machinery sane:
//
//   - Nothing here is noexcept, and no destructor touches Python: at the end of the interpreter CPython (up to 3.13) ends daemon threads
//     by forced unwinding, at any point where the GIL is taken.
//   - Code of the user runs in contained() only: what(), translators.  Exceptions are caught as Anything, except around a plain `throw;`.
//   - Between two try blocks no exception object is destroyed: the outermost one is kept by the trampoline, nested ones by it.
#include "barrier.h"
#include "describe.h"
#include "python_side.h"

#include <cstring>
#include <cxxabi.h>
#include <exception>

namespace tramp::barrier {

namespace {

/// Deeper than any chain that says something; it ends chains that go in circles by way of copies.
constexpr int nesting_limit = 1024;

/// Lets the module's translators look at the current exception.  A new reference, or null if none took it.
PyObject *translated_by_project(const tramp_module &module)
{
    const tramp_record *record = nullptr;

    while ((record = tramp_next_record(&module, record)) != nullptr) {
        if (record->translate == nullptr)
            continue;
        int taken = 0;
        const bool returned = contained([&] { taken = record->translate(record->data); });
        PyObject *error = tramp_take_error();
        if (returned && taken == 1 && error != nullptr)
            return error;
        Py_DecRef(error);
    }
    return nullptr;
}

/// By the `exceptions` table, else by the type table.  If the class that the table names can not be had, that is the context of what
/// comes out instead.
PyObject *translated_by_table(const tramp_module &module)
{
    tramp_facts facts = describe();
    PyObject *error = nullptr;
    PyObject *trouble = nullptr;

    if (const char *path = configured(module)) {
        error = tramp_new_named_exception(path, &facts);
        if (error == nullptr)
            trouble = tramp_take_error();
    }
    if (error == nullptr)
        error = tramp_new_exception(facts.type, &facts);
    if (error == nullptr)
        error = tramp_take_error();
    if (trouble != nullptr)
        PyException_SetContext(error, trouble);
    tramp_clear_facts(&facts);
    return error;
}

/// The current C++ exception as a Python exception, not pending.  A new reference.
PyObject *translated(const tramp_module &module)
{
    PyObject *error = translated_by_project(module);

    return error != nullptr ? error : translated_by_table(module);
}

/// What is nested in the current exception, or null.
std::exception_ptr nested_in_current()
{
    try {
        throw;
    }
    catch (const std::nested_exception &outer) {
        return outer.nested_ptr();
    }
    catch (...) {
        return nullptr;
    }
}

/// The exceptions of a chain, by address, to see when it comes back to one.
class Seen {
public:
    /// False if it was there already, or there are too many.
    bool add(const std::exception_ptr &exception)
    {
        static_assert(sizeof(exception) == sizeof(const void *), "std::exception_ptr is a pointer");
        const void *address;

        std::memcpy(&address, &exception, sizeof address);
        for (int i = 0; i < count_; i++)
            if (seen_[i] == address)
                return false;
        if (count_ == nesting_limit)
            return false;
        seen_[count_++] = address;
        return true;
    }

private:
    const void *seen_[nesting_limit];
    int count_ = 0;
};

/// Makes what is nested in the current exception the cause of `error`, and so on inwards.  A loop, for depth must not cost stack.
void add_causes(const tramp_module &module, PyObject *error)
{
    Seen seen;
    std::exception_ptr nested = nested_in_current();

    seen.add(std::current_exception());
    while (nested != nullptr && seen.add(nested)) {
        try {
            std::rethrow_exception(nested);
        }
        catch (const Anything &) {
            PyObject *cause = translated(module);
            if (cause == nullptr || !tramp_set_cause(error, cause))
                return;
            error = cause;
            nested = nested_in_current();
        }
    }
}

} // namespace

void caught(const Place &place)
{
    tramp_attach(place.name, &place);
    if (PyObject *pending = tramp_take_error()) {
        tramp_facts facts = describe();
        tramp_put_back(pending, &facts);
        tramp_clear_facts(&facts);
        return;
    }
    const tramp_module module = tramp_module_of(place.code);
    PyObject *error = translated(module);
    if (error == nullptr)
        tramp_panic(place.name, "no Python exception could be made for a C++ exception");
    add_causes(module, error);
    tramp_raise(error);
}

void destructor_threw(const Place &place)
{
    // This one's destructor may throw too, and then there is no end.
    keep_current();
    caught(place);
}

} // namespace tramp::barrier
