"""Catch chains with those that macros make: what is outlined in the text with the macros written out, as edits of the source.

A macro is only written out in the end where a part of it is outlined; any other one stays as it is.  Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tramp_build.edits import Moves, apply, compose_edits, places_made
from tramp_build.model import Edit, Span
from tramp_build.outline.handlers import Left
from tramp_build.outline.macros import Macros
from tramp_build.outline.sites import Outlined, Stays, outline
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
        around.chain_makers().every if found.language == 'c++' else frozenset(),
    )
    outcome = back.outlined(there)
    stays = sorted([*outcome.stays, *(Stays(Left.MADE, offset) for offset in written.stays)], key=lambda one: one.offset)
    counts = replace(outcome.counts, found=outcome.counts.found + len(written.stays))
    return replace(outcome, stays=tuple(stays), counts=counts)


def _written(source: bytes, found: ScanResult, around: Surroundings, changing: Sequence[Span]) -> Written:
    if found.language != 'c++' or not around.has_word((makers := around.chain_makers()).catching):
        return Written()
    macros = Macros(source, found.defined, around.is_macro, around.is_macro_elsewhere, around.header_macro)
    writer = Writer(source, lexer.normalise(source), makers, macros.at, lambda name: around.is_macro(text_of(name)))
    return writer.written(found, changing)


def _same(functions: Sequence[Function], others: Sequence[Function]) -> bool:
    """Tell whether macros that are written out have left the functions what they were."""
    return [_known(function) for function in functions] == [_known(function) for function in others]


def _known(function: Function) -> tuple[object, ...]:
    return function.name, function.body is None, function.scope.path, function.varies


@dataclass(slots=True)
class _Back:
    """The way back from a text with macros written out."""

    source: bytes
    written: Sequence[Edit]
    _made: list[Span] = field(init=False)  # where what is written stands in that text
    _starts: list[int] = field(init=False)
    _moves: Moves = field(init=False)  # of what stands in that text
    _moves_there: Moves = field(init=False)  # of what stands in the source

    def __post_init__(self) -> None:
        self._made = places_made(self.written)
        self._starts = [span.start for span in self._made]
        self._moves = Moves.of(self.written, [span.end for span in self._made])
        self._moves_there = Moves.of(self.written, [edit.span.end for edit in self.written])

    def there(self, span: Span) -> Span:
        """Return where something of the source is in that text; it has no part of a macro that is written out."""
        shift = self._moves_there.at(span.start)
        return Span(span.start + shift, span.end + shift)

    def outlined(self, there: Outlined) -> Outlined:
        """Return what is outlined in that text, with what it takes of the edits that write macros out."""
        if not self.written:
            return there
        edits = sorted(there.edits, key=lambda edit: (edit.span.start, edit.span.end))
        starts = [edit.span.start for edit in edits]
        kept: list[tuple[Edit, int]] = []
        dropped: list[tuple[Edit, int]] = []
        for edit, made in zip(self.written, self._made, strict=True):
            # None overlaps another, so that the last one that begins before the end goes on furthest.
            last = bisect_left(starts, made.end) - 1
            touched = last >= 0 and edits[last].span.end > made.start
            (kept if touched else dropped).append((edit, made.end))
        moves = Moves.of([edit for edit, _ in dropped], [end for _, end in dropped])
        moved = [_moved(edit, -moves.at(edit.span.start)) for edit in edits]
        written = [edit for edit, _ in kept]
        return replace(
            there,
            edits=compose_edits(apply(self.source, written), written, moved),
            stays=tuple(stays._replace(offset=self._origin(stays.offset)) for stays in there.stays),
            answers={self._origin(start): a._replace(offset=self._origin(a.offset)) for start, a in there.answers.items()},
        )

    def _origin(self, offset: int) -> int:
        """Return where something stands in the source: of what a macro makes, the macro."""
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset < self._made[index].end:
            return self.written[index].span.start
        return offset - self._moves.at(offset)


def _moved(edit: Edit, shift: int) -> Edit:
    return Edit(Span(edit.span.start + shift, edit.span.end + shift), edit.text)
