"""Unified diffs of a source and its rewritten text.

A rewrite keeps the lines in their places, so the two are compared line by line in linear time; `difflib` needs
minutes for a generated file of some megabytes.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT: Final = 3
_NO_NEWLINE: Final = b'\n\\ No newline at end of file\n'

# Lines [i1, i2) of the old text became lines [j1, j2) of the new one.
Change = tuple[int, int, int, int]


def unified(old: bytes, new: bytes, name: str) -> Iterator[bytes]:
    """The diff, line by line, with `a/` and `b/` in front of the name, as `patch -p1` takes it; nothing if the texts are the same."""
    old_lines, new_lines = _lines(old), _lines(new)
    changes = _changes(old_lines, new_lines)
    label = name.encode('utf-8', 'surrogateescape')
    # A tab ends the name for patch(1), if it has a space.
    end = b'\t\n' if b' ' in label else b'\n'
    if changes:
        yield b'--- a/' + label + end
        yield b'+++ b/' + label + end
    for hunk in _hunks(changes):
        yield from _hunk(hunk, old_lines, new_lines)


def _lines(text: bytes) -> list[bytes]:
    """Ends at newlines only: a form feed or a lone carriage return is part of a line."""
    lines = [line + b'\n' for line in text.split(b'\n')]
    if lines[-1] == b'\n':
        lines.pop()
    elif lines:
        lines[-1] = lines[-1][:-1]
    return lines


def _changes(old: list[bytes], new: list[bytes]) -> list[Change]:
    ahead = len(new) - len(old)
    if ahead < 0 or (ahead and new[ahead:] != old and not _aligned(old, new, ahead)):
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        return [(i1, i2, j1, j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != 'equal']
    changes: list[Change] = [(0, 0, 0, ahead)] if ahead else []
    for number, (before, after) in enumerate(zip(old, new[ahead:], strict=True)):
        if before == after:
            continue
        if changes and changes[-1][1] == number:
            start, _, new_start, _ = changes[-1]
            changes[-1] = (start, number + 1, new_start, number + 1 + ahead)
        else:
            changes.append((number, number + 1, number + ahead, number + 1 + ahead))
    return changes


def _aligned(old: list[bytes], new: list[bytes], ahead: int) -> bool:
    """Whether the new text is the old one, line for line, behind some lines more."""
    return sum(a == b for a, b in zip(old, new[ahead:], strict=True)) * 2 >= len(old)


def _hunks(changes: list[Change]) -> Iterator[list[Change]]:
    """Changes whose context would meet are one hunk."""
    hunk: list[Change] = []
    for change in changes:
        if hunk and change[0] - hunk[-1][1] > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _hunk(changes: list[Change], old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    start = max(changes[0][0] - CONTEXT, 0)
    end = min(changes[-1][1] + CONTEXT, len(old))
    new_start = changes[0][2] - (changes[0][0] - start)
    new_end = changes[-1][3] + (end - changes[-1][1])
    yield f'@@ -{_range(start, end)} +{_range(new_start, new_end)} @@\n'.encode()
    position = start
    for i1, i2, j1, j2 in changes:
        yield from (_line(b' ', line) for line in old[position:i1])
        yield from (_line(b'-', line) for line in old[i1:i2])
        yield from (_line(b'+', line) for line in new[j1:j2])
        position = i2
    yield from (_line(b' ', line) for line in old[position:end])


def _range(start: int, end: int) -> str:
    """An empty range names the line before it."""
    length = end - start
    return str(start + 1) if length == 1 else f'{start + 1 if length else start},{length}'


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b'\n') else mark + line + _NO_NEWLINE
