"""Decide for every row of every table: route it, how and from where, or leave it alone for a stated reason.  Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build import upgrade
from tramp_build.model import Entry, FilePlan, Kept, Placement, Reason, Row, ScanResult, ScopeKind, Span, Table, TablePlan, Upgrade
from tramp_build.scan.assignments import INIT
from tramp_build.scan.expression import Form, FunctionRef, flag_choices, flags_of, function_of
from tramp_build.scan.literals import text_of
from tramp_build.signatures import BY_CONVENTION, OBJECT, convention_of
from tramp_build.slotmentions import Followers
from tramp_build.slotplan import Slots, Uses, is_slot_table, last_component
from tramp_build.upgrade.entries import SELF_NAMING, says_its_name
from tramp_build.upgrade.mentions import Mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tramp_build.model import Condition, Function
    from tramp_build.upgrade.project import Surroundings

GETSET: Final = 'getset'
_PYTHON_PREFIXES: Final = ('Py', '_Py')
_OWN_PREFIX: Final = 'tramp_'
_ONE_IF: Final = re.compile(rb'[^#]*#[ \t]*if(?:def|ndef)?\b(?:[^\n\\]|\\\r?\n)*\n\s*')
# A name that the language binds to something other than a function of the project.
_FUNCTION_KINDS: Final = (Form.NAME, Form.QUALIFIED, Form.TEMPLATE)


class Policy(NamedTuple):
    """What the planner needs to know of the configuration and of the rest of the project."""

    barrier: bool
    exclude_functions: frozenset[str]
    # Set when no row of the file is to be touched.
    refuse: Reason | None
    # Tells whether another file of the project declares or defines a function of that (unqualified) name.
    known_elsewhere: Callable[[str], bool]
    # Tells whether every declaration that the project has of a function says: so many objects, and an object comes back.
    declared_plainly: Callable[[str, int], bool]
    # What the project says about changing a function's signature.
    surroundings: Surroundings
    slots: bool = True
    # Tells what other files do with a function of that name that is not static.
    uses_elsewhere: Callable[[str], Uses] = lambda _: Uses()
    outline: bool = True


@dataclass(frozen=True, slots=True)
class _Functions:
    """The functions of one file by their last name component."""

    by_name: dict[str, tuple[Function, ...]]

    @classmethod
    def of(cls, scan: ScanResult) -> _Functions:
        names: dict[str, list[Function]] = {}
        for function in scan.functions:
            names.setdefault(last_component(function.name), []).append(function)
        return cls({name: tuple(found) for name, found in names.items()})

    def at_file_scope(self, name: str) -> tuple[Function, ...]:
        return tuple(f for f in self.by_name.get(name, ()) if f.scope.kind is ScopeKind.FILE and '::' not in f.name)


def plan(source: bytes, scan: ScanResult, policy: Policy) -> FilePlan:
    """Return the decision for each row of `scan`, which was made from `source`."""
    planner = _Planner(source, scan, policy, _Functions.of(scan), Mentions.of(source, scan))
    slotted = Slots(planner)
    slots = slotted.decide() if policy.slots else {}
    chosen = _chosen(scan, policy)
    decided = [(table, [(row, slots.get(row.span.start) or planner.row(table, row)) for row in table.rows]) for table in chosen]
    outcome = upgrade.decide(scan, [pair for _, rows in decided for pair in rows], policy.surroundings, planner.mentions)
    tables = tuple(TablePlan(table, tuple(_with_convention(entry, outcome) for _, entry in rows)) for table, rows in decided)
    upgrades = {n: u for n, u in outcome.items() if isinstance(u, Upgrade)}
    found = FilePlan(scan.language, policy.barrier, tables, upgrades, slotted.followed)
    return found if scan.language == 'c' else _with_chains(found, planner)


def _with_chains(found: FilePlan, planner: _Planner) -> FilePlan:
    """Outline catch chains, of which C has none: there is no need to know how."""
    from tramp_build.chainplan import with_chains

    return with_chains(planner.source, planner.scan, found, planner.policy, planner.mentions, planner.outer_condition)


def _chosen(scan: ScanResult, policy: Policy) -> list[Table]:
    """Return the tables to decide about.  The entry of a module alone is nothing to guard in C: such a project stays as it is."""
    chosen = [table for table in scan.tables if policy.slots or not is_slot_table(table)]
    return chosen if policy.barrier or any(table.kind != INIT for table in chosen) else []


def _with_convention(entry: Entry, outcome: dict[str, Upgrade | Kept]) -> Entry:
    found = outcome.get(entry.function or '') if entry.routed and entry.convention in upgrade.UPGRADED else None
    if found is None:
        return entry
    return entry._replace(kept=found) if isinstance(found, Kept) else entry._replace(how=(*entry.how, 'fastcall'))


@dataclass(frozen=True, slots=True)
class _Planner:
    """What is decided about the rows of one file."""

    source: bytes
    scan: ScanResult
    policy: Policy
    functions: _Functions
    mentions: Mentions
    compared: dict[str, bool] = field(default_factory=dict)  # what `_compared` has found
    refs: dict[Span, FunctionRef] = field(default_factory=dict)  # and `ref`, which many ask

    def row(self, table: Table, row: Row) -> Entry:
        if table.kind == 'PyGetSetDef':
            return self._getset(table, row)
        return self._method(table, row)

    def ref(self, span: Span | None) -> FunctionRef:
        if span is None:
            return FunctionRef(Form.NULL, None, None)
        if span not in self.refs:
            self.refs[span] = function_of(self.source, span)
        return self.refs[span]

    def _method(self, table: Table, row: Row) -> Entry:
        if row.problem:
            return self._skip(row, None, None, Reason(row.problem))
        ref = self.ref(row.fields[1])
        convention = convention_of(flags_of(self.source, row.fields[2], self.scan.macros)) if row.fields[2] else None
        several = self._conventions(row) if convention is None else ()
        if reason := self._refusal(ref) or (None if convention or several else Reason.UNKNOWN_FLAGS):
            return self._skip(row, ref.name, convention, reason)
        placement = self._placement(table, row, (ref,))
        if placement is Reason.CONDITIONAL_FUNCTION and convention and self._can_declare(table, ref.name or '', convention):
            placement = Placement.DECLARED
        if isinstance(placement, Reason):
            return self._skip(row, ref.name, convention, placement)
        return Entry(row.name, ref.name, row.line, convention, None, self.how(), placement, conventions=several)

    def _conventions(self, row: Row) -> tuple[str, ...]:
        """Return what a row's flags may mean where a macro with several definitions decides; the compiler then chooses the stub."""
        found = [convention_of(flags) for flags in flag_choices(self.source, row.fields[2], self.scan)] if row.fields[2] else []
        return tuple(dict.fromkeys(one for one in found if one)) if all(found) else ()

    def _getset(self, table: Table, row: Row) -> Entry:
        if row.problem:
            return self._skip(row, None, GETSET, Reason(row.problem))
        refs = tuple(ref for ref in (self.ref(row.fields[1]), self.ref(row.fields[2])) if ref.form is not Form.NULL)
        name = refs[0].name if refs else None
        if not refs:
            return self._skip(row, name, GETSET, Reason.NOTHING_TO_ROUTE)
        for ref in refs:
            if reason := self._refusal(ref):
                return self._skip(row, name, GETSET, reason)
        placement = self._getset_placement(table, row, refs)
        if isinstance(placement, Reason):
            return self._skip(row, name, GETSET, placement)
        return Entry(row.name, name, row.line, GETSET, None, self.how(), placement)

    def how(self) -> tuple[str, ...]:
        return ('barrier',) if self.policy.barrier else ()

    @staticmethod
    def _skip(row: Row, function: str | None, convention: str | None, reason: Reason) -> Entry:
        return Entry(row.name, function, row.line, convention, reason)

    def named(self, name: str) -> tuple[Function, ...]:
        """Return the declarations and definitions of a name, in whatever scope."""
        return self.functions.by_name.get(name, ())

    def uses_elsewhere(self, name: str) -> Uses:
        """Return what other files do with a function."""
        return self.policy.uses_elsewhere(name)

    def is_template(self, function: Function) -> bool:
        """Tell whether a function is a template itself."""
        return self.source.startswith(b'template', function.span.start)

    def follow(self, name: str, places: Sequence[int], before: int) -> tuple[Span, ...] | None:
        """Return the mentions of a slot's function if all of them can name its stub."""
        macros = self.policy.surroundings
        followers = Followers(
            self.mentions.text, self.scan.functions, lambda word: word in macros.quoting(), lambda word: macros.is_macro(text_of(word))
        )
        return followers.follow(name, self.named(name), places, before)

    def entry_point(self, row: Row) -> Reason | None:
        """Return why a function that initialises the module is left alone."""
        name, span = row.name or '', row.fields[0]
        function = next(f for f in self.named(name) if f.name_span == span)
        if self.policy.refuse:
            return self.policy.refuse
        if name in self.policy.exclude_functions:
            return Reason.EXCLUDED_FUNCTION
        body = function.body
        assert body
        if re.search(rb'\btramp_(?:cxx_)?module_init\b', self.source[body.start : body.end]):
            return Reason.NOTHING_TO_ROUTE
        heads = [f for f in self.scan.functions if f.body and f.body.start == body.start]
        tail = self.source[function.name_span.end : body.start]
        # `PyInit_m(void)`, `#if A`, `{...}`: in the other branch it has the body of another function, and is left alone.
        branches = b'#' in tail and not _ONE_IF.fullmatch(tail)
        if len(heads) > 1 or function.varies or function.static or function.parameters or branches or b'try' in tail.split():
            return Reason.CONDITIONAL_FUNCTION
        macros = self.policy.surroundings.macros_bringing(SELF_NAMING)
        return Reason.SAYS_ITS_NAME if says_its_name(self.source, body, self.scan.language, macros) else None

    def _refusal(self, ref: FunctionRef) -> Reason | None:
        """Return why the method that a row names can not be wrapped at all."""
        return self.refusal(ref) or self._compared(last_component(ref.name or ''))

    def refusal(self, ref: FunctionRef) -> Reason | None:
        """Return why the function that a row names can not be wrapped at all."""
        if self.policy.refuse:
            return self.policy.refuse
        if ref.form is Form.NULL:
            return Reason.NOTHING_TO_ROUTE
        if ref.form is Form.MACRO:
            return Reason.MACRO_FUNCTION
        if ref.form not in _FUNCTION_KINDS or ref.name is None:
            return Reason.NOT_A_FUNCTION
        name = last_component(ref.name)
        if self._excluded(ref.name):
            return Reason.EXCLUDED_FUNCTION
        if name.startswith(_OWN_PREFIX):
            return Reason.NOTHING_TO_ROUTE
        return self._unknown(ref, name)

    def _excluded(self, written: str) -> bool:
        """Tell whether the configuration names a function, which a row may call by less than its whole name."""
        name = last_component(written)
        excluded = self.policy.exclude_functions
        if written in excluded or name in excluded:
            return True
        wholes = {'::'.join((*f.scope.path, f.name)) for f in self.functions.by_name.get(name, ())}
        return any(one.endswith(f'::{written}') and (one in wholes or not wholes) for one in excluded)

    def _compared(self, name: str) -> Reason | None:
        """`PyCFunction_GetFunction(f) == (PyCFunction)method` has to stay true: a project that asks for functions gets its own."""
        if not self.policy.surroundings.reads_functions():
            return None
        if name not in self.compared:
            known = [f.name_span for f in self.functions.by_name.get(name, ())]
            known += [span for table in self.scan.tables for row in table.rows for span in row.fields if span]
            places = self.mentions.places(name.encode(), known)
            self.compared[name] = any(not self.mentions.is_call(name.encode(), place) for place in places)
        return Reason.READS_ML_METH if self.compared[name] else None

    def _unknown(self, ref: FunctionRef, name: str) -> Reason | None:
        if ref.form is not Form.NAME and self.scan.language == 'c':
            return Reason.NOT_A_FUNCTION
        if name in self.functions.by_name:
            # In one configuration it is CPython's, and compared as such: it is left alone in all.
            return Reason.CPYTHON_FUNCTION if self.scan.macros.get(name, '').startswith(_PYTHON_PREFIXES) else None
        if name in self.scan.defined:
            return self._macro(name)
        if self.policy.known_elsewhere(name):
            return None
        return Reason.CPYTHON_FUNCTION if name.startswith(_PYTHON_PREFIXES) else Reason.EXTERNAL_DEFINITION

    def _macro(self, name: str) -> Reason | None:
        """A macro that is only another name of a function stands for it in the stub as well as in the row."""
        target = self.scan.macros.get(name, '')
        if target in self.functions.by_name or (target.isidentifier() and self.policy.known_elsewhere(target)):
            return None
        return Reason.MACRO_FUNCTION

    def _placement(self, table: Table, row: Row, refs: tuple[FunctionRef, ...]) -> Placement | Reason:
        cxx = self.scan.language == 'c++'
        if cxx and (table.scope.kind is not ScopeKind.FILE or '::' in table.name or any(r.form is not Form.NAME for r in refs)):
            return Placement.IN_ROW
        if table.scope.kind is ScopeKind.CLASS:
            return Reason.LOCAL_TABLE
        if self._local_condition(table, row):
            return Placement.IN_ROW if cxx else self.after_definitions(refs[0].name or '', table.outer_start)
        if table.scope.kind is ScopeKind.FUNCTION and not all(self._declared_before(r, table.outer_start) for r in refs):
            return Reason.DECLARED_LATER
        return Placement.BEFORE_TABLE

    def _can_declare(self, table: Table, name: str, convention: str) -> bool:
        """Tell whether a stub in front of the table can declare the function by itself: it is another file's, and of plain objects."""
        objects = {kind for kind, _ in BY_CONVENTION[convention].parameters} == {OBJECT}
        if table.scope.kind is not ScopeKind.FILE or self.scan.language != 'c' or not objects:
            return False
        if any(f.body or f.static for f in self.functions.by_name.get(name, ())):
            return False
        return self.policy.declared_plainly(name, len(BY_CONVENTION[convention].parameters))

    def _local_condition(self, table: Table, row: Row) -> bool:
        """Tell whether an `#if` within the outermost declaration decides about the row."""
        outer = self.outer_condition(table)
        return outer is None or row.condition != outer

    def outer_condition(self, table: Table) -> Condition | None:
        """Return the condition of the outermost declaration that contains a table, None where it is not known."""
        if table.scope.kind is ScopeKind.FILE:
            return table.scope.condition
        start = table.outer_start
        outer = next((f for f in self.scan.functions if f.body and f.span.start == start and f.body.end > table.span.start), None)
        return outer.scope.condition if outer else None

    def _getset_placement(self, table: Table, row: Row, refs: tuple[FunctionRef, ...]) -> Placement | Reason:
        if self.scan.language == 'c' and table.scope.kind is ScopeKind.FILE:
            # A compound literal at file scope has static storage: it needs no other place, whatever `#if` the row is under.
            return Placement.IN_ROW
        placement = self._placement(table, row, refs)
        if placement is Placement.AFTER_DEFINITIONS:
            return Reason.CONDITIONAL_FUNCTION
        if table.scope.kind is ScopeKind.FUNCTION and placement is Placement.BEFORE_TABLE and not _constant(self.source, row.fields[4]):
            return Reason.LOCAL_TABLE
        return placement

    def _declared_before(self, ref: FunctionRef, offset: int) -> bool:
        here = self.functions.by_name.get(ref.name or '', ())
        return not here or any(f.span.start < offset for f in here)

    def after_definitions(self, name: str, before: int) -> Placement | Reason:
        """A row under an `#if` of its own takes a stub that stands with the function, whatever `#if` that is under."""
        found = self.functions.at_file_scope(name)
        definitions = [f for f in found if f.body]
        if not definitions or len({f.scope.condition for f in definitions}) != len(definitions):
            return Reason.CONDITIONAL_FUNCTION
        early = [f for f in found if f.span.end <= before]
        if not early:
            return Reason.CONDITIONAL_FUNCTION
        later = [d for d in definitions if d not in early]
        if later and not all(any(_covers(f.scope.condition, d.scope.condition) for f in early) for d in later):
            return Reason.CONDITIONAL_FUNCTION
        return Placement.AFTER_DEFINITIONS


def _covers(outer: Condition, inner: Condition) -> bool:
    """Tell whether a place under `outer` is compiled whenever one under `inner` is."""
    return inner[: len(outer)] == outer


def _constant(source: bytes, span: Span | None) -> bool:
    """Tell whether a closure plainly means the same at file scope as within a function."""
    return span is None or function_of(source, span).form is Form.NULL
