from __future__ import annotations

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tramp_build.errors import ToolError
from tramp_build.state import Conf, LogEntry, State

CONF = Conf('/usr/bin/python3', '/a b', '/lib dir', '1.2.3', 'static', 'absolute', strict=True)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.create(tmp_path / 'deep' / 'state', CONF)


def test_conf_is_lines_of_keys_and_values(state: State) -> None:
    assert state.dir.joinpath('conf').read_text() == (
        'python=/usr/bin/python3\npythonpath=/a b\nlibdir=/lib dir\nversion=1.2.3\nlink=static\nrpath=absolute\nstrict=1\n'
    )


def test_a_path_that_does_not_fit_in_a_line_is_an_error(state: State) -> None:
    with pytest.raises(ToolError, match=r'libdir = .*line break'):
        state.write_conf(Conf('p', '', 'a\nb', '1'))


def test_create_keeps_what_is_there(state: State) -> None:
    name = state.add_body(b'\ntext\n')
    again = State.create(state.dir, CONF)
    assert name
    assert again.dir.joinpath('bodies', name).exists()


def test_open(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert State.open(Path('deep/state')) == state
    with pytest.raises(ToolError, match='has no conf'):
        State.open(tmp_path)


def test_bodies_are_named_by_content_and_end_with_their_sum(state: State) -> None:
    names = {state.add_body(text) for text in (b'\na\n', b'\nb\n', b'\na\n')}
    assert len(names) == 2
    for name in names:
        assert name
        data = state.dir.joinpath('bodies', name).read_bytes()
        assert len(name) == 32
        assert int(name[-8:], 16) == zlib.crc32(data)


def test_a_damaged_body_is_written_again(state: State) -> None:
    name = state.add_body(b'\ntext\n')
    assert name
    path = state.dir / 'bodies' / name
    path.write_bytes(b'')
    assert state.add_body(b'\ntext\n') == name
    assert path.read_bytes() == b'\ntext\n'


def test_includes_of_a_body_are_marked(state: State) -> None:
    name = state.add_body(b'prelude\n#include "a.h"\n')
    assert name
    assert state.dir.joinpath('bodies', name).read_bytes() == b'prelude\n#include "tramp-build:a.h"\n'


def test_a_byte_order_mark_does_not_end_up_in_the_middle(state: State) -> None:
    name = state.add_body(b'prelude\n\xef\xbb\xbf#include "a.h"\n// \xef\xbb\xbf\n')
    assert name
    assert state.dir.joinpath('bodies', name).read_bytes() == b'prelude\n#include "tramp-build:a.h"\n// \xef\xbb\xbf\n'


def test_index_lines(state: State, tmp_path: Path) -> None:
    tmp_path.joinpath('real').mkdir()
    tmp_path.joinpath('link').symlink_to('real')
    state.add_index(tmp_path / 'link' / 'x y.c', 5, 7, 'c', 'plain')
    state.add_index(tmp_path / 'real' / 'z.cc', 5, 7, 'c++', 'routed', 'f' * 32)
    lines = state.dir.joinpath('index').read_text().splitlines()
    fields = [line.split('\t') for line in lines]
    assert [f[:-1] for f in fields] == [
        [f'{tmp_path}/real/x y.c', '5', '7', 'c', 'plain', '-'],
        [f'{tmp_path}/real/z.cc', '5', '7', 'c++', 'routed', 'f' * 32],
    ]
    assert all(int(f[-1], 16) == zlib.crc32('\t'.join(f[:-1]).encode()) for f in fields)


def test_paths_that_do_not_fit_in_a_line_are_not_indexed(state: State, tmp_path: Path) -> None:
    for name in ('a\tb.c', 'a\nb.c'):
        state.add_index(tmp_path / name, 1, 1, 'c', 'plain')
    assert not state.dir.joinpath('index').exists()


def test_a_path_that_is_not_utf_8(state: State, tmp_path: Path) -> None:
    state.add_index(tmp_path / os.fsdecode(b'\xff.c'), 1, 1, 'c', 'plain')
    assert b'/\xff.c\t' in state.dir.joinpath('index').read_bytes()


def test_a_line_after_a_torn_one_is_whole(state: State, tmp_path: Path) -> None:
    index = state.dir / 'index'
    index.write_text('/torn\t5')
    state.add_index(tmp_path / 'a.c', 1, 1, 'c', 'plain')
    assert index.read_text().startswith(f'/torn\t5\n{tmp_path}/a.c\t')


def test_parallel_lines_do_not_mix(state: State, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: state.add_index(tmp_path / f'{n}.c', n, n, 'c', 'plain'), range(400)))
    lines = state.dir.joinpath('index').read_bytes().splitlines()
    assert len(lines) == 400
    assert all(int(line[-8:], 16) == zlib.crc32(line[:-9]) for line in lines)


def test_records(state: State, tmp_path: Path) -> None:
    state.add_record(tmp_path / 'b.c', {'path': 'b.c', 'n': 1})
    state.add_record(tmp_path / 'a.c', {'path': 'a.c'})
    state.add_record(tmp_path / 'b.c', {'path': 'b.c', 'n': 2})
    for name, text in {'torn': '{"path": ', 'list': '[]', 'binary': '\0'}.items():
        state.dir.joinpath('files', f'{name}.json').write_text(text)
    state.dir.joinpath('files', 'directory.json').mkdir()
    assert sorted(state.records(), key=json.dumps) == [{'n': 2, 'path': 'b.c'}, {'path': 'a.c'}]


def test_log(state: State) -> None:
    assert list(state.log()) == []
    state.dir.joinpath('log').write_bytes(
        b'routed\t/a.c\t/a.o\t-\n'
        b'fallback\t/\xff.c\t-\tthe reason\n'
        b'torn\t/b\n'
        b'\n'
        b'\t\t\t\n'
        b'too\tmany\tfields\tin\tit\n'
        b'linked\t-\t/a.so\t-\n'
        b'routed\t/unfinished'
    )  # fmt: skip
    assert list(state.log()) == [
        LogEntry('routed', '/a.c', '/a.o', None),
        LogEntry('fallback', os.fsdecode(b'/\xff.c'), None, 'the reason'),
        LogEntry('linked', None, '/a.so', None),
    ]


def test_files_get_the_modes_of_others(state: State) -> None:
    mask = os.umask(0o027)
    try:
        state.write_conf(CONF)
    finally:
        os.umask(mask)
    assert state.dir.joinpath('conf').stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_nothing(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(state.dir.rglob('*'))
    monkeypatch.setattr(Path, 'replace', lambda *_: (_ for _ in ()).throw(OSError('full')))
    with pytest.raises(OSError, match='full'):
        state.write_conf(CONF)
    assert sorted(state.dir.rglob('*')) == before
