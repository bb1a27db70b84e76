"""Sources that are read together with what they include: which, as what text, and back to each file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tramp_build.config import Config
from tramp_build.errors import RewriteError
from tramp_build.model import Edit, Span
from tramp_build.project import Project
from tramp_build.tree import Tree
from tramp_build.units import Unit, compose

ROWS = '{"f", f, METH_NOARGS, 0},\n'


def unit_of(files: dict[str, str], name: str = 'u.c') -> Unit:
    """Compose files by name; all are wanted."""
    paths = {Path('/p') / other: text.encode() for other, text in files.items()}
    return compose(Path('/p') / name, paths.__getitem__, paths.__contains__)


def names(unit: Unit) -> list[str]:
    return [part.spelled for part in unit.parts]


def test_a_file_takes_the_place_of_its_include() -> None:
    unit = unit_of({'u.c': 'a\n#include "x.inc"\nb\n', 'x.inc': 'x\ny\n'})
    assert unit.text == b'a\nx\ny\n\nb\n'
    assert names(unit) == ['u.c', 'x.inc']
    assert [unit.place(unit.text.index(c)) for c in (b'a', b'x', b'y', b'b')] == [(0, 1), (1, 1), (1, 2), (0, 3)]
    assert [unit.place_of_line(n) for n in (1, 2, 3, 5)] == [(0, 1), (1, 1), (1, 2), (0, 3)]


def test_one_without_a_line_end() -> None:
    unit = unit_of({'u.c': '#include "x.inc"\nb', 'x.inc': 'x'})
    assert unit.text == b'x\n\nb'
    assert unit.place(3) == (0, 2)


def test_names_are_put_together_as_the_compiler_does() -> None:
    unit = unit_of({'u.c': '#include "sub/x.h"\n', 'sub/x.h': '#include "../y.h"\n', 'y.h': 'y\n'})
    assert names(unit) == ['u.c', 'sub/x.h', 'sub/../y.h']
    assert unit.included == {(0, 'sub/x.h'): 1, (1, '../y.h'): 2}


@pytest.mark.parametrize('guard', ['#pragma once\n', '#ifndef X\n#define X\n', '/* one */ // two\n  # pragma once\n', '#if !defined(X)\n'])
def test_a_guarded_file_counts_where_it_is_first(guard: str) -> None:
    unit = unit_of({'u.c': '#include "x.h"\n#include "y.h"\n', 'x.h': guard + 'x\n#endif\n', 'y.h': '#include "x.h"\ny\n'})
    assert unit.text.count(b'x\n') == 1
    assert unit.included == {(0, 'x.h'): 1, (0, 'y.h'): 2, (2, 'x.h'): 1}


def test_one_that_is_there_twice_is_left_out() -> None:
    unit = unit_of({'u.c': '#include "x.h"\n#include "y.h"\n#include "x.h"\n', 'x.h': 'x\n', 'y.h': 'y\n'})
    assert names(unit) == ['u.c', 'y.h']
    assert unit.text.count(b'#include "x.h"') == 2


def test_files_that_include_each_other() -> None:
    unit = unit_of({'u.c': '#include "x.h"\n', 'x.h': '#pragma once\n#include "y.h"\n', 'y.h': '#pragma once\n#include "x.h"\ny\n'})
    assert names(unit) == ['u.c', 'x.h', 'y.h']
    assert unit.included[2, 'x.h'] == 1


@pytest.mark.parametrize(
    'line',
    ['// #include "x.h"', '/*\n#include "x.h"\n*/', '"\\\n#include \\"x.h\\""', '#include <x.h>', '#include "x.h" junk',
     '#include_next "x.h"', '/* a */ #include "x.h"', '#include \\\n"x.h"', '#import "x.h"'],
)  # fmt: skip
def test_what_is_no_plain_include(line: str) -> None:
    assert names(unit_of({'u.c': f'{line}\n', 'x.h': 'x\n'})) == ['u.c']


def test_edits_go_back_to_their_files() -> None:
    unit = unit_of({'u.c': 'ab\n#include "x.inc"\ncd\n', 'x.inc': 'xy\n'})
    text = unit.text
    edits = [Edit(Span(text.index(c), text.index(c) + 1), c.upper()) for c in (b'b', b'x', b'd')]
    assert unit.split(edits) == {
        0: [Edit(Span(1, 2), b'B'), Edit(Span(21, 22), b'D')],
        1: [Edit(Span(0, 1), b'X')],
    }
    assert unit.split([Edit(Span(3, 3), b'in front')]) == {1: [Edit(Span(0, 0), b'in front')]}
    assert unit.split([Edit(Span(len(text), len(text)), b'end')]) == {0: [Edit(Span(23, 23), b'end')]}
    with pytest.raises(RewriteError):
        unit.split([Edit(Span(0, 5), b'')])


def tree(tmp_path: Path, files: dict[str, str], config: Config | None = None) -> Tree:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree(tmp_path, config or Config())


def parts(found: Tree, name: str = 'u.c') -> list[str]:
    return [part.spelled for part in found.unit(found.root / name).parts]


def test_files_with_rows_or_functions_are_read_with_their_unit(tmp_path: Path) -> None:
    files = {
        'u.c': '#include "rows.inc"\n#include "impl.c"\n#include "plain.c"\n#include "decl.h"\n#include "chain.h"\n#include "none.inc"\n',
        'rows.inc': ROWS,
        'impl.c': 'static PyObject *f(PyObject *s, PyObject *a) { return 0; }\n',
        'plain.c': 'int x;\n',
        'decl.h': 'PyObject *f(PyObject *, PyObject *);\n',
        'chain.h': '#include "table.h"\n',
        'table.h': 'static PyMethodDef t[] = {' + ROWS + '};\n',
    }
    found = tree(tmp_path, files)
    assert parts(found) == ['u.c', 'rows.inc', 'impl.c', 'chain.h', 'table.h']
    assert found.owner(tmp_path / 'table.h') == tmp_path / 'u.c'
    assert found.owner(tmp_path / 'decl.h') == tmp_path / 'decl.h'
    assert not found.is_unit(tmp_path / 'impl.c')


@pytest.mark.parametrize('text', ['#include_next <a.h>\n' + ROWS, 'const char *s = __BASE_FILE__;\n' + ROWS])
def test_what_depends_on_its_place_stays(text: str, tmp_path: Path) -> None:
    assert parts(tree(tmp_path, {'u.c': '#include "rows.inc"\n', 'rows.inc': text})) == ['u.c']


def test_what_is_excluded_stays(tmp_path: Path) -> None:
    assert parts(tree(tmp_path, {'u.c': '#include "rows.inc"\n', 'rows.inc': ROWS}, Config(exclude=('*.inc',)))) == ['u.c']


FUNCTION = 'static PyObject *f(PyObject *s, PyObject *a)\n{\n    return keep(a);\n}\n'


def test_decisions_are_told_in_each_files_own_lines(tmp_path: Path) -> None:
    files = {
        'u.c': (
            '/* 1 */\n#include "f.c"\nstatic PyMethodDef t[] = {\n    {"a", f, METH_VARARGS, 0},\n'
            '#include "rows.inc"\n    {"z", g, METH_VARARGS, 0}};\n'
        ),
        'f.c': '\n' + FUNCTION,
        'rows.inc': '\n{"b", f, METH_VARARGS, 0},\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    project = Project(tmp_path, Config())
    found = {}
    for path in project.files():
        decided = project.decisions(path)
        for table in decided.tables if decided else ():
            for row, entry in zip(table.table.rows, table.entries, strict=True):
                found[entry.name] = (path.name, entry.line, entry.kept and (entry.kept.path, entry.kept.line))
                assert path.read_bytes()[row.span.start : row.span.end].startswith(b'{"' + (entry.name or '').encode())
    assert found == {'a': ('u.c', 4, ('f.c', 4)), 'b': ('rows.inc', 2, ('f.c', 4)), 'z': ('u.c', 6, None)}


def test_a_unit_that_can_not_be_edited_as_one_is_taken_apart(tmp_path: Path) -> None:
    (tmp_path / 'u.c').write_text('#include "rows.inc"\n')
    (tmp_path / 'rows.inc').write_text(ROWS)
    found = Tree(tmp_path, Config())
    assert found.separate(tmp_path / 'u.c')
    assert parts(found) == ['u.c']
    assert not found.separate(tmp_path / 'u.c')


@pytest.mark.parametrize(
    ('include', 'expected'),
    [
        ('#include "api.h"', 'limited-api'),
        ('#include <proj/api.h>', 'limited-api'),
        ('# include "other.h"', 'limited-api'),
        ('#include "none.h"', None),
    ],
)
def test_a_limited_api_is_that_of_the_headers_that_a_source_includes(include: str, expected: str | None, tmp_path: Path) -> None:
    (tmp_path / 'api.h').write_text('#define Py_LIMITED_API 0x03060000\n')
    (tmp_path / 'other.h').write_text('#include "sub/api.h"\n')
    function = 'static PyObject *f(PyObject *s, PyObject *a) { return PyArg_ParseTuple(a, "") ? s : 0; }\n'
    (tmp_path / 'u.c').write_text(f'{include}\n{function}static PyMethodDef t[] = {{{{"f", f, METH_VARARGS, 0}}, {{0}}}};\n')
    plan = Project(tmp_path, Config()).plan_file(tmp_path / 'u.c')
    assert plan
    (entry,) = plan.tables[0].entries
    assert (entry.kept and entry.kept.reason.value) == expected
    assert ('fastcall' in entry.how) == (expected is None)


def test_a_unit_that_includes_all_others_says_nothing_of_them(tmp_path: Path) -> None:
    """pygame's static.c: the others are compiled by themselves, and one that Cython made reads ml_meth in its own way."""
    function = 'static PyObject *f(PyObject *s, PyObject *a) { return PyArg_ParseTuple(a, "") ? s : 0; }\n'
    (tmp_path / 'u.c').write_text(f'{function}static PyMethodDef t[] = {{{{"f", f, METH_VARARGS, 0}}, {{0}}}};\n')
    (tmp_path / 'made.c').write_text(
        '/* Generated by Cython 3 */\n#define Py_LIMITED_API 0x03030000\nvoid x(PyMethodDef *m) { m->ml_meth(0, 0); }\nPyObject *y;\n'
    )
    (tmp_path / 'all.c').write_text('#include "made.c"\n#include "u.c"\n')
    project = Project(tmp_path, Config())
    plan = project.plan_file(tmp_path / 'u.c', unit=True)
    assert plan
    assert [e.how for e in plan.tables[0].entries] == [('fastcall',)]
    both = project.decisions(tmp_path / 'u.c')
    assert both
    assert [e.how for e in both.tables[0].entries] == [('fastcall',)]
