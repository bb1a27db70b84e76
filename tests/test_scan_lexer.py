"""Tokens: where strings, comments and directives end."""

from __future__ import annotations

import pytest

from tramp_build.scan import lexer
from tramp_build.scan.literals import decode


def tokens(source: str, cxx: bool = True) -> list[str]:
    pattern = lexer.TOKEN_CXX if cxx else lexer.TOKEN_C
    return [match[match.lastindex].decode() for match in pattern.finditer(source.encode()) if match.lastindex != lexer.COMMENT]


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('int x=1;', ['int', 'x', '=', '1', ';']),
        ('a::b->c...d==e', ['a', '::', 'b', '->', 'c', '...', 'd', '==', 'e']),
        ('A<B<C>>x', ['A', '<', 'B', '<', 'C', '>', '>', 'x']),
        ('1.5e+3 .5f 0x1p-3 1ul', ['1.5e+3', '.5f', '0x1p-3', '1ul']),
        ('"a\\"b" \'\\\'\' "\\\\"', ['"a\\"b"', "'\\''", '"\\\\"']),
        ('"a\\\nb"x', ['"a\\\nb"', 'x']),
        ('"a\\\r\nb"x', ['"a\\\r\nb"', 'x']),
        ('"open\nx', ['"open', 'x']),
        ("'open\nx", ["'open", 'x']),
        ('a/*b*/c/**/d/***/e/* * / */f', ['a', 'c', 'd', 'e', 'f']),
        ('a//b\nc//d\\\ne\nf//g\\\r\nh\ni// \\ \nj\nk', ['a', 'c', 'f', 'i', 'k']),
        ('a/* open', ['a']),
        ('a \\\n b \\\r\n c \\ d', ['a', 'b', 'c', 'd']),
        ('a\fb\vc\0d', ['a', 'b', 'c', '\0', 'd']),
        ('/ a /b', ['/', 'a', '/', 'b']),
    ],
)
def test_tokens(source, expected):
    assert tokens(source) == expected
    assert tokens(source, cxx=False) == expected


@pytest.mark.parametrize('source', ['R"(a)b"', 'PRIR"(a)"', 'xR"(a)"', 'R"x"', "R'('"])
def test_raw_strings_are_of_cxx_only(source):
    assert tokens(source, cxx=False)[-1] not in ('(', ')')


@pytest.mark.parametrize(
    ('source', 'rest'),
    [
        ('R"(a)"x', 'x'),
        ('R"a()")a"x', 'x'),
        ('u8R"(\n")"x', 'x'),
        ('R"(a)b" )"x', 'x'),
        ('R"0123456789abcdef(a)0123456789abcdef"x', 'x'),
        ('R"(open', ''),
        ('R"open', 'open'),
        ('R"a b(c', 'a b(c'),
    ],
)
def test_raw_ends(source, rest):
    assert source[lexer.raw_end(source.encode(), 0) :] == rest


LONG = 20_000


@pytest.mark.parametrize(
    ('source', 'rest'),
    [
        ('"a"b', 'b'),
        ('"a\\"b"c', 'c'),
        ('"a\nb', '\nb'),
        ('"a\\\nb"c', 'c'),
        ('"a', ''),
        ('"a\\', '\\'),
        ('"' + '\\x' * LONG + '"b', 'b'),
        ('"' + '\\\n' * LONG + '"b', 'b'),
        ('"' + '\\"' * LONG + '\nb', '\nb'),
        ('/*a*/b', 'b'),
        ('/*a', ''),
        ('/*/b', ''),
        ('/*' + '* ' * LONG + '*/b', 'b'),
        ('/**/b', 'b'),
        ('//a\nb', '\nb'),
        ('//a\\\nb\nc', '\nc'),
        ('//' + '\\\n' * LONG + 'a\nb', '\nb'),
        ('//a', ''),
        ('//a\\', '\\'),
    ],
)
def test_literal_ends(source, rest):
    assert source[lexer.literal_end(source.encode(), 0) :] == rest


@pytest.mark.parametrize(
    ('source', 'rest'),
    [
        ('#if A\nb', '\nb'),
        ('#if A', ''),
        ('#if A\\\nB\nc', '\nc'),
        ('#if A\\\r\nB\r\nc', '\nc'),
        ('#if A \\ \nB\nc', '\nc'),
        ('#if /* \n */ A\nb', '\nb'),
        ('#if A // b\nc', '\nc'),
        ('#if A // b\\\nc\nd', '\nd'),
        ('#d "/*"\nb', '\nb'),
        ("#d '\"' /*\n*/\nb", '\nb'),
        ('#i <a//b>\nc', '\nc'),
        ("#error don't\nb", '\nb'),
        ('#d "a\nb', '\nb'),
        ('#d /* open', ''),
        ('#d a\\', ''),
        ('#' + '\\\n' * LONG + 'a\nb', '\nb'),
        ('#' + '/**/' * LONG + 'a\nb', '\nb'),
        ('#d a/b/c\nd', '\nd'),
    ],
)
def test_directive_ends(source, rest):
    assert source[lexer.directive_end(source.encode(), 1) :] == rest


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('<% %> <: :> %:', '{  }  [  ]  # '),
        ('a<::b> <:::c:> <::>', 'a<::b> [ ::c]  [ ] '),
        ("1'000'000 0x1'F 1'0.5'5", '100000000 0x10F 100.505'),
        ("case'a': u8'a' L'b' '1' '\\1'", "case'a': u8'a' L'b' '1' '\\1'"),
        ("don't can'd x1'a'", "don't can'd x1'a'"),
        ("'1'a 'f'", "'1'a 'f'"),
    ],
)
def test_normalised_spelling_keeps_every_offset(source, expected):
    assert len(expected) == len(source)
    assert lexer.normalise(source.encode()).decode() == expected


@pytest.mark.parametrize('cxx', [False, True])
@pytest.mark.parametrize(
    'source',
    [
        'a { b } c',
        '"{" { \'}\' }',
        '/* { */ } // {\n {',
        '"\\"{" {',
        'PyMethodDef MyPyMethodDef PyMethodDefs PyGetSetDef',
        '"open {\n {',
        'a / b { c',
        '#if {',
        '"a\\\r\n{" {',
        "'{' L'}' {",
    ],
)
def test_both_levels_see_the_same(source, cxx):
    raw = source.encode()
    skip, token = (lexer.SKIP_CXX, lexer.TOKEN_CXX) if cxx else (lexer.SKIP_C, lexer.TOKEN_C)
    wanted = (b'{', b'}', b'#', *lexer.TABLE_TYPES)
    places = [match.start() for match in skip.finditer(raw) if match.lastindex in range(1, lexer.SKIP_TABLE + 1)]
    assert places == [match.start() for match in token.finditer(raw) if match[match.lastindex] in wanted]
    assert places


@pytest.mark.parametrize(
    ('literals', 'expected'),
    [
        (['"a"'], 'a'),
        (['"a"', '"b"'], 'ab'),
        (['""'], ''),
        (['"\\n\\t\\\\\\""'], '\n\t\\"'),
        (['"\\101\\x42\\u0043\\U00000044"'], 'ABCD'),
        (['"\\0a"'], ''),
        (['"\\xff"'], '\\xff'),
        (['R"x(a\\n)x"'], 'a\\n'),
        (['u8"a"'], 'a'),
        (['u8R"(a)"'], 'a'),
        (['"R"'], 'R'),
        (['"a\\\nb"'], 'ab'),
        (['"a\\\r\nb"'], 'ab'),
        (['"é"'], 'é'),
        (['"\\ud800"'], '\\xed\\xa0\\x80'),
        (['"\\UFFFFFFFF"'], '?'),
        (['"\\q"'], 'q'),
        (['L"a"'], None),
        (['"a'], None),
        (['"'], None),
        (['R"(a'], None),
        (['"a"', '"b'], None),
    ],
)
def test_decoded_literals(literals, expected):
    assert decode(literal.encode() for literal in literals) == expected
