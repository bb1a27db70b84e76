"""Upgraded functions of a C++ unit: the barrier, and keywords that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rewrite_support import compile_module, outcomes, rewritten_unit

from tramp_build.config import Config
from tramp_build.project import Project

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


MEMBERS = r"""
#include <Python.h>
#include <stdexcept>

namespace outer {
namespace {

class Class {
    static PyObject *inside(PyObject *, PyObject *args)
    {
        int number;
        return PyArg_ParseTuple(args, "i:inside", &number) ? PyLong_FromLong(number) : nullptr;
    }
    static PyObject *outside(PyObject *self, PyObject *args, PyObject *kwargs);
    static PyObject *unnamed(PyObject *, PyObject *);

public:
    static PyMethodDef methods[];
};

PyObject *Class::outside(PyObject *, PyObject *args, PyObject *kwargs)
{
    static const char *const names[] = {"k", nullptr};
    int number = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|i:outside", const_cast<char **>(names), &number)) {
        return nullptr;
    }
    throw std::out_of_range("outside");
}

PyObject *Class::unnamed(PyObject *, PyObject *) { Py_RETURN_TRUE; }

template <typename T> PyObject *size_of(PyObject *, PyObject *args)
{
    int times;
    return PyArg_ParseTuple(args, "i:size_of", &times) ? PyLong_FromSize_t(static_cast<size_t>(times) * sizeof(T)) : nullptr;
}

PyMethodDef Class::methods[] = {
    {"inside", inside, METH_VARARGS, nullptr},
    {"outside", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(outside)), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"unnamed", Class::unnamed, METH_VARARGS, nullptr},
    {"again", outer::Class::unnamed, METH_VARARGS, nullptr},
    {"of_char", size_of<char>, METH_VARARGS, nullptr},
    {"of_short", size_of< short >, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace
} // namespace outer

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, outer::Class::methods, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
"""


def kept(source: Path) -> dict[str | None, str | None]:
    """Return what keeps the functions of a source from taking a vector; None where nothing does."""
    plan = Project(source, Config()).plan_file(source)
    assert plan
    entries = [entry for table in plan.tables for entry in table.entries]
    return {entry.function: entry.kept.reason.value if entry.kept else None for entry in entries}


def test_members_and_templates(tmp_path: Path) -> None:
    """A member changes in its class and outside of it; each instance of a template has a stub."""
    source = tmp_path / 'unit.cpp'
    source.write_text(MEMBERS)
    assert set(kept(source).values()) == {None}
    compile_module(rewritten_unit(source, tmp_path / 'routed'), tmp_path / 'out', '-O2', '-Wall', '-Wextra', '-Werror')
    compile_module(source, tmp_path / 'stock', '-O2', barrier_library=False)
    seen = json.loads(outcomes(tmp_path / 'out'))
    assert seen.pop('outside')['(k=2)'] == 'IndexError: outside'
    source.write_text(MEMBERS.replace('throw std::out_of_range("outside")', 'Py_RETURN_NONE'))
    compile_module(source, tmp_path / 'stock', '-O2', barrier_library=False)
    stock = json.loads(outcomes(tmp_path / 'stock'))
    del stock['outside']
    assert seen == stock


@pytest.mark.parametrize(
    'change',
    [
        # Declared elsewhere; another class has one of that name; called by name.
        ('static PyObject *unnamed(PyObject *, PyObject *);', ''),
        ('class Class {', 'struct Other { static PyObject *unnamed(PyObject *, PyObject *); };\nclass Class {'),
        ('Py_RETURN_TRUE;', 'return unnamed(nullptr, nullptr);'),
    ],
)
def test_members_that_stay(change: tuple[str, str], tmp_path: Path) -> None:
    source = tmp_path / 'unit.cpp'
    assert change[0] in MEMBERS
    source.write_text(MEMBERS.replace(*change))
    found = kept(source)
    assert found['Class::unnamed'] is not None
    assert found['inside'] is None


def test_keywords_without_a_cast(tmp_path: Path) -> None:
    """Since 3.13, C++ may pass `const char *const *`; so an upgrade must not ask for more."""
    source = tmp_path / 'unit.cpp'
    source.write_text(SOURCE.replace('const_cast<char **>(names)', 'names'))
    unit = rewritten_unit(source, tmp_path / 'routed')
    compile_module(unit, tmp_path / 'out', '-Wall', '-Wextra', '-Werror')
