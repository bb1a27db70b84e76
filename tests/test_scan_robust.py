"""No input makes the scanner raise, hang or point outside of it."""

from __future__ import annotations

import gc
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scan_support import check, show

from tramp_build.model import Span
from tramp_build.scan import function_names, might_declare, might_have_tables, scan
from tramp_build.scan.expression import flags_of, function_of
from tramp_build.scan.lexer import normalise

CASES = sorted((Path(__file__).parent / 'cases' / 'scan').glob('*.c*'))
LANGUAGES = ('c', 'c++')
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

PIECES = (
    *'{}()[]<>;,:=*&#.\\/"\'~+| \n\t\r\f\0',
    *('a', 'f', 'm', 'x', 'int', 'void', 'static', 'const', 'struct', 'class', 'enum', 'union', 'namespace', 'template', 'operator'),
    *('typedef', 'extern', 'inline', 'new', 'PyMethodDef', 'PyGetSetDef', 'PyObject', 'NULL', 'METH_O', 'ENTRY', 'ml_name', 'catch', 'try'),
    *('public', 'return', '__attribute__', 'decltype', '::', '->', '...', '==', '//', '/*', '*/', '\\\n', '\\\r\n', '<%', '%>', '<:', ':>'),
    *('%:', "1'0", 'R"(', ')"', 'u8"', "L'", '"f"', '\xff', '#if A\n', '#ifdef A\n', '#ifndef A\n', '#if 0\n', '#if 1\n', '#elif B\n'),
    *('#else\n', '#endif\n', '#define A 1\n', '#define F(x) x\n', 'PyMethodDef m[] = {', '{"f", f, METH_O},', 'int f(int a) {'),
    *('class C {', 'namespace n {', 'extern "C" {', 'C::C() : a{1} {', '};', '{NULL}'),
)


def every(source: bytes) -> None:
    """Call all that reads user code."""
    for language in LANGUAGES:
        result = scan(source, language)
        check(source, result)
        assert not result.tables or might_have_tables(source)
        assert result == scan(source, language)
        for table in result.tables:
            for row in table.rows:
                for span in row.fields:
                    if span:
                        function_of(source, span)
                        flags_of(source, span, result.macros)
        assert {function.name for function in result.functions} <= function_names(result)
        for name in function_names(result):
            might_declare(source, name)


@RELAXED
@given(st.binary(max_size=400))
@example(b'PyMethodDef m[] = {{"f"')
@example(b'\xef\xbb\xbf')
@example(b"0'0'")
def test_any_bytes(source):
    every(source)
    assert len(normalise(source)) == len(source)


@RELAXED
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(lambda pieces: ''.join(pieces).encode('latin-1')))
def test_any_pieces_of_c(source):
    every(source)


@RELAXED
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(' '.join))
def test_any_pieces_in_a_table(body):
    every(f'static PyMethodDef m[] = {{ {{"f", f, METH_O}}, {body} }};\nint f(int a) {{}}'.encode('latin-1'))


@RELAXED
@given(st.text(alphabet='()<>[]{}|&*+:,.ab1 "NULLMETH_O', max_size=60))
def test_any_expression(text):
    source = text.encode()
    span = Span(0, len(source))
    found = function_of(source, span)
    assert found.span is None or 0 <= found.span.start < found.span.end <= len(source)
    flags_of(source, span, {'a': 'b|a', 'b': text})


@pytest.mark.parametrize('path', CASES, ids=lambda path: path.name)
def test_mutated_sources(path):
    """A real-looking file with some bytes removed, doubled, swapped or replaced."""
    source = path.read_bytes()
    chance = random.Random(path.name)
    for _ in range(25):
        mutant = bytearray(source)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(mutant))
            end = min(len(mutant), at + chance.choice((1, 1, 2, 10, 200)))
            piece = chance.choice(PIECES).encode('latin-1')
            mutant[at:end] = chance.choice((b'', mutant[at:end] * 2, piece, bytes(reversed(mutant[at:end]))))
        every(bytes(mutant))


@pytest.mark.parametrize('path', CASES, ids=lambda path: path.name)
def test_line_ends_do_not_matter(path):
    source = path.read_bytes()
    dos = source.replace(b'\n', b'\r\n')
    language = 'c' if path.suffix == '.c' else 'c++'
    assert show(dos, scan(dos, language)) == show(source, scan(source, language))


@pytest.mark.parametrize('path', CASES, ids=lambda path: path.name)
def test_every_beginning_of_a_file(path):
    source = path.read_bytes()
    for end in range(0, len(source), 113):
        every(source[:end])


TABLE = b'static PyMethodDef m[] = {'
BODY = b'int f(void) {'
HOSTILE = {
    'open braces': (b'', b'{', b''),
    'closing braces': (b'', b'}', b''),
    'empty blocks': (b'', b'{}', b''),
    'named blocks': (b'', b'x{}', b''),
    'initialisers': (b'', b'x={},', b''),
    'parentheses': (b'', b'(', b''),
    'calls': (b'', b'f(', b''),
    'words': (b'', b'a ', b''),
    'angles': (b'', b'a<', b''),
    'scopes': (b'', b'namespace a {', b''),
    'classes': (b'', b'class a { int f() {}', b''),
    'structs': (b'', b'struct {}', b''),
    'if': (b'', b'#if X\n', b''),
    'elif': (b'#if X\n', b'#elif Y\n', b''),
    'if in a declaration': (b'int ', b'#if X\na ', b'{'),
    'heads in branches': (b'', b'#if X\nint f(){\n#else\nint g(){\n#endif\n', b''),
    'shared beginning': (b'int a b c d ', b'\n#if X\n;\n#else\n;\n#endif\n', b''),
    'long shared beginning': (b'int ' + b'a ' * 5000, b'\n#if X\n;\n#else\n;\n#endif\n', b''),
    'quotes': (b'', b'"', b''),
    'escapes': (b'"', b'\\x', b'"'),
    'escapes in a body': (BODY + b'"', b'\\x', b'"}'),
    'escapes in a table': (TABLE + b'{"', b'\\x', b'"}};'),
    'comment': (b'/*', b'* ', b''),
    'line comment': (b'//', b'\\\n', b''),
    'hashes': (BODY, b'a#', b''),
    'directive': (b'#', b"'\\'", b''),
    'raw strings': (BODY, b'R"a(', b''),
    'table types in a body': (BODY, b'PyMethodDef ', b''),
    'table heads in a body': (BODY, b'PyMethodDef x[', b''),
    'tables in a body': (BODY, b'PyMethodDef x[]={};', b''),
    'tables without semicolons': (b'', b'PyMethodDef x[]={}', b''),
    'declarators': (b'PyMethodDef x[]={}', b',x[]={}', b';'),
    'nested tables': (b'', b'PyMethodDef x[]={', b''),
    'rows': (TABLE, b'{"a",f,METH_O},', b'};'),
    'flat rows': (TABLE, b'"a",f,METH_O,0,', b'};'),
    'macro rows': (TABLE, b'A(b) ', b'};'),
    'open rows': (TABLE, b'{"a",', b''),
    'branches in rows': (TABLE, b'\n#if X\n{"a"\n#else\n', b''),
    'members': (TABLE + b'{"a"', b',b<', b'}};'),
    'K&R parameters': (b'int f(a) int a;', b'int a;', b''),
    'parameters': (b'int f(', b'int (*a)(int),', b'int a) {}'),
    'member initialisers': (b'C::C() : ', b'a{1},', b'{}'),
    'catches': (b'int f() try {} ', b'catch (...) {}', b''),
    'templates': (b'', b'template<class T>', b''),
    'digraphs': (b'', b'<%', b''),
    'digit separators': (b'0', b"'0", b''),
}


@pytest.mark.parametrize('language', LANGUAGES)
@pytest.mark.parametrize('name', HOSTILE)
def test_hostile_input_takes_linear_time(name, language):
    """Four times the input, well below sixteen times the time: the best of two, as the machine has other work."""
    before, piece, after = HOSTILE[name]

    def seconds(size: int) -> float:
        source = before + piece * (size // len(piece)) + after
        best = float('inf')
        for _ in range(2):
            gc.collect()
            start = time.process_time()
            scan(source, language)
            best = min(best, time.process_time() - start)
        return best

    small = 4_000
    gc.disable()  # what it costs depends on all that lives in this process
    try:
        short, long = seconds(small), seconds(4 * small)
    finally:
        gc.enable()
    assert long < 9 * max(short, 0.004), f'{short:.4f} s, four times as much {long:.4f} s'


@pytest.mark.parametrize('piece', [b'{', b'(', b'namespace a{', b'#if X\n', TABLE, b'f(a<', b'"', b'/*'])
def test_a_megabyte_of_one_thing(piece):
    source = piece * (1_000_000 // len(piece))
    for language in LANGUAGES:
        check(source, scan(source, language))


def test_a_line_of_ten_megabytes():
    rows = b'{"f", (PyCFunction)f, METH_VARARGS, "' + b'some documentation ' * 500 + b'"},'
    count = 10_000_000 // len(rows)
    source = TABLE + rows * count + b'{NULL}};'
    [table] = scan(source, 'c').tables
    assert len(table.rows) == count
    assert table.rows[-1].line == 1
