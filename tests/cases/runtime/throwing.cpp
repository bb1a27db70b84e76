// Methods that throw what they are told to.
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <unwind.h>

namespace geo {
struct Error : std::runtime_error { using std::runtime_error::runtime_error; };
struct ParseError : Error { using Error::Error; };
struct Left { virtual ~Left() = default; };
struct Both : Left, ParseError { using ParseError::ParseError; };
struct Point { int x, y; };
struct Code : std::out_of_range { using std::out_of_range::out_of_range; };
template <typename T> struct Of : std::exception { const char *what() const noexcept override { return "templated"; } };
}

struct NullWhat : std::exception { const char *what() const noexcept override { return nullptr; } };
struct Bytes : std::exception { const char *what() const noexcept override { return "caf\xe9 \xff"; } };
struct Long : std::exception {
    std::string text = std::string(100000, 'x');
    const char *what() const noexcept override { return text.c_str(); }
};

// Only with -fno-enforce-eh-specs do exceptions get out of a what(), which is noexcept.
struct ThrowingWhat : std::exception { const char *what() const noexcept override { throw std::runtime_error("from what()"); } };
struct Armed { ~Armed() noexcept(false) { throw std::runtime_error("armed"); } };
struct ArmedWhat : std::exception { const char *what() const noexcept override { throw Armed(); } };
struct PythonWhat : std::exception {
    const char *what() const noexcept override
    {
        PyErr_SetString(PyExc_KeyError, "left behind");
        return "asked";
    }
};

struct Loud {
    Loud() = default;
    Loud(const Loud &) = default;
    virtual ~Loud() noexcept(false);
    bool armed = true;
};
Loud::~Loud() noexcept(false)
{
    if (armed) throw std::runtime_error("from the destructor");
}
struct Louder { ~Louder() noexcept(false) { throw Louder(); } };

struct Circle : std::runtime_error, std::nested_exception { using std::runtime_error::runtime_error; };

// What holds itself can only be made by hand: the pointer of a nested_exception is its second word.
static void set_nested(const std::exception_ptr &outer, const std::exception_ptr &inner)
{
    try { std::rethrow_exception(outer); }
    catch (std::nested_exception &nested) {
        new (reinterpret_cast<char *>(&nested) + sizeof(void *)) std::exception_ptr(inner);
    }
}

static void throw_circle(bool of_two)
{
    const std::exception_ptr one = std::make_exception_ptr(Circle("one")), two = std::make_exception_ptr(Circle(of_two ? "two" : "round"));
    set_nested(two, of_two ? one : two);
    set_nested(one, two);
    std::rethrow_exception(of_two ? one : two);
}

static void throw_foreign()
{
    static _Unwind_Exception exception;
    exception.exception_class = 0x5445535400000000;
    _Unwind_RaiseException(&exception);
}

static void nest(int depth)
{
    try {
        if (depth == 0) throw std::invalid_argument("level 0");
        nest(depth - 1);
    }
    catch (...) {
        if (depth == 0) throw;
        std::throw_with_nested(std::runtime_error("level " + std::to_string(depth)));
    }
}

// The same without the recursion of the throwing side.
static void nest_flat(int depth)
{
    std::exception_ptr inner = std::make_exception_ptr(std::invalid_argument("level 0"));
    for (int i = 1; i <= depth; i++) {
        try {
            try { std::rethrow_exception(inner); }
            catch (...) { std::throw_with_nested(std::runtime_error("level " + std::to_string(i))); }
        }
        catch (...) { inner = std::current_exception(); }
    }
    std::rethrow_exception(inner);
}

static const std::map<std::string, std::function<void()>> &kinds()
{
    static const std::map<std::string, std::function<void()>> all = {
        {"bad_alloc", [] { throw std::bad_alloc(); }},
        {"bad_array_new_length", [] { throw std::bad_array_new_length(); }},
        {"bad_cast", [] { throw std::bad_cast(); }},
        {"bad_typeid", [] { throw std::bad_typeid(); }},
        {"invalid_argument", [] { throw std::invalid_argument("text"); }},
        {"domain_error", [] { throw std::domain_error("text"); }},
        {"length_error", [] { throw std::length_error("text"); }},
        {"out_of_range", [] { throw std::out_of_range("text"); }},
        {"overflow_error", [] { throw std::overflow_error("text"); }},
        {"range_error", [] { throw std::range_error("text"); }},
        {"underflow_error", [] { throw std::underflow_error("text"); }},
        {"logic_error", [] { throw std::logic_error("text"); }},
        {"runtime_error", [] { throw std::runtime_error("text"); }},
        {"exception", [] { throw std::exception(); }},
        {"generic_error", [] { throw std::system_error(ENOENT, std::generic_category(), "text"); }},
        {"system_error", [] { throw std::system_error(EACCES, std::system_category(), "text"); }},
        {"future_error", [] { throw std::future_error(std::future_errc::no_state); }},
        {"other_category", [] { throw std::system_error(std::make_error_code(std::future_errc::no_state), "text"); }},
        {"filesystem_error", [] { (void)std::filesystem::file_size("/no/such\xff"); }},
        {"filesystem_two", [] { std::filesystem::rename("/no/such", "/no/other"); }},
        {"ios_failure", [] { std::ifstream file; file.exceptions(std::ios::failbit); file.open("/no/such"); }},
        {"int", [] { throw 42; }},
        {"text_pointer", [] { throw "text"; }},
        {"struct", [] { throw geo::Point{1, 2}; }},
        {"geo_error", [] { throw geo::Error("text"); }},
        {"parse_error", [] { throw geo::ParseError("text"); }},
        {"both", [] { throw geo::Both("text"); }},
        {"code", [] { throw geo::Code("text"); }},
        {"of", [] { throw geo::Of<geo::Of<unsigned int>>(); }},
        {"null_what", [] { throw NullWhat(); }},
        {"bytes", [] { throw Bytes(); }},
        {"long", [] { throw Long(); }},
        {"loud", [] { throw Loud(); }},
        {"louder", [] { throw Louder(); }},
        {"pending", [] { PyErr_SetString(PyExc_KeyError, "set before"); throw std::runtime_error("thrown after"); }},
        {"pending_same", [] { PyErr_SetString(PyExc_KeyError, "same text"); throw std::runtime_error("same text"); }},
        {"pending_int", [] { PyErr_SetString(PyExc_KeyError, "set before"); throw 1; }},
        {"throwing_what", [] { throw ThrowingWhat(); }},
        {"armed_what", [] { throw ArmedWhat(); }},
        {"python_what", [] { throw PythonWhat(); }},
        {"circle", [] { throw_circle(false); }},
        {"circle_of_two", [] { throw_circle(true); }},
        {"foreign", throw_foreign},
    };
    return all;
}

static PyObject *throw_(PyObject *, PyObject *kind)
{
    PyObject *bytes = PyUnicode_AsUTF8String(kind);
    const std::string name = PyBytes_AsString(bytes);
    Py_DecRef(bytes);
    kinds().at(name)();
    return PyUnicode_FromString("nothing thrown");
}

static PyObject *nested(PyObject *, PyObject *depth)
{
    nest(static_cast<int>(PyLong_AsLong(depth)));
    return nullptr;
}

static PyObject *nested_flat(PyObject *, PyObject *depth)
{
    nest_flat(static_cast<int>(PyLong_AsLong(depth)));
    return nullptr;
}

// What the exception machinery of this module thinks: exceptions on the way, and one being handled.
static PyObject *machinery(PyObject *, PyObject *)
{
    return PyLong_FromLong(std::uncaught_exceptions() * 10 + (std::current_exception() != nullptr));
}
