"""Bodies that stand in a try block as a whole: what is around it can not throw, so that the trampoline can hold the chain.

What stands in front of the `try` then runs under the chain as well, and what it declares is gone before a handler runs.  Neither may be
told from outside: plain declarations, and calls of CPython's argument parser that bring no code of the project along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.outline.handlers import FALLS, RETURNS, is_constant
from tramp_build.outline.names import KEYWORDS, looked_up, may_be_macro
from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tramp_build.outline.chains import Body, Chain

_STORAGE: Final = frozenset({b'static', b'const', b'volatile', b'struct', b'register'})
_SCALARS: Final = frozenset(
    b'bool char double float int long short signed unsigned wchar_t char16_t char32_t size_t ssize_t ptrdiff_t intptr_t uintptr_t int8_t '
    b'int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t Py_ssize_t Py_hash_t Py_UCS4 Py_complex Py_buffer '
    b'npy_intp'.split()
)
_CASTS: Final = frozenset({b'static_cast', b'reinterpret_cast', b'const_cast'})
_OPENING: Final = frozenset({b'(', b'{', b'['})
_CLOSING: Final = frozenset({b')', b'}', b']'})
_PARSERS: Final = frozenset({b'PyArg_ParseTuple', b'PyArg_ParseTupleAndKeywords', b'PyArg_UnpackTuple'})
_MAKERS: Final = frozenset(
    b'Py_BuildValue PyLong_FromLong PyLong_FromUnsignedLong PyLong_FromLongLong PyLong_FromUnsignedLongLong PyLong_FromSsize_t '
    b'PyLong_FromSize_t PyFloat_FromDouble PyBool_FromLong PyUnicode_FromString PyBytes_FromString'.split()
)
_VALUES: Final = frozenset({b'NULL', b'nullptr', b'true', b'false'})
_PLAIN: Final = frozenset({b'*', b'&', b'(', b')', b'<', b'>', b',', b'{', b'}', b'::', b'-'})
# Behind a `*` that is part of a type.
_BEHIND_STAR: Final = frozenset({b')', b'>', b'*', b'const'})
_FORCED: Final = b'__forced_unwind'


@dataclass(frozen=True, slots=True)
class Whole:
    """A body that is one try block."""

    falls: bytes  # what follows where a handler falls out: a `return` without its semicolon, empty where none can be moved


def whole(body: Body, chain: Chain, parameters: frozenset[bytes], is_macro: Callable[[bytes], bool]) -> Whole | None:
    """Return how a function goes on behind `chain`, None where that is not all that the body has."""
    front, rest = body.tokens[1 : chain.first], body.tokens[chain.last + 1 : -1]
    around = looked_up([*front, *rest])
    if body.varies_around(chain) or any(is_macro(name) for name in around):
        return None
    reader = _Front(front, set(parameters))
    if not reader.read():
        return None
    texts = [token[1] for token in rest]
    if not rest:
        return Whole(FALLS)
    if texts[-1] != b';' or b';' in texts[:-1]:
        return None
    if (len(rest) == 2 and texts[0] in RETURNS) or (texts[0] == b'return' and is_constant(rest[1:-1])):
        return Whole(b' '.join(texts[:-1]).replace(b'- ', b'-'))
    made = texts[:1] == [b'return'] and texts[1] in _MAKERS and texts[2] == b'(' and texts[-2] == b')'
    return Whole(FALLS) if made and reader.is_plain(rest[3:-2]) else None


def can_move(chain: Chain, exits: Sequence[bytes], found: Whole, variables: frozenset[bytes]) -> bool:
    """Tell whether what the handlers leave by can be said elsewhere, and whether they can do without a forced unwinding."""
    for clause in chain.clauses:
        words = {token[1] for token in clause.declared}
        if _FORCED in words or (clause.takes_all and any(token[1] == b'throw' for token in clause.body)):
            return False
    for text in exits:
        word, _, value = text.partition(b' ')
        if text == FALLS:
            if not found.falls:
                return False
        elif word not in RETURNS and (word != b'return' or not value or value in variables):
            return False
    return True


@dataclass(slots=True)
class _Front:
    """What stands in front of the `try`, statement by statement."""

    tokens: Sequence[lexer.Token]
    names: set[bytes]  # parameters, and variables of plain types

    def read(self) -> bool:
        """Tell whether nothing there throws, or has to be destroyed."""
        at: int | None = 0
        while at is not None and at < len(self.tokens):
            at = self._parse_call(at) if self._text(at) == b'if' else self._declaration(at)
        return at is not None

    def _text(self, index: int) -> bytes:
        return self.tokens[index][1] if index < len(self.tokens) else b''

    def _closing(self, at: int) -> int:
        """Return where the bracket at `at` closes."""
        depth = 0
        for index in range(at, len(self.tokens)):
            depth += (self._text(index) in _OPENING) - (self._text(index) in _CLOSING)
            if not depth:
                return index
        return len(self.tokens)

    def _end(self, at: int, *ends: bytes) -> int:
        """Return where one of `ends` stands outside of brackets."""
        while at < len(self.tokens) and self._text(at) not in ends:
            at = self._closing(at) + 1 if self._text(at) in _OPENING else at + 1
        return at

    def _parse_call(self, at: int) -> int | None:
        """Read `if (!PyArg_ParseTuple(...)) return NULL;`, and return what is behind it."""
        if [self._text(at + 1), self._text(at + 2)] != [b'(', b'!'] or self._text(at + 3) not in _PARSERS or self._text(at + 4) != b'(':
            return None
        closing = self._closing(at + 1)
        if self._closing(at + 4) != closing - 1 or not self.is_plain(self.tokens[at + 5 : closing - 1]):
            return None
        braced = self._text(closing + 1) == b'{'
        first = closing + 1 + braced
        end = self._end(first, b';')
        if self._text(first) != b'return' or not is_constant(self.tokens[first + 1 : end]):
            return None
        if braced and self._text(end + 1) != b'}':
            return None
        return end + 1 + braced

    def _declaration(self, at: int) -> int | None:
        """Read a declaration of scalars and pointers, and return what is behind it."""
        end = self._end(at, b';')
        while self._text(at) in _STORAGE:
            at += 1
        scalar = self._text(at) in _SCALARS
        if scalar:
            while self._text(at) in _SCALARS or self._text(at) == b'const':
                at += 1
        else:
            at = self._type(at)
        while at < end:
            behind = self._declarator(at, end, scalar=scalar)
            if behind is None:
                return None
            at = behind
        return end + 1 if at == end + 1 and end < len(self.tokens) else None

    def _type(self, at: int) -> int:
        """Return what is behind the name of a type."""
        while self.tokens[at][0] == lexer.WORD and self._text(at) not in KEYWORDS and self._text(at + 1) == b'::':
            at += 2
        if self.tokens[at][0] != lexer.WORD or self._text(at) in KEYWORDS:
            return at
        return at + 2 if self._text(at + 1) == b'const' else at + 1

    def _declarator(self, at: int, end: int, *, scalar: bool) -> int | None:
        """Read one name with its initialiser, and return what is behind the comma or the semicolon."""
        stars = at
        while self._text(at) in (b'*', b'const'):
            at += 1
        name = self._text(at)
        if self.tokens[at][0] != lexer.WORD or name in KEYWORDS or may_be_macro(name) or not (scalar or self._text(stars) == b'*'):
            return None
        at += 1
        if self._text(at) == b'[':
            closing = self._closing(at)
            if any(token[0] != lexer.NUMBER for token in self.tokens[at + 1 : closing]):
                return None
            at = closing + 1
        stop = min(self._end(at, b',', b';'), end)
        if stop > at and (self._text(at) != b'=' or not self.is_plain(self.tokens[at + 1 : stop])):
            return None
        self.names.add(name)
        return stop + 1

    def is_plain(self, tokens: Sequence[lexer.Token]) -> bool:
        """Tell whether an expression, or a list of them, calls nothing: names, constants, addresses, casts to pointers."""
        texts = [b'', *(token[1] for token in tokens), b'']
        for index, (kind, text, _, _) in enumerate(tokens, 1):
            before, behind = texts[index - 1], texts[index + 1]
            if kind == lexer.WORD:
                if behind == b'(' or not (self._is_value(text, before) or text in _CASTS or _in_type(text, behind)):
                    return False
            elif kind == lexer.STRING:
                if b'&' in text or text[:1] not in b'"Lu':
                    return False  # `O&`: a converter of the project
            elif kind not in (lexer.NUMBER, lexer.CHAR) and (
                text not in _PLAIN
                or (text == b'*' and behind not in _BEHIND_STAR)
                or (text == b'-' and tokens[min(index, len(tokens) - 1)][0] != lexer.NUMBER)
                or (text == b'<' and before not in _CASTS)
            ):
                return False
        return True

    def _is_value(self, name: bytes, before: bytes) -> bool:
        return name in self.names or name in _VALUES or (before == b'&' and name not in KEYWORDS and not may_be_macro(name))


def _in_type(text: bytes, behind: bytes) -> bool:
    """Tell whether a word in a cast is one of the type's."""
    return behind in (b'*', b'::') or text in (b'const', b'struct') or (text in KEYWORDS | _SCALARS and behind in (b')', b'>'))
