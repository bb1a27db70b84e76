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

__attribute__((noinline)) static long compute(long number, PyObject *value)
{
    long given = PyLong_AsLong(value);
    if (given == number)
        throw std::out_of_range("the number of the method");
    return given + number;
}
"""

_TAIL = """\
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "heavy", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_heavy(void)
{
    return PyModule_Create(&definition);
}
"""


@dataclass(frozen=True, slots=True)
class Module:
    """A generated module: the length of its chains, 0 for none."""

    clauses: int
    methods: int = METHODS

    def source(self) -> str:
        """Return the text of the module."""
        functions = ''.join(self._method(number) for number in range(self.methods))
        rows = ''.join(f'    {{"method_{number}", method_{number}, METH_O, NULL}},\n' for number in range(self.methods))
        return f'{_HEAD}{functions}\nstatic PyMethodDef methods[] = {{\n{rows}    {{NULL, NULL, 0, NULL}},\n}};\n\n{_TAIL}'

    def _method(self, number: int) -> str:
        work = f'return PyLong_FromLong(compute({number}, value));'
        head = f'\nstatic PyObject *method_{number}(PyObject *, PyObject *value)\n{{\n'
        if not self.clauses:
            return f'{head}    {work}\n}}\n'
        python = dict(_CLAUSES)
        chain = ''.join(
            f'    catch (const {name} &error) {{\n        PyErr_SetString(PyExc_{python[name]}, error.what());\n    }}\n'
            for name in CHAINS[self.clauses]
        )
        last = '    catch (...) {\n        PyErr_SetString(PyExc_RuntimeError, "unknown C++ exception");\n    }\n'
        return f'{head}    try {{\n        {work}\n    }}\n{chain}{last}    return NULL;\n}}\n'
