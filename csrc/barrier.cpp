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
// Slots that can not raise report instead: after 1, what is pending is set aside, and after 4 PyErr_WriteUnraisable takes the place of
// 5.  Whether a pending error was there on entry, or is the slot's own, can not be told without asking on every entry, and to ask is
// wrong where a last reference goes without the GIL or after the end of the interpreter; so it is taken for the caller's.  tp_traverse
// runs while the garbage collector counts: nothing of Python may be touched, and to go on after half a visit could free what is in use.
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
/// comes out instead; where there was no memory for it, that is what comes out.
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
    if (trouble != nullptr && PyErr_GivenExceptionMatches(trouble, PyExc_MemoryError)) {
        error = trouble;
        trouble = nullptr;
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

/// The current C++ exception with its causes.  A new reference.
PyObject *complete(const Place &place)
{
    const tramp_module module = tramp_module_of(place.code);
    PyObject *error = translated(module);

    if (error == nullptr)
        tramp_panic(place.name, "no Python exception could be made for a C++ exception");
    add_causes(module, error);
    return error;
}

void report(const Place &place, PyObject *self)
{
    tramp_attach(place.name, &place);
    tramp_pending pending;
    tramp_set_aside(&pending);
    tramp_report(complete(place), self, place.name);
    tramp_bring_back(&pending);
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
    tramp_raise(complete(place));
}

void reported(const Witness &place)
{
    report(place, place.self);
}

void reported_by_name(const Place &place)
{
    report(place, nullptr);
}

void died(const Place &place)
{
    char text[512];

    describe_without_python(text, sizeof text);
    tramp_panic(place.name, text);
}

} // namespace tramp::barrier
