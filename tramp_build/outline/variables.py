"""Which variables of a function its handlers can be given by reference: those whose declaration can be read without a compiler.

A declaration that is misread does not compile, for the reference has to be of the type that the variable has; so what is doubtful is left
alone here that the unit may stay what it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.outline.names import KEYWORDS, declares, is_known, looked_up, may_be_macro
from tramp_build.scan import lexer
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from tramp_build.model import Function, Span
    from tramp_build.outline.chains import Body, Chain

SCALARS: Final = frozenset(
    b'size_t ssize_t ptrdiff_t intptr_t uintptr_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t npy_intp'.split()
)
_BUILT_IN: Final = frozenset(b'bool char char8_t char16_t char32_t double float int long short signed unsigned void wchar_t'.split())
_QUALIFIERS: Final = frozenset({b'const', b'volatile'})
_REFERENCES: Final = frozenset({b'&', b'&&'})
# Classes that are no templates: an object of a class that is one may be declared without its arguments since C++17.
_CLASSES: Final = frozenset({b'string', b'wstring', b'exception_ptr'}) | SCALARS
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
_POINTERS: Final = _REFERENCES | {b'*'}
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
    words = bool(_words([before])) and bool(_words([text]))
    stars = text in _POINTERS and before not in (b'', b'*')
    return words or stars or before == b',' or (before, text) in ((b'>', b'>'), (b'<', b'::')) or (before == b'>' and bool(_words([text])))


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
        if len(parameters) + len(places) != 1 or is_macro(name):
            continue
        if parameters:
            span = parameters[0].span
            changes = any(change.start < span.end and span.start < change.end for change in changing)
            kind = None if changes or not declarations.sees(1) else _parameter(tokens_of(text, span, 'c++'), name)
        else:
            kind = declarations.local(*places[0])
        if kind and not any(_is_doubtful(word, is_macro) for word in _words(kind)):
            found[name] = Variable(name, kind, looked_up(_tokens(kind)))
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


def _words(kind: Sequence[bytes]) -> list[bytes]:
    return [text for text in kind if text[:1].isalpha() or text[:1] == b'_']


def _tokens(kind: Sequence[bytes]) -> list[lexer.Token]:
    return [(lexer.WORD if _words([text]) else lexer.PUNCT, text, 0, 0) for text in kind]


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
        return _local(tokens[start:index])


def _may_declare(tokens: Sequence[lexer.Token], index: int, opening: int) -> bool:
    """Tell whether the name at `index` may be declared there; `opening` is the innermost bracket around it, -1 where there is none."""
    around, head = _text(tokens, opening), _text(tokens, opening - 1)
    if not declares(tokens, index, in_call=around == b'('):
        return False
    if around == b'[':
        return _text(tokens, opening - 1) in _REFERENCES | {b'auto'}  # `auto [a, b]`; else an index, or what a lambda captures
    if around == b'(' and head not in _HEADS and head != b']' and not may_be_macro(head):
        return False  # arguments, or parameters that are seen nowhere else
    if head in _CONDITIONS and around == b'(' and _text(tokens, index + 1) not in _BEHIND_CONDITION:
        return False
    at = index - 1
    while _text(tokens, at) in _POINTERS:
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


def _parameter(tokens: Sequence[lexer.Token], name: bytes) -> tuple[bytes, ...] | None:
    """Return the type of a parameter."""
    end = next((index for index, token in enumerate(tokens) if token[1] == b'='), len(tokens))
    if not end or tokens[end - 1][1] != name:
        return None
    found = _type(tokens[: end - 1])
    return found[: -1 if found[-1] in _REFERENCES else None] if found else None


def _local(tokens: Sequence[lexer.Token]) -> tuple[bytes, ...] | None:
    """Return the type of a variable that is declared by what stands in front of its name."""
    first, *rest = _split(tokens)
    if rest:
        # `T a = 1, *b`: of what is in front of the first name only the type is the second one's.
        base = _base([token for token in first if token[1] != b'static'])
        named = next((token for token in base[1] if token[1] not in _POINTERS | _QUALIFIERS), None) if base else None
        found = _type(_tokens((*base[0], *(token[1] for token in rest[-1])))) if base and named and named[0] == lexer.WORD else None
    else:
        found = _type([token for token in first if token[1] != b'static'])
    if not found:
        return None
    if found[-1] in _REFERENCES:
        return found[:-1]
    if found[-1] == b'*':
        return found
    # What is constant could be meant where the language wants a constant.
    plain = tuple(text for text in found if text != b'volatile')
    return None if b'const' in plain or not _is_object(plain) else found


def _is_object(kind: tuple[bytes, ...]) -> bool:
    """Tell whether a type is certainly not a class template that lacks its arguments."""
    if all(text in _BUILT_IN for text in kind) or kind[-1] == b'>':
        return True
    if len(kind) == 1:
        return kind[0] in SCALARS or (is_known(kind[0]) and kind[0] != b'std')
    return kind[-3:-1] in ((b'std', b'::'),) and kind[-1] in _CLASSES


def _split(tokens: Sequence[lexer.Token]) -> list[Sequence[lexer.Token]]:
    """Split at the commas outside of all brackets."""
    parts, depth, start = [], 0, 0
    for index, (_, text, _, _) in enumerate(tokens):
        depth += (text in _OPENING or text == b'<') - (text in _CLOSING or text == b'>')
        if text == b',' and not depth:
            parts.append(tokens[start:index])
            start = index + 1
    return [*parts, tokens[start:]]


def _type(tokens: Sequence[lexer.Token]) -> tuple[bytes, ...] | None:
    """Return the tokens of a type that is nothing but qualifiers, a name, stars and at last an ampersand."""
    base = _base(tokens)
    if base is None:
        return None
    kind, rest = base
    behind = [token[1] for token in rest]
    if not all(text == b'*' or text in _QUALIFIERS for text in (behind[:-1] if behind[-1:] and behind[-1] in _REFERENCES else behind)):
        return None
    return None if b'void' in kind and b'*' not in behind else (*kind, *behind)


def _base(tokens: Sequence[lexer.Token]) -> tuple[tuple[bytes, ...], Sequence[lexer.Token]] | None:
    """Return a type up to its first star or the name that it declares, and what is behind it."""
    texts = [token[1] for token in tokens]
    at = 0
    while at < len(texts) and texts[at] in _QUALIFIERS:
        at += 1
    end = _named(tokens, at)
    if end is None:
        return None
    while end < len(texts) and texts[end] in _QUALIFIERS | (_BUILT_IN if texts[at] in _BUILT_IN else frozenset()):
        end += 1
    return tuple(texts[:end]), tokens[end:]


def _named(tokens: Sequence[lexer.Token], at: int) -> int | None:
    """Return what is behind the name of a type."""
    texts = [token[1] for token in tokens]
    if at < len(texts) and texts[at] in _BUILT_IN:
        return at + 1
    at += texts[at : at + 1] == [b'::']
    while at < len(texts) and tokens[at][0] == lexer.WORD and texts[at] not in KEYWORDS:
        at += 1
        if texts[at : at + 1] == [b'<']:
            closing = _closing(tokens, at)
            if closing is None:
                return None
            at = closing + 1
        if texts[at : at + 1] != [b'::']:
            return at
        at += 1
    return None


def _closing(tokens: Sequence[lexer.Token], at: int) -> int | None:
    """Return where the arguments of a template end, None where they are no plain types and numbers."""
    depth = 0
    for index in range(at, len(tokens)):
        kind, text, _, _ = tokens[index]
        depth += (text == b'<') - (text == b'>')
        if not depth:
            return index
        if kind == lexer.WORD:
            if text in KEYWORDS and text not in _BUILT_IN | _QUALIFIERS:
                return None
        elif kind != lexer.NUMBER and text not in (b'<', b'>', b',', b'::', b'*', b'&'):
            return None
    return None
