"""Catch chains that are the same, each kept once: in a cold function that throws the exception again and tells it from the others.

A site keeps one `catch (...)`, which calls the function, with the variables that the handlers use, and leaves as the handler would have
left.  What no handler takes goes on from the function and from the site as the exception that it was, forced unwinding too.  The one thing
that differs is where the search ends for an exception that nobody catches at all: the stack is unwound to the site before std::terminate is
called.  Under a trampoline with the barrier there is always somebody.

Where a body stands in its try block as a whole and only trampolines call the function, the site needs no catch: the trampoline calls the
chain in its own handler (whole.py).

A chain stays where anything in it could mean something else in a function of its own, and says why (`Left`).  Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Answer, Chains, Edit, ScopeKind, Span
from tramp_build.outline import text, told
from tramp_build.outline.chains import Body, TornError, throws_on
from tramp_build.outline.estimate import pays
from tramp_build.outline.handlers import OWN_PREFIX, Left, LeftError, Reading
from tramp_build.outline.macros import Macros
from tramp_build.outline.names import Epochs, is_known
from tramp_build.outline.variables import Declarations
from tramp_build.outline.whole import can_move, whole
from tramp_build.scan import lexer
from tramp_build.text import line_ends
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tramp_build.expand import Macro
    from tramp_build.model import Function, ScanResult
    from tramp_build.outline.chains import Chain
    from tramp_build.outline.handlers import Handler
    from tramp_build.outline.variables import Variable
    from tramp_build.outline.whole import Whole

_CONSTANT_EVALUATED: Final = frozenset({b'constexpr', b'consteval'})
_NEVER_THROWS: Final = frozenset({b'noexcept', b'throw'})


class Stays(NamedTuple):
    """A chain that is not outlined."""

    reason: Left
    offset: int


@dataclass(frozen=True, slots=True)
class Outlined:
    """What becomes of the chains of a unit."""

    edits: tuple[Edit, ...] = ()  # the outlined functions, each in front of the first function that has its chain, and the sites
    sites: frozenset[str] = frozenset()  # the functions that have a chain less
    stays: tuple[Stays, ...] = ()
    counts: Chains = field(default_factory=Chains)
    answers: Mapping[int, Answer] = field(default_factory=dict)  # by where the function begins


class _Site(NamedTuple):
    function: Function
    chain: Chain
    handlers: tuple[Handler, ...]
    exits: tuple[bytes, ...]
    told: tuple[bytes, ...]  # texts that other sites may have others for
    labels: tuple[tuple[bytes, int], ...] = ()  # that macros in the handlers jump to, with the exit that this is
    variables: tuple[Variable, ...] = ()  # that the handlers are given
    whole: Whole | None = None  # what the trampoline has to know to do it
    result: str = ''  # the type that its function returns
    direct: bool = False  # the handlers return for it


@dataclass(slots=True)
class _Finder:
    source: bytes
    text: bytes
    scan: ScanResult
    excluded: frozenset[str]
    epochs: Epochs
    macros: Macros
    result_of: Callable[[Function], str | None]
    may_be_friend: Callable[[Function], bool]
    changing: tuple[Span, ...]
    stays: list[Stays] = field(default_factory=list)
    groups: dict[object, list[_Site]] = field(default_factory=dict)
    words: dict[bytes, frozenset[bytes]] = field(default_factory=dict)  # by the text of a chain
    read: dict[object, tuple[Reading, tuple[Handler, ...]] | Left] = field(default_factory=dict)

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
            head = self._refuse(function, body)
        except LeftError as exc:
            self.stays += [Stays(exc.reason, chain.span.start) for chain in chains]
            return
        scope = Declarations(self.text, function, head, read, chains)
        for chain in chains:
            try:
                self._chain(function, chain, scope)
            except LeftError as exc:
                self.stays.append(Stays(exc.reason, chain.span.start))

    def _refuse(self, function: Function, body: Span) -> list[lexer.Token]:
        """Return what stands in front of the body.  Raises LeftError where no chain of the function can move."""
        if (
            function.name in self.excluded
            or function.name.rpartition('::')[2] in self.excluded
            or function.name.encode().startswith(OWN_PREFIX)
        ):
            raise LeftError(Left.EXCLUDED)
        if function.scope.kind is not ScopeKind.FILE:
            raise LeftError(Left.CLASS_SCOPE)
        head = tokens_of(self.text, Span(function.span.start, body.start), 'c++')
        if function.varies or any(kind == lexer.HASH for kind, _, _, _ in head):
            raise LeftError(Left.CONDITIONAL)
        words = {text for kind, text, _, _ in head if kind == lexer.WORD}
        if b'template' in words:
            raise LeftError(Left.TEMPLATE)
        if words & self.macros.blocks:
            raise LeftError(Left.MADE)  # its brace may be that of what stands in front of the function
        if words & _CONSTANT_EVALUATED:
            raise LeftError(Left.PLACE)
        return head

    def _chain(self, function: Function, chain: Chain, declarations: Declarations) -> None:
        chain = self._placed(function, chain, declarations)
        never_throws = any(text in _NEVER_THROWS for _, text, _, _ in declarations.head)
        if never_throws and not chain.takes_all:
            raise LeftError(Left.NOEXCEPT)
        try:
            reading, handlers = self._read(function, chain, declarations)
        except LeftError as exc:
            if exc.reason is not Left.EXIT or never_throws:
                raise
            reading, handlers, site = self._direct(function, chain, declarations)
        else:
            variables = tuple(sorted(reading.passed.values(), key=lambda variable: variable.name))
            labels = tuple(reading.labels.items())
            site = _Site(function, chain, handlers, tuple(reading.exits), tuple(reading.told), labels, variables)
            if variables and self.may_be_friend(function):
                raise LeftError(Left.LOCALS)
            if not (never_throws or variables):
                site = self._whole(site, declarations, reading.variables)
        scope = function.scope
        if '::' in function.name and not all(map(is_known, reading.names)):
            raise LeftError(Left.CLASS_SCOPE)
        key = (
            scope.path,
            scope.condition,
            tuple(handler.key() for handler in handlers),
            tuple(reading.labels.items()),
            site.variables,
            (site.whole, site.result, site.told) if site.direct else None,
            self.epochs.of(reading.names, function.span.start),
        )
        self.groups.setdefault(key, []).append(site)

    def _placed(self, function: Function, chain: Chain, declarations: Declarations) -> Chain:
        """Return a chain with the place of its `try`.  Raises LeftError where it can not move because of where it is."""
        if chain.conditional:
            raise LeftError(Left.CONDITIONAL)
        if self.source[chain.span.start : chain.span.end] != self.text[chain.span.start : chain.span.end]:
            raise LeftError(Left.PLACE)
        if declarations.opens_namespace:
            raise LeftError(Left.LOCALS)
        if not chain.around_body:
            return chain
        if throws_on(function, declarations.head):
            raise LeftError(Left.CONSTRUCTOR)
        last = declarations.head[-1]
        if last[1] != b'try':
            raise LeftError(Left.MACRO)
        return chain._replace(word=Span(*last[2:]))

    def _direct(self, function: Function, chain: Chain, declarations: Declarations) -> tuple[Reading, tuple[Handler, ...], _Site]:
        """Let handlers return what they like where a trampoline returns it.  Raises LeftError."""
        try:
            reading, handlers = self._read(function, chain, declarations, returns=True)
        except LeftError:
            raise LeftError(Left.EXIT) from None
        site = _Site(function, chain, handlers, tuple(reading.exits), tuple(reading.told), direct=True)
        site = self._whole(site, declarations, reading.variables)
        if site.whole is None:
            raise LeftError(Left.EXIT)
        return reading, handlers, site

    def _read(
        self, function: Function, chain: Chain, declarations: Declarations, *, returns: bool = False
    ) -> tuple[Reading, tuple[Handler, ...]]:
        """Read the handlers of a chain, once for all that are spelled alike.  Raises LeftError.

        They may be given variables, or return what they like.
        """
        parameters, inner = declarations.parameters, declarations.inner(chain)
        spelled = self.text[chain.span.start : chain.span.end]
        if spelled not in self.words:
            self.words[spelled] = chain.words()
        words = self.words[spelled]
        local, variables = words & (parameters | inner), words & (inner - parameters)
        known = {} if returns else declarations.readable(local, chain, self.macros.is_one, self.changing)
        key = (spelled, local, variables, function.scope.condition, returns, tuple(sorted(known.items(), key=lambda item: item[0])))
        if key not in self.read:
            reading = Reading(local, variables, self.macros, chain.span.start, returns, known)
            try:
                self.read[key] = (reading, reading.read(chain))
            except LeftError as exc:
                self.read[key] = exc.reason
        found = self.read[key]
        if isinstance(found, Left):
            raise LeftError(found)
        # A macro may bring a name along that is not spelled here; its own name is none of a variable.
        if (found[0].names - found[0].meanings.keys()) & (parameters | inner):
            raise LeftError(Left.LOCALS)
        return found

    def _whole(self, site: _Site, declarations: Declarations, variables: frozenset[bytes]) -> _Site:
        """Leave the chain to the trampoline where that is possible."""
        if not declarations.is_alone(site.chain):
            return site
        found = whole(declarations.body, site.chain, declarations.parameters, self.macros.is_one)
        if found is None or not can_move(site.chain, site.exits, found, variables):
            return site
        result = self.result_of(site.function)
        return site._replace(whole=found, result=result) if result else site

    def chosen(self) -> list[list[_Site]]:
        """Return the groups that are outlined; of chains within each other's handlers the outer ones."""
        taken: dict[int, list[Span]] = {}  # by function
        found = []
        for group in sorted(self.groups.values(), key=lambda group: group[0].chain.span.start):
            free = [site for site in group if not _overlaps(site.chain.span, taken.get(site.function.span.start, ()))]
            wholes = sum(site.whole is not None for site in free)
            texts = len(set(told.parameters_of([site.told for site in free]).values()))
            if free and pays(free[0].handlers, len(free[0].exits), len(free) - wholes, wholes, texts, len(free[0].variables)):
                found.append(free)
                for site in free:
                    taken.setdefault(site.function.span.start, []).append(site.chain.span)
            else:
                self.stays += [Stays(Left.NOT_WORTH_IT, site.chain.span.start) for site in free]
        return found


def _overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


@dataclass(slots=True)
class _Writer:
    """The edits that outline groups of sites."""

    source: bytes
    edits: list[Edit] = field(default_factory=list)
    answers: dict[int, Answer] = field(default_factory=dict)

    def group(self, number: int, sites: list[_Site]) -> None:
        first = sites[0]
        start = first.function.span.start
        parts = []
        parameters = told.parameters_of([site.told for site in sites])
        if not first.direct:
            handlers = told.with_parameters(first.handlers, parameters)
            given = text.parameters(first.variables, len(set(parameters.values())))
            parts.append(text.function(number, handlers, len(first.exits), first.labels, given))
        scope = ''.join(f'::{part}' for part in first.function.scope.path if part)
        names: dict[tuple[object, ...], str] = {}
        for site in sites:
            arguments = text.arguments(site.variables, told.arguments_of(site.told, parameters))
            if site.whole is None:
                self._replace(site.chain.span, text.site(number, site.exits, arguments))
                continue
            key = (site.result, site.exits, site.whole, arguments)
            if key not in names:
                names[key] = text.answer_name(number, len(names))
                own = (names[key], site.result)
                if site.direct:
                    parts.append(text.direct(*own, site.handlers, site.whole.falls))
                else:
                    parts.append(text.answer(number, *own, site.exits, site.whole.falls, arguments))
            self.answers[site.function.span.start] = Answer(f'{scope}::{names[key]}', start)
            self._replace(site.chain.word, '')
            self._replace(site.chain.span, '')
        self.edits.append(Edit(Span(start, start), _encoded(' '.join(parts)) + b' '))

    def _replace(self, span: Span, spelled: str) -> None:
        self.edits.append(Edit(span, _encoded(spelled) + line_ends(self.source, span)))


def outline(
    source: bytes,
    scan: ScanResult,
    excluded: frozenset[str] = frozenset(),
    is_macro: Callable[[str], bool] = lambda _: False,
    redefined: Callable[[str], bool] = lambda _: False,
    result_of: Callable[[Function], str | None] = lambda _: None,
    may_be_friend: Callable[[Function], bool] = lambda _: False,
    changing: tuple[Span, ...] = (),
    header: Callable[[bytes], Macro | None] = lambda _: None,
    blocks: frozenset[bytes] = frozenset(),
) -> Outlined:
    """Return what becomes of the catch chains of a C++ unit.

    `excluded` are functions that are not to be touched; `is_macro` knows the macros of the project, `redefined` those of its other files;
    `result_of` tells what functions return that only trampolines with the barrier call, `may_be_friend` which may use what is private
    to a class.  What stands at `changing` will be replaced.  `header` tells which macros headers define for certain, `blocks`
    are those that make parts of blocks.
    """
    if b'catch' not in source or scan.language != 'c++':
        return Outlined()
    spelled = lexer.normalise(source)
    macros = Macros(source, scan.defined, is_macro, redefined, header, blocks)
    finder = _Finder(
        source,
        spelled,
        scan,
        excluded,
        Epochs(spelled, scan),
        macros,
        result_of,
        may_be_friend,
        tuple(sorted(changing, key=lambda span: span.start)),
    )
    finder.find()
    writer = _Writer(source)
    sites: set[str] = set()
    found = len(finder.stays) + sum(map(len, finder.groups.values()))
    groups = finder.chosen()
    counts = Chains(found, len(finder.groups), sum(map(len, groups)))
    for number, group in enumerate(groups, 1):
        writer.group(number, group)
        sites |= {site.function.name for site in group}
    stays = tuple(sorted(finder.stays, key=lambda stays: stays.offset))
    return Outlined(tuple(writer.edits), frozenset(sites), stays, counts, writer.answers)


def _encoded(spelled: str) -> bytes:
    return spelled.encode('utf-8', 'surrogateescape')
