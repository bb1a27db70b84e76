"""One project on disk: which files it has, what stands in them and what is decided about them.  Reads, never writes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tramp_build import includes
from tramp_build.model import FilePlan, Reason, ScanResult, Upgrade
from tramp_build.plan import Policy, last_component, plan
from tramp_build.rewrite import Rewritten, rewrite
from tramp_build.scan import function_names, might_declare, might_have_tables, scan
from tramp_build.upgrade import offer
from tramp_build.upgrade.entries import listed
from tramp_build.upgrade.project import Facts, Surroundings, facts_of, macros_of
from tramp_build.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tramp_build.config import Config
    from tramp_build.model import Kept, Language, Problem
    from tramp_build.upgrade.pastes import Macros

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
_INCLUDE_OF_UNIT: Final = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+\.(?:c|cc|cpp|cxx))"', re.MULTILINE)


@dataclass(slots=True)
class Project:
    """The sources below `root`, seen through `config`."""

    root: Path
    config: Config
    _sources: dict[Path, bytes] = field(default_factory=dict, repr=False)
    _scans: dict[Path, ScanResult] = field(default_factory=dict, repr=False)
    _listing: tuple[Path, ...] | None = field(default=None, repr=False)
    _known: dict[str, bool] = field(default_factory=dict, repr=False)
    _listed: dict[Path, dict[str, frozenset[str | None]]] | None = field(default=None, repr=False)
    _names: dict[Path, frozenset[str]] = field(default_factory=dict, repr=False)
    _offers: dict[tuple[str, Path], Upgrade | Kept] = field(default_factory=dict, repr=False)
    _movable: dict[Path, bool] = field(default_factory=dict, repr=False)
    _facts: dict[Path, Facts] = field(default_factory=dict, repr=False)
    _macros: Macros | None = field(default=None, repr=False)
    _included: frozenset[Path] | None = field(default=None, repr=False)

    def files(self) -> Iterator[Path]:
        """Yield the C and C++ files of the project, absolute and sorted."""
        if self._listing is None:
            root = self.root.resolve()
            self._listing = (root,) if root.is_file() else tuple(sorted(_walk(root)))
        yield from self._listing

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
            for match in _INCLUDE_OF_UNIT.finditer(self._readable(path)):
                yield Path(os.path.normpath(path.parent / os.fsdecode(match[1])))

    def source(self, path: Path) -> bytes:
        """Return the bytes of a file, read once.  Raises OSError."""
        if path not in self._sources:
            self._sources[path] = path.read_bytes()
        return self._sources[path]

    def _readable(self, path: Path) -> bytes:
        """Return the bytes of a file that is looked at for the sake of another; none where it can not be read."""
        try:
            return self.source(path)
        except OSError:
            return b''

    def scan_file(self, path: Path, language: Language | None = None) -> ScanResult | None:
        """Return what stands in a file, None where there is neither a table nor a function that another file's table names."""
        language = language or self.language(path)
        if language is None or not (might_have_tables(self.source(path)) or self._defines_listed(path)):
            return None
        return self._scan(path, language)

    def _scan(self, path: Path, language: Language) -> ScanResult:
        if path not in self._scans or self._scans[path].language != language:
            self._scans[path] = scan(self._readable(path), language)
        return self._scans[path]

    def _defines_listed(self, path: Path) -> bool:
        """Tell whether a unit may define what tables of other files name: it has the word."""
        if not self.config.fastcall or not self.is_unit(path):
            return False
        names = self._listed_elsewhere(path)
        return bool(names) and any(name.encode() in self._facts_of(path).words for name in names)

    def _listed_elsewhere(self, path: Path) -> Mapping[str, frozenset[str | None]]:
        """Return what the method tables of other files name and do not define: the conventions by function."""
        if self._listed is None:
            self._listed = {other: names for other in self.files() if (names := self._listed_in(other))}
        found: dict[str, frozenset[str | None]] = {}
        for other, names in self._listed.items():
            if other != path:
                for name, conventions in names.items():
                    found[name] = found.get(name, frozenset()) | conventions
        return found

    def _listed_in(self, path: Path) -> dict[str, frozenset[str | None]]:
        language = self.language(path)
        if language is None or not might_have_tables(self._readable(path)):
            return {}
        found = self._scan(path, language)
        own = {f.name for f in found.functions if f.body}
        return {name: conventions for name, conventions in listed(self._readable(path), found).items() if name not in own}

    def _offer_elsewhere(self, name: str, path: Path) -> Upgrade | Kept | None:
        """Return what becomes of the function that a table in `path` names and another file defines."""
        offers: list[Upgrade | Kept] = []
        for other in self.files():
            language = self.language(other)
            if other == path or language is None or name.encode() not in self._facts_of(other).words:
                continue
            functions = [f for f in self._scan(other, language).functions if last_component(f.name) == name]
            if any(f.scope.path or f.name != name for f in functions):
                return None  # the row may mean the one in a namespace
            if not any(f.body for f in functions):
                continue
            if not self.is_unit(other):
                return None  # `path` may include it
            if self._refuse(other, language, unit=True) is None:
                offers.append(self._offer(name, other, language))
        return next((o for o in offers if isinstance(o, Upgrade)), offers[0] if offers else None)

    def _offer(self, name: str, path: Path, language: Language) -> Upgrade | Kept:
        if (name, path) not in self._offers:
            found = offer(self.source(path), self._scan(path, language), name, self._surroundings(path))
            self._offers[name, path] = found if isinstance(found, Upgrade) else replace(found, path=self.relative(path))
        return self._offers[name, path]

    def problems(self, path: Path) -> tuple[Problem, ...]:
        """Return what the scanner could not read."""
        found = self.scan_file(path)
        return found.problems if found else ()

    def policy(self, path: Path, language: Language, *, unit: bool | None = None, limited: bool = False) -> Policy:
        """Return what the planner has to know about a file."""
        config = self.config
        return Policy(
            barrier=config.barrier == 'always' or (config.barrier == 'auto' and language == 'c++'),
            exclude_functions=config.exclude_functions,
            refuse=self._refuse(path, language, unit=self.is_unit(path) if unit is None else unit),
            known_elsewhere=lambda name: self._known_elsewhere(name, path),
            surroundings=self._surroundings(path, limited=limited),
        )

    def _surroundings(self, path: Path, *, limited: bool = False) -> Surroundings:
        return Surroundings(
            here=self._facts_of(path),
            others=lambda: (self._facts_of(other) for other in self.files() if other != path),
            enabled=self.config.fastcall,
            limited=limited,
            source=self.source(path),
            listed_elsewhere=lambda: self._listed_elsewhere(path),
            offer_elsewhere=lambda name: self._offer_elsewhere(name, path),
            macros=self._all_macros,
        )

    def _all_macros(self) -> Macros:
        if self._macros is None:
            self._macros = macros_of(self._facts_of(path) for path in self.files())
        return self._macros

    def _facts_of(self, path: Path) -> Facts:
        if path not in self._facts:
            self._facts[path] = facts_of(self._readable(path), shared=not self.is_unit(path))
        return self._facts[path]

    def _refuse(self, path: Path, language: Language, *, unit: bool) -> Reason | None:
        if reason := self.config.wants(self.relative(path), language):
            return reason
        if not unit:
            return Reason.INCLUDED_FILE
        if path not in self._movable:
            self._movable[path] = not includes.refusal(self.source(path))
        return None if self._movable[path] else Reason.NEEDS_ORIGINAL

    def relative(self, path: Path) -> str:
        """Return the posix path of a file from the root of the project."""
        base = self.root.resolve()
        return Path(os.path.relpath(path, base.parent if base.is_file() else base)).as_posix()

    def _known_elsewhere(self, name: str, path: Path) -> bool:
        if name not in self._known:
            self._look_up(name, path)
        return self._known[name]

    def _look_up(self, name: str, path: Path) -> None:
        """One pass over the project per name; the search for the name keeps it cheap."""
        self._known[name] = any(
            might_declare(self._readable(other), name) and name in self._names_of(other) for other in self.files() if other != path
        )

    def _names_of(self, path: Path) -> frozenset[str]:
        if path not in self._names:
            self._names[path] = function_names(self._scan(path, self.language(path) or 'c'))
        return self._names[path]

    def plan_file(
        self, path: Path, language: Language | None = None, *, unit: bool | None = None, limited: bool = False
    ) -> FilePlan | None:
        """Return the decisions for a file, None where there is nothing to decide."""
        found = self.scan_file(path, language)
        if found is None:
            return None
        decided = plan(self.source(path), found, self.policy(path, found.language, unit=unit, limited=limited))
        return decided if decided.tables or decided.upgrades else None

    def rewrite_file(self, path: Path, decided: FilePlan, *, unit: bool | None = None, limited: bool = False) -> Rewritten | None:
        """Return the verified rewritten file, None where nothing changes.  Raises RewriteError."""
        found = self.scan_file(path, decided.language)
        assert found is not None
        source = self.source(path)
        result = rewrite(source, found, decided, self.config.exceptions)
        if result is not None:
            verify(source, decided, self.policy(path, decided.language, unit=unit, limited=limited), result)
        return result

    def rewritten(self, path: Path) -> bytes | None:
        """Return the text that is compiled instead of a file, without the prelude; None where that is the file itself."""
        decided = self.plan_file(path)
        result = self.rewrite_file(path, decided) if decided else None
        return result.text if result else None


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
