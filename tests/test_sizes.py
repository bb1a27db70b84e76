"""What `report --against` says about the modules of two builds."""

from __future__ import annotations

import contextlib
import json
import struct
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_elf import FORMATS

from tramp_build import cli, elf
from tramp_build.report import SCHEMA
from tramp_build.sizes import Size, modules

if TYPE_CHECKING:
    from pathlib import Path

_SHORT = 'int f(int x) { return x + 1; }\n'
_LONG = 'void g(int); int f(int x) { for (int i = 0; i < x; i++) g(i); return x; } int h(int x) { g(x); return x; }\n'
_REPORT = {
    'version': 1,
    'files': [],
    'summary': dict.fromkeys(('files', 'tables', 'entries', 'routed', 'skipped', 'fastcall', 'outlined'), 0),
}


@pytest.fixture(scope='module')
def objects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A module, and a smaller one."""
    directory = tmp_path_factory.mktemp('sizes')
    for name, text in (('long', _LONG), ('short', _SHORT)):
        (directory / f'{name}.c').write_text(text)
        command = ['gcc', '-O2', '-shared', '-fPIC', str(directory / f'{name}.c'), '-o', str(directory / f'{name}.so')]
        subprocess.run(command, check=True)
    return directory / 'long.so', directory / 'short.so'


def _wheel(path: Path, members: dict[str, bytes], *, report: bool = True) -> Path:
    with zipfile.ZipFile(path, 'w') as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        if report:
            archive.writestr('x-1.dist-info/tramp-build.json', json.dumps(_REPORT))
    return path


def _run(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    assert cli.main(['report', '--json', *map(str, words)]) == 0
    made = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text('utf-8'))).validate(made)
    found: list[dict[str, Any]] = made.get('sizes', [])
    return found


def test_sections_are_those_of_binutils(objects: tuple[Path, Path]) -> None:
    for path in objects:
        said = subprocess.run(['size', '-A', '-d', path], capture_output=True, text=True, check=True).stdout
        lines = {words[0]: int(words[1]) for line in said.splitlines() if (words := line.split()) and words[0].startswith('.')}
        found = elf.section_sizes(path.read_bytes())
        assert lines.items() <= found.items()
        assert Size.of(path.read_bytes()) == Size(
            sum(lines.get(name, 0) for name in ('.text', '.plt', '.plt.got', '.plt.sec', '.init', '.fini')),
            lines['.eh_frame'] + lines['.eh_frame_hdr'],
        )


@pytest.mark.parametrize(('wide', 'order'), FORMATS)
def test_sections_of_every_format(wide: bool, order: str) -> None:
    """Without section headers there are none; more than 65279 are counted by the first header."""
    word = 'Q' if wide else 'I'
    names = b'\0.text\0.eh_frame\0'
    size = 64 if wide else 52

    def header(name: int, offset: int, length: int, link: int = 0) -> bytes:
        return struct.pack(f'{order}II{word * 4}II{word * 2}', name, 1, 0, 0, offset, length, link, 0, 1, 0)

    sections = [header(0, 0, 4, 3), header(1, 0, 100), header(7, 0, 20), header(0, size, len(names))]

    def file(count: int, table: int | None, index: int) -> bytes:
        ident = b'\x7fELF' + bytes([2 if wide else 1, 1 if order == '<' else 2, 1]) + bytes(9)
        at = size + len(names) if table is None else table
        head = struct.pack(f'{order}HHI{word * 3}I6H', 3, 62, 1, 0, 0, at, 0, size, 0, 0, len(sections[0]), count, index)
        return ident + head + names + b''.join(sections)

    expected = {'.text': 100, '.eh_frame': 20}
    assert elf.section_sizes(file(4, None, 3)) == expected
    assert elf.section_sizes(file(0, None, 0xFFFF)) == expected
    assert elf.section_sizes(file(4, 0, 3)) == {}
    for damaged in (file(5, None, 3), file(4, None, 4), file(4, 10**6, 3), file(4, None, 3)[:-1]):
        with pytest.raises(elf.ElfError):
            elf.section_sizes(damaged)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_is_told(objects: tuple[Path, Path], data: st.DataObject) -> None:
    content = bytearray(objects[1].read_bytes())
    table = int.from_bytes(content[40:48], 'little')
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.one_of(st.integers(16, 63), st.integers(table, len(content) - 1)))
        content[where] = data.draw(st.integers(0, 255))
    with contextlib.suppress(elf.ElfError):
        elf.section_sizes(bytes(content))


def test_wheels_and_directories_and_modules(tmp_path: Path, objects: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A module is known by the end of its path; libtramp, links and what is no module do not count."""
    stock, built = (path.read_bytes() for path in objects)
    members = {'pkg/_a.abi3.so': built, 'pkg/sub/_b.so': built, 'pkg.libs/libtramp-1.0.so': stock, 'pkg/script.so': b'GROUP()'}
    wheel = _wheel(tmp_path / 'x-1-cp311-cp311-linux_x86_64.whl', members)
    other = _wheel(tmp_path / 'stock.whl', {'pkg/_a.abi3.so': stock, 'pkg/sub/_b.so': stock, 'pkg/_c.so': stock}, report=False)
    directory = tmp_path / 'stock'
    for name in ('lib.linux-x86_64/pkg/_a.abi3.so', 'lib.linux-x86_64/pkg/sub/_b.so', 'lib.linux-x86_64/pkg/_b.so'):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(stock)
    (directory / '_a.abi3.so').symlink_to('lib.linux-x86_64/pkg/_a.abi3.so')
    sizes = [{'text': size.text, 'unwind': size.unwind} for size in map(Size.of, (stock, built))]
    expected = [{'module': name, 'stock': sizes[0], 'built': sizes[1]} for name in ('pkg/_a.abi3.so', 'pkg/sub/_b.so')]
    assert _run(capsys, wheel, '--against', other) == expected
    assert _run(capsys, wheel, '--against', directory) == expected
    assert _run(capsys, wheel) == []
    alone = _wheel(tmp_path / 'y-1-py3-none-any.whl', {'_a.abi3.so': built})
    assert _run(capsys, alone, '--against', objects[0]) == [{**expected[0], 'module': '_a.abi3.so'}]
    assert modules(objects[1]) == {'short.so': Size.of(built)}


def test_as_text(tmp_path: Path, objects: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    stock, built = (path.read_bytes() for path in objects)
    wheel = _wheel(tmp_path / 'x.whl', {'_a.so': built, '_b.so': stock})
    other = _wheel(tmp_path / 'stock.whl', {'_a.so': stock, '_b.so': stock})
    assert cli.main(['report', str(wheel), '--against', str(other)]) == 0
    one, two = Size.of(stock), Size.of(built)
    saved = one.total - two.total
    assert saved > 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        f'_a.so: text {one.text} to {two.text} bytes, unwind data {one.unwind} to {two.unwind}: '
        f'{saved} bytes ({100 * saved / one.total:.1f} %) less',
        f'_b.so: text {one.text} to {one.text} bytes, unwind data {one.unwind} to {one.unwind}: 0 bytes (0.0 %) less',
        f'2 modules: text {2 * one.text} to {one.text + two.text} bytes, unwind data {2 * one.unwind} to {one.unwind + two.unwind}: '
        f'{saved} bytes ({50 * saved / one.total:.1f} %) less',
    ]
    assert cli.main(['report', str(_wheel(tmp_path / 'z.whl', {'_a.so': stock})), '--against', str(objects[1])]) == 0
    assert f'{saved} bytes ({100 * saved / two.total:.1f} %) more\n' in capsys.readouterr().out


def test_what_can_not_be_compared(tmp_path: Path, objects: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence says what is missing."""
    wheel = _wheel(tmp_path / 'x.whl', {'a/_a.so': objects[1].read_bytes(), 'b/_b.so': objects[1].read_bytes()})
    damaged = tmp_path / 'damaged.so'
    damaged.write_bytes(objects[0].read_bytes()[:-100])
    for stock, said in (
        (tmp_path / 'missing.whl', 'missing.whl: No such file'),
        (_wheel(tmp_path / 'stock.whl', {'_c.so': objects[0].read_bytes()}), 'has none of the modules of'),
        (damaged, 'the section headers lie outside of the file'),
        (tmp_path / 'text.so', 'neither a wheel nor a directory nor an ELF module'),
    ):
        if stock.name == 'text.so':
            stock.write_text('text')
        with pytest.raises(SystemExit):
            cli.main(['report', str(wheel), '--against', str(stock)])
        assert said in capsys.readouterr().err
