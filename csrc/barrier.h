// barrier.h: what the trampolines and the handler have between them.
#ifndef TRAMP_BARRIER_H
#define TRAMP_BARRIER_H

#include "defs.h"

namespace tramp::barrier {

/// Which method it was: the code tells the module and so its translators, the name is for the last message of a process.  Lies in the
/// frame of the trampoline, and so tells where that is.
struct Place {
    const void *code;
    const char *name;
};

/// The same, with the object whose slot it was, which is alive when the exception arrives.
struct Witness : Place {
    PyObject *self;
};

/// `catch (const Anything &)` catches every C++ exception and, unlike `catch (...)`, lets forced unwinding pass (see anything.cpp).
/// Never instantiated.  The destructor is declared so that the compiler knows that the end of the handler may throw.
class Anything {
public:
    virtual ~Anything() noexcept(false);
};

/// `catch (const Catchable &)` is the same, but takes what is not of this C++ run time as well: a handler for all of the source took it.
class Catchable {
public:
    virtual ~Catchable() noexcept(false);
};

/// In a handler: makes the current C++ exception the pending Python exception.  Throws nothing; a forced unwinding may pass.
TRAMP_COLD void caught(const Place &place);

/// In a handler: reports the current C++ exception by PyErr_WriteUnraisable, for nobody can be told.  A pending error stays.
TRAMP_COLD void reported(const Witness &place);
TRAMP_COLD void reported_by_name(const Place &place);

/// In a handler, where Python must not be touched: says what the current C++ exception is, and ends the process.
[[noreturn]] TRAMP_COLD void died(const Place &place);

/// Keeps the current exception for ever, so that its destructor never runs.
TRAMP_COLD void keep_current();

/// Calls, and gives what is thrown to `handle`.  Two levels, for the destructor of the exception object runs where a handler ends, and
/// may throw as well; the destructor of what that throws may throw too, and then there is no end.
template <typename Result, auto handle, typename At, typename Call, typename Failure>
inline Result guarded(const At &place, Call call, Failure failure)
{
    try {
        try {
            return call();
        }
        catch (const Anything &) {
            handle(place);
        }
    }
    catch (const Anything &) {
        keep_current();
        handle(place);
    }
    return failure();
}

/// Calls, and lets the catch chain that the source had around the method answer what is thrown.  It throws on what it does not take.
template <typename Result, typename Call> inline Result answered(Call call, Result (*chain)())
{
    try {
        return call();
    }
    catch (const Catchable &) {
        return chain();
    }
}

} // namespace tramp::barrier

#endif
