"""Apply edits to bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tramp_build.errors import RewriteError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tramp_build.model import Edit


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
