"""Rows that simple macros make, replaced without a compiler: the preprocessor makes the same of both texts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tramp_build.config import Config
from tramp_build.project import Project

HEAD = 'static PyObject *f(PyObject *, PyObject *), *g(PyObject *, PyObject *), *my_f(PyObject *, PyObject *);\n'


def expanded(directory: Path, source: str, **others: str) -> tuple[str, str]:
    """Return a unit before and after."""
    path = directory / 'u.c'
    path.write_text(source)
    for name, text in others.items():
        (directory / name.replace('_DOT_', '.')).write_text(text)
    unit = Project(directory, Config()).unit(path)
    return unit.text.decode(), unit.seen.decode()


def table(*rows: str) -> str:
    return HEAD + 'static PyMethodDef m[] = {\n' + '\n'.join(rows) + '\n{NULL, NULL, 0, NULL}\n};\n'


def rows_of(text: str) -> list[str]:
    return text.partition('m[] = {\n')[2].partition('\n{NULL, NULL')[0].splitlines()


def preprocessed(cc: str, source: Path, text: str) -> str:
    source.write_text('#define NULL ((void *)0)\n#define METH_O 8\n#define PyDoc_STR(x) x\n' + text)
    done = subprocess.run([cc, '-E', '-P', '-w', source], capture_output=True, text=True, check=True)
    return re.sub(r'\s+', '', done.stdout)


ROW = '#define ROW(name, flags) {#name, (PyCFunction)my_##name, METH_##flags, NULL}\n'
CERTAIN = [
    pytest.param(ROW, ['ROW(f, O),'], ['{"f", (PyCFunction)my_f, METH_O, NULL},'], id='dbus-python'),
    pytest.param('#define R(n, x) {#n, n, (x), NULL}\n', ['R(f, METH_O),', 'R(g,METH_O | METH_STATIC)'],
                 ['{"f", f, (METH_O), NULL},', '{"g", g, (METH_O | METH_STATIC), NULL}'], id='awscrt'),
    pytest.param('#define R(n) \\\n  { #n, /* the ( one */ \\\n    n, METH_O, "//" } // and more\n', ['R(f),'],
                 ['{ "f", n, METH_O, "//" },'.replace(' n,', ' f,')], id='continuation and comments'),
    pytest.param('#define R(n) {"a" #n, n, METH_O, 0}, {"b" #n, n, METH_O, 0},\n', ['R(f) R(g)'],
                 ['{"a" "f", f, METH_O, 0}, {"b" "f", f, METH_O, 0}, {"a" "g", g, METH_O, 0}, {"b" "g", g, METH_O, 0},'], id='several'),
    pytest.param('#define NO(n)\n', ['NO(f)', '{"g", g, METH_O, 0},'], [' ', '{"g", g, METH_O, 0},'], id='none'),
    pytest.param('#define F {"f", f, METH_O, 0},\n', ['F'], ['{"f", f, METH_O, 0},'], id='no list'),
    pytest.param('#define R(...) {__VA_ARGS__}\n', ['R("f", f,METH_O, 0),'], ['{"f", f, METH_O, 0},'], id='variadic'),
    pytest.param('#define R(n, rest...) {#n, rest}\n', ['R(f, f, METH_O, 0),'], ['{"f", f, METH_O, 0},'], id='named'),
    pytest.param('#define R(n, ...) {#n, n, ##__VA_ARGS__}\n', ['R(f, METH_O, 0),'], ['{"f", f, METH_O, 0},'], id='comma'),
    pytest.param('#define INNER(n, d) {#n, n, METH_O, d}\n#define R(n) INNER(n, "doc " #n),\n', ['R(f)'],
                 ['{"f", f, METH_O, "doc " "f"},'], id='nested'),
    pytest.param('#define FIELDS(n) #n, n, METH_O, PyDoc_STR("(" #n ")")\n', ['{FIELDS(f)},'],
                 ['{"f", f, METH_O, PyDoc_STR("(" "f" ")")},'], id='in braces'),
    pytest.param('#define R(s) {#s, f, 8, s}\n', [r'R("a\n\"b\" \\"),', "R('\"' '\\\\'),"],
                 [r'{"\"a\\n\\\"b\\\" \\\\\"", f, 8, "a\n\"b\" \\"},', "{\"'\\\"' '\\\\\\\\'\", f, 8, '\"' '\\\\'},"], id='quoted'),
    pytest.param('#define R(a, b) {"x", a ## b, METH_##O, L ## 0}\n', ['R(my_, f),', 'R(, f),'],
                 ['{"x", my_f, METH_O, L0},', '{"x", f, METH_O, L0},'], id='pasted'),
    pytest.param('#define R(a) {#a, f, METH_O, a}\n', ['R((1, 2)  +\t3),'], ['{"(1, 2) + 3", f, METH_O, (1, 2) + 3},'], id='brackets'),
    pytest.param('#define R(a) {#a, f, METH_O, a}\n', ['R(1/* one */ + /**/\t2),'], ['{"1 + 2", f, METH_O, 1  +   2},'], id='blanks'),
    pytest.param('#define R() {"f", f, METH_O, 0}\n', ['R(),'], ['{"f", f, METH_O, 0},'], id='empty list'),
    pytest.param('#ifdef A\n#include "x.h"\n#endif\n' + ROW, ['ROW(f, O),'], ['{"f", (PyCFunction)my_f, METH_O, NULL},'], id='#if before'),
    pytest.param('#define ROW(a) wrong\n#undef ROW\n' + ROW, ['ROW(f, O),'], ['{"f", (PyCFunction)my_f, METH_O, NULL},'], id='redefined'),
]  # fmt: skip


@pytest.mark.parametrize(('macros', 'rows', 'expected'), CERTAIN)
def test_what_is_certain(macros: str, rows: list[str], expected: list[str], tmp_path: Path, cc: str) -> None:
    before, after = expanded(tmp_path, macros + table(*rows))
    assert rows_of(after) == expected
    assert before.count('\n') == after.count('\n')
    (tmp_path / 'x.h').touch()
    assert preprocessed(cc, tmp_path / 'a.c', before) == preprocessed(cc, tmp_path / 'a.c', after)


UNCERTAIN = [
    pytest.param('', 'ROW(f, O),', id='unknown'),
    pytest.param('#ifdef A\n' + ROW + '#endif\n', 'ROW(f, O),', id='under #if'),
    pytest.param('#ifdef A\n#define ROW(a, b) x\n#else\n' + ROW + '#endif\n', 'ROW(f, O),', id='two'),
    pytest.param('#ifndef ROW\n' + ROW + '#endif\n', 'ROW(f, O),', id='default'),
    pytest.param(ROW + '#ifdef A\n#undef ROW\n#endif\n', 'ROW(f, O),', id='removed under #if'),
    pytest.param(ROW + '#undef ROW\n', 'ROW(f, O),', id='removed'),
    pytest.param(ROW + '#pragma push_macro("ROW")\n', 'ROW(f, O),', id='pushed'),
    pytest.param(ROW, 'ROW(f),', id='too few'),
    pytest.param(ROW, 'ROW(f, O, x),', id='too many'),
    pytest.param(ROW, 'ROW(f,\n#ifdef X\nO\n#endif\n),', id='directive'),
    pytest.param(ROW, 'ROW(+, O),', id='makes no word'),
    pytest.param('#define S(x) #x\n#define XS(x) S(x)\n#define V 1\n#define R(v) {"f", f, METH_O, XS(v)}\n', 'R(V),', id='expanded first'),
    pytest.param('#define S(x) #x\n#define R(v) {"f", f, METH_O, S(v)}\n', 'R(NULL),', id='perhaps expanded first'),
    pytest.param('#define R(n, ...) {#n, n, ##__VA_ARGS__}\n', 'R(f),', id='no rest'),
    pytest.param('#define R(...) {#__VA_ARGS__, f, METH_O}\n', 'R(a,b),', id='the blanks of a list'),
    pytest.param('#define R(n, ...) {#n, n __VA_OPT__(,) __VA_ARGS__}\n', 'R(f, METH_O),', id='__VA_OPT__'),
    pytest.param('#define R(n) {#n, R, METH_O, 0}\n', 'R(f),', id='itself'),
    pytest.param('#define R(n) {#n, f, METH_O, (char *)__LINE__}\n', 'R(\nf),', id='its line'),
    pytest.param('#define R(n) {#n, f, METH_O, 0}\n', 'R,', id='no arguments'),
    pytest.param('#define R {"f", f, METH_O, 0}\n', 'R(f),', id='arguments'),
]  # fmt: skip


@pytest.mark.parametrize(('macros', 'row'), UNCERTAIN)
def test_what_is_not(macros: str, row: str, tmp_path: Path) -> None:
    before, after = expanded(tmp_path, macros + table(row))
    assert before == after


def test_a_circle(tmp_path: Path) -> None:
    """Each is replaced once, then the preprocessor stops as well."""
    _, after = expanded(tmp_path, '#define A(n) B(n)\n#define B(n) A(n)\n' + table('A(f),'))
    assert rows_of(after) == ['B(f),']


def test_headers_in_between(tmp_path: Path) -> None:
    include = ROW + '#include "x.h"\n' + table('ROW(f, O),')
    _, after = expanded(tmp_path, include, x_DOT_h='#define OTHER 1\n', y_DOT_c='#undef ROW\n')
    assert 'my_f, METH_O' in after
    for text in ('#undef ROW\n', '#ifdef X\n# define ROW(a, b)\n#endif\n'):
        before, after = expanded(tmp_path, include, x_DOT_h=text)
        assert before == after
    _, after = expanded(tmp_path, '#include "x.h"\n' + include.replace('#include "x.h"\n', ''), x_DOT_h='#undef ROW\n')
    assert 'my_f, METH_O' in after


def test_a_macro_that_changes_between_two_tables(tmp_path: Path, cc: str) -> None:
    second = '#undef ROW\n#define ROW(n, f) {"2" #n, n, METH_##f, 0}\n'
    before, after = expanded(tmp_path, ROW + table('ROW(f, O),') + second + table('ROW(g, O),').replace(' m[]', ' n[]').replace(HEAD, ''))
    assert '{"f", (PyCFunction)my_f, METH_O, NULL},' in after
    assert '{"2" "g", g, METH_O, 0},' in after
    assert preprocessed(cc, tmp_path / 'a.c', before) == preprocessed(cc, tmp_path / 'a.c', after)


def test_lines_stay_where_they_are(tmp_path: Path) -> None:
    _, after = expanded(tmp_path, ROW + table('ROW(f,', '    O),', '{"g", g, METH_O, 0},'))
    assert rows_of(after) == ['{"f", (PyCFunction)my_f, METH_O, NULL}', ',', '{"g", g, METH_O, 0},']


def test_getsets(tmp_path: Path) -> None:
    """zstandard's and gmpy2's."""
    macro = '#define GET(n) {#n, (getter)get_##n, (setter)set_##n, "doc " #n, NULL}\n'
    functions = 'static PyObject *get_x(PyObject *, void *);\nstatic int set_x(PyObject *, PyObject *, void *);\n'
    path = tmp_path / 'u.c'
    path.write_text(functions + macro + 'static PyGetSetDef m[] = {GET(x), {NULL}};\n')
    plan = Project(tmp_path, Config()).decisions(path)
    assert plan
    (entry,) = plan.tables[0].entries
    assert (entry.name, entry.function, entry.line, entry.routed) == ('x', 'get_x', 4, True)
    (row,) = plan.tables[0].table.rows
    assert path.read_bytes()[row.span.start : row.span.end] == b'GET(x)'
