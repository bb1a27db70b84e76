"""Which places of a file are code that may mention something: no comment, no string, and in C no member of a structure."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tramp_build.model import Language

# What a word that begins here is the rest of.
_IN_WORD: Final = re.compile(rb'[\w$\x80-\xff]')
_BLANK: Final = rb'[\s\\]*(?:(?:/\*[^*]*(?:\*(?!/)[^*]*){0,9}\*/|//[^\n]{0,1000}\n)[\s\\]*){0,9}'
_STRUCTURE: Final = re.compile(
    rb'(?:s(?<![\w$]s)truct|u(?<![\w$]u)nion)(?![\w$])' + _BLANK + rb'(?:[A-Za-z_$\x80-\xff][\w$\x80-\xff]*' + _BLANK + rb')?\{'
)
_BRACE: Final = re.compile(rb'[{}]')

# Where something is, one behind the other.
_Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Code:
    """The code of one file, by what is none."""

    text: bytes
    literals: _Spans
    structures: _Spans

    @classmethod
    def of(cls, text: bytes, language: Language) -> Code:
        """Read a file in plain spelling."""
        literals = list(lexer.literals(text, cxx=language == 'c++'))
        return cls(text, literals, list(_structures(text, literals)) if language == 'c' else [])

    def has_word(self, place: int) -> bool:
        """Tell whether the word at `place` is one of the code."""
        within = _IN_WORD.match(self.text, place - 1) if place else None
        return not (within or _find(self.literals, place) or _find(self.structures, place))


def _find(spans: _Spans, place: int) -> tuple[int, int] | None:
    index = bisect_right(spans, (place, sys.maxsize)) - 1
    return spans[index] if index >= 0 and place < spans[index][1] else None


def _structures(text: bytes, literals: _Spans) -> Iterator[tuple[int, int]]:
    """Yield what stands between the braces of `struct {...}` and `union {...}`."""
    position = 0
    while match := _STRUCTURE.search(text, position):
        if literal := _find(literals, match.start()):
            position = literal[1]
            continue
        position = _closing(text, match.end(), literals)
        yield match.end(), position


def _closing(text: bytes, start: int, literals: _Spans) -> int:
    """Return where the brace ends that has opened in front of `start`."""
    depth = 1
    for brace in _BRACE.finditer(text, start):
        if not _find(literals, brace.start()):
            depth += 1 if brace[0] == b'{' else -1
            if not depth:
                return brace.start()
    return len(text)
