"""C++ that may not throw: units without exceptions, functions that are noexcept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from launcher_support import CXX
from rewrite_support import compile_module, rewritten_unit

SOURCE = """\
#include <Python.h>
#include <vector>
static PyObject *at(PyObject *, PyObject *number) { std::vector<int> empty; return PyLong_FromLong(empty.at(PyLong_AsSize_t(number))); }
static PyObject *last(PyObject *self, PyObject *number) noexcept { return at(self, number); }
static PyMethodDef methods[] = {{"at", at, METH_O, nullptr}, {"last", last, METH_O, nullptr}, {nullptr, nullptr, 0, nullptr}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
"""


def call(directory: Path, function: str) -> subprocess.CompletedProcess[str]:
    code = (
        f'import sys; sys.path.insert(0, {str(directory)!r})\nimport case\ntry: case.{function}(5)\nexcept IndexError: print("IndexError")'
    )
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize('flags', [(), ('-fno-exceptions',), ('-fno-exceptions', '-O2', '-fno-rtti')], ids=' '.join)
def test_what_others_throw_arrives(cc: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / 'case.cpp').write_text(SOURCE)
    unit = rewritten_unit(tmp_path / 'case.cpp', tmp_path / 'unit')
    compile_module(unit, tmp_path / 'out', '-Wall', *flags, compiler=CXX[cc])
    assert call(tmp_path / 'out', 'at').stdout == 'IndexError\n'


def test_a_noexcept_function_ends_the_process(cc: str, tmp_path: Path) -> None:
    (tmp_path / 'case.cpp').write_text(SOURCE)
    unit = rewritten_unit(tmp_path / 'case.cpp', tmp_path / 'unit')
    compile_module(unit, tmp_path / 'out', '-Wall', compiler=CXX[cc])
    done = call(tmp_path / 'out', 'last')
    assert done.returncode < 0
    assert 'terminate called' in done.stderr
