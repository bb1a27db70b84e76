// The functions of ../calls.c as a user of nanobind writes them.
#include <nanobind/nanobind.h>

namespace nb = nanobind;

static void ints(int, int) {}

static double floats(double a, double b)
{
    return a + b;
}

static void texts(const char *, const char *) {}

static void objects(nb::handle, nb::handle) {}

static void options(int, int, int) {}

static void mixed(nb::handle, const char *, int, double) {}

NB_MODULE(calls_nanobind, module)
{
    module.def("nothing", [] {});
    module.def("ints", ints);
    module.def("floats", floats);
    module.def("texts", texts);
    module.def("objects", objects);
    module.def("named_ints", ints, nb::arg("a"), nb::arg("b"));
    module.def("named_floats", floats, nb::arg("a"), nb::arg("b"));
    module.def("named_texts", texts, nb::arg("a"), nb::arg("b"));
    module.def("named_objects", objects, nb::arg("a"), nb::arg("b"));
    module.def("options", options, nb::arg("a"), nb::arg("b") = 2, nb::arg("c") = 3);
    module.def("named_options", options, nb::arg("a"), nb::arg("b") = 2, nb::arg("c") = 3);
    module.def("mixed", mixed, nb::arg("thing"), nb::arg("text"), nb::arg("number") = 1, nb::arg("factor") = 1.0);
    module.def("named_mixed", mixed, nb::arg("thing"), nb::arg("text"), nb::arg("number") = 1, nb::arg("factor") = 1.0);
}
