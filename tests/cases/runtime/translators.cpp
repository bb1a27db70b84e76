// As a project has it in its sources; without tramp-build it compiles and rests.
static tramp::translator<geo::Translated> translated([](const geo::Translated &error) { PyErr_Format(PyExc_LookupError, "translated: %s", error.what()); });
// The newest is asked first.
static tramp::translator<geo::Shadowed> shadowed([](const geo::Shadowed &error) { PyErr_Format(PyExc_BufferError, "shadowed: %s", error.what()); });
static tramp::translator<geo::Silent> silent([](const geo::Silent &) {});
static tramp::translator<geo::Hostile> hostile([](const geo::Hostile &) { PyErr_SetString(PyExc_KeyError, "dropped"); throw std::logic_error("hostile"); });
static tramp::translator<geo::Escaping> escaping([](const geo::Escaping &) { throw geo::Armed(); });
