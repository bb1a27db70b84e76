"""Catch chains that are the same, each kept once: in a cold function that throws the exception again and tells it from the others.

A site keeps one `catch (...)`, which calls the function and leaves as the handler would have left.  What no handler takes goes on from the
function and from the site as the exception that it was, forced unwinding too.  The one thing that differs is where the search ends for an
exception that nobody catches at all: the stack is unwound to the site before std::terminate is called.  Under a trampoline with the
barrier there is always somebody.

A chain stays where anything in it could mean something else in a function of its own, and says why (`Left`).  Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.model import Edit, ScopeKind, Span
from tramp_build.outline import text
from tramp_build.outline.chains import Body, TornError
from tramp_build.outline.estimate import pays
from tramp_build.outline.handlers import OWN_PREFIX, Left, LeftError, Reading
from tramp_build.outline.names import Epochs, declared, is_known
from tramp_build.scan import lexer
from tramp_build.text import line_ends
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tramp_build.model import Function, ScanResult
    from tramp_build.outline.chains import Chain
    from tramp_build.outline.handlers import Handler

_CONSTANT_EVALUATED: Final = frozenset({b'constexpr', b'consteval'})


@dataclass(frozen=True, slots=True)
class Stays:
    """A chain that is not outlined."""

    reason: Left
    offset: int


@dataclass(frozen=True, slots=True)
class Outlined:
    """What becomes of the chains of a unit."""

    edits: tuple[Edit, ...] = ()  # the outlined functions, each in front of the first function that has its chain, and the sites
    sites: frozenset[str] = frozenset()  # the functions that have a chain less
    stays: tuple[Stays, ...] = ()


@dataclass(frozen=True, slots=True)
class _Site:
    function: Function
    chain: Chain
    handlers: tuple[Handler, ...]
    exits: tuple[bytes, ...]


@dataclass(slots=True)
class _Finder:
    source: bytes
    text: bytes
    scan: ScanResult
    excluded: frozenset[str]
    epochs: Epochs
    is_macro: Callable[[str], bool]
    stays: list[Stays] = field(default_factory=list)
    groups: dict[object, list[_Site]] = field(default_factory=dict)

    def find(self) -> None:
        for function in sorted(self.scan.functions, key=lambda f: f.span.start):
            if function.body and self._may_have_chains(function.body):
                self._function(function, function.body)

    def _may_have_chains(self, body: Span) -> bool:
        """Return False where nothing is caught, or by sites alone that call an outlined function: each has both words once."""
        return self.text.count(b'catch', body.start, body.end) != self.text.count(text.PREFIX, body.start, body.end)

    def _function(self, function: Function, body: Span) -> None:
        try:
            read = Body.of(self.text, body)
        except TornError:
            self.stays.append(Stays(Left.TORN, body.start))
            return
        chains = read.chains()
        try:
            self._refuse(function, body)
        except LeftError as exc:
            self.stays += [Stays(exc.reason, chain.span.start) for chain in chains]
            return
        for chain in chains:
            try:
                self._chain(function, chain, chains, read.tokens)
            except LeftError as exc:
                self.stays.append(Stays(exc.reason, chain.span.start))

    def _refuse(self, function: Function, body: Span) -> None:
        if (
            function.name in self.excluded
            or function.name.rpartition('::')[2] in self.excluded
            or function.name.encode().startswith(OWN_PREFIX)
        ):
            raise LeftError(Left.EXCLUDED)
        if function.scope.kind is not ScopeKind.FILE:
            raise LeftError(Left.CLASS_SCOPE)
        head = self._head(function, body)
        if function.varies or any(kind == lexer.HASH for kind, _, _, _ in head):
            raise LeftError(Left.CONDITIONAL)
        words = {text for kind, text, _, _ in head if kind == lexer.WORD}
        if b'template' in words:
            raise LeftError(Left.TEMPLATE)
        if words & _CONSTANT_EVALUATED:
            raise LeftError(Left.PLACE)

    def _head(self, function: Function, body: Span) -> list[lexer.Token]:
        return tokens_of(self.text, Span(function.span.start, body.start), 'c++')

    def _chain(self, function: Function, chain: Chain, chains: list[Chain], tokens: Iterable[lexer.Token]) -> None:
        assert function.body
        if chain.conditional:
            raise LeftError(Left.CONDITIONAL)
        if self.source[chain.span.start : chain.span.end] != self.text[chain.span.start : chain.span.end]:
            raise LeftError(Left.PLACE)
        head = self._head(function, function.body)
        if not chain.takes_all and any(text in (b'noexcept', b'throw') for _, text, _, _ in head):
            raise LeftError(Left.NOEXCEPT)
        parameters = declared(head, head=True)
        inner = declared(tuple(_in_scope(tokens, chain, chains)), head=False)
        if b'using' in (words := {token[1] for token in tokens}) and b'namespace' in words:
            raise LeftError(Left.LOCALS)
        reading = Reading(parameters | inner, inner - parameters, self.is_macro)
        handlers = reading.read(chain)
        scope = function.scope
        if '::' in function.name and not all(map(is_known, reading.names)):
            raise LeftError(Left.CLASS_SCOPE)
        key = (
            scope.path,
            scope.condition,
            tuple(handler.key() for handler in handlers),
            self.epochs.of(reading.names, function.span.start),
        )
        self.groups.setdefault(key, []).append(_Site(function, chain, handlers, tuple(reading.exits)))

    def chosen(self) -> list[list[_Site]]:
        """Return the groups that are outlined; of chains within each other's handlers the outer ones."""
        taken: dict[int, list[Span]] = {}  # by function
        found = []
        for group in sorted(self.groups.values(), key=lambda group: group[0].chain.span.start):
            free = [site for site in group if not _overlaps(site.chain.span, taken.get(site.function.span.start, ()))]
            if free and pays(free[0].handlers, len(free[0].exits), len(free)):
                found.append(free)
                for site in free:
                    taken.setdefault(site.function.span.start, []).append(site.chain.span)
            else:
                self.stays += [Stays(Left.NOT_WORTH_IT, site.chain.span.start) for site in free]
        return found


def _overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def _in_scope(tokens: Iterable[lexer.Token], chain: Chain, chains: list[Chain]) -> Iterator[lexer.Token]:
    """Yield the tokens of the body whose declarations could reach the handlers of `chain`."""
    closed = [chain.tried, *(other.span for other in chains if other.span.end <= chain.span.start)]
    for token in tokens:
        if token[2] >= chain.span.start:
            return
        if not any(span.start <= token[2] < span.end for span in closed):
            yield token


def outline(
    source: bytes,
    scan: ScanResult,
    excluded: frozenset[str] = frozenset(),
    is_macro: Callable[[str], bool] = lambda _: False,
) -> Outlined:
    """Return what becomes of the catch chains of a C++ unit.

    `excluded` are functions that are not to be touched; `is_macro` knows the macros of the rest of the project.
    """
    if b'catch' not in source or scan.language != 'c++':
        return Outlined()
    spelled = lexer.normalise(source)
    known = frozenset(scan.defined)
    finder = _Finder(source, spelled, scan, excluded, Epochs(spelled, scan), lambda name: name in known or is_macro(name))
    finder.find()
    edits: list[Edit] = []
    sites: set[str] = set()
    for number, group in enumerate(finder.chosen(), 1):
        first = group[0]
        start = first.function.span.start
        edits.append(Edit(Span(start, start), _encoded(text.function(number, first.handlers, len(first.exits))) + b' '))
        for found in group:
            sites.add(found.function.name)
            span = found.chain.span
            edits.append(Edit(span, _encoded(text.site(number, found.exits)) + line_ends(source, span)))
    return Outlined(tuple(edits), frozenset(sites), tuple(sorted(finder.stays, key=lambda stays: stays.offset)))


def _encoded(spelled: str) -> bytes:
    return spelled.encode('utf-8', 'surrogateescape')
