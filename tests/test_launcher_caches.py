"""Compiler caches and a compile farm inside the launcher."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from launcher_support import SOURCE, Sandbox


def needs(name: str) -> str:
    """Return the program; `./dev test` installs it, into a directory of its own where Meson must not find it."""
    found = shutil.which(name) or shutil.which(name, path=os.environ.get('TRAMP_BUILD_TOOLS'))
    assert found, f'{name} is not installed'
    return found


def compile_twice(sandbox: Sandbox, wrapper: str, cc: str) -> None:
    """In a directory of headers, with dependencies; the second time after everything that was made is gone."""
    sandbox.write('src/b.h', '#define B "b"\n')
    sandbox.route(
        'src/a.c',
        '#include "b.h"\n/* PyMethodDef */\n#include <stdio.h>\nint main(void) { printf("%d%s", 1, B); return 1; }\n',
        'return 1;',
        'return 2;',
    )
    outputs = []
    for _ in range(2):
        sandbox.run(wrapper, cc, '-g', '-MD', '-MF', 'a.d', '-c', 'src/a.c', '-o', 'a.o')
        outputs.append((sandbox.dir.joinpath('a.o').read_bytes(), sandbox.dir.joinpath('a.d').read_text()))
        sandbox.dir.joinpath('a.o').unlink()
        sandbox.dir.joinpath('a.d').unlink()
        assert not sandbox.dir.joinpath('.tramp-build').exists()
    assert outputs[0] == outputs[1]
    assert outputs[0][1].replace('\\\n', '').split()[:2] == ['a.o:', 'src/a.c']
    assert '.tramp-build' not in outputs[0][1]
    assert sandbox.outcomes() == ['routed', 'routed']


@pytest.mark.parametrize('mode', ['', 'depend', 'preprocessor'])
def test_ccache(sandbox: Sandbox, cc: str, mode: str) -> None:
    ccache = needs('ccache')
    sandbox.env |= {'CCACHE_DIR': str(sandbox.dir / 'cache'), 'CCACHE_CONFIGPATH': '/dev/null'}
    sandbox.env |= {'depend': {'CCACHE_DEPEND': '1'}, 'preprocessor': {'CCACHE_NODIRECT': '1'}}.get(mode, {})
    compile_twice(sandbox, ccache, cc)
    statistics = dict(line.split('\t') for line in sandbox.plain(ccache, '--print-stats').stdout.splitlines())
    hits = int(statistics['direct_cache_hit']) + int(statistics['preprocessed_cache_hit'])
    assert (hits, int(statistics['cache_miss'])) == (1, 1)


def test_ccache_keeps_two_texts_of_one_source_apart(sandbox: Sandbox, cc: str) -> None:
    ccache = needs('ccache')
    sandbox.env |= {'CCACHE_DIR': str(sandbox.dir / 'cache'), 'CCACHE_CONFIGPATH': '/dev/null'}
    for new in ('return 2;', 'return 3;', 'return 2;'):
        sandbox.route('a.c', new=new)
        sandbox.run(ccache, cc, '-c', 'a.c')
        sandbox.plain(cc, '-o', 'program', 'a.o')
        assert sandbox.plain('./program').stdout[0] == new[7]
    sandbox.index(sandbox.dir / 'a.c', 'plain')
    sandbox.run(ccache, cc, '-c', 'a.c')
    sandbox.plain(cc, '-o', 'program', 'a.o')
    assert sandbox.plain('./program').stdout[0] == '1'


@pytest.mark.parametrize('mode', ['', 'preprocessor'])
def test_ccache_hits_from_another_place(sandbox: Sandbox, cc: str, mode: str) -> None:
    """A front end copies the project to a new place each time; what is relative in the command stays relative."""
    ccache = needs('ccache')
    sandbox.env |= {
        'CCACHE_DIR': str(sandbox.dir / 'cache'),
        'CCACHE_CONFIGPATH': '/dev/null',
        **({'CCACHE_NODIRECT': '1'} if mode else {}),
    }
    for place in ('one', 'another/place'):
        sandbox.write(f'{place}/src/b.h', 'static inline int b(void) { return 1; }\n')
        sandbox.route(f'{place}/src/a.c', '#include "b.h"\n' + SOURCE)
        sandbox.write(f'{place}/build/x', '')
        sandbox.run(ccache, cc, '-MD', '-c', '../src/a.c', '-o', 'a.o', cwd=f'{place}/build')
        assert '../src/b.h' in sandbox.dir.joinpath(place, 'build/a.d').read_text()
    statistics = dict(line.split('\t') for line in sandbox.plain(ccache, '--print-stats').stdout.splitlines())
    assert int(statistics['direct_cache_hit']) + int(statistics['preprocessed_cache_hit']) == 1, statistics


def test_sccache(sandbox: Sandbox, cc: str) -> None:
    sccache = needs('sccache')
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    sandbox.env |= {'SCCACHE_DIR': str(sandbox.dir / 'cache'), 'SCCACHE_SERVER_PORT': str(port), 'SCCACHE_IDLE_TIMEOUT': '60'}
    sandbox.plain(sccache, '--start-server')
    try:
        compile_twice(sandbox, sccache, cc)
        statistics = json.loads(sandbox.plain(sccache, '--show-stats', '--stats-format=json').stdout)['stats']
        assert sum(statistics['cache_hits']['counts'].values()) == 1, statistics
    finally:
        sandbox.plain(sccache, '--stop-server', check=False)


@contextlib.contextmanager
def farm(sandbox: Sandbox) -> Iterator[Path]:
    """A compile server on this machine, and its log."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    # The server gives up its rights, and has none in a directory of pytest's.
    open_directory = Path(tempfile.mkdtemp(prefix='tramp-build-distcc-'))
    open_directory.chmod(0o777)
    log = open_directory / 'log'
    sandbox.dir.joinpath('distcc').mkdir()
    server = subprocess.Popen(
        [needs('distccd'), '--no-detach', '--daemon', '--allow', '127.0.0.1', '--listen', '127.0.0.1', '--port', str(port), '--jobs', '2',
         '--log-file', log, '--log-level', 'info', '--enable-tcp-insecure'],
        env={**sandbox.env, 'HOME': '/tmp', 'TMPDIR': '/tmp'}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    sandbox.env |= {'DISTCC_HOSTS': f'127.0.0.1:{port}/2', 'DISTCC_DIR': str(sandbox.dir / 'distcc'), 'DISTCC_FALLBACK': '0'}
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
                break
            time.sleep(0.05)
        yield log
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(open_directory)


def test_distcc(sandbox: Sandbox, cc: str) -> None:
    """Preprocessed here, compiled there."""
    distcc = needs('distcc')
    with farm(sandbox) as log:
        compile_twice(sandbox, distcc, cc)
        # The server writes its summary after the client has its answer.
        for _ in range(100):
            text = log.read_text()
            if text.count('COMPILE_OK') >= 2:
                break
            time.sleep(0.1)
    assert text.count('COMPILE_OK') == 2, text
