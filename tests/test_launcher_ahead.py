"""A compile that begins before the hook has prepared the source waits for it, and for nothing else."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from launcher_support import Sandbox

from tramp_build import ahead
from tramp_build.config import Config
from tramp_build.state import State

_BRIEF = 0.3  # seconds


def test_a_listed_source_is_waited_for(sandbox: Sandbox) -> None:
    path, body = _rewritten(sandbox)
    lock = _lock(sandbox)
    sandbox.state.list_preparing([path])
    with ThreadPoolExecutor() as pool:
        compiled = pool.submit(sandbox.run, 'gcc', '-c', 'a.c', '-o', 'a.o')
        time.sleep(_BRIEF)
        assert not compiled.done()
        sandbox.index(path, 'routed', body)
        os.close(lock)
        compiled.result(timeout=60)
    assert sandbox.outcomes() == ['routed']
    assert sandbox.answer() == '2'


def test_no_longer_than_for_its_own(sandbox: Sandbox) -> None:
    """The hook goes on with other sources meanwhile."""
    path, body = _rewritten(sandbox)
    lock = _lock(sandbox)
    sandbox.state.list_preparing([path, sandbox.dir / 'other.c'])
    with ThreadPoolExecutor() as pool:
        compiled = pool.submit(sandbox.run, 'gcc', '-c', 'a.c', '-o', 'a.o')
        time.sleep(_BRIEF)
        assert not compiled.done()
        sandbox.index(path, 'routed', body)
        compiled.result(timeout=60)
    os.close(lock)
    assert sandbox.outcomes() == ['routed']


def test_so_is_the_list(sandbox: Sandbox) -> None:
    path, body = _rewritten(sandbox)
    lock = _lock(sandbox)
    with ThreadPoolExecutor() as pool:
        compiled = pool.submit(sandbox.run, 'gcc', '-c', 'a.c', '-o', 'a.o')
        time.sleep(_BRIEF)
        assert not compiled.done()
        sandbox.index(path, 'routed', body)
        sandbox.state.list_preparing([path])
        os.close(lock)
        compiled.result(timeout=60)
    assert sandbox.outcomes() == ['routed']


def test_what_is_indexed_or_not_listed_is_not_waited_for(sandbox: Sandbox) -> None:
    """The lock is never released here, so that waiting would end in a failure."""
    lock = _lock(sandbox)
    sandbox.state.list_preparing([sandbox.dir / 'other.c'])
    sandbox.route('a.c')
    sandbox.write('plain.c', 'int x;')
    with ThreadPoolExecutor() as pool:
        for name in ('a.c', 'plain.c'):
            pool.submit(sandbox.run, 'gcc', '-c', name, '-o', 'a.o').result(timeout=60)
    os.close(lock)
    assert sandbox.outcomes() == ['routed', 'no-tables']


def test_a_process_that_died_is_not_waited_for(sandbox: Sandbox) -> None:
    """Its files are still there, its lock is not: the launcher asks for itself."""
    path = sandbox.write('a.c')
    sandbox.write('tools/python', '#!/bin/sh\nexit 1\n').chmod(0o755)
    sandbox.configure(python=str(sandbox.dir / 'tools/python'))
    os.close(_lock(sandbox))
    for listed in (False, True):
        if listed:
            sandbox.state.list_preparing([path])
        sandbox.run('gcc', '-c', 'a.c', '-o', 'a.o')
    assert sandbox.outcomes() == ['prepare-failed'] * 2


def _let_it_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner of tests has threads of its own, and a machine may have one processor."""
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _pid: {0, 1})
    monkeypatch.setattr(ahead, '_has_threads', lambda: False)


def test_the_process_leaves_an_index_and_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = _state(tmp_path)
    _let_it_fork(monkeypatch)
    preparing = ahead.prepare(tmp_path, Config(), state, early=True)
    assert preparing.process
    preparing.wait()
    assert preparing.process is None
    assert str(tmp_path / 'a.c') in state.dir.joinpath('index').read_text()
    assert not list(state.dir.glob('preparing*'))


def test_a_process_that_fails_says_so_and_the_build_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    state = _state(tmp_path)
    _let_it_fork(monkeypatch)
    monkeypatch.setattr(State, 'list_preparing', lambda *_: 1 / 0)
    assert ahead.prepare(tmp_path, Config(), state, early=True).wait()
    assert 'ZeroDivisionError' in capfd.readouterr().err


def test_an_error_of_the_user_is_said_once_and_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, 'No space left on device', '/somewhere')

    state = _state(tmp_path)
    _let_it_fork(monkeypatch)
    monkeypatch.setattr(State, 'list_preparing', full)
    preparing = ahead.prepare(tmp_path, Config(), state, early=True)
    assert not preparing.wait()
    assert capfd.readouterr().err == 'tramp-build: error: /somewhere: No space left on device\n'


@pytest.mark.parametrize(('config', 'early', 'processors'), [(Config(strict=True), True, 2), (Config(), False, 2), (Config(), True, 1)])
def test_where_it_is_of_no_use_nothing_is_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config, early: bool, processors: int
) -> None:
    state = _state(tmp_path)
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _pid: set(range(processors)))
    monkeypatch.setattr(os, 'fork', lambda: pytest.fail('a fork'))
    assert ahead.prepare(tmp_path, config, state, early=early).process is None
    assert state.dir.joinpath('index').exists()


def test_a_process_with_threads_is_not_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their locks would be held in the copy for ever."""
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _pid: {0, 1})
    monkeypatch.setattr(os, 'fork', lambda: pytest.fail('a fork'))
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    try:
        assert ahead.prepare(tmp_path, Config(), _state(tmp_path), early=True).process is None
    finally:
        end.set()
        other.join()


def _rewritten(sandbox: Sandbox) -> tuple[Path, str | None]:
    path = sandbox.write('a.c')
    return path, sandbox.state.add_body(b'extern int tramp_x;\n' + path.read_bytes().replace(b'return 1;', b'return 2;'))


def _lock(sandbox: Sandbox) -> int:
    lock = os.open(sandbox.state.dir / 'preparing', os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _state(tmp_path: Path) -> State:
    tmp_path.joinpath('a.c').write_text('int x;\n')
    for name in ('bodies', 'files'):
        tmp_path.joinpath('state', name).mkdir(parents=True)
    return State(tmp_path / 'state')
