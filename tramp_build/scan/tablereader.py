"""The part of the scanner that reads a table, from its `{` to the end of the declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.scan.lexer import BLOCK, BRACKET, PUNCT
from tramp_build.scan.machine import Machine
from tramp_build.scan.rows import EMPTY_TOO, RowReader, is_sentinel_macro
from tramp_build.scan.slottables import SLOT_ARRAYS, SlotReader
from tramp_build.scan.state import DECLARE, TABLE
from tramp_build.scan.structs import STRUCTS, StructReader
from tramp_build.scan.tables import OpenTable

if TYPE_CHECKING:
    import re

    from tramp_build.scan.syntax import Declaration
    from tramp_build.scan.tables import Head

_SEMICOLON, _COMMA = b';,'
_OPENING: Final = b'([{'


class TableReader(Machine):
    """Reads tables; what stands around them is the business of the scanner."""

    def __init__(self, source: bytes, text: bytes, skip_re: re.Pattern[bytes], cxx: bool) -> None:
        super().__init__(source, text, skip_re)
        self.cxx = cxx
        self.finished: list[tuple[OpenTable, int]] = []  # tables of the declaration at hand, and where they end

    def open_table(self, head: Head, seen: Declaration, start: int) -> None:
        path = self.conditions.path
        specifiers = list(seen.tokens[: head.type_token + 1])
        self.table = OpenTable(head, self.results.line_of(head.name_start), path, self.conditions.readable, specifiers)
        self.mode = TABLE
        self.braces = 1
        # A single table is its own row.
        self.row = [] if head.array else [(BRACKET, b'{', start, start + 1)]

    def table_bracket(self, bracket: int, start: int, end: int) -> bool:
        """Take a bracket, comma or semicolon of a table; True if reading has to start again at `self.position`."""
        assert self.table
        if bracket == _COMMA:
            if self.braces == 1 and self.table.head.array:
                self._end_row()
                return False
        elif bracket == _SEMICOLON:
            if self.braces == 1:
                self.results.problem('unbalanced', start, 'a table without its closing brace')
                self.close_table(start)
                return True
        elif bracket in _OPENING:
            self.braces += 1
        else:
            self.braces -= 1
            if self.braces == 0:
                self.close_table(end)
                return True
        self.row.append((BRACKET if bracket != _COMMA else PUNCT, self.text[start:end], start, end))
        return False

    def _reader(self, table: OpenTable) -> RowReader | StructReader:
        if table.head.kind in STRUCTS:
            return StructReader(table, self.cxx, self.results.line_of, self.results.definitions)
        if table.head.kind in SLOT_ARRAYS:
            return SlotReader(table, self.cxx, self.results.line_of, self.results.definitions)
        return RowReader(table, self.cxx, self.results.line_of)

    def _end_row(self) -> RowReader | StructReader:
        table = self.table
        assert table
        tokens, self.row = self.row, []
        reader = self._reader(table)
        if self.conditions.readable:
            reader.take(tokens, self.conditions.path)
        return reader

    def close_table(self, end: int) -> None:
        table = self.table
        assert table
        if not table.head.array:
            self.row.append((BRACKET, b'}', end - 1, end))
        self._end_row().finish_flat(self.conditions.path)
        if table.rows and table.rows[-1].problem == 'macro-row' and table.head.kind not in STRUCTS:
            span = table.rows[-1].span
            if is_sentinel_macro(self.source[span.start : span.end], self.results.definitions):
                table.rows.pop()
        self.table = None
        self.mode = DECLARE
        self.parens = 0
        self.position = end
        self.declaration = [*table.specifiers, (BLOCK, b'{}', end - 1, end)]
        self.finished.append((table, end))

    def emit_tables(self, end: int) -> None:
        for table, _ in self.finished:
            # Most definitions of modules, say, hold no function: they are nothing to decide about.
            if table.reported and (table.rows or table.head.kind in EMPTY_TOO):
                self.results.add_table(table, self.scope, end)
        self.finished = []
