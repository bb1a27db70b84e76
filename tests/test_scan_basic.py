from __future__ import annotations

from tramp_build.scan import find_function_names, might_have_tables, scan


SIMPLE = b"""
static PyObject *f(PyObject *self, PyObject *args) { return NULL; }
static PyMethodDef methods[] = {
    {"f", (PyCFunction)f, METH_VARARGS, "doc"},
#ifdef G
    {"g", g, METH_NOARGS},
#endif
    {NULL, NULL, 0, NULL}
};
"""


def test_a_plain_table():
    result = scan(SIMPLE, 'c')
    [table] = result.tables
    [function] = result.functions
    assert (table.kind, table.name, table.line, table.array, table.static) == ('PyMethodDef', 'methods', 3, True, True)
    assert [(row.name, row.condition, row.problem) for row in table.rows] == [('f', (), None), ('g', ((0, 0),), None)]
    assert function.name == 'f'
    assert [parameter.name for parameter in function.parameters] == ['self', 'args']
    assert SIMPLE[table.span.start : table.span.end].startswith(b'static PyMethodDef')
    assert SIMPLE[table.span.end : table.span.end + 1] == b';'
    assert result.problems == ()


def test_prefilter():
    assert might_have_tables(SIMPLE)
    assert not might_have_tables(b'int MyPyMethodDef; PyMethodDefs x;')


def test_names_of_functions():
    assert find_function_names(SIMPLE, frozenset({'f', 'g', 'h'}), 'c') == {'f'}
