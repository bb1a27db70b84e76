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

/// `catch (const Anything &)` catches every C++ exception and, unlike `catch (...)`, lets forced unwinding pass (see anything.cpp).
/// Never instantiated.  The destructor is declared so that the compiler knows that the end of the handler may throw.
class Anything {
public:
    virtual ~Anything() noexcept(false);
};

/// In a handler: makes the current C++ exception the pending Python exception.  Throws nothing; a forced unwinding may pass.
TRAMP_COLD void caught(const Place &place);

/// In a handler for what the destructor of an exception threw when the handler of that one ended.
TRAMP_COLD void destructor_threw(const Place &place);

} // namespace tramp::barrier

#endif
