"""Decide about slots: which are routed, and where the stub of each function stands.  Pure.

CPython compares slots with each other: a binary operator tries a function once if both types have it, and tp_new looks for the base that
a static type has its own from.  So a function has one stub for each signature, whatever tables list it, and one that is compared in the
project's own code stays what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from tramp_build.model import Entry, Placement, Reason, ScopeKind
from tramp_build.scan.assignments import INIT
from tramp_build.scan.expression import Form, FunctionRef, function_of
from tramp_build.slots import BY_ID, BY_MEMBER
from tramp_build.upgrade.mentions import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.model import Condition, Function, Language, Row, ScanResult, Span, Table
    from tramp_build.signatures import Signature
    from tramp_build.slots import Slot
    from tramp_build.upgrade.mentions import Mentions

_OTHERS: Final = frozenset({'PyMethodDef', 'PyGetSetDef'})
# A function, and the signature that it is called by.
Key = tuple[str, str]


def is_slot_table(table: Table) -> bool:
    """Tell whether the rows of a table are slots."""
    return table.kind not in _OTHERS


def slot_of(row: Row) -> Slot | None:
    """Return the slot that a row fills, None where it is not known."""
    return BY_MEMBER.get(row.name or '') or BY_ID.get(row.name or '')


def signature_of(row: Row) -> Signature | None:
    """Return the signature of the slot that a row fills, None where it is left alone."""
    slot = slot_of(row)
    return slot.signature if slot else None


class Uses(NamedTuple):
    """What the other files of a project do with a function."""

    listed: frozenset[Language] = frozenset()  # the languages of those whose slot tables name it
    other: bool = False  # they refer to it in another way than a call, or name it in a table that is left alone
    defined: bool = False  # one of them has its body


class Unit(Protocol):
    """What is asked of the planner of the whole file."""

    @property
    def scan(self) -> ScanResult: ...
    @property
    def mentions(self) -> Mentions: ...
    def ref(self, span: Span | None) -> FunctionRef: ...
    def refusal(self, ref: FunctionRef) -> Reason | None: ...
    def how(self) -> tuple[str, ...]: ...
    def named(self, name: str) -> Sequence[Function]: ...
    def outer_condition(self, table: Table) -> Condition | None: ...
    def after_definitions(self, name: str, before: int) -> Placement | Reason: ...
    def uses_elsewhere(self, name: str) -> Uses: ...
    def entry_point(self, row: Row) -> Reason | None: ...
    def follow(self, name: str, places: Sequence[int], before: int) -> tuple[Span, ...] | None: ...
    def is_template(self, function: Function) -> bool: ...


@dataclass(slots=True)
class _Place:
    """One slot that holds a function."""

    table: Table
    row: Row
    ref: FunctionRef
    signature: Signature
    reason: Reason | None
    placement: Placement | None = None
    shared: bool = False


@dataclass(slots=True)
class Slots:
    """The slots of one file."""

    unit: Unit
    # The mentions that name the stub of the function as well.
    followed: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    _known: Known | None = None
    _names: frozenset[str] | None = None
    _methods: frozenset[str] | None = None

    def decide(self) -> dict[int, Entry]:
        """Return the decision for each row of the slot tables, by where the row begins."""
        entries: dict[int, Entry] = {}
        groups: dict[str, list[_Place]] = {}
        for table in self.unit.scan.tables:
            for row in table.rows if is_slot_table(table) else ():
                if table.kind == INIT:
                    entries[row.span.start] = self._entry_point(row)
                    continue
                place = self._look_at(table, row)
                if isinstance(place, Entry):
                    entries[row.span.start] = place
                else:
                    groups.setdefault(last_component(place.ref.name or ''), []).append(place)
        for name, places in groups.items():
            self._decide_about(name, places)
            entries |= {place.row.span.start: self._entry(place) for place in places}
        return entries

    def _entry_point(self, row: Row) -> Entry:
        reason = self.unit.entry_point(row)
        how = () if reason else self.unit.how()
        return Entry(row.name, row.name, row.line, None, reason, how, None if reason else Placement.AFTER_DEFINITIONS)

    def _entry(self, place: _Place) -> Entry:
        row, name = place.row, place.ref.name
        if place.reason:
            return Entry(row.name, name, row.line, None, place.reason)
        return Entry(row.name, name, row.line, None, None, self.unit.how(), place.placement, shared=place.shared)

    def _look_at(self, table: Table, row: Row) -> _Place | Entry:
        ref = self.unit.ref(row.fields[0]) if row.fields[0] else FunctionRef(Form.OTHER, None, None)
        signature = signature_of(row)
        if row.problem:
            reason: Reason | None = Reason(row.problem)
        elif table.scope.kind is ScopeKind.FUNCTION and ref.span and self._is_variable(ref):
            reason = Reason.NOT_A_FUNCTION
        elif signature is None:
            own = self.unit.refusal(ref)
            reason = own if own is Reason.CPYTHON_FUNCTION else Reason.NO_TRAMPOLINE
        else:
            reason = self.unit.refusal(ref)
        if ref.name is None or signature is None:
            assert reason
            return Entry(row.name, ref.name, row.line, None, reason)
        return _Place(table, row, ref, signature, reason)

    def _is_variable(self, ref: FunctionRef) -> bool:
        assert ref.span
        return ref.form is Form.NAME and self.unit.mentions.is_variable((ref.name or '').encode(), ref.span.start)

    def _decide_about(self, name: str, places: list[_Place]) -> None:
        """Decide about all slots that hold a function of that name, in whatever scope."""
        left_alone = next((place.reason for place in places if place.reason), None)
        open_ = [place for place in places if not place.reason]
        if not open_:
            return
        uses = self._elsewhere(name)
        # A stub of C and a template of C++ are two functions.
        foreign = uses.listed - {self.unit.scan.language}
        mentions = self._mentions(name)
        follow = mentions and not (left_alone or uses.other or foreign) and self._follow(name, open_, mentions)
        if not follow and mentions and not (left_alone or uses.other or foreign) and self._is_renamed(name, open_, mentions):
            for place in open_:
                place.placement = Placement.BEFORE_EACH
            return
        if left_alone or uses.other or foreign or (mentions and not follow):
            for place in open_:
                place.reason = Reason.COMPARED
            return
        if follow:
            self.followed[name] = follow
            for place in open_:
                place.placement = Placement.AFTER_DEFINITIONS
            return
        by_signature: dict[str, list[_Place]] = {}
        for place in open_:
            by_signature.setdefault(place.signature.name, []).append(place)
        for group in by_signature.values():
            found = self._placement(name, group)
            for place in group:
                if isinstance(found, Reason):
                    place.reason = found
                else:
                    place.placement = found
                    place.shared = 'c' in uses.listed and not self._is_own(name, uses)
        if any(place.reason for place in open_):
            for place in open_:
                place.reason = place.reason or Reason.COMPARED

    def _is_own(self, name: str, uses: Uses) -> bool:
        """Tell whether the function is this unit's own, and another file's of the same name another."""
        here = self.unit.named(name)
        return any(f.static for f in here) or (uses.defined and any(f.body for f in here))

    def _elsewhere(self, name: str) -> Uses:
        if any(f.static or '' in f.scope.path for f in self.unit.named(name)):
            return Uses()
        return self.unit.uses_elsewhere(name)

    def _mentions(self, name: str) -> list[int]:
        """Return where the code of the unit does more with a function than to call it and to list it."""
        if self._known is None:
            self._known = known_places(self.unit.scan)
        return mentions_of(self.unit.mentions, self._known, name)

    def _is_renamed(self, name: str, open_: list[_Place], mentions: list[int]) -> bool:
        """Tell whether a name is a function in one branch of an `#if`, and by `#define` in the other one that nothing else mentions."""
        target = self.unit.scan.macros.get(name, '')
        text = self.unit.mentions.text
        if self.unit.scan.language != 'c' or not any(f.static for f in self.unit.named(target)) or target in self._listed():
            return False
        define = re.compile(rb'[ \t]*#[ \t]*define[ \t]+' + re.escape(name.encode()) + rb'[ \t][^\n]*')
        # What a body of the function says of the other one is not compiled where the name stands for that.
        bodies = [f.span for f in self.unit.named(name) if f.body]
        others = [place for place in self._mentions(target) if not any(span.start <= place < span.end for span in bodies)]
        places = [*mentions, *others]
        if not all(define.match(text, text.rfind(b'\n', 0, place) + 1) for place in places):
            return False
        if len({place.signature.name for place in open_}) > 1 or any(place.table.scope.kind is not ScopeKind.FILE for place in open_):
            return False
        conditions = {place.table.scope.condition for place in open_}
        exclusive = all(a == b or _exclude_each_other(a, b) for a in conditions for b in conditions)
        return exclusive and all(place.row.condition == place.table.scope.condition for place in open_)

    def _listed(self) -> frozenset[str]:
        """Return the functions that rows of any table name."""
        if self._names is None:
            rows = (row for table in self.unit.scan.tables for row in table.rows)
            refs = (self.unit.ref(span) for row in rows for span in (row.fields if len(row.fields) == 1 else row.fields[1:3]) if span)
            self._names = frozenset(last_component(ref.name) for ref in refs if ref.name)
        return self._names

    def _listed_as_methods(self) -> frozenset[str]:
        """Return the functions that rows of other tables than those of slots name."""
        if self._methods is None:
            rows = (row for table in self.unit.scan.tables if not is_slot_table(table) for row in table.rows if not row.problem)
            refs = (self.unit.ref(span) for row in rows for span in row.fields[1:3] if span)
            self._methods = frozenset(last_component(ref.name) for ref in refs if ref.name)
        return self._methods

    def _follow(self, name: str, open_: list[_Place], mentions: list[int]) -> tuple[Span, ...] | None:
        """Return the mentions if all of them can name the one stub that there is."""
        elsewhere = name in self._listed_as_methods()
        kinds = {place.table.scope.kind for place in open_}
        if len({place.signature.name for place in open_}) > 1 or elsewhere or ScopeKind.CLASS in kinds or self.unit.scan.language != 'c':
            return None
        return self.unit.follow(name, mentions, min(place.table.outer_start for place in open_))

    def _placement(self, name: str, group: list[_Place]) -> Placement | Reason:
        if self.unit.scan.language == 'c++':
            if self._is_overloaded(name, group):
                return Reason.OVERLOADED
            return Placement.BEFORE_TABLE if self._is_simple(name, group) else Placement.IN_ROW
        if any(place.table.scope.kind is ScopeKind.CLASS for place in group):
            return Reason.LOCAL_TABLE
        if self._in_front(name, group):
            return Placement.BEFORE_TABLE
        return self.unit.after_definitions(name, min(place.table.outer_start for place in group))

    def _is_simple(self, name: str, group: list[_Place]) -> bool:
        """Tell whether a static function in front of the first table serves all of them."""
        here = self.unit.named(name)
        paths = {place.table.scope.path for place in group} | {f.scope.path for f in here}
        at_file_scope = all(p.table.scope.kind is ScopeKind.FILE and '::' not in p.table.name for p in group)
        return (
            len(paths) == 1
            and at_file_scope
            and all(place.ref.form is Form.NAME for place in group)
            and all(f.scope.kind is ScopeKind.FILE for f in here)
            and any(f.static for f in here)
            and self._in_front(name, group)
        )

    def _is_overloaded(self, name: str, group: list[_Place]) -> bool:
        """Tell whether the name alone, or `decltype(&f)`, may not say which function that is."""
        plain = any(place.ref.form is not Form.TEMPLATE for place in group)
        by_name: dict[str, list[Function]] = {}
        for function in self.unit.named(name):
            by_name.setdefault('::'.join((*function.scope.path, function.name)), []).append(function)
            if plain and self.unit.is_template(function):
                return True
        for functions in by_name.values():
            bodies = [f.scope.condition for f in functions if f.body]
            if len({len(f.parameters) for f in functions}) > 1 or (plain and len(set(bodies)) < len(bodies)):
                return True
        return False

    def _in_front(self, name: str, group: list[_Place]) -> bool:
        """Tell whether what stands in front of the first table is there for all of the slots."""
        first = min(group, key=lambda place: place.table.outer_start).table
        outer = self.unit.outer_condition(first)
        if outer is None:
            return False
        here = self.unit.named(name)
        if here and not any(f.span.start < first.outer_start and _covers(f.scope.condition, outer) for f in here):
            return False
        for place in group:
            around = self.unit.outer_condition(place.table)
            if around is None or place.row.condition != around or not _covers(outer, around):
                return False
        return True


def _exclude_each_other(one: Condition, other: Condition) -> bool:
    """Tell whether two places are in different branches of one `#if`."""
    differ = next((pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), None)
    return differ is not None and differ[0][0] == differ[1][0]


def known_places(scan: ScanResult) -> Known:
    """Return where functions are declared and listed in tables: these are no mentions that matter."""
    fields = (span for table in scan.tables for row in table.rows for span in row.fields if span and not row.problem)
    return Known.of([*(function.name_span for function in scan.functions), *fields])


def is_mentioned(mentions: Mentions, known: Known, name: str) -> bool:
    """Tell whether a file does more with a function than to declare it, to call it and to list it in tables."""
    return bool(mentions_of(mentions, known, name))


def mentions_of(mentions: Mentions, known: Known, name: str) -> list[int]:
    """Return where it does."""
    word = name.encode()
    return [place for place in mentions.places(word, known) if not mentions.is_call(word, place)]


def lists_in_slots(source: bytes, scan: ScanResult, name: str) -> bool:
    """Tell whether a slot table of a file names a function."""
    spans = (span for table in scan.tables if is_slot_table(table) for row in table.rows for span in row.fields if span)
    return any(last_component(function_of(source, span).name or '') == name for span in spans)


def last_component(name: str) -> str:
    """`a::C::f<int>` -> `f`."""
    return name.partition('<')[0].rpartition('::')[2].strip()


def _covers(outer: Condition, inner: Condition) -> bool:
    return inner[: len(outer)] == outer
