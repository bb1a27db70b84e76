"""Hand-made plans for tests of what reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tramp_build.model import Entry, FilePlan, Reason, Row, Scope, ScopeKind, Span, Table, TablePlan

if TYPE_CHECKING:
    from tramp_build.model import Language

SCOPE = Scope(ScopeKind.FILE, (), ())
NOWHERE = Span(0, 0)


def routed(name: str | None, line: int, convention: str = 'varargs', how: tuple[str, ...] = ('barrier',)) -> Entry:
    return Entry(name, f'c_{name}', line, convention, None, how)


def skipped(name: str | None, line: int, reason: Reason = Reason.MACRO_ROW) -> Entry:
    return Entry(name, None, line, None, reason)


def table(name: str, line: int, *entries: Entry, kind: str = 'PyMethodDef') -> TablePlan:
    rows = tuple(Row(NOWHERE, entry.line, entry.name, (), (), None) for entry in entries)
    return TablePlan(Table(kind, name, line, NOWHERE, SCOPE, 0, True, True, rows), entries)


def file(*tables: TablePlan, language: Language = 'c++') -> FilePlan:
    return FilePlan(language, language == 'c++', tables)
