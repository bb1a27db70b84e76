"""What the compiler sees of a project: a source with the project's own files that it includes, as one text.

`#include "rows.inc"` within a table, `#include "methods.c"` behind the functions it lists: only the whole says what belongs together.
So a unit is read, decided about and edited as one text, and the edits go back to the files they fall in.  Pure, but that the links
in absolute paths are followed.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build import includes
from tramp_build.edits import apply, compose_edits
from tramp_build.errors import RewriteError
from tramp_build.model import Chains, Edit, Span, TablePlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tramp_build.model import Entry, FilePlan, Problem, Row

# `#pragma once`, or an `#ifndef` in front of everything but comments.
_NEWLINE: Final = re.compile(rb'\n')
_GUARD: Final = re.compile(rb'\s*(?:(?://[^\n]*|/\*.*?\*/)\s*)*(?:#\s*pragma\s+once\b|#\s*if(?:ndef\b|\s*!\s*defined\b))', re.DOTALL)


class Part(NamedTuple):
    """One file of a unit."""

    path: Path
    spelled: str  # from the directory of the unit, as the compiler puts it together: `sub/../rows.inc`; of the unit its name


class Segment(NamedTuple):
    """A stretch of a unit's text that is one of a file."""

    start: int
    part: int
    offset: int  # in the file
    line: int  # in the file, of its first character


@dataclass(frozen=True, slots=True)
class Unit:
    """A source and what it includes, as one text."""

    text: bytes
    parts: tuple[Part, ...]  # the source itself first
    segments: tuple[Segment, ...] = (Segment(0, 0, 0, 1),)
    # The part that a name means in an include of another part.
    included: dict[tuple[int, str], int] = field(default_factory=dict)
    # What stands for macros: edits of `text`, and the text that they make, which is the one that is scanned.
    made: tuple[Edit, ...] = ()
    expanded: bytes | None = None
    _starts: list[int] = field(default_factory=list, repr=False, compare=False)  # of the lines, when they are asked for

    @classmethod
    def plain(cls, path: Path, text: bytes) -> Unit:
        """Return a source by itself."""
        return cls(text, (Part(path, path.name),))

    @property
    def seen(self) -> bytes:
        """The text that is scanned; all offsets that come from outside are offsets in it."""
        return self.text if self.expanded is None else self.expanded

    def expand(self, edits: Iterable[Edit]) -> Unit:
        """Return the unit with texts in the place of macros: edits of what is seen by now."""
        edits = tuple(edits)
        if not edits:
            return self
        return replace(self, made=compose_edits(self.seen, self.made, edits), expanded=apply(self.seen, edits))

    def origin(self, span: Span) -> Span:
        """Return where something stood before macros were replaced: of a part of what one makes, all of the macro."""
        return Span(self._origin(span.start, end=False), self._origin(span.end, end=span.end > span.start))

    def _origin(self, offset: int, *, end: bool) -> int:
        shift = 0
        for edit in self.made:
            first = edit.span.start + shift
            last = first + len(edit.text)
            if offset < first or (end and offset == first):
                break
            if offset < last or (end and offset == last):
                return edit.span.end if end else edit.span.start
            shift = last - edit.span.end
        return offset - shift

    def segment(self, offset: int) -> Segment:
        """Return the segment that an offset is in."""
        return self._segment(self.origin(Span(offset, offset)).start)

    def _segment(self, offset: int) -> Segment:
        return self.segments[bisect_right(self.segments, offset, key=lambda s: s.start) - 1]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the part and the line in it of an offset."""
        return self._place(self.origin(Span(offset, offset)).start)

    def _place(self, offset: int) -> tuple[int, int]:
        segment, starts = self._segment(offset), self._line_starts()
        return segment.part, segment.line + bisect_right(starts, offset) - bisect_right(starts, segment.start)

    def place_of_line(self, line: int) -> tuple[int, int]:
        """Return the part and the line in it of a line of the text."""
        return self._place(self._line_starts()[line - 1])

    def _line_starts(self) -> list[int]:
        if not self._starts:
            self._starts.extend([0, *(match.end() for match in _NEWLINE.finditer(self.text))])
        return self._starts

    def split(self, edits: Iterable[Edit]) -> dict[int, list[Edit]]:
        """Return the edits of each part, in its own offsets.

        Raises RewriteError when one goes from a file to another.
        """
        found: dict[int, list[Edit]] = {}
        ends = [*(segment.start for segment in self.segments[1:]), len(self.text) + 1]
        for edit in compose_edits(self.seen, self.made, edits):
            index = bisect_right(self.segments, edit.span.start, key=lambda s: s.start) - 1
            segment = self.segments[index]
            if edit.span.end > ends[index]:
                raise RewriteError(f'the edit at byte {edit.span.start} goes from one file to another')
            shift = segment.offset - segment.start
            found.setdefault(segment.part, []).append(Edit(Span(edit.span.start + shift, edit.span.end + shift), edit.text))
        return found


@dataclass(slots=True)
class _Composer:
    """Puts a unit together, file by file."""

    read: Callable[[Path], bytes]
    wanted: Callable[[Path], bool]
    parts: list[Part] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    included: dict[tuple[int, str], int] = field(default_factory=dict)
    numbers: dict[Path, int] = field(default_factory=dict)
    repeated: set[Path] = field(default_factory=set)
    length: int = 0

    def add(self, path: Path, spelled: str) -> int:
        """Append a file with what it includes; return its number."""
        number, source, position = len(self.parts), self.read(path), 0
        self.parts.append(Part(path, spelled))
        self.numbers[path] = number
        for start, end, name in includes.lines(source):
            target = target_of(path, name)
            if not self.wanted(target):
                continue
            if target in self.numbers:
                self.repeated.add(target)
                self.included[number, name] = self.numbers[target]
                continue
            self._piece(number, source, position, start)
            self.included[number, name] = self.add(target, os.path.join(os.path.dirname(spelled), name))
            position = end
        self._piece(number, source, position, len(source))
        return number

    def _piece(self, number: int, source: bytes, start: int, end: int) -> None:
        self.segments.append(Segment(self.length, number, start, source.count(b'\n', 0, start) + 1))
        text = source[start:end]
        if end == len(source) and number and not text.endswith(b'\n'):
            text += b'\n'  # the line of the include has one behind it
        self.pieces.append(text)
        self.length += len(text)


def target_of(path: Path, name: str) -> Path:
    """Return the file that `#include "name"` in `path` means if it is there."""
    if os.path.isabs(name):
        # Whoever wrote it may have come by a link.
        return path.__class__(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
    return path.__class__(os.path.normpath(path.parent / name))


def compose(path: Path, read: Callable[[Path], bytes], wanted: Callable[[Path], bool]) -> Unit:
    """Return a source as a unit; `wanted` tells which files are to be read in place of the line that includes them.

    A file that is included more than once counts where it is first, if it says itself that once is enough; else it is left out.
    """
    left_out: frozenset[Path] = frozenset()
    while True:
        composer = _Composer(read, lambda target: wanted(target) and target not in left_out)  # noqa: B023
        composer.add(path, path.name)
        unguarded = {target for target in composer.repeated if not _GUARD.match(read(target))}
        if not unguarded:
            break
        left_out |= unguarded
    if len(composer.parts) == 1:
        return Unit.plain(path, read(path))
    segments = [s for i, s in enumerate(composer.segments) if i + 1 == len(composer.segments) or composer.segments[i + 1].start > s.start]
    return Unit(b''.join(composer.pieces), tuple(composer.parts), tuple(segments), composer.included)


def localise(plan: FilePlan, unit: Unit, path: Path, relative: Callable[[Path], str]) -> FilePlan | None:
    """Return what a plan of a unit says of one of its files, in that file's lines and offsets; None where it says nothing."""
    if len(unit.parts) == 1 and not unit.made:
        return plan
    numbers = {number for number, part in enumerate(unit.parts) if part.path == path}
    local = _Local(unit, path, relative)
    tables = tuple(found for table in plan.tables if (found := local.table(table, numbers)))
    left = localise_problems(plan.chains_left, unit, path)
    if not tables and 0 not in numbers:
        return None
    counts = plan.chain_counts if 0 in numbers else Chains()
    return replace(plan, tables=tables, chains_left=left, chain_counts=counts)


def localise_problems(problems: Iterable[Problem], unit: Unit, path: Path) -> tuple[Problem, ...]:
    """Return the problems of one file of a unit."""
    found = []
    for problem in problems:
        segment = unit.segment(problem.offset)
        if unit.parts[segment.part].path == path:
            offset = unit.origin(Span(problem.offset, problem.offset)).start - segment.start + segment.offset
            found.append(problem._replace(offset=offset, line=unit.place(problem.offset)[1]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Local:
    """Turns what is said of a unit into what is said of one of its files."""

    unit: Unit
    path: Path
    relative: Callable[[Path], str]

    def table(self, plan: TablePlan, numbers: set[int]) -> TablePlan | None:
        """Return the rows of a table that stand in this file."""
        rows = [(r, e) for r, e in zip(plan.table.rows, plan.entries, strict=True) if self.unit.segment(r.span.start).part in numbers]
        part, line = self.unit.place(plan.table.span.start)
        if not rows and (plan.table.rows or part not in numbers):
            return None
        entries = tuple(self.entry(row, entry) for row, entry in rows)
        # The head of a table whose rows are in a file of their own stands somewhere else.
        line = self.unit.place_of_line(plan.table.line)[1] if part in numbers else entries[0].line
        table = plan.table._replace(line=line, rows=tuple(self.row(row) for row, _ in rows))
        return TablePlan(table, entries)

    def row(self, row: Row) -> Row:
        segment = self.unit.segment(row.span.start)
        shift = segment.offset - segment.start
        line = self.unit.place(row.span.start)[1]
        return row._replace(span=self.span(row.span, shift), fields=tuple(f and self.span(f, shift) for f in row.fields), line=line)

    def span(self, span: Span, shift: int) -> Span:
        span = self.unit.origin(span)
        return Span(span.start + shift, span.end + shift)

    def entry(self, row: Row, entry: Entry) -> Entry:
        kept = entry.kept
        if kept and kept.path is None:
            part, line = self.unit.place_of_line(kept.line)
            path = self.unit.parts[part].path
            kept = kept._replace(line=line, path=None if path == self.path else self.relative(path))
        return entry._replace(line=self.unit.place(row.span.start)[1], kept=kept)
