"""Catch chains with those that macros make: what is outlined in the text with the macros written out, as edits of the source.

A macro is only written out in the end where a part of it is outlined; any other one stays as it is.  Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tramp_build.edits import apply, compose_edits
from tramp_build.model import Edit, Span
from tramp_build.outline import Outlined, Stays, outline
from tramp_build.outline.handlers import Left
from tramp_build.outline.macros import Macros
from tramp_build.outline.written import Writer, Written
from tramp_build.scan import lexer, scan
from tramp_build.scan.literals import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tramp_build.model import Function, ScanResult
    from tramp_build.upgrade.project import Surroundings


def outline_all(
    source: bytes,
    found: ScanResult,
    excluded: frozenset[str],
    around: Surroundings,
    result_of: Callable[[Function], str | None] = lambda _: None,
    may_be_friend: Callable[[Function], bool] = lambda _: False,
    changing: tuple[Span, ...] = (),
) -> Outlined:
    """Return what becomes of the catch chains of a unit.  The arguments are those of `outline`."""
    written = _written(source, found, around, changing)
    text = apply(source, written.edits)
    seen = scan(text, found.language) if written.edits else found
    if not _same(found.functions, seen.functions):
        written, text, seen = Written((), tuple(edit.span.start for edit in written.edits)), source, found
    originals = {other.span.start: function for function, other in zip(found.functions, seen.functions, strict=True)}
    back = _Back(source, written.edits)
    there = outline(
        text,
        seen,
        excluded,
        around.is_macro,
        around.is_macro_elsewhere,
        lambda function: result_of(originals[function.span.start]),
        lambda function: may_be_friend(originals[function.span.start]),
        tuple(back.there(span) for span in changing),
        around.header_macro,
    )
    outcome = back.outlined(there)
    stays = sorted([*outcome.stays, *(Stays(Left.MADE, offset) for offset in written.stays)], key=lambda one: one.offset)
    counts = replace(outcome.counts, found=outcome.counts.found + len(written.stays))
    return replace(outcome, stays=tuple(stays), counts=counts)


def _written(source: bytes, found: ScanResult, around: Surroundings, changing: Sequence[Span]) -> Written:
    makers = around.chain_makers()
    if found.language != 'c++' or not around.has_word(makers.catching):
        return Written()
    macros = Macros(source, found.defined, around.is_macro, around.is_macro_elsewhere, around.header_macro)
    writer = Writer(source, lexer.normalise(source), makers, macros.at, lambda name: around.is_macro(text_of(name)))
    return writer.written(found, changing)


def _same(functions: Sequence[Function], others: Sequence[Function]) -> bool:
    """Tell whether macros that are written out have left the functions what they were."""
    return [_known(function) for function in functions] == [_known(function) for function in others]


def _known(function: Function) -> tuple[object, ...]:
    return function.name, function.body is None, function.scope.path, function.varies


@dataclass(frozen=True, slots=True)
class _Back:
    """The way back from a text with macros written out."""

    source: bytes
    written: Sequence[Edit]

    def there(self, span: Span) -> Span:
        """Return where something of the source is in that text; it has no part of a macro that is written out."""
        shift = sum(len(edit.text) - (edit.span.end - edit.span.start) for edit in self.written if edit.span.start < span.start)
        return Span(span.start + shift, span.end + shift)

    def outlined(self, there: Outlined) -> Outlined:
        """Return what is outlined in that text, with what it takes of the edits that write macros out."""
        if not self.written:
            return there
        starts = self._starts()
        touched = [_touched(there.edits, start, start + len(edit.text)) for edit, start in starts]
        kept = [edit for (edit, _), is_kept in zip(starts, touched, strict=True) if is_kept]
        dropped = [pair for pair, is_kept in zip(starts, touched, strict=True) if not is_kept]

        def behind(offset: int) -> int:
            return offset - sum(len(edit.text) - (edit.span.end - edit.span.start) for edit, start in dropped if start < offset)

        moved = [Edit(Span(behind(edit.span.start), behind(edit.span.end)), edit.text) for edit in there.edits]
        edits = compose_edits(apply(self.source, kept), kept, moved)
        stays = tuple(replace(stays, offset=self._origin(stays.offset)) for stays in there.stays)
        answers = {self._origin(start): replace(answer, offset=self._origin(answer.offset)) for start, answer in there.answers.items()}
        return replace(there, edits=edits, stays=stays, answers=answers)

    def _starts(self) -> list[tuple[Edit, int]]:
        """Return the edits with where their texts begin."""
        found, shift = [], 0
        for edit in self.written:
            found.append((edit, edit.span.start + shift))
            shift += len(edit.text) - (edit.span.end - edit.span.start)
        return found

    def _origin(self, offset: int) -> int:
        shift = 0
        for edit, start in self._starts():
            if offset < start + len(edit.text):
                return min(offset - shift, edit.span.start)
            shift += len(edit.text) - (edit.span.end - edit.span.start)
        return offset - shift


def _touched(edits: Sequence[Edit], start: int, end: int) -> bool:
    return any(edit.span.start < end and start < edit.span.end for edit in edits)
