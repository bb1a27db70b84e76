"""Which variables of a function its handlers can be given by reference: those whose declaration can be read without a compiler.

A declaration that is misread does not compile, for the reference has to be of the type that the variable has; so what is doubtful is left
alone here that the unit may stay what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.outline.names import declares, is_known, looked_up, may_be_macro
from tramp_build.outline.types import POINTERS, REFERENCES, as_tokens, of_local, of_parameter, words_of
from tramp_build.scan import lexer
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from tramp_build.model import Function, Span
    from tramp_build.outline.chains import Body, Chain

_BEHIND_NAME: Final = frozenset(b'; = , ( {'.split())
_BLOCKS: Final = frozenset({b'{', b'}', b';', b':', b'else', b'do', b'try'})
_HEADS: Final = frozenset({b'if', b'while', b'for', b'switch', b'catch'})
_OPENING: Final = frozenset({b'(', b'[', b'{'})
_CLOSING: Final = frozenset({b')', b']', b'}'})
_CONDITIONS: Final = frozenset({b'if', b'while', b'switch'})
_BEHIND_CONDITION: Final = frozenset(b'= { ( ;'.split())
# In front of a name these belong to an expression, wherever they stand.
_OPERATORS: Final = frozenset(b'% ^ | ~ <= >= . goto do and or xor bitand bitor'.split())
_ENDS: Final = frozenset(b'; { } ( ) && || ='.split())
# What would tell a variable from a reference to it.
_TELLING: Final = frozenset(b'decltype typeof __typeof __typeof__ __decltype typeid'.split())


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that can be handed on."""

    name: bytes
    type: tuple[bytes, ...]  # its tokens, without the `&` of a reference
    names: frozenset[bytes]  # that are looked up in the type

    @property
    def parameter(self) -> str:
        """The declaration of a reference to it.  A macro that is given the name may make nothing of it."""
        spelled, before = '', b''
        for text in (*self.type, b'&', self.name):
            spelled += ' ' if _is_spaced(before, text) else ''
            spelled += text.decode('utf-8', 'surrogateescape')
            before = text
        return f'{spelled} __attribute__((unused))'


def _is_spaced(before: bytes, text: bytes) -> bool:
    """Tell whether two tokens of a type need a space between them, or look better with one."""
    words = bool(words_of([before])) and bool(words_of([text]))
    stars = text in POINTERS and before not in (b'', b'*')
    return (
        words or stars or before == b',' or (before, text) in ((b'>', b'>'), (b'<', b'::')) or (before == b'>' and bool(words_of([text])))
    )


def readable(
    names: AbstractSet[bytes],
    function: Function,
    text: bytes,
    body: Body,
    chain: Chain,
    is_macro: Callable[[bytes], bool],
    changing: Iterable[Span] = (),
) -> dict[bytes, Variable]:
    """Return those of `names` that are variables which the handlers of `chain` can be given, with their types.

    `changing` are places of the text that will be replaced: a parameter that is declared there gets another name.
    """
    if not names or any(token[1] == b'enum' for token in body.tokens):
        return {}
    declarations = _Declarations(body, chain, names)
    declarations.read()
    found = {}
    for name in names:
        parameters = [p for p in function.parameters if p.name is not None and p.name.encode('utf-8', 'surrogateescape') == name]
        places = declarations.found.get(name, [])
        if len(parameters) + len(places) != 1:
            continue
        if parameters:
            span = parameters[0].span
            changes = any(change.start < span.end and span.start < change.end for change in changing)
            kind = None if changes or not declarations.sees(1) else of_parameter(tokens_of(text, span, 'c++'), name)
        else:
            kind = declarations.local(*places[0])
        if kind and not any(_is_doubtful(word, is_macro) for word in words_of(kind)):
            found[name] = Variable(name, kind, looked_up(as_tokens(kind)))
    return found


def tells(tokens: Sequence[lexer.Token], variables: AbstractSet[bytes]) -> bool:
    """Tell whether `tokens` would mean something else if `variables` were references, or declare one of the names anew.

    What macros among them make is known.
    """
    stack = [-1]
    for index, (kind, text, _, _) in enumerate(tokens):
        if text in _OPENING:
            stack.append(index)
        elif text in _CLOSING:
            stack.pop()
        if kind != lexer.WORD:
            continue
        given = stack[-1] > 0 and tokens[stack[-1]][1] == b'(' and may_be_macro(tokens[stack[-1] - 1][1])
        if text in _TELLING or (text in variables and not given and _may_declare(tokens, index, stack[-1])):
            return True
        if text == b'throw':
            # A variable that is thrown may be moved from, a reference may not.
            thrown = next((token[1] for token in tokens[index + 1 :] if token[1] != b'('), b'')
            if thrown in variables:
                return True
    return False


def _is_doubtful(word: bytes, is_macro: Callable[[bytes], bool]) -> bool:
    return is_macro(word) or (may_be_macro(word) and not is_known(word))


@dataclass(slots=True)
class _Declarations:
    """Where the body may declare names that the handlers of a chain could mean."""

    body: Body
    chain: Chain
    names: AbstractSet[bytes]
    found: dict[bytes, list[tuple[int, int]]] = field(default_factory=dict)  # each with the innermost bracket around it
    _stack: list[int] = field(default_factory=list)

    def read(self) -> None:
        """Walk up to the `try`; what is declared within brackets that are closed there is gone."""
        tokens, stack = self.body.tokens, self._stack
        for index in range(self.chain.first):
            kind, text, _, _ = tokens[index]
            if kind == lexer.BRACKET and text in _OPENING:
                stack.append(index)
            elif kind == lexer.BRACKET and text in _CLOSING:
                opening = stack.pop()
                if text == b'}':
                    self._forget(self._start(opening))
            elif text in self.names and _may_declare(tokens, index, stack[-1] if stack else -1):
                self.found.setdefault(text, []).append((index, stack[-1] if stack else -1))

    def _forget(self, start: int) -> None:
        for places in self.found.values():
            places[:] = [place for place in places if place[0] < start]

    def _text(self, index: int) -> bytes:
        return _text(self.body.tokens, index)

    def _head(self, brace: int) -> int:
        """Return where the parentheses in front of a brace open, 0 where there are none."""
        return self.body.opening(brace - 1) if self._text(brace - 1) == b')' else 0

    def _start(self, brace: int) -> int:
        """Return where the scope of a block begins: with the head of its loop, handler or lambda."""
        head = self._head(brace)
        return head if head and self._text(head - 1) in (b'for', b'while', b'switch', b'catch', b']') else brace

    def sees(self, depth: int) -> bool:
        """Tell whether nothing but blocks of statements is around the chain within so many brackets: no lambda, no class."""
        return all(self._is_block(brace) for brace in self._stack[depth:])

    def _is_block(self, brace: int) -> bool:
        if self._text(brace) != b'{':
            return False
        head = self._head(brace)
        return self._text(brace - 1) in _BLOCKS or (head > 0 and self._text(head - 1) in _HEADS)

    def local(self, index: int, around: int) -> tuple[bytes, ...] | None:
        """Return the type of the variable whose name is at `index`."""
        tokens = self.body.tokens
        if around not in self._stack or self._text(around) != b'{' or not self.sees(self._stack.index(around) + 1):
            return None
        if self.body.is_conditional(index) or self._text(index + 1) not in _BEHIND_NAME:
            return None
        start = index
        while self._text(start - 1) not in (b';', b'{', b'}'):
            start = self.body.opening(start - 1) if self._text(start - 1) in (b')', b']') else start - 1
        return of_local(tokens[start:index])


def _may_declare(tokens: Sequence[lexer.Token], index: int, opening: int) -> bool:
    """Tell whether the name at `index` may be declared there; `opening` is the innermost bracket around it, -1 where there is none."""
    around, head = _text(tokens, opening), _text(tokens, opening - 1)
    if not declares(tokens, index, opening):
        return False
    if around == b'[':
        return _text(tokens, opening - 1) in REFERENCES | {b'auto'}  # `auto [a, b]`; else an index, or what a lambda captures
    if around == b'(' and head not in _HEADS and not may_be_macro(head):
        return False  # arguments, or parameters that are seen nowhere else
    if head in _CONDITIONS and around == b'(' and _text(tokens, index + 1) not in _BEHIND_CONDITION:
        return False
    at = index - 1
    while _text(tokens, at) in POINTERS:
        at -= 1
    before = _text(tokens, at)
    if at < index - 1 and tokens[at][0] != lexer.WORD:
        return before == b'>' or (before == b',' and around != b'(')  # else `*name` is the beginning of an expression
    if before == b')':
        return tokens[_opened(tokens, at) - 1][0] == lexer.WORD  # else a cast
    return before not in _OPERATORS and not (before == b'>' and not _closes_arguments(tokens, at))


def _text(tokens: Sequence[lexer.Token], index: int) -> bytes:
    return tokens[index][1] if 0 <= index < len(tokens) else b''


def _opened(tokens: Sequence[lexer.Token], closing: int) -> int:
    """Return where the bracket at `closing` was opened, 0 where that is not among the tokens."""
    depth = 0
    for index in range(closing, 0, -1):
        depth += (_text(tokens, index) in _CLOSING) - (_text(tokens, index) in _OPENING)
        if not depth:
            return index
    return 0


def _closes_arguments(tokens: Sequence[lexer.Token], at: int) -> bool:
    """Tell whether a `>` may be that of a template's arguments."""
    while at > 0 and _text(tokens, at) not in _ENDS:
        at -= 1
        if _text(tokens, at) == b'<':
            return True
    return False
