"""Decide what becomes of the catch chains of a unit, and of which functions the trampolines can hold the chain.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.chainmacros import outline_all
from tramp_build.model import Placement, Problem, ScopeKind
from tramp_build.outline.handlers import SENTENCES
from tramp_build.scan.assignments import INIT
from tramp_build.scan.expression import Form, function_of
from tramp_build.signatures import INT, OBJECT, SIZE, c_type
from tramp_build.slotplan import is_slot_table, last_component, signature_of
from tramp_build.upgrade.mentions import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tramp_build.model import Condition, Entry, FilePlan, Function, Row, ScanResult, Span, Table, TablePlan
    from tramp_build.plan import Policy
    from tramp_build.upgrade.mentions import Mentions

# What a function has to say that it returns: what its handlers say is then what the trampoline returns.
_RESULTS: Final = {
    OBJECT: re.compile(rb'\bPyObject\s*\*\s*\Z'),
    INT: re.compile(rb'\bint\s*\Z'),
    SIZE: re.compile(rb'\bPy_(?:ssize|hash)_t\s*\Z'),
}


def with_chains(
    source: bytes,
    scan: ScanResult,
    found: FilePlan,
    policy: Policy,
    mentions: Mentions,
    outer_condition: Callable[[Table], Condition | None],
) -> FilePlan:
    """Outline catch chains, in a unit that is rewritten anyway."""
    if not policy.outline or not found.changes:
        return found
    callers = _Callers(source, scan, found, policy, mentions, outer_condition)
    changing = tuple(edit.span for upgrade in found.upgrades.values() for edit in upgrade.edits)
    chains = outline_all(source, scan, policy.exclude_functions, policy.surroundings, callers.result_of, callers.may_be_friend, changing)
    names = {last_component(name) for name in chains.sites}
    left = tuple(Problem(s.reason.value, s.offset, source.count(b'\n', 0, s.offset) + 1, SENTENCES[s.reason]) for s in chains.stays)
    answers = {last_component(f.name): chains.answers[f.span.start] for f in scan.functions if f.body and f.span.start in chains.answers}
    tables = tuple(_outlined(table, names) for table in found.tables)
    return replace(found, chains=chains.edits, chain_counts=chains.counts, chains_left=left, answers=answers, tables=tables)


def _outlined(table: TablePlan, names: set[str]) -> TablePlan:
    def with_how(entry: Entry) -> Entry:
        there = entry.routed and entry.function and last_component(entry.function) in names
        return entry._replace(how=(*entry.how, 'outline')) if there else entry

    return table._replace(entries=tuple(with_how(entry) for entry in table.entries))


class _Call(NamedTuple):
    """A field of a row that names a function."""

    table: Table
    field: Span
    title: Span | None  # the field with the name that Python knows
    result: str | None  # the kind of what it returns, None where its trampoline can not hold a chain


@dataclass(slots=True)
class _Callers:
    """Who calls the functions of a file."""

    source: bytes
    scan: ScanResult
    plan: FilePlan
    policy: Policy
    mentions: Mentions
    outer_condition: Callable[[Table], Condition | None]
    _calls: dict[str, list[_Call]] | None = field(default=None)
    _functions: dict[str, list[Function]] | None = field(default=None)

    def result_of(self, function: Function) -> str | None:
        """Return the type that `function` returns if only trampolines with the barrier can call it."""
        name = last_component(function.name)
        calls = self._by_name().get(name, [])
        kinds = {call.result for call in calls}
        if len(kinds) != 1 or None in kinds or not self.plan.barrier:
            return None
        upgrade = self.plan.upgrades.get(function.name)
        if upgrade and upgrade.entry != 'same':
            return None
        if not self._is_one(function, name) or not all(self._reaches(function, call.table) for call in calls):
            return None
        kind = kinds.pop() or ''
        said = _RESULTS[kind].search(self.source, function.span.start, function.name_span.start)
        return c_type(kind, cxx=True) if said and not self._is_used(function, name, calls) else None

    def may_be_friend(self, function: Function) -> bool:
        """Tell whether a class may let the function use what is private to it."""
        name = last_component(function.name)
        if re.search(rb'\bfriend\b[^;{}]*\b' + re.escape(name.encode('utf-8', 'surrogateescape')) + rb'\b', self.source):
            return True
        internal = function.static or '' in function.scope.path
        around = self.policy.surroundings
        return not internal and around.mentioned_elsewhere('friend') and around.mentioned_elsewhere(name)

    def _is_one(self, function: Function, name: str) -> bool:
        """Tell whether the name means this function wherever it is used, and nothing decides about it."""
        bodies = sum(f.body is not None for f in self._named(name))
        return bodies == 1 and function.scope.kind is ScopeKind.FILE and '::' not in function.name and not function.varies

    def _reaches(self, function: Function, table: Table) -> bool:
        """Tell whether what stands in front of the function is there for the table."""
        around = self.outer_condition(table)
        condition = function.scope.condition
        return function.span.start < table.outer_start and around is not None and around[: len(condition)] == condition

    def _is_used(self, function: Function, name: str, calls: list[_Call]) -> bool:
        """Tell whether anything but the rows may refer to the function."""
        here = self._named(name)
        internal = any(f.static or '' in f.scope.path for f in here)
        surroundings = self.policy.surroundings
        if surroundings.is_macro(name) or surroundings.mentioned_elsewhere(name, internal=internal) or surroundings.may_be_pasted(name):
            return True
        known = Known.of([*(f.name_span for f in here), *(span for call in calls for span in (call.field, call.title) if span)])
        return any(True for _ in self.mentions.places(name.encode(), known))

    def _named(self, name: str) -> list[Function]:
        if self._functions is None:
            self._functions = {}
            for function in self.scan.functions:
                self._functions.setdefault(last_component(function.name), []).append(function)
        return self._functions.get(name, [])

    def _by_name(self) -> dict[str, list[_Call]]:
        if self._calls is None:
            self._calls = {}
            for table_plan in self.plan.tables:
                for row, entry in zip(table_plan.table.rows, table_plan.entries, strict=True):
                    for call, written in self._of_row(table_plan.table, row, entry):
                        self._calls.setdefault(last_component(written), []).append(call)
        return self._calls

    def _of_row(self, table: Table, row: Row, entry: Entry) -> Iterator[tuple[_Call, str]]:
        """Yield the functions that a row names, each as it is written there."""
        if table.kind == INIT:
            return
        for span, kind in _fields(table, row, entry):
            ref = function_of(self.source, span)
            if ref.name and ref.form is not Form.NULL:
                plain = ref.form in (Form.NAME, Form.QUALIFIED)
                title = None if is_slot_table(table) else row.fields[0]
                yield _Call(table, span, title, kind if plain and entry.routed else None), ref.name


def _fields(table: Table, row: Row, entry: Entry) -> Iterator[tuple[Span, str | None]]:
    """Yield the fields of a row that name functions, with the kind of what those return."""
    if is_slot_table(table):
        signature = signature_of(row)
        # The member of a template, or what other units share, has no room for a chain.
        held = signature and signature.rule == 'raises' and signature.result in _RESULTS
        found = [(0, signature.result if signature and held and entry.placement is not Placement.IN_ROW and not entry.shared else None)]
    elif table.kind == 'PyGetSetDef':
        found = [(1, OBJECT), (2, INT)]
    else:
        # By flags that are not known here, a function with several conventions is called as it is.
        held = entry.placement is not Placement.DECLARED and not entry.conventions
        found = [(1, OBJECT if held else None)]
    for index, kind in found:
        span = row.fields[index] if index < len(row.fields) else None
        if span:
            yield span, kind
