"""The rewriter: edits, places, line numbers, what must not change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tramp_build.config import Config
from tramp_build.edits import apply
from tramp_build.errors import RewriteError
from tramp_build.model import Edit, Span
from tramp_build.project import Project
from tramp_build.rewrite import Rewritten
from tramp_build.text import c_string, one_line
from tramp_build.verify import verify

FUNCTION = b'static PyObject *f(PyObject *self, PyObject *args) { return 0; }\n'


def route(tmp_path: Path, source: bytes, suffix: str = '.c', config: Config | None = None) -> Rewritten:
    path = tmp_path / f'unit{suffix}'
    path.write_bytes(source)
    project = Project(tmp_path, config or Config())
    plan = project.plan_file(path)
    assert plan
    result = project.rewrite_file(path, plan)
    assert result
    return result


def test_apply_makes_edits_in_order() -> None:
    source = b'0123456789'
    edits = [Edit(Span(8, 9), b'eight'), Edit(Span(2, 2), b'<'), Edit(Span(2, 4), b'>')]
    assert apply(source, edits) == b'01<>4567eight9'


def test_apply_without_edits_is_the_same_object() -> None:
    source = b'abc'
    assert apply(source, []) is source


@pytest.mark.parametrize(
    'edits',
    [
        pytest.param([Edit(Span(0, 3), b''), Edit(Span(2, 4), b'')], id='overlap'),
        pytest.param([Edit(Span(0, 1), b'\n')], id='line added'),
        pytest.param([Edit(Span(3, 6), b'')], id='line taken'),
    ],
)
def test_apply_refuses(edits: list[Edit]) -> None:
    with pytest.raises(RewriteError):
        apply(b'abc\n\ndef', edits)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        (b'a /* b\n c */ d', b'a   d'),
        (b'a // b \\\n c\n d', b'a    d'),
        (b'"/* no */" \'//\'', b'"/* no */" \'//\''),
        (b'a \\\n b', b'a   b'),
        (b'"a\\"/*" /**/ b', b'"a\\"/*"   b'),
    ],
)
def test_one_line(text: bytes, expected: bytes) -> None:
    assert b' '.join(one_line(text, Span(0, len(text))).split()) == b' '.join(expected.split())


@pytest.mark.parametrize(
    ('text', 'expected'),
    [('plain', '"plain"'), ('a"b\\', '"a\\"b\\\\"'), ('??/', '"\\?\\?/"'), ('é\n1', '"\\303\\251\\0121"'), ('\udcff', '"\\377"')],
)
def test_c_string(text: str, expected: str) -> None:
    assert c_string(text) == expected


def test_row_over_several_lines_keeps_them(tmp_path: Path) -> None:
    """Comments and line ends within a row stay where they count."""
    source = FUNCTION + b'static PyMethodDef t[] = {\n{"f",\n (PyCFunction) /* one\n two */\n f,\n METH_VARARGS, "doc"}, {0}};\nint last;\n'
    text = route(tmp_path, source).text
    assert text.count(b'\n') == source.count(b'\n')
    assert text.splitlines()[-1] == b'int last;'


def test_carriage_returns_and_odd_bytes_survive(tmp_path: Path) -> None:
    """The rewriter works on bytes: CRLF and text that is not UTF-8 come out as they went in."""
    source = (FUNCTION + b'/* \xff\xfe */\nstatic PyMethodDef t[] = {\n{"f", f, METH_VARARGS, "\xe9"},\n{0}};\n').replace(b'\n', b'\r\n')
    text = route(tmp_path, source).text
    assert text.count(b'\r\n') == source.count(b'\r\n') == text.count(b'\n')
    assert b'/* \xff\xfe */' in text
    assert b'"\xe9"' in text


def test_same_input_same_bytes(tmp_path: Path) -> None:
    rows = b''.join(b'{"m%d", f, METH_VARARGS},\n' % i for i in range(20))
    source = FUNCTION + b'static PyMethodDef t[] = {\n' + rows + b'{0}};\n'
    assert len({route(tmp_path, source).body() for _ in range(3)}) == 1


def test_one_function_in_two_rows_shares_a_stub(tmp_path: Path) -> None:
    source = FUNCTION + b'static PyMethodDef t[] = {{"a", f, METH_VARARGS}, {"b", f, METH_VARARGS}, {"c", f, METH_NOARGS}, {0}};\n'
    text = route(tmp_path, source).text
    assert text.count(b'TRAMP_STUB_varargs(') == 1
    assert text.count(b'TRAMP_STUB_noargs(') == 1


def test_one_function_in_two_branches_has_a_stub_in_each(tmp_path: Path) -> None:
    """What stands in front of a table under `#if` is not there for a table under `#else`."""
    table = b'static PyMethodDef t[] = {{"a", f, METH_VARARGS}, {0}};\n'
    text = route(tmp_path, FUNCTION + b'#ifdef A\n' + table + b'#else\n' + table + b'#endif\n').text
    assert text.count(b'TRAMP_STUB_positional(') == 2


def test_stub_of_a_namespace_stands_in_it(tmp_path: Path) -> None:
    source = b'namespace n {\n' + FUNCTION + b'PyMethodDef t[] = {{"a", f, METH_VARARGS}, {0}};\n}\n'
    lines = route(tmp_path, source, '.cpp').text.splitlines()
    assert lines[2].startswith(b'TRAMP_DECLARE_')
    assert lines[2].index(b'tramp_m_f') < lines[2].index(b'PyMethodDef')


def test_declarations_are_only_those_in_use(tmp_path: Path) -> None:
    prelude = route(tmp_path, FUNCTION + b'static PyMethodDef t[] = {{"a", f, METH_O}, {0}};\n').prelude
    assert set(re.findall(rb'\btramp_o\w*|TRAMP_(?:DECLARE|STUB)_\w+', prelude)) == {
        b'tramp_o',
        b'tramp_o_impl',
        b'TRAMP_DECLARE_o',
        b'TRAMP_STUB_o',
    }
    assert b'\n' not in prelude


@pytest.mark.parametrize('before', [b'}', b'};', b'int x;', b''])
def test_a_table_right_behind_something(before: bytes, tmp_path: Path) -> None:
    """What is inserted between the two must not become one word with either."""
    function = (
        FUNCTION.rstrip(b'\n').removesuffix(b'}') + b'}' if before == b'}' else FUNCTION + before.replace(b'};', b'struct s { int x; };')
    )
    text = route(tmp_path, function + b'PyMethodDef t[] = {{"a", f, METH_O}, {0}};\n').text
    assert re.search(rb'\bTRAMP_DECLARE_o\(.*\bTRAMP_END PyMethodDef t\[\]', text)


def test_nothing_is_declared_for_groups_that_are_not_there(tmp_path: Path) -> None:
    prelude = route(tmp_path, FUNCTION + b'static PyGetSetDef t[] = {{"a", (getter)f}, {0}};\n').prelude
    assert b'TRAMP_' not in prelude


def test_exceptions_are_registered_in_units_with_the_barrier(tmp_path: Path) -> None:
    config = Config(exceptions=(('geo::"odd"', 'geo.errors.ParseError'),))
    source = FUNCTION + b'static PyMethodDef t[] = {{"a", f, METH_O}, {0}};\n'
    assert b'{"geo::\\"odd\\"", "geo.errors.ParseError"}' in route(tmp_path, source, '.cpp', config).prelude
    assert b'geo' not in route(tmp_path, source, '.c', config).prelude


def test_verify_sees_a_change_that_was_not_planned(tmp_path: Path) -> None:
    source = FUNCTION + b'static PyMethodDef t[] = {{"a", f, METH_O}, {0}};\nint last;\n'
    path = tmp_path / 'unit.c'
    path.write_bytes(source)
    project = Project(tmp_path, Config())
    plan = project.plan_file(path)
    assert plan
    good = project.rewrite_file(path, plan)
    assert good
    policy = project.policy(path, 'c')
    for wrong in (good.text.replace(b'int last', b'int lost'), good.text + b'\n', good.text.replace(b'return 0', b'return 1')):
        with pytest.raises(RewriteError):
            verify(source, plan, policy, Rewritten(good.prelude, wrong, good.edits))


def test_a_rewritten_source_is_not_rewritten_again(tmp_path: Path) -> None:
    """`verify` holds this for every rewrite; here it is seen from outside."""
    source = FUNCTION + b'static PyMethodDef t[] = {{"a", f, METH_O}, {0}};\nstatic PyGetSetDef g[] = {{"x", f}, {0}};\n'
    for suffix in ('.c', '.cpp'):
        once = route(tmp_path, source, suffix).text
        (tmp_path / f'unit{suffix}').write_bytes(once)
        project = Project(tmp_path, Config())
        assert project.rewritten(tmp_path / f'unit{suffix}') is None
