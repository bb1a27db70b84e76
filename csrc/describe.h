// describe.h: what can be read out of the C++ exception that is being handled.
#ifndef TRAMP_DESCRIBE_H
#define TRAMP_DESCRIBE_H

#include "barrier.h"
#include "python_side.h"

#include <cstddef>
#include <exception>

namespace tramp::barrier {

/// Runs `action`; what that throws ends here, and what the destructor of the thrown object throws too.  True if it threw nothing.
template <typename Action> bool contained(Action action)
{
    try {
        try {
            action();
            return true;
        }
        catch (const Anything &) {
        }
    }
    catch (const Anything &) {
        keep_current();
    }
    return false;
}

/// The built-in exception for the current C++ exception, its text, and what else OSError has.  References are the caller's.
TRAMP_COLD tramp_facts describe();

/// "C++ exception of type 'geo::Point' in the middle of a garbage collection: its what()", cut off at `size`; no word to Python.
TRAMP_COLD void describe_without_python(char *text, std::size_t size);

/// What the module's `exceptions` tables say of the current C++ exception, or null; MemoryError where there is none to read them.
TRAMP_COLD const char *configured(const tramp_module &module);

} // namespace tramp::barrier

#endif
