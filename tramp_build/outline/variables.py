"""Which variables of a function its handlers can be given by reference: those whose declaration can be read without a compiler.

A declaration that is misread does not compile, for the reference has to be of the type that the variable has; so what is doubtful is left
alone here that the unit may stay what it is.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.outline.names import KEYWORDS, declared, declares, is_known, looked_up, may_be_macro
from tramp_build.outline.types import POINTERS, REFERENCES, as_tokens, of_local, of_parameter, words_of
from tramp_build.scan import lexer
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from tramp_build.model import Function, Span
    from tramp_build.outline.chains import Body, Chain

_BEHIND_NAME: Final = frozenset(b'; = , ( {'.split())
_BLOCKS: Final = frozenset({b'{', b'}', b';', b':', b'else', b'do', b'try'})
_HEADS: Final = frozenset({b'if', b'while', b'for', b'switch', b'catch'})
_SCOPES: Final = frozenset({b'for', b'while', b'switch', b'catch', b']'})
_CONDITIONS: Final = frozenset({b'if', b'while', b'switch'})
_BEHIND_CONDITION: Final = frozenset(b'= { ( ;'.split())
# In front of a name these belong to an expression, wherever they stand.
_OPERATORS: Final = frozenset(b'% ^ | ~ <= >= . goto do and or xor bitand bitor'.split())
_ENDS: Final = frozenset(b'; { } ( ) && || ='.split())
# What would tell a variable from a reference to it.
_TELLING: Final = frozenset(b'decltype typeof __typeof __typeof__ __decltype typeid'.split())


class Variable(NamedTuple):
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
        return f'{spelled} __attribute__((__unused__))'


def _is_spaced(before: bytes, text: bytes) -> bool:
    """Tell whether two tokens of a type need a space between them, or look better with one."""
    words = bool(words_of([before])) and bool(words_of([text]))
    stars = text in POINTERS and before not in (b'', b'*')
    return (
        words or stars or before == b',' or (before, text) in ((b'>', b'>'), (b'<', b'::')) or (before == b'>' and bool(words_of([text])))
    )


def tells(tokens: Sequence[lexer.Token], variables: AbstractSet[bytes]) -> bool:
    """Tell whether `tokens` would mean something else if `variables` were references, or declare one of the names anew.

    What macros among them make is known.
    """
    stack = [-1]
    for index, (kind, text, _, _) in enumerate(tokens):
        if text in lexer.OPENING:
            stack.append(index)
        elif text in lexer.CLOSING:
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
class Declarations:
    """What one function declares, read once for all of its chains."""

    text: bytes
    function: Function
    head: Sequence[lexer.Token]  # what stands in front of the body
    body: Body
    chains: Sequence[Chain]
    parameters: frozenset[bytes] = frozenset()
    opens_namespace: bool = False  # a `using namespace`: nothing is certain
    _lists: bool = False  # an enumeration
    _inner: list[tuple[int, bytes]] = field(default_factory=list)
    _places: dict[bytes, list[tuple[int, int]]] | None = None

    def __post_init__(self) -> None:
        self.parameters = frozenset(name for _, name in declared(self.head, head=True))
        self._inner = list(declared(self.body.tokens, head=False))
        words = {token[1] for token in self.body.tokens}
        self.opens_namespace, self._lists = {b'using', b'namespace'} <= words, b'enum' in words

    def inner(self, chain: Chain) -> frozenset[bytes]:
        """Return the names that the body may declare for the handlers of `chain`: in front of it, and not in what is closed."""
        closed = [chain.tried, *(other.span for other in self.chains if other.span.end <= chain.span.start)]
        closed.sort(key=lambda span: span.start)
        found, at = set(), 0
        for offset, name in self._inner:
            if offset >= chain.span.start:
                break
            while at < len(closed) and closed[at].end <= offset:
                at += 1
            if at == len(closed) or offset < closed[at].start:
                found.add(name)
        return frozenset(found)

    def is_alone(self, chain: Chain) -> bool:
        """Tell whether the function has no other chain but in the block of this one, and in its handlers."""
        return all(
            chain.tried.start <= other.tried.start < chain.tried.end or chain.span.start <= other.tried.start < chain.span.end
            for other in self.chains
            if other.span != chain.span
        )

    def readable(
        self, names: AbstractSet[bytes], chain: Chain, is_macro: Callable[[bytes], bool], changing: Sequence[Span]
    ) -> dict[bytes, Variable]:
        """Return those of `names` that are variables which the handlers of `chain` can be given, with their types.

        `changing` are places of the text that will be replaced, in their order: a parameter that is declared there gets another name.
        """
        if not names or self._lists:
            return {}
        around = self._around(chain)
        found = {}
        for name in names:
            parameters = [p for p in self.function.parameters if p.name is not None and p.name.encode('utf-8', 'surrogateescape') == name]
            places = self._of(name, chain)
            if len(parameters) + len(places) != 1:
                continue
            if parameters:
                span = parameters[0].span
                seen = self._sees(around[1:]) and not _overlaps(span, changing)
                kind = of_parameter(tokens_of(self.text, span, 'c++'), name) if seen else None
            else:
                kind = self._local(places[0], around)
            if kind and not any(_is_doubtful(word, is_macro) for word in words_of(kind)):
                found[name] = Variable(name, kind, looked_up(as_tokens(kind)))
        return found

    def _of(self, name: bytes, chain: Chain) -> list[int]:
        """Return where `name` may be declared in a scope that is open at the `try`."""
        if self._places is None:
            self._places = {}
            for index, (kind, text, _, _) in enumerate(self.body.tokens):
                if kind == lexer.WORD and text not in KEYWORDS and _may_declare(self.body.tokens, index, self.body.around(index)):
                    self._places.setdefault(text, []).append((index, self._end(index)))
        return [index for index, end in self._places.get(name, ()) if index < chain.first < end]

    def _end(self, index: int) -> int:
        """Return where the scope of what is declared at `index` ends: with its block, or with that of its loop, handler or lambda."""
        around = self.body.around(index)
        while around >= 0 and self._text(around) != b'{':
            closing = self.body.closing(around)
            if self._text(closing + 1) == b'{' and self._text(around - 1) in _SCOPES:
                return self.body.closing(closing + 1)
            around = self.body.around(around)
        return self.body.closing(around) if around >= 0 else len(self.body.tokens)

    def _around(self, chain: Chain) -> list[int]:
        """Return the brackets around a chain, from the outermost to the innermost."""
        found, at = [], self.body.around(chain.first)
        while at >= 0:
            found.append(at)
            at = self.body.around(at)
        return found[::-1]

    def _text(self, index: int) -> bytes:
        return _text(self.body.tokens, index)

    def _sees(self, around: Sequence[int]) -> bool:
        """Tell whether brackets are blocks of statements and nothing else: no lambda, no class."""
        return all(self._is_block(brace) for brace in around)

    def _is_block(self, brace: int) -> bool:
        if self._text(brace) != b'{':
            return False
        head = self.body.opening(brace - 1) if self._text(brace - 1) == b')' else 0
        return self._text(brace - 1) in _BLOCKS or (head > 0 and self._text(head - 1) in _HEADS)

    def _local(self, index: int, around: Sequence[int]) -> tuple[bytes, ...] | None:
        """Return the type of the variable whose name is at `index`."""
        tokens, own = self.body.tokens, self.body.around(index)
        if own not in around or self._text(own) != b'{' or not self._sees(around[around.index(own) + 1 :]):
            return None
        if self.body.is_conditional(index) or self._text(index + 1) not in _BEHIND_NAME:
            return None
        start = index
        while self._text(start - 1) not in (b';', b'{', b'}'):
            start = self.body.opening(start - 1) if self._text(start - 1) in (b')', b']') else start - 1
        return of_local(tokens[start:index])


def _overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Tell whether `span` overlaps one of `others`, which are in order and do not overlap each other."""
    at = bisect_left(others, span.end, key=lambda other: other.start) - 1
    return at >= 0 and others[at].end > span.start


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
        depth += (_text(tokens, index) in lexer.CLOSING) - (_text(tokens, index) in lexer.OPENING)
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
