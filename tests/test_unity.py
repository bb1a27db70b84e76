"""Unity builds: a file of the build directory puts sources together by absolute paths, and each is as it would be alone."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from place_support import Place

from tramp_build import backend, build_report

FILES = {
    'src/mod.c': r"""
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "config.h"
PyObject *add(PyObject *self, PyObject *args);
extern PyMethodDef more[];
static PyObject *where(PyObject *self, PyObject *args)
{
    int noise;
    (void)self;
    (void)args;
    return PyUnicode_FromFormat("%s:%d", __FILE__, __LINE__);
}
static PyMethodDef methods[] = {
    {"add", add, METH_VARARGS, "of another file"},
    {"where", where, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void)
{
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddFunctions(made, more) < 0)
        Py_CLEAR(made);
    return made;
}
""",
    'src/config.h': '#define START 5\n',
    'config.h': '#error the other one\n',
    'src/sub/add.c': r"""
#include "local.h"
PyObject *add(PyObject *self, PyObject *args);
PyObject *add(PyObject *self, PyObject *args)
{
    int a, b;
    (void)self;
    if (!PyArg_ParseTuple(args, "ii:add", &a, &b))
        return NULL;
    return PyLong_FromLong(a + b + LOCAL + START);
}
""",
    'src/sub/local.h': '#define LOCAL 100\n',
    'src/more.c': r"""
#include "sub/rows.inc"
PyObject *add(PyObject *self, PyObject *args);
static PyObject *place(PyObject *self, PyObject *args)
{
    const char *text = "";
    if (!PyArg_ParseTuple(args, "|s", &text))
        return NULL;
    return PyUnicode_FromFormat("%s %s:%d", text, __FILE__, __LINE__ + (self == NULL));
}
extern PyMethodDef more[];
PyMethodDef more[] = {
    {"late", add, METH_VARARGS, NULL},
    {"place", place, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}
};
""",
    'src/sub/rows.inc': 'static PyObject *unused(void) __attribute__((unused));\nstatic PyObject *unused(void) { return NULL; }\n',
    'src/plain.c': 'int counter;\nint count(void);\nint count(void) { return ++counter; }\n',
}
SCRIPT = """
import case
def outcome(call):
    try:
        return repr(call())
    except TypeError as exc:
        return str(exc)
calls = (lambda: case.add(1, 2), lambda: case.add('x'), lambda: case.late(3, 4), case.where, case.place, lambda: case.place('at'))
print([outcome(call) for call in calls])
"""
SOURCES = ('src/mod.c', 'src/sub/add.c', 'src/plain.c', 'src/more.c')
FORMS = {
    'meson': '#include<{path}>\n',
    'cmake': '/* NOLINTNEXTLINE(bugprone-suspicious-include) */\n#include "{path}"\n\n#undef UNIQUE\n',
}


def put_together(place: Place, name: str, sources: tuple[str, ...], form: str = 'meson') -> str:
    text = ''.join(FORMS[form].format(path=place.dir / source) for source in sources)
    (place.dir / name).parent.mkdir(exist_ok=True)
    (place.dir / name).write_text(text)
    return name


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.with_files(tmp_path, FILES, SCRIPT)


def routed(place: Place) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Return the rows of each file of the report that go through, and how."""
    files = build_report.from_state(place.state)['files']
    return {
        file['path']: [(e['name'], tuple(e['how'])) for t in file['tables'] for e in t['entries'] if e['decision'] == 'routed']
        for file in files
    }


@pytest.mark.parametrize('form', FORMS)
def test_as_if_each_was_by_itself(place: Place, cc: str, form: str) -> None:
    """Behaviour, messages, dependencies, debug information and report, from whatever place; nothing stays behind."""
    name = put_together(place, '.build/all.c', SOURCES, form)
    stock = place.compile(cc, name, 'a.o', stock=True)
    ran = place.run('a.o')
    assert 'noise' in stock
    for spelled, cwd in ((name, '.'), ('all.c', '.build'), ('../.build/all.c', 'src'), (os.fspath(place.dir / name), '.')):
        expected = place.compile(cc, spelled, f'{place.dir}/a.o', stock=True, cwd=cwd)
        assert place.compile(cc, spelled, f'{place.dir}/a.o', cwd=cwd) == expected
        assert place.run('a.o') == ran
        assert b'.tramp-build' not in (place.dir / 'a.o').read_bytes()
    assert place.outcomes() == ['routed'] * 4
    assert {'tramp_m_add', 'tramp_m_where', 'tramp_m_place'} <= set(re.findall(r'\btramp_m_\w+', place.symbols('a.o')))
    assert routed(place) == {
        'src/mod.c': [('add', ('fastcall',)), ('where', ()), ('PyInit_case', ())],
        'src/more.c': [('late', ('fastcall',)), ('place', ('fastcall',))],
    }
    assert not list(place.dir.glob('**/.tramp-build'))


@pytest.mark.parametrize('together', [(1, 3), (2, 2), (1, 1, 1, 1), (3, 1)])
def test_several_of_them(place: Place, cc: str, together: tuple[int, ...]) -> None:
    """What a table of one says of the functions of another."""
    place.compile(cc, put_together(place, '.build/all.c', SOURCES), 'a.o', stock=True)
    expected = place.run('a.o')
    first = 0
    for number, count in enumerate(together):
        name = put_together(place, f'.build/{number}.c', SOURCES[first : first + count])
        # Some use what another file has defined in front of them.
        place.compile(cc, name, f'{number}.o', '-include', 'Python.h', '-DSTART=5')
        first += count
    assert place.run_all([f'{number}.o' for number in range(len(together))]) == expected
    assert set(place.outcomes()) <= {'routed', 'no-tables', 'plain'}
    assert routed(place)['src/more.c'] == [('late', ('fastcall',)), ('place', ('fastcall',))]


def test_a_source_that_changes_is_read_again(place: Place, cc: str) -> None:
    name = put_together(place, '.build/all.c', SOURCES)
    place.compile(cc, name, 'a.o')
    before = place.run('a.o')
    path = place.dir / 'src/sub/add.c'
    path.write_text(path.read_text().replace('a + b', '1000 + a + b'))
    place.compile(cc, name, 'a.o')
    assert place.outcomes() == ['routed', 'routed']
    assert before.startswith("['108'")
    assert place.run('a.o').startswith("['1108'")


def test_a_hook_decides_again(place: Place) -> None:
    """What another file says counts, though neither the sources nor what puts them together have changed."""
    name = put_together(place, '.build/all.c', SOURCES)
    place.compile('gcc', name, 'a.o')
    before = backend.bodies(place.state.dir)
    place.prepare()
    assert backend.bodies(place.state.dir) == before
    (place.dir / 'src/caller.c').write_text('void call(PyMethodDef *m) { m->ml_meth(0, 0); }\n')
    place.prepare()
    assert backend.bodies(place.state.dir)[os.fspath(place.dir / name)] != before[os.fspath(place.dir / name)]
    place.compile('gcc', name, 'a.o')
    assert {how for rows in routed(place).values() for _, how in rows} == {()}
    (place.dir / name).unlink()
    place.prepare()


def test_strict(place: Place) -> None:
    """A row that is not routed is an error, whichever file it is in."""
    path = place.dir / 'src/more.c'
    path.write_text(path.read_text().replace('place, METH_VARARGS', 'place, METH_VARARGS | 0x4000'))
    name = put_together(place, '.build/all.c', SOURCES)
    place.prepare()
    place.configure(strict=True)
    done = place.start('gcc', name, 'a.o')
    assert done.returncode == 1
    assert f'{place.dir / name}: strict = true, and not every row is routed' in done.stderr
    path.write_text(path.read_text().replace(' | 0x4000', ''))
    assert place.start('gcc', name, 'a.o').returncode == 0


def test_what_is_left_out(place: Place, cc: str) -> None:
    """A source that is excluded, or that depends on its place, stays; what the others make of its functions goes on."""
    place.config = replace(place.config, exclude=('src/more.c',))
    path = place.dir / 'src/sub/add.c'
    path.write_text(path.read_text() + 'const char *base(void);\nconst char *base(void) { return __BASE_FILE__; }\n')
    place.prepare()
    name = put_together(place, '.build/all.c', SOURCES)
    place.compile(cc, name, 'a.o', stock=True)
    expected = place.run('a.o')
    place.compile(cc, name, 'a.o')
    assert place.run('a.o') == expected
    assert routed(place) == {'src/mod.c': [('add', ()), ('where', ()), ('PyInit_case', ())], 'src/more.c': []}
    entries = {entry['name']: entry['reason'] for entry in place.entries()}
    assert entries == {'add': None, 'where': None, 'late': 'excluded-file', 'place': 'excluded-file'}


def test_the_original_is_compiled_where_one_does_not(place: Place, cc: str) -> None:
    path = place.dir / 'src/sub/add.c'
    path.write_text(path.read_text().replace('(void)self;', 'TRACE'))
    place.prepare()
    name = put_together(place, '.build/all.c', SOURCES)
    said = place.compile(cc, name, 'a.o', '-DTRACE=(void)self;(void)args;')
    assert place.outcomes() == ['fallback']
    assert f'tramp-build: warning: {name}: compiled without trampolines: ' in said
    assert place.run('a.o').startswith("['108'")
    assert routed(place) == {'src/mod.c': [], 'src/more.c': []}


def test_nobody_is_asked_without_tables(place: Place, cc: str) -> None:
    name = put_together(place, '.build/all.c', ('src/plain.c', 'src/config.h'))
    place.compile(cc, name, 'a.o')
    assert place.outcomes() == ['no-tables']
    # Names of no files, one without an end, and the end of the file in one.
    (place.dir / name).write_text(f'#include <{place.dir}/src/none.c>\n#include </a.c\n#include </')
    place.start(cc, name, 'a.o')
    assert set(place.outcomes()) == {'no-tables'}


def test_sources_that_a_build_makes(place: Place, cc: str) -> None:
    """They are no files of the project, and would be asked about by themselves."""
    made = place.dir / '.build/made.c'
    name = put_together(place, '.build/all.c', (*SOURCES, '.build/made.c'))
    made.write_text(
        'static PyObject *f(PyObject *s, PyObject *a) { return PyArg_ParseTuple(a, "") ? s : 0; }\n'
        'PyMethodDef made[] = {{"f", f, METH_VARARGS, 0}, {0, 0, 0, 0}};\n'
    )
    place.compile(cc, name, 'a.o')
    assert place.outcomes() == ['routed']
    assert routed(place)['.build/made.c'] == [('f', ('fastcall',))]


@pytest.mark.parametrize(('directory', 'outcome'), [('a=b@c', 'routed'), ('a|b', 'plain'), ('a\\b', 'plain')])
def test_paths_with_special_characters(tmp_path: Path, cc: str, directory: str, outcome: str) -> None:
    place = Place.with_files(tmp_path / directory, FILES, SCRIPT)
    (place.dir / 'src/sub/add.c').rename(place.dir / 'src/sub/a=d.c')
    name = put_together(place, '.build/all.c', tuple(source.replace('add.c', 'a=d.c') for source in SOURCES))
    place.prepare()
    stock = place.compile(cc, name, 'a.o', stock=True)
    ran = place.run('a.o')
    assert place.compile(cc, name, 'a.o') == stock
    assert place.outcomes() == [outcome]
    assert place.run('a.o') == ran
    assert b'.tramp-build' not in (place.dir / 'a.o').read_bytes()
    assert bool(place.entries()) == (outcome == 'routed')
