"""Each row is routed from the right place, or left alone for the right reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tramp_build.config import Config
from tramp_build.project import Project

FUNCTION = 'static PyObject *f(PyObject *self, PyObject *args) { return 0; }\n'


def decide(tmp_path: Path, source: str, *, suffix: str = '.c', config: Config | None = None, **others: str) -> list[str]:
    """Return what was decided about each row: the placement or the reason."""
    (tmp_path / f'unit{suffix}').write_text(source)
    for name, text in others.items():
        (tmp_path / name.replace('_DOT_', '.')).write_text(text)
    plan = Project(tmp_path, config or Config()).plan_file(tmp_path / f'unit{suffix}')
    assert plan
    return [(e.placement or e.reason).value for t in plan.tables for e in t.entries]  # type: ignore[union-attr]


def table(*rows: str, kind: str = 'PyMethodDef') -> str:
    return f'static {kind} t[] = {{\n' + ''.join(f'{row},\n' for row in rows) + '{0}};\n'


METHOD = '{"f", (PyCFunction)f, METH_VARARGS, 0}'

CASES_C = [
    pytest.param(FUNCTION + table(METHOD), ['before-table'], id='plain'),
    pytest.param(table(METHOD), ['external-definition'], id='unknown'),
    pytest.param(table('{"f", PyObject_Call, METH_VARARGS, 0}'), ['cpython-function'], id='cpython'),
    pytest.param(FUNCTION + table('{"f", f, MY_FLAGS, 0}'), ['unknown-flags'], id='flags of another file'),
    pytest.param('#define MY_FLAGS METH_VARARGS\n' + FUNCTION + table('{"f", f, MY_FLAGS, 0}'), ['before-table'], id='flags of this file'),
    pytest.param(
        '#if X\n#define MINE METH_FASTCALL\n#else\n#define MINE METH_VARARGS\n#endif\n' + FUNCTION + table('{"f", f, MINE, 0}'),
        ['before-table'],
        id='flags of this file in two ways',
    ),
    pytest.param(
        '#if X\n#define MINE METH_FASTCALL\n#else\n#define MINE other()\n#endif\n' + FUNCTION + table('{"f", f, MINE, 0}'),
        ['unknown-flags'],
        id='flags that are known in one way',
    ),
    pytest.param(
        '#if X\n#define MINE METH_O\n#else\n#define MINE(x) METH_O\n#endif\n' + FUNCTION + table('{"f", f, MINE, 0}'),
        ['unknown-flags'],
        id='flags that may have parameters',
    ),
    pytest.param(FUNCTION + table('{"f", f, METH_KEYWORDS, 0}'), ['unknown-flags'], id='keywords alone'),
    pytest.param(FUNCTION + table('{"f", NULL, METH_VARARGS, 0}'), ['nothing-to-route'], id='no function'),
    pytest.param(FUNCTION + table('{"f", x ? f : f, METH_VARARGS, 0}'), ['not-a-function'], id='expression'),
    pytest.param(FUNCTION + table('{"f", WRAP(f), METH_VARARGS, 0}'), ['macro-function'], id='macro call'),
    pytest.param('#define g f\n' + FUNCTION + table('{"f", g, METH_VARARGS, 0}'), ['before-table'], id='macro that renames'),
    pytest.param('#define g NULL\n' + FUNCTION + table('{"f", g, METH_VARARGS, 0}'), ['macro-function'], id='macro that may be NULL'),
    pytest.param(FUNCTION + table('ROW(f)'), ['macro-row'], id='macro row'),
    pytest.param(FUNCTION + '#ifdef A\n' + table(METHOD) + '#endif\n', ['before-table'], id='table under #if'),
    pytest.param(FUNCTION + table(f'#ifdef A\n{METHOD}', '#endif\n' + METHOD), ['after-definitions', 'before-table'], id='row under #if'),
    pytest.param(
        'PyObject *f(PyObject *, PyObject *);\n' + table(f'#ifdef A\n{METHOD}', '#endif\n' + METHOD),
        ['declared', 'before-table'],
        id='row under #if, function elsewhere',
    ),
    pytest.param(f'{FUNCTION}void init(void) {{ {table(METHOD)} }}\n', ['before-table'], id='local table'),
    pytest.param(f'void init(void) {{ {table(METHOD)} }}\n{FUNCTION}', ['declared-later'], id='local table in front of the function'),
]
CASES_GETSET = [
    pytest.param(FUNCTION + table('{"f", f, NULL, NULL, NULL}', kind='PyGetSetDef'), ['in-row'], id='getter'),
    pytest.param(FUNCTION + table('{"f", NULL, NULL, NULL, NULL}', kind='PyGetSetDef'), ['nothing-to-route'], id='neither'),
    pytest.param(table('{"f", PyObject_GenericGetDict, PyObject_GenericSetDict}', kind='PyGetSetDef'), ['cpython-function'], id='cpython'),
    pytest.param(FUNCTION + 'void i(void) {' + table('{"f", f}', kind='PyGetSetDef') + '}\n', ['before-table'], id='local'),
    pytest.param(
        FUNCTION + 'void i(int x) {' + table('{"f", f, 0, 0, &x}', kind='PyGetSetDef') + '}\n', ['local-table'], id='local closure'
    ),
]
CASES_CXX = [
    pytest.param(FUNCTION + table(METHOD), ['before-table'], id='plain'),
    pytest.param('struct C { static PyObject *f(PyObject *, PyObject *); };\n' + table('{"f", C::f, METH_O}'), ['in-row'], id='member'),
    pytest.param('template <int> PyObject *f(PyObject *, PyObject *);\n' + table('{"f", f<1>, METH_O}'), ['in-row'], id='template'),
    pytest.param(FUNCTION + table('{"f", [](PyObject *, PyObject *) { return r; }, METH_O}'), ['not-a-function'], id='lambda'),
    pytest.param(FUNCTION + table(f'#ifdef A\n{METHOD}', '#endif\n' + METHOD), ['in-row', 'before-table'], id='row under #if'),
    pytest.param(f'{FUNCTION}void init() {{ {table(METHOD)} }}\n', ['in-row'], id='local table'),
]


@pytest.mark.parametrize(('source', 'expected'), [*CASES_C, *CASES_GETSET])
def test_c(source: str, expected: list[str], tmp_path: Path) -> None:
    assert decide(tmp_path, source) == expected


@pytest.mark.parametrize(('source', 'expected'), CASES_CXX)
def test_cxx(source: str, expected: list[str], tmp_path: Path) -> None:
    assert decide(tmp_path, source, suffix='.cpp') == expected


def test_a_function_of_another_file_is_known(tmp_path: Path) -> None:
    """A header that declares it, or the unit that defines it, is enough."""
    assert decide(tmp_path, table(METHOD), api_DOT_h='PyObject *f(PyObject *, PyObject *);\n') == ['before-table']


def test_a_name_in_another_file_is_not_enough(tmp_path: Path) -> None:
    """A call or a variable of that name does not make it a function."""
    other = 'void g(void) { int f = 1; h(f); }\n#define F f(1)\n'
    assert decide(tmp_path, table(METHOD), other_DOT_c=other) == ['external-definition']


@pytest.mark.parametrize(
    ('config', 'expected'),
    [
        (Config(exclude_functions=frozenset({'f'})), 'excluded-function'),
        (Config(exclude=('unit.c',)), 'excluded-file'),
        (Config(include=('other.c',)), 'excluded-file'),
        (Config(languages=frozenset({'c++'})), 'language-off'),
    ],
)
def test_configured_away(config: Config, expected: str, tmp_path: Path) -> None:
    assert decide(tmp_path, FUNCTION + table(METHOD), config=config) == [expected]


@pytest.mark.parametrize('name', ['f', 'C::f', 'a::C::f'])
def test_a_function_is_excluded_by_each_of_its_names(name: str, tmp_path: Path) -> None:
    source = 'namespace a { struct C { static PyObject *f(PyObject *, void *); }; ' + table('{"f", 0, C::f}', kind='PyGetSetDef') + '}\n'
    excluded = Config(exclude_functions=frozenset({name}))
    assert decide(tmp_path, source, suffix='.cpp', config=excluded) == ['excluded-function']
    others = Config(exclude_functions=frozenset({f'b::{name}', 'b::C::f', 'a::f'}))
    assert decide(tmp_path, source, suffix='.cpp', config=others) == ['in-row']


def test_an_excluded_function_of_another_file_gets_no_second_entry(tmp_path: Path) -> None:
    (tmp_path / 'b.c').write_text('PyObject *f(PyObject *s, PyObject *a) { (void)s; return PyArg_ParseTuple(a, "") ? s : 0; }\n')
    (tmp_path / 'a.c').write_text('PyObject *f(PyObject *self, PyObject *args);\n' + table('{"f", f, METH_VARARGS}'))
    for excluded, upgraded in ((frozenset(), {'f'}), (frozenset({'f'}), set())):
        plan = Project(tmp_path, Config(exclude_functions=excluded)).plan_file(tmp_path / 'b.c')
        assert (set(plan.upgrades) if plan else set()) == upgraded


def test_included_files_are_left_alone(tmp_path: Path) -> None:
    """A unit that is part of another one is not what the compiler is given."""
    assert decide(tmp_path, FUNCTION + table(METHOD), all_DOT_c='#include "unit.c"\n') == ['included-file']
    (tmp_path / 'all.c').unlink()
    assert decide(tmp_path, FUNCTION + table(METHOD), suffix='.h') == ['included-file']


def test_a_unit_that_knows_its_place_is_left_alone(tmp_path: Path) -> None:
    assert decide(tmp_path, 'const char *me = __BASE_FILE__;\n' + FUNCTION + table(METHOD)) == ['needs-original']


@pytest.mark.parametrize(
    ('suffix', 'barrier', 'expected'),
    [('.c', 'auto', ()), ('.cpp', 'auto', ('barrier',)), ('.c', 'always', ('barrier',)), ('.cpp', 'never', ())],
)
def test_barrier(suffix: str, barrier: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / f'unit{suffix}'
    path.write_text(FUNCTION + table(METHOD))
    plan = Project(tmp_path, Config(barrier=barrier, fastcall=False)).plan_file(path)  # type: ignore[arg-type]
    assert plan
    assert plan.tables[0].entries[0].how == expected


def test_conventions(tmp_path: Path) -> None:
    """CLASS, STATIC and COEXIST say nothing about the call; order and spelling do not matter."""
    flags = {
        'METH_NOARGS': 'noargs',
        'METH_O | METH_COEXIST': 'o',
        'METH_STATIC|METH_VARARGS': 'varargs',
        'METH_KEYWORDS | METH_VARARGS': 'varargs|keywords',
        '(METH_VARARGS|METH_KEYWORDS)|METH_CLASS': 'varargs|keywords',
        '3': 'varargs|keywords',
        'METH_FASTCALL': 'fastcall',
        'METH_FASTCALL|METH_KEYWORDS': 'fastcall|keywords',
        'METH_METHOD|METH_FASTCALL|METH_KEYWORDS': 'method|fastcall|keywords',
    }
    path = tmp_path / 'unit.c'
    path.write_text(FUNCTION + table(*(f'{{"f", f, {flag}, 0}}' for flag in flags)))
    plan = Project(tmp_path, Config()).plan_file(path)
    assert plan
    assert [e.convention for e in plan.tables[0].entries] == list(flags.values())


def test_an_unreadable_neighbour_does_not_matter(tmp_path: Path) -> None:
    """A file that is looked at for the sake of another may be a dangling link by then."""
    assert decide(tmp_path, FUNCTION + table(METHOD)) == ['before-table']
    project = Project(tmp_path, Config())
    (tmp_path / 'gone.c').write_text('int x;\n')
    assert len(list(project.files())) == 2
    (tmp_path / 'gone.c').unlink()
    assert project.plan_file(tmp_path / 'unit.c')
