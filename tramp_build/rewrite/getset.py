"""The text that stands for a routed getset row: the shared getter and setter, and a closure that says what to call."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tramp_build.model import Span
from tramp_build.rewrite.prelude import trampoline
from tramp_build.scan.expression import Form, function_of
from tramp_build.text import c_string

if TYPE_CHECKING:
    from tramp_build.model import Row

_GET, _SET, _DOC, _CLOSURE = 1, 2, 3, 4
# `.closure = x` or the old GNU `closure: x` in front of a value.
_DESIGNATED: Final = re.compile(rb'(?:\.\s*\w+\s*=|\b\w+\s*:)\s*\Z')
_TRAILING_COMMA: Final = re.compile(rb',\s*\Z')


@dataclass(frozen=True, slots=True)
class Record:
    """One routed getset row; a member that the row does not have is None."""

    get: str | None
    set: str | None
    closure: str | None
    name: str
    cxx: bool
    barrier: bool
    through_get: str = ''  # what is called instead of the shared getter
    through_set: str = ''

    def normalized(self, source: bytes, get: Span | None, set_: Span | None) -> Record:
        """Drop a getter or setter that is written as NULL: CPython itself answers for those."""
        return replace(
            self,
            get=None if get is None or function_of(source, get).form is Form.NULL else self.get,
            set=None if set_ is None or function_of(source, set_).form is Form.NULL else self.set,
        )

    def _members(self) -> str:
        null = self._null()
        return f'{{{self.get or null}, {self.set or null}, {self.closure or null}, {c_string(self.name)}}}'

    def _null(self) -> str:
        return 'nullptr' if self.cxx else '((void *)0)'

    def in_row(self) -> str:
        """Return the closure as an expression; not const, since `closure` is not and a cast would warn (-Wcast-qual)."""
        if self.cxx:
            return f'[]() -> void * {{ static ::tramp_getset tramp_closure = {self._members()}; return &tramp_closure; }}()'
        return f'&(struct tramp_getset){self._members()}'

    def definition(self, variable: str) -> str:
        """Define the closure as a variable."""
        return f'static {"::" if self.cxx else "struct "}tramp_getset {variable} = {self._members()};'


def row_edits(source: bytes, row: Row, record: Record, value: str) -> list[tuple[Span, str]]:
    """Return the replacements that route `row` with the closure `value`."""
    edits = []
    both = ((_GET, record.get, 'get', record.through_get), (_SET, record.set, 'set', record.through_set))
    for index, present, symbol, through in both:
        span = row.fields[index]
        if present and span:
            edits.append((span, through or trampoline(symbol, barrier=record.barrier)))
    closure = row.fields[_CLOSURE]
    edits.append((closure, value) if closure else _appended(source, row, record, value))
    return edits


def _appended(source: bytes, row: Row, record: Record, value: str) -> tuple[Span, str]:
    """Add the closure, and whatever stands between it and the last member that the row writes."""
    end = row.span.end - 1
    last = max(index for index, span in enumerate(row.fields) if span)
    last_span = row.fields[last]
    assert last_span is not None
    comma = '' if _TRAILING_COMMA.search(source, last_span.end, end) else ','
    if _DESIGNATED.search(source, row.span.start, last_span.start):
        return Span(end, end), f'{comma} .closure = {value}'
    missing = ''.join(f' {record._null()},' for _ in range(last + 1, _CLOSURE))
    return Span(end, end), f'{comma}{missing} {value}'
