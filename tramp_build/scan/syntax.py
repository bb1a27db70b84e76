"""Brackets: a flat list of tokens as a list of items, in which each bracketed group is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.scan.keywords import ACCESS
from tramp_build.scan.lexer import BLOCK, BRACKET, CHAR, MARKS, PUNCT, STRING, WORD, Token

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP: Final = 20  # a group in brackets, its text is '()', '[]', '{}' or '<>'
OPERATOR: Final = b'operator+'  # the text of the word that `operator` and what is behind it are made, whatever the operator
ATTRIBUTE: Final = 21  # __attribute__((x)), [[x]], alignas(x), noexcept(x): what may stand nearly anywhere and means nothing here

_CLOSING: Final = {b')': b'(', b']': b'[', b'}': b'{'}
_PAIR: Final = {b'(': b'()', b'[': b'[]', b'{': b'{}', b'<': b'<>'}
_ATTRIBUTES: Final = frozenset(
    b'__attribute__ __attribute __declspec alignas _Alignas asm __asm __asm__ noexcept throw requires explicit __pragma _Pragma'.split()
)
_TYPE_CALLS: Final = frozenset(b'decltype typeof __typeof __typeof__ typeof_unqual _Atomic _BitInt __underlying_type'.split())
_WITH_ARGUMENT: Final = _ATTRIBUTES | _TYPE_CALLS


class Item(NamedTuple):
    """A token or a group; `first` and `last` are indices into the tokens, both included."""

    kind: int
    text: bytes
    start: int
    end: int
    first: int
    last: int


def collapse(tokens: Sequence[Token], cxx: bool) -> list[Item]:
    """Return the top level of `tokens`.

    In C++, a balanced `<...>` behind a word is a group too, and an operator's name is one word.
    A bracket without its partner stays as it is.
    """
    out: list[Item] = []
    stack: list[tuple[bytes, int]] = []  # (opening bracket, its index in out)
    mergeable = False
    merged = _WITH_ARGUMENT | {b'operator'} if cxx else _WITH_ARGUMENT
    for index, (kind, text, start, end) in enumerate(tokens):
        if kind == WORD:
            mergeable = mergeable or text in merged
        elif kind == BRACKET:
            if text in _PAIR:
                mergeable = mergeable or (text == b'[' and bool(out) and out[-1].text == b'[')
                stack.append((text, len(out)))
            elif text in _CLOSING and _close(out, stack, _CLOSING[text], index, end):
                continue
        elif kind == PUNCT:
            if cxx and text == b'<' and out and out[-1].kind == WORD and out[-1].text != b'operator':
                stack.append((text, len(out)))
            elif text == b'>' and stack and stack[-1][0] == b'<' and _close(out, stack, b'<', index, end):
                continue
        elif kind in MARKS:
            continue
        elif kind == BLOCK:
            out.append(Item(GROUP, b'{}', start, end, index, index))
            continue
        out.append(Item(kind, text, start, end, index, index))
    return _merge(out, tokens) if mergeable else out


def _close(out: list[Item], stack: list[tuple[bytes, int]], opening: bytes, index: int, end: int) -> bool:
    """Make one item of all that stands since the innermost `opening`; False if there is none."""
    depth = len(stack)
    # A '<' that is open within other brackets was a comparison.
    while depth and opening != b'<' and stack[depth - 1][0] == b'<':
        depth -= 1
    if not depth or stack[depth - 1][0] != opening:
        return False
    at = stack[depth - 1][1]
    del stack[depth - 1 :]
    first = out[at]
    del out[at:]
    out.append(Item(GROUP, _PAIR[opening], first.start, end, first.first, index))
    return True


def _merge(items: list[Item], tokens: Sequence[Token]) -> list[Item]:
    """Make `__attribute__((x))` one ATTRIBUTE, `decltype(x)` and `operator+=` one word."""
    out: list[Item] = []
    for index, item in enumerate(items):
        previous = out[-1] if out else None
        if previous is not None and previous.text == b'operator' and previous.kind == WORD:
            # Up to the parameter list: `operator()(int)`, `operator unsigned long()`.
            if item.text != b'()' or (previous.end == item.start and index + 1 < len(items) and items[index + 1].text == b'()'):
                out[-1] = previous._replace(end=item.end, last=item.last)
                continue
            out[-1] = previous._replace(text=OPERATOR)
            out.append(item)
        elif item.text == b'()' and previous is not None and previous.kind == WORD and previous.text in _WITH_ARGUMENT:
            kind = ATTRIBUTE if previous.text in _ATTRIBUTES else WORD
            out[-1] = Item(kind, previous.text + b'()', previous.start, item.end, previous.first, item.last)
        elif item.text == b'[]' and item.last - item.first > 2 and tokens[item.first + 1][1] == b'[' and tokens[item.last - 1][1] == b']':
            out.append(item._replace(kind=ATTRIBUTE))
        else:
            out.append(item)
    return out


class Declaration(NamedTuple):
    """The tokens of a declaration, taken apart once for all who look at it."""

    tokens: Sequence[Token]
    everything: list[Item]  # the top level
    items: list[Item]  # the same without attributes

    @classmethod
    def of(cls, tokens: Sequence[Token], cxx: bool) -> Declaration:
        everything = _without_labels(collapse(tokens, cxx)) if cxx else collapse(tokens, cxx)
        return cls(tokens, everything, [item for item in everything if item.kind != ATTRIBUTE])

    def inside(self, group: Item) -> Sequence[Token]:
        return inside(self.tokens, group)


def _without_labels(items: list[Item]) -> list[Item]:
    """Return `items` without a leading `public:` and the like."""
    while len(items) > 1 and items[0].text in ACCESS:
        if items[1].text == b':':
            items = items[2:]
        elif len(items) > 2 and items[2].text == b':':  # public slots:
            items = items[3:]
        else:
            break
    return items


def inside(tokens: Sequence[Token], group: Item) -> Sequence[Token]:
    """Return the tokens between the brackets of a group of `collapse(tokens)`."""
    return tokens[group.first + 1 : group.last]


def split(tokens: Sequence[Token], cxx: bool) -> list[Sequence[Token]]:
    """Return the parts between the commas of the top level; a trailing comma ends none."""
    if cxx and any(token[1] == b'<' for token in tokens):
        commas = [item.first for item in collapse(tokens, cxx) if item.text == b',' and item.kind == PUNCT]
    else:
        commas = []
        depth = 0
        for index, (kind, text, _, _) in enumerate(tokens):
            if kind == BRACKET:
                depth += 1 if text in _PAIR else -1 if text in _CLOSING else 0
            elif kind == PUNCT and text == b',' and not depth:
                commas.append(index)
    parts: list[Sequence[Token]] = []
    begin = 0
    for comma in commas:
        parts.append(tokens[begin:comma])
        begin = comma + 1
    if begin < len(tokens):
        parts.append(tokens[begin:])
    return parts


def balanced(tokens: Sequence[Token]) -> bool:
    """Whether every bracket in `tokens` has its other half there, of its own kind, and every string its end."""
    opened: list[bytes] = []
    for kind, text, _, _ in tokens:
        if kind == BRACKET and text in _CLOSING:
            if not opened or opened.pop() != _CLOSING[text]:
                return False
        elif kind == BRACKET and text in _PAIR:
            opened.append(text)
        elif kind in (STRING, CHAR) and (len(text) < 2 or text[-1] not in b'"\''):
            return False
    return not opened
