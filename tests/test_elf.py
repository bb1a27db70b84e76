"""The ELF reader and patcher, on what a linker makes and on what no linker makes."""

from __future__ import annotations

import struct
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tramp_build import elf

PLACEHOLDER = '$ORIGIN' + '/' * 40


def make_elf(*, wide: bool, order: str, needed: list[str], run_path: str | None, tag: int = 29) -> bytes:
    """A minimal shared object: one PT_LOAD that does not map at its file offset, and a dynamic section."""
    strings = b'\0'
    offsets = []
    for text in [*needed, *([run_path] if run_path is not None else [])]:
        offsets.append(len(strings))
        strings += text.encode() + b'\0'
    word = 'Q' if wide else 'I'
    header_size, segment_size = (64, 56) if wide else (52, 32)
    strings_at = header_size + 2 * segment_size
    base = 0x10000
    entries = [(1, o) for o in offsets[: len(needed)]]
    if run_path is not None:
        entries.append((tag, offsets[-1]))
    entries += [(5, base + strings_at), (10, len(strings)), (0, 0)]
    dynamic = b''.join(struct.pack(order + word * 2, *entry) for entry in entries)
    size = strings_at + len(strings) + len(dynamic)
    ident = b'\x7fELF' + bytes([2 if wide else 1, 1 if order == '<' else 2, 1]) + bytes(9)
    header = ident + struct.pack(
        order + 'HHI' + word * 3 + 'IHHHHHH', 3, 62, 1, 0, header_size, 0, 0, header_size, segment_size, 2, 0, 0, 0
    )

    def segment(kind: int, offset: int, length: int) -> bytes:
        if wide:
            return struct.pack(order + 'IIQQQQQQ', kind, 4, offset, base + offset, base + offset, length, length, 8)
        return struct.pack(order + 'IIIIIIII', kind, offset, base + offset, base + offset, length, length, 4, 8)

    return header + segment(1, 0, size) + segment(2, strings_at + len(strings), len(dynamic)) + strings + dynamic


FORMATS = [
    pytest.param(True, '<', id='64-little'),
    pytest.param(True, '>', id='64-big'),
    pytest.param(False, '<', id='32-little'),
    pytest.param(False, '>', id='32-big'),
]


@pytest.mark.parametrize(('wide', 'order'), FORMATS)
def test_reads_every_format(wide, order):
    data = make_elf(wide=wide, order=order, needed=['libtramp-1.so', 'libc.so.6'], run_path='/a:$ORIGIN')
    dynamic = elf.read_dynamic(data)
    assert dynamic.needed == ('libtramp-1.so', 'libc.so.6')
    assert [run_path.text for run_path in dynamic.run_paths] == ['/a:$ORIGIN']


@pytest.mark.parametrize(('wide', 'order'), FORMATS)
@pytest.mark.parametrize('tag', [15, 29], ids=['RPATH', 'RUNPATH'])
def test_replaces_in_every_format(wide, order, tag):
    data = make_elf(wide=wide, order=order, needed=['x'], run_path=PLACEHOLDER, tag=tag)
    patched = elf.replace_run_path(data, PLACEHOLDER, '$ORIGIN/../x.libs')
    assert len(patched) == len(data)
    assert [run_path.text for run_path in elf.read_dynamic(patched).run_paths] == ['$ORIGIN/../x.libs']


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        ('{}', 'NEW'),
        ('/usr/x:{}', '/usr/x:NEW'),
        ('{}:/usr/x', 'NEW' + '/' * (len(PLACEHOLDER) - 3) + ':/usr/x'),
        ('$ORIGIN/y', '$ORIGIN/y'),
        ('', ''),
    ],
    ids=['alone', 'last', 'first', 'another', 'empty'],
)
def test_other_components_stay(before, after):
    data = make_elf(wide=True, order='<', needed=[], run_path=before.format(PLACEHOLDER))
    patched = elf.replace_run_path(data, PLACEHOLDER, 'NEW')
    assert elf.read_dynamic(patched).run_paths[0].text == after
    assert len(patched) == len(data)


def test_what_does_not_fit_is_refused():
    data = make_elf(wide=True, order='<', needed=[], run_path=PLACEHOLDER)
    assert elf.replace_run_path(data, PLACEHOLDER, 'x' * (len(PLACEHOLDER) + 1)) is None
    assert elf.replace_run_path(data, PLACEHOLDER, 'x' * len(PLACEHOLDER)) is not None


@pytest.fixture(scope='module')
def linked(tmp_path_factory):
    """What gcc and its linker make: a library, and a module that needs it."""
    directory = tmp_path_factory.mktemp('elf')
    directory.joinpath('lib.c').write_text('int tramp(void) { return 42; }')
    directory.joinpath('mod.c').write_text('int tramp(void); int call(void) { return tramp(); }')
    library = directory / 'libtramp-9.so'
    subprocess.run(['gcc', '-shared', '-fPIC', '-Wl,-soname,libtramp-9.so', '-o', library, directory / 'lib.c'], check=True)
    module = directory / 'sub' / 'mod.so'
    module.parent.mkdir()
    subprocess.run(
        ['gcc', '-shared', '-fPIC', '-o', module, directory / 'mod.c', library, f'-Wl,-rpath,{PLACEHOLDER}'], check=True, cwd=directory
    )
    return module


def test_reads_what_the_linker_writes(linked):
    dynamic = elf.read_dynamic(linked.read_bytes())
    assert dynamic.needed[0] == 'libtramp-9.so'
    assert dynamic.run_paths[0].text == PLACEHOLDER
    assert elf.read_dynamic(linked.parent.parent.joinpath('libtramp-9.so').read_bytes()).soname == 'libtramp-9.so'


def test_the_dynamic_linker_follows_the_new_path(linked):
    """Beside the module there is no library, so only the new path can lead to it."""

    def load(module):
        code = f'import ctypes; assert ctypes.CDLL({str(module)!r}).call() == 42'
        return subprocess.run(['python3', '-c', code], capture_output=True, check=False).returncode

    patched = linked.with_name('patched.so')
    patched.write_bytes(elf.replace_run_path(linked.read_bytes(), PLACEHOLDER, '$ORIGIN/..'))
    assert load(linked) != 0
    assert load(patched) == 0


def test_an_object_file_has_no_dynamic_section(tmp_path):
    source = tmp_path / 'x.c'
    source.write_text('int x;')
    subprocess.run(['gcc', '-c', '-o', tmp_path / 'x.o', source], check=True)
    assert elf.read_dynamic(tmp_path.joinpath('x.o').read_bytes()) is None


@pytest.mark.parametrize('data', [b'', b'MZ', b'\x7fEL', b'text'])
def test_other_files_are_not_elf(data):
    assert elf.read_dynamic(data) is None
    assert elf.replace_run_path(data, 'a', 'b') == data


@pytest.mark.parametrize('length', [4, 16, 63, 64, 100, 180, 200, 300])
def test_a_truncated_file_is_an_error(length):
    data = make_elf(wide=True, order='<', needed=['libtramp-1.so'], run_path='/x' * 40)
    with pytest.raises(elf.ElfError):
        elf.read_dynamic(data[:length])


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.sampled_from('<>'), st.data())
def test_a_damaged_file_is_read_or_refused(wide, order, data):
    """Never another exception, never a write outside of the run path's own bytes."""
    whole = bytearray(make_elf(wide=wide, order=order, needed=['libtramp-1.so'], run_path=PLACEHOLDER))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        patched = elf.replace_run_path(bytes(whole), PLACEHOLDER, '$ORIGIN/x')
    except elf.ElfError:
        return
    assert len(patched) == len(whole)
