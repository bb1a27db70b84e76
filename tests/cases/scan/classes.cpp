// Tables in classes, templates and namespaces.
#include <Python.h>

namespace geo {
namespace {

struct Point {
    PyObject_HEAD
    double x{0}, y{0};

    static PyObject *length(PyObject *self, PyObject *) noexcept;
    static PyObject *scale(Point *self, PyObject *const *args, Py_ssize_t count) { return self->apply([](double a, double b) { return a * b; }, args, count); }
    template <class F> PyObject *apply(F &&function, PyObject *const *args, Py_ssize_t count);

    inline static PyMethodDef methods[] = {
        {"length", &Point::length, METH_NOARGS, R"doc(length() -> "float", {x})doc"},
        {"scale", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&Point::scale)), METH_FASTCALL, nullptr},
        {"zero", +[](PyObject *self, PyObject *) -> PyObject * { return self; }, METH_NOARGS, nullptr},
        {nullptr, nullptr, 0, nullptr},
    };
    static PyGetSetDef getset[];
};

PyObject *Point::length(PyObject *self, PyObject *) noexcept
try {
    return PyFloat_FromDouble(1'000.5);
} catch (const std::exception &error) {
    return nullptr;
}

template <double Point::*Member>
PyObject *get(PyObject *self, void *)
{
    return PyFloat_FromDouble(reinterpret_cast<Point *>(self)->*Member);
}

PyGetSetDef Point::getset[] = {
    {const_cast<char *>("x"), get<&Point::x>, nullptr, nullptr, nullptr},
    {"y", get<&Point::y>, nullptr, nullptr, nullptr},
    {},
};

}  // namespace

template <class T, int N = (1 > 0)>
class Vector final : public Base<T, N> {
public:
    explicit Vector(std::initializer_list<T> values) : Base<T, N>{values}, size_{values.size()} {}
    ~Vector() override = default;
    T &operator[](size_t at) { return data_[at]; }
    bool operator<(const Vector &other) const;
    operator bool() const { return size_ > 0; }

private:
    static PyMethodDef methods[];
    size_t size_ = 0;
};

template <class T, int N>
PyMethodDef Vector<T, N>::methods[] = {{"at", (PyCFunction)Vector<T, N>::at, METH_O, nullptr}, {nullptr}};

}  // namespace geo

extern "C" PyObject *PyInit_geo()
{
    static PyMethodDef functions[]{{"load", geo::load, METH_VARARGS, "load(path)"}, {}};
    return nullptr;
}
