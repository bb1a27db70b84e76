"""What the rows of a table say."""

from __future__ import annotations

import pytest
from scan_support import check, show_row

from tramp_build.scan import scan


def rows(body: str, language='c', kind='PyMethodDef', before=''):
    source = f'{before}\nstatic {kind} m[] = {{{body}}};'.encode()
    result = scan(source, language)
    check(source, result)
    assert result.problems == ()
    [table] = result.tables
    return [show_row(source, row) for row in table.rows]


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        pytest.param('{"f", f, METH_O, "doc"},', 'f: f | METH_O | "doc"', id='four fields'),
        pytest.param('{"f", f, METH_O}', 'f: f | METH_O | -', id='three'),
        pytest.param('{"f", f}', 'f: f | - | -', id='two'),
        pytest.param('{"f"}', 'f: - | - | -', id='one'),
        pytest.param('{"f", f, METH_O, "doc",}', 'f: f | METH_O | "doc"', id='trailing comma'),
        pytest.param(
            '{ "f" , (PyCFunction) f , METH_VARARGS | METH_KEYWORDS }', 'f: (PyCFunction) f | METH_VARARGS | METH_KEYWORDS | -', id='space'
        ),
        pytest.param(
            '{"f", (PyCFunction)(void(*)(void))f, 1, PyDoc_STR("a, b")}',
            'f: (PyCFunction)(void(*)(void))f | 1 | PyDoc_STR("a, b")',
            id='casts',
        ),
        pytest.param('{.ml_name = "f", .ml_meth = f, .ml_flags = METH_O}', 'f: f | METH_O | -', id='designated'),
        pytest.param('{.ml_flags = METH_O, .ml_meth = f, .ml_name = "f"}', 'f: f | METH_O | -', id='designated in another order'),
        pytest.param('{ml_name: "f", ml_meth: f}', 'f: f | - | -', id='designated as in old GNU C'),
        pytest.param('{"f", .ml_flags = METH_O, "doc", .ml_meth = f}', 'f: f | METH_O | "doc"', id='mixed'),
        pytest.param('[0] = {"f", f}', 'f: f | - | -', id='designated row'),
        pytest.param('{"a" "b" "c", f}', 'abc: f | - | -', id='adjacent literals'),
        pytest.param('{"a"\n "b", f}', 'ab: f | - | -', id='adjacent literals on two lines'),
        pytest.param('{"\\x66\\146\\n\\"\\u00e9", f}', 'ff\n"é: f | - | -', id='escapes'),
        pytest.param('{"f\\0g", f}', 'f: f | - | -', id='NUL ends the name'),
        pytest.param('{"f\\\ng", f}', 'fg: f | - | -', id='continued literal'),
        pytest.param('{(char *)"f", f}', 'f: f | - | -', id='cast name'),
        pytest.param('{("f"), f}', 'f: f | - | -', id='name in parentheses'),
        pytest.param('{NAME, f, METH_O}', 'None: f | METH_O | -', id='name from a macro'),
        pytest.param('{"a" NAME, f}', 'None: f | - | -', id='name from a macro in part'),
        pytest.param('{L"f", f}', 'None: f | - | -', id='wide name'),
        pytest.param('{"f", f, METH_O, "{,}/*"}', 'f: f | METH_O | "{,}/*"', id='brackets in a string'),
        pytest.param('{"f", f, \',\', ""}', 'f: f | \',\' | ""', id='comma in a character'),
        pytest.param('/* {"x", x}, */ {"f" /* , */, f} // {"y"}\n', 'f: f | - | -', id='comments'),
        pytest.param('\n#define X\n{"f", f}', 'f: f | - | -', id='define before'),
        pytest.param('{"f",\n#define X {\nf}', 'f: f | - | -', id='define within'),
        pytest.param('{"f", a < b ? f : g, c > d}', 'f: a < b ? f : g | c > d | -', id='comparisons are no brackets in C'),
    ],
)
def test_one_row(body, expected):
    assert rows(body) == [expected]


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        pytest.param('{"f", (PyCFunction)w<A, B>, METH_O}', 'f: (PyCFunction)w<A, B> | METH_O | -', id='template arguments'),
        pytest.param(
            '{"f", reinterpret_cast<PyCFunction>(w<A, B<C, D>>)}', 'f: reinterpret_cast<PyCFunction>(w<A, B<C, D>>) | - | -', id='nested'
        ),
        pytest.param(
            '{"f", [](PyObject *s, PyObject *a) -> PyObject * { return g(s, a); }, METH_O}',
            'f: [](PyObject *s, PyObject *a) -> PyObject * { return g(s, a); } | METH_O | -',
            id='lambda',
        ),
        pytest.param('{const_cast<char *>("f"), f}', 'f: f | - | -', id='cast name'),
        pytest.param('{R"(f)", f}', 'f: f | - | -', id='raw string'),
        pytest.param('{u8"f", f}', 'f: f | - | -', id='UTF-8 string'),
        pytest.param('{"f", &C::f}', 'f: &C::f | - | -', id='member'),
        pytest.param('{"f", f, 0x1\'0, "x"}', 'f: f | 0x1\'0 | "x"', id='digit separator'),
    ],
)
def test_one_row_of_cxx(body, expected):
    assert rows(body, 'c++') == [expected]


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        pytest.param('{"x", get, set, "doc", NULL}', 'x: get | set | "doc" | NULL', id='all'),
        pytest.param('{"x", (getter)get}', 'x: (getter)get | - | - | -', id='two'),
        pytest.param('{.name = "x", .set = s, .closure = (void *)"c"}', 'x: - | s | - | (void *)"c"', id='designated'),
    ],
)
def test_getset_rows(body, expected):
    assert rows(body, kind='PyGetSetDef') == [expected]


@pytest.mark.parametrize('language', ['c', 'c++'])
@pytest.mark.parametrize(
    'sentinel',
    [
        '{NULL}',
        '{0}',
        '{nullptr}',
        '{}',
        '{ }',
        '{NULL, NULL, 0, NULL}',
        '{NULL, NULL}',
        '{0, 0, 0, 0}',
        '{ 0, }',
        '{Py_NULL}',
        '{.ml_name = NULL}',
        '{.ml_flags = 0}',
        '{(char *)NULL, (PyCFunction)NULL, 0, (char *)NULL}',
        '{(char*)0}',
        '{((char *)0)}',
        '{(const char *)(NULL), NULL}',
        '{NULL /* end */}',
        'SENTINEL',
        '{_SENTINEL}',
        '{METHODS_END}',
        '{NULL},',
        'END',
        'LAST',
        'EMPTY',
        '{0,\nNULL}',
        '{static_cast<char *>(NULL)}',
        '{__null}',
        '',
    ],
)
def test_the_sentinel_is_no_row(sentinel, language):
    assert rows(f'{{"f", f}}, {sentinel}', language, before='#define EMPTY {NULL, NULL}\n#define LAST\n') == ['f: f | - | -']


def test_single_tables_have_one_row():
    source = b'PyMethodDef a = {"f", f}; PyMethodDef b = {NULL}; PyMethodDef c = {.ml_name = "g"};'
    assert [[row.name for row in table.rows] for table in scan(source, 'c').tables] == [['f'], [], ['g']]


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        pytest.param('ENTRY(a, b), {"f", f}', ['None !macro-row', 'f: f | - | -'], id='with comma'),
        pytest.param('A_METHODDEF B_METHODDEF {"f", f}', ['None !macro-row', 'None !macro-row', 'f: f | - | -'], id='without commas'),
        pytest.param('E(a, (b)) E(c) {"f", f}', ['None !macro-row', 'None !macro-row', 'f: f | - | -'], id='calls without commas'),
        pytest.param('A, B', ['None !macro-row', 'None !macro-row'], id='nothing else'),
        pytest.param('{ENTRY(a)}, {"f", f}', ['None !macro-row', 'f: f | - | -'], id='in braces'),
        pytest.param('{ENTRY}, {"f", f}', ['None !macro-row', 'f: f | - | -'], id='a word in braces'),
        pytest.param('{.other = 1}, {"f", f}', ['None !macro-row', 'f: f | - | -'], id='unknown member'),
        pytest.param('{"f", a, b, c, d}, {"f", f}', ['None !macro-row', 'f: f | - | -'], id='too many members'),
        pytest.param('"f", f, METH_O, 0, "g", g, 1, "doc", NULL, NULL, 0, NULL', ['f !flat-row', 'g !flat-row'], id='flat'),
        pytest.param('"f", f, METH_O, "d" "e", 0', ['f !flat-row'], id='flat with a short sentinel'),
        pytest.param('"f", f, {"g", g}', ['f !flat-row', 'g: g | - | -'], id='flat and then not'),
    ],
)
def test_rows_that_can_not_be_taken_apart(body, expected):
    assert rows(body) == expected


def test_a_flat_getset_row_has_five_members():
    assert rows('"x", g, s, 0, 0, "y", g, s, 0, 0, 0', kind='PyGetSetDef') == ['x !flat-row', 'y !flat-row']


def test_the_span_of_a_macro_row_is_its_call():
    source = b'PyMethodDef m[] = {A(x, y) B, {C(z)}, {0}};'
    [table] = scan(source, 'c').tables
    assert [source[row.span.start : row.span.end] for row in table.rows] == [b'A(x, y)', b'B', b'{C(z)}']


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        pytest.param('\n#if A\n{"f", f},\n#endif\n{"g", g},', ['f: f | - | - ?0.0', 'g: g | - | -'], id='a row'),
        pytest.param('\n#ifdef A\n{"f", f},\n#else\n{"g", g},\n#endif\n', ['f: f | - | - ?0.0', 'g: g | - | - ?0.1'], id='either'),
        pytest.param(
            '\n#if A\n#if B\n{"f", f},\n#endif\n{"g", g},\n#endif\n', ['f: f | - | - ?0.0 ?1.0', 'g: g | - | - ?0.0'], id='nested'
        ),
        pytest.param('{"f", f}\n#if A\n, {"g", g}\n#endif\n, {0}', ['f: f | - | -', 'g: g | - | - ?0.0'], id='with the comma'),
        pytest.param('A_ROW\n#if A\nB_ROW\n#endif\nC_ROW {0}', ['None !macro-row', 'None !macro-row ?0.0', 'None !macro-row'], id='macros'),
        pytest.param('{"f",\n#if A\nf\n#else\ng\n#endif\n},{"g", g}', ['f !conditional-row', 'g: g | - | -'], id='within a row'),
        pytest.param(
            '\n#if A\n{"f", a,\n#else\n{"f", b,\n#endif\n METH_O}, {"g", g}',
            ['f !conditional-row ?0.0', 'g: g | - | -'],
            id='two beginnings',
        ),
        pytest.param('{"f", f,\n#if A\n1},\n#else\n2},\n#endif\n{"g", g}', ['f !conditional-row', 'g: g | - | -'], id='two ends'),
        pytest.param('\n#if 0\n{"f", f},\n#endif\n{"g", g},', ['g: g | - | -'], id='dead'),
        pytest.param('{"f", f\n#if 0\n, METH_O\n#endif\n},', ['f: f | - | -'], id='dead within a row'),
        pytest.param('\n#if A\n\n#endif\n{"f", f},', ['f: f | - | -'], id='nothing'),
    ],
)
def test_conditions(body, expected):
    assert rows(body) == expected


def test_lines():
    [table] = scan(b'PyMethodDef m[] = {\n{"f", f},\n\n {\n"g", g}, E(\n), F\n};', 'c').tables
    assert [row.line for row in table.rows] == [2, 4, 5, 6]
