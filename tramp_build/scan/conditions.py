"""The stack of open `#if`s, and which of their branches goes on after `#endif`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tramp_build.model import Condition

# Deeper nesting than this is not real code; what stands there is not reported, so that no path of conditions grows without bound.
MAX_DEPTH: Final = 200

_COMMENTS = re.compile(rb'/\*[^*]*(?:\*(?!/)[^*]*){0,4000}\*/|//[^\n]*|\\\r?\n')
_FALSE: Final = frozenset({b'0', b'(0)', b'false'})
_TRUE: Final = frozenset({b'1', b'(1)', b'true'})


# `#ifdef X`, `#if defined X` and `#if defined(X)` say the same.
_DEFINED: Final = re.compile(rb'(!?)\s*defined\s*(?:\(\s*(\w+)\s*\)|(\w+))\Z')


def meaning(keyword: bytes, text: bytes) -> bytes:
    """The condition in one spelling, so that two `#if`s of the same condition can be known as such."""
    value = b' '.join(plain_text(text).split())
    if keyword in (b'ifdef', b'ifndef', b'elifdef', b'elifndef'):
        return (b'!' if keyword.endswith(b'ndef') else b'') + b'defined ' + value
    if match := _DEFINED.match(value):
        return match[1] + b'defined ' + (match[2] or match[3])
    return value


def plain_text(directive: bytes) -> bytes:
    """The text of a directive without comments and continuations."""
    return _COMMENTS.sub(b' ', directive).strip()


@dataclass(slots=True)
class Frame:
    """One open `#if`; `saved` and `ends` hold states of the scanner, which only the scanner reads."""

    id: int
    saved: object
    negative: bool  # `#ifndef X`, `#if !X`, `#if 0`: the configuration that is followed has X
    dead: bool  # the branch at hand is never compiled
    said: bytes  # all conditions of the chain so far
    branch: int = 0
    always: bool = False  # an earlier branch is `#if 1`, so the rest is dead
    has_else: bool = False
    ends: list[object] = field(default_factory=list)


class Conditions:
    """Follows the conditional directives of one file."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        # One id per condition: the same place twice under `#ifdef X` is the same branch, unless X changes in between,
        # and then the compiler rejects what was made of it.
        self._ids: dict[bytes, int] = {}
        self._dead = 0
        self._path: Condition | None = ()

    @property
    def dead(self) -> bool:
        """Whether the place at hand is under a literal `#if 0`."""
        return self._dead > 0

    @property
    def too_deep(self) -> bool:
        return len(self.frames) > MAX_DEPTH

    @property
    def path(self) -> Condition:
        if self._path is None:
            self._path = tuple((frame.id, frame.branch) for frame in self.frames[:MAX_DEPTH])
        return self._path

    def begin(self, keyword: bytes, text: bytes, saved: object) -> Frame:
        value = plain_text(text) if keyword == b'if' else b''
        dead = value in _FALSE
        negative = dead or keyword == b'ifndef' or value.startswith(b'!')
        said = meaning(keyword, text)
        frame = Frame(self._ids.setdefault(said, len(self._ids)), saved, negative, dead, said, always=value in _TRUE)
        self._dead += dead
        self.frames.append(frame)
        self._path = None
        return frame

    def switch(self, keyword: bytes, text: bytes) -> None:
        """Go to the next branch of the innermost `#if`."""
        frame = self.frames[-1]
        frame.branch += 1
        if keyword != b'else':
            frame.said += b'\n' + meaning(keyword, text)
            frame.id = self._ids.setdefault(frame.said, len(self._ids))
        frame.has_else = frame.has_else or keyword == b'else'
        value = plain_text(text) if keyword == b'elif' else b''
        dead = frame.always or value in _FALSE
        frame.always = frame.always or value in _TRUE
        self._dead += dead - frame.dead
        frame.dead = dead
        self._path = None

    def end(self) -> Frame:
        frame = self.frames.pop()
        self._dead -= frame.dead
        self._path = None
        return frame
