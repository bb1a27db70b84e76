"""C++ that may not throw: units without exceptions, functions that are noexcept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from launcher_support import CXX
from rewrite_support import compile_module, rewritten_unit

SOURCE = """\
#include <Python.h>
#include <cstdlib>
#include <vector>
static PyObject *at(PyObject *, PyObject *number) { std::vector<int> empty; return PyLong_FromLong(empty.at(PyLong_AsSize_t(number))); }
static PyObject *last(PyObject *self, PyObject *number) noexcept { return at(self, number); }
static PyMethodDef methods[] = {{"at", at, METH_O, nullptr}, {"last", last, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};
static Py_ssize_t length(PyObject *) { return static_cast<Py_ssize_t>(std::vector<int>().at(1)); }
static PyObject *text(PyObject *) noexcept { return PyLong_FromSsize_t(length(nullptr)); }
static PyType_Slot slots[] = {
    {Py_sq_length, reinterpret_cast<void *>(length)}, {Py_tp_repr, reinterpret_cast<void *>(text)}, {0, nullptr}};
static PyType_Spec spec = {"case.Empty", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, slots};
PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *made = PyModule_Create(&module);
    PyModule_AddObject(made, "Empty", PyType_FromSpec(&spec));
    if (std::getenv("CASE_THROWS"))
        (void)std::vector<int>().at(1);
    return made;
}
"""


def call(directory: Path, expression: str, **env: str) -> subprocess.CompletedProcess[str]:
    code = f'import sys; sys.path[:0] = [{str(directory)!r}]\ntry:\n  import case; {expression}\nexcept IndexError: print("IndexError")'
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, env={**os.environ, **env}, check=False)


@pytest.mark.parametrize('flags', [(), ('-fno-exceptions',), ('-fno-exceptions', '-O2', '-fno-rtti')], ids=' '.join)
def test_what_others_throw_arrives(cc: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / 'case.cpp').write_text(SOURCE)
    unit = rewritten_unit(tmp_path / 'case.cpp', tmp_path / 'unit')
    compile_module(unit, tmp_path / 'out', '-Wall', *flags, compiler=CXX[cc])
    assert call(tmp_path / 'out', 'case.at(5)').stdout == 'IndexError\n'
    assert call(tmp_path / 'out', 'len(case.Empty())').stdout == 'IndexError\n'
    assert call(tmp_path / 'out', '', CASE_THROWS='1').stdout == 'IndexError\n'


@pytest.mark.parametrize('expression', ['case.last(5)', 'repr(case.Empty())'], ids=['method', 'slot'])
def test_a_noexcept_function_ends_the_process(expression: str, cc: str, tmp_path: Path) -> None:
    (tmp_path / 'case.cpp').write_text(SOURCE)
    unit = rewritten_unit(tmp_path / 'case.cpp', tmp_path / 'unit')
    compile_module(unit, tmp_path / 'out', '-Wall', compiler=CXX[cc])
    done = call(tmp_path / 'out', expression)
    assert done.returncode < 0
    assert 'terminate called' in done.stderr
