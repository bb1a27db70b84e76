"""What function bodies and function names say about slots: `type.tp_new = f;` at run time, and `PyInit_m`.

Bodies are not read token by token, so this is a look at those that have the words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from tramp_build.model import Function, Row, ScopeKind, Span, Table
from tramp_build.scan import lexer
from tramp_build.scan.expression import Form, function_of
from tramp_build.scan.literals import text_of
from tramp_build.slots import BY_MEMBER, ENTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tramp_build.scan.lexer import Token

INIT: Final = 'PyMODINIT_FUNC'
# Members of module definitions have names that others' structs have as well.
_MEMBERS: Final = frozenset(name.encode() for name, slot in BY_MEMBER.items() if slot.struct != 'PyModuleDef')
# By its underscore, so that `re` searches for one byte.
_ASSIGNED: Final = re.compile(rb'_(?<=\W(?:tp|nb|sq|mp|am|bf)_)\w+\s*=(?!=)')
_BLANKS: Final = b' \t\n\r\f\v'
_FORMS: Final = frozenset({Form.NAME, Form.QUALIFIED, Form.TEMPLATE})
_PYTHON: Final = ('Py', '_Py', 'tramp_')
_CLOSING: Final = {b')': b'(', b']': b'['}
_MAX_VALUE: Final = 60


def tables(source: bytes, text: bytes, functions: Sequence[Function], line_of: Callable[[int], int], *, cxx: bool) -> Iterator[Table]:
    """Yield the entries of modules, and the assignments of functions to slots; `text` is the source in plain spelling."""
    for function in functions:
        # Without a type in front of its name it is none, or one of implicit int; a class may have such a name as well.
        typed = function.span.start < function.name_span.start
        if function.body and typed and function.name.startswith(tuple(ENTRIES)) and '::' not in function.name:
            yield _entry(function, line_of)
    places = list(assigned(text))
    if not places:
        return
    names = {_last(function.name) for function in functions}
    seen: set[Span] = set()
    for function in functions:
        # A body has several heads where an `#if` chooses one.
        body = function.body
        if body and body not in seen and bisect_left(places, body.start) < bisect_left(places, body.end):
            seen.add(body)
            yield from _assignments(source, text, function, names, line_of, cxx=cxx)


def assigned(text: bytes) -> Iterator[int]:
    """Yield where `.tp_new =` and the like may stand: a member that is given a value."""
    for match in _ASSIGNED.finditer(text):
        place = match.start() - 2
        while place and text[place - 1] in _BLANKS:
            place -= 1
        if text.endswith((b'.', b'->'), max(0, place - 2), place):
            yield match.start()


def _entry(function: Function, line_of: Callable[[int], int]) -> Table:
    span = function.name_span
    row = Row(span, line_of(span.start), function.name, (span,), function.scope.condition, None)
    return Table(INIT, function.name, row.line, function.span, function.scope, function.span.start, array=False, static=False, rows=(row,))


def _assignments(
    source: bytes, text: bytes, function: Function, names: set[str], line_of: Callable[[int], int], *, cxx: bool
) -> Iterator[Table]:
    """Yield a table for each object and run of its slots."""
    assert function.body
    found = [(lhs, row) for lhs, row in _rows(source, text, function, line_of, cxx=cxx) if _is_function(source, row, names)]
    while found:
        first = found[0][0]
        count = next((index for index, (lhs, _) in enumerate(found) if lhs != first), len(found))
        rows = tuple(row for _, row in found[:count])
        found = found[count:]
        span = Span(rows[0].span.start, rows[-1].span.end)
        scope = function.scope
        scope = scope.__class__(ScopeKind.FUNCTION, scope.path, scope.condition)
        kind = BY_MEMBER[rows[0].name or ''].struct or ''
        yield Table(kind, first, rows[0].line, span, scope, function.span.start, array=False, static=False, rows=rows)


def _is_function(source: bytes, row: Row, names: set[str]) -> bool:
    """Tell whether what is assigned can be told to be a function."""
    assert row.fields[0]
    ref = function_of(source, row.fields[0])
    name = _last(ref.name or '')
    return ref.form in _FORMS and (name in names or name.startswith(_PYTHON))


def _rows(source: bytes, text: bytes, function: Function, line_of: Callable[[int], int], *, cxx: bool) -> Iterator[tuple[str, Row]]:
    assert function.body
    tokens = _tokens(text, function.body, cxx=cxx)
    for at in range(1, len(tokens) - 3):
        if tokens[at][1] not in _MEMBERS or tokens[at + 1][1] != b'=' or tokens[at - 1][1] not in (b'.', b'->'):
            continue
        start, value = _object(tokens, at - 2), _value(tokens, at + 2)
        if start is None or value is None:
            continue
        lhs = ' '.join(text_of(source[tokens[start][2] : tokens[at - 2][3]]).split())
        span = Span(tokens[start][2], value.end)
        yield lhs, Row(span, line_of(span.start), text_of(tokens[at][1]), (value,), function.scope.condition, None)


def _tokens(text: bytes, span: Span, *, cxx: bool) -> list[Token]:
    """Return the tokens of a body without its directives."""
    pattern = lexer.TOKEN_CXX if cxx else lexer.TOKEN_C
    found: list[Token] = []
    position = span.start
    while position < span.end:
        for match in pattern.finditer(text, position, span.end):
            group = match.lastindex
            assert group
            start, end = match.span(0 if group == lexer.LONG else group)
            if group in (lexer.HASH, lexer.LONG, lexer.RAW):
                ends = {lexer.HASH: lexer.directive_end, lexer.LONG: lexer.literal_end, lexer.RAW: lexer.raw_end}
                position = max(ends[group](text, start), end)
                break
            if group != lexer.COMMENT:
                found.append((group, text[start:end], start, end))
        else:
            break
    return found


def _object(tokens: Sequence[Token], at: int) -> int | None:
    """Return where the expression begins whose last token is at `at`: `a`, `a->b`, `((T *)a)`, `a[0]`."""
    while at >= 0:
        text = tokens[at][1]
        if text in _CLOSING:
            depth = 1
            while depth and at:
                at -= 1
                depth += (tokens[at][1] in _CLOSING) - (tokens[at][1] in (b'(', b'['))
            if text == b']':
                at -= 1
                continue
        elif tokens[at][0] != lexer.WORD:
            return None
        if at and tokens[at - 1][1] in (b'.', b'->', b'::'):
            at -= 2
            continue
        return at
    return None


def _value(tokens: Sequence[Token], at: int) -> Span | None:
    """Return what stands from `at` to the semicolon."""
    for end in range(at, min(at + _MAX_VALUE, len(tokens))):
        if tokens[end][1] == b';':
            return Span(tokens[at][2], tokens[end - 1][3]) if end > at else None
        if tokens[end][1] in (b'{', b'}', b'=', b'?'):
            return None
    return None


def _last(name: str) -> str:
    return name.partition('<')[0].rpartition('::')[2].strip()
