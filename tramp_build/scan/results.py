"""What has been found so far, in the terms of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.model import Function, Problem, ScanResult, Scope, ScopeKind, Span, Table
from tramp_build.scan import assignments
from tramp_build.scan.literals import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tramp_build.model import Condition, Language, Row
    from tramp_build.scan.functions import Header
    from tramp_build.scan.state import Node
    from tramp_build.scan.tables import OpenTable

_MAX_PROBLEMS: Final = 100


class Results:
    """Collects tables, functions, macros and problems of one file."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._line = (0, 1)
        self._tables: dict[int, tuple[OpenTable, Node, int]] = {}
        self._functions: list[Function] = []
        self._problems: list[Problem] = []
        # Replacement texts; None for a macro with parameters or several definitions.
        self.definitions: dict[bytes, bytes | None] = {}
        # All replacement texts of macros that never have parameters.
        self._texts: dict[bytes, list[bytes | None]] = {}

    def line_of(self, offset: int) -> int:
        """Return the line of an offset; cheap if it is near the one before."""
        at, line = self._line
        if offset >= at:
            line += self._source.count(b'\n', at, offset)
        else:
            line -= self._source.count(b'\n', offset, at)
        self._line = (offset, line)
        return line

    def problem(self, reason: str, offset: int, message: str) -> None:
        if len(self._problems) < _MAX_PROBLEMS:
            self._problems.append(Problem(reason, offset, self.line_of(offset), message))

    def add_function(self, header: Header, condition: Condition, node: Node, end: int, body: Span | None) -> int:
        """Add a function; return its number for `extend_function`."""
        self._functions.append(
            Function(
                name=header.name,
                line=self.line_of(header.name_span.start),
                span=Span(header.start, end),
                name_span=header.name_span,
                parameters=header.parameters,
                body=body,
                static=header.static,
                scope=Scope(node.kind, node.names, condition),
                varies=header.varies,
            )
        )
        return len(self._functions) - 1

    def extend_function(self, number: int, end: int) -> None:
        """Let a definition end at `end`: its body closes in two branches of an `#if`, or a `catch` belongs to it."""
        if 0 <= number < len(self._functions) and (body := self._functions[number].body):
            last = self._functions[number]
            self._functions[number] = last._replace(span=Span(last.span.start, end), body=Span(body.start, end))

    @property
    def last_function(self) -> int:
        return len(self._functions) - 1

    def add_table(self, table: OpenTable, node: Node, end: int) -> None:
        """Add a table, or say that it ends later than it was said before."""
        self._tables[id(table)] = (table, node, end)

    @staticmethod
    def _table(table: OpenTable, node: Node, end: int) -> Table:
        head = table.head
        # What a branch adds that the table does not end in is not part of it.
        rows = [row for row in table.rows if row.span.end <= end]
        if table.split:  # what serves a row in front of one head is not there for the other
            rows = [row._replace(fields=(None,) * len(row.fields), problem=row.problem or 'conditional-row') for row in rows]
        return Table(
            kind=head.kind,
            name=head.name,
            line=table.line,
            span=Span(head.start, end),
            scope=Scope(node.kind, node.names, table.condition),
            outer_start=head.start if node.kind == ScopeKind.FILE or node.outer_start is None else node.outer_start,
            array=head.array,
            static=head.static,
            rows=_apart(rows),
        )

    def define(self, name: bytes, value: bytes | None) -> None:
        self.definitions[name] = None if name in self.definitions else value
        self._texts.setdefault(name, []).append(value)

    def result(self, language: Language, text: bytes) -> ScanResult:
        functions = tuple(sorted(self._functions, key=lambda function: (function.name_span.start, function.span.end)))
        tables = [self._table(*found) for found in self._tables.values()]
        tables += assignments.tables(self._source, text, functions, self.line_of, cxx=language == 'c++')
        return ScanResult(
            language=language,
            tables=tuple(sorted(tables, key=_place)),
            functions=functions,
            macros={text_of(name): text_of(value) for name, value in self.definitions.items() if value is not None},
            choices={text_of(name): choices for name, texts in self._texts.items() if len(texts) > 1 and (choices := _choices(texts))},
            defined=frozenset(text_of(name) for name in self.definitions),
            problems=tuple(self._problems),
        )


def _choices(texts: list[bytes | None]) -> tuple[str, ...]:
    """Return the different texts; nothing where one of them has parameters."""
    found = tuple(dict.fromkeys(text_of(text) for text in texts if text is not None))
    return () if None in texts else found


def _apart(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows in their order, without those that stand in another one: it ends later in another branch of an `#if`."""
    found: list[Row] = []
    for row in sorted(rows, key=lambda row: row.span.start):
        if not found or row.span.start >= found[-1].span.end:
            found.append(row)
    return tuple(found)


def _place(table: Table) -> tuple[int, int]:
    # The tables of one declaration have one span.
    return table.span.start, table.line
