// describe.cpp: the type table, and the names and bases of C++ types.
//
// Types of the standard library are recognised by catch clauses where every libstdc++ has them, and by name where it depends on its age
// or on its string ABI: one libtramp-cxx serves modules that were built with either.
#include "describe.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <filesystem>
#include <ios>
#include <new>
#include <stdexcept>
#include <system_error>
#include <typeinfo>

namespace tramp::barrier {

namespace {

/// The bases of a type that a catch clause could name, breadth first: the most derived come first.
class Bases {
public:
    explicit Bases(const std::type_info *type)
    {
        add(type);
        for (int i = 0; i < count_; i++)
            add_bases_of(types_[i]);
    }

    const std::type_info *const *begin() const { return types_; }
    const std::type_info *const *end() const { return types_ + count_; }

    const std::type_info *find(const char *mangled) const
    {
        for (const std::type_info *type : *this)
            if (std::strcmp(type->name(), mangled) == 0)
                return type;
        return nullptr;
    }

private:
    void add(const std::type_info *type)
    {
        if (count_ < limit)
            types_[count_++] = type;
    }

    void add_bases_of(const std::type_info *type)
    {
        if (const auto *single = dynamic_cast<const abi::__si_class_type_info *>(type))
            add(single->__base_type);
        else if (const auto *several = dynamic_cast<const abi::__vmi_class_type_info *>(type))
            for (unsigned i = 0; i < several->__base_count; i++)
                if (several->__base_info[i].__is_public_p())
                    add(several->__base_info[i].__base_type);
    }

    // Far more than any hierarchy of exceptions has; what is beyond is not matched by name.
    static constexpr int limit = 64;
    const std::type_info *types_[limit];
    int count_ = 0;
};

/// A name as people write it.
class Demangled {
public:
    explicit Demangled(const std::type_info *type) : mangled_(type->name())
    {
        // The demangler abbreviates the one of the old ABI only.
        if (std::strcmp(mangled_, "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE") == 0)
            mangled_ = "Ss";
        demangled_ = abi::__cxa_demangle(mangled_, nullptr, nullptr, &status_);
    }
    ~Demangled() { std::free(demangled_); }
    Demangled(const Demangled &) = delete;
    Demangled &operator=(const Demangled &) = delete;

    const char *get() const { return demangled_ != nullptr ? demangled_ : mangled_; }
    bool no_memory() const { return status_ == -1; }

private:
    int status_;
    const char *mangled_;
    char *demangled_;
};

/// Past what a name may have or not: spaces, and what libstdc++ adds for its string ABI.
const char *significant(const char *name)
{
    for (;;) {
        if (*name == ' ')
            name++;
        else if (std::strncmp(name, "__cxx11::", 9) == 0)
            name += 9;
        else if (std::strncmp(name, "[abi:cxx11]", 11) == 0)
            name += 11;
        else
            return name;
    }
}

bool same_name(const char *a, const char *b)
{
    a = significant(std::strncmp(a, "::", 2) == 0 ? a + 2 : a);
    b = significant(std::strncmp(b, "::", 2) == 0 ? b + 2 : b);
    while (*a != '\0' && *a == *b) {
        a = significant(a + 1);
        b = significant(b + 1);
    }
    return *a == *b;
}

/// "geo::Point", or "geo::Point (its what() threw)".
PyObject *type_text(const char *remark)
{
    const Demangled name(abi::__cxa_current_exception_type());
    return PyUnicode_FromFormat("C++ exception of type '%s'%s", name.get(), remark);
}

void say_type(tramp_facts &facts, const char *remark)
{
    facts.text = type_text(remark);
    if (facts.text == nullptr)
        PyErr_Clear();
}

/// The code of what() is the user's: it may return NULL, bytes of any sort, or throw (with -fno-enforce-eh-specs; else it ends the
/// process itself).  True if it did not throw.
bool ask_what(const std::exception &error, const char *&what)
{
    // Volatile, or the compiler remembers that what() is noexcept and has no handler for the call.
    const char *(std::exception::*volatile function)() const = &std::exception::what;

    what = nullptr;
    return contained([&] { what = (error.*function)(); });
}

void say(tramp_facts &facts, PyObject *type, const std::exception &error)
{
    const char *what;
    const bool returned = ask_what(error, what);

    // A what() that calls Python may leave an error behind.
    PyErr_Clear();
    facts.type = type;
    if (what == nullptr)
        return say_type(facts, returned ? "" : "; its what() threw another one");
    facts.text = tramp_text(what);
    facts.own_text = facts.text != nullptr;
}

using PathOf = const std::filesystem::path &(const void *error);

/// A function of the library that has `type`.  Looked up, for libstdc++ has it since GCC 9 only: a reference would bar older systems.
PathOf *path_function(const std::type_info *type, const char *name)
{
    Dl_info info;
    if (dladdr(type, &info) == 0)
        return nullptr;
    void *library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (library == nullptr)
        return nullptr;
    void *found = dlsym(library, name);
    dlclose(library);
    return reinterpret_cast<PathOf *>(found);
}

PyObject *file_name(const std::filesystem::path &path)
{
    return path.native().empty() ? nullptr : tramp_file_name(path.native().data(), path.native().size());
}

/// std::filesystem::filesystem_error has std::system_error as its first and only base, so both have one address.
void say_paths(tramp_facts &facts, const std::system_error &error)
{
    const std::type_info *type = Bases(abi::__cxa_current_exception_type()).find("NSt10filesystem7__cxx1116filesystem_errorE");
    if (type == nullptr)
        return;
    PathOf *first = path_function(type, "_ZNKSt10filesystem7__cxx1116filesystem_error5path1Ev");
    PathOf *second = path_function(type, "_ZNKSt10filesystem7__cxx1116filesystem_error5path2Ev");
    if (first == nullptr || second == nullptr)
        return;
    facts.path = file_name(first(&error));
    facts.path2 = file_name(second(&error));
}

void say_code(tramp_facts &facts, const std::system_error &error)
{
    const std::error_code &code = error.code();

    say(facts, PyExc_OSError, error);
    // By name, for a module may have a category object of another copy of the C++ run time.
    if (std::strcmp(code.category().name(), "generic") == 0 || std::strcmp(code.category().name(), "system") == 0) {
        facts.has_code = 1;
        facts.code = code.value();
    }
    say_paths(facts, error);
}

} // namespace

void keep_current()
{
    alignas(std::exception_ptr) unsigned char never_destroyed[sizeof(std::exception_ptr)];
    new (never_destroyed) std::exception_ptr(std::current_exception());
}

tramp_facts describe()
{
    tramp_facts facts{};

    // The type table.  Each clause comes before those of its bases.
    try {
        throw;
    }
    catch (const std::bad_alloc &error) {
        say(facts, PyExc_MemoryError, error);
    }
    catch (const std::bad_cast &error) {
        say(facts, PyExc_TypeError, error);
    }
    catch (const std::bad_typeid &error) {
        say(facts, PyExc_TypeError, error);
    }
    catch (const std::invalid_argument &error) {
        say(facts, PyExc_ValueError, error);
    }
    catch (const std::domain_error &error) {
        say(facts, PyExc_ValueError, error);
    }
    catch (const std::length_error &error) {
        say(facts, PyExc_ValueError, error);
    }
    catch (const std::out_of_range &error) {
        say(facts, PyExc_IndexError, error);
    }
    catch (const std::overflow_error &error) {
        say(facts, PyExc_OverflowError, error);
    }
    catch (const std::range_error &error) {
        say(facts, PyExc_ArithmeticError, error);
    }
    catch (const std::underflow_error &error) {
        say(facts, PyExc_ArithmeticError, error);
    }
    catch (const std::system_error &error) {
        say_code(facts, error);
    }
    catch (const std::exception &error) {
        // Of the old string ABI, in which ios_base::failure is no system_error.
        const bool old_failure = Bases(abi::__cxa_current_exception_type()).find("NSt8ios_base7failureE") != nullptr;
        say(facts, old_failure ? PyExc_OSError : PyExc_RuntimeError, error);
    }
    catch (...) {
        facts.type = PyExc_RuntimeError;
        say_type(facts, "");
    }
    return facts;
}

void describe_without_python(char *text, std::size_t size)
{
    const Demangled name(abi::__cxa_current_exception_type());
    const char *what = nullptr;

    try {
        throw;
    }
    catch (const std::exception &error) {
        ask_what(error, what);
    }
    catch (...) {
    }
    std::snprintf(text, size, "C++ exception of type '%s' in the middle of a garbage collection%s%s", name.get(),
        what != nullptr ? ": " : "", what != nullptr ? what : "");
}

const char *configured(const tramp_module &module)
{
    for (const std::type_info *type : Bases(abi::__cxa_current_exception_type())) {
        const Demangled name(type);
        const tramp_record *record = nullptr;
        while ((record = tramp_next_record(&module, record)) != nullptr)
            for (const tramp_exception *row = record->table; row != nullptr && row->type != nullptr; row++) {
                if (name.no_memory())
                    return "MemoryError";
                if (same_name(row->type, name.get()))
                    return row->python;
            }
    }
    return nullptr;
}

} // namespace tramp::barrier
