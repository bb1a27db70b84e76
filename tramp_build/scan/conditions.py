"""The stack of open `#if`s: which condition a place stands under, and whether it is compiled at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tramp_build.model import Condition
    from tramp_build.scan.state import State

# Deeper nesting than this is not real code.  What stands there is not reported, so that no path of conditions grows without bound.
MAX_DEPTH: Final = 200

_COMMENTS = re.compile(rb'/\*[^*]*(?:\*(?!/)[^*]*){0,4000}\*/|//[^\n]*|\\[ \t]*\r?\n')
_FALSE: Final = frozenset({b'0', b'(0)', b'false'})
_TRUE: Final = frozenset({b'1', b'(1)', b'true'})
# `#ifdef X`, `#if defined X` and `#if defined(X)` say the same.
_DEFINED: Final = re.compile(rb'(!?)\s*\(?\s*defined\s*(?:\(\s*(\w+)\s*\)|(\w+))\s*\)?\Z')
_NEGATED: Final = re.compile(rb'!\s*(\w+)\Z')


def plain_text(directive: bytes) -> bytes:
    """Return the text of a directive without comments and continuations."""
    return _COMMENTS.sub(b' ', directive).strip()


def meaning(keyword: bytes, text: bytes) -> tuple[bytes, bool]:
    """Return the condition in one spelling, and whether it is the negation of that."""
    value = b' '.join(plain_text(text).split())
    if keyword in (b'ifdef', b'ifndef', b'elifdef', b'elifndef'):
        return b'defined ' + value, keyword.endswith(b'ndef')
    if match := _DEFINED.match(value):
        return b'defined ' + (match[2] or match[3]), bool(match[1])
    if match := _NEGATED.match(value):
        return match[1], True
    return value, False


@dataclass(slots=True)
class Frame:
    """One open `#if`."""

    id: int
    negated: bool  # `#ifndef X`: its branches are those of `#ifdef X`, the other way round
    saved: State  # of the scanner, at the `#if`
    dead: bool  # the branch at hand is never compiled
    always: bool  # a branch up to here is `#if 1`, so that the later ones are dead
    branch: int = 0
    has_else: bool = False
    first_is_taken: bool = True  # in the one configuration that brackets are followed in
    ends: list[State] = field(default_factory=list)  # of the branches so far, where they differ

    @property
    def pair(self) -> tuple[int, int]:
        return self.id, 1 - self.branch if self.negated else self.branch


class Conditions:
    """Follows the conditional directives of one file."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        # One id per condition and what was asked before it: the same place twice under `#ifdef X` is the same branch, unless X changes
        # in between, and then the compiler rejects what was made of it.
        self._ids: dict[tuple[int, bytes], int] = {}
        self._dead = 0
        self._beyond = 0  # open `#if`s that are too deep to follow
        self._path: Condition | None = ()

    @property
    def dead(self) -> bool:
        """Whether the place at hand is under a literal `#if 0`."""
        return self._dead > 0

    @property
    def readable(self) -> bool:
        """Whether what stands here is reported."""
        return not self._dead and not self._beyond

    @property
    def path(self) -> Condition:
        if self._path is None:
            self._path = tuple(frame.pair for frame in self.frames)
        return self._path

    def _id(self, before: int, value: bytes) -> int:
        return self._ids.setdefault((before, value), len(self._ids))

    def begin(self, keyword: bytes, text: bytes, saved: State) -> bool:
        """Enter an `#if`; False if it is too deep to follow."""
        if len(self.frames) >= MAX_DEPTH:
            self._beyond += 1
            return False
        value, negated = meaning(keyword, text)
        dead = value in _FALSE and not negated
        always = value in _TRUE and not negated
        self.frames.append(Frame(self._id(-1, value), negated, saved, dead, always, first_is_taken=not (dead or negated)))
        self._dead += dead
        self._path = None
        return True

    def current(self) -> Frame | None:
        """Return the `#if` that an `#else` or `#endif` here belongs to, None where there is none or it is too deep."""
        return self.frames[-1] if self.frames and not self._beyond else None

    def switch(self, frame: Frame, keyword: bytes, text: bytes) -> None:
        """Go to the next branch."""
        number = frame.pair[1]
        frame.branch += 1
        dead = frame.always
        if keyword == b'else':
            frame.has_else = True
        else:
            value, negated = meaning(keyword, text)
            # The chain is a condition of its own; that its first branch was asked the other way round is part of it.
            frame.id = self._id(frame.id, b'%d %d ' % (number, negated) + value)
            frame.negated = False
            dead = dead or (value in _FALSE and not negated)
            frame.always = frame.always or (value in _TRUE and not negated)
        self._dead += dead - frame.dead
        frame.dead = dead
        self._path = None

    def end(self) -> None:
        """Leave the innermost `#if`, followed or not."""
        if self._beyond:
            self._beyond -= 1
        elif self.frames:
            self._dead -= self.frames.pop().dead
            self._path = None
