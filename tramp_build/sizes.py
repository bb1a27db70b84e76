"""What a build has saved: text and unwind data of its modules beside those of a stock build."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from tramp_build import elf
from tramp_build.archive import Archive
from tramp_build.errors import TrampError
from tramp_build.wheel import is_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_TEXT: Final = ('.text', '.plt', '.init', '.fini')
# .ARM.exidx and .ARM.extab are what 32 bit ARM has in place of the others.
_UNWIND: Final = ('.eh_frame', '.eh_frame_hdr', '.gcc_except_table', '.ARM.exidx', '.ARM.extab')


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of one module."""

    text: int
    unwind: int

    @classmethod
    def of(cls, data: bytes) -> Size:
        """Measure a shared object.  Raises ElfError."""
        sections = elf.section_sizes(data)
        return cls(*(sum(size for name, size in sections.items() if _is_part(name, group)) for group in (_TEXT, _UNWIND)))

    def __add__(self, other: Size) -> Size:
        return Size(self.text + other.text, self.unwind + other.unwind)

    @property
    def total(self) -> int:
        return self.text + self.unwind


@dataclass(frozen=True, slots=True)
class Comparison:
    """A module of both builds."""

    module: str  # its path in the build that is reported about
    stock: Size
    built: Size

    def record(self) -> dict[str, Any]:
        """Return what the JSON report says."""
        stock, built = ({'text': size.text, 'unwind': size.unwind} for size in (self.stock, self.built))
        return {'module': self.module, 'stock': stock, 'built': built}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Comparison:
        """Read it back."""
        stock, built = (Size(record[key]['text'], record[key]['unwind']) for key in ('stock', 'built'))
        return cls(record['module'], stock, built)


def compare(built: Path, stock: Path) -> list[Comparison]:
    """Compare the modules of two builds, each a wheel, a directory or one module.  Raises TrampError where none is in both."""
    ours, theirs = modules(built), modules(stock)
    pairs = {name: name_of_other for name in ours if (name_of_other := _counterpart(name, ours, theirs))}
    if not pairs:
        raise TrampError(f'{stock}: has none of the modules of {built}: {", ".join(sorted(ours)) or "it has none itself"}')
    return [Comparison(name, theirs[other], ours[name]) for name, other in sorted(pairs.items())]


def modules(path: Path) -> dict[str, Size]:
    """Return the modules of a wheel or a directory, or the one that `path` is, by their paths in it.  Raises TrampError."""
    if path.is_dir():
        read = _of_directory(path)
    elif zipfile.is_zipfile(path):
        read = _of_wheel(path)
    else:
        data = path.read_bytes()
        if not elf.is_elf(data):
            raise TrampError(f'{path}: neither a wheel nor a directory nor an ELF module')
        read = iter([(path.name, data)])
    return {name: _size(path, name, data) for name, data in read if elf.is_elf(data)}


def _size(path: Path, name: str, data: bytes) -> Size:
    try:
        return Size.of(data)
    except elf.ElfError as exc:
        raise TrampError(f'{path}: {name}: {exc}') from exc


def _of_directory(path: Path) -> Iterator[tuple[str, bytes]]:
    for directory, directories, files in os.walk(path):
        directories.sort()
        for name in sorted(files):
            file = Path(directory, name)
            # Build directories have links to libtramp, and to modules.
            if _may_be_module(name) and not file.is_symlink():
                yield file.relative_to(path).as_posix(), file.read_bytes()


def _of_wheel(path: Path) -> Iterator[tuple[str, bytes]]:
    with Archive(path) as archive:
        for name in archive.names():
            if _may_be_module(PurePosixPath(name).name):
                yield name, archive.read(name)


def _may_be_module(name: str) -> bool:
    return name.endswith('.so') and not is_library(name)


def _is_part(section: str, group: tuple[str, ...]) -> bool:
    """Tell whether a section is one of a group, or a part of one: `.plt.sec`, `.text.unlikely`."""
    return any(section == name or section.startswith(f'{name}.') for name in group)


def _counterpart(name: str, ours: Mapping[str, Size], theirs: Mapping[str, Size]) -> str | None:
    """Return which module of a stock build is the one of that path: a wheel has fewer directories around it than a build."""
    if len(ours) == len(theirs) == 1:
        return next(iter(theirs))
    parts = PurePosixPath(name).parts[::-1]
    shared = {other: _common(parts, PurePosixPath(other).parts[::-1]) for other in theirs}
    most = max(shared.values(), default=0)
    best = [other for other, count in shared.items() if count == most]
    return best[0] if most and len(best) == 1 else None


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many parts two paths have in common from their ends."""
    count = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        count += 1
    return count
