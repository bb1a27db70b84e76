"""Generates C++ modules of the kind that outgrows its own code: small methods, and a chain of catch clauses in each."""

from __future__ import annotations

from dataclasses import dataclass

METHODS = 300
# C++ type and Python exception, in the order in which such chains are written.
_CLAUSES = (
    ('std::bad_alloc', 'MemoryError'),
    ('std::out_of_range', 'IndexError'),
    ('std::invalid_argument', 'ValueError'),
    ('std::overflow_error', 'OverflowError'),
    ('std::range_error', 'ArithmeticError'),
    ('std::bad_cast', 'TypeError'),
    ('std::exception', 'RuntimeError'),
)
CHAINS = {3: ('std::bad_alloc', 'std::exception'), 8: tuple(name for name, _ in _CLAUSES)}  # each ends with `catch (...)`

_HEAD = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <new>
#include <stdexcept>
#include <typeinfo>

__attribute__((noinline)) static long compute_long(long number, long given)
{
    if (given == number)
        throw std::out_of_range("the number of the method");
    return given + number;
}

__attribute__((noinline)) static long compute(long number, PyObject *value)
{
    return compute_long(number, PyLong_AsLong(value));
}
"""

_TAIL = """\
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "heavy", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_heavy(void)
{
    return PyModule_Create(&definition);
}
"""


# Where a chain stands: around all of the function, behind what is read and declared, or in front of more.
POSITIONS = ('whole body', 'tail', 'middle')
_BODIES = {
    'whole body': """\
    try {
        return PyLong_FromLong(compute(NUMBER, value));
    }
CHAIN    return NULL;
""",
    'tail': """\
    const long given = PyLong_AsLong(value);
    if (given == -1 && PyErr_Occurred())
        return NULL;
    try {
        return PyLong_FromLong(compute_long(NUMBER, given));
    }
CHAIN    return NULL;
""",
    'middle': """\
    const long given = PyLong_AsLong(value);
    if (given == -1 && PyErr_Occurred())
        return NULL;
    long result;
    try {
        result = compute_long(NUMBER, given);
    }
CHAIN    return PyLong_FromLong(result * 2);
""",
}


@dataclass(frozen=True, slots=True)
class Module:
    """A generated module: the length of its chains, 0 for none, and where they stand."""

    clauses: int
    methods: int = METHODS
    position: str = 'whole body'

    def source(self) -> str:
        """Return the text of the module."""
        functions = ''.join(self._method(number) for number in range(self.methods))
        rows = ''.join(f'    {{"method_{number}", method_{number}, METH_O, NULL}},\n' for number in range(self.methods))
        return f'{_HEAD}{functions}\nstatic PyMethodDef methods[] = {{\n{rows}    {{NULL, NULL, 0, NULL}},\n}};\n\n{_TAIL}'

    def _method(self, number: int) -> str:
        head = f'\nstatic PyObject *method_{number}(PyObject *, PyObject *value)\n{{\n'
        if not self.clauses:
            return f'{head}    return PyLong_FromLong(compute({number}, value));\n}}\n'
        python = dict(_CLAUSES)
        leave = '        return NULL;\n' if self.position == 'middle' else ''
        chain = ''.join(
            f'    catch (const {name} &error) {{\n        PyErr_SetString(PyExc_{python[name]}, error.what());\n{leave}    }}\n'
            for name in CHAINS[self.clauses]
        )
        last = f'    catch (...) {{\n        PyErr_SetString(PyExc_RuntimeError, "unknown C++ exception");\n{leave}    }}\n'
        body = _BODIES[self.position].replace('NUMBER', str(number)).replace('CHAIN', f'{chain}{last}')
        return f'{head}{body}}}\n'


def pybind11_source(methods: int) -> str:
    """Return the same module as users of pybind11 write it."""
    return _bound('#include <pybind11/pybind11.h>', 'PYBIND11_MODULE', 'pybind11::handle', methods)


def nanobind_source(methods: int) -> str:
    """Return the same module as users of nanobind write it."""
    return _bound('#include <nanobind/nanobind.h>', 'NB_MODULE', 'nanobind::handle', methods)


def _bound(include: str, macro: str, handle: str, methods: int) -> str:
    rows = ''.join(
        f'    module.def("method_{number}", []({handle} value) {{ return compute({number}, value.ptr()); }});\n'
        for number in range(methods)
    )
    return f'{_HEAD.replace("#include <Python.h>", include)}\n{macro}(heavy, module)\n{{\n{rows}}}\n'
