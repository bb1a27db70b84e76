"""The last step of a wheel: libtramp goes in beside the modules that use it, and they learn where it is.

Everything else in the archive stays as it was, in its order and with its dates and permissions, so that a reproducible
build stays one.  The old file is replaced only when the new one is whole.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tramp_build import elf
from tramp_build.archive import Archive, Changes
from tramp_build.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


# What the link writes as run path while nobody knows yet where the library will be: a path that works as it stands (beside
# the module), with room for the one that the wheel needs.
PLACEHOLDER = '$ORIGIN' + '/' * 160

REPORT_NAME = 'tramp-build.json'

_LIBRARY = re.compile(r'libtramp(-cxx)?-[^/-]+\.so')


def is_library(name: str) -> bool:
    """Whether a file name is that of a copy of libtramp."""
    return _LIBRARY.fullmatch(name) is not None


class Bundled(NamedTuple):
    """What was done to a wheel; empty where nothing was to be done."""

    modules: tuple[str, ...] = ()  # archive names of the files that load libtramp
    libraries: tuple[str, ...] = ()  # archive names of the copies of libtramp


@dataclass(slots=True)
class _Libraries:
    """The copies of libtramp that the wheel gets; asked for by file name, taken from where they are."""

    directory: Path
    strays: dict[str, bytes]  # file name -> a copy that the link left beside a module
    placed: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # archive name -> content, the module to imitate

    def place(self, names: tuple[str, ...], directory: str, module: str) -> None:
        """Put the libraries, and those that they need themselves, into a directory of the archive."""
        for name in names:
            path = posixpath.join(directory, name)
            if path not in self.placed:
                data = self._content(name, module)
                self.placed[path] = (data, module)
                self.place(_needed(data), directory, module)

    def _content(self, name: str, module: str) -> bytes:
        file = self.directory / name
        if file.is_file():
            return file.read_bytes()
        if name in self.strays:
            # Objects of an earlier build, with an earlier release.
            return self.strays[name]
        raise ToolError(f'{module} loads {name}, which is not in {self.directory}; remove the build directory and build again')


def bundle(wheel: Path, library_dir: Path, report: bytes | None = None) -> Bundled:
    """Make the wheel self-contained and, where something in it was routed, put the report in.

    `report` is the JSON of `tramp-build report`, None if nothing was routed.  A wheel that neither loads libtramp nor
    has a report is not touched.
    """
    with Archive(wheel) as archive:
        users: dict[str, tuple[bytes, tuple[str, ...]]] = {}
        strays: dict[str, bytes] = {}
        for name in archive.names():
            if archive.starts_with(name, elf.MAGIC):
                data = archive.read(name)
                if _LIBRARY.fullmatch(posixpath.basename(name)):
                    strays[name] = data
                elif needed := _needed_by(name, data):
                    users[name] = (data, needed)
        if not users and report is None:
            return Bundled()
        archive.check_names()
        libraries = _Libraries(library_dir, {posixpath.basename(name): data for name, data in strays.items()})
        changes = Changes(remove=frozenset(strays))
        for name, (data, needed) in users.items():
            directory, changes.replace[name] = _settle(archive, name, data)
            libraries.place(needed, directory, name)
        for name, (data, module) in libraries.placed.items():
            changes.add(name, data, like=module)
        if report is not None:
            changes.add(f'{archive.dist_info}/{REPORT_NAME}', report, like=archive.record)
        archive.rewrite(changes)
    return Bundled(tuple(sorted(users)), tuple(sorted(libraries.placed)))


def _needed_by(name: str, data: bytes) -> tuple[str, ...]:
    try:
        return _needed(data)
    except elf.ElfError:
        # Test data, firmware, a foreign machine's file: none of ours can be unreadable.
        return ()


def _needed(data: bytes) -> tuple[str, ...]:
    dynamic = elf.read_dynamic(data)
    return tuple(name for name in dynamic.needed if _LIBRARY.fullmatch(name)) if dynamic else ()


def _settle(archive: Archive, name: str, data: bytes) -> tuple[str, bytes]:
    """Where the libraries of a module go, and the module that finds them there."""
    own = posixpath.dirname(name)
    shared = _library_dir(archive, name)
    dynamic = elf.read_dynamic(data)
    parts = [part for run_path in dynamic.run_paths for part in run_path.text.split(':')] if dynamic else []
    if shared is not None:
        path = posixpath.join('$ORIGIN', posixpath.relpath(shared, own or '.'))
        if path in parts:
            return shared, data
        patched = elf.replace_run_path(data, PLACEHOLDER, path)
        if patched is not None and patched != data:
            return shared, patched
    # No common directory, or a nesting so deep that its path does not fit, or a tool that made the run path anew (mesonpy
    # before 0.17): a directory that the module does look into.
    found = _directories(parts, own)
    if not found:
        raise ToolError(
            f'{name} loads libtramp and its run path ({":".join(parts) or "none"}) was changed after the link; '
            'keep the run path, or set link = "static" in [tool.tramp-build]'
        )
    return found[0], data


def _directories(parts: list[str], own: str) -> list[str]:
    """The directories of the archive that a run path leads to, the module's own first."""
    relative = [part.removeprefix('$ORIGIN').strip('/') for part in parts if part == '$ORIGIN' or part.startswith('$ORIGIN/')]
    found = [posixpath.normpath(posixpath.join(own, path)) for path in sorted(relative, key=bool)]
    return ['' if directory == '.' else directory for directory in found if directory.split('/')[0] != '..']


def _library_dir(archive: Archive, name: str) -> str | None:
    """`NAME.libs` at the top of where the module is installed to, the directory that auditwheel uses as well.

    None for what goes to neither site-packages directory (scripts, data): it has no place beside the packages.
    """
    top = name.split('/')[0]
    directory = f'{archive.distribution}.libs'
    if not top.endswith('.data'):
        return directory
    scheme = name.split('/')[1]
    return f'{top}/{scheme}/{directory}' if scheme in ('purelib', 'platlib') else None
