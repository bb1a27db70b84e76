"""Types as declarations spell them: the tokens in front of a name, where they are nothing but a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.outline.names import KEYWORDS, is_known
from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Sequence

SCALARS: Final = frozenset(
    b'size_t ssize_t ptrdiff_t intptr_t uintptr_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t npy_intp'.split()
)
_BUILT_IN: Final = frozenset(b'bool char char8_t char16_t char32_t double float int long short signed unsigned void wchar_t'.split())
_QUALIFIERS: Final = frozenset({b'const', b'volatile'})
REFERENCES: Final = frozenset({b'&', b'&&'})
POINTERS: Final = REFERENCES | {b'*'}
_OPENING: Final = lexer.OPENING | {b'<'}
_CLOSING: Final = lexer.CLOSING | {b'>'}
# Classes that are no templates: an object of a class that is one may be declared without its arguments since C++17.
_CLASSES: Final = frozenset({b'string', b'wstring', b'exception_ptr'})


def of_parameter(tokens: Sequence[lexer.Token], name: bytes) -> tuple[bytes, ...] | None:
    """Return the type of a parameter without its `&`, None where that is not certain."""
    end = next((index for index, token in enumerate(tokens) if token[1] == b'='), len(tokens))
    found = _type(tokens[: end - 1]) if end and tokens[end - 1][1] == name else None
    if not found or found[-1] in REFERENCES:
        return found[:-1] if found else None
    # What is no pointer may be an array that a typedef hides, and a pointer here (`mpz_t`).
    plain = tuple(text for text in found if text not in _QUALIFIERS)
    return found if plain[-1] == b'*' or _is_object(plain) else None


def of_local(tokens: Sequence[lexer.Token]) -> tuple[bytes, ...] | None:
    """Return the type of a variable without its `&` from what stands in front of its name in the statement."""
    first, *rest = _split([token for token in tokens if token[1] != b'static'])
    if rest:
        # `T a = 1, *b`: of what is in front of the first name only the type is the second one's.
        base = _base(first)
        named = next((token for token in base[1] if token[1] not in POINTERS | _QUALIFIERS), None) if base else None
        found = _type(as_tokens((*base[0], *(token[1] for token in rest[-1])))) if base and named and named[0] == lexer.WORD else None
    else:
        found = _type(first)
    if not found or found[-1] in REFERENCES:
        return found[:-1] if found else None
    if found[-1] == b'*':
        return found
    # A number that is constant could be meant where the language wants a constant.
    plain = tuple(text for text in found if text not in _QUALIFIERS)
    return found if _is_class(plain) or (_is_object(plain) and b'const' not in found) else None


def words_of(kind: Sequence[bytes]) -> list[bytes]:
    """Return the words among the tokens of a type."""
    return [text for text in kind if text[:1].isalpha() or text[:1] == b'_']


def as_tokens(kind: Sequence[bytes]) -> list[lexer.Token]:
    """Return the tokens of a type as if they had been read."""
    return [(lexer.WORD if words_of([text]) else lexer.PUNCT, text, 0, 0) for text in kind]


def _is_object(kind: tuple[bytes, ...]) -> bool:
    """Tell whether a type is certainly no array, and not a class template that lacks its arguments."""
    if all(text in _BUILT_IN for text in kind) or _is_class(kind):
        return True
    if len(kind) == 1:
        return kind[0] in SCALARS or (is_known(kind[0]) and kind[0] != b'std')
    return kind[-3:-1] == (b'std', b'::') and kind[-1] in SCALARS


def _is_class(kind: tuple[bytes, ...]) -> bool:
    """Tell whether a type is certainly that of a class."""
    return kind[-1] == b'>' or (kind[-3:-1] == (b'std', b'::') and kind[-1] in _CLASSES)


def _split(tokens: Sequence[lexer.Token]) -> list[Sequence[lexer.Token]]:
    """Split at the commas outside of all brackets."""
    parts, depth, start = [], 0, 0
    for index, (_, text, _, _) in enumerate(tokens):
        depth += (text in _OPENING) - (text in _CLOSING)
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
    if not all(text == b'*' or text in _QUALIFIERS for text in (behind[:-1] if behind[-1:] and behind[-1] in REFERENCES else behind)):
        return None
    return (*kind, *behind)


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
