"""Macros of the project's headers that a source has for certain: without a compiler, and whatever its flags are.

Certain is a header that the source, or a header that is certain, includes in quotes and outside of every `#if` but the guard, and that
lies where the compiler looks first: beside the file that includes it; and one that the preprocessor says it has read.  Certain is a macro
that such a header defines once and outside of every `#if`, if nothing else that the source may include defines or removes one of that name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build import includes
from tramp_build.expand import Macro, events
from tramp_build.units import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_GUARD: Final = re.compile(rb'if(?:ndef\s+(\w+)|\s*!\s*defined\s*(?:\(\s*(\w+)\s*\)|\b(\w+)))\s*(?:/[/*]|\Z|\n)')
_DEFINITION: Final = re.compile(rb'define\s+(\w+)')


class HeaderMacro(NamedTuple):
    """A macro, and the files that have to stay as they are for it to be in force."""

    macro: Macro
    files: tuple[Path, ...]


@dataclass(slots=True)
class Headers:
    """The headers that one source includes for certain."""

    source: Path
    read: Callable[[Path], bytes]  # nothing where a file can not be read
    files: frozenset[Path]  # of the project
    shared: Sequence[Path]  # those that the source may include, and itself
    entered: frozenset[Path] = frozenset()  # that the preprocessor has read, as far as it was asked
    open: set[bytes] = field(default_factory=set)  # what headers would define if the source included them
    _reached: dict[Path, tuple[Path, ...]] | None = None
    _macros: dict[bytes, HeaderMacro | None] = field(default_factory=dict)

    def macro(self, name: bytes) -> HeaderMacro | None:
        """Return what a header defines as `name`, None where that is not certain."""
        if name not in self._macros:
            self._macros[name] = self._macro(name)
        return self._macros[name]

    def relied_on(self) -> frozenset[Path]:
        """Return the files that have to stay as they are for what has been asked."""
        return frozenset(path for found in self._macros.values() if found for path in found.files)

    def _macro(self, name: bytes) -> HeaderMacro | None:
        header = self._definer(name)
        if header is None:
            return None
        if self._reached is None:
            self._reached = {}
            self._reach(self.source, ())
        files = self._reached.get(header, (header,) if header in self.entered else ())
        if any(c in str(path) for path in (header, *files) for c in '"\n'):
            return None  # the launcher has to be told of them
        source = self.read(header)
        guard = self._guard(header, source)
        found = [event for event in events(source, {name}) if event.name == name]
        if len(found) != 1 or found[0].macro is None or not _is_plain(found[0].within, guard):
            return None
        if not files:
            self.open.add(name)
            return None
        return HeaderMacro(found[0].macro, files)

    def _definer(self, name: bytes) -> Path | None:
        """Return the file that has the only definition of a macro, None where there are more, or it may be removed."""
        pattern = re.compile(rb'\b(?:define|undef)\b(?:[ \t]|\\\r?\n|/\*[^*]*\*/)*' + re.escape(name) + rb'(?![\w$])')
        found: list[Path] = []
        for path in self.shared:
            source = self.read(path)
            if name in source:
                found += [path] * len(pattern.findall(source))
                if b'push_macro' in source:
                    return None
        return found[0] if len(found) == 1 else None

    def _reach(self, path: Path, way: tuple[Path, ...]) -> None:
        """Note what a file includes for certain; `way` are the headers that lead to it."""
        source = self.read(path)
        guard = self._guard(path, source) if way else None
        included = iter([event for event in events(source, frozenset()) if event.include])
        event = next(included, None)
        for start, end, name in includes.lines(source):
            while event and event.offset < start:
                event = next(included, None)
            target = target_of(path, name)
            if event and event.offset < end and _is_plain(event.within, guard) and target in self.files:
                self._note(target, way)

    def _note(self, header: Path, way: tuple[Path, ...]) -> None:
        assert self._reached is not None
        if header not in self._reached and header != self.source:
            self._reached[header] = (*way, header)
            self._reach(header, self._reached[header])

    def _guard(self, header: Path, source: bytes) -> int | None:
        """Return where the `#ifndef` of a header is that is read once; None where that may leave it out at its first time as well."""
        directives = (span for span in includes.directives(source) if not source.startswith(b'pragma', span[0]))
        first, second = next(directives, None), next(directives, None)
        if first is None or second is None:
            return None
        asked, defined = _GUARD.match(source, *first), _DEFINITION.match(source, *second)
        name = asked and (asked[1] or asked[2] or asked[3])
        return first[0] if name and defined and defined[1] == name and self._definer(name) == header else None


def _is_plain(within: tuple[tuple[int, int], ...], guard: int | None) -> bool:
    """Tell whether no `#if` but the guard is around."""
    return not within or within == ((guard, 0),)
