"""More that goes wrong around the launcher, at random: kills, damage, compilers that can not be trusted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from launcher_support import Sandbox

from tramp_build import build_report


def as_compiler(sandbox: Sandbox, body: str) -> Path:
    """A compiler that a shell script is."""
    path = sandbox.write('tools/cc', f'#!/bin/sh\n{body}\n')
    path.chmod(0o755)
    return path


def test_a_compiler_that_says_it_succeeded_and_did_nothing(sandbox: Sandbox) -> None:
    """What comes of that is the compiler's own business: no object, and no word of ours."""
    sandbox.route('a.c')
    done = sandbox.run(as_compiler(sandbox, 'exit 0'), '-c', 'a.c', '-o', 'a.o')
    assert (done.stdout, done.stderr) == ('', '')
    assert not sandbox.dir.joinpath('a.o').exists()


def test_a_compiler_that_prints_without_end(sandbox: Sandbox) -> None:
    sandbox.route('a.c')
    noise = 'case "$*" in *.tramp-build/*) head -c 20000000 /dev/urandom >&2; exit 1;; esac; exec gcc "$@"'
    done = subprocess.run(
        [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', as_compiler(sandbox, noise), '-c', 'a.c', '-o', 'a.o'],
        cwd=sandbox.dir, env=sandbox.env, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert len(done.stderr) < 2000
    assert sandbox.answer() == '1'


def test_killed_at_any_time(sandbox: Sandbox) -> None:
    """SIGKILL of the launcher and all below it, at 30 points of a compile: what is there then is whole, and the next compile is right."""
    sandbox.route('a.c')
    begin = time.monotonic()
    sandbox.run('gcc', '-MD', '-c', 'a.c', '-o', 'a.o')
    length = time.monotonic() - begin
    words = [sandbox.launcher, f'--tramp-state={sandbox.state.dir}', 'gcc', '-MD', '-c', 'a.c', '-o', 'a.o']
    for part in range(30):
        for name in ('a.o', 'a.d'):
            sandbox.dir.joinpath(name).unlink(missing_ok=True)
        process = subprocess.Popen(words, cwd=sandbox.dir, env=sandbox.env, stderr=subprocess.PIPE, start_new_session=True)
        time.sleep(length * part / 25)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
        if sandbox.dir.joinpath('a.d').exists():
            assert '.tramp-build' not in sandbox.dir.joinpath('a.d').read_text()
    sandbox.run('gcc', '-MD', '-c', 'a.c', '-o', 'a.o')
    assert sandbox.answer() == '2'
    assert sandbox.dependencies('a.d')[:2] == ['a.o:', 'a.c']


def test_random_damage_of_the_state(sandbox: Sandbox) -> None:
    """An object is made of the one text or of the other, whatever of the state directory is cut off, overwritten or swapped."""
    sandbox.route('a.c')
    files = [path for path in sorted(sandbox.state.dir.rglob('*')) if path.is_file()]
    assert {path.parent.name for path in files} >= {'state', 'bodies'}
    whole = {path: path.read_bytes() for path in files}
    rng = random.Random(6)
    answers = set()
    for _ in range(80):
        path = rng.choice(files)
        data = bytearray(whole[path])
        at, count = rng.randrange(len(data) + 1), rng.choice([1, 3, 30])
        damage = rng.randrange(4)
        if damage == 0:
            del data[at:]
        elif damage == 1:
            data[at : at + count] = rng.randbytes(count)
        elif damage == 2:
            data[at:at] = data[: at + count]
        else:
            data = bytearray(whole[rng.choice(files)])
        path.write_bytes(data)
        done = sandbox.run('gcc', '-c', 'a.c', '-o', 'a.o')
        assert all(line.startswith('tramp-build: ') for line in done.stderr.splitlines()), done.stderr
        answers.add(sandbox.answer())
        path.write_bytes(whole[path])
    assert answers == {'1', '2'}


def test_a_damaged_log_is_read_as_far_as_it_goes(sandbox: Sandbox) -> None:
    sandbox.route('a.c')
    sandbox.run('gcc', '-c', 'a.c', '-o', 'a.o')
    sandbox.state.dir.joinpath('project.json').write_text(f'{{"root": "{sandbox.dir}", "config": {{}}}}')
    log = sandbox.state.dir / 'log'
    good = log.read_bytes()
    for bad in (b'', b'\xff\0\n', good[:-5], b'\t\t\t\n', b'routed\n' + good, good + bytes(range(256)) * 20, b'x' * 10**6):
        log.write_bytes(bad)
        assert build_report.from_state(sandbox.state)['summary']['routed'] == 0
