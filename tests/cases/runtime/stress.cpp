// What many threads do at once: calls that parse, exceptions of every way, a table and a translator that come and go with the module.
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace stress {
struct Listed : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct Translated {};
} // namespace stress

static tramp::translator<stress::Translated> translated([](const stress::Translated &) { PyErr_SetString(PyExc_LookupError, "translated"); });
static const tramp_exception table[] = {{"stress::Listed", "ValueError"}, {nullptr, nullptr}};
__attribute__((constructor)) static void enter() { tramp_cxx_register(table, table); }
__attribute__((destructor)) static void leave() { tramp_cxx_unregister(table); }

static PyObject *plain(PyObject *, PyObject *args)
{
    Py_IncRef(args);
    return args;
}

static PyObject *positional(PyObject *, PyObject *const *args, Py_ssize_t nargs)
{
    int number;
    double value;
    const char *text;

    if (!tramp_parse(args, nargs, "ids", &number, &value, &text))
        return NULL;
    return Py_BuildValue("ids", number, value, text);
}

static PyObject *named(PyObject *, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
    static const char *const keywords[] = {"first", "second", nullptr};
    PyObject *first;
    long second = 7;

    if (!tramp_parse_keywords(args, nargs, names, "O|l", const_cast<char *const *>(keywords), &first, &second))
        return NULL;
    return Py_BuildValue("Ol", first, second);
}

static PyObject *thrown(PyObject *, PyObject *kind)
{
    switch (PyLong_AsLong(kind)) {
    case 0: throw std::bad_alloc();
    case 1: throw std::system_error(2, std::generic_category(), "missing");
    case 2: throw stress::Listed("listed");
    case 3: throw stress::Translated();
    case 4: throw 4;
    case 5: PyEval_SaveThread(); throw std::out_of_range("without the GIL");
    default: break;
    }
    try {
        throw std::invalid_argument("cause");
    }
    catch (...) {
        std::throw_with_nested(std::overflow_error("outer"));
    }
}
