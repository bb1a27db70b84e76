"""What the files of one project say about names, each read once: by file, by unit, and all at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.upgrade.facts import Everywhere, Facts, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tramp_build.tree import Tree

    Conventions = Mapping[str, frozenset[str | None]]

_WORD: Final = re.compile(rb'[A-Za-z_]\w*')  # what is found; a name may have other letters


@dataclass(slots=True)
class Said:
    """The facts of the files of a tree.  Raises OSError where a file can not be read that is asked about."""

    tree: Tree
    adds_words: Callable[[Path], bool]  # whether macros may make words of the unit that a file begins which are not in it
    # The same without a unit that puts sources together, and which files are not in it what they are here.
    alone: Said | None = field(default=None, repr=False)
    apart: frozenset[Path] = frozenset()
    _facts: dict[Path, Facts] = field(default_factory=dict, repr=False)
    _units: dict[Path, Facts] = field(default_factory=dict, repr=False)
    _everywhere: dict[Path | None, Everywhere] = field(default_factory=dict, repr=False)
    _words: list[tuple[Path, frozenset[bytes] | None]] | None = field(default=None, repr=False)
    _limited: tuple[Path, ...] | None = field(default=None, repr=False)

    def of(self, path: Path) -> Facts:
        """Return what a file says."""
        if path not in self._facts:
            alone = self._elsewhere(path)
            self._facts[path] = alone.of(path) if alone else Facts(self.tree.readable(path), shared=not self.tree.is_unit(path))
        return self._facts[path]

    def of_unit(self, path: Path) -> Facts:
        """Return what a file says with all that is read with it."""
        if path not in self._units:
            alone = self._elsewhere(path)
            self._units[path] = alone.of_unit(path) if alone else together([self.of(part.path) for part in self.tree.unit(path).parts])
        return self._units[path]

    def _elsewhere(self, path: Path) -> Said | None:
        return None if path in self.apart else self.alone

    def everywhere(self, path: Path | None = None) -> Everywhere:
        """Return what all files say, with one that may not be of the tree."""
        if path is not None and self._adds_nothing(path):
            path = None
        if path is None and self.alone and list(self.tree.files()) == list(self.alone.tree.files()):
            return self.alone.everywhere()
        if path not in self._everywhere:
            mine = frozenset(part.path for part in self.tree.unit(path).parts) if path else frozenset()
            files = [self.of(other) for other in self.tree.files() if other not in mine]
            self._everywhere[path] = Everywhere([self.of_unit(path), *files] if path else files)
        return self._everywhere[path]

    def _adds_nothing(self, path: Path) -> bool:
        """Tell whether all that a unit says of macros and tables is said by files of the tree."""
        strangers = [self.of(part.path) for part in self.tree.unit(path).parts if not self.tree.has(part.path)]
        return not any(facts.macros or facts.reads_tables for facts in strangers)

    def with_word(self, name: str) -> Iterator[Path]:
        """Yield the files that may have a word: as they are, in what they include, or in what macros make of them."""
        if self._words is None:
            self._words = [(path, self._words_of(path)) for path in self.tree.files()]
        word = name.encode()
        plain = _WORD.fullmatch(word) is not None
        return (path for path, words in self._words if not plain or words is None or word in words)

    def _words_of(self, path: Path) -> frozenset[bytes] | None:
        if not self.tree.readable(path):
            return frozenset()
        return None if self.adds_words(path) else self.of_unit(path).words

    def limited_headers(self) -> tuple[Path, ...]:
        """Return the headers that ask for a limited API without METH_FASTCALL."""
        if self._limited is None:
            self._limited = tuple(path for path in self.tree.files() if not self.tree.is_unit(path) and self.of(path).limited)
        return self._limited

    def forget(self, path: Path) -> None:
        """Forget what depends on what is read with a file."""
        self._units.pop(path, None)
        self._words = None


class Listed:
    """What the method tables of each file name and do not define: the conventions by function."""

    def __init__(self, by_file: Mapping[Path, Conventions]) -> None:
        self._by_file = by_file
        self._by_name: dict[str, dict[Path, frozenset[str | None]]] = {}
        for path, names in by_file.items():
            for name, conventions in names.items():
                self._by_name.setdefault(name, {})[path] = conventions
        self._every = {name: frozenset().union(*files.values()) for name, files in self._by_name.items()}
        self._but: dict[Path, Conventions] = {}
        self.words = frozenset(name.encode() for name in self._by_name)

    def but(self, path: Path) -> Conventions:
        """Return what other files than `path` list."""
        if path not in self._by_file:
            return self._every
        if path not in self._but:
            found = self._every.copy()
            for name in self._by_file[path]:
                others = [conventions for other, conventions in self._by_name[name].items() if other != path]
                if others:
                    found[name] = frozenset().union(*others)
                else:
                    del found[name]
            self._but[path] = found
        return self._but[path]
