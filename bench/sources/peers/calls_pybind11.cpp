// The functions of ../calls.c as a user of pybind11 writes them.
#include <pybind11/pybind11.h>

namespace py = pybind11;

static void ints(int, int) {}

static double floats(double a, double b)
{
    return a + b;
}

static void texts(const char *, const char *) {}

static void objects(py::handle, py::handle) {}

static void options(int, int, int) {}

static void mixed(py::handle, const char *, int, double) {}

PYBIND11_MODULE(calls_pybind11, module)
{
    module.def("nothing", [] {});
    module.def("ints", ints);
    module.def("floats", floats);
    module.def("texts", texts);
    module.def("objects", objects);
    module.def("named_ints", ints, py::arg("a"), py::arg("b"));
    module.def("named_floats", floats, py::arg("a"), py::arg("b"));
    module.def("named_texts", texts, py::arg("a"), py::arg("b"));
    module.def("named_objects", objects, py::arg("a"), py::arg("b"));
    module.def("options", options, py::arg("a"), py::arg("b") = 2, py::arg("c") = 3);
    module.def("named_options", options, py::arg("a"), py::arg("b") = 2, py::arg("c") = 3);
    module.def("mixed", mixed, py::arg("thing"), py::arg("text"), py::arg("number") = 1, py::arg("factor") = 1.0);
    module.def("named_mixed", mixed, py::arg("thing"), py::arg("text"), py::arg("number") = 1, py::arg("factor") = 1.0);
}
