"""Where a file mentions a name, apart from the places that are known."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.scan import lexer
from tramp_build.upgrade.code import Code
from tramp_build.upgrade.locals import hides, variables
from tramp_build.upgrade.uses import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tramp_build.model import Function, Language, ScanResult, Span
    from tramp_build.upgrade.locals import Reach

_WORD: Final = re.compile(rb'[A-Za-z_]\w*')
_IN_WORD: Final = re.compile(rb'\w')
# A member, a tag, a file: these have name spaces of their own (C11 6.2.3).
_ELSEWHERE: Final = re.compile(
    rb'(?:(?<!\.)\.|->|\b(?:struct|union|enum)\b|^[ \t]*#[ \t]*(?:include|error|warning)\b[^\n]*)\s*\Z', re.MULTILINE
)
# `std::hash`, whose like no project declares.
_STANDARD: Final = re.compile(rb'\bstd\s*::\s*\Z')
# `std::size_t next;`, `Owner *next{0}`: an expression has no word in front of a name but for these.
_DECLARED: Final = re.compile(rb'([A-Za-z_]\w*)\s*(?:(?:[*&]|\bconst\b)\s*)*\Z')
_DECLARED_BEHIND: Final = re.compile(rb'[ \t]*(?:[;={\[,)]|:(?!:))(?!=)')
_BEFORE_EXPRESSION: Final = frozenset(
    b'return else do case goto throw new delete sizeof typeof alignof decltype typeid not and or bitand xor co_return co_yield co_await'
    b' const define'.split()
)
_LOOK_BACK: Final = 200
# To look for so many names takes less time than to note all words.
_FEW: Final = 40


class Known(NamedTuple):
    """Spans that are asked about for many names: sorted once."""

    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Known:
        return cls(tuple(sorted((span.start, span.end) for span in spans)))


@dataclass(slots=True)
class Mentions:
    """The words of one file in plain spelling; read once, and what is no code only when somebody asks."""

    text: bytes
    language: Language
    functions: Sequence[Function] = ()
    _asked: int = 0
    _places: dict[bytes, list[int]] | None = field(default=None)
    _code: Code | None = field(default=None)
    _variables: dict[Span, tuple[Reach, ...]] = field(default_factory=dict)
    # The functions by where they begin, and how far those up to each one reach.
    _starts: list[tuple[int, int]] | None = field(default=None)
    _reach: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, source: bytes, scan: ScanResult) -> Mentions:
        """Return those of a source."""
        return cls(lexer.normalise(source), scan.language, scan.functions)

    def places(self, name: bytes, known: Iterable[Span] | Known) -> Iterator[int]:
        """Yield the places of `name` in code, outside of the spans that are known and where it is not another thing's name."""
        # A generated file may have a hundred thousand rows for one function.
        spans = (known if isinstance(known, Known) else Known.of(known)).spans
        for place in self._words(name):
            index = bisect_right(spans, (place, len(self.text))) - 1
            if (index < 0 or spans[index][1] <= place) and self._is_code(place) and not self._another(name, place):
                yield place

    def _words(self, name: bytes) -> Iterable[int]:
        """Return where a name may be a word.  The first few are looked for, then all words are noted."""
        self._asked += 1
        if not _WORD.fullmatch(name):
            return ()
        if self._asked <= _FEW:
            return _occurrences(self.text, name)
        if self._places is None:
            self._places = {}
            for match in _WORD.finditer(self.text):
                self._places.setdefault(match[0], []).append(match.start())
        return self._places.get(name, ())

    def is_call(self, name: bytes, place: int) -> bool:
        """Tell whether an opening parenthesis follows."""
        return self.text[place + len(name) : place + len(name) + 200].lstrip()[:1] == b'('

    def is_variable(self, name: bytes, place: int) -> bool:
        """Tell whether the name means a parameter or a variable there."""
        return self._is_local(name, place)

    def _is_code(self, place: int) -> bool:
        """Tell whether a word is no part of a comment or a string, nor of a C structure, which only declares members."""
        if self._code is None:
            self._code = Code.of(self.text, self.language)
        return self._code.has_word(place)

    def _another(self, name: bytes, place: int) -> bool:
        """Tell whether it is a member, a tag, a file, a variable or a parameter that only bears the name."""
        before = self.text[max(0, place - _LOOK_BACK) : place]
        if _ELSEWHERE.search(before) or _STANDARD.search(before) or self._is_local(name, place):
            return True
        declared = _DECLARED.search(before)
        return (
            declared is not None
            and declared[1] not in _BEFORE_EXPRESSION
            and _DECLARED_BEHIND.match(self.text, place + len(name)) is not None
        )

    def _around(self, place: int) -> Iterator[Function]:
        """Yield the functions that a place is in."""
        if self._starts is None:
            self._starts = sorted((f.span.start, index) for index, f in enumerate(self.functions))
            self._reach = list(accumulate((self.functions[index].span.end for _, index in self._starts), max))
        at = bisect_right(self._starts, (place, len(self.functions))) - 1
        while at >= 0 and self._reach[at] > place:
            function = self.functions[self._starts[at][1]]
            if place < function.span.end:
                yield function
            at -= 1

    def _is_local(self, name: bytes, place: int) -> bool:
        for function in self._around(place):
            if function.varies:
                continue
            own = [p for p in function.parameters if p.name is not None and p.name.encode() == name]
            if any(p.span.start <= place < p.span.end for p in own):
                return True
            if function.body and function.body.start <= place and (own or hides(self._variables_of(function.body), name, place)):
                return True
        return False

    def _variables_of(self, body: Span) -> tuple[Reach, ...]:
        if body not in self._variables:
            self._variables[body] = variables(self.text, tokens(self.text, body, self.language))
        return self._variables[body]


def _occurrences(text: bytes, name: bytes) -> Iterator[int]:
    """Yield where a name stands as a whole word."""
    place = text.find(name)
    while place >= 0:
        if not (_IN_WORD.match(text, place + len(name)) or (place and _IN_WORD.match(text, place - 1))):
            yield place
        place = text.find(name, place + 1)
