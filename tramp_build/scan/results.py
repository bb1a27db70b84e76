"""What has been found so far, in the terms of the model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tramp_build.model import Function, Problem, ScanResult, Scope, ScopeKind, Span, Table
from tramp_build.scan.literals import text_of

if TYPE_CHECKING:
    from tramp_build.model import Condition, Language
    from tramp_build.scan.functions import Header
    from tramp_build.scan.state import Node
    from tramp_build.scan.tables import OpenTable

_MAX_PROBLEMS: Final = 100


class Results:
    """Collects tables, functions, macros and problems of one file."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._line = (0, 1)
        self._tables: list[Table] = []
        self._functions: list[Function] = []
        self._problems: list[Problem] = []
        # Replacement texts; None for a macro with parameters or several definitions.
        self.definitions: dict[bytes, bytes | None] = {}

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

    def add_function(self, header: Header, condition: Condition, node: Node, end: int, body: Span | None) -> None:
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

    def extend_function(self, end: int) -> None:
        """Take what ends at `end` for a part of the function before it."""
        if self._functions and self._functions[-1].body:
            last = self._functions[-1]
            self._functions[-1] = replace(last, span=Span(last.span.start, end), body=Span(last.body.start if last.body else end, end))

    def add_table(self, table: OpenTable, node: Node, end: int) -> None:
        head = table.head
        self._tables.append(
            Table(
                kind=head.kind,
                name=head.name,
                line=table.line,
                span=Span(head.start, end),
                scope=Scope(node.kind, node.names, table.condition),
                outer_start=head.start if node.kind == ScopeKind.FILE or node.outer_start is None else node.outer_start,
                array=head.array,
                static=head.static,
                rows=tuple(table.rows),
            )
        )

    def define(self, name: bytes, value: bytes | None) -> None:
        self.definitions[name] = None if name in self.definitions else value

    def result(self, language: Language) -> ScanResult:
        return ScanResult(
            language=language,
            tables=tuple(sorted(self._tables, key=lambda table: (table.span.start, table.line, table.name))),
            functions=tuple(sorted(self._functions, key=lambda function: (function.name_span.start, function.span.end))),
            macros={text_of(name): text_of(value) for name, value in self.definitions.items() if value is not None},
            defined=frozenset(text_of(name) for name in self.definitions),
            problems=tuple(self._problems),
        )
