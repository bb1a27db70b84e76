"""Which names macros can put together with `##`.

For each parameter that a macro pastes, the words that it is given are collected: in the source, and in the replacements of other macros,
whose own parameters bring along what those are given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PASTE: Final = re.compile(rb'\w*(?:[\s\\]*##[\s\\]*\w*)+')
_OPERATOR: Final = re.compile(rb'[\s\\]*##[\s\\]*')
_WORD: Final = re.compile(rb'\w+')
_NAME: Final = re.compile(rb'[A-Za-z_]\w*')
_INVOCATION: Final = re.compile(rb'\b([A-Za-z_]\w*)[\s\\]*\(')
_PARTS: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[(),]')
# Arguments of more brackets and commas are taken up to a place, all of their words for each parameter.
_MAX_PARTS: Final = 200
_MAX_ARGUMENTS: Final = 1000
# Names for names for macros: no longer chain is followed.
_MAX_NAMES: Final = 5

# A macro and one of its parameters.
_Place = tuple[bytes, bytes]


class Definition(NamedTuple):
    """One `#define`; one without parameters may stand for the name of another macro."""

    parameters: tuple[bytes, ...]
    replacement: bytes

    def chains(self) -> Iterator[list[bytes]]:
        """Yield what it pastes: the words between the `##`s, literal ones and parameters."""
        if b'##' in self.replacement:
            for match in _PASTE.finditer(self.replacement):
                yield _OPERATOR.split(match[0])


def parameters_of(spelled: bytes) -> tuple[bytes, ...]:
    """Return the names between a macro's parentheses; `...` has the name that a replacement calls it by."""
    names = (part.strip() for part in spelled.split(b','))
    return tuple(b'__VA_ARGS__' if name == b'...' else name.removesuffix(b'...').strip() for name in names if name)


@dataclass(slots=True)
class Macros:
    """All macros of a project that have to do with pasting."""

    definitions: Mapping[bytes, tuple[Definition, ...]]
    # Where a parameter is given to another macro.
    flows: dict[_Place, set[_Place]] = field(default_factory=dict)
    # What replacements give to parameters.
    given: dict[_Place, set[bytes]] = field(default_factory=dict)
    chains: list[tuple[bytes, tuple[bytes, ...], list[bytes]]] = field(default_factory=list)
    _expansions: dict[bytes, frozenset[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, everything: Iterable[tuple[bytes, Iterable[Definition]]]) -> Macros:
        """Take all definitions; a macro may have several."""
        definitions: dict[bytes, tuple[Definition, ...]] = {}
        for name, found in everything:
            definitions[name] = definitions.get(name, ()) + tuple(found)
        macros = cls(definitions)
        for name, found in definitions.items():
            for definition in found:
                macros.chains += [(name, definition.parameters, chain) for chain in definition.chains()]
                macros.collect(definition.replacement, macros.given, (name, definition.parameters))
        spread(macros.given, macros.flows)
        return macros

    def collect(self, text: bytes, given: dict[_Place, set[bytes]], within: tuple[bytes, tuple[bytes, ...]] = (b'', ())) -> None:
        """Put the words that `text`, the replacement of a macro or a source, gives to parameters into `given`."""
        for match in _INVOCATION.finditer(text):
            for macro, definition in self._meant(match[1], 0) if match[1] in self.definitions else ():
                arguments = _arguments(text, match.end(), len(definition.parameters))
                for parameter, argument in zip(definition.parameters, arguments, strict=False):
                    words = self._with_expansions(_words(argument))
                    own = words.intersection(within[1])
                    for name in own:
                        self.flows.setdefault((within[0], name), set()).add((macro, parameter))
                    given.setdefault((macro, parameter), set()).update(words - own)

    def _meant(self, name: bytes, depth: int) -> Iterator[tuple[bytes, Definition]]:
        """Yield the definitions with parameters that a name stands for, by way of other names or not."""
        for definition in self.definitions.get(name, ()):
            if definition.parameters:
                yield name, definition
            elif depth < _MAX_NAMES and _NAME.fullmatch(definition.replacement.strip()):
                yield from self._meant(definition.replacement.strip(), depth + 1)

    def _with_expansions(self, words: set[bytes]) -> set[bytes]:
        """Add what macros without parameters among the words stand for: an argument may be expanded on its way."""
        return words.union(*(self._expansion(word) for word in words if word in self.definitions))

    def _expansion(self, word: bytes) -> frozenset[bytes]:
        if word not in self._expansions:
            found, pending = {word}, [word]
            while pending:
                for definition in self.definitions.get(pending.pop(), ()):
                    more = set() if definition.parameters else _words(definition.replacement) - found
                    found |= more
                    pending += more
            self._expansions[word] = frozenset(found)
        return self._expansions[word]


def spread(given: dict[_Place, set[bytes]], flows: Mapping[_Place, set[_Place]]) -> None:
    """Pass words on from parameter to parameter."""
    pending = list(given)
    while pending:
        source = pending.pop()
        for target in flows.get(source, ()):
            words = given.setdefault(target, set())
            if not given[source] <= words:
                words |= given[source]
                pending.append(target)


@dataclass(slots=True)
class Pastes:
    """The names that one source may make of the macros of its project."""

    macros: Macros
    source: bytes
    _given: dict[_Place, set[bytes]] | None = field(default=None)

    def may_make(self, name: bytes) -> bool:
        """Tell whether a macro that is used could put `name` together."""
        return any(self._fits(macro, chain, parameters, name) for macro, parameters, chain in self.macros.chains)

    def _fits(self, macro: bytes, chain: list[bytes], parameters: tuple[bytes, ...], rest: bytes) -> bool:
        """Tell whether the parts of `chain`, with what the parameters are given, can make up `rest`."""
        if not chain:
            return not rest
        part, following = chain[0], chain[1:]
        if part not in parameters:
            return rest.startswith(part) and self._fits(macro, following, parameters, rest[len(part) :])
        last = chain[-1]
        if last not in parameters and not rest.endswith(last):
            return False
        return any(
            self._is_given((macro, part), rest[:end]) and self._fits(macro, following, parameters, rest[end:])
            for end in range(len(rest) + 1)
        )

    def _is_given(self, place: _Place, word: bytes) -> bool:
        if self._given is None:
            self._given = {}
            self.macros.collect(self.source, self._given)
            spread(self._given, self.macros.flows)
        # Digits may come from __LINE__ or __COUNTER__.
        return word.isdigit() or word in self.macros.given.get(place, ()) or word in self._given.get(place, ())


def _words(text: bytes) -> set[bytes]:
    """Return the words of a text, the empty one where it has none."""
    return set(_WORD.findall(text)) or {b''}


def _arguments(text: bytes, start: int, count: int) -> list[bytes]:
    """Return the arguments of the invocation whose parenthesis ends at `start`; all in one for each where no end is found."""
    depth, first = 0, start
    found: list[bytes] = []
    for match in islice(_PARTS.finditer(text, start), _MAX_PARTS):
        if match[0] == b'(':
            depth += 1
        elif match[0] == b')':
            if not depth:
                return [*found, text[first : match.start()]]
            depth -= 1
        elif match[0] == b',' and not depth and len(found) + 1 < count:
            found.append(text[first : match.start()])
            first = match.end()
    return [text[start : start + _MAX_ARGUMENTS]] * count
