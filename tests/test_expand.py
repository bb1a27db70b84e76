"""What the preprocessor is asked about rows that macros make, what is taken from its answer, and edits of edits."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tramp_build import expand_ask
from tramp_build.edits import apply, compose_edits
from tramp_build.errors import RewriteError
from tramp_build.model import Edit, Span
from tramp_build.plan import Policy, plan
from tramp_build.scan import scan
from tramp_build.units import Unit
from tramp_build.upgrade.facts import Everywhere, Facts
from tramp_build.upgrade.project import Surroundings

TABLE = 'static PyObject *f(PyObject *s, PyObject *a);\nstatic PyMethodDef m[] = {\n%s\n    {NULL, NULL, 0, NULL}\n};\n'


def policy(source: bytes) -> Policy:
    """The policy for a source that is all of its project."""
    facts = Facts(source)
    surroundings = Surroundings(
        here=facts,
        others=lambda: (),
        everywhere=lambda: Everywhere([facts]),
        enabled=False,
        limited=False,
        source=source,
        listed_elsewhere=dict,
        offer_elsewhere=lambda _: None,
    )
    return Policy(
        barrier=False,
        exclude_functions=frozenset(),
        refuse=None,
        known_elsewhere=lambda _: False,
        declared_plainly=lambda *_: False,
        surroundings=surroundings,
    )


def asked(rows: str, may_be_made: bool = False) -> tuple[bytes, expand_ask.Question | None]:
    source = (TABLE % rows).encode()
    return source, expand_ask.question(source, plan(source, scan(source, 'c'), policy(source)), lambda _: may_be_made)


@pytest.mark.parametrize(
    ('rows', 'expected'),
    [
        ('{"f", f, METH_O, 0},', None),
        ('ROW(f, O),', ['ROW(f, O)']),
        ('ROW(f, O) ROW(g,\n O)', ['ROW(f, O)', 'ROW(g,\n O)']),
        ('{FIELDS(f)},', ['{FIELDS(f)}']),
        ('{"f", WRAP(f), METH_O, 0},', ['WRAP(f)']),
        ('{"f", f, FLAGS, 0},', ['f', 'FLAGS']),
        ('ROWS', ['ROWS']),
        ('ROW(f\n#ifdef X\n, O\n#endif\n),', None),
        ('{"f", f, METH_O, __COUNTER__}, ROW(f),', None),
        ('{"g", g, METH_O, 0},', None),
    ],
)
def test_what_is_asked(rows: str, expected: list[str] | None) -> None:
    source, question = asked(rows)
    assert (question and [source[span.start : span.end].decode() for span in question.spans]) == expected


def test_a_function_that_a_macro_may_define() -> None:
    assert asked('{"g", g, METH_O, 0},', may_be_made=True)[1] == expand_ask.Question((), frozenset({'g'}))


def answer(rows: str, *texts: str, macros: frozenset[str] = frozenset()) -> str:
    """Return the source with the preprocessor saying `texts` for what is asked."""
    source, question = asked(rows)
    assert question
    marked = apply(source, expand_ask.marks(source, question))
    for span, text in zip(question.spans, texts, strict=True):
        marked = marked.replace(b' ' + source[span.start : span.end] + b' ', text.encode())
    return apply(source, expand_ask.answers(source, question, marked, macros.__contains__)).decode()


@pytest.mark.parametrize(
    ('rows', 'said', 'rows_then'),
    [
        ('ROW(f),', ' {"f", f, 8, ((void *)0)} ', '{"f", f, 8, ((void *)0)},'),
        ('ROW(f\n),', '\n# 3 "a.c"\n {"f",\n# 4 "a.c"\nf}\n# 3 "a.c" 2\n', '{"f", f}\n,'),
        ('ROW(f)', '', ' '),
        ('ROW(f),', '{"f" /* of -C */, f}', '{"f"  , f},'),
        ('ROW(f)', '{"a", f}, {"b", f},', '{"a", f}, {"b", f},'),
        ('ROW(f)', '{"# 1 \\"\\\\"}', '{"# 1 \\"\\\\"}'),
    ],
)
def test_what_takes_the_place_of_a_macro(rows: str, said: str, rows_then: str) -> None:
    assert answer(rows, said) == TABLE % rows_then


@pytest.mark.parametrize(
    'said',
    ['{"f", f', '{"f", f)}', '}, {', '\n#pragma x\n{"f", f}', '{"f", f, FLAG}', '{"f", f, x # y}', 'R"(x)"'],
)
def test_what_does_not(said: str) -> None:
    """A macro of its own name would be replaced again, and other brackets would end what they do not begin."""
    assert answer('ROW(f),', said, macros=frozenset({'FLAG'})) == TABLE % 'ROW(f),'


def test_an_answer_about_something_else() -> None:
    source, question = asked('ROW(f), ROW(g),')
    assert question
    marked = apply(source, expand_ask.marks(source, question))
    assert expand_ask.answers(source + b' ', question, marked, lambda _: False) == []
    assert expand_ask.answers(source, question, marked * 2, lambda _: False) == []
    assert expand_ask.answers(source, question, b'', lambda _: False) == []
    assert len(expand_ask.answers(source, question, marked, lambda _: False)) == 2


def test_the_text_of_own_files() -> None:
    output = b'# 1 "a.c"\none\n# 1 "/usr/x.h" 1 3\ntwo\n# 2 "a.c" 2\nthree\n#line 5 "a \\"q\\".c"\nfour'
    assert expand_ask.own_text(output, lambda name: name in ('a.c', 'a "q".c')).split() == [b'one', b'three', b'four']


def random_edits(source: bytes, picks: random.Random) -> list[Edit]:
    """Edits of words between line ends, none of them empty in what it makes unless it is empty."""
    edits, position = [], 0
    while position < len(source):
        start = position + picks.randrange(6)
        end = min(len(source), start + picks.randrange(6))
        if start > len(source) or b'\n' in source[start:end]:
            position = start + 1
            continue
        edits.append(Edit(Span(start, end), b'x' * picks.randrange(1, 8)))
        position = end + picks.randrange(2)
        if start == end:
            position += 1
    return edits


def test_two_edits_as_one() -> None:
    picks = random.Random(1)
    for _ in range(500):
        source = bytes(picks.choice(b'ab\n') for _ in range(picks.randrange(60)))
        first = [e for e in random_edits(source, picks) if e.span.start < e.span.end]
        between = apply(source, first)
        second = random_edits(between, picks)
        assert apply(source, compose_edits(between, first, second)) == apply(between, second)
    assert compose_edits(b'abc', (), [Edit(Span(0, 1), b'x')]) == (Edit(Span(0, 1), b'x'),)


def test_a_unit_with_what_macros_make() -> None:
    unit = Unit.plain(Path('/p/u.c'), b'ab\nROW(x,\ny) cd\nef')
    then = unit.expand([Edit(Span(3, 12), b'{row}, {two}\n')])
    assert then.seen == b'ab\n{row}, {two}\n cd\nef'
    row, two = then.seen.index(b'{row}'), then.seen.index(b'{two}')
    assert then.origin(Span(row, row + 5)) == then.origin(Span(two, two + 5)) == Span(3, 12)
    assert then.origin(Span(0, 3)) == Span(0, 3)
    assert then.origin(Span(then.seen.index(b'cd'), len(then.seen))) == Span(13, 18)
    assert [then.place(then.seen.index(c)) for c in (b'ab', b'{row', b'{two', b'cd', b'ef')] == [(0, 1), (0, 2), (0, 2), (0, 3), (0, 4)]
    edits = [Edit(Span(0, 0), b'!'), Edit(Span(two + 1, two + 4), b'TWO'), Edit(Span(len(then.seen) - 1, len(then.seen)), b'F')]
    assert apply(unit.text, then.split(edits)[0]) == b'!ab\n{row}, {TWO}\n cd\neF'
    again = then.expand([Edit(Span(row, row + 5), b'{longer row}')])
    assert apply(unit.text, again.split([])[0]) == again.seen == b'ab\n{longer row}, {two}\n cd\nef'
    assert unit.expand([]) is unit
    with pytest.raises(RewriteError):
        unit.expand([Edit(Span(3, 12), b'x')])


def test_an_answer_with_a_line_that_goes_on_is_no_answer() -> None:
    source = b'PyMethodDef m[] = {ROW};\n'
    question = expand_ask.Question((Span(19, 22),), frozenset())
    marked = apply(source, expand_ask.marks(source, question))
    assert expand_ask.answers(source, question, marked.replace(b'ROW', b'{"a", a, 1}'), lambda name: False)
    assert not expand_ask.answers(source, question, marked.replace(b'ROW', b'{"a\\\n", a, 1}'), lambda name: False)
