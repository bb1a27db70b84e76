"""The files of a project: which there are, what stands in them, and which a compiler is given together.  Reads, never writes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tramp_build import includes
from tramp_build.units import Unit, compose, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tramp_build.config import Config
    from tramp_build.model import Language, Reason

_UNITS: Final[dict[str, Language]] = {
    '.c': 'c', '.cc': 'c++', '.cp': 'c++', '.cpp': 'c++', '.cxx': 'c++', '.c++': 'c++', '.C': 'c++', '.CPP': 'c++',
}  # fmt: skip
_INCLUDED: Final[dict[str, Language]] = {
    '.h': 'c', '.inc': 'c', '.inl': 'c++', '.hh': 'c++', '.hpp': 'c++', '.hxx': 'c++', '.H': 'c++', '.tcc': 'c++', '.ipp': 'c++',
}  # fmt: skip
_LANGUAGES: Final = _UNITS | _INCLUDED
_SKIPPED_DIRECTORIES: Final = frozenset({'build', 'dist', 'node_modules', '__pycache__', 'site-packages'})
# What marks a directory as somebody's output: a Meson or CMake build, a virtual environment, our own state.
_OUTPUT_MARKS: Final = ('meson-private', 'CMakeCache.txt', 'pyvenv.cfg', 'conf/../bodies/../project.json')
_INCLUDE_OF_UNIT: Final = re.compile(rb'#[ \t]*include[ \t]*"([^"\n]+\.(?:c|cc|cpp|cxx))"')


_INCLUDE: Final = re.compile(rb'#[ \t]*include[ \t]*(?:"([^"\n]+)"|<(/[^>\n]+)>)')
_ANY_INCLUDE: Final = re.compile(rb'#[ \t]*include(?:_next)?[ \t]*(?:["<]([^">\n]+)|(?=[^"<\s]))')
# Suffixes of what is included for its definitions.
_WITH_BODIES: Final = frozenset({*_UNITS, '.inc', '.inl', '.ipp', '.tcc'})
# What is in a file that is read with the unit that includes it: rows; or functions that Python is given.
_ROWS: Final = re.compile(
    rb'\bMETH_|\((?:getter|setter|PyCFunction)\)|\bP(?:yMethodDef|yGetSetDef)\b|\bPy_(?:tp|nb|sq|mp|am|bf)_\w|'
    rb'\bPy(?:TypeObject|NumberMethods|SequenceMethods|MappingMethods|AsyncMethods|BufferProcs|ModuleDef)\s+[\w:]+(?:\[\w*\])?\s*=\s*\{'
)
_OF_PYTHON: Final = b'PyObject'


@dataclass(slots=True)
class Tree:
    """The sources below `root`."""

    root: Path
    config: Config
    _sources: dict[Path, bytes] = field(default_factory=dict, repr=False)
    _listing: tuple[Path, ...] | None = field(default=None, repr=False)
    _included: frozenset[Path] | None = field(default=None, repr=False)
    _units: dict[Path, Unit] = field(default_factory=dict, repr=False)
    _worth: dict[Path, bool] = field(default_factory=dict, repr=False)
    _owners: dict[Path, Path] | None = field(default=None, repr=False)
    _set: frozenset[Path] | None = field(default=None, repr=False)
    _by_name: dict[str, list[Path]] | None = field(default=None, repr=False)
    _adopted: dict[Path, tuple[Path, ...]] = field(default_factory=dict, repr=False)

    def files(self) -> Iterator[Path]:
        """Yield the C and C++ files of the project, absolute and sorted."""
        if self._listing is None:
            root = self.root.resolve()
            self._listing = (root,) if root.is_file() else tuple(sorted(_walk(root)))
        yield from self._listing

    def has(self, path: Path) -> bool:
        """Tell whether this is a file of the project."""
        return path in self._files()

    def relative(self, path: Path) -> str:
        """Return the posix path of a file from the root of the project."""
        base = self.root.resolve()
        return Path(os.path.relpath(path, base.parent if base.is_file() else base)).as_posix()

    def language(self, path: Path) -> Language | None:
        """Return the language of a file by its suffix, None where it is neither C nor C++."""
        return _LANGUAGES.get(path.suffix) or _LANGUAGES.get(path.suffix.lower())

    def is_unit(self, path: Path) -> bool:
        """Tell whether a compiler is given the file itself, as far as its name and the other files say."""
        if path.suffix not in _UNITS and path.suffix.lower() not in _UNITS:
            return False
        if self._included is None:
            self._included = frozenset(self._included_units())
        return path not in self._included

    def _included_units(self) -> Iterator[Path]:
        for path in self.files():
            for match in _INCLUDE_OF_UNIT.finditer(self.readable(path)):
                yield Path(os.path.normpath(path.parent / os.fsdecode(match[1])))

    def beside(self) -> Tree:
        """Return the tree as it is on disk, without what was adopted; files are read once for both."""
        listed = None if self._adopted else tuple(self.files())
        return Tree(self.root, self.config, self._sources, listed)

    def put_together(self, path: Path) -> frozenset[Path]:
        """Return the sources that a file which is none of the project includes by absolute paths, whether they are there or not."""
        if path in self._files() or not any(map(os.path.isabs, _included_names(self.readable(path)))):
            return frozenset()
        names = (name for _, _, name in includes.lines(self.readable(path)) if os.path.isabs(name))
        return frozenset(target for name in names if (target := target_of(path, name)).suffix in _UNITS)

    def adopt(self, path: Path) -> tuple[Path, ...]:
        """Take a file for a unit of the project that only puts sources together, if it is one: build systems make those for unity builds.

        It names its sources by absolute paths, for it lies in the build directory; the sources may have been made there as well.
        Return them.
        """
        sources = {source for source in self.put_together(path) if source.is_file()}
        if sources:
            self._adopted[path] = tuple(sorted(sources))
            self._included = frozenset({*(self._included or self._included_units()), *sources})
            self._listing = tuple(sorted({*self.files(), *sources}))
            self._set = self._by_name = self._owners = None
        return self._adopted.get(path, ())

    def unwanted(self, path: Path, language: Language) -> Reason | None:
        """Return why a source may not be routed, if so; of one that puts others together, each of those is asked about."""
        if path in self._adopted and language in self.config.languages:
            return None
        return self.config.wants(self.relative(path), language)

    def source(self, path: Path) -> bytes:
        """Return the bytes of a file, read once.  Raises OSError."""
        if path not in self._sources:
            self._sources[path] = path.read_bytes()
        return self._sources[path]

    def readable(self, path: Path) -> bytes:
        """Return the bytes of a file that is looked at for the sake of another; none where it can not be read."""
        try:
            return self.source(path)
        except OSError:
            return b''

    def unit(self, path: Path) -> Unit:
        """Return a source with what is to be read with it.  Raises OSError where the source itself can not be read."""
        if path not in self._units:
            source = self.source(path)
            alone = not self._includes_some(path)
            self._units[path] = Unit.plain(path, source) if alone else compose(path, self.readable, self._is_worth)
        return self._units[path]

    def is_own(self, name: str) -> bool:
        """Tell whether a path, as a compiler that was started here spells it, is that of a file of the project."""
        return Path(os.path.realpath(name)).is_relative_to(self.root.resolve())

    def separate(self, path: Path) -> bool:
        """Take a unit's files apart for good; tell whether there was anything to take apart."""
        together = len(self.unit(path).parts) > 1
        self._units[path] = Unit.plain(path, self.source(path))
        return together

    def owner(self, path: Path) -> Path:
        """Return the unit that a file is read with: the first that includes it, else the file itself."""
        if self._owners is None:
            self._owners = {}
            for unit in (*self._adopted, *self.files()):
                if self.is_unit(unit) and self._includes_some(unit):
                    for part in self.unit(unit).parts[1:]:
                        self._owners.setdefault(part.path, unit)
        return path if self.is_unit(path) else self._owners.get(path, path)

    def may_include(self, path: Path, header: Path) -> bool:
        """Tell whether a source may include a header, directly or by way of other files of the project; by the last part of its name."""
        if self._by_name is None:
            self._by_name = {}
            for other in self.files():
                self._by_name.setdefault(other.name, []).append(other)
        seen, todo = set[str](), [path]
        while todo:
            for match in _ANY_INCLUDE.finditer(self.readable(todo.pop())):
                name = os.fsdecode(match[1] or b'').rpartition('/')[2]
                if not name or name == header.name:
                    return True  # a name that a macro makes may be any
                if name not in seen:
                    seen.add(name)
                    todo += self._by_name.get(name, [])
        return False

    def _includes_some(self, path: Path) -> bool:
        # The search for the word keeps the lexer away from most files.
        source = self.readable(path)
        return any(self._is_worth(target_of(path, name)) for name in _included_names(source)) and any(
            self._is_worth(target_of(path, name)) for _, _, name in includes.lines(source)
        )

    def _is_worth(self, path: Path) -> bool:
        """Tell whether a file that another one includes is to be read with it."""
        if path not in self._worth:
            self._worth[path] = False  # a circle adds nothing
            self._worth[path] = path in self._files() and self._can_be_part(path) and (self._has_some(path) or self._includes_some(path))
        return self._worth[path]

    def _files(self) -> frozenset[Path]:
        if self._set is None:
            self._set = frozenset(self.files())
        return self._set

    def _can_be_part(self, path: Path) -> bool:
        return not self.config.excludes(self.relative(path)) and includes.refusal(self.readable(path)) is None

    def _has_some(self, path: Path) -> bool:
        source = self.readable(path)
        if _ROWS.search(source):
            return True
        # Of a header, functions are declared in most cases, and seldom listed in a table.
        return _OF_PYTHON in source and path.suffix.lower() in _WITH_BODIES


def _included_names(source: bytes) -> Iterator[str]:
    return (os.fsdecode(match[1] or match[2]) for match in _INCLUDE.finditer(source))


def _walk(root: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(root):
        here = Path(directory)
        names[:] = sorted(n for n in names if not n.startswith('.') and n not in _SKIPPED_DIRECTORIES and not _is_output(here / n))
        for name in files:
            suffix = Path(name).suffix
            if (suffix in _LANGUAGES or suffix.lower() in _LANGUAGES) and (here / name).is_file():
                yield here / name


def _is_output(directory: Path) -> bool:
    return directory.name.endswith('.egg-info') or any((directory / mark).exists() for mark in _OUTPUT_MARKS)
