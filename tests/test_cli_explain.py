from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import GEO, NO_TABLES

from tramp_build import cli
from tramp_build.model import Problem
from tramp_build.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / 'pyproject.toml').write_text('[tool.tramp-build]\n')
    (tmp_path / 'geo.cpp').write_text(GEO)
    (tmp_path / 'geo.c').write_text(GEO)
    (tmp_path / 'plain.c').write_text(NO_TABLES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('FORCE_COLOR', raising=False)
    return tmp_path


def explain(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(['explain', *words]) == 0
    return capsys.readouterr().out


def error(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as exit_:
        cli.main(['explain', *words])
    assert exit_.value.code == 1
    return capsys.readouterr().err


def test_a_routed_row(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(capsys, 'geo.cpp:9') == (
        'geo.cpp:9:5: "area" of methods (PyMethodDef): routed\n'
        '      9 |     {"area", area, METH_VARARGS, "the area"},\n'
        '        |     ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n'
        '  function: area, convention varargs\n'
        '  barrier: a C++ exception that leaves the function becomes a Python exception\n'
        '  fastcall: arguments come as a vector, without a tuple and dict for each call (METH_FASTCALL)\n'
        '\n'
    )


@pytest.mark.parametrize(
    ('tail', 'ends'),
    [
        ('noexcept', True),
        ('noexcept(true)', True),
        ('throw()', True),
        ('', False),
        ('noexcept(false)', False),
        ('noexcept(sizeof(int) > 2)', False),
    ],
)
def test_a_function_that_may_not_throw(tail: str, ends: bool, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'geo.cpp').write_text(GEO.replace('PyObject *args)', f'PyObject *args) {tail}'))
    assert ('\n  the function is noexcept: an exception ' in explain(capsys, 'geo.cpp:9')) == ends


@pytest.mark.parametrize(('tail', 'ends'), [(' noexcept', True), ('', False)])
def test_a_slot_that_may_not_throw(tail: str, ends: bool, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'geo.cpp').write_text(
        f'#include <Python.h>\nstatic Py_ssize_t length(PyObject *self){tail} {{ return 1; }}\n'
        'static PyType_Slot slots[] = {{Py_sq_length, (void *)length}, {0, nullptr}};\n'
    )
    said = explain(capsys, 'geo.cpp:3')
    assert ': routed\n' in said
    assert ('\n  the function is noexcept: an exception ' in said) == ends


def test_a_function_that_is_not_upgraded(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'shape.c').write_text("""
static PyObject *area(PyObject *self, PyObject *args)
{
    return keep(args);
}
static PyMethodDef methods[] = {{"area", area, METH_VARARGS, "the area"}, {NULL}};
""")
    assert '  not upgraded, args-escape: the function uses its argument tuple for more than ' in explain(capsys, 'shape.c')
    assert ', so it keeps METH_VARARGS (shape.c:4)\n' in explain(capsys, 'shape.c')


def test_a_function_of_another_file_that_is_not_upgraded(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'body.c').write_text('PyObject *area(PyObject *self, PyObject *args)\n{\n    return keep(args);\n}\n')
    (project / 'table.c').write_text(
        'PyObject *area(PyObject *, PyObject *);\nstatic PyMethodDef methods[] = {{"area", area, METH_VARARGS, "the area"}, {NULL}};\n'
    )
    assert ', so it keeps METH_VARARGS (body.c:3)\n' in explain(capsys, 'table.c')


def test_a_file_whose_functions_are_in_tables_of_another(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'body.c').write_text('PyObject *area(PyObject *self, PyObject *args)\n{\n    return PyTuple_GET_ITEM(args, 0);\n}\n')
    (project / 'table.c').write_text(
        'PyObject *area(PyObject *, PyObject *);\nstatic PyMethodDef methods[] = {{"area", area, METH_VARARGS, "the area"}, {NULL}};\n'
    )
    assert explain(capsys, 'body.c') == (
        'body.c:1: area takes its arguments as a vector, for a method table of another file\nbody.c: no table of functions with a row\n'
    )


def test_a_skipped_row(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = explain(capsys, 'geo.cpp:11')
    assert text.startswith('geo.cpp:11:5: a row of methods (PyMethodDef): skipped, macro-row\n')
    assert '\n  why: a macro makes the row; ' in text
    assert '\n  to do: The report of the build ' in text


def test_a_row_for_which_there_is_nothing_to_do(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "\n  why: the function is CPython's own" in explain(capsys, 'geo.cpp:10')
    assert '\n  to do: nothing\n' in explain(capsys, 'geo.cpp:10')


def test_all_rows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = explain(capsys, 'geo.cpp')
    assert [line.split(':')[1] for line in text.splitlines() if line.startswith('geo.cpp:')] == ['9', '10', '11', '16']
    assert '"x" of getset (PyGetSetDef): routed' in text


def test_why_there_is_no_barrier(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 'no exception barrier, as the unit is C; barrier = "always"' in explain(capsys, 'geo.c:9')
    assert 'no exception barrier, as the configuration says' in explain(capsys, 'geo.cpp:9', '-C', 'barrier=never')
    assert 'no exception barrier' not in explain(capsys, 'geo.c:9', '-C', 'barrier=always')


def test_a_row_of_several_lines_is_found_from_each(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'geo.cpp').write_text(GEO.replace('{"area", area,', '{"area",\n area,\n'))
    for line in (9, 10, 11):
        assert explain(capsys, f'geo.cpp:{line}').startswith('geo.cpp:9:5: "area"')


def test_a_line_without_a_row_names_the_rows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert error(capsys, 'geo.cpp:3') == (
        'tramp-build: error: geo.cpp:3: no row of a table is on that line; there are rows on: 9, 10, 11, 16\n'
    )


@pytest.mark.parametrize('place', ['geo.cpp:9:5', 'geo.cpp:9:'])
def test_places_as_compilers_write_them(project: Path, capsys: pytest.CaptureFixture[str], place: str) -> None:
    assert explain(capsys, place).startswith('geo.cpp:9:5: "area"')


def test_a_file_with_such_a_name_goes_first(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'x.c:9').write_text('')
    assert 'x.c:9: not a C or C++ source, by its name' in error(capsys, 'x.c:9')


def test_a_file_without_tables(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(capsys, 'plain.c') == 'plain.c: no table of functions with a row; compiled as it is\n'


def test_a_directory_is_an_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert error(capsys, '.') == 'tramp-build: error: .: is a directory; name a file\n'


def test_columns_count_characters(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'geo.cpp').write_text(GEO.replace('    {"area"', '/* äöü */ {"area"'))
    text = explain(capsys, 'geo.cpp:9')
    assert text.startswith('geo.cpp:9:11: "area"')
    source, mark = text.splitlines()[1:3]
    assert mark.index('^') == source.index('{')


def test_a_tab_takes_one_column(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'geo.cpp').write_text(GEO.replace('    {"area"', '\t{"area"'))
    source, mark = explain(capsys, 'geo.cpp:9').splitlines()[1:3]
    assert mark.index('^') == source.index('{')


def test_what_could_not_be_read_is_said(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem('unreadable', 4, 1, 'a brace\x1b never closes')
    monkeypatch.setattr(Project, 'problems', lambda self, path: (problem,))
    assert 'plain.c:1:5: could not be read: a brace\\x1b never closes (unreadable)\n' in explain(capsys, 'plain.c')


def test_catch_chains_that_stay(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    function = 'static void f(auto self)\n{\n    try { work(); } catch (const std::exception &e) { use(self); }\n}\n'
    (project / 'geo.cpp').write_text(function + GEO)
    said = 'the catch chain stays, chain-uses-locals: it uses a name of the function, or a variable whose type is not certain\n'
    assert explain(capsys, 'geo.cpp').startswith(f'geo.cpp:3:21: {said}')
    assert 'catch chain' not in explain(capsys, 'geo.c')
