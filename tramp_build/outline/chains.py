"""The catch chains of a function body, as tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Span
from tramp_build.scan import lexer
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.model import Function

_CONDITIONS: Final = frozenset({b'if', b'ifdef', b'ifndef'})
_BRANCHES: Final = frozenset({b'else', b'elif', b'elifdef', b'elifndef'})
_SPECIFIERS: Final = frozenset(b'inline explicit constexpr virtual extern static friend'.split())
_PARTNER: Final = {b')': b'(', b']': b'[', b'}': b'{'}


class Clause(NamedTuple):
    """`catch (declared) { body }`, without its brackets."""

    declared: tuple[lexer.Token, ...]
    body: tuple[lexer.Token, ...]

    @property
    def takes_all(self) -> bool:
        return [token[1] for token in self.declared] == [b'...']


class Chain(NamedTuple):
    """The clauses behind one try block."""

    span: Span  # from the first `catch` to the last brace
    tried: Span  # the block of the `try`, with its braces
    word: Span  # `try`
    first: int  # the same as a token; of a function-try-block, the brace behind it
    last: int  # the last brace
    clauses: tuple[Clause, ...]
    conditional: bool  # an `#if` within the function decides about it, or stands in it
    around_body: bool = False  # it is that of a function-try-block; where the `try` stands is not known to the body

    @property
    def takes_all(self) -> bool:
        return self.clauses[-1].takes_all

    def words(self) -> frozenset[bytes]:
        """Return the words of all clauses."""
        return frozenset(text for clause in self.clauses for kind, text, _, _ in (*clause.declared, *clause.body) if kind == lexer.WORD)


class TornError(Exception):
    """A body whose blocks can not be told, since `#if`s tear them apart."""


@dataclass(slots=True)
class Body:
    """A function body: its tokens without directives, and which brackets belong together."""

    tokens: Sequence[lexer.Token]
    _parents: list[int] = field(default_factory=list)  # the innermost bracket around each token, -1 for none
    _levels: list[int] = field(default_factory=list)  # how many `#if`s are open, by token
    _directives: list[int] = field(default_factory=list)  # their offsets
    _partners: dict[int, int] = field(default_factory=dict)
    _openings: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, text: bytes, span: Span) -> Body:
        """Read a body with its braces.  Raises TornError."""
        body = cls([])
        body._read(text, tokens_of(text, span, 'c++'))
        return body

    def _read(self, text: bytes, everything: Sequence[lexer.Token]) -> None:
        kept: list[lexer.Token] = []
        stack: list[tuple[bytes, int]] = []
        ifs: list[list[tuple[bytes, int]]] = []
        end = 0
        for index, token in enumerate(everything):
            if token[2] < end:
                continue
            if token[0] == lexer.HASH:
                end = lexer.directive_end(text, token[2])
                self._directives.append(token[2])
                word = everything[index + 1][1] if index + 1 < len(everything) else b''
                _condition(word, ifs, stack)
                continue
            if token[0] == lexer.BRACKET:
                self._bracket(token[1], len(kept), stack)
            kept.append(token)
            self._parents.append(next((at for _, at in reversed(stack) if at < len(kept) - 1), -1))
            self._levels.append(len(ifs))
        if stack or ifs:
            raise TornError
        self.tokens = kept

    def _bracket(self, text: bytes, index: int, stack: list[tuple[bytes, int]]) -> None:
        if text in _PARTNER:
            if not stack or stack[-1][0] != _PARTNER[text]:
                raise TornError
            opening = stack.pop()[1]
            self._partners[opening] = index
            self._openings[index] = opening
        elif text != b';':
            stack.append((text, index))

    def opening(self, index: int) -> int:
        """Return which bracket the one at `index` closes."""
        return self._openings[index]

    def closing(self, index: int) -> int:
        """Return which bracket closes the one at `index`."""
        return self._partners[index]

    def around(self, index: int) -> int:
        """Return the innermost bracket around a token, -1 where there is none."""
        return self._parents[index]

    def is_conditional(self, index: int) -> bool:
        """Tell whether an `#if` within the body decides about a token."""
        return self._levels[index] > 0

    def varies_around(self, chain: Chain) -> bool:
        """Tell whether a directive stands in the body in front of the `try` or behind the chain."""
        return any(not chain.tried.start < offset < chain.tried.end for offset in self._directives)

    def _text(self, index: int) -> bytes:
        return self.tokens[index][1] if index < len(self.tokens) else b''

    def chains(self) -> list[Chain]:
        """Return the chains, in the order of their `try`s."""
        tries = [i for i, token in enumerate(self.tokens) if token[1] == b'try' and token[0] == lexer.WORD and self._text(i + 1) == b'{']
        around = self._chain(0) if self._partners and self._partners[0] < len(self.tokens) - 1 else None
        return [*([around] if around else ()), *(chain for index in tries if (chain := self._chain(index + 1)))]

    def _chain(self, opening: int) -> Chain | None:
        at, clauses = self._partners[opening] + 1, []
        first = at
        while self._text(at) == b'catch' and self._text(at + 1) == b'(':
            closing = self._partners[at + 1]
            if self._text(closing + 1) != b'{':
                return None
            end = self._partners[closing + 1]
            clauses.append(Clause(tuple(self.tokens[at + 2 : closing]), tuple(self.tokens[closing + 2 : end])))
            at = end + 1
        if not clauses:
            return None
        # From the brace in front of it: an `#if` may stand between that and the first `catch`.
        span = Span(self.tokens[first][2], self.tokens[at - 1][3])
        front = self.tokens[first - 1][2]
        conditional = self._levels[first] > 0 or any(front < offset < span.end for offset in self._directives)
        tried = Span(self.tokens[opening][2], self.tokens[first - 1][3])
        word = Span(*self.tokens[opening - 1][2:]) if opening else Span(tried.start, tried.start)
        return Chain(span, tried, word, max(opening - 1, 0), at - 1, tuple(clauses), conditional, around_body=not opening)


def throws_on(function: Function, head: Sequence[lexer.Token]) -> bool:
    """Tell whether the handlers of a function-try-block throw on what they have caught.

    Those of constructors and destructors do ([except.handle] 14); no type stands in front of their names, nor of a conversion's.
    """
    *scopes, name = function.name.split('::')
    before = {text for kind, text, start, _ in head if kind == lexer.WORD and start < function.name_span.start}
    return name.startswith('~') or (bool(scopes) and (name == scopes[-1].partition('<')[0] or not before - _SPECIFIERS))


def _condition(word: bytes, ifs: list[list[tuple[bytes, int]]], stack: list[tuple[bytes, int]]) -> None:
    """Follow a directive: each branch has to leave open what it found open."""
    if word in _CONDITIONS:
        ifs.append(list(stack))
    elif word in _BRANCHES or word == b'endif':
        if not ifs or ifs[-1] != stack:
            raise TornError
        if word == b'endif':
            ifs.pop()
