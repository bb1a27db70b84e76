"""The dynamic section of an ELF file: what it loads and where it looks for it; and how large its sections are.

Reads 32 and 64 bit, little and big endian.  The only change it can make is to a run path, in place, inside the room
that the link left for it: no section moves, so nothing that strip, patchelf or a debugger relies on changes.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from tramp_build.errors import ToolError

MAGIC = b'\x7fELF'

# <elf.h>
_PT_LOAD = 1
_PT_DYNAMIC = 2
_DT_NULL = 0
_DT_NEEDED = 1
_DT_STRTAB = 5
_DT_STRSZ = 10
_DT_SONAME = 14
_DT_RPATH = 15
_DT_RUNPATH = 29
_SHN_XINDEX = 0xFFFF


class ElfError(ToolError):
    """The file says that it is ELF and can not be read as such."""


class RunPath(NamedTuple):
    """A DT_RPATH or DT_RUNPATH, and where its text stands in the file."""

    text: str
    offset: int


class Dynamic(NamedTuple):
    """What the dynamic linker reads of one file."""

    needed: tuple[str, ...]
    soname: str | None
    run_paths: tuple[RunPath, ...]


class _Layout(NamedTuple):
    """The two word sizes differ in the order of fields, the two byte orders in all."""

    header: struct.Struct  # e_phoff, e_phentsize, e_phnum at the offsets given below
    segment: struct.Struct
    entry: struct.Struct
    sections: struct.Struct  # e_shoff, e_shentsize, e_shnum, e_shstrndx
    section: struct.Struct  # sh_name, sh_offset, sh_size, sh_link

    @classmethod
    def of(cls, data: bytes) -> _Layout:
        if len(data) < 64 or data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ElfError('truncated or unknown ELF header')
        order = '<' if data[5] == 1 else '>'
        wide = ('32x Q 14x H H 6x', 'I 4x Q Q 8x Q 16x', 'qQ', '40x Q 10x H H H', 'I 20x Q Q I 20x')
        narrow = ('28x I 10x H H 6x', 'I I I 4x I 12x', 'iI', '32x I 10x H H H', 'I 12x I I I 12x')
        return cls(*(struct.Struct(order + text) for text in (wide if data[4] == 2 else narrow)))


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def is_elf(data: bytes) -> bool:
    """Whether the file claims to be ELF."""
    return data.startswith(MAGIC)


def read_dynamic(data: bytes) -> Dynamic | None:
    """The dynamic section; None for what has none (not ELF, an object file, a static program)."""
    if not is_elf(data):
        return None
    layout = _Layout.of(data)
    segments = _segments(data, layout)
    entries = next((_entries(data, layout, s) for s in segments if s.kind == _PT_DYNAMIC), None)
    if entries is None:
        return None
    strings = _string_table(segments, entries, len(data))
    if strings is None:
        return Dynamic((), None, ())
    start, end = strings

    def text(offset: int) -> str:
        stop = data.find(b'\0', start + offset, end) if offset < end - start else -1
        if stop < 0:
            raise ElfError('a name of the dynamic section lies outside of its string table')
        return data[start + offset : stop].decode('utf-8', 'surrogateescape')

    return Dynamic(
        needed=tuple(text(value) for tag, value in entries if tag == _DT_NEEDED),
        soname=next((text(value) for tag, value in entries if tag == _DT_SONAME), None),
        run_paths=tuple(RunPath(text(value), start + value) for tag, value in entries if tag in (_DT_RPATH, _DT_RUNPATH)),
    )


def _segments(data: bytes, layout: _Layout) -> list[_Segment]:
    table, size, count = layout.header.unpack_from(data)
    if size < layout.segment.size or table + size * count > len(data):
        # An object file has no program headers at all.
        if count == 0:
            return []
        raise ElfError('the program headers lie outside of the file')
    found = []
    for index in range(count):
        kind, offset, address, length = layout.segment.unpack_from(data, table + index * size)
        found.append(_Segment(kind, offset, address, length))
    return found


def _entries(data: bytes, layout: _Layout, segment: _Segment) -> list[tuple[int, int]]:
    end = segment.offset + segment.size
    if end > len(data):
        raise ElfError('the dynamic section lies outside of the file')
    found = []
    for offset in range(segment.offset, end - layout.entry.size + 1, layout.entry.size):
        tag, value = layout.entry.unpack_from(data, offset)
        if tag == _DT_NULL:
            break
        found.append((tag, value))
    return found


def _string_table(segments: list[_Segment], entries: list[tuple[int, int]], size: int) -> tuple[int, int] | None:
    """The file offsets of the table's start and end; the dynamic section has its address in memory."""
    values = dict(entries)
    if _DT_STRTAB not in values:
        return None
    address, length = values[_DT_STRTAB], values.get(_DT_STRSZ, 0)
    for segment in segments:
        if segment.kind == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            start = address - segment.address + segment.offset
            if start + length > size:
                break
            return start, start + length
    raise ElfError('the string table of the dynamic section lies outside of the file')


def section_sizes(data: bytes) -> dict[str, int]:
    """The bytes of each section that has a name, those of one name together; empty where the file has no section headers."""
    layout = _Layout.of(data)
    table, size, count, names = layout.sections.unpack_from(data)
    if not table:
        return {}
    if size < layout.section.size or table + size * max(count, 1) > len(data):
        raise ElfError('the section headers lie outside of the file')
    first = layout.section.unpack_from(data, table)
    # More than fit into the fields of the header: the first entry, which is no section, has them.
    count, names = count or first[2], first[3] if names == _SHN_XINDEX else names
    if names >= count or table + size * count > len(data):
        raise ElfError('the section headers lie outside of the file')
    headers = [layout.section.unpack_from(data, table + size * index) for index in range(count)]
    _, start, length, _ = headers[names]
    found: dict[str, int] = {}
    for offset, _, length_of_section, _ in headers:
        end = data.find(b'\0', start + offset, start + length) if offset < length else -1
        if end < 0:
            raise ElfError('the name of a section lies outside of the table of names')
        name = data[start + offset : end].decode('utf-8', 'surrogateescape')
        if name:
            found[name] = found.get(name, 0) + length_of_section
    return found


def replace_run_path(data: bytes, old: str, new: str) -> bytes | None:
    """Put `new` for the component `old` in every run path; None where it does not fit.

    The file is returned as it is if no run path has the component.  At the end of a run path the rest is filled with NUL;
    before another component, with slashes, which change nothing in a path and keep all that follows where it was
    (the linker lets a string end inside another).
    """
    dynamic = read_dynamic(data)
    if dynamic is None:
        return data
    patched = bytearray(data)
    for run_path in dynamic.run_paths:
        components = run_path.text.split(':')
        if old not in components:
            continue
        if len(new.encode()) > len(old.encode()):
            return None
        last = len(components) - 1
        text = ':'.join(_fitted(new, old, at_end=i == last) if part == old else part for i, part in enumerate(components))
        raw = text.encode('utf-8', 'surrogateescape')
        patched[run_path.offset : run_path.offset + len(raw)] = raw
    return bytes(patched)


def _fitted(new: str, old: str, *, at_end: bool) -> str:
    return new + ('\0' if at_end else '/') * (len(old.encode()) - len(new.encode()))
