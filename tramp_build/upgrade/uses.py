"""What a function does with its `args` and `kwargs`: the edits that make it take a vector, or the first use that can not be one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.model import Edit, Reason, Span
from tramp_build.scan import lexer

if TYPE_CHECKING:
    from tramp_build.model import Language

ARGS: Final = 'tramp_args'
NARGS: Final = 'tramp_nargs'
KWNAMES: Final = 'tramp_kwnames'

# What a call of CPython's parser becomes; the two that read `#` sizes by PY_SSIZE_T_CLEAN have a twin.
_PARSERS: Final = {b'PyArg_ParseTuple': 'parse', b'PyArg_ParseTupleAndKeywords': 'parse_keywords', b'PyArg_UnpackTuple': 'unpack'}
_SIZES: Final = frozenset(
    {b'PyTuple_GET_SIZE', b'PyTuple_Size', b'Py_SIZE', b'PyObject_Length', b'PyObject_Size', b'PySequence_Length', b'PySequence_Size'}
)
_MEMBER: Final = frozenset({b'.', b'->', b'::'})


@dataclass(frozen=True, slots=True)
class Escape:
    """A use that needs the tuple or the dict itself."""

    reason: Reason
    offset: int


@dataclass(slots=True)
class Uses:
    """The uses of the two parameters within one body."""

    source: bytes
    language: Language
    body: Span
    args: bytes | None
    kwargs: bytes | None
    hidden: frozenset[bytes]  # macros whose replacement mentions a parameter's name
    edits: list[Edit] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    _tokens: list[lexer.Token] = field(default_factory=list)
    _taken: set[int] = field(default_factory=set)

    @property
    def reads(self) -> bool:
        """Tell whether the body looks at its arguments at all; `(void)args` does not."""
        return any(edit.text.strip() not in (ARGS.encode(), KWNAMES.encode()) for edit in self.edits)

    def read(self) -> Escape | None:
        """Fill `edits` and `calls`, or return the first use that stands in the way."""
        self._tokens = list(tokens(self.source, self.body, self.language))
        for index, (kind, text, start, _) in enumerate(self._tokens):
            if kind != lexer.WORD or index in self._taken:
                continue
            if text in self.hidden:
                return Escape(Reason.ARGS_ESCAPE, start)
            if text == self.args and not self._argument(index):
                return Escape(Reason.ARGS_ESCAPE, start)
            if text == self.kwargs and not self._harmless(index, KWNAMES):
                return Escape(Reason.KWARGS_ESCAPE, start)
        return None

    def _text(self, index: int) -> bytes:
        return self._tokens[index][1] if 0 <= index < len(self._tokens) else b''

    def _replace(self, first: int, last: int, text: str) -> None:
        """Replace the tokens from `first` to `last`; comments and lines between them stay, behind the text."""
        start, end = self._tokens[first][2], self._tokens[last][3]
        self.edits.append(Edit(Span(start, end), text.encode() + b'\n' * self.source.count(b'\n', start, end)))

    def _argument(self, index: int) -> bool:
        if self._harmless(index, ARGS):
            return True
        callee = self._text(index - 2)
        if self._text(index - 1) != b'(' or self._text(index - 3) in _MEMBER:
            return False
        if callee in _PARSERS and self._text(index + 1) == b',':
            return self._parse(index, callee)
        if callee in _SIZES and self._text(index + 1) == b')':
            self._replace(index - 2, index + 1, NARGS)
            return True
        return callee == b'PyTuple_GET_ITEM' and self._text(index + 1) == b',' and self._item(index)

    def _harmless(self, index: int, name: str) -> bool:
        """`x->args` is another one's; `(void)args;` says that it is not used."""
        if self._text(index - 1) in _MEMBER:
            return True
        before = tuple(self._text(index - n) for n in (3, 2, 1))
        if before == (b'(', b'void', b')') and self._text(index + 1) == b';':
            self._replace(index, index, name)
            return True
        return False

    def _parse(self, index: int, callee: bytes) -> bool:
        name = _PARSERS[callee]
        if name == 'parse_keywords':
            keywords = self._text(index + 2)
            if keywords == self.kwargs and self._text(index + 3) == b',':
                self._taken.add(index + 2)
                self._replace(index + 2, index + 2, KWNAMES)
            elif keywords not in (b'NULL', b'0', b'nullptr'):
                return False
        self._replace(index - 2, index - 2, self._parser(name, callee.decode()))
        self._replace(index, index, f'{ARGS}, {NARGS}')
        self.calls.add(name)
        return True

    def _parser(self, name: str, spelled: str) -> str:
        scope = '::' if self.language == 'c++' else ''
        if name == 'unpack':
            return f'{scope}tramp_unpack'
        # PY_SSIZE_T_CLEAN makes the name a macro: of the two members it finds the other one, and the compiler knows which.
        member = f'::tramp_spelling::{spelled}' if scope else f'((struct tramp_spelling *)0)->{spelled}'
        return f'(sizeof({member}) == 2 ? {scope}tramp_{name}_sizet : {scope}tramp_{name})'

    def _item(self, index: int) -> bool:
        """`PyTuple_GET_ITEM(args, i)` -> `(tramp_args[i])`."""
        depth, last = 0, index + 2
        while depth or self._text(last) != b')':
            text = self._text(last)
            if not text:
                return False
            depth += (text in (b'(', b'[', b'{')) - (text in (b')', b']', b'}'))
            last += 1
        self._replace(index - 2, index - 2, '')
        self._replace(index, index + 1, f'{ARGS}[')
        self._replace(last, last, '])')
        return True


def tokens(source: bytes, span: Span, language: Language) -> list[lexer.Token]:
    """Return the tokens of `span` without comments."""
    found: list[lexer.Token] = []
    pattern, position = (lexer.TOKEN_CXX if language == 'c++' else lexer.TOKEN_C), span.start
    while position < span.end and (match := pattern.search(source, position, span.end)):
        kind = match.lastindex
        assert kind is not None
        start, end = match.span(kind) if kind != lexer.LONG else (match.start(), 0)
        if kind == lexer.RAW:
            end = lexer.raw_end(source, start)
        elif kind == lexer.LONG:
            end = lexer.literal_end(source, start)
        position = max(match.end(), end)
        comment = kind == lexer.COMMENT or source.startswith((b'/*', b'//'), start)
        if not comment:
            found.append((lexer.STRING if kind == lexer.LONG else kind, source[start:end], start, end))
    return found
