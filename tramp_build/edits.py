"""Apply edits to bytes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from tramp_build.errors import RewriteError
from tramp_build.model import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def apply(source: bytes, edits: Iterable[Edit]) -> bytes:
    """Return `source` with every edit made; the same object when there is none.

    Edits at one place are made in the order given.  Each edit keeps the number of line ends of what it replaces, so that every
    later line has the number that it had.

    Raises RewriteError when two edits overlap or one would move a line.
    """
    ordered = sorted(edits, key=lambda edit: (edit.span.start, edit.span.end))
    if not ordered:
        return source
    parts = []
    position = 0
    for edit in ordered:
        start, end = edit.span.start, edit.span.end
        if start < position:
            raise RewriteError(f'edits overlap at byte {start}')
        if source.count(b'\n', start, end) != edit.text.count(b'\n'):
            raise RewriteError(f'the edit at byte {start} would move lines')
        parts += [source[position:start], edit.text]
        position = end
    parts.append(source[position:])
    return b''.join(parts)


def compose_edits(between: bytes, first: Sequence[Edit], second: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return the edits that do at once what `first` does, which makes `between`, and then `second`, which are edits of that.

    Neither has overlaps, and nothing of `first` makes an empty text.
    """
    if not first:
        return tuple(second)
    items: list[tuple[int, int, Edit | None]] = [(edit.span.start, edit.span.end, edit) for edit in second]
    made = places_made(first)
    items += [(span.start, span.end, None) for span in made]
    moves = Moves.of(first, [span.end for span in made])
    return tuple(_merged(between, cluster, moves) for cluster in _clusters(items))


@dataclass(frozen=True, slots=True)
class Moves:
    """How edits move what they do not make: the distance from each on."""

    ends: tuple[int, ...]  # of the edits, in the text that offsets are given in
    shifts: tuple[int, ...]

    @classmethod
    def of(cls, edits: Sequence[Edit], ends: Iterable[int]) -> Moves:
        """`edits` stand in order."""
        return cls(tuple(ends), tuple(accumulate(len(edit.text) - (edit.span.end - edit.span.start) for edit in edits)))

    def at(self, offset: int) -> int:
        """Return how far what stands at `offset` is moved; it is not within an edit."""
        index = bisect_right(self.ends, offset)
        return self.shifts[index - 1] if index else 0


def places_made(edits: Iterable[Edit]) -> list[Span]:
    """Return where what each edit makes stands in the edited text; `edits` stand in order."""
    found, shift = [], 0
    for edit in edits:
        start = edit.span.start + shift
        found.append(Span(start, start + len(edit.text)))
        shift = found[-1].end - edit.span.end
    return found


def _clusters(items: list[tuple[int, int, Edit | None]]) -> list[list[tuple[int, int, Edit | None]]]:
    clusters: list[list[tuple[int, int, Edit | None]]] = []
    end = -1
    for item in sorted(items, key=lambda item: item[:2]):
        if clusters and item[0] < end:
            clusters[-1].append(item)
            end = max(end, item[1])
        else:
            clusters.append([item])
            end = item[1]
    return clusters


def _merged(between: bytes, cluster: list[tuple[int, int, Edit | None]], moves: Moves) -> Edit:
    start, end = cluster[0][0], max(item[1] for item in cluster)
    edits = [Edit(Span(e.span.start - start, e.span.end - start), e.text) for _, _, e in cluster if e]
    return Edit(Span(start - moves.at(start), end - moves.at(end)), apply(between[start:end], edits))
