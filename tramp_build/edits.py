"""Apply edits to bytes."""

from __future__ import annotations

from bisect import bisect_right
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
    ends: list[tuple[int, int]] = []  # of what `first` has made, with the distance from there on
    shift = 0
    for edit in first:
        start = edit.span.start + shift
        items.append((start, start + len(edit.text), None))
        shift = start + len(edit.text) - edit.span.end
        ends.append((start + len(edit.text), shift))
    return tuple(_merged(between, cluster, ends) for cluster in _clusters(items))


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


def _merged(between: bytes, cluster: list[tuple[int, int, Edit | None]], ends: Sequence[tuple[int, int]]) -> Edit:
    start, end = cluster[0][0], max(item[1] for item in cluster)
    edits = [Edit(Span(e.span.start - start, e.span.end - start), e.text) for _, _, e in cluster if e]
    return Edit(Span(_before(start, ends), _before(end, ends)), apply(between[start:end], edits))


def _before(offset: int, ends: Sequence[tuple[int, int]]) -> int:
    """Return where an offset was that is not within what was made."""
    index = bisect_right(ends, offset, key=lambda pair: pair[0])
    return offset - ends[index - 1][1] if index else offset
