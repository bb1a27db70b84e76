"""Names of functions that the project's own macros define."""

from __future__ import annotations

from pathlib import Path

import pytest

from tramp_build.config import Config
from tramp_build.project import Project

GETTER = '#define GETTER(n) static PyObject *get_##n(PyObject *self, void *c) \\\n{ return PyLong_FromLong(((T *)self)->n); }\n'
TABLE = 'static PyGetSetDef t[] = {{"width", (getter)get_width, NULL, NULL, NULL}, {NULL}};\n'
METHODS = 'static PyMethodDef m[] = {{"count", (PyCFunction)count_and, METH_VARARGS, NULL}, {NULL}};\n'


def reasons(directory: Path, source: str, **others: str) -> list[str]:
    (directory / 'm.c').write_text(source)
    for name, text in others.items():
        (directory / name.replace('_DOT_', '.')).write_text(text)
    decided = Project(directory, Config()).plan_file(directory / 'm.c')
    assert decided
    return [entry.reason.value if entry.reason else 'routed' for table in decided.tables for entry in table.entries]


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param(GETTER + 'GETTER(width)\n' + TABLE, 'routed', id='getter'),
        pytest.param(GETTER + 'GETTER(height)\n' + TABLE, 'external-definition', id='another'),
        pytest.param(GETTER + 'int f(void) { return GETTER(width); }\n' + TABLE, 'external-definition', id='in an expression'),
        pytest.param(GETTER.replace('{ return PyLong_FromLong(((T *)self)->n); }', ';') + 'GETTER(width)\n' + TABLE, 'external-definition',
                     id='a declaration alone'),
        pytest.param(GETTER + '#define BOTH(n, more) GETTER(n) more\nBOTH(width, int x;)\n' + TABLE, 'routed', id='nested'),
        pytest.param('#define COUNT(a, s) PyObject *\\\ncount_ ## a (PyObject *m, PyObject *args) /* { */ \\\n{ return f("(" #a, s); }\n'
                     'COUNT(and, "&,");   /* count_and */\n' + METHODS, 'routed', id='with a string'),
        pytest.param('#define COUNT(...) PyObject *count_and(__VA_ARGS__) { return 0; }\nCOUNT(PyObject *m, PyObject *args)\n' + METHODS,
                     'routed', id='variadic'),
        pytest.param('#define OPEN(x) if (x) {\n' + GETTER + 'void f(void) {\nOPEN(a)\n}}\nGETTER(width)\n' + TABLE, 'routed',
                     id='braces that do not match'),
        pytest.param('#define GETTER(n) GETTER(n) {\nGETTER(width)\n' + TABLE, 'external-definition', id='itself'),
        pytest.param(GETTER + 'GETTER(height) GETTER(width)\n' + TABLE, 'routed', id='two on a line'),
    ],
)  # fmt: skip
def test_made(tmp_path: Path, source: str, expected: str) -> None:
    assert reasons(tmp_path, source) == [expected]


def test_macro_of_a_header(tmp_path: Path) -> None:
    assert reasons(tmp_path, '#include "h.h"\nGETTER(width)\n' + TABLE, h_DOT_h=GETTER) == ['routed']
