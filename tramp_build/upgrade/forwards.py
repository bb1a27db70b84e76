"""Functions of one file that hand their arguments on to each other.

`args` may go to another function of the same file if that takes a vector as well.  So the question is asked for all of them at once:
first each function is taken for one that can, then those that can not are left out, until no more are lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tramp_build.model import Edit, Kept, Reason, ScopeKind, Span
from tramp_build.upgrade import parameters
from tramp_build.upgrade.uses import Uses, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tramp_build.model import Function, Language, ScanResult
    from tramp_build.scan import lexer
    from tramp_build.upgrade.mentions import Mentions
    from tramp_build.upgrade.project import Surroundings
    from tramp_build.upgrade.uses import Forward


def last_component(name: str) -> str:
    """`a::C::f` -> `f`."""
    return name.rpartition('::')[2]


def is_member(function: Function) -> bool:
    """Tell whether a function is one of a class, or may be: `C::f` may be one of a namespace as well."""
    return function.scope.kind is not ScopeKind.FILE or '::' in function.name


@dataclass(slots=True)
class Forwards:
    """The functions of one file that may take a vector, by name: methods, and helpers that only they call."""

    text: bytes
    scan: ScanResult
    surroundings: Surroundings
    mentions: Mentions
    _places: dict[bytes, Forward] = field(default_factory=dict)
    _discards: frozenset[bytes] = frozenset()
    _helpers: set[str] = field(default_factory=set)
    _handled: dict[Span, bytes] = field(default_factory=dict)
    # By the last component of their names.
    _functions: dict[str, list[Function]] = field(default_factory=dict)
    _read: dict[tuple[Span, Forward], Uses | Kept] = field(default_factory=dict)
    _hidden: dict[frozenset[bytes], frozenset[bytes]] = field(default_factory=dict)
    _tokens: dict[Span, list[lexer.Token]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for function in self.scan.functions:
            self._functions.setdefault(last_component(function.name), []).append(function)

    @property
    def language(self) -> Language:
        return self.scan.language

    @property
    def helpers(self) -> tuple[str, ...]:
        """The helpers that take a vector."""
        return tuple(sorted(name for name in self._helpers if name.encode() in self._places))

    @property
    def handled(self) -> Iterable[Span]:
        """The names in calls that pass the vector on."""
        return self._handled

    def calls_of(self, name: str) -> list[Span]:
        """Return where the vector is passed to a function."""
        return [span for span, callee in self._handled.items() if callee == name.encode()]

    def start(self, methods: dict[str, Forward]) -> None:
        """Take `methods`, and whom they call with their arguments, for functions that can take a vector."""
        self._places = {name.encode(): place for name, place in methods.items()}
        self._discards = self.surroundings.discarding()
        pending = list(methods)
        while pending:
            name = pending.pop()
            for callee, place in self._passed_on(name):
                helper = callee.decode('ascii', 'replace')
                # Some pass NULL for the keywords, which does not tell that it takes some.
                more = helper in self._helpers and self._places[callee].kwargs is None and place.kwargs is not None
                if more or (callee not in self._places and self._may_help(helper)):
                    self._places[callee] = place
                    self._helpers.add(helper)
                    pending.append(helper)
        self._settle()

    def drop(self, names: Iterable[str]) -> bool:
        """Leave functions out; tell whether any was in."""
        lost = [name for name in names if self._places.pop(name.encode(), None)]
        if lost:
            self._settle()
        return bool(lost)

    def uses(self, function: Function, place: Forward) -> Uses | Kept:
        """Return what a function does with its parameters: nothing where it is only declared."""
        key = (function.span, place)
        if key not in self._read:
            self._read[key] = self._uses(function, place)
        return self._read[key]

    def place_of(self, name: str) -> Forward:
        """Return where a helper has its arguments."""
        return self._places[name.encode()]

    def functions(self, name: str) -> list[Function]:
        """Return the declarations and definitions of a function; of a member of a class those within the class and those outside."""
        found = self._functions.get(last_component(name), [])
        if any(is_member(f) for f in found):
            return [] if self.is_ambiguous(name) else found
        return [f for f in found if f.name == name]

    def is_ambiguous(self, name: str) -> bool:
        """Tell whether the name may be that of several functions, one of them a member of a class; or a member declared elsewhere."""
        found = self._functions.get(last_component(name), [])
        if not any(is_member(f) for f in found):
            return False
        paths = {f.scope.path + tuple(f.name.split('::')[:-1]) for f in found}
        qualifier = tuple(name.split('::')[:-1])
        declared = any(f.scope.kind is ScopeKind.CLASS for f in found)
        if len(paths) != 1 or not declared:
            return True
        # Nobody names an unnamed namespace.
        path = [name for name in next(iter(paths)) if name]
        return tuple(path[len(path) - len(qualifier) :]) != qualifier

    def _unread(self, function: Function, place: Forward) -> Uses | None:
        names = parameters.names(self.text, function, place)
        if names is None:
            return None
        body = function.body or Span(0, 0)
        if body not in self._tokens:
            self._tokens[body] = tokens(self.text, body, self.language)
        hidden = self._macros_with(frozenset(name for name in names if name)) if function.body else frozenset()
        return Uses(self.text, self.language, body, *names, hidden, self._places, self._discards, self._tokens[body])

    def _macros_with(self, names: frozenset[bytes]) -> frozenset[bytes]:
        if names not in self._hidden:
            self._hidden[names] = self.surroundings.macros_with(names)
        return self._hidden[names]

    def _uses(self, function: Function, place: Forward) -> Uses | Kept:
        found = self._unread(function, place)
        if found is None:
            return Kept(Reason.SIGNATURE, function.line)
        escape = found.read()
        return Kept(escape.reason, self.text.count(b'\n', 0, escape.offset) + 1) if escape else found

    def _passed_on(self, name: str) -> Iterator[tuple[bytes, Forward]]:
        place = self.place_of(name)
        for function in self.functions(name):
            found = self._unread(function, place) if function.body else None
            if found:
                yield from found.calls_with_args()

    def _may_help(self, name: str) -> bool:
        """Tell whether a function is this file's own, so that only this file's calls of it have to change."""
        functions = self.functions(name)
        if not any(f.body for f in functions) or any(is_member(f) for f in functions):
            return False
        internal = any(f.static or '' in f.scope.path for f in functions)
        if self.surroundings.is_macro(name) or self.surroundings.may_be_pasted(name):
            return False
        return not self.surroundings.mentioned_elsewhere(name, internal=internal)

    def _settle(self) -> None:
        """Drop functions until those that are left need nothing of one that was dropped."""
        while True:
            self._read.clear()
            self._handled.clear()
            lost = [name for name in self._places if not self._is_able(name.decode())]
            if not lost:
                lost = [name.encode() for name in self.helpers if self._is_mentioned(name)]
            if not lost:
                return
            for name in lost:
                del self._places[name]

    def _is_able(self, name: str) -> bool:
        place = self.place_of(name)
        found = [self.uses(function, place) for function in self.functions(name)]
        for uses in found:
            if isinstance(uses, Kept):
                return False
            self._handled.update(uses.forwarded)
        return bool(found)

    def _is_mentioned(self, name: str) -> bool:
        """Tell whether something else than calls with the vector, and its declarations, names a helper."""
        known = [*self._handled, *(f.name_span for f in self.functions(name))]
        return any(True for _ in self.mentions.of(name.encode(), known))

    def edits(self, name: str) -> tuple[tuple[Edit, ...], frozenset[str]]:
        """Return the edits of a helper, and what it calls."""
        place = self.place_of(name)
        found: list[Edit] = []
        calls: set[str] = set()
        for function in self.functions(name):
            uses = self.uses(function, place)
            assert isinstance(uses, Uses)
            found += uses.edits
            found += parameters.edits(self.text, function, place, cxx=self.language == 'c++')
            calls |= uses.calls
        return tuple(found), frozenset(calls)
