"""What goes wrong around the launcher ends in a correct build or in a clear error, never in a wrong object."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from launcher_support import SOURCE, Sandbox, as_nobody

# A compiler that does to the rewritten copy what $MODE says, and compiles anything else.
COMPILER = """\
#!{python}
import os, signal, subprocess, sys, time
unit = any('.tramp-build/' in word for word in sys.argv[1:])
mode = os.environ['MODE']
if unit:
    open('unit.pid', 'w').write(str(os.getpid()))
    if mode == 'crash':
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == 'silent':
        sys.exit(3)
    if mode == 'loud':
        sys.stderr.write('note: nothing\\nE: first\\n\\x1b[01m\\x1b[Kx.c:1:\\x1b[m error: \\x1b[1mthe cause\\x1b[m\\nerror: second\\n')
        sys.exit(1)
    if mode == 'binary':
        sys.stderr.buffer.write(b'\\xff\\x00\\x1b[error: \\x1b')
        sys.exit(1)
    if mode == 'wait':
        signal.signal(signal.SIGTERM, lambda *_: (open('told', 'w').close(), sys.exit(1)))
        signal.signal(signal.SIGINT, lambda *_: (open('told', 'w').close(), sys.exit(1)))
        time.sleep(60)
    if mode == 'partial':
        output = sys.argv[sys.argv.index('-o') + 1]
        open(output, 'w').write('half an object')
        sys.exit(1)
    if mode == 'pause':
        subprocess.run(['gcc', *sys.argv[1:]], check=True)
        open('paused', 'w').close()
        time.sleep(60)
elif mode == 'exit':
    sys.exit(77)
elif mode == 'kill':
    os.kill(os.getpid(), signal.SIGUSR1)
sys.exit(subprocess.run(['gcc', *sys.argv[1:]]).returncode)
"""


@pytest.fixture
def compiler(sandbox: Sandbox) -> Path:
    path = sandbox.write('tools/gcc-like', COMPILER.replace('{python}', sys.executable))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ('mode', 'reason'),
    [
        ('crash', 'the compiler was killed by a signal: Segmentation fault'),
        ('silent', 'the compiler said nothing'),
        ('loud', 'x.c:1: error: the cause'),
        ('partial', 'the compiler said nothing'),
    ],
)
def test_a_compiler_that_fails_on_the_copy(sandbox: Sandbox, compiler: Path, mode: str, reason: str) -> None:
    sandbox.route('a.c')
    done = sandbox.run(compiler, '-MD', '-c', 'a.c', '-o', 'a.o', MODE=mode)
    assert done.stderr == f'tramp-build: warning: a.c: compiled without trampolines: {reason}\n'
    assert sandbox.answer() == '1'
    assert sandbox.dependencies('a.d')[:2] == ['a.o:', 'a.c']
    assert [(entry.outcome, entry.detail) for entry in sandbox.log()] == [('fallback', reason)]


def test_a_compiler_whose_messages_are_no_text(sandbox: Sandbox, compiler: Path) -> None:
    sandbox.route('a.c')
    done = subprocess.run(
        [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', compiler, '-c', 'a.c'],
        cwd=sandbox.dir,
        env={**sandbox.env, 'MODE': 'binary'},
        capture_output=True,
    )
    assert done.returncode == 0
    assert b'compiled without trampolines: ' in done.stderr


def test_exit_codes_and_signals_of_the_compiler_are_ours(sandbox: Sandbox, compiler: Path) -> None:
    sandbox.write('plain.c', 'int x;')
    assert sandbox.run(compiler, '-c', 'plain.c', MODE='exit', check=False).returncode == 77
    assert sandbox.run(compiler, '-c', 'plain.c', MODE='kill', check=False).returncode == -signal.SIGUSR1
    sandbox.route('a.c', new='return no_such_name;')
    assert sandbox.run(compiler, '-c', 'a.c', MODE='exit', check=False).returncode == 77
    assert sandbox.run(compiler, '-c', 'a.c', MODE='kill', check=False).returncode == -signal.SIGUSR1
    assert sandbox.outcomes()[-2:] == ['user-error', 'user-error']


def started(sandbox: Sandbox, compiler: Path, mode: str, marker: str, **options: object) -> subprocess.Popen[bytes]:
    """A routed compile that has come as far as `marker`."""
    process = subprocess.Popen(
        [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', compiler, '-MD', '-c', 'a.c', '-o', 'a.o'],
        cwd=sandbox.dir, env={**sandbox.env, 'MODE': mode}, stderr=subprocess.PIPE, **options,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not sandbox.dir.joinpath(marker).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    return process


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_and_nothing_is_left(sandbox: Sandbox, compiler: Path, number: signal.Signals) -> None:
    sandbox.route('a.c')
    # A shell that starts the tests in the background lets them ignore SIGINT.
    process = started(sandbox, compiler, 'wait', 'unit.pid', preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == -number
    assert err == b''
    assert sandbox.dir.joinpath('told').exists()
    assert not sandbox.dir.joinpath('.tramp-build').exists()
    assert not sandbox.dir.joinpath('a.o').exists()
    assert sandbox.outcomes() == ['interrupted']


def test_an_ignored_signal_stays_ignored(sandbox: Sandbox, compiler: Path) -> None:
    """As under nohup."""
    sandbox.route('a.c')
    process = started(sandbox, compiler, 'wait', 'unit.pid', preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


def test_killed_in_the_middle(sandbox: Sandbox, compiler: Path) -> None:
    """No dependency file that names the copy; the next call does all that is to be done."""
    sandbox.route('a.c')
    process = started(sandbox, compiler, 'pause', 'paused')
    process.kill()
    process.communicate(timeout=30)
    os.kill(int(sandbox.dir.joinpath('unit.pid').read_text()), signal.SIGKILL)
    assert not sandbox.dir.joinpath('a.d').exists()
    sandbox.run('gcc', '-MD', '-c', 'a.c', '-o', 'a.o')
    assert sandbox.dependencies('a.d')[:2] == ['a.o:', 'a.c']
    assert sandbox.answer() == '2'
    assert not sandbox.dir.joinpath('.tramp-build').exists()


def test_a_parent_that_ignores_its_children(sandbox: Sandbox) -> None:
    sandbox.route('a.c')
    done = subprocess.run(
        [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', 'gcc', '-c', 'a.c'],
        cwd=sandbox.dir, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )  # fmt: skip
    assert done.returncode == 0
    assert sandbox.answer() == '2'


DAMAGES = {
    'empty': lambda data: b'',
    'torn': lambda data: data[:-9],
    'no newline': lambda data: data[:-1],
    'a bit': lambda data: data.replace(b'routed', b'rOuted'),
    'another body': lambda data: re.sub(rb'\t[0-9a-f]{32}\t', b'\t' + b'0' * 32 + b'\t', data),
    'binary': lambda data: bytes(range(256)) * 100,
    'nul': lambda data: data.replace(b'\t', b'\0'),
    'tabs': lambda data: b'\t' * 1000,
    'two lines in one': lambda data: data[: len(data) // 2] + data,
    'long': lambda data: data[:20] + b'x' * 10**6 + data[20:],
}


@pytest.mark.parametrize('damage', DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_index_line_does_not_exist(sandbox: Sandbox, damage: object) -> None:
    sandbox.route('a.c')
    index = sandbox.state.dir / 'index'
    index.write_bytes(damage(index.read_bytes()))
    sandbox.run('gcc', '-c', 'a.c')
    assert sandbox.answer() == '1'
    assert sandbox.outcomes() == ['prepare-failed']
    sandbox.route('a.c')  # what is appended after it counts
    sandbox.run('gcc', '-c', 'a.c')
    assert sandbox.answer() == '2'


BODIES = {
    'gone': lambda body: body.unlink(),
    'empty': lambda body: body.write_bytes(b''),
    'cut': lambda body: body.write_bytes(body.read_bytes()[:-10]),
    'other text': lambda body: body.write_bytes(body.read_bytes().replace(b'return 2', b'return 3')),
    'zeros': lambda body: body.write_bytes(bytes(body.stat().st_size)),
    'directory': lambda body: (body.unlink(), body.mkdir()),
}


@pytest.mark.parametrize('damage', BODIES.values(), ids=BODIES.keys())
def test_a_damaged_body_is_not_compiled(sandbox: Sandbox, damage: object) -> None:
    sandbox.route('a.c')
    damage(next(sandbox.state.dir.joinpath('bodies').iterdir()))
    done = sandbox.run('gcc', '-c', 'a.c')
    assert done.stderr == 'tramp-build: warning: a.c: compiled without trampolines: the rewritten text is damaged or gone\n'
    assert sandbox.answer() == '1'


@pytest.mark.parametrize('damage', ['', 'strict', 'python=\n', '\0\0\0', 'python=/x\nlibdir', 'python=/dev/null\nlibdir=/x\nversion=1\n'])
def test_a_damaged_conf_costs_only_what_needs_it(sandbox: Sandbox, damage: str) -> None:
    sandbox.write('b.c')
    sandbox.route('a.c')
    sandbox.state.dir.joinpath('conf').write_text(damage)
    sandbox.run('gcc', '-c', 'a.c')
    assert sandbox.answer() == '2'
    sandbox.run('gcc', '-c', 'b.c')
    assert sandbox.answer('b.o') == '1'
    assert sandbox.outcomes() == ['routed', 'prepare-failed']


def test_no_state_directory_at_all(sandbox: Sandbox) -> None:
    sandbox.write('b.c')
    done = sandbox.plain(sandbox.launcher, '--tramp-state=/nonexistent/state', 'gcc', '-c', 'b.c', '-o', 'a.o')
    assert done.stderr == ''
    assert sandbox.answer() == '1'


def test_a_state_directory_that_can_not_be_written(sandbox: Sandbox) -> None:
    """Only the log is missing then."""
    sandbox.route('a.c')
    sandbox.write('out/x').unlink()
    sandbox.dir.joinpath('out').chmod(0o777)
    for path in [sandbox.state.dir, *sandbox.state.dir.rglob('*')]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = as_nobody(sandbox, 'gcc', '-MD', '-c', 'a.c', '-o', 'out/a.o')
    assert (done.returncode, done.stderr) == (0, '')
    assert sandbox.answer('out/a.o') == '2'
    assert sandbox.outcomes() == []


def test_a_place_for_copies_that_can_not_be_written(sandbox: Sandbox) -> None:
    sandbox.route('a.c')
    sandbox.write('out/.tramp-build/x')
    sandbox.dir.joinpath('out').chmod(0o777)
    sandbox.dir.joinpath('out/.tramp-build').chmod(0o555)
    done = as_nobody(sandbox, 'gcc', '-MD', '-c', 'a.c', '-o', 'out/a.o')
    assert done.returncode == 0
    assert re.fullmatch(r'tramp-build: warning: a\.c: compiled without trampolines: out/\.tramp-build/.*: Permission denied\n', done.stderr)
    assert sandbox.answer('out/a.o') == '1'
    assert sandbox.dependencies('out/a.d')[:2] == ['out/a.o:', 'a.c']


@pytest.mark.parametrize('limit', [0, 100])
def test_a_full_disk(sandbox: Sandbox, limit: int) -> None:
    """A file can not grow beyond the limit; the compiler itself is not hindered by it."""
    sandbox.route('a.c')
    # /bin/sh is no part of the launcher: it only sets the limit, which a wrapper takes off again for the compiler.
    wrapper = sandbox.write('tools/gcc', '#!/bin/sh\nulimit -S -f unlimited\nexec /usr/bin/gcc "$@"\n')
    wrapper.chmod(0o755)
    words = [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', wrapper, '-MD', '-c', 'a.c', '-o', 'a.o']
    import resource

    def restrict() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    done = subprocess.run(words, cwd=sandbox.dir, env=sandbox.env, preexec_fn=restrict, capture_output=True, text=True)
    assert done.returncode == 0
    assert re.fullmatch(r'tramp-build: warning: a\.c: compiled without trampolines: .*: File too large\n', done.stderr)
    assert sandbox.answer() == '1'
    assert sandbox.dependencies('a.d')[:2] == ['a.o:', 'a.c']
    assert not [path for path in sandbox.dir.rglob('*') if re.search(r'\.\w{6}$', path.name)]


def test_dependencies_that_can_not_be_delivered(sandbox: Sandbox) -> None:
    sandbox.route('a.c')
    sandbox.write('a.d/x', '')  # a directory
    stock = sandbox.plain('gcc', '-MD', '-c', 'a.c', '-o', 'a.o', check=False)
    done = sandbox.run('gcc', '-MD', '-c', 'a.c', '-o', 'a.o', check=False)
    assert done.returncode == stock.returncode != 0
    assert done.stderr == stock.stderr


def test_dependencies_into_a_pipe(sandbox: Sandbox) -> None:
    sandbox.route('a.c')
    os.mkfifo(sandbox.dir / 'deps')
    with ThreadPoolExecutor() as pool:
        reader = pool.submit(sandbox.dir.joinpath('deps').read_text)
        sandbox.run('gcc', '-MD', '-MF', 'deps', '-c', 'a.c')
        assert reader.result(30).replace('\\\n', '').split()[:2] == ['a.o:', 'a.c']
    assert stat.S_ISFIFO(sandbox.dir.joinpath('deps').stat().st_mode)
    assert sandbox.answer() == '2'


def test_a_source_that_is_a_pipe_is_not_touched(sandbox: Sandbox) -> None:
    os.mkfifo(sandbox.dir / 'p.c')
    with ThreadPoolExecutor() as pool:
        writer = pool.submit(sandbox.dir.joinpath('p.c').write_text, SOURCE)
        sandbox.run('gcc', '-c', 'p.c')
        writer.result(30)
    assert sandbox.answer('p.o') == '1'


def test_closed_standard_streams(sandbox: Sandbox) -> None:
    sandbox.route('a.c')
    for closed in ([2], [1, 2], [0, 1, 2]):
        done = subprocess.run(
            [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', 'gcc', '-MD', '-c', 'a.c'],
            cwd=sandbox.dir, preexec_fn=lambda closed=closed: [os.close(fd) for fd in closed],
        )  # fmt: skip
        assert done.returncode == 0
        assert sandbox.answer() == '2'
        assert sandbox.dependencies('a.d')[:2] == ['a.o:', 'a.c']


def test_no_memory(sandbox: Sandbox) -> None:
    """Without memory for its own work the launcher is not there."""
    import resource

    sandbox.route('a.c', SOURCE + '/*' + 'x' * 4_000_000 + '*/\n')
    wrapper = sandbox.write('tools/gcc', '#!/bin/sh\nulimit -S -v unlimited\nexec /usr/bin/gcc "$@"\n')
    wrapper.chmod(0o755)
    done = subprocess.run(
        [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', wrapper, '-c', 'a.c'],
        cwd=sandbox.dir, capture_output=True, text=True, env=sandbox.env,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (8_000_000, resource.RLIM_INFINITY)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sandbox.answer() == '1'
