"""The text that stands for a routed slot: a stub of exactly the slot's type, or in C++ a member of a template.

A template is one function for one function that it serves, wherever it is named, and it may be given what only the row may name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from tramp_build import slotmentions
from tramp_build.model import Placement, Span
from tramp_build.rewrite import groups
from tramp_build.rewrite.prelude import trampoline
from tramp_build.scan.assignments import INIT
from tramp_build.scan.expression import function_of
from tramp_build.signatures import SEND, VIEW, VOID, c_type, cast, impl_type, stub_type
from tramp_build.slotplan import signature_of, slot_of
from tramp_build.slots import BY_MEMBER, MODULE_INIT
from tramp_build.text import c_string

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tramp_build.model import Condition, Entry, Row, Table
    from tramp_build.signatures import Signature

_ATTRIBUTES: Final = '__attribute__((__cold__, __unused__)) static'
# One for all units of a module: CPython compares slots of types of different units as well.
_SHARED: Final = '__attribute__((__cold__, __weak__, __visibility__("hidden")))'
# What the slots hold whose type is `void *`.
_BY_ID: Final = frozenset({'PyType_Slot', 'PyModuleDef_Slot', 'PySlot'})
_INIT: Final = 'PyInit_'
# Types without a name that could be spelled in front of Python.h.
_LATE: Final = {VIEW: 'Py_buffer', SEND: 'PySendResult'}


@dataclass(frozen=True, slots=True)
class Stub:
    """One stub, for all slots of one signature that hold one function."""

    signature: Signature
    function: str  # as the source names it
    plain: bool  # the function has the slot's own type, so that the compiler checks it
    name: str  # for people: the slot
    identifier: str
    cxx: bool
    barrier: bool
    shared: bool
    through: str = ''  # what it calls instead of the trampoline

    def text(self) -> str:
        """Define the stub, or declare it first where it is not static."""
        head = self.head()
        return f'{head}; {head.removeprefix(_SHARED).lstrip()} {self._body()}' if self.shared else f'{head} {self._body()}'

    def grouped(self) -> groups.Grouped | None:
        """Return the stub as one of a group, None where it can not be."""
        if self.shared:
            return None
        return groups.grouped(self.signature, self.identifier, self._impl(), self.name, cxx=self.cxx, through=self.through)

    def head(self) -> str:
        """Declare the stub without its semicolon."""
        signature = self.signature
        own = [f'{stub_type(kind, cxx=self.cxx)}tramp_{name}' for kind, name in signature.parameters]
        result = self._sent() or stub_type(signature.result, cxx=self.cxx)
        return f'{_SHARED if self.shared else _ATTRIBUTES} {result}{self.identifier}({", ".join(own) or "void"})'

    def _sent(self) -> str:
        """Spell the result of a SEND in C: PySendResult is no type before 3.10, where the function may be all the same, without a slot."""
        if self.cxx or self.signature.result != SEND:
            return ''
        nothing = ', '.join(f'({c_type(kind, cxx=False).strip()})0' for kind, _ in self.signature.parameters)
        return f'__typeof__({self.function}({nothing})) '

    def _body(self) -> str:
        text = call(self.signature, self._impl(), self.name, cxx=self.cxx, barrier=self.barrier, result=self._sent(), through=self.through)
        return f'{{ {text} }}'

    def _impl(self) -> str:
        if self.plain:
            return self.function
        return cast(impl_type(self.signature, '', cxx=self.cxx), self.function, cxx=self.cxx)


def call(signature: Signature, impl: str, name: str, *, cxx: bool, barrier: bool, result: str = '', through: str = '') -> str:
    """Return the statement that calls the trampoline, or `through`; `result` is the type that a SEND is returned as."""
    symbol = through or f'{"::" if cxx else ""}{trampoline(signature.name, barrier=barrier)}'
    arguments = ''.join(f'tramp_{parameter}, ' for _, parameter in signature.parameters)
    text = f'{symbol}({arguments}{impl}, {c_string(name)})'
    if signature.result == SEND:
        late = result or _LATE[SEND]
        text = f'static_cast<{late}>({text})' if cxx else f'({late}){text}'
    return f'{text};' if signature.result == VOID else f'return {text};'


def template(signature: Signature, *, barrier: bool) -> str:
    """Return the template whose member stands in a slot; in front of Python.h, so that it is told the types that have no name there."""
    late = [kind for kind in (signature.result, *(kind for kind, _ in signature.parameters)) if kind in _LATE]
    types = {VIEW: 'tramp_T *', SEND: 'tramp_T '}
    own = ', '.join(_declared(types.get(kind) or c_type(kind, cxx=True), f'tramp_{name}') for kind, name in signature.parameters)
    result = types.get(signature.result) or c_type(signature.result, cxx=True)
    impl = cast(impl_type(signature, '', cxx=True), 'tramp_f', cxx=True)
    # One text for all slots of a signature, so that it is one function; reports name the slot, and their signatures serve one each.
    name = signature.name if signature.rule == 'raises' else next(s.name for s in BY_MEMBER.values() if s.signature is signature)
    body = call(signature, impl, name, cxx=True, barrier=barrier, result='tramp_T')
    parameters = 'typename tramp_F, tramp_F tramp_f' + (', typename tramp_T' if late else '')
    head = f'__attribute__((__cold__, __visibility__("hidden"))) static {result}tramp_call({own})'
    return f'template <{parameters}> struct tramp_slot_{signature.name} {{ {head} {{ {body} }} }};'


def _declared(spelled: str, name: str) -> str:
    """Declare a parameter; the name of a pointer to a function stands within its type."""
    return spelled.replace('(*)', f'(*{name})', 1) if '(*)' in spelled else f'{spelled}{name}'


@dataclass(slots=True)
class SlotRewriter:
    """Makes the text of the routed slots of one file."""

    source: bytes
    cxx: bool
    barrier: bool
    text: Callable[[Span], str]
    replace: Callable[[Span, str], None]
    insert: Callable[[int, str, str | groups.Grouped], None]
    after_definitions: Callable[[str, int, str, str, str], None]
    unique: Callable[[str, str], str]
    body_of: Callable[[Span], Span]
    through: Callable[[str, Signature], str]
    followed: Mapping[str, Sequence[Span]]
    signatures: dict[str, Signature] = field(default_factory=dict)
    templates: dict[str, Signature] = field(default_factory=dict)
    _rows: dict[tuple[str, str], list[tuple[Table, Row, Entry]]] = field(default_factory=dict)

    def add(self, table: Table, row: Row, entry: Entry) -> None:
        """Take a routed row."""
        if table.kind == INIT:
            self._entry_point(table, row)
            return
        signature = signature_of(row)
        assert signature
        assert entry.function
        self.signatures[signature.name] = signature
        if entry.placement is Placement.IN_ROW:
            self._in_row(table, row, signature)
        else:
            self._rows.setdefault((entry.function, signature.name), []).append((table, row, entry))

    def _entry_point(self, table: Table, row: Row) -> None:
        """Let the exported function call the trampoline, and give its body to one behind it."""
        assert row.name
        body = self.body_of(_value(row))
        self.signatures[MODULE_INIT.name] = MODULE_INIT
        inner = f'tramp_i_{row.name}'
        obj = c_type(MODULE_INIT.result, cxx=self.cxx)
        # An array of slots, whose type is not known by name: PEP 793 had another than 3.15 has.
        result = obj if row.name.startswith(_INIT) else f'__typeof__({row.name}()) '
        impl, returned = inner, call(MODULE_INIT, inner, row.name, cxx=self.cxx, barrier=self.barrier)
        if result != obj:
            impl = cast(impl_type(MODULE_INIT, '', cxx=self.cxx), inner, cxx=self.cxx)
            returned = call(MODULE_INIT, impl, row.name, cxx=self.cxx, barrier=self.barrier).removeprefix('return ').removesuffix(';')
            returned = f'return reinterpret_cast< {result}>({returned});' if self.cxx else f'return ({result}){returned};'
        if result != obj or b'#' in self.source[_value(row).end : body.start]:
            # It is there in one branch only, or has to be declared already, so what declares the other stands in the body.
            own = f'__attribute__((__visibility__("hidden"))) {result}{inner}(void)'
            self.replace(Span(body.start, body.start), f'{{ extern {own}; {returned} }} {own}; {own} ')
            return
        self.insert(table.outer_start, inner, f'static {result}{inner}(void);')
        self.replace(Span(body.start, body.start), f'{{ {returned} }} static {result}{inner}(void) ')

    def finish(self) -> None:
        """Write the stubs, each in front of the first table that needs it or behind the function."""
        for (function, _), rows in self._rows.items():
            groups: dict[Condition, list[tuple[Table, Row, Entry]]] = {}
            for row in rows:
                condition = row[0].scope.condition if row[2].placement is Placement.BEFORE_EACH else ()
                groups.setdefault(condition, []).append(row)
            for group in groups.values():
                self._stub(function, group)

    def _in_row(self, table: Table, row: Row, signature: Signature) -> None:
        self.templates[signature.name] = signature
        name = self._name(row)
        late = [_LATE[kind] for kind in (signature.result, *(kind for kind, _ in signature.parameters)) if kind in _LATE]
        arguments = ', '.join([f'decltype(&{name})', f'&{name}', *late])
        self._fill(table, row, f'::tramp_slot_{signature.name}<{arguments}>::tramp_call')

    def _name(self, row: Row) -> str:
        span = function_of(self.source, _value(row)).span
        assert span
        return self.text(span)

    def _stub(self, function: str, rows: list[tuple[Table, Row, Entry]]) -> None:
        _, row, entry = rows[0]
        slot = slot_of(row)
        assert slot
        assert slot.signature
        signature = slot.signature
        mentions = self.followed.get(function, ())
        before = min([*(table.outer_start for table, _, _ in rows), *(span.start for span in mentions)])
        identifier = f'tramp_s_{function}_{signature.name}' if entry.shared else self.unique('tramp_s_', function)
        plain = not any(kind in _LATE for kind, _ in signature.parameters) and signature.result != SEND
        plain = plain and all(table.kind not in _BY_ID and self.text(_value(row)) == self._name(row) for table, row, _ in rows)
        stub = Stub(signature, self._name(row), plain, slot.name, identifier, self.cxx, self.barrier, entry.shared)
        stub = replace(stub, through=self.through(function, signature))
        if entry.placement is Placement.AFTER_DEFINITIONS:
            self.after_definitions(function, before, identifier, stub.text(), stub.head())
        else:
            self.insert(before, identifier, stub.grouped() or stub.text())
        for table, row, _ in rows:
            self._fill(table, row, identifier)
        for span in mentions:
            self.replace(span, slotmentions.text_of(function, identifier))

    def _fill(self, table: Table, row: Row, value: str) -> None:
        """Put the stub in: with the casts of the source where the slot is a `void *`, else with its own type."""
        span = _value(row)
        name = function_of(self.source, span).span
        assert name
        if table.kind in _BY_ID:
            # The cast may be a macro, and to that a comma ends an argument.
            self.replace(name, f'({value})' if ',' in value else value)
        else:
            self.replace(span, value)


def _value(row: Row) -> Span:
    span = row.fields[0]
    assert span
    return span
