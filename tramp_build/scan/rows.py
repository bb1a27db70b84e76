"""The rows of a table, from the tokens between its braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tramp_build.model import Row, Span
from tramp_build.scan.keywords import NULLS
from tramp_build.scan.lexer import MARKS, STRING, WORD
from tramp_build.scan.literals import decode
from tramp_build.scan.syntax import GROUP, Item, balanced, collapse, split
from tramp_build.scan.variants import conditions_of, has_marks, without_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tramp_build.model import Condition
    from tramp_build.scan.lexer import Token
    from tramp_build.scan.tables import OpenTable

MEMBERS: Final[dict[str, tuple[bytes, ...]]] = {
    'PyMethodDef': (b'ml_name', b'ml_meth', b'ml_flags', b'ml_doc'),
    'PyGetSetDef': (b'name', b'get', b'set', b'doc', b'closure'),
    'PyType_Slot': (b'slot', b'pfunc'),
    'PyModuleDef_Slot': (b'slot', b'value'),
    'PySlot': (b'sl_id', b'sl_flags', b'sl_reserved', b'sl_ptr', b'sl_func', b'sl_size', b'sl_int64', b'sl_uint64'),
}
# Reported even without a row.
EMPTY_TOO: Final = frozenset({'PyMethodDef', 'PyGetSetDef'})
_CASTS: Final = frozenset(b'static_cast reinterpret_cast const_cast'.split())
_NAME_CAST_WORDS: Final = _CASTS | frozenset(b'char const void __extension__ u8'.split())
_SENTINEL_WORDS: Final = (b'SENTINEL', b'NULL', b'END', b'LAST', b'TERMIN')
_MAX_MARKS: Final = 400
_MAX_NULL_TOKENS: Final = 40


class RowReader:
    """Takes the tokens between two commas of a table and adds the rows they are."""

    def __init__(self, table: OpenTable, cxx: bool, line_of: Callable[[int], int]) -> None:
        self.table = table
        self.cxx = cxx
        self.line_of = line_of
        self.members = MEMBERS[table.head.kind]

    def take(self, tokens: list[Token], end: Condition) -> None:
        """Add the rows in `tokens`; `end` is the condition of the place behind them."""
        if not tokens:
            return
        if tokens[0][1] == b'{' and tokens[-1][1] == b'}' and not any(token[1] == b'{' or token[0] in MARKS for token in tokens[1:]):
            self.finish_flat(end)
            self._add(self._row(tokens, end))
            return
        if sum(token[0] in MARKS for token in tokens) > _MAX_MARKS:
            tokens = without_marks(tokens)
        self._take_mixed(tokens, conditions_of(tokens, end))

    def _take_mixed(self, tokens: list[Token], conditions: list[Condition]) -> None:
        """Add the rows in `tokens` where they are anything but one row in its braces."""
        items = collapse(tokens, self.cxx)
        if len(items) > 1 and items[0].text == b'[]' and items[1].text == b'=':  # [0] = {...}
            items = items[2:]
        if not items:
            return
        first = conditions[items[0].first]
        if items[0].text == b'{' and len(tokens) > 1:  # its two halves are in different branches
            self._add(self._row(tokens[items[0].first : items[-1].last + 1], first))
        elif items[0].text != b'{}' and (self.table.flat or self._is_flat(tokens)):
            self._take_flat(without_marks(tokens), first)
        else:
            self.finish_flat(first)
            for item in items:
                self._take_item(tokens, item, conditions[item.first])

    def _take_item(self, tokens: Sequence[Token], item: Item, condition: Condition) -> None:
        rows = self.table.rows
        if item.text == b'{}' and item.kind == GROUP:
            self._add(self._row(tokens[item.first : item.last + 1], condition))
        elif item.text == b'()' and rows and rows[-1].problem == 'macro-row' and item.first:
            # The arguments of the macro before it.
            rows[-1] = rows[-1]._replace(span=Span(rows[-1].span.start, item.end))
        else:
            self._add(self._problem('macro-row', Span(item.start, item.end), condition))

    def _add(self, row: Row | None) -> None:
        if row is None:
            return
        rows, starts = self.table.rows, self.table.starts
        at = starts.setdefault(row.span.start, len(rows))
        if at < len(rows) and rows[at].span.start == row.span.start:  # the same row, closed in two branches
            rows[at] = row._replace(span=Span(row.span.start, max(row.span.end, rows[at].span.end)), problem='conditional-row')
        else:
            starts[row.span.start] = len(rows)
            rows.append(row)

    def _problem(self, problem: str, span: Span, condition: Condition, name: str | None = None) -> Row:
        return Row(span, self.line_of(span.start), name, (None,) * len(self.members), condition, problem)

    def _row(self, tokens: Sequence[Token], condition: Condition) -> Row | None:
        """Return the row in `tokens`, braces included; None for a sentinel."""
        span = Span(tokens[0][2], tokens[-1][3])
        inner = tokens[1:-1] if tokens[-1][1] == b'}' else tokens[1:]
        if has_marks(inner):
            parts = split(without_marks(inner), self.cxx)
            return self._problem('conditional-row', span, condition, name_of(parts[0]) if parts else None)
        fields = assign(split(inner, self.cxx), self.members) if balanced(inner) else None
        if fields is None:
            return self._problem('macro-row', span, condition)
        if is_null(fields[0]):
            return None
        return self._taken_apart(fields, span, condition)

    def _taken_apart(self, fields: Sequence[Sequence[Token]], span: Span, condition: Condition) -> Row | None:
        name = name_of(fields[0])
        if name is None and not any(fields[1:]):
            return self._problem('macro-row', span, condition)
        spans = tuple(Span(part[0][2], part[-1][3]) if part else None for part in fields)
        return Row(span, self.line_of(span.start), name, spans, condition, None)

    def _is_flat(self, tokens: Sequence[Token]) -> bool:
        """Whether a row begins here whose braces are left out: with a name and not with a brace or a macro."""
        plain = without_marks(tokens)
        return name_of(plain) is not None or is_null(plain)

    def _take_flat(self, member: Sequence[Token], condition: Condition) -> None:
        flat = self.table.flat
        flat.append(member)
        if len(flat) == len(self.members):
            self.finish_flat(condition)

    def finish_flat(self, condition: Condition) -> None:
        """Add the row whose members have come without braces, complete or not."""
        flat, self.table.flat = self.table.flat, []
        if flat and not is_null(flat[0]):
            self._add(self._problem('flat-row', Span(flat[0][0][2], flat[-1][-1][3]), condition, name_of(flat[0])))


def assign(parts: Sequence[Sequence[Token]], members: Sequence[bytes]) -> list[Sequence[Token]] | None:
    """Return the tokens of each member, from positional and designated initialisers; None if they are something else."""
    fields: list[Sequence[Token]] = [()] * len(members)
    at = 0
    for part in parts:
        value = part
        designator = None
        if len(part) > 3 and part[0][1] == b'.' and part[2][1] == b'=':
            designator, value = part[1][1], part[3:]
        elif len(part) > 2 and part[0][0] == WORD and part[1][1] == b':':  # of old GNU C
            designator, value = part[0][1], part[2:]
        if designator is not None:
            if designator not in members:
                return None
            at = members.index(designator)
        if at >= len(members):
            return None
        fields[at] = value
        at += 1
    return fields


def is_null(tokens: Sequence[Token]) -> bool:
    """Whether these tokens are a null pointer, however cast, or nothing."""
    if len(tokens) == 1:
        return tokens[0][1] in NULLS
    if len(tokens) > _MAX_NULL_TOKENS or any(token[1] == b',' for token in tokens):
        return False
    values = [token[1] for token in tokens if token[1] not in (b')', b'}', b'{')]
    if values and values[-1] not in NULLS:
        return False
    # NULL, (T *)NULL, (NULL), static_cast<T *>(NULL)
    items = collapse(tokens, cxx=True)
    return all(item.text in (b'()', b'<>', b'{}') or item.text in NULLS or item.text in _CASTS for item in items)


def name_of(tokens: Sequence[Token]) -> str | None:
    """Return the name that a field holds, if it is a string literal, cast or not."""
    literals = []
    for kind, text, _, _ in tokens:
        if kind == STRING:
            literals.append(text)
        elif not (kind == WORD and text in _NAME_CAST_WORDS) and text not in (b'(', b')', b'*', b'<', b'>', b'{', b'}'):
            return None
    return decode(literals) if literals else None


def is_sentinel_macro(text: bytes, macros: Mapping[bytes, bytes | None]) -> bool:
    """Whether the last row of a table, if it is a plain macro, stands for its end."""
    text = text.strip(b'{}, \t\r\n')
    if not re.fullmatch(rb'\w+', text):
        return False
    value = macros.get(text)
    if value is not None:
        value = value.strip(b'{}, \t')
        return not value or value.split(b',')[0].strip(b'() ') in NULLS
    return any(word in text.upper() for word in _SENTINEL_WORDS)
