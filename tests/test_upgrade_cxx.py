"""Upgraded functions of a C++ unit: the barrier, and keywords that are refused."""

from __future__ import annotations

import json
from pathlib import Path

from rewrite_support import compile_module, outcomes, rewritten_unit

SOURCE = r"""
#include <Python.h>
#include <stdexcept>

static PyObject *checked(PyObject *, PyObject *args)
{
    int number;
    if (!PyArg_ParseTuple(args, "i:checked", &number)) {
        return nullptr;
    }
    throw std::out_of_range("checked");
}

static PyObject *named(PyObject *, PyObject *args, PyObject *kwargs)
{
    static const char *names[] = {"k", nullptr};
    int number;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "i:named", const_cast<char **>(names), &number)) {
        return nullptr;
    }
    throw std::invalid_argument("named");
}

static PyMethodDef methods[] = {
    {"checked", checked, METH_VARARGS, nullptr},
    {"named", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(named)), METH_VARARGS | METH_KEYWORDS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
"""


def test_exceptions_of_upgraded_functions(tmp_path: Path) -> None:
    source = tmp_path / 'unit.cpp'
    source.write_text(SOURCE)
    unit = rewritten_unit(source, tmp_path / 'routed')
    assert 'tramp_cxx_positional(' in unit.read_text()
    compile_module(unit, tmp_path / 'out', '-O2', '-Wall', '-Wextra', '-Werror')
    seen = json.loads(outcomes(tmp_path / 'out'))
    assert seen['checked']['(1)'] == 'IndexError: checked'
    assert seen['checked']['()'] == 'TypeError: checked() takes exactly 1 argument (0 given)'
    assert seen['checked']['(1, k=2)'] == 'TypeError: checked() takes no keyword arguments'
    assert seen['named']['(k=2)'] == seen['named']['(1)'] == 'ValueError: named'
