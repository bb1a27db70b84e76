// A type of many slots, and not one `try`: whatever throws becomes a Python exception in the slot that it comes out of.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cmath>
#include <functional>
#include <new>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <typeinfo>
#include <utility>
#include <vector>

namespace series {

using Values = std::vector<double>;

struct Series {
    PyObject_HEAD
    Values values;
    int exports; // buffers that show the values
    bool open;
};

struct Iterator {
    PyObject_HEAD
    Series *over;
    std::size_t next;
};

extern PyTypeObject Series_Type;
extern PyTypeObject Iterator_Type;

// An error that Python has set already; the barrier keeps it.
struct Raised : std::exception {};

Series &self_of(PyObject *object) { return *reinterpret_cast<Series *>(object); }

Values &values_of(PyObject *object)
{
    if (!PyObject_TypeCheck(object, &Series_Type))
        throw std::bad_cast();
    Series &self = self_of(object);
    if (!self.open)
        throw std::invalid_argument("the series is closed");
    return self.values;
}

double number_of(PyObject *object)
{
    double number = PyFloat_AsDouble(object);
    if (number == -1.0 && PyErr_Occurred())
        throw Raised();
    return number;
}

PyObject *make(Values values)
{
    PyObject *object = Series_Type.tp_alloc(&Series_Type, 0);
    if (object == nullptr)
        throw Raised();
    new (&self_of(object).values) Values(std::move(values));
    self_of(object).open = true;
    return object;
}

// Series(iterable)

PyObject *create(PyTypeObject *type, PyObject *, PyObject *)
{
    PyObject *object = type->tp_alloc(type, 0);
    if (object == nullptr)
        throw Raised();
    new (&self_of(object).values) Values();
    self_of(object).open = true;
    return object;
}

int initialise(PyObject *object, PyObject *args, PyObject *)
{
    PyObject *given, *iterator;
    if (!PyArg_ParseTuple(args, "O:Series", &given) || (iterator = PyObject_GetIter(given)) == nullptr)
        throw Raised();
    Values values;
    struct Owner {
        PyObject *object;
        ~Owner() { Py_DECREF(object); }
    } owner{iterator};
    while (PyObject *item = PyIter_Next(iterator)) {
        Owner item_owner{item};
        values.push_back(number_of(item));
    }
    if (PyErr_Occurred())
        throw Raised();
    if (self_of(object).exports > 0)
        throw std::logic_error("a buffer shows the series");
    values_of(object).swap(values);
    return 0;
}

void destroy(PyObject *object)
{
    self_of(object).values.~Values();
    Py_TYPE(object)->tp_free(object);
}

PyObject *represent(PyObject *object)
{
    std::ostringstream text;
    text << "Series(" << values_of(object).size() << " values)";
    return PyUnicode_FromString(text.str().c_str());
}

Py_hash_t hash(PyObject *object)
{
    Py_hash_t mixed = 1;
    for (double value : values_of(object)) {
        if (std::isnan(value))
            throw std::domain_error("a series with NaN has no hash");
        mixed = mixed * 31 + static_cast<Py_hash_t>(std::hash<double>()(value));
    }
    return mixed == -1 ? -2 : mixed;
}

PyObject *compare(PyObject *left, PyObject *right, int op)
{
    if (op != Py_EQ && op != Py_NE)
        throw std::domain_error("series have no order");
    return PyBool_FromLong((values_of(left) == values_of(right)) == (op == Py_EQ));
}

PyObject *total(PyObject *object, PyObject *, PyObject *)
{
    const Values &values = values_of(object);
    if (values.empty())
        throw std::length_error("nothing to add up");
    return PyFloat_FromDouble(std::accumulate(values.begin(), values.end(), 0.0));
}

// Numbers: another series of the same length.

template <typename Operation> PyObject *combine(PyObject *left, PyObject *right)
{
    const Values &a = values_of(left), &b = values_of(right);
    if (a.size() != b.size())
        throw std::invalid_argument("series of different lengths");
    Values result;
    for (std::size_t i = 0; i < a.size(); i++)
        result.push_back(Operation()(a[i], b[i]));
    return make(std::move(result));
}

struct Divide {
    double operator()(double a, double b) const
    {
        if (b == 0)
            throw std::range_error("division by zero in a series");
        return a / b;
    }
};

PyObject *negative(PyObject *object)
{
    Values result = values_of(object);
    for (double &value : result)
        value = -value;
    return make(std::move(result));
}

int truth(PyObject *object)
{
    return !values_of(object).empty();
}

PyNumberMethods numbers = {
    combine<std::plus<double>>,
    combine<std::minus<double>>,
    combine<std::multiplies<double>>,
    nullptr, // nb_remainder
    nullptr, // nb_divmod
    nullptr, // nb_power
    negative,
    nullptr, // nb_positive
    nullptr, // nb_absolute
    truth,
    nullptr, // nb_invert
    nullptr, nullptr, nullptr, nullptr, nullptr, // shifts and bits
    nullptr, // nb_int
    nullptr, // nb_reserved
    nullptr, // nb_float
    nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, // in place
    nullptr, // nb_floor_divide
    combine<Divide>,
    nullptr, nullptr, nullptr, nullptr, nullptr,
};

// A sequence

Py_ssize_t length(PyObject *object)
{
    return static_cast<Py_ssize_t>(values_of(object).size());
}

PyObject *item(PyObject *object, Py_ssize_t index)
{
    return PyFloat_FromDouble(values_of(object).at(static_cast<std::size_t>(index)));
}

int set_item(PyObject *object, Py_ssize_t index, PyObject *value)
{
    if (value == nullptr)
        throw std::logic_error("a series keeps its length");
    values_of(object).at(static_cast<std::size_t>(index)) = number_of(value);
    return 0;
}

int contains(PyObject *object, PyObject *value)
{
    const double wanted = number_of(value);
    for (double one : values_of(object))
        if (one == wanted)
            return 1;
    return 0;
}

PySequenceMethods sequence = {length, nullptr, nullptr, item, nullptr, set_item, nullptr, contains, nullptr, nullptr};

// A buffer

int get_buffer(PyObject *object, Py_buffer *view, int flags)
{
    Values &values = values_of(object);
    if (values.empty())
        throw std::length_error("an empty series has no memory to show");
    const Py_ssize_t size = static_cast<Py_ssize_t>(values.size() * sizeof(double));
    if (PyBuffer_FillInfo(view, object, values.data(), size, 0, flags) < 0)
        throw Raised();
    self_of(object).exports++;
    return 0;
}

void release_buffer(PyObject *object, Py_buffer *)
{
    self_of(object).exports--;
}

PyBufferProcs buffer = {get_buffer, release_buffer};

// An iterator that notices a series which has been closed

PyObject *iterate(PyObject *object)
{
    values_of(object);
    PyObject *made = Iterator_Type.tp_alloc(&Iterator_Type, 0);
    if (made == nullptr)
        throw Raised();
    Py_INCREF(object);
    reinterpret_cast<Iterator *>(made)->over = &self_of(object);
    return made;
}

PyObject *next(PyObject *object)
{
    Iterator &self = *reinterpret_cast<Iterator *>(object);
    const Values &values = values_of(reinterpret_cast<PyObject *>(self.over));
    return self.next < values.size() ? PyFloat_FromDouble(values[self.next++]) : nullptr;
}

void destroy_iterator(PyObject *object)
{
    Py_XDECREF(reinterpret_cast<PyObject *>(reinterpret_cast<Iterator *>(object)->over));
    Py_TYPE(object)->tp_free(object);
}

// A context manager: `with Series(...) as s:`

PyObject *enter(PyObject *object, PyObject *)
{
    values_of(object);
    Py_INCREF(object);
    return object;
}

PyObject *leave(PyObject *object, PyObject *)
{
    values_of(object);
    if (self_of(object).exports > 0)
        throw std::logic_error("a buffer shows the series");
    self_of(object).open = false;
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"__enter__", enter, METH_NOARGS, nullptr},
    {"__exit__", leave, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyTypeObject Series_Type = {PyVarObject_HEAD_INIT(nullptr, 0)};
PyTypeObject Iterator_Type = {PyVarObject_HEAD_INIT(nullptr, 0)};

// The members that the types have, by name, as C++17 has no other way to leave the rest out.
int prepare_types()
{
    Series_Type.tp_name = "series.Series";
    Series_Type.tp_doc = "Numbers in a row.";
    Series_Type.tp_basicsize = sizeof(Series);
    Series_Type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
    Series_Type.tp_new = create;
    Series_Type.tp_init = initialise;
    Series_Type.tp_dealloc = destroy;
    Series_Type.tp_repr = represent;
    Series_Type.tp_hash = hash;
    Series_Type.tp_richcompare = compare;
    Series_Type.tp_call = total;
    Series_Type.tp_iter = iterate;
    Series_Type.tp_as_number = &numbers;
    Series_Type.tp_as_sequence = &sequence;
    Series_Type.tp_as_buffer = &buffer;
    Series_Type.tp_methods = methods;
    Iterator_Type.tp_name = "series.Iterator";
    Iterator_Type.tp_basicsize = sizeof(Iterator);
    Iterator_Type.tp_flags = Py_TPFLAGS_DEFAULT;
    Iterator_Type.tp_iter = PyObject_SelfIter;
    Iterator_Type.tp_iternext = next;
    Iterator_Type.tp_dealloc = destroy_iterator;
    return PyType_Ready(&Series_Type) < 0 ? -1 : PyType_Ready(&Iterator_Type);
}

int fill(PyObject *module)
{
    if (prepare_types() < 0)
        throw Raised();
    Py_INCREF(&Series_Type);
    return PyModule_AddObject(module, "Series", reinterpret_cast<PyObject *>(&Series_Type));
}

PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void *>(fill)}, {0, nullptr}};
PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_series", nullptr, 0, nullptr, slots, nullptr, nullptr, nullptr};

} // namespace series

PyMODINIT_FUNC PyInit__series()
{
    return PyModuleDef_Init(&series::definition);
}
