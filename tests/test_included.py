"""Files that a unit includes are rewritten with it; nobody but the report can tell."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from place_support import Place

from tramp_build import build_report
from tramp_build.state import State

FILES = {
    'src/mod.c': r"""
#include <Python.h>
#include "config.h"
static PyObject *add(PyObject *self, PyObject *args);
static PyObject *where(PyObject *self, PyObject *args);
static PyMethodDef methods[] = {
#include "sub/rows.inc"
    {"main", where, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};
#include "sub/impl.c"
#include "sub/once.h"
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
""",
    'src/config.h': '#define START 5\n',
    'config.h': '#error the other one\n',
    'src/sub/rows.inc': '    {"add", add, METH_VARARGS, "from a file"},\n#include "../more.inc"\n',
    'src/more.inc': '    {"where", where, METH_NOARGS, NULL},\n    {"late", (PyCFunction)add, METH_VARARGS, NULL},\n',
    'src/sub/once.h': """#pragma once
#if __has_include("local.h")
#include "local.h"
#endif
static PyMethodDef extra[] = {{"extra", where, METH_NOARGS, NULL}};
static inline int unused_in_a_header(void) { int noise; return LOCAL + (int)sizeof extra; }
""",
    'src/sub/impl.c': r"""
#include "once.h"
static PyObject *add(PyObject *self, PyObject *args)
{
    int a, b, noise;
    (void)self;
    if (!PyArg_ParseTuple(args, "ii:add", &a, &b))
        return NULL;
    return PyLong_FromLong(a + b + LOCAL + START);
}
static PyObject *where(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    return PyUnicode_FromFormat("%s:%d", __FILE__, __LINE__);
}
""",
    'src/sub/local.h': '#pragma once\nstatic PyObject *where(PyObject *self, PyObject *args);\n#define LOCAL 100\n',
}
SCRIPT = """
import case
def outcome(call):
    try:
        return repr(call())
    except TypeError as exc:
        return str(exc)
calls = (lambda: case.add(1, 2), lambda: case.add('x'), lambda: case.late(3, 4), case.where, case.main, lambda: case.add.__doc__)
print([outcome(call) for call in calls])
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.with_files(tmp_path, FILES, SCRIPT)


def test_the_module_is_the_same(place: Place, cc: str) -> None:
    said = [place.compile(cc, 'src/mod.c', 'a.o', stock=True), '']
    stock = place.run('a.o')
    said[1] = place.compile(cc, 'src/mod.c', 'a.o')
    assert place.outcomes() == ['routed']
    assert 'noise' in said[0]
    assert said[1] == said[0]
    assert place.run('a.o') == stock
    assert 'src/sub/impl.c' in stock
    symbols = subprocess.run(['nm', 'a.o'], cwd=place.dir, capture_output=True, text=True, check=True).stdout
    assert {'tramp_m_add', 'tramp_m_where'} <= set(re.findall(r'\btramp_m_\w+', symbols))
    assert not list(place.dir.glob('**/.tramp-build'))


@pytest.mark.parametrize(('cwd', 'source'), [('src', 'mod.c'), ('src/sub', '../mod.c'), ('src', './mod.c'), ('.', '{dir}/src/mod.c')])
def test_however_the_source_is_spelled(place: Place, cc: str, cwd: str, source: str) -> None:
    spelled = source.replace('{dir}', str(place.dir))
    said = [place.compile(cc, spelled, f'{place.dir}/a.o', stock=stock, cwd=cwd) for stock in (True, False)]
    assert place.outcomes() == ['routed']
    assert said[1] == said[0]
    text = (place.dir / 'a.o').read_bytes()
    assert b'.tramp-build' not in text


def test_a_part_that_changes_is_read_again(place: Place, cc: str) -> None:
    place.compile(cc, 'src/mod.c', 'a.o')
    before = place.run('a.o')
    path = place.dir / 'src/sub/impl.c'
    path.write_text(path.read_text().replace('a + b', '1000 + a + b'))
    place.compile(cc, 'src/mod.c', 'a.o')
    assert place.outcomes() == ['routed', 'routed']
    assert before.startswith("['108'")
    assert place.run('a.o').startswith("['1108'")


def test_a_part_that_loses_its_rows(place: Place, cc: str) -> None:
    place.compile(cc, 'src/mod.c', 'a.o')
    (place.dir / 'src/sub/rows.inc').write_text('/* nothing any more */\n')
    (place.dir / 'src/mod.c').write_text('#include "sub/rows.inc"\nint nothing;\n')
    place.compile(cc, 'src/mod.c', 'a.o')
    assert place.outcomes() == ['routed', 'no-tables']


def test_two_units_may_need_it_differently(place: Place, cc: str) -> None:
    """A header with a table in C and in C++: one goes through the barrier, the other does not."""
    source = '#include <Python.h>\n{}#include "table.h"\nvoid *keep(void);\nvoid *keep(void) {{ return methods; }}\n'
    (place.dir / 'a.c').write_text(source.format('static PyObject *f(PyObject *self, PyObject *args) { return self ? self : args; }\n'))
    (place.dir / 'b.cpp').write_text(source.format('static PyObject *f(PyObject *self, PyObject *args) { return self ? self : args; }\n'))
    (place.dir / 'table.h').write_text('static PyMethodDef methods[] = {{"f", f, METH_O, 0}, {0, 0, 0, 0}};\n')
    place.prepare()
    for name, symbol in {'a.c': 'tramp_o', 'b.cpp': 'tramp_cxx_o'}.items():
        place.compile({'gcc': 'g++', 'clang': 'clang++'}[cc] if name.endswith('pp') else cc, name, f'{name}.o')
        symbols = subprocess.run(['nm', f'{name}.o'], cwd=place.dir, capture_output=True, text=True, check=True).stdout
        assert f'U {symbol}\n' in symbols


def test_the_report_tells_of_each_file(place: Place, cc: str) -> None:
    place.compile(cc, 'src/mod.c', 'a.o')
    report = build_report.from_state(State(place.dir / 'state'))
    rows = {
        file['path']: [e['name'] for t in file['tables'] for e in t['entries'] if e['decision'] == 'routed'] for file in report['files']
    }
    assert rows == {
        'src/mod.c': ['main', 'PyInit_case'],
        'src/more.inc': ['where', 'late'],
        'src/sub/once.h': ['extra'],
        'src/sub/rows.inc': ['add'],
    }
    assert json.dumps(report)


def test_the_original_is_compiled_where_a_part_does_not(place: Place, cc: str) -> None:
    """Nothing in the project says what a macro of the command line does with the arguments."""
    path = place.dir / 'src/sub/impl.c'
    path.write_text(path.read_text().replace('(void)self;\n    if', 'TRACE\n    if'))
    place.prepare()
    done = place.compile(cc, 'src/mod.c', 'a.o', '-DTRACE=(void)self;(void)args;')
    assert place.outcomes() == ['fallback']
    assert 'tramp-build: warning: src/mod.c: compiled without trampolines: ' in done
    assert place.run('a.o').startswith("['108'")


def test_coverage_names_the_original(place: Place) -> None:
    place.compile('gcc', 'src/mod.c', 'a.o', '--coverage')
    notes = (place.dir / 'a.gcno').read_bytes()
    assert b'sub/impl.c' in notes
    assert b'tramp-build' not in notes
    assert os.listdir(place.dir / 'src/sub')
