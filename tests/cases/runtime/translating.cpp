// Methods that throw exceptions of a project, and project translators for some.
#include <stdexcept>
#include <string>
#include <system_error>

namespace geo {
struct Error : std::runtime_error { using std::runtime_error::runtime_error; };
struct ParseError : Error { using Error::Error; };
struct Deeper : ParseError { using ParseError::ParseError; };
struct Left { virtual ~Left() = default; };
struct Both : Left, ParseError { using ParseError::ParseError; };
struct Hidden : Left, private ParseError { Hidden(const char *text) : ParseError(text) {} };
struct Plain { int value; };
template <typename T> struct Of : std::runtime_error { using std::runtime_error::runtime_error; };
struct Disk : std::system_error { using std::system_error::system_error; };

struct Translated : std::runtime_error { using std::runtime_error::runtime_error; };
struct Shadowed : Translated { using Translated::Translated; };
struct Silent : std::runtime_error { using std::runtime_error::runtime_error; };
struct Hostile : std::runtime_error { using std::runtime_error::runtime_error; };
struct Escaping : std::runtime_error { using std::runtime_error::runtime_error; };
struct Armed { ~Armed() noexcept(false) { throw std::runtime_error("armed"); } };
}

static PyObject *throw_(PyObject *, PyObject *kind)
{
    PyObject *bytes = PyUnicode_AsUTF8String(kind);
    const std::string name = PyBytes_AsString(bytes);
    Py_DecRef(bytes);
    if (name == "error") throw geo::Error("text");
    if (name == "parse") throw geo::ParseError("text");
    if (name == "deeper") throw geo::Deeper("text");
    if (name == "both") throw geo::Both("text");
    if (name == "hidden") throw geo::Hidden("text");
    if (name == "plain") throw geo::Plain{7};
    if (name == "of") throw geo::Of<geo::Of<unsigned int>>("text");
    if (name == "disk") throw geo::Disk(2, std::generic_category(), "text");
    if (name == "string") throw std::string("text");
    if (name == "range") throw std::out_of_range("text");
    if (name == "failure") throw std::system_error(2, std::generic_category(), "text");
    if (name == "translated") throw geo::Translated("text");
    if (name == "shadowed") throw geo::Shadowed("text");
    if (name == "silent") throw geo::Silent("text");
    if (name == "hostile") throw geo::Hostile("text");
    if (name == "escaping") throw geo::Escaping("text");
    if (name == "nested") {
        try { throw geo::Translated("inner"); }
        catch (...) { std::throw_with_nested(geo::ParseError("outer")); }
    }
    return PyUnicode_FromString("nothing thrown");
}
