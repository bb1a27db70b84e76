"""The variables of a function body, and how far each name reaches.

Only declarations that can be nothing else are taken for one: a name that is missed here counts as a mention of something outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What no declaration of a variable begins with; `extern` declares something from outside.
_NO_DECLARATION: Final = frozenset(
    b'return goto else do case default if while for switch break continue sizeof typedef extern using namespace throw delete new '
    b'template friend asm __asm__ __asm static_assert _Static_assert co_return co_await co_yield try catch operator typename'.split()
)
_TAGS: Final = frozenset({b'struct', b'union', b'enum', b'class'})
_POINTERS: Final = frozenset(b'* & && const volatile restrict __restrict __restrict__ _Nonnull _Nullable'.split())
_BRANCHES: Final = frozenset({b'else', b'elif', b'elifdef', b'elifndef'})
_CONDITIONS: Final = frozenset({b'if', b'ifdef', b'ifndef'})
_WITH_CONDITION: Final = frozenset({b'for', b'while', b'if', b'switch'})


class Reach(NamedTuple):
    """Where a local name hides what bears it outside: byte offsets."""

    name: bytes
    start: int
    end: int


def variables(source: bytes, tokens: Sequence[lexer.Token]) -> tuple[Reach, ...]:
    """Return the variables that `tokens`, a function body with its braces, declares; none where `#if`s tear its blocks apart."""
    try:
        return tuple(_Body(source, tokens).read())
    except _TornError:
        return ()


def hides(reaches: Sequence[Reach], name: bytes, offset: int) -> bool:
    """Tell whether `name` at `offset` is one of these variables."""
    return any(reach.name == name and reach.start <= offset < reach.end for reach in reaches)


class _TornError(Exception):
    """A body whose blocks can not be told."""


@dataclass(slots=True)
class _Body:
    """Reads the declarations of one body."""

    source: bytes
    tokens: Sequence[lexer.Token]
    # Names declared and not yet out of reach: (name, offset), one list for each open block or `#if` branch.
    _open: list[list[tuple[bytes, int]]] = field(default_factory=list)
    # What is open: `{`, or the `#` of a branch.
    _kinds: list[bytes] = field(default_factory=list)
    _found: list[Reach] = field(default_factory=list)

    def read(self) -> list[Reach]:
        index, begins = 0, False
        while index < len(self.tokens):
            kind, text, start, _ = self.tokens[index]
            if kind == lexer.HASH:
                index = self._directive(index)
                continue
            if text == b'{':
                self._enter(text)
            elif text == b'}':
                self._leave(b'{', start)
            elif begins and kind == lexer.WORD:
                self._statement(index)
            begins = text in (b'{', b'}', b';')
            if text in _WITH_CONDITION and self._text(index + 1) == b'(':
                self._loop(index + 2, condition=text != b'for')
            index += 1
        if self._open:
            raise _TornError
        return self._found

    def _text(self, index: int) -> bytes:
        return self.tokens[index][1] if 0 <= index < len(self.tokens) else b''

    def _enter(self, kind: bytes) -> None:
        self._kinds.append(kind)
        self._open.append([])

    def _leave(self, kind: bytes, offset: int) -> None:
        if not self._kinds or self._kinds.pop() != kind:
            raise _TornError
        self._found += [Reach(name, start, offset) for name, start in self._open.pop()]

    def _directive(self, index: int) -> int:
        """Take a directive; what an `#if` branch declares reaches to its end."""
        start = self.tokens[index][2]
        name = self._text(index + 1)
        if name in _BRANCHES or name == b'endif':
            self._leave(b'#', start)
        if name in _BRANCHES or name in _CONDITIONS:
            self._enter(b'#')
        end = lexer.directive_end(self.source, start)
        while index < len(self.tokens) and self.tokens[index][2] < end:
            index += 1
        return index

    def _statement(self, index: int) -> None:
        """Take the names that a statement declares, if it is a declaration."""
        if not self._open:
            raise _TornError
        for at in self._declared(index):
            self._open[-1].append((self._text(at), self.tokens[at][2]))

    def _declared(self, index: int) -> Iterator[int]:
        """Yield the indices of the names that the declaration at `index` declares; none where it is no declaration."""
        at = self._specifiers(index)
        while at:
            while self._text(at) in _POINTERS:
                at += 1
            if not self._is_name(at) or self._text(at + 1) not in (b';', b'=', b'[', b',', b':'):
                return
            yield at
            at = self._behind_comma(at + 1)

    def _is_name(self, index: int) -> bool:
        return index < len(self.tokens) and self.tokens[index][0] == lexer.WORD

    def _specifiers(self, index: int) -> int:
        """Return the index behind the type that begins at `index`, 0 where none does."""
        at, words = index, 0
        while self._is_name(at) and self._text(at) not in _NO_DECLARATION:
            following = self._text(at + 1)
            if self._text(at) in _TAGS:
                at += 1
                if not self._is_name(at):
                    return 0
                following = self._text(at + 1)
            if words and following in (b';', b'=', b'[', b',', b':'):
                return at  # it is the name
            words, at = words + 1, at + 1
            if following == b'::':
                words, at = words - 1, at + 1
            elif following == b'<':
                at = self._behind_angles(at)
            if at and self._text(at) in _POINTERS:
                return at
        return 0

    def _behind_angles(self, index: int) -> int:
        depth = 0
        while index < len(self.tokens):
            text = self._text(index)
            depth += (text == b'<') - (text == b'>')
            if not depth:
                return index + 1
            if text in (b';', b'{', b'}', b'&&', b'||'):
                break
            index += 1
        return len(self.tokens)

    def _behind_comma(self, index: int) -> int:
        """Return the index behind the next comma of this declaration, 0 where it ends before."""
        depth = 0
        while index < len(self.tokens):
            kind, text, _, _ = self.tokens[index]
            if kind == lexer.HASH or (not depth and text in (b';', b')', b'}')):
                return 0
            if not depth and text == b',':
                return index + 1
            depth += (text in lexer.OPENING) - (text in lexer.CLOSING)
            index += 1
        return 0

    def _loop(self, index: int, *, condition: bool) -> None:
        """Take the names of `for (int i = 0; ...) {...}`, `while (T *t = next()) {...}`; they reach to the end of the braces."""
        names = list(self._declared(index)) if self._is_name(index) else []
        if condition:
            names = [at for at in names if self._text(at + 1) == b'=']
        if not names:
            return
        end = self._behind_group(self._behind_group(index - 1), braces=True)
        if end:
            self._found += [Reach(self._text(at), self.tokens[at][2], self.tokens[end - 1][2]) for at in names]

    def _behind_group(self, index: int, *, braces: bool = False) -> int:
        """Return the index behind the group in brackets at `index`, 0 where there is none."""
        if not index or self._text(index) != (b'{' if braces else b'('):
            return 0
        depth = 0
        for at in range(index, len(self.tokens)):
            kind, text, _, _ = self.tokens[at]
            if kind == lexer.HASH:
                return 0
            depth += (text in lexer.OPENING) - (text in lexer.CLOSING)
            if not depth:
                return at + 1
        return 0
