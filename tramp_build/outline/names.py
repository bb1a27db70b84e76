"""What the names in a handler may mean: something of the file, which is the same elsewhere in it, or something of the function."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tramp_build.model import Function, ScanResult

KEYWORDS: Final = frozenset(
    b'alignas alignof and auto bool break case catch char char16_t char32_t char8_t const const_cast constexpr continue decltype default '
    b'delete do double dynamic_cast else enum explicit extern false float for friend goto if int long mutable namespace new noexcept not '
    b'nullptr operator or private protected public register reinterpret_cast return short signed sizeof static static_cast struct switch '
    b'template this throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while'.split()
)
# Names of CPython and of the standard library: they mean the same at every place of a file.
_KNOWN: Final = re.compile(rb'(?:Py_|PyErr_|PyExc_|PyObject_|PyUnicode_|PyLong_|PyBytes_|PyTuple_|PyGILState_)\w*|PyObject|std|NULL')
# What `struct X` may declare for all that follows, though it stands in a list of parameters.
_TAG: Final = re.compile(rb'\b(?:struct|class|union|enum)\s*\Z')
_CAPITALS: Final = re.compile(rb'[A-Z][A-Z0-9_]*')
# Behind these a name is used; behind a type it would be declared.
_BEFORE_USE: Final = frozenset(b'( ; { } = ! == != + - / ? < || . -> :: : return throw else case new delete not sizeof'.split())
_SPECIFIERS: Final = frozenset(b'const volatile static constexpr typename struct class'.split())
# What stands behind a name that is being declared.
_BEHIND_NAME: Final = frozenset(b'; = [ ( { , ) : > ]'.split())
_POINTERS: Final = frozenset({b'*', b'&', b'&&', b'const'})
_ENUM: Final = frozenset({b'enum'})
_TAGS: Final = frozenset({b'struct', b'class', b'union', b'enum'})
_IN_TAG: Final = frozenset({b':', b'::', b',', b'<', b'>'})
_LONGEST_TAG: Final = 50
_MEMBER: Final = frozenset({b'.', b'->', b'::'})


def is_known(name: bytes) -> bool:
    """Tell whether `name` is one of CPython's or `std`."""
    return _KNOWN.fullmatch(name) is not None


def may_be_macro(name: bytes) -> bool:
    """Tell whether `name` looks like a macro of which nothing is known."""
    return len(name) > 1 and _CAPITALS.fullmatch(name) is not None and not is_known(name)


def looked_up(tokens: Sequence[lexer.Token]) -> frozenset[bytes]:
    """Return the names that are looked up where `tokens` stand: no members, and of qualified names the first part."""
    return frozenset(
        text
        for index, (kind, text, _, _) in enumerate(tokens)
        if kind == lexer.WORD and text not in KEYWORDS and (not index or tokens[index - 1][1] not in _MEMBER)
    )


def declared(tokens: Sequence[lexer.Token], *, head: bool) -> Iterator[tuple[int, bytes]]:
    """Yield every name that `tokens` may declare, all that stand where a declaration could have its name, and where that is.

    `head`: the tokens are those in front of a function's body, where a comma is one between parameters.
    """
    stack, using, behind_list = [-1], False, False
    for index, (kind, text, start, _) in enumerate(tokens):
        if kind == lexer.BRACKET and text in lexer.OPENING:
            stack.append(index)
        elif kind == lexer.BRACKET and text in lexer.CLOSING and len(stack) > 1:
            opening = stack.pop()
            behind_list = text == b'}' and _is_listed(tokens, opening, _TAGS)
            continue
        if kind != lexer.WORD:
            using = using and text != b';'
        elif text == b'using':
            using = True
        # `struct { int a; } name`
        elif text not in KEYWORDS and (using or behind_list or declares(tokens, index, stack[-1], head=head)):
            yield start, text
        behind_list = behind_list and text in _POINTERS


def declares(tokens: Sequence[lexer.Token], index: int, opening: int, *, head: bool = False) -> bool:
    """Tell whether the name at `index` stands where a declaration could have it; `opening` is the innermost bracket around it, or -1."""
    before = tokens[index - 1][1] if index else b';'
    around = tokens[opening][1] if opening >= 0 else b''
    behind_kind, behind, _, _ = tokens[index + 1] if index + 1 < len(tokens) else (lexer.OTHER, b'{', 0, 0)
    if behind_kind != lexer.WORD and behind not in _BEHIND_NAME:
        return around == b'{' and behind == b'}' and _is_listed(tokens, opening, _ENUM)
    if around == b'(' and opening and may_be_macro(tokens[opening - 1][1]):
        # DECLARE(type, name): what a macro makes of it is not known.
        return not is_known(tokens[index][1]) and (before not in _BEFORE_USE or before == b'(')
    if around == b'{' and before in (b'{', b',') and _is_listed(tokens, opening, _ENUM):
        return True
    if before in _BEFORE_USE or (before == b'&&' and behind == b'(' and is_known(tokens[index][1])):
        return False
    if before in _SPECIFIERS and behind_kind == lexer.WORD:
        return False
    return not (before == b',' and around == b'(' and not head and behind in (b',', b')'))


def _is_listed(tokens: Sequence[lexer.Token], brace: int, words: frozenset[bytes]) -> bool:
    """Tell whether a brace lists the members of what one of `words` begins: `enum Name : int {`."""
    at = brace - 1
    while at >= 0 and (tokens[at][0] == lexer.WORD or tokens[at][1] in _IN_TAG) and brace - at < _LONGEST_TAG:
        if tokens[at][1] in words:
            return True
        at -= 1
    return False


@dataclass(slots=True)
class Epochs:
    """Up to where in a file a name means the same: until it is mentioned again outside of functions, or as the name of one."""

    text: bytes
    scan: ScanResult
    _functions: list[Function] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _mentions: dict[bytes, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._functions = sorted(self.scan.functions, key=lambda function: function.span.start)
        self._starts = [function.span.start for function in self._functions]

    def of(self, names: Iterable[bytes], offset: int) -> tuple[int, ...]:
        """Return how often each of `names` that is not known has been mentioned in front of `offset`, and how many `using`s there were."""
        wanted = [b'using', *sorted(name for name in names if not is_known(name))]
        return tuple(bisect_left(self._found(name), offset) for name in wanted)

    def _found(self, name: bytes) -> list[int]:
        if name not in self._mentions:
            pattern = re.compile(rb'(?<![\w$])' + re.escape(name) + rb'(?![\w$])')
            offsets = (match.start() for match in pattern.finditer(self.text))
            self._mentions[name] = [offset for offset in offsets if not self._within_function(offset)]
        return self._mentions[name]

    def _within_function(self, offset: int) -> bool:
        """Tell whether what is at `offset` is seen in one function alone: in its body, or as a type in its head."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset >= self._functions[at].span.end:
            return False
        function = self._functions[at]
        if function.body and offset >= function.body.start:
            return True
        named = function.name_span.start <= offset < function.name_span.end
        return not (named or _TAG.search(self.text, function.span.start, offset))
