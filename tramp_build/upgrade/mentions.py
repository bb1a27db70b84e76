"""Where a file mentions a name, apart from the places that are known."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.model import Span
from tramp_build.scan import lexer
from tramp_build.upgrade.uses import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tramp_build.model import Language

_WORD: Final = re.compile(rb'[A-Za-z_]\w*')


@dataclass(slots=True)
class Mentions:
    """The words of one file; read once, and its tokens only when a word may stand in a comment."""

    text: bytes
    language: Language
    _places: dict[bytes, list[int]] | None = field(default=None)
    _code: set[int] | None = field(default=None)

    def of(self, name: bytes, known: Iterable[Span]) -> Iterator[int]:
        """Yield the places of `name` in code, outside of the spans that are known."""
        if self._places is None:
            self._places = {}
            for match in _WORD.finditer(self.text):
                self._places.setdefault(match[0], []).append(match.start())
        # A generated file may have a hundred thousand rows for one function.
        spans = sorted((span.start, span.end) for span in known)
        for place in self._places.get(name, ()):
            index = bisect_right(spans, (place, len(self.text))) - 1
            if (index < 0 or spans[index][1] <= place) and self._is_code(place):
                yield place

    def is_call(self, name: bytes, place: int) -> bool:
        """Tell whether an opening parenthesis follows."""
        return self.text[place + len(name) : place + len(name) + 200].lstrip()[:1] == b'('

    def _is_code(self, place: int) -> bool:
        if self._code is None:
            found = tokens(self.text, Span(0, len(self.text)), self.language)
            self._code = {start for kind, _, start, _ in found if kind == lexer.WORD}
        return place in self._code
