"""Files with `#if`: which condition a finding stands under, and that no branch derails what comes after it."""

from __future__ import annotations

import pytest
from scan_support import check, show

from tramp_build.scan import scan


def found(source: str, language='c') -> list[str]:
    raw = source.encode()
    result = scan(raw, language)
    check(raw, result)
    return show(raw, result)


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param('#if A\nint f();\n#endif\nint g();', ['f() ; ?0.0', 'g() ;'], id='if'),
        pytest.param('#if A\nint f();\n#elif B\nint g();\n#else\nint h();\n#endif', ['f() ; ?0.0', 'g() ; ?1.1', 'h() ; ?1.2'], id='elif'),
        pytest.param('#if A\n#if B\nint f();\n#endif\nint g();\n#endif\nint h();', ['f() ; ?0.0 ?1.0', 'g() ; ?0.0', 'h() ;'], id='nested'),
        pytest.param(
            '#ifdef A\nint f();\n#endif\n#if defined(A)\nint g();\n#endif\n#if defined A // c\nint h();\n#endif',
            ['f() ; ?0.0', 'g() ; ?0.0', 'h() ; ?0.0'],
            id='one condition in three spellings',
        ),
        pytest.param(
            '#ifndef A\nint f();\n#else\nint g();\n#endif\n#if !defined(A)\nint h();\n#endif\n#ifdef A\nint i();\n#endif',
            ['f() ; ?0.1', 'g() ; ?0.0', 'h() ; ?0.1', 'i() ; ?0.0'],
            id='negation',
        ),
        pytest.param('#if A\n#else\nint f();\n#endif\n#if A\nint g();\n#endif', ['f() ; ?0.1', 'g() ; ?0.0'], id='else'),
        pytest.param(
            '#if A>1\nint f();\n#endif\n#if A > 1\nint g();\n#endif', ['f() ; ?0.0', 'g() ; ?1.0'], id='other text, other condition'
        ),
        pytest.param('#  if A\nint f();\n # endif\nint g();', ['f() ; ?0.0', 'g() ;'], id='spaces'),
        pytest.param('#if A \\\n && B\nint f();\n#endif', ['f() ; ?0.0'], id='continued'),
        pytest.param('#/**/if/**/A /* x\n */\nint f();\n#endif', ['f() ; ?0.0'], id='comments'),
        pytest.param('/* x */ #if A\nint f();\n/*\n*/ #endif\nint g();', ['f() ; ?0.0', 'g() ;'], id='behind a comment'),
        pytest.param('%:if A\nint f();\n%:endif', ['f() ; ?0.0'], id='digraph'),
        pytest.param('#if A\r\nint f();\r\n#endif\r\nint g();\r\n', ['f() ; ?0.0', 'g() ;'], id='CRLF'),
        pytest.param('\ufeff#if A\nint f();\n#endif', ['f() ; ?0.0'], id='byte order mark'),
        pytest.param('#if 0\nint f();\n#else\nint g();\n#endif\nint h();', ['g() ; ?0.1', 'h() ;'], id='if 0'),
        pytest.param('#if 1\nint f();\n#else\nint g();\n#endif\nint h();', ['f() ; ?0.0', 'h() ;'], id='if 1'),
        pytest.param(
            '#if 0 /* c */\ndon\'t "\n#if X\n#else\n#endif\n}}\n#elif Y\nint f();\n#endif\nint g();',
            ['f() ; ?1.1', 'g() ;'],
            id='text in if 0',
        ),
        pytest.param('#if A\nint f();\n#elif 0\nint g();\n#endif', ['f() ; ?0.0'], id='elif 0'),
        pytest.param('#if A\nint f();\n#elif 1\nint g();\n#else\nint h();\n#endif', ['f() ; ?0.0', 'g() ; ?1.1'], id='elif 1'),
        pytest.param(
            "#error don't\nint f();\n#warning \"x\nint g();\n#pragma x'\nint h();", ['f() ;', 'g() ;', 'h() ;'], id='loose quotes'
        ),
        pytest.param('#if A\nint f();', ['f() ; ?0.0'], id='no endif'),
        pytest.param('int x = a # b;\nint f();', ['f() ;'], id='no directive'),
    ],
)
def test_conditions(source, expected):
    assert found(source) == expected


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param(
            'int f(void) {\n#ifdef A\nif (a) {\n#else\nif (b) {\n#endif\n}\n}\nint g();', ['f() {}', 'g() ;'], id='a brace in both branches'
        ),
        pytest.param(
            'int f(void) {\n#ifdef A\nif (a) {\n#endif\nx();\n#ifdef A\n}\n#endif\n}\nint g();', ['f() {}', 'g() ;'], id='a brace in one'
        ),
        pytest.param(
            'int f(void) {\n#ifndef A\nif (a) {\n#endif\nx();\n#ifndef A\n}\n#endif\n}\nint g();', ['f() {}', 'g() ;'], id='negated'
        ),
        pytest.param(
            'int f(void) {\n#ifdef A\nif (a) {\n#else\nx();\n#endif\n#ifdef A\n}\n#endif\n}\nint g();', ['f() {}', 'g() ;'], id='one of two'
        ),
        pytest.param(
            'int f(void) {\n#ifdef A\nx();\n#else\nif (a) {\n#endif\n#ifndef A\n}\n#endif\n}\nint g();', ['f() {}', 'g() ;'], id='the other'
        ),
        pytest.param(
            'int f(void) {\n#if A\n} else {\n#elif B\n} else if (b) {\n#else\n} else {{\n#endif\n}', ['f() {}'], id='closing first'
        ),
        pytest.param('int f(void) {\n#if 0\n{{{\n#endif\n}\nint g();', ['f() {}', 'g() ;'], id='dead braces'),
        pytest.param('int f(void) {\n#ifdef A\nreturn 1; }\n#else\nreturn 2; }\n#endif\nint g();', ['f() {}', 'g() ;'], id='two ends'),
        pytest.param(
            '#ifdef A\nint f(int a) {\n#else\nint f(void) {\n#endif\nreturn 1; }\nint g();',
            ['f(a) {} ?0.0', 'f() {} ?0.1', 'g() ;'],
            id='two heads',
        ),
        pytest.param(
            '#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n{\n}\nint g();',
            ['f(a) {} ?0.0', 'f() {} ?0.1', 'g() ;'],
            id='two heads, one brace',
        ),
        pytest.param(
            '#ifdef A\nint x; int f(int a)\n#else\n#define Y 1\nint h(void)\n#endif\n{\n}\nint g();',
            ['f(a) {} ?0.0', 'h() {} ?0.1', 'g() ;'],
            id='two heads behind declarations',
        ),
        pytest.param(
            'static int\n#ifdef A\nf(int a) {}\n#else\ng(void) {}\n#endif\nint h();',
            ['static f(a) {} ?0.0', 'static g() {} ?0.1', 'h() ;'],
            id='a shared beginning',
        ),
        pytest.param('#ifdef A\nstatic\n#endif\nint f(int a) {}\nint g();', ['static f(a) {}', 'g() ;'], id='a specifier'),
        pytest.param('int f(int a\n#if A\n, int b\n#endif\n) {}\nint g();', ['f(a, b) {} varies', 'g() ;'], id='a parameter'),
        pytest.param('int f(\n#if A\nint a\n#else\nint b\n#endif\n);\nint g();', ['f(a) ; varies', 'g() ;'], id='either parameter'),
        pytest.param('int x[] = {\n#if A\n{1}, {\n#else\n{\n#endif\n}};\nint g();', ['g() ;'], id='initialiser'),
        pytest.param('#define A {\nint f() {}\n#define B \\\n {{{\nint g();', ['f() {}', 'g() ;'], id='braces in defines'),
        pytest.param('DOC(x, "y")\n#if A\nDOC(z, "y")\n#endif\nint f(int a) {}', ['f(a) {}'], id='macros without semicolons'),
    ],
)
def test_branches_that_open_and_close(source, expected):
    assert found(source) == expected
    assert found(source, 'c++') == expected


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param(
            '#ifdef __cplusplus\nextern "C" {\n#endif\nint f();\n#ifdef __cplusplus\n}\n#endif\nint g();', ['f() ;', 'g() ;'], id='extern C'
        ),
        pytest.param(
            '#ifdef A\nnamespace a {\n#else\nnamespace b {\n#endif\nint f();\n}\nint g();', ['[a] f() ;', 'g() ;'], id='two namespaces'
        ),
        pytest.param(
            '#ifdef A\nclass C : D {\n#else\nclass C {\n#endif\nint f();\n};\nint g();', ['[C] f() ;', 'g() ;'], id='two class heads'
        ),
        pytest.param('class C\n#ifdef A\n: D\n#endif\n{ int f(); };\nint g();', ['[C] f() ;', 'g() ;'], id='a base'),
    ],
)
def test_scopes(source, expected):
    assert found(source, 'c++') == expected


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param(
            '#ifdef A\nPyMethodDef m[] = {{"f", f}};\n#else\nPyMethodDef m[] = {{"g", g}};\n#endif',
            ['PyMethodDef m[] file ?0.0', '  f: f | - | - ?0.0', 'PyMethodDef m[] file ?0.1', '  g: g | - | - ?0.1'],
            id='two tables',
        ),
        pytest.param(
            'PyMethodDef\n#ifdef A\nm[]\n#else\nn[]\n#endif\n= {{"f", f}};', ['PyMethodDef m[] file', '  f: f | - | -'], id='two names'
        ),
        pytest.param(
            'PyMethodDef m[] = {{"f", f},\n#ifdef A\n{"g", g}};\n#else\n{"h", h}};\n#endif\nint x();',
            ['x() ;', 'PyMethodDef m[] file', '  f: f | - | -', '  g: g | - | - ?0.0', '  h: h | - | - ?0.1'],
            id='two ends',
        ),
        pytest.param(
            '#ifdef A\nPyMethodDef m[] = {\n#else\nPyMethodDef n[] = {\n#endif\n{"f", f}};\nint x();',
            ['x() ;', 'PyMethodDef m[] file ?0.0', '  f !conditional-row'],
            id='two heads',
        ),
        pytest.param(
            'void f(void) {\n#ifdef A\nPyMethodDef m = {"f", f};\n#endif\n}',
            ['f() {}', 'PyMethodDef m function ?0.0', '  f: f | - | - ?0.0'],
            id='in a function',
        ),
        pytest.param(
            '#ifdef A\nvoid f(void) { PyMethodDef m = {"f", f}; }\n#endif',
            ['f() {} ?0.0', 'PyMethodDef m function ?0.0', '  f: f | - | - ?0.0'],
            id='in a function in a branch',
        ),
    ],
)
def test_tables(source, expected):
    assert found(source) == expected


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param('}\nint f();', ['f() ;', 'problem unbalanced 1'], id='closing brace'),
        pytest.param(')])\nint f();', ['f() ;'], id='closing parentheses'),
        pytest.param('#endif\n#else\nint f();', ['f() ;', 'problem unbalanced 1', 'problem unbalanced 2'], id='endif and else'),
        pytest.param('int f() {\nint g();', ['f() {}', 'problem unbalanced 1'], id='open body'),
        pytest.param(
            'PyMethodDef m[] = {{"f", f};\nint g();',
            ['g() ;', 'PyMethodDef m[] file', '  f: f | - | -', 'problem unbalanced 1'],
            id='open table',
        ),
        pytest.param('int f() {}\nPyMethodDef m[] = {{"f", f}', ['f() {}', 'problem unbalanced 2'], id='table up to the end'),
        pytest.param('int f(); /* open', ['f() ;'], id='open comment'),
        pytest.param('int f(); char *s = "open\n; int g();', ['f() ;', 'g() ;'], id='open string'),
        pytest.param('int f(); R"x(open\nint g();', ['f() ;', 'g() ;'], id='raw string of C'),
    ],
)
def test_broken_files(source, expected):
    assert found(source) == expected


def test_macros():
    source = (
        b'#define A (1 | 2) /* c */\n#define B \\\n 3 // c\n#define C(x) x\n#define D 1\n#define D 2\n#define E\n'
        b'#if X\n#define F "f" "/*"\n#endif\n#if 0\n#define G 1\n#endif\n# define H() 1\n'
    )
    result = scan(source, 'c')
    assert result.macros == {'A': '(1 | 2)', 'B': '3', 'E': '', 'F': '"f" "/*"'}
    assert result.defined == set('ABCDEFH')
