"""Turn a source and the decisions about it into the source that is compiled instead.  Pure: bytes in, bytes out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tramp_build.edits import apply
from tramp_build.model import Edit, Placement, Span
from tramp_build.outline.text import PRELUDE
from tramp_build.plan import GETSET
from tramp_build.rewrite import answers, getset, groups, stubs
from tramp_build.rewrite.prelude import LINE, Outside, prelude
from tramp_build.rewrite.slots import SlotRewriter, template
from tramp_build.scan.expression import flags_of, function_of
from tramp_build.signatures import BY_CONVENTION, POSITIONAL
from tramp_build.slotplan import is_slot_table, last_component
from tramp_build.text import line_ends, one_line
from tramp_build.upgrade import UPGRADED, entries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tramp_build.model import Entry, FilePlan, Function, Row, ScanResult, Table, Upgrade
    from tramp_build.signatures import Signature

# The head of a row's function, where the cast is of a name.
_CAST = re.compile(r'\(\s*(PyCFunction|getter|setter)\s*\)(?=\s*&?\s*[A-Za-z_])')


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What is compiled: `prelude` with LINE for its line ends, a `#line` that names the original, then `text`."""

    prelude: bytes
    text: bytes
    edits: tuple[Edit, ...]

    def body(self) -> bytes:
        """Return what is compiled in one piece."""
        return self.head() + b'\n' + self.text

    def head(self) -> bytes:
        """Return what is put in front of the text."""
        return self.prelude.replace(LINE, b'\n')


def rewrite(source: bytes, scan: ScanResult, plan: FilePlan, exceptions: tuple[tuple[str, str], ...] = ()) -> Rewritten | None:
    """Return the rewritten source, None where nothing changes.

    `scan` and `plan` were made from `source`.  The same input gives the same bytes.

    Raises RewriteError when the edits do not fit together; that is a bug, and the caller compiles the original.
    """
    if not plan.changes:
        return None
    rewriter = _Rewriter(source, scan, plan)
    for table_plan in plan.tables:
        for row, entry in zip(table_plan.table.rows, table_plan.entries, strict=True):
            if entry.routed:
                rewriter.route(table_plan.table, row, entry)
    rewriter.slots.finish()
    for name in sorted(plan.upgrades):
        rewriter.upgrade(plan.upgrades[name])
    edits = tuple(sorted([*plan.chains, *rewriter.edits()], key=lambda e: (e.span.start, e.span.end)))
    methods = [table_plan for table_plan in plan.tables if not is_slot_table(table_plan.table)]
    routed = [entry for table_plan in methods for entry in table_plan.entries if entry.routed]
    # What another file's unit may lack is called as the source says then.
    old = [e.convention for e in routed if e.function in plan.upgrades and plan.upgrades[e.function].entry == 'elsewhere' and e.convention]
    head = prelude(
        [*(one for e in routed if e.convention != GETSET for one in e.conventions or (called_convention(e),)), *old],
        getset=any(e.convention == GETSET for e in routed),
        barrier=plan.barrier,
        cxx=plan.language == 'c++',
        exceptions=exceptions,
        parsers=frozenset().union(*(found.calls for found in plan.upgrades.values())),
        outside=tuple(
            Outside(name, found.keywords, found.entry == 'elsewhere')
            for name, found in sorted(plan.upgrades.items())
            if found.entry in ('shared', 'elsewhere')
        ),
        slots=[signature for _, signature in sorted(rewriter.slots.signatures.items())],
        chains=[answers.declared(signature) for _, signature in sorted(rewriter.chains.items())],
        templates=[template(signature, barrier=plan.barrier) for _, signature in sorted(rewriter.slots.templates.items())],
    )
    if plan.chains:
        head += f' {PRELUDE}'.encode()
    head += groups.definitions(rewriter.grouped(), barrier=plan.barrier, cxx=plan.language == 'c++')
    return Rewritten(head, apply(source, edits), edits)


def called_convention(entry: Entry) -> str:
    """Return the convention that CPython calls a routed method by; the entry has the one of the source."""
    assert entry.convention is not None
    return UPGRADED[entry.convention] if 'fastcall' in entry.how else entry.convention


@dataclass(slots=True)
class _Rewriter:
    source: bytes
    scan: ScanResult
    plan: FilePlan
    _replaced: list[Edit] = field(default_factory=list)
    # Text to insert at an offset, in the order of the rows; the key of the second level keeps one stub from being written twice.
    _inserted: dict[int, dict[str, str | groups.Grouped]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)
    _shared: dict[tuple[int, str, str, str], str] = field(default_factory=dict)
    chains: dict[str, Signature] = field(default_factory=dict)  # of the trampolines that take a catch chain
    slots: SlotRewriter = field(init=False)

    def __post_init__(self) -> None:
        self.slots = SlotRewriter(
            self.source,
            self.cxx,
            self.plan.barrier,
            self._text,
            self._replace,
            self._insert,
            self._behind,
            self._unique,
            self._body_of,
            self._through,
            self.plan.followed,
        )

    @property
    def cxx(self) -> bool:
        return self.plan.language == 'c++'

    def edits(self) -> tuple[Edit, ...]:
        inserted = [
            Edit(Span(offset, offset), self._spaced(offset, _joined(texts.values())).encode('utf-8', 'surrogateescape'))
            for offset, texts in self._inserted.items()
        ]
        return tuple(sorted([*self._replaced, *inserted], key=lambda e: (e.span.start, e.span.end)))

    def grouped(self) -> list[groups.Grouped]:
        """Return the stubs that stand in groups."""
        return [made for texts in self._inserted.values() for made in texts.values() if isinstance(made, groups.Grouped)]

    def _spaced(self, offset: int, text: str) -> str:
        """Behind a closing brace the text needs a space in front, before a declaration one behind."""
        if self.source[offset - 1 : offset] not in (b'}', b';'):
            return f'{text} '
        return f' {text}' if self.source[offset : offset + 1].isspace() else f' {text} '

    def route(self, table: Table, row: Row, entry: Entry) -> None:
        if is_slot_table(table):
            self.slots.add(table, row, entry)
        elif entry.convention == GETSET:
            self._getset(table, row, entry)
        else:
            self._method(table, row, entry)

    def _through(self, function: str, signature: Signature) -> str:
        """Return what a stub calls that hands the catch chain of its function on, empty where that has none to hand on."""
        answer = self.plan.answers.get(last_component(function))
        if answer is None:
            return ''
        self.chains[signature.name] = signature
        name = answers.name_of(answer, signature)
        self._insert(answer.offset, name, answers.definition(answer, signature))
        return name

    def _text(self, span: Span) -> str:
        return one_line(self.source, span).decode('utf-8', 'surrogateescape')

    def _replace(self, span: Span, text: str) -> None:
        self._replaced.append(Edit(span, text.encode('utf-8', 'surrogateescape') + line_ends(self.source, span)))

    def _unique(self, prefix: str, function: str) -> str:
        """Name a stub after what it serves; deterministic, since rows come in the order of the source."""
        stem = candidate = prefix + last_component(function)
        # From where the last one ended: a generated table may have one function in every row.
        number = self._numbers.get(stem, 1)
        while candidate in self._names:
            number += 1
            candidate = f'{stem}_{number}'
        self._names.add(candidate)
        self._numbers[stem] = number
        return candidate

    def _body_of(self, name: Span) -> Span:
        """Return the body of the function whose name stands there."""
        return next(f.body for f in self.scan.functions if f.body and f.name_span == name)

    def upgrade(self, upgrade: Upgrade) -> None:
        """Let a function take a vector, at its declarations and definitions."""
        self._replaced += upgrade.edits

    def _flags(self, row: Row) -> None:
        """Say METH_FASTCALL where the row says METH_VARARGS; what binds the method stays."""
        span = row.fields[2]
        assert span is not None
        flags = flags_of(self.source, span, self.scan.macros)
        assert flags is not None
        self._replace(span, ' | '.join(['METH_FASTCALL', *sorted(flags - {'METH_VARARGS'} | {'METH_KEYWORDS'})]))

    def _method(self, table: Table, row: Row, entry: Entry) -> None:
        if entry.conventions:
            self._several(table, row, entry)
            return
        span = row.fields[1]
        assert span is not None
        assert entry.convention is not None
        assert entry.function is not None
        signature = BY_CONVENTION[called_convention(entry)]
        impl, old = self._text(span), None
        if 'fastcall' in entry.how:
            self._flags(row)
            if late := self.plan.upgrades[entry.function].late:
                self._insert(table.outer_start, late, late)
            if self.plan.upgrades[entry.function].entry == 'elsewhere':
                old = stubs.Old(BY_CONVENTION[entry.convention], self._quiet(entry.function, impl))
            # Behind an upgrade the casts of the row are to a type that the function no longer has.
            impl = self._entry(entry.function, span)
        self._replace(span, self._stub(table, row, entry, signature, impl, old))

    def _several(self, table: Table, row: Row, entry: Entry) -> None:
        """Let the compiler choose the stub by the flags; by others than are known here it takes the function as it is."""
        span, flags = row.fields[1:3]
        assert span
        assert flags
        impl = self._text(span)
        # With its type told: the row has the function as another one than at least one of the conventions has it.
        signatures = [replace(BY_CONVENTION[convention], plain=False) for convention in entry.conventions]
        choices = {s.convention: self._stub(table, row, entry, s, impl, None) for s in signatures}
        self._replace(span, stubs.chosen(choices, self._text(flags), impl))

    def _stub(self, table: Table, row: Row, entry: Entry, signature: Signature, impl: str, old: stubs.Old | None) -> str:
        """Return what the row names, a stub that is made here or a lambda."""
        assert entry.function is not None
        name = row.name if row.name is not None else entry.function
        through = self._through(entry.function, signature)
        if entry.placement is Placement.IN_ROW:
            return stubs.lambda_(stubs.Method(signature, impl, name, '', self.cxx, self.plan.barrier, old, through))
        impl = self._quiet(entry.function, impl)
        early = entry.placement is Placement.AFTER_DEFINITIONS
        # Rows share a stub, but for one that has to say the row's own name.
        own = name if signature is POSITIONAL else ''
        key = (-1 if early else table.outer_start, signature.convention, impl, own)
        stub = self._shared.get(key)
        if stub is None:
            stub = self._shared[key] = self._unique('tramp_m_', entry.function)
            method = stubs.Method(signature, impl, name, stub, self.cxx, self.plan.barrier, old, through)
            if early:
                self._behind(entry.function, table.outer_start, stub, stubs.definition(method), stubs.declaration(method))
            elif entry.placement is Placement.DECLARED:
                assert entry.convention is not None
                self._insert(table.outer_start, stub, stubs.declared(method, entry.function, BY_CONVENTION[entry.convention]))
            else:
                self._insert(table.outer_start, stub, stubs.grouped(method) or stubs.definition(method))
        return stubs.reference(stubs.Method(signature, impl, name, stub, self.cxx, self.plan.barrier))

    def _quiet(self, function: str, impl: str, cast: str = 'PyCFunction', parameters: int = 2) -> str:
        """Let the cast of a row, of a function with other parameters, go by way of what no compiler has an opinion about.

        The compiler would name the line of the stub, which has no cast in the project's source.  Where an overload has those parameters,
        the cast is what selects it.
        """
        counts = {len(f.parameters) for f in self.scan.functions if f.name == function}
        found = _CAST.match(impl)
        if parameters in counts or (self.cxx and not counts) or found is None or found[1] != cast:
            return impl
        return f'__extension__ ({cast})(void *){impl[found.end() :]}'

    def _entry(self, function: str, field: Span) -> str:
        """Return what takes the vector for an upgraded function: the one that `field` names, template arguments and all."""
        if self.plan.upgrades[function].entry != 'same':
            return entries.name_of(function)
        span = function_of(self.source, field).span
        assert span is not None
        return self._text(span)

    def _behind(self, function: str, before: int, stub: str, definition: str, declaration: str) -> None:
        """Put a stub behind the definitions of a function, and declare it behind declarations where those come too late."""
        found = [f for f in self.scan.functions if f.name == function]
        late = any(f.body and f.span.end > before for f in found)
        declared = [f for f in found if not f.body and f.span.end <= before]
        for f in found:
            if f.body and f.span.start <= before < f.span.end and not any(_covers(d, f) for d in declared):
                self._insert(f.span.start, stub, declaration + ';')
            if f.body:
                self._insert(f.span.end, stub, definition)
            elif late and f.span.end <= before:
                self._insert(f.span.end, stub, declaration + ';')

    def _insert(self, offset: int, key: str, text: str | groups.Grouped) -> None:
        self._inserted.setdefault(offset, {})[key] = text

    def _named(self, field: Span) -> str:
        return function_of(self.source, field).name or ''

    def _getset(self, table: Table, row: Row, entry: Entry) -> None:
        get, set_, closure = row.fields[1], row.fields[2], row.fields[4]
        record = getset.Record(
            get=self._text(get) if get else None,
            set=self._text(set_) if set_ else None,
            closure=self._text(closure) if closure else None,
            name=row.name if row.name is not None else entry.function or '',
            cxx=self.cxx,
            barrier=self.plan.barrier,
        )
        record = record.normalized(self.source, get, set_)
        record = replace(
            record,
            get=self._quiet(self._named(get), record.get, 'getter') if record.get and get else record.get,
            set=self._quiet(self._named(set_), record.set, 'setter', 3) if record.set and set_ else record.set,
            through_get=self._through(self._named(get), answers.GETTER) if record.get and get else '',
            through_set=self._through(self._named(set_), answers.SETTER) if record.set and set_ else '',
        )
        if entry.placement is Placement.IN_ROW:
            value = record.in_row()
        else:
            variable = self._unique('tramp_g_', entry.function or 'row')
            self._insert(table.outer_start, variable, record.definition(variable))
            value = f'&{variable}'
        for span, text in getset.row_edits(self.source, row, record, value):
            self._replace(span, text)


def _joined(made: Iterable[str | groups.Grouped]) -> str:
    """Put what is inserted at one place together: a group needs what the others declare."""
    texts = list(made)
    group = [each for each in texts if isinstance(each, groups.Grouped)]
    return ' '.join([*(each for each in texts if isinstance(each, str)), *([groups.text(group)] if group else [])])


def _covers(declared: Function, defined: Function) -> bool:
    """Tell whether one is compiled whenever the other is."""
    outer = declared.scope.condition
    return defined.scope.condition[: len(outer)] == outer
