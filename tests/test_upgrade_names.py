"""Which names are variables, and which ones macros may put together."""

from __future__ import annotations

import re
import time

import pytest

from tramp_build.model import Span
from tramp_build.upgrade.code import Code
from tramp_build.upgrade.facts import Everywhere, Facts
from tramp_build.upgrade.locals import hides, variables
from tramp_build.upgrade.mentions import Mentions
from tramp_build.upgrade.pastes import Pastes
from tramp_build.upgrade.uses import tokens

# `@` marks where `x` is a variable of the body, `?` where it is not.
BODIES = [
    '{ int x@ = x@; x@; } ?x',
    '{ x?; int x@; x@; }',
    '{ { int x@; } x?; }',
    '{ PyObject *a = f(x?, 1), *x@ = NULL; return x@; }',
    '{ const struct s *const x@; unsigned x@[3]; }',
    '{ struct x? *y; static char *const *x@ = 0; }',
    '{ std::vector<a::b, c> x@; }',
    '{ for (int x@ = 0; x@ < 3; x@++) { x@; } x?; }',
    '{ for (int x? = 0; x? < 3;) x?; }',
    '{ for (auto x@ : list) { x@; } x?; }',
    '{ return x?; }',
    '{ extern int x?; x?; }',
    '{ goto x?; x?: ; }',
    '{ a = x?; f(x?); x?(); }',
    '{ PyObject *x?(int); }',
    '{ int y = a * x?; }',
    '#\n{ x?; }',
    '{\n#if A\n int x@; x@;\n#else\n x?;\n#endif\n x?; }',
    '{\n#if A\n if (a) {\n#else\n {\n#endif\n int x?; } x?; }',
    '{\n#define M(a) int x?;\n x?; }',
]


@pytest.mark.parametrize('marked', BODIES)
def test_variables(marked: str) -> None:
    source = marked.replace('@', '').replace('?', '').encode()
    marks = list(re.finditer(r'[@?]', marked))
    expected = {match.start() - number - 1: match[0] == '@' for number, match in enumerate(marks)}
    start = source.index(b'{')
    body = Span(start, source.rindex(b'}') + 1)
    reaches = variables(source, tokens(source, body, 'c++'))
    inside = {at: found for at, found in expected.items() if body.start <= at < body.end}
    assert {at: hides(reaches, b'x', at) for at in inside} == inside


MACROS = """
#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define MODULE geo
#define ALIAS CAT
#define ONE(name) do_##name(MODULE)
#define THREE(a, b, c) a##_##b##c
#define MANY(...) first_##__VA_ARGS__
#if X
#define TWICE(x) x##_a
#else
#define TWICE(x) x##_b
#endif
#define LINE(x) CAT(x, __LINE__)
"""


@pytest.mark.parametrize(
    ('use', 'made', 'not_made'),
    [
        ('CAT_(f, oo)', ['foo'], ['oof', 'fo', 'do_foo']),
        ('CAT(f, oo)', ['foo'], ['oof']),
        ('CAT(MODULE, _init)', ['geo_init'], ['geo']),
        ('ALIAS(f, (oo))', ['foo'], []),
        ('ONE(it) ONE(that)', ['do_it', 'do_that'], ['do_those', 'it']),
        ('THREE(a, b, cc)', ['a_bcc'], ['a_cb', 'abcc']),
        ('THREE(a, , cc)', ['a_cc'], ['a_b']),
        ('MANY(x, y)', ['first_x', 'first_y'], ['first_z']),
        ('TWICE(f)', ['f_a', 'f_b'], ['f_c']),
        ('LINE(f)', ['f12', 'f345'], ['fx']),
        ('CAT_("f, oo", b)', ['fb'], ['fa']),
        ('CAT_(f', ['ff'], ['fg']),
        ('', [], ['foo', 'do_it']),
    ],
)
def test_pasted_names(use: str, made: list[str], not_made: list[str]) -> None:
    source = f'{MACROS}\n{use}\n'.encode()
    pastes = Pastes(Everywhere([Facts(source)]).macros, source)
    found = {name: pastes.may_make(name.encode()) for name in (*made, *not_made)}
    assert found == dict.fromkeys(made, True) | dict.fromkeys(not_made, False)


def test_many_invocations() -> None:
    """What does not end takes no longer than it has to."""
    source = b'#define CAT(a, b) a##b\n' + b'CAT(' * 2000
    assert Pastes(Everywhere([Facts(source)]).macros, source).may_make(b'CATCAT')


# `@` marks where `x` is a word of the code, `?` where it is not.
CODE = [
    'x@ /* x? */ x@ // x? \\\n x?\n x@ "x?\\"x?" x@ \'x?\' x@',
    'f(1, x@); ax? = 0x?; $x?; x@',
    'struct s { int x?; union { int x?; } u; } x@; struct s x@ = {x@}; ',
    'struct { int x?; } /* struct { */ x@; "struct {" x@ union /* u */ s // {\n { x?; "}" /* } */ x? } x@',
    'mystruct { x@ } struct$ { x@ } struct f(x@) { x@ }',
    'struct s { x? { x?',
]
CXX_CODE = ['struct s { int x@; }; R"a(x? )" x? )a" x@ u8R"(x?)" x@', 'f("a" x@ R"(" x?']


@pytest.mark.parametrize(('marked', 'language'), [*((text, 'c') for text in CODE), *((text, 'c++') for text in CXX_CODE)])
def test_code(marked, language):
    text = re.sub('[@?]', '', marked).encode()
    code = Code.of(text, language)
    found = re.sub(rb'x(?![\w])', lambda match: b'x@' if code.has_word(match.start()) else b'x?', text).decode()
    assert found == marked


@pytest.mark.parametrize('piece', [b'struct /*', b'struct s /* * ', b'union // ', b'struct s {', b'"', b'struct {}', b'/*'])
def test_code_in_linear_time(piece):
    def seconds(count: int) -> float:
        started = time.process_time()
        Code.of(piece * count, 'c')
        return time.process_time() - started

    assert min(seconds(8_000) for _ in range(3)) < 8 * min(seconds(2_000) for _ in range(3)) + 0.05


@pytest.mark.parametrize(('name', 'expected'), [(b'f', 3), (b'ff', 1), (b'', 0), (b'f f', 0)])
def test_mentions_few_and_many(name, expected):
    """The first names are looked for in the text, later ones among all its words."""
    mentions = Mentions(b'f(ff, "f", a->f, f1, 0f); f + /* f */ f;', 'c')
    found = [list(mentions.places(name, ())) for _ in range(100)]
    assert len(found[0]) == expected
    assert all(places == found[0] for places in found)
