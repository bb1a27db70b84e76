"""Functions of one file that hand their arguments on to each other.

`args` may go to another function of the same file if that takes a vector as well.  So the question is asked for all of them at once:
first each function is taken for one that can, then those that can not are left out, with all that hand theirs on to them.
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
    # Who is called with the vector -> where, and by which functions; and what each of those calls.
    _handled: dict[bytes, set[Span]] = field(default_factory=dict)
    _callers: dict[bytes, set[bytes]] = field(default_factory=dict)
    _forwarded: dict[bytes, dict[Span, bytes]] = field(default_factory=dict)
    # By the last component of their names.
    _functions: dict[str, list[Function]] = field(default_factory=dict)
    _read: dict[tuple[Span, Forward], Uses | Kept] = field(default_factory=dict)
    # What was read with the presence of a function: the names of functions, and the keys of `_read`.
    _readers: dict[bytes, set[tuple[str, Span, Forward]]] = field(default_factory=dict)
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

    def calls_of(self, name: str) -> list[Span]:
        """Return where the vector is passed to a function."""
        return sorted(self._handled.get(name.encode(), ()), key=lambda span: span.start)

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
        lost = [name for name in self._places if not self._is_able(name)]
        self._leave_out(lost, {name.encode() for name in self._helpers})

    def drop(self, names: Iterable[str]) -> frozenset[str]:
        """Leave functions out; return those about which something may have changed by that, none where none was in."""
        return self._leave_out([encoded for name in names if (encoded := name.encode()) in self._places], set())

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
        for callee in found.forwarded.values():
            self._readers.setdefault(callee, set()).add((function.name, function.span, place))
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

    def _is_able(self, name: bytes) -> bool:
        """Tell whether a function needs nothing but the vector as long as all others that are in are; if so, know whom it calls."""
        place = self._places[name]
        found = [self.uses(function, place) for function in self.functions(name.decode())]
        if not found or any(isinstance(uses, Kept) for uses in found):
            return False
        able = (uses for uses in found if isinstance(uses, Uses))
        self._forwarded[name] = calls = {span: callee for uses in able for span, callee in uses.forwarded.items()}
        for span, callee in calls.items():
            self._handled.setdefault(callee, set()).add(span)
            self._callers.setdefault(callee, set()).add(name)
        return True

    def _leave_out(self, lost: list[bytes], suspects: set[bytes]) -> frozenset[str]:
        """Drop functions, those that need one of them, and helpers that something else names then; `suspects` are not known not to be.

        Each is dropped once, and looked at again only where a call of it is not handled any more.
        """
        changed: set[bytes] = set()
        while lost or suspects:
            while lost:
                name = lost.pop()
                if self._places.pop(name, None) is None:
                    continue
                for span, callee in self._forwarded.pop(name, {}).items():
                    self._handled[callee].discard(span)
                    suspects.add(callee)
                lost += self._callers.pop(name, ())
                changed.add(name)
                for reader, span, place in self._readers.pop(name, ()):
                    self._read.pop((span, place), None)
                    changed.add(reader.encode())
            changed |= suspects
            lost = [name for name in suspects if name in self._places and self._is_mentioned(name.decode())]
            suspects = set()
        return frozenset(name.decode() for name in changed)

    def _is_mentioned(self, name: str) -> bool:
        """Tell whether something else than calls with the vector, and its declarations, names a helper."""
        if name not in self._helpers:
            return False
        known = [*self.calls_of(name), *(f.name_span for f in self.functions(name))]
        return any(True for _ in self.mentions.places(name.encode(), known))

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
