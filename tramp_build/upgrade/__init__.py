"""Decide which METH_VARARGS functions can take a vector instead of a tuple, and how their text changes.

A function is upgraded when its `args` (and `kwargs`) go only where a vector can go.  Where everything that refers to it is a routed row
of a table in its own file, it takes the vector itself, else a second entry does (entries.py).  The parameters get new names, so that a
use that was not seen (in a macro, say) does not compile: then the launcher compiles the original, and nothing wrong becomes silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Edit, Kept, Reason, Upgrade
from tramp_build.upgrade import entries, parameters
from tramp_build.upgrade.entries import SELF_NAMING, Frame, Self, listed, says_its_name
from tramp_build.upgrade.forwards import Forwards, is_member, last_component
from tramp_build.upgrade.parameters import KEYWORDS, VARARGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tramp_build.model import Entry, Function, Language, Row, ScanResult
    from tramp_build.upgrade.mentions import Mentions
    from tramp_build.upgrade.project import Surroundings
    from tramp_build.upgrade.uses import Forward

# Convention of the source -> convention after the upgrade.
UPGRADED: Final = {'varargs': 'positional', 'varargs|keywords': 'fastcall|keywords'}


def _suffix(*, keywords: bool) -> str:
    return '_keywords' if keywords else ''


class _Stays(NamedTuple):
    """Why a function's own entry has to stay."""

    reason: Reason
    line: int


def decide(
    scan: ScanResult, rows: Iterable[tuple[Row, Entry]], surroundings: Surroundings, mentions: Mentions
) -> dict[str, Upgrade | Kept]:
    """Return what becomes of each function of a routed METH_VARARGS row, and of those that other files' rows name."""
    wanted: dict[str, list[tuple[Row, Entry]]] = {}
    for row, entry in rows:
        if entry.routed and entry.convention in UPGRADED and entry.function:
            wanted.setdefault(entry.function, []).append((row, entry))
    shared = _shared(scan, surroundings)
    if not wanted and not shared:
        return {}
    found = _Unit.of(scan, surroundings, mentions).outcomes(wanted, shared - wanted.keys())
    return {name: outcome for name, outcome in found.items() if name in wanted or isinstance(outcome, Upgrade)}


def offers(scan: ScanResult, surroundings: Surroundings, mentions: Mentions) -> dict[str, Upgrade | Kept]:
    """Return what becomes of the functions of this file that other files' rows name."""
    return _Unit.of(scan, surroundings, mentions).outcomes({}, _shared(scan, surroundings))


def _shared(scan: ScanResult, surroundings: Surroundings) -> set[str]:
    return surroundings.listed_elsewhere().keys() & {f.name for f in scan.functions if f.body}


@dataclass(slots=True)
class _Unit:
    """What is decided about the functions of one file."""

    text: bytes
    scan: ScanResult
    surroundings: Surroundings
    mentions: Mentions
    forwards: Forwards
    listed: dict[str, frozenset[str | None]]

    @classmethod
    def of(cls, scan: ScanResult, surroundings: Surroundings, mentions: Mentions) -> _Unit:
        text = mentions.text
        return cls(text, scan, surroundings, mentions, Forwards(text, scan, surroundings, mentions), listed(text, scan))

    @property
    def language(self) -> Language:
        return self.scan.language

    def outcomes(self, wanted: dict[str, list[tuple[Row, Entry]]], shared: Iterable[str]) -> dict[str, Upgrade | Kept]:
        """Return what becomes of the functions of routed rows, of those that are offered, and of whom they hand their arguments to."""
        shared = sorted(shared)
        if not self.surroundings.refuses(''):
            self.forwards.start(self._places(wanted) | self._places(shared))
        groups = self._groups(wanted)
        fresh = self._decided(wanted, (group for alike in groups.values() for group in alike), shared)
        found = dict(fresh)
        # Who hands its arguments to one that keeps its convention keeps its own.
        while changed := self.forwards.drop(name for name, outcome in fresh.items() if isinstance(outcome, Kept)):
            again = {group for name in changed for group in groups.get(last_component(name), ())}
            fresh = self._decided(wanted, sorted(again), [name for name in shared if name in changed])
            found |= fresh
        helpers = {name: Upgrade(*self.forwards.edits(name), keywords=False) for name in self.forwards.helpers}
        return {name: self._with_calls(name, outcome) for name, outcome in found.items()} | helpers

    def _groups(self, wanted: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
        """Return the names in the order of the rows, together where they mean one function: `f`, `C::f`; by their last components."""
        groups: dict[object, list[str]] = {}
        for name in wanted:
            groups.setdefault(tuple(f.span for f in self._functions(name)) or name, []).append(name)
        found: dict[str, list[tuple[str, ...]]] = {}
        for names in groups.values():
            for word in {last_component(name) for name in names}:
                found.setdefault(word, []).append(tuple(names))
        return found

    def _decided(
        self, wanted: dict[str, list[tuple[Row, Entry]]], groups: Iterable[tuple[str, ...]], shared: Iterable[str]
    ) -> dict[str, Upgrade | Kept]:
        """Decide once about a function that rows name in several ways; its edits go with the first."""
        found: dict[str, Upgrade | Kept] = {}
        for first, *others in groups:
            outcome = self.decide(first, [pair for name in (first, *others) for pair in wanted[name]])
            found[first] = outcome
            found |= dict.fromkeys(others, outcome._replace(edits=()) if isinstance(outcome, Upgrade) else outcome)
        return found | {name: self.offer(name) for name in shared}

    def _places(self, names: Iterable[str]) -> dict[str, Forward]:
        """Return the functions of this file among `names` that have one convention, and where they take their arguments."""
        conventions = {name: self._conventions(name) for name in names if any(f.body for f in self._functions(name))}
        return {name: KEYWORDS if 'varargs|keywords' in found else VARARGS for name, found in conventions.items() if len(found) == 1}

    def _conventions(self, name: str) -> frozenset[str | None]:
        return self.listed.get(name, frozenset()) | self.surroundings.listed_elsewhere().get(name, frozenset())

    def _with_calls(self, name: str, outcome: Upgrade | Kept) -> Upgrade | Kept:
        """Let those who hand the vector on call the second entry."""
        if isinstance(outcome, Kept) or outcome.entry not in ('static', 'shared'):
            return outcome
        renamed = tuple(Edit(span, entries.name_of(name).encode()) for span in self.forwards.calls_of(name))
        return outcome._replace(edits=outcome.edits + renamed)

    def _functions(self, name: str) -> list[Function]:
        return self.forwards.functions(name)

    def decide(self, name: str, rows: list[tuple[Row, Entry]]) -> Upgrade | Kept:
        conventions = self.listed.get(name, frozenset()) | {entry.convention for _, entry in rows}
        functions = self._functions(name)
        if reason := self.surroundings.refuses(name):
            return Kept(reason, rows[0][0].line)
        if len(conventions) != 1 or self.forwards.is_ambiguous(name):
            return Kept(Reason.REFERENCED, rows[0][0].line)
        keywords = conventions == {'varargs|keywords'}
        if not any(f.body for f in functions):
            return self._elsewhere(name, rows[0][0].line, keywords=keywords)
        if name in self.surroundings.listed_elsewhere():
            return self.offer(name)
        stays = self._stays(name, functions, rows)
        return self._second(functions, stays, rows, keywords=keywords) if stays else self._rewrite(functions, keywords=keywords)

    def _elsewhere(self, name: str, line: int, *, keywords: bool) -> Upgrade | Kept:
        found = self.surroundings.offer_elsewhere(name)
        if isinstance(found, Upgrade):
            if found.keywords != keywords:
                return Kept(Reason.SIGNATURE, line)
            return Upgrade((), frozenset({f'by_tuple{_suffix(keywords=keywords)}'}), keywords, 'elsewhere')
        return found or Kept(Reason.EXTERNAL_DEFINITION, line)

    def offer(self, name: str) -> Upgrade | Kept:
        """Give a function that other files' rows name a second entry that they can call."""
        functions = self._functions(name)
        line = functions[0].line
        conventions = self._conventions(name)
        if reason := self.surroundings.refuses(name):
            return Kept(reason, line)
        if len(conventions) != 1 or not conventions <= UPGRADED.keys() or self.surroundings.is_macro(name):
            return Kept(Reason.EXTERNAL_LINKAGE, line)
        if self._internal(functions) or any(f.scope.path for f in functions):
            return Kept(Reason.EXTERNAL_DEFINITION, line)
        return self._second(functions, _Stays(Reason.EXTERNAL_LINKAGE, line), [], keywords=conventions == {'varargs|keywords'})

    def _stays(self, name: str, functions: list[Function], rows: list[tuple[Row, Entry]]) -> _Stays | None:
        """Return why others than routed rows of this file need the function as it is."""
        if self.surroundings.mentioned_elsewhere(last_component(name), internal=self._internal(functions)):
            return _Stays(Reason.EXTERNAL_LINKAGE, functions[0].line)
        if self.surroundings.may_be_pasted(last_component(name)):
            return _Stays(Reason.MAY_BE_PASTED, functions[0].line)
        word = last_component(name).encode()
        own = [*self.forwards.calls_of(word.decode()), *(f.name_span for f in functions)]
        own += [span for row, _ in rows if (span := row.fields[1])]
        for place in self.mentions.places(word, own):
            reason = Reason.CALLED_DIRECTLY if self.mentions.is_call(word, place) else Reason.REFERENCED
            return _Stays(reason, self._line(place))
        return None

    def _internal(self, functions: list[Function]) -> bool:
        return any(f.static or '' in f.scope.path for f in functions)

    def _line(self, place: int) -> int:
        return self.text.count(b'\n', 0, place) + 1

    def _rewrite(self, functions: list[Function], *, keywords: bool) -> Upgrade | Kept:
        """Let the function itself take the vector, at its definitions and declarations."""
        place = KEYWORDS if keywords else VARARGS
        edits: list[Edit] = []
        calls: set[str] = set()
        for function in functions:
            found = self.forwards.uses(function, place)
            if isinstance(found, Kept):
                return found
            edits += [*found.edits, *parameters.edits(self.text, function, place, cxx=self.language == 'c++')]
            calls |= found.calls
        return Upgrade(tuple(edits), frozenset(calls), keywords)

    def _second(self, functions: list[Function], stays: _Stays, rows: list[tuple[Row, Entry]], *, keywords: bool) -> Upgrade | Kept:
        """Let a second entry take the vector."""
        static = self._internal(functions)
        if any(is_member(f) for f in functions) or self._says_its_name(functions):
            return Kept(stays.reason, stays.line)
        place = KEYWORDS if keywords else VARARGS
        edits: list[Edit] = []
        calls: set[str] = set()
        for function in functions:
            found = self.forwards.uses(function, place)
            if isinstance(found, Kept):
                return found
            frame = Frame.of(self.text, function)
            # Others might call it without a tuple, and the body would know; callers within the file have another `self` than other files.
            if frame is None or found.asks or (not static and frame.self.type and self.forwards.calls_of(function.name)):
                return Kept(stays.reason, stays.line)
            if function.body:
                edits += [*found.edits, *parameters.edits(self.text, function, place, cxx=self.language == 'c++')]
            if function.body or static:
                edits += entries.edits(function, frame, keywords=keywords, reads=found.reads, cxx=self.language == 'c++', shared=not static)
            calls |= found.calls | ({f'by_vector{_suffix(keywords=keywords)}'} if found.reads else set())
        late = self._late(functions, rows, keywords=keywords) if static else ''
        return Upgrade(tuple(edits), frozenset(calls), keywords, 'static' if static else 'shared', late)

    def _late(self, functions: list[Function], rows: list[tuple[Row, Entry]], *, keywords: bool) -> str:
        """Return a declaration of the second entry, empty where there is one in front of each stub that calls it."""
        if self._in_time(functions, rows):
            return ''
        own = Self.of(self.text, functions[0])
        assert own is not None
        return entries.declaration(functions[0].name, own, keywords=keywords, cxx=self.language == 'c++')

    def _in_time(self, functions: list[Function], rows: list[tuple[Row, Entry]]) -> bool:
        """Tell whether something declares the second entry before each stub that calls it."""
        start = min(f.span.end for f in functions)
        return all(span.start >= start for row, _ in rows if (span := row.fields[1]))

    def _says_its_name(self, functions: list[Function]) -> bool:
        macros = self.surroundings.macros_bringing(SELF_NAMING)
        return any(f.body and says_its_name(self.text, f.body, self.language, macros) for f in functions)
