"""Rows and functions that macros make, in a build: the preprocessor says what they are, and the module behaves as stock."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest
from place_support import Place

SOURCE = r"""
#include <Python.h>
#include "macros.h"

static PyObject *f_one(PyObject *self, PyObject *args) { int noise; return PyLong_FromLong(__LINE__ + !self + !args); }
static PyObject *f_two(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self; (void)kwargs;
    return PyLong_FromSsize_t(PyTuple_GET_SIZE(args));
}
static PyObject *f_three(PyObject *self, PyObject *o) { (void)self; Py_INCREF(o); return o; }
DEFINE_CONSTANT(four, 4)
DEFINE_CONSTANT(five, 5)
DEFINE_CONSTANT(six, 6)
PyDoc_STRVAR(f_one_doc, "one, and \"more\"\n");
#define f_two_doc "two" " of them"

#define ENTRY(name, flags) {#name, (PyCFunction)(void (*)(void))f_##name, METH_##flags, f_##name##_doc}
#define PAIR(a, b) {"pair_" #a, f_##a, METH_NOARGS, NULL}, {"pair_" #b, f_##b, METH_NOARGS, NULL},
#define NOTHING(a)
#define FIELDS(name, function) name, function, METH_O, PyDoc_STR("(\"},{\")")
#define ROW(...) {__VA_ARGS__}
#define SENTINEL {NULL, NULL, 0, NULL}
static PyMethodDef methods[] = {
    ENTRY(one, NOARGS),
    ENTRY(two,    /* with, a comment */
          VARARGS \
          | METH_KEYWORDS),
    PAIR(four, five)
    NOTHING(at all)
    {FIELDS("three", f_three)},
    ROW("plain", f_one, METH_NOARGS, __FILE__),
    {"cast", FUNCTION(f_three), ONE_ARGUMENT, NULL},
    {"four", constant_four, METH_NOARGS, NULL},
    OPTIONAL(constant_six)
    SENTINEL
};
#undef ENTRY
#define ENTRY(name, flags) {"other_" #name, f_##name, METH_##flags, XSTR(VALUE)}
#define f_four constant_four
static PyMethodDef others[] = { ENTRY(three, O), ENTRY(four, NOARGS), {NULL, NULL, 0, NULL} };

typedef struct { PyObject_HEAD long left, right; } Thing;
#define GETTER(n) static PyObject *get_##n(PyObject *self, void *closure) \
    { return PyLong_FromLong(((Thing *)self)->n + !closure); }
#define SETTER(n) static int set_##n(PyObject *self, PyObject *value, void *closure) \
    { ((Thing *)self)->n = value ? PyLong_AsLong(value) : -9; return !closure ? 0 : PyErr_Occurred() ? -1 : 0; }
GETTER(left) SETTER(left)
GETTER(right)
#define READ_ONLY(n) {#n, (getter)get_##n, NULL, "read " #n, NULL}
#define READ_WRITE(n) {#n, (getter)get_##n, (setter)set_##n, "write " #n, (void *)#n}
static PyGetSetDef getset[] = {
    READ_WRITE(left),
    READ_ONLY(right),
    {NULL, NULL, NULL, NULL, NULL}
};
static PyTypeObject thing;
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *m = PyModule_Create(&module);
    thing.tp_name = "case.Thing";
    thing.tp_basicsize = sizeof(Thing);
    thing.tp_flags = Py_TPFLAGS_DEFAULT;
    thing.tp_getset = getset;
    thing.tp_new = PyType_GenericNew;
    if (!m || PyType_Ready(&thing) < 0 || PyModule_AddObject(m, "Thing", (PyObject *)&thing) < 0 || PyModule_AddFunctions(m, others) < 0)
        return NULL;
    return m;
}
"""
HEADER = r"""#pragma once
#define DEFINE_CONSTANT(name, value) \
    static __attribute__((unused)) PyObject *constant_##name(PyObject *self, PyObject *o) { return PyLong_FromLong(value + !self + !!o); }
#define f_five constant_five
#define f_four constant_four
#define FUNCTION(function) ((PyCFunction)(void (*)(void))(function))
#define STR(x) #x
#define XSTR(x) STR(x)
#ifndef VALUE
#define VALUE 1
#endif
#ifdef MORE
#define OPTIONAL(function) {"more", function, METH_NOARGS, "more " XSTR(VALUE)}, {"most", function, METH_NOARGS, NULL},
#define ONE_ARGUMENT METH_O
#else
#define OPTIONAL(function)
#define ONE_ARGUMENT (METH_O | METH_COEXIST)
#endif
"""
SCRIPT = r"""
import case
def outcome(call):
    try:
        return repr(call())
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'
for name in sorted(n for n in dir(case) if not n.startswith('__') and n != 'Thing'):
    function = getattr(case, name)
    print(name, function.__doc__, [outcome(lambda: function(*args)) for args in ((), (1,), (1, 2))])
thing = case.Thing()
for name in ('left', 'right'):
    print(name, getattr(case.Thing, name).__doc__, outcome(lambda: getattr(thing, name)), outcome(lambda: setattr(thing, name, 5)),
          outcome(lambda: delattr(thing, name)), outcome(lambda: getattr(thing, name)))
"""
FILES = {'src/mod.c': SOURCE, 'src/macros.h': HEADER}
FLAGS = [(), ('-DMORE',), ('-DMORE', '-DVALUE=two'), ('-DVALUE=f_one',)]
NAMES = {'one', 'two', 'pair_four', 'pair_five', 'three', 'plain', 'cast', 'four', 'other_three', 'other_four', 'left', 'right'}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.with_files(tmp_path, FILES, SCRIPT)


@pytest.mark.parametrize('flags', FLAGS, ids=' '.join)
def test_the_module_is_the_same(place: Place, cc: str, flags: tuple[str, ...]) -> None:
    said = place.compile(cc, 'src/mod.c', 'a.o', *flags, stock=True)
    stock = place.run('a.o')
    assert 'noise' in said
    assert place.compile(cc, 'src/mod.c', 'a.o', *flags) == said
    assert place.run('a.o') == stock
    assert place.outcomes() == ['routed']
    rows = place.entries()
    assert [row for row in rows if row['decision'] != 'routed'] == []
    assert {row['name'] for row in rows} == NAMES | ({'more', 'most'} if '-DMORE' in flags else set())
    assert not list(place.dir.glob('**/.tramp-build'))


def test_two_compiles_of_one_source(place: Place, cc: str) -> None:
    """With what differs in rows, in between and again; nothing is left of the one in the other."""
    for number, flags in enumerate([*FLAGS, *FLAGS]):
        place.compile(cc, 'src/mod.c', f'{number}.o', *flags)
        place.compile(cc, 'src/mod.c', 'stock.o', *flags, stock=True)
        assert place.run(f'{number}.o') == place.run('stock.o')
        assert ('tramp_m_constant_six' in place.symbols(f'{number}.o')) == ('-DMORE' in flags)


def test_an_answer_that_is_known_needs_no_python(place: Place, cc: str) -> None:
    place.compile(cc, 'src/mod.c', 'a.o', '-DMORE')
    conf = (place.state.dir / 'conf').read_text()
    (place.state.dir / 'conf').write_text(re.sub('^python=.*', 'python=/nonexistent', conf, flags=re.MULTILINE))
    before = place.symbols('a.o')
    place.compile(cc, 'src/mod.c', 'a.o', '-DMORE')
    assert place.symbols('a.o') == before
    # What is not known is compiled without the rows that only the preprocessor can tell, and the others are routed.
    done = place.start(cc, 'src/mod.c', 'a.o', '-DMORE', '-DVALUE=2')
    assert done.returncode == 0
    assert 'tramp_m_constant_six' in before
    assert 'tramp_m_constant_four' in place.symbols('a.o')
    assert 'tramp_m_constant_six' not in place.symbols('a.o')
    assert place.outcomes() == ['routed'] * 3


def test_a_header_that_changes(place: Place, cc: str) -> None:
    """The source and the flags are the same, and the index still knows them."""
    place.compile(cc, 'src/mod.c', 'a.o')
    path = place.dir / 'src/macros.h'
    path.write_text(
        path.read_text().replace('#define OPTIONAL(function)\n', '#define OPTIONAL(function) {"new", function, METH_NOARGS, 0},\n')
    )
    place.compile(cc, 'src/mod.c', 'a.o')
    assert 'new ' in place.run('a.o')
    assert 'tramp_m_constant_six' in place.symbols('a.o')


def wrapped(place: Place, cc: str, text: str) -> Path:
    path = place.dir / f'tools/{cc}'
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\n{text}\nexec {cc} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize('strict', [False, True])
def test_a_preprocessor_that_fails(tmp_path: Path, cc: str, strict: bool) -> None:
    plain = SOURCE.replace('static PyMethodDef others[] = {', 'static PyMethodDef others[] = { {"alone", f_one, METH_NOARGS, 0},')
    place = Place.with_files(tmp_path, FILES | {'src/mod.c': plain}, SCRIPT)
    place.config = replace(place.config, strict=strict)
    place.prepare()
    compiler = wrapped(place, cc, 'case " $* " in *" -E "*) echo no preprocessor >&2; exit 1;; esac')
    stock = place.compile(cc, 'src/mod.c', 'a.o', stock=True)
    done = place.start(compiler, 'src/mod.c', 'b.o')
    if strict:
        assert done.returncode == 1
        assert 'tramp-build: error: src/mod.c: compiled without trampolines' in done.stderr
        return
    assert done.returncode == 0
    assert stock.startswith(done.stderr)
    assert place.run('b.o') == place.run('a.o')
    assert place.outcomes() == ['routed']
    routed = {row['name'] for row in place.entries() if row['decision'] == 'routed'}
    assert {'alone', 'three', 'four', 'left', 'right'} <= routed
    assert routed.isdisjoint({'pair_four', 'cast'})


def test_strict_is_content_with_what_macros_make(place: Place, cc: str) -> None:
    place.config = replace(place.config, strict=True)
    place.prepare()
    place.compile(cc, 'src/mod.c', 'a.o')
    assert place.outcomes() == ['routed']


def test_strict_says_what_is_left(tmp_path: Path, cc: str) -> None:
    source = SOURCE.replace('#define SENTINEL', '#define UNKNOWN {"u", PyObject_Repr_, METH_O, 0},\n#define SENTINEL')
    source = source.replace('    SENTINEL', '    UNKNOWN SENTINEL').replace('#include "macros.h"', '#include "macros.h"\n#include "gone.h"')
    place = Place.with_files(tmp_path, FILES | {'src/mod.c': source}, SCRIPT)
    place.config = replace(place.config, strict=True)
    place.prepare()
    (tmp_path / 'include').mkdir()
    (tmp_path / 'include/gone.h').write_text('PyObject *(*lookup(void))(PyObject *, PyObject *);\n#define PyObject_Repr_ lookup()\n')
    for _ in range(2):
        done = place.start(cc, 'src/mod.c', 'a.o', '-Iinclude')
        assert done.returncode != 0


def test_the_call_is_asked_without_what_it_writes(place: Place, cc: str) -> None:
    """No word of a compile that would write a file, or write it elsewhere, reaches the preprocessor."""
    compiler = wrapped(place, cc, 'echo "$*" >> calls')
    place.compile(compiler, 'src/mod.c', 'a.o', '-MP', '-DMORE', '-include', 'stddef.h')
    asked, compiled = (place.dir / 'calls').read_text().splitlines()
    assert ' -E ' in f'{asked} '
    assert not re.search(r' -(?:c|M\w*|Wp,\S*)\b', asked)
    assert '-DMORE -include stddef.h' in asked
    assert ' -E ' not in f'{compiled} '


def test_sources_that_are_linked_at_once(place: Place, cc: str) -> None:
    (place.dir / 'src/b.c').write_text('int b;\n')
    launcher = [str(word) for word in place.start(cc, 'src/mod.c', 'a.o').args[:2]]
    words = [cc, '-fPIC', '-shared', '-isystem', sysconfig.get_path('include'), 'src/b.c', 'src/mod.c', '-o', 'case.so']
    done = subprocess.run([*launcher, *words], cwd=place.dir, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'tramp_m_constant_four' in place.symbols('case.so')
    assert subprocess.run([sys.executable, '-c', SCRIPT], cwd=place.dir, check=True, capture_output=True).stdout


def test_cxx(tmp_path: Path, cc: str) -> None:
    source = SOURCE.replace('{NULL, NULL, 0, NULL}', '{nullptr, nullptr, 0, nullptr}')
    place = Place.with_files(tmp_path, {'src/mod.cpp': source, 'src/macros.h': HEADER}, SCRIPT)
    cxx = {'gcc': 'g++', 'clang': 'clang++'}[cc]
    said = place.compile(cxx, 'src/mod.cpp', 'a.o', '-DMORE', '-std=c++20', stock=True)
    assert place.compile(cxx, 'src/mod.cpp', 'b.o', '-DMORE', '-std=c++20') == said
    assert place.outcomes() == ['routed']
    assert all(row['decision'] == 'routed' for row in place.entries())
    assert 'U tramp_cxx_noargs' in place.symbols('b.o')
