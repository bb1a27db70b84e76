"""Macros that make catch chains, written out so that the chains can be read and outlined.

`CALL("name", (work()))` may stand for a try block with its chain, `BEGIN` and `END` for the two halves of one.  Which macro that is has to
be certain.  It is written out as far as it takes until `try`, `catch` and all braces are there; any other macro in it stays one.  An
argument in the try block stays as it was written, line by line, so that `__LINE__` and messages say what they did.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.edits import apply
from tramp_build.expand import MAY_BE_FOREIGN
from tramp_build.model import Edit, Span
from tramp_build.outline.chains import Body, TornError
from tramp_build.outline.names import KEYWORDS, is_known
from tramp_build.scan import lexer
from tramp_build.text import one_line
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tramp_build.expand import Macro
    from tramp_build.model import Function, ScanResult
    from tramp_build.upgrade.blocks import Makers

# A token of what a macro stands for, or the number of a parameter; and whether something stands in front of it.
_Item = tuple[bool, bytes | int]

_WORD: Final = re.compile(rb'[A-Za-z_]\w*')
_LITERAL: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', re.DOTALL)
_PASTED: Final = frozenset({b'##', b'#', b'%:', b'%:%:'})
_MEMBER: Final = frozenset({b'.', b'->', b'::'})
_UNUSUAL: Final = frozenset({lexer.RAW, lexer.HASH})
_MAX_DEPTH: Final = 10


class UnsureError(Exception):
    """A macro that can not be written out."""


class Written(NamedTuple):
    """What takes the place of macros."""

    edits: tuple[Edit, ...] = ()
    stays: tuple[int, ...] = ()  # where one is used that can not be written out


class _Place(NamedTuple):
    """Where a parameter stands in what a macro makes."""

    parameter: int
    tried: bool  # in front of all handlers
    within: bool  # in the parentheses of what may be another macro


class _Template(NamedTuple):
    """What a macro stands for."""

    pieces: tuple[bytes | _Place, ...]
    parameters: int
    whole: bool  # it is a try block with all its handlers


class _Use(NamedTuple):
    span: Span
    name: bytes
    arguments: tuple[Span, ...] | None  # None: it has no parentheses


@dataclass(slots=True)
class Writer:
    """Writes out the macros of one unit."""

    source: bytes
    text: bytes  # the same, as `lexer.normalise` returns it
    makers: Makers
    definition: Callable[[bytes, int], Macro | None]  # in force at an offset for certain
    is_macro: Callable[[bytes], bool]
    _templates: dict[tuple[bytes, Macro], _Template | None] = field(default_factory=dict)

    def written(self, scan: ScanResult, changing: Sequence[Span] = ()) -> Written:
        """Return the edits of all functions; of a function with half a block that can not be written out there are none."""
        pattern = re.compile(rb'(?<![\w$])(?:' + b'|'.join(map(re.escape, sorted(self.makers.catching))) + rb')(?![\w$])')
        edits: list[Edit] = []
        stays: list[int] = []
        for function in sorted(scan.functions, key=lambda f: f.span.start):
            first = function.body and pattern.search(self.text, function.body.start, function.body.end)
            if function.body and first and (not edits or edits[-1].span.end <= function.body.start):
                try:
                    found = self._function(function, function.body, changing)
                except UnsureError:
                    stays.append(first.start())
                else:
                    edits += found.edits
                    stays += found.stays
        return Written(tuple(edits), tuple(stays))

    def _function(self, function: Function, body: Span, changing: Sequence[Span]) -> Written:
        """Write out the macros of one function.  Raises UnsureError."""
        edits: list[Edit] = []
        stays: list[int] = []
        for use in self._uses(body):
            template = self._template_of(use, function.span.start)
            try:
                if any(use.span.start < span.end and span.start < use.span.end for span in changing):
                    raise UnsureError
                edits.append(Edit(use.span, self._filled(template, use)))
            except UnsureError:
                if not template.whole:
                    raise
                stays.append(use.span.start)
        moved = [Edit(Span(edit.span.start - body.start, edit.span.end - body.start), edit.text) for edit in edits]
        text = lexer.normalise(apply(self.source[body.start : body.end], moved))
        try:
            return Written(tuple(edits) if Body.of(text, Span(0, len(text))).chains() else (), tuple(stays))
        except TornError:
            raise UnsureError from None

    def _uses(self, body: Span) -> Iterator[_Use]:
        tokens = tokens_of(self.text, body, 'c++')
        depth, end = 0, 0
        for index, (kind, text, start, stop) in enumerate(tokens):
            if start < end:
                continue
            depth += (text == b'(') - (text == b')')
            if kind != lexer.WORD or text not in self.makers.every or tokens[index - 1][1] in _MEMBER:
                continue
            macro = self.definition(text, start)
            if macro is None or depth:
                raise UnsureError
            use = _Use(Span(start, stop), text, None)
            if macro.parameters is not None:
                if tokens[index + 1][1] != b'(':
                    continue
                use = _called(text, tokens, index)
            end = use.span.end
            yield use

    def _template_of(self, use: _Use, front: int) -> _Template:
        """Return what the macro of a use stands for.  `front`: where the function begins.  Raises UnsureError."""
        macro = self.definition(use.name, front)
        if macro is None:
            raise UnsureError
        key = (use.name, macro)
        if key not in self._templates:
            self._templates[key] = self._template(use.name, macro, front)
        template = self._templates[key]
        if template is None:
            raise UnsureError
        return template

    def _spelled(self, span: Span) -> bytes:
        return one_line(self.source, span)

    def _filled(self, template: _Template, use: _Use) -> bytes:
        """Return what takes the place of a use, on as many lines.  Raises UnsureError."""
        span, arguments = use.span, use.arguments or ()
        if template.parameters == 0 and len(arguments) == 1 and not self._spelled(arguments[0]):
            arguments = ()
        if len(arguments) != template.parameters:
            raise UnsureError
        lines = self.source.count(b'\n', span.start, span.end)
        at = span.start  # up to there, all lines are written
        pieces: list[bytes] = []
        for piece in template.pieces:
            if isinstance(piece, bytes):
                pieces.append(piece)
                continue
            argument = arguments[piece.parameter]
            spelled = self._spelled(argument)
            words = _WORD.findall(_LITERAL.sub(b'', spelled))
            foreign = any(MAY_BE_FOREIGN.match(word) or self.is_macro(word) for word in words)
            if foreign and piece.within:
                raise UnsureError  # another macro would take it as it is written, where it has got what it stands for
            if lines and piece.tried and argument.start >= at:
                pieces += [b'\n' * self.source.count(b'\n', at, argument.start), self.source[argument.start : argument.end]]
                at = argument.end
            elif lines and any(_may_tell_line(word) or self.is_macro(word) for word in words):
                raise UnsureError  # it may ask for its line
            else:
                pieces.append(spelled)
        return b''.join(pieces) + b'\n' * self.source.count(b'\n', at, span.end)

    def _template(self, name: bytes, macro: Macro, offset: int) -> _Template | None:
        """Return what a macro stands for, None where that can not be told."""
        given: list[list[_Item]] = [[(True, number)] for number in range(len(macro.parameters or ()))]
        try:
            items = self._expanded(name, macro, given, frozenset(), offset)
        except UnsureError:
            return None
        found: list[bytes | _Place] = [b' ']
        called: list[bool] = []  # for each open parenthesis, whether it may be that of another macro
        tried, before = True, b''
        for spaced, item in items:
            if isinstance(item, int):
                found += [b' ', _Place(item, tried, any(called)), b' ']
                before = b''
                continue
            if item == b'(':
                called.append(_WORD.fullmatch(before) is not None and before not in KEYWORDS and not is_known(before))
            elif item == b')' and called:
                called.pop()
            tried = tried and item != b'catch'
            found.append(b' ' * spaced + item)
            before = item
        return _Template((*found, b' '), len(given), _is_try_block(found))

    def _expanded(self, name: bytes, macro: Macro, given: Sequence[list[_Item]], active: frozenset[bytes], offset: int) -> list[_Item]:
        """Return what a macro stands for with these arguments.  Raises UnsureError."""
        tokens = tokens_of(macro.body, Span(0, len(macro.body)), 'c++')
        if len(active) > _MAX_DEPTH or any(t[1] in _PASTED or t[0] in _UNUSUAL for t in tokens):
            raise UnsureError
        parameters = {parameter: number for number, parameter in enumerate(macro.parameters or ())}
        items: list[_Item] = []
        end = 0
        for _, text, start, stop in tokens:
            items += _apart(given[parameters[text]]) if text in parameters else [(start != end, text)]
            end = -1 if text in parameters else stop
        return self._again(items, active | {name}, offset)

    def _again(self, items: list[_Item], active: frozenset[bytes], offset: int) -> list[_Item]:
        """Write out the macros in what a macro stands for."""
        found: list[_Item] = []
        index = 0
        while index < len(items):
            item = items[index][1]
            index += 1
            if isinstance(item, int) or item not in self.makers.every:
                found.append(items[index - 1])
                continue
            macro = self.definition(item, offset)
            if macro is None or item in active:
                raise UnsureError
            given: list[list[_Item]] = []
            if macro.parameters is not None:
                given, index = _given(items, index)
                if macro.parameters == () and given == [[]]:
                    given = []
            if len(given) != len(macro.parameters or ()):
                raise UnsureError
            found += _apart(self._expanded(item, macro, given, active, offset))
            items = [*items[:index], *_apart(items[index:])]
        return found


def _is_try_block(pieces: Sequence[bytes | _Place]) -> bool:
    text = b''.join(piece if isinstance(piece, bytes) else b'0' for piece in pieces)
    try:
        return len(Body.of(b'{%s}' % text, Span(0, len(text) + 2)).chains()) == 1
    except TornError:
        return False


def _may_tell_line(word: bytes) -> bool:
    return MAY_BE_FOREIGN.match(word) is not None and not is_known(word)


def _apart(items: list[_Item]) -> list[_Item]:
    """Return what stands apart from what is in front of it, since it is no part of the same token."""
    return [(True, items[0][1]), *items[1:]] if items else []


def _given(items: Sequence[_Item], index: int) -> tuple[list[list[_Item]], int]:
    """Return the arguments in the parentheses at `index`, and what is behind them.  Raises UnsureError."""
    depth = 0
    given: list[list[_Item]] = [[]]
    for at in range(index, len(items)):
        item = items[at][1]
        depth += (item == b'(') - (item == b')')
        if depth == 0:
            if at == index:
                break
            return given, at + 1
        if item == b',' and depth == 1:
            given.append([])
        elif at > index:
            given[-1].append(items[at])
    raise UnsureError


def _called(name: bytes, tokens: Sequence[lexer.Token], index: int) -> _Use:
    """Return the use of a macro with parentheses.  Raises UnsureError."""
    depth, start = 0, tokens[index + 1][3]
    arguments = []
    for kind, text, first, end in tokens[index + 1 :]:
        if kind in _UNUSUAL:
            break
        depth += (text == b'(') - (text == b')')
        if depth == 0 or (depth == 1 and text == b','):
            arguments.append(Span(start, first))
            start = end
        if depth == 0:
            return _Use(Span(tokens[index][2], end), name, tuple(arguments))
    raise UnsureError
