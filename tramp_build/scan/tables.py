"""Table declarations and their rows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.model import Condition, Row, Span
from tramp_build.scan.functions import start_of
from tramp_build.scan.lexer import PUNCT, STRING, TABLE_TYPES, WORD, Token
from tramp_build.scan.literals import decode, text_of
from tramp_build.scan.syntax import ATTRIBUTE, GROUP, MARKS, Item, collapse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEMBERS: Final = {
    'PyMethodDef': (b'ml_name', b'ml_meth', b'ml_flags', b'ml_doc'),
    'PyGetSetDef': (b'name', b'get', b'set', b'doc', b'closure'),
}
_BEFORE: Final = frozenset(b'typedef using return new delete sizeof friend operator case goto'.split())
_QUALIFIERS: Final = frozenset(b'const volatile constexpr constinit static inline'.split())
_NULLS: Final = frozenset({b'NULL', b'0', b'nullptr', b'Py_NULL', b'__null', b'0L', b'0x0', b'nil'})
# What may surround a name literal: casts.
_CAST_WORDS: Final = frozenset(b'char const const_cast static_cast reinterpret_cast'.split())


@dataclass(frozen=True, slots=True)
class Head:
    """`static PyMethodDef C::x[] =`, up to the `{`."""

    kind: str
    name: str
    name_start: int
    start: int
    array: bool
    static: bool


@dataclass(slots=True)
class OpenTable:
    """A table that is being read."""

    head: Head
    line: int
    condition: Condition
    dead: bool
    rows: list[Row] = field(default_factory=list)
    flat: list[list[Token]] = field(default_factory=list)


def find_head(tokens: Sequence[Token], cxx: bool) -> Head | None:
    """The table that these tokens, all up to its `{`, declare; None if it is something else."""
    everything = collapse(tokens, cxx)
    items = [item for item in everything if item.kind != ATTRIBUTE]
    at = next((i for i, item in enumerate(items) if item.text in TABLE_TYPES), None)
    if at is None or any(item.text in _BEFORE for item in items[:at]):
        return None
    begin = next((i for i in range(len(items) - 1, at, -1) if items[i].text == b','), at) + 1
    part = [item for item in items[begin:] if item.kind != WORD or item.text not in _QUALIFIERS]
    if part and part[-1].text == b'=':
        part.pop()
    array = bool(part) and part[-1].text == b'[]'
    while part and part[-1].text == b'[]':
        part.pop()
    if not part or not all(item.kind == WORD or item.text in (b'::', b'<>') for item in part) or part[-1].kind != WORD:
        return None
    if any(one.kind == WORD and two.kind == WORD for one, two in itertools.pairwise(part)):
        return None
    name = text_of(b''.join(text for _, text, _, _ in tokens[part[0].first : part[-1].last + 1]))
    first = start_of(everything, everything.index(items[at]))
    static = any(item.text == b'static' for item in items[: begin + 1])
    return Head(text_of(items[at].text), name, part[-1].start, everything[first].start, array, static)


def is_null(tokens: Sequence[Token]) -> bool:
    """Whether these tokens are a null pointer, however cast."""
    if not tokens or len(tokens) > 40:
        return False
    if tokens[-1][1] in _NULLS:
        return all(item.text == b'()' for item in collapse(tokens, angles=True)[:-1])
    closing = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i][1] != b')'), -1)
    if closing < 0 or tokens[closing][1] not in _NULLS:
        return False
    # (NULL), (T)(NULL), static_cast<T>(NULL)
    return all(item.text in (b'()', b'<>') or item.text in (b'static_cast', b'reinterpret_cast') for item in collapse(tokens, angles=True))


def split_fields(tokens: Sequence[Token], cxx: bool) -> list[list[Token]]:
    """The tokens between two braces, split at the commas of the top level; a trailing comma makes no field."""
    fields: list[list[Token]] = []
    begin = 0
    for item in collapse(tokens, cxx):
        if item.text == b',' and item.kind == PUNCT:
            fields.append(list(tokens[begin : item.first]))
            begin = item.last + 1
    if begin < len(tokens):
        fields.append(list(tokens[begin:]))
    return fields


def name_of(tokens: Sequence[Token]) -> str | None:
    """The name that a field holds, if it is a string literal with or without a cast."""
    literals = []
    for kind, text, _, _ in tokens:
        if kind == STRING:
            literals.append(text)
        elif not (kind == WORD and text in _CAST_WORDS) and text not in (b'(', b')', b'*', b'<', b'>'):
            return None
    return decode(literals) if literals else None


def make_row(tokens: Sequence[Token], table: OpenTable, line: int, condition: Condition, cxx: bool) -> Row | None:
    """The row in `tokens`, braces included; None for a sentinel."""
    span = Span(tokens[0][2], tokens[-1][3])
    members = MEMBERS[table.head.kind]
    empty: tuple[Span | None, ...] = (None,) * len(members)
    inner = tokens[1:-1]
    if any(token[0] in MARKS for token in inner):
        first = split_fields([token for token in inner if token[0] not in MARKS], cxx)
        return Row(span, line, name_of(first[0]) if first else None, empty, condition, 'conditional-row')
    fields, problem = assign_fields(split_fields(inner, cxx), members)
    named = fields[0]
    if problem is None and (named is None or is_null(named)):
        return None
    if problem is None and not any(fields[1:]):
        problem = 'macro-row' if named and name_of(named) is None else None
    if problem is not None:
        return Row(span, line, None, empty, condition, problem)
    spans = tuple(Span(part[0][2], part[-1][3]) if part else None for part in fields)
    return Row(span, line, name_of(named) if named else None, spans, condition, None)


def assign_fields(parts: Sequence[Sequence[Token]], members: Sequence[bytes]) -> tuple[list[Sequence[Token] | None], str | None]:
    """The tokens of every member, from positional and designated initialisers, and why not."""
    fields: list[Sequence[Token] | None] = [None] * len(members)
    at = 0
    for part in parts:
        value = part
        if len(part) > 3 and part[0][1] == b'.' and part[2][1] == b'=':
            designator, value = part[1][1], part[3:]
        elif len(part) > 2 and part[0][0] == WORD and part[1][1] == b':':
            designator, value = part[0][1], part[2:]
        else:
            designator = None
        if designator is not None:
            if designator not in members:
                return fields, 'macro-row'
            at = members.index(designator)
        if at >= len(members):
            return fields, 'macro-row'
        fields[at] = value or None
        at += 1
    return fields, None


def macro_rows(tokens: Sequence[Token], line_of: object, condition: Condition, members: int) -> list[Row]:
    """One row per macro call among tokens that are no braces."""
    rows: list[Row] = []
    for item in collapse([token for token in tokens if token[0] not in MARKS], angles=False):
        span = Span(item.start, item.end)
        if item.text == b'()' and item.kind == GROUP and rows and rows[-1].problem == 'macro-row':
            rows[-1] = Row(Span(rows[-1].span.start, item.end), rows[-1].line, None, rows[-1].fields, condition, 'macro-row')
        else:
            line = line_of(item.start)  # type: ignore[operator]
            rows.append(Row(span, line, None, (None,) * members, condition, 'macro-row'))
    return rows


def is_sentinel_macro(text: bytes, macros: Mapping[bytes, bytes]) -> bool:
    """Whether the last row `text`, a plain macro, is the end of the table."""
    value = macros.get(text)
    if value is not None:
        value = value.strip(b'{} \t')
        return not value or value.split(b',')[0].strip(b'() ') in _NULLS
    upper = text.upper()
    return any(word in upper for word in (b'SENTINEL', b'NULL', b'END', b'LAST', b'TERMIN'))


def first_item(tokens: Sequence[Token]) -> Item | None:
    items = collapse([token for token in tokens if token[0] not in MARKS], angles=False)
    return items[0] if items else None
