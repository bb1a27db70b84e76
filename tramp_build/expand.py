"""Rows that simple macros make, without a compiler: where the source itself says for certain what that is.

Certain is a macro that is defined in the text of the unit, in force at the row whatever flags there are, and not defined or removed by
anything that is included in between.  It is replaced once; what its text mentions is left to the preprocessor, which sees it in the
row as it would have in the macro.  The one thing that this order can change is refused: an argument that would have been expanded before
another macro takes it.  What is left, the preprocessor is asked about in a build (`expand_ask`).  Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build import includes
from tramp_build.model import Edit, Span
from tramp_build.scan import lexer
from tramp_build.text import line_ends, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence, Set

    from tramp_build.model import ScanResult

_DIRECTIVE: Final = re.compile(rb'(?:define|undef)\b\s*([A-Za-z_]\w*)|(ifdef|ifndef|if|elif\w*|else|endif|include\w*|import)\b')
_DEFINITION: Final = re.compile(rb'define\s+([A-Za-z_]\w*)(\(([^()]*)\))?(.*)', re.DOTALL)
_PARAMETER: Final = re.compile(rb'[A-Za-z_]\w*(?:\s*\.\.\.)?|\.\.\.')
# Strings, words and numbers, the two operators, white space, the rest byte by byte.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|##|#|\s+|.', re.DOTALL)
_WORD: Final = re.compile(rb'[A-Za-z_]\w*')
_WORD_OR_NUMBER: Final = re.compile(rb'\w+')
_LINE_START: Final = re.compile(rb'^[ \t]*#', re.MULTILINE)
_OPEN_BRACE: Final = ord('{')
_UNUSUAL: Final = frozenset({lexer.LONG, lexer.HASH, lexer.RAW})
_IN_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_BLANK_OR_STRING: Final = re.compile(rb'\s+|' + _IN_STRING.pattern, re.DOTALL)
# What these would make of an argument that is expanded late is the same, or an error.
_HARMLESS: Final = frozenset(b'PyDoc_STR _PyCFunction_CAST sizeof offsetof'.split())
_NEVER: Final = re.compile(rb'\b(?:__VA_OPT__|_Pragma)\b')
_PLACE: Final = re.compile(rb'\b__LINE__\b')
# Names like these are macros of headers that nobody here has read.
MAY_BE_FOREIGN: Final = re.compile(rb'_?Py\w*\Z|[A-Z_][A-Z0-9_]*\Z')
_MAX_TEXT: Final = 20_000


class Macro(NamedTuple):
    parameters: tuple[bytes, ...] | None  # None: it has no list
    variadic: bool
    body: bytes


class Event(NamedTuple):
    """A directive that decides which macro is in force."""

    offset: int
    within: tuple[tuple[int, int], ...]  # the `#if`s that are open behind it, and which branch of each
    name: bytes = b''  # of the macro that is defined or removed
    macro: Macro | None = None  # None: it is removed, or defined in a way that is not understood
    include: bool = False


@dataclass(slots=True)
class Expander:
    """Replaces macros that make rows; use one for a unit from beginning to end."""

    # Tells whether something that a unit may include defines or removes a macro of that name.
    redefined: Callable[[bytes], bool]
    # Tells whether the project defines one of that name anywhere.
    is_macro: Callable[[bytes], bool]
    done: set[bytes] = field(default_factory=set)
    _redefined: dict[bytes, bool] = field(default_factory=dict)

    def edits(self, source: bytes, found: ScanResult) -> list[Edit]:
        """Return what takes the place of rows of `source` that one certain macro each makes."""
        spans = sorted({row.span for t in found.tables for row in t.rows if row.problem == 'macro-row'}, key=lambda span: span.start)
        calls = [call for span in spans if (call := _invocation(source, span))]
        if not calls or b'push_macro' in source:
            return []
        directives = list(events(source, {call.name for call in calls}))
        edits: list[Edit] = []
        for call in calls:
            macro = self.in_force(directives, call.name, call.span.start)
            text = self._text(call, macro, one_line_only=b'\n' not in source[call.span.start : call.span.end]) if macro else None
            if text is not None and (not edits or edits[-1].span.end <= call.span.start):
                edits.append(Edit(call.span, (text or b' ') + line_ends(source, call.span)))
        self.done |= {call.name for call in calls}
        return edits

    def in_force(self, directives: Sequence[Event], name: bytes, offset: int) -> Macro | None:
        """Return the macro that a name means at an offset; None where that is not certain."""
        last: Event | None = None
        within: tuple[tuple[int, int], ...] = ()
        included = False
        for event in directives:
            if event.offset > offset:
                break
            within = event.within
            if event.name == name:
                last, included = event, False
            included |= event.include
        if last is None or within[: len(last.within)] != last.within or (included and self._may_be_redefined(name)):
            return None
        return last.macro

    def _may_be_redefined(self, name: bytes) -> bool:
        if name not in self._redefined:
            self._redefined[name] = self.redefined(name)
        return self._redefined[name]

    def _text(self, call: _Call, macro: Macro, *, one_line_only: bool) -> bytes | None:
        """Return what a macro makes of its arguments; None where the preprocessor might make something else."""
        words = set(_WORD.findall(_IN_STRING.sub(b'', macro.body)))
        if (macro.parameters is None) != (call.arguments is None) or words & (self.done | {call.name}):
            return None
        if not one_line_only and _PLACE.search(macro.body + b' '.join(call.arguments or ())):
            return None
        given = _bind(macro, call.arguments)
        return None if given is None else _Replacement(macro, given, self.is_macro).text()


class _Call(NamedTuple):
    span: Span
    name: bytes
    arguments: tuple[bytes, ...] | None  # None: it has no parentheses


def _invocation(source: bytes, span: Span) -> _Call | None:
    """Return the macro that a row is, or that is all between its braces."""
    if span.end - span.start > _MAX_TEXT or _LINE_START.search(source, span.start, span.end):
        return None
    tokens = [m for m in lexer.TOKEN_CXX.finditer(source, span.start, span.end) if m.lastindex != lexer.COMMENT]
    if tokens and source[tokens[0].start()] == _OPEN_BRACE:
        tokens = tokens[1:-1]
    if not tokens or tokens[0].lastindex != lexer.WORD or any(m.lastindex in _UNUSUAL for m in tokens):
        return None
    name = tokens[0][lexer.WORD]
    if len(tokens) == 1:
        return _Call(Span(tokens[0].start(), tokens[0].end(lexer.WORD)), name, None)
    arguments, position = [], tokens[1].end(lexer.BRACKET) if tokens[1].lastindex == lexer.BRACKET else 0
    depth = 0
    for match in tokens[1:]:
        start, text = match.start(), match[0][:1]
        if match.lastindex == lexer.BRACKET and text in b'([{':
            # Commas within other brackets than these separate arguments too.
            if depth == 0 and (text != b'(' or match is not tokens[1]):
                return None
            depth += text == b'('
        elif match.lastindex == lexer.BRACKET and text == b')':
            depth -= 1
        if depth == 0 or (depth == 1 and match[match.lastindex or 0] == b','):
            arguments.append(one_line(source, Span(position, start)))
            position = start + 1
        if depth == 0:
            end = match.end(lexer.BRACKET)
            return _Call(Span(tokens[0].start(), end), name, tuple(arguments)) if match is tokens[-1] else None
    return None


def events(source: bytes, names: Set[bytes]) -> Iterator[Event]:
    """Yield the directives that matter for macros of these names."""
    open_: list[tuple[int, int]] = []
    for start, end in includes.directives(source):
        match = _DIRECTIVE.match(source, start, end)
        if match is None:
            continue
        word = match[2] or b''
        if word.startswith(b'if'):
            open_.append((start, 0))
        elif word.startswith(b'el') and open_:
            open_[-1] = (open_[-1][0], open_[-1][1] + 1)
        elif word == b'endif' and open_:
            open_.pop()
        elif match[1] in names:
            yield Event(start, tuple(open_), match[1], _definition(one_line(source, Span(start, end))))
            continue
        yield Event(start, tuple(open_), include=word.startswith((b'include', b'import')))


def _definition(directive: bytes) -> Macro | None:
    match = _DEFINITION.fullmatch(directive)
    if match is None or _NEVER.search(match[4]) or len(match[4]) > _MAX_TEXT:
        return None
    body = match[4].strip()
    if match[2] is None:
        return None if match[4][:1] == b'(' else Macro(None, variadic=False, body=body)
    names = [name.strip() for name in match[3].split(b',')] if match[3].strip() else []
    if not all(_PARAMETER.fullmatch(name) for name in names) or any(name.endswith(b'...') for name in names[:-1]):
        return None
    variadic = bool(names) and names[-1].endswith(b'...')
    if variadic:
        names[-1] = names[-1].removesuffix(b'...').strip() or b'__VA_ARGS__'
    return Macro(tuple(names), variadic, body)


def _bind(macro: Macro, arguments: tuple[bytes, ...] | None) -> dict[bytes, bytes] | None:
    """Return the argument of each parameter."""
    names = macro.parameters or ()
    given = list(arguments or ())
    if not names and given == [b'']:
        given = []
    if macro.variadic and len(given) >= len(names):
        given[len(names) - 1 :] = [b', '.join(given[len(names) - 1 :])]
    # What becomes of the comma before an argument that is not there depends on the dialect.
    if len(given) != len(names) or (macro.variadic and not given[-1]):
        return None
    return dict(zip(names, given, strict=True))


@dataclass(frozen=True, slots=True)
class _Replacement:
    macro: Macro
    given: dict[bytes, bytes]
    is_macro: Callable[[bytes], bool]

    def text(self) -> bytes | None:
        tokens = _TOKEN.findall(self.macro.body)
        found: list[bytes] = []
        called: list[bool] = []  # for each open parenthesis, whether it may be that of another macro
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token == b'(':
                called.append(self._may_be_called(tokens[:at]))
            elif token == b')' and called:
                called.pop()
            operands, behind = _chain(tokens, at)
            if len(operands) > 1:
                piece = self._pasted(operands)
            elif token == b'#' and self.macro.parameters is not None:
                piece, behind = self._quoted(tokens, at)
            else:
                piece = self._plain(token, within=any(called))
            if piece is None:
                return None
            found.append(piece)
            at = behind
        text = b''.join(found).strip()
        return None if len(text) > _MAX_TEXT else text

    def _may_be_called(self, before: list[bytes]) -> bool:
        words = [token for token in before if not token.isspace()]
        return bool(words) and _WORD.fullmatch(words[-1]) is not None and words[-1] not in _HARMLESS

    def _plain(self, token: bytes, *, within: bool) -> bytes | None:
        argument = self.given.get(token)
        if argument is None:
            return b' ' if token.isspace() else token
        # Another macro may take it as it is written, where it would have got what it stands for.
        words = _WORD.findall(_IN_STRING.sub(b'', argument)) if within else []
        return None if any(MAY_BE_FOREIGN.match(word) or self.is_macro(word) for word in words) else argument

    def _quoted(self, tokens: list[bytes], at: int) -> tuple[bytes | None, int]:
        at += 2 if at + 1 < len(tokens) and tokens[at + 1].isspace() else 1
        parameters = self.macro.parameters or ()
        argument = self.given.get(tokens[at]) if at < len(tokens) else None
        # White space between the arguments that `...` stands for has been lost, and a string would show it.
        if argument is None or (self.macro.variadic and tokens[at] == parameters[-1]):
            return None, at
        inside = _BLANK_OR_STRING.sub(lambda m: b' ' if m[0].isspace() else m[0].replace(b'\\', b'\\\\').replace(b'"', b'\\"'), argument)
        return b'"' + inside + b'"', at + 1

    def _pasted(self, operands: list[bytes]) -> bytes | None:
        if self.macro.variadic and operands[0] == b',':
            return b', ' + self.given[operands[1]] if operands[1:] == [(self.macro.parameters or (b'',))[-1]] else None
        text = b''.join(self.given.get(operand, operand) for operand in operands)
        # A part of an argument that stands beside what is pasted would be expanded late as well, which changes nothing.
        return text if _WORD_OR_NUMBER.fullmatch(text) else None


def _chain(tokens: list[bytes], at: int) -> tuple[list[bytes], int]:
    """Return what `##` puts together from here on, and where it ends."""
    operands, behind = [tokens[at]], at + 1
    while True:
        following = behind + (behind < len(tokens) and tokens[behind].isspace())
        if following >= len(tokens) or tokens[following] != b'##':
            return operands, behind
        following += 1
        following += following < len(tokens) and tokens[following].isspace()
        if following >= len(tokens):
            return [*operands, b'##'], following  # malformed: it makes no word
        operands.append(tokens[following])
        behind = following + 1
