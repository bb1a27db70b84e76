"""Which declarations are tables."""

from __future__ import annotations

import pytest
from scan_support import check, show_table, text

from tramp_build.scan import might_have_tables, scan

ROW = '{{"f", f, METH_O, 0}, {0}}'


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param(f'PyMethodDef m[] = {ROW};', 'PyMethodDef m[] file', id='plain'),
        pytest.param(f'static PyMethodDef m[] = {ROW};', 'static PyMethodDef m[] file', id='static'),
        pytest.param(f'static struct PyMethodDef m[2] = {ROW};', 'static PyMethodDef m[] file', id='struct and a size'),
        pytest.param(f'PyMethodDef m[] {ROW};', 'PyMethodDef m[] file', id='without equals sign'),
        pytest.param(f'extern PyMethodDef m[]; PyMethodDef m[] = {ROW};', 'PyMethodDef m[] file', id='declared before'),
        pytest.param(f'extern PyMethodDef m[] = {ROW};', 'PyMethodDef m[] file', id='extern with an initialiser'),
        pytest.param(f'const static PyMethodDef m[] = {ROW};', 'static PyMethodDef m[] file', id='const first'),
        pytest.param(f'static PyMethodDef const m[] = {ROW};', 'static PyMethodDef m[] file', id='const behind'),
        pytest.param(f'__attribute__((used)) static PyMethodDef m[] = {ROW};', 'static PyMethodDef m[] file', id='attribute'),
        pytest.param(f'static PyMethodDef m[] __attribute__((aligned(8))) = {ROW};', 'static PyMethodDef m[] file', id='attribute behind'),
        pytest.param(f'static UNUSED(x) PyMethodDef m[] = {ROW};', 'static PyMethodDef m[] file', id='macro among the specifiers'),
        pytest.param('PyMethodDef m = {"f", f, METH_O};', 'PyMethodDef m file', id='single'),
        pytest.param('static PyGetSetDef g[] = {{"x", x}, {0}};', 'static PyGetSetDef g[] file', id='getset'),
        pytest.param(f'/* c */ PyMethodDef /* c */ m // c\n[] = {ROW};', 'PyMethodDef m[] file', id='comments'),
        pytest.param(f'PyMethodDef\\\nm[]\\\r\n= {ROW};', 'PyMethodDef m[] file', id='continued lines'),
        pytest.param('PyMethodDef m<:] = <% <%"f", f%> %>;', 'PyMethodDef m[] file', id='digraphs'),
        pytest.param(f'DOC(x, "y")\nstatic PyMethodDef m[] = {ROW};', 'static PyMethodDef m[] file', id='behind a macro without semicolon'),
        pytest.param(f'static PyMethodDef m[] = {ROW}', 'static PyMethodDef m[] file', id='no semicolon at the end'),
        pytest.param(f'void g(void) {{ static PyMethodDef m[] = {ROW}; }}', 'static PyMethodDef m[] function', id='in a function'),
        pytest.param('void g(void) { if (1) { PyMethodDef m = {"f", f}; } }', 'PyMethodDef m function', id='in a block'),
        pytest.param(f'void g(void) {{ x: static PyMethodDef m[] = {ROW}; }}', 'static PyMethodDef m[] function', id='behind a label'),
        pytest.param(f'MODULE(g) {{ static PyMethodDef m[] = {ROW}; }}', 'static PyMethodDef m[] function', id='in a function of a macro'),
        pytest.param(
            f'void g(void) {{ h(sizeof(PyMethodDef)); static PyMethodDef m[] = {ROW}; }}',
            'static PyMethodDef m[] function',
            id='in a function behind another mention',
        ),
    ],
)
def test_tables_of_c(source, expected):
    raw = source.encode()
    result = scan(raw, 'c')
    check(raw, result)
    [table] = result.tables
    assert show_table(table) == expected
    assert [row.name for row in table.rows] == ['f' if table.kind == 'PyMethodDef' else 'x']
    assert result.problems == ()


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param(f'PyMethodDef C::m[] = {ROW};', 'PyMethodDef C::m[] file', id='static member'),
        pytest.param(f'template <class T> PyMethodDef X<T>::m[] = {ROW};', 'PyMethodDef X<T>::m[] file', id='of a template'),
        pytest.param(f'template <> PyMethodDef X<int, A<B>>::m[] = {ROW};', 'PyMethodDef X<int,A<B>>::m[] file', id='of a specialisation'),
        pytest.param(f'namespace a {{ namespace b::c {{ PyMethodDef m[] = {ROW}; }} }}', 'PyMethodDef m[] file [a.b.c]', id='namespaces'),
        pytest.param(f'namespace {{ PyMethodDef m[] = {ROW}; }}', 'PyMethodDef m[] file [-]', id='unnamed namespace'),
        pytest.param(f'inline namespace v1 {{ PyMethodDef m[] = {ROW}; }}', 'PyMethodDef m[] file [v1]', id='inline namespace'),
        pytest.param(f'extern "C" {{ PyMethodDef m[] = {ROW}; }}', 'PyMethodDef m[] file', id='extern C block'),
        pytest.param(f'extern "C" PyMethodDef m[] = {ROW};', 'PyMethodDef m[] file', id='extern C'),
        pytest.param(f'BEGIN_DECLS {{ PyMethodDef m[] = {ROW}; }}', 'PyMethodDef m[] file', id='block of a macro'),
        pytest.param(f'struct C {{ inline static PyMethodDef m[] = {ROW}; }};', 'static PyMethodDef m[] class [C]', id='in a class'),
        pytest.param(
            f'class A::B final : public D<E> {{ public: static PyMethodDef m[] = {ROW}; }};',
            'static PyMethodDef m[] class [A.B]',
            id='in a derived class',
        ),
        pytest.param(
            f'struct C {{ struct D {{ static constexpr PyMethodDef m[] = {ROW}; }}; }};',
            'static PyMethodDef m[] class [C.D]',
            id='in a class in a class',
        ),
        pytest.param(
            f'struct C {{ void f() {{ static PyMethodDef m[] = {ROW}; }} }};', 'static PyMethodDef m[] function [C]', id='in a member'
        ),
        pytest.param(f'::PyMethodDef m[] = {ROW};', 'PyMethodDef m[] file', id='global type'),
        pytest.param('PyMethodDef m{"f", f, METH_O};', 'PyMethodDef m file', id='brace initialisation'),
        pytest.param(f'[[maybe_unused]] alignas(16) static PyMethodDef m[] = {ROW};', 'static PyMethodDef m[] file', id='attributes'),
        pytest.param(f'auto g = [](int x) {{ return x; }};\nPyMethodDef m[] = {ROW};', 'PyMethodDef m[] file', id='behind a lambda'),
        pytest.param(f'R"(x)" R"a(")" {{)a"; PyMethodDef m[] = {ROW};', 'PyMethodDef m[] file', id='behind raw strings'),
        pytest.param(f"int i = 1'000'000; PyMethodDef m[] = {ROW};", 'PyMethodDef m[] file', id='behind digit separators'),
    ],
)
def test_tables_of_cxx(source, expected):
    raw = source.encode()
    result = scan(raw, 'c++')
    check(raw, result)
    [table] = result.tables
    assert show_table(table) == expected
    assert [row.name for row in table.rows] == ['f']
    assert result.problems == ()


@pytest.mark.parametrize('language', ['c', 'c++'])
@pytest.mark.parametrize(
    'source',
    [
        pytest.param('extern PyMethodDef m[];', id='declaration'),
        pytest.param('static PyMethodDef *m = {0};', id='pointer'),
        pytest.param('PyMethodDef m[3];', id='no initialiser'),
        pytest.param('PyMethodDef m = other;', id='copied'),
        pytest.param('PyMethodDef *f(PyMethodDef *p) { return (PyMethodDef *)p; }', id='function'),
        pytest.param('PyMethodDef f(PyMethodDef m[]) { int x[] = {1}; }', id='parameter'),
        pytest.param('typedef PyMethodDef T[3]; T t = {{0}};', id='typedef'),
        pytest.param('struct S { PyMethodDef m[3]; } s = {{{"f", f}}};', id='member'),
        pytest.param('struct PyMethodDef { const char *name; };', id='the type itself'),
        pytest.param('void f(void) { if (sizeof(PyMethodDef) > 3) { g(); } }', id='sizeof'),
        pytest.param('void f(void) { for (PyMethodDef *m = t; m->ml_name; m++) { g(); } }', id='loop'),
        pytest.param('void f(PyMethodDef m) { m = (struct x){1}; }', id='assignment'),
        pytest.param('MyPyMethodDef m[] = {{"f", f}}; PyMethodDefs n[] = {{"f", f}};', id='longer words'),
        pytest.param('/* PyMethodDef m[] = {{"f", f}}; */', id='comment'),
        pytest.param('char *s = "PyMethodDef m[] = {};";', id='string'),
        pytest.param('#define T PyMethodDef m[] = {{"f", f}};\n', id='macro'),
        pytest.param('#if 0\nPyMethodDef m[] = {{"f", f}};\n#endif', id='if 0'),
        pytest.param('#if 1\n#else\nPyMethodDef m[] = {{"f", f}};\n#endif', id='else of if 1'),
        pytest.param('#if 0 // c\n#if X\n#endif\n"\nPyMethodDef m[] = {{"f", f}};\n#endif', id='nested in if 0'),
        pytest.param('void f(void) {\n#if 0\nPyMethodDef m[] = {{"f", f}};\n#endif\n}', id='if 0 in a function'),
    ],
)
def test_no_tables(source, language):
    assert scan(source.encode(), language).tables == ()


@pytest.mark.parametrize(
    ('source', 'reason'),
    [
        pytest.param('void g(void) {\n f(&(PyMethodDef){"f", f}); }', 'unnamed-table', id='compound literal'),
        pytest.param('void g(void) {\n x = (PyMethodDef[]) { {"f", f}, {0} }; }', 'unnamed-table', id='compound literal of an array'),
        pytest.param('void g(void) {\n x = (PyMethodDef[2]){{0}}; }', 'unnamed-table', id='compound literal with a size'),
        pytest.param('PyMethodDef *x =\n (PyMethodDef[]){{"f", f}, {0}};', 'unnamed-table', id='compound literal at file scope'),
        pytest.param('std::vector<PyMethodDef> x\n = {{"f", f}, {0}};', 'unnamed-table', id='container'),
        pytest.param('std::array<PyMethodDef, 2> x\n = {{{"f", f}, {0}}};', 'unnamed-table', id='container with a size'),
        pytest.param('\nPyMethodDef x[] = METHODS(f, g);', 'macro-table', id='rows of a macro'),
        pytest.param('\nstatic PyGetSetDef x[2] = OTHER;', 'macro-table', id='rows of another name'),
        pytest.param('PyMethodDef x[] = {\n#include "rows.inc"\n{0}};', 'included-rows', id='included rows'),
    ],
)
def test_what_is_not_read_is_a_problem_with_a_place(source, reason):
    result = scan(source.encode(), 'c++')
    assert [row for table in result.tables for row in table.rows] == []
    assert [(problem.reason, problem.line) for problem in result.problems] == [(reason, 2)]


SPANS = [
    pytest.param('int x; static PyMethodDef m[] = {{"f", f}};', 'static PyMethodDef m[] = {{"f", f}}', id='behind a semicolon'),
    pytest.param('DOC(a, "b")\nstatic PyMethodDef m[] = {{"f", f}};', 'static PyMethodDef m[] = {{"f", f}}', id='not the macro before'),
    pytest.param(
        '__attribute__((used))\nPyMethodDef m[] = {{"f", f}} ;', '__attribute__((used))\nPyMethodDef m[] = {{"f", f}}', id='attribute'
    ),
    pytest.param(
        'template<class T>\nPyMethodDef X<T>::m[] = {{"f", f}};', 'template<class T>\nPyMethodDef X<T>::m[] = {{"f", f}}', id='template'
    ),
    pytest.param('static A(1) PyMethodDef m[] = {{"f", f}};', 'static A(1) PyMethodDef m[] = {{"f", f}}', id='macro within'),
    pytest.param('DOC(a, "b") PyMethodDef m[] = {{"f", f}};', 'PyMethodDef m[] = {{"f", f}}', id='macro right before'),
    pytest.param('struct S { public: static PyMethodDef m[] = {{"f", f}}; };', 'static PyMethodDef m[] = {{"f", f}}', id='label'),
]


@pytest.mark.parametrize(('source', 'expected'), SPANS)
def test_the_span_is_the_declaration_without_its_semicolon(source, expected):
    [table] = scan(source.encode(), 'c++').tables
    assert text(source.encode(), table.span) == expected


@pytest.mark.parametrize(
    ('source', 'outer'),
    [
        pytest.param('int x; static PyMethodDef m[] = {{"f", f}};', 'static PyMethodDef', id='file scope: the table itself'),
        pytest.param('int x; static int f(int a) { PyMethodDef m[] = {{"f", f}}; }', 'static int f', id='function'),
        pytest.param('DOC(x) static int f(int a) { PyMethodDef m[] = {{"f", f}}; }', 'static int f', id='function behind a macro'),
        pytest.param('namespace n { struct S { struct U { static PyMethodDef m[] = {{"f", f}}; }; }; }', 'struct S', id='class in a class'),
        pytest.param(
            'struct A {}; template<class T> struct S { void f() { PyMethodDef m[] = {{"f", f}}; } };',
            'template<class T> struct S',
            id='member',
        ),
    ],
)
def test_the_outermost_declaration(source, outer):
    [table] = scan(source.encode(), 'c++').tables
    assert source[table.outer_start :].startswith(outer)


def test_several_declarators_share_their_declaration():
    source = b'static PyMethodDef a[] = {{"f", f}}, *p = a, b = {"g", g}, c[2] = {{"h", h}};'
    result = scan(source, 'c')
    assert [(table.name, table.array, [row.name for row in table.rows]) for table in result.tables] == [
        ('a', True, ['f']),
        ('b', False, ['g']),
        ('c', True, ['h']),
    ]
    assert {table.span for table in result.tables} == {type(result.tables[0].span)(0, len(source) - 1)}


def test_two_tables_without_semicolons():
    result = scan(b'PyMethodDef a[] = {{"f", f}}\nPyMethodDef b[] = {{"g", g}}\nint f(void) {}', 'c')
    assert [table.name for table in result.tables] == ['a', 'b']
    assert [function.name for function in result.functions] == ['f']


def test_the_line_is_that_of_the_name():
    [table] = scan(b'\n\nstatic PyMethodDef\n  m[] = {{"f", f}};', 'c').tables
    assert table.line == 4


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        (b'PyMethodDef', True),
        (b'x PyGetSetDef[]', True),
        (b'MyPyMethodDef', False),
        (b'PyMethodDefs', False),
        (b'PyMethod_Def', False),
        (b'', False),
    ],
)
def test_the_prefilter(source, expected):
    assert might_have_tables(source) is expected
