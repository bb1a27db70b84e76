// anything.cpp: what `catch (const Anything &)` and `catch (const Catchable &)` catch.
//
// Overview.  `catch (...)` also stops forced unwinding: pthread_exit and pthread_cancel, and CPython up to 3.13 ends daemon threads so
// when the interpreter finishes.  To catch and rethrow it is not enough: if the thread is inside a C++ handler further out, catching
// it at all is std::terminate, for __cxa_begin_catch links nothing foreign to exceptions that it knows.  So it must not be caught.
//
// Implementation.  The personality routine asks the type in the catch clause whether it wants the exception, by the virtual
// std::type_info::__do_catch.  The typeinfo of Anything is defined here by hand, with a class of our own that says yes to all but
// forced unwinding.  Since Anything has a key function that is defined nowhere, the compiler refers to its typeinfo and emits none.
//
// Exceptions of another language, or of a C++ run time that is not this one (libc++), can not be looked into.  Whoever could have
// handled them lies outside of Python's frames, which can not be left by unwinding.  The answer is asked for in the search phase, so
// the process ends with the stack of the throw intact.
#include "barrier.h"
#include "python_side.h"

#include <cxxabi.h>
#include <typeinfo>

namespace tramp::barrier {

class AnythingInfo : public std::type_info {
public:
    AnythingInfo() = delete;
    // The first virtual function that is not inline: here, and so only here, is the vtable.
    bool __do_catch(const std::type_info *thrown, void **object, unsigned outer) const override;
};

class CatchableInfo : public std::type_info {
public:
    CatchableInfo() = delete;
    bool __do_catch(const std::type_info *thrown, void **object, unsigned outer) const override;
};

/// A std::type_info as it lies in memory.  An object of class AnythingInfo would be destroyed when the process exits, before the last
/// thread has thrown.
struct RawInfo {
    const void *vtable;
    const char *name;
};

bool AnythingInfo::__do_catch(const std::type_info *thrown, void **, unsigned) const
{
    if (*thrown == typeid(abi::__forced_unwind))
        return false;
    if (*thrown == typeid(abi::__foreign_exception))
        tramp_panic(nullptr, "an exception that is not one of this C++ run time left a method");
    return true;
}

bool CatchableInfo::__do_catch(const std::type_info *thrown, void **, unsigned) const
{
    return *thrown != typeid(abi::__forced_unwind);
}

extern "C" const void *const anything_vtable[] __asm__("_ZTVN5tramp7barrier12AnythingInfoE");
extern "C" const void *const catchable_vtable[] __asm__("_ZTVN5tramp7barrier13CatchableInfoE");
extern const RawInfo anything_info __asm__("_ZTIN5tramp7barrier8AnythingE");
extern const RawInfo catchable_info __asm__("_ZTIN5tramp7barrier9CatchableE");

// The first two words of a vtable are the offset to the top and the class's own typeinfo.
const RawInfo anything_info = {&anything_vtable[2], "N5tramp7barrier8AnythingE"};
const RawInfo catchable_info = {&catchable_vtable[2], "N5tramp7barrier9CatchableE"};

} // namespace tramp::barrier
