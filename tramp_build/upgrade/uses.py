"""What a function does with its `args` and `kwargs`: the edits that make it take a vector, or the first use that can not be one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Edit, Reason, Span
from tramp_build.scan import lexer
from tramp_build.upgrade.formats import Format, read
from tramp_build.upgrade.locals import hides, variables

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from tramp_build.model import Language
    from tramp_build.upgrade.locals import Reach

_LONG_OR_RAW: Final = frozenset({lexer.LONG, lexer.RAW})
ARGS: Final = 'tramp_args'
NARGS: Final = 'tramp_nargs'
KWNAMES: Final = 'tramp_kwnames'

# What a call of CPython's parser becomes; the two that read `#` sizes by PY_SSIZE_T_CLEAN have a twin.
_PARSERS: Final = {b'PyArg_ParseTuple': 'parse', b'PyArg_ParseTupleAndKeywords': 'parse_keywords', b'PyArg_UnpackTuple': 'unpack'}
# Those with a format, and which of their arguments it is.
_FORMATTED: Final = {'parse': 1, 'parse_keywords': 2}
_SIZES: Final = frozenset({
    b'PyTuple_GET_SIZE', b'PyTuple_Size', b'Py_SIZE', b'PyObject_Length', b'PyObject_Size', b'PySequence_Length', b'PySequence_Size',
})  # fmt: skip
_MEMBER: Final = frozenset({b'.', b'->', b'::'})
_NULLS: Final = frozenset({b'NULL', b'0', b'nullptr'})
_AND_OR: Final = frozenset({b'&&', b'||'})
# What may stand before and behind a comparison, or behind a truth value.
_BEFORE_TEST: Final = _AND_OR | {b'(', b'=', b'return', b';', b'{', b'}', b','}
_BEHIND_TEST: Final = _AND_OR | {b')', b'?', b';', b','}
# METH_VARARGS is always called with a tuple, so this is true, and its opposite is false; the vector itself may be NULL.
_IS_THERE: Final = f'({NARGS} >= 0)'
_IS_MISSING: Final = f'({NARGS} < 0)'


class Escape(NamedTuple):
    """A use that needs the tuple or the dict itself."""

    reason: Reason
    offset: int


@dataclass(frozen=True, slots=True)
class Forward:
    """A function of the same file that takes the vector of who calls it; the places of its parameters."""

    args: int
    kwargs: int | None
    count: int


@dataclass(slots=True)
class Uses:
    """The uses of the two parameters within one body."""

    source: bytes
    language: Language
    body: Span
    args: bytes | None
    kwargs: bytes | None
    hidden: frozenset[bytes]  # macros whose replacement mentions a parameter's name
    forwards: Mapping[bytes, Forward] = field(default_factory=dict)
    discards: frozenset[bytes] = frozenset()  # macros that do no more than `(void)` to what they are given
    tokens: list[lexer.Token] = field(default_factory=list)  # of the body; read when they are not given
    edits: list[Edit] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    # Where functions of `forwards` are called with the vector: the spans of their names.
    forwarded: dict[Span, bytes] = field(default_factory=dict)
    # The body asks whether `args` is NULL or a tuple.
    asks: bool = False
    _variables: tuple[Reach, ...] = ()
    _taken: set[int] = field(default_factory=set)

    @property
    def reads(self) -> bool:
        """Tell whether the body looks at its arguments at all; `(void)args` does not."""
        return any(edit.text.strip() not in (ARGS.encode(), KWNAMES.encode()) for edit in self.edits)

    def read(self) -> Escape | None:
        """Fill `edits` and `calls`, or return the first use that stands in the way."""
        self._tokenize()
        names = {self.args, self.kwargs}
        if any(kind == lexer.WORD and text in names for kind, text, _, _ in self.tokens):
            self._variables = variables(self.source, self.tokens)
        for index, (kind, text, start, _) in enumerate(self.tokens):
            if kind != lexer.WORD or index in self._taken:
                continue
            if text in self.hidden:
                return Escape(Reason.ARGS_ESCAPE, start)
            if text not in names or hides(self._variables, text, start):
                continue
            if text == self.args and not self._argument(index):
                return Escape(Reason.ARGS_ESCAPE, start)
            if text == self.kwargs and not self._harmless(index, KWNAMES):
                return Escape(Reason.KWARGS_ESCAPE, start)
        return None

    def calls_with_args(self) -> list[tuple[bytes, Forward]]:
        """Return the calls that `args` is an argument of: names and places, for functions that might take a vector."""
        self._tokenize()
        found = []
        for index, (kind, text, _, _) in enumerate(self.tokens):
            call = self._call(index) if kind == lexer.WORD and text == self.args else None
            if call:
                places = [self._text(first) if first == last else b'' for first, last in call.arguments]
                kwargs = places.index(self.kwargs) if self.kwargs and self.kwargs in places else None
                found.append((self._text(call.callee), Forward(call.place, kwargs, len(places))))
        return found

    def _tokenize(self) -> None:
        self.tokens = self.tokens or tokens(self.source, self.body, self.language)

    def _text(self, index: int) -> bytes:
        return self.tokens[index][1] if 0 <= index < len(self.tokens) else b''

    def _replace(self, first: int, last: int, text: str) -> None:
        """Replace the tokens from `first` to `last`; comments and lines between them stay, behind the text."""
        start, end = self.tokens[first][2], self.tokens[last][3]
        self.edits.append(Edit(Span(start, end), text.encode() + b'\n' * self.source.count(b'\n', start, end)))

    def _argument(self, index: int) -> bool:
        if self._harmless(index, ARGS) or self._test(index):
            return True
        callee = self._text(index - 2)
        if self._text(index - 1) == b'(' and self._text(index - 3) not in _MEMBER and self._known(index, callee):
            return True
        return self._forward(index)

    def _known(self, index: int, callee: bytes) -> bool:
        """Take a call of CPython's that has `args` as its first argument."""
        alone = self._text(index + 1) == b')'
        if callee in _PARSERS and not alone:
            return self._text(index + 1) == b',' and self._parse(index, callee)
        if callee in _SIZES and alone:
            self._replace(index - 2, index + 1, NARGS)
            return True
        if callee == b'PyTuple_Check' and alone:
            self._replace(index - 2, index + 1, _IS_THERE)
            self.asks = True
            return True
        if self._text(index + 1) != b',':
            return False
        if callee == b'PyTuple_GetItem':
            self._replace(index - 2, index - 2, f'{self._scope}tramp_item')
            self._replace(index, index, f'{ARGS}, {NARGS}')
            self.calls.add('item')
            return True
        return callee == b'PyTuple_GET_ITEM' and self._item(index)

    @property
    def _scope(self) -> str:
        return '::' if self.language == 'c++' else ''

    def _harmless(self, index: int, name: str) -> bool:
        """`x->args` is another one's; `(void)args;` and `UNUSED(args);` say that it is not used."""
        before = tuple(self._text(index - n) for n in (3, 2, 1))
        if before[2] in _MEMBER:
            return True
        if before == (b'(', b'void', b')') and self._text(index + 1) in (b';', b','):
            self._replace(index, index, name)
            return True
        call = self._call(index)
        if not call or self._text(call.callee) not in self.discards:
            return False
        end = call.arguments[-1][1] + 1
        if self._text(call.callee - 1) not in (b';', b'{', b'}') or self._text(end + 1) != b';':
            return False
        self._replace(index, index, name)
        return True

    def _test(self, index: int) -> bool:
        """Take a question whether `args` is there."""
        first, last, answer = self._comparison(index)
        if self._text(first - 1) == b'!':
            first, answer = first - 1, _IS_MISSING if first == last else ''
        elif first == last and not self._is_truth(index):
            return False
        if not answer or self._text(first - 1) not in _BEFORE_TEST or self._text(last + 1) not in _BEHIND_TEST:
            return False
        self._replace(first, last, answer)
        self.asks = True
        return True

    def _comparison(self, index: int) -> tuple[int, int, str]:
        """Return the tokens of `args == NULL`, or of `args` alone, and what to say instead."""
        for operator, null, first, last in ((index + 1, index + 2, index, index + 2), (index - 1, index - 2, index - 2, index)):
            if self._text(operator) in (b'==', b'!=') and self._text(null) in _NULLS:
                return first, last, _IS_MISSING if self._text(operator) == b'==' else _IS_THERE
        return index, index, _IS_THERE

    def _is_truth(self, index: int) -> bool:
        """Tell whether it is `if (args)`, or beside `&&`, `||` or `?`; `f(args)` is a call."""
        if self._text(index - 1) == b'(' and self._text(index + 1) == b')':
            return self._text(index - 2) in (b'if', b'while')
        return self._text(index - 1) in _AND_OR or self._text(index + 1) in _AND_OR | {b'?'}

    def _parse(self, index: int, callee: bytes) -> bool:
        name = _PARSERS[callee]
        if name == 'parse_keywords':
            keywords = self._text(index + 2)
            if keywords == self.kwargs and self._text(index + 3) == b',':
                self._keywords(index + 2)
            elif keywords not in _NULLS:
                return False
        found = self._format(index, name)
        if found:
            self.calls.add(found.name)
        self._replace(index - 2, index - 2, f'{self._scope}{found.name}' if found else self._parser(name, callee.decode()))
        self._replace(index, index, f'{ARGS}, {NARGS}')
        self.calls.add(name)
        return True

    def _format(self, index: int, name: str) -> Format | None:
        """Return the format of a call that a function of its own can parse by: a literal, with as many outputs as it asks for."""
        call = self._call(index) if name in _FORMATTED else None
        place = _FORMATTED.get(name, 0)
        if not call or call.place or len(call.arguments) <= place:
            return None
        first, last = call.arguments[place]
        if any(self.tokens[at][0] != lexer.STRING for at in range(first, last + 1)):
            return None
        found = read([self._text(at) for at in range(first, last + 1)], keywords=name == 'parse_keywords')
        outputs = call.arguments[place + 1 + (name == 'parse_keywords') :]
        return found if found and len(outputs) == found.outputs else None

    def _keywords(self, index: int) -> None:
        self._taken.add(index)
        self._replace(index, index, KWNAMES)

    def _parser(self, name: str, spelled: str) -> str:
        scope = self._scope
        if name == 'unpack':
            return f'{scope}tramp_unpack'
        # PY_SSIZE_T_CLEAN makes the name a macro: of the two members it finds the other one, and the compiler knows which.
        member = f'::tramp_spelling::{spelled}' if scope else f'((struct tramp_spelling *)0)->{spelled}'
        return f'(sizeof({member}) == 2 ? {scope}tramp_{name}_sizet : {scope}tramp_{name})'

    def _item(self, index: int) -> bool:
        """`PyTuple_GET_ITEM(args, i)` -> `(tramp_args[i])`; who takes its address may write there."""
        last = self._end(index)
        if not last or self._text(index - 3) == b'&':
            return False
        self._replace(index - 2, index - 2, '')
        self._replace(index, index + 1, f'{ARGS}[')
        self._replace(last, last, '])')
        return True

    def _end(self, index: int) -> int:
        """Return the index of the bracket that closes what `index` is in, 0 where there is none."""
        depth = 0
        for at in range(index, len(self.tokens)):
            text = self._text(at)
            if not depth and text in lexer.CLOSING:
                return at
            depth += (text in lexer.OPENING) - (text in lexer.CLOSING)
        return 0

    def _forward(self, index: int) -> bool:
        """Take a call of a function that will have the vector as well."""
        call = self._call(index)
        callee = self._text(call.callee) if call else b''
        forward = self.forwards.get(callee)
        if not call or not forward or (call.place, len(call.arguments)) != (forward.args, forward.count):
            return False
        if forward.kwargs is not None:
            first, last = call.arguments[forward.kwargs]
            if (
                first != last
                or self._text(first) not in _NULLS | {self.kwargs}
                or hides(self._variables, self._text(first), self._start(first))
            ):
                return False
            if self._text(first) == self.kwargs:
                self._keywords(first)
        self._replace(index, index, f'{ARGS}, {NARGS}')
        self.forwarded[Span(self._start(call.callee), self.tokens[call.callee][3])] = callee
        return True

    def _start(self, index: int) -> int:
        return self.tokens[index][2]

    def _call(self, index: int) -> _Call | None:
        """Return the call that the word at `index` is an argument of, all by itself; None where it is none."""
        if self._text(index - 1) not in (b'(', b',') or self._text(index + 1) not in (b')', b','):
            return None
        depth, at = 0, index - 1
        while at > 0 and (depth or self._text(at) != b'('):
            text = self._text(at)
            if text in (b';', b'{', b'}') or self.tokens[at][0] == lexer.HASH:
                return None
            depth += (text in lexer.CLOSING) - (text in lexer.OPENING)
            at -= 1
        end = self._end(index)
        if at < 1 or self._text(end) != b')' or self._text(at - 2) in _MEMBER or self.tokens[at - 1][0] != lexer.WORD:
            return None
        arguments = self._arguments(at, end)
        place = next((n for n, (first, last) in enumerate(arguments or ()) if first == last == index), None)
        return None if arguments is None or place is None else _Call(at - 1, arguments, place)

    def _arguments(self, opening: int, closing: int) -> list[tuple[int, int]] | None:
        """Return the first and last token of each argument, None where a directive stands among them."""
        found, depth, first = [], 0, opening + 1
        for at in range(opening + 1, closing):
            kind, text, _, _ = self.tokens[at]
            if kind == lexer.HASH:
                return None
            if not depth and text == b',':
                found.append((first, at - 1))
                first = at + 1
            depth += (text in lexer.OPENING) - (text in lexer.CLOSING)
        return [*found, (first, closing - 1)]


class _Call(NamedTuple):
    """A call with the word that was asked for among its arguments; indices of tokens."""

    callee: int
    arguments: list[tuple[int, int]]
    place: int


def tokens(source: bytes, span: Span, language: Language) -> list[lexer.Token]:
    """Return the tokens of `span` without comments."""
    found: list[lexer.Token] = []
    pattern, position = (lexer.TOKEN_CXX if language == 'c++' else lexer.TOKEN_C), span.start
    while position < span.end:
        for match in pattern.finditer(source, position, span.end):
            kind = match.lastindex
            assert kind is not None
            if kind in _LONG_OR_RAW:
                position = _long(source, match, found)
                break
            if kind != lexer.COMMENT:
                found.append((kind, match[kind], *match.span(kind)))
        else:
            break
    return found


def _long(source: bytes, match: re.Match[bytes], found: list[lexer.Token]) -> int:
    """Take a string or comment whose end has to be looked for; return where it is."""
    raw = match.lastindex == lexer.RAW
    start = match.start(lexer.RAW) if raw else match.start()
    end = lexer.raw_end(source, start) if raw else lexer.literal_end(source, start)
    if not source.startswith((b'/*', b'//'), start):
        found.append((lexer.RAW if raw else lexer.STRING, source[start:end], start, end))
    return max(match.end(), end)
