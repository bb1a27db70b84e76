"""The process that has prepared a project answers launchers until the hook ends; where it does not, they start a Python."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from place_support import ROOT, Place

from tramp_build import ahead, backend, serve
from tramp_build.config import Config
from tramp_build.state import State

MADE = """
#include <Python.h>
static PyObject *made(PyObject *self, PyObject *args) { int n; return PyArg_ParseTuple(args, "i", &n) ? self : 0; }
PyMethodDef methods[] = {{"made", made, METH_VARARGS, 0}, {0, 0, 0, 0}};
"""
HOOK = f"""
import os, sys, time
sys.path.insert(0, {os.fspath(ROOT)!r})
from pathlib import Path
from tramp_build import ahead
from tramp_build.config import Config
from tramp_build.state import State
os.sched_getaffinity = lambda _: {{0, 1}}
print(ahead.prepare(Path(sys.argv[1]), Config(), State(Path(sys.argv[2])), early=True).process, flush=True)
time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A project whose build makes sources, and an interpreter that says it was started."""
    place = Place.with_files(tmp_path, {'src/a.c': 'int f(void);\nint f(void) { return 1; }\n'}, '')
    (tmp_path / '.build').mkdir()
    for number in range(3):
        (tmp_path / f'.build/{number}.c').write_text(MADE)
    (tmp_path / 'python').write_text(f'#!/bin/sh\necho x >> {tmp_path}/started\nexec {sys.executable} "$@"\n')
    (tmp_path / 'python').chmod(0o755)
    conf = place.state.dir / 'conf'
    lines = [f'python={tmp_path}/python' if line.startswith('python=') else line for line in conf.read_text().splitlines()]
    conf.write_text('\n'.join([*lines, '']))
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _pid: {0, 1})
    monkeypatch.setattr(ahead, '_has_threads', lambda: False)
    return place


def start(place: Place) -> ahead.Preparing:
    """Prepare the project as a hook does, and wait until launchers are answered."""
    preparing = ahead.prepare(place.dir, Config(), place.state, early=True)
    wait_for(lambda: not (place.state.dir / 'preparing').exists())
    return preparing


def wait_for(condition) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def build(place: Place, *numbers: int) -> list[str]:
    """Compile all at once; return which texts were compiled."""
    with ThreadPoolExecutor(len(numbers)) as pool:
        said = list(pool.map(lambda n: place.compile('gcc', f'.build/{n}.c', f'{n}.o'), numbers))
    assert not any('tramp-build' in text for text in said)
    bodies = backend.bodies(place.state.dir)
    return [bodies[os.fspath(place.dir / f'.build/{n}.c')] for n in numbers]


def started(place: Place) -> int:
    """Return how often an interpreter was started."""
    path = place.dir / 'started'
    return len(path.read_text().split()) if path.exists() else 0


def test_what_the_build_makes_is_answered(place: Place) -> None:
    """As an interpreter answers, and without one; nothing stays behind."""
    preparing = start(place)
    texts = build(place, 0, 1, 2)
    assert place.outcomes() == ['routed'] * 3
    assert (len(set(texts)), started(place)) == (1, 0)
    assert preparing.wait()
    assert not list(place.state.dir.glob('serve*'))
    (place.state.dir / 'index').unlink()
    assert (build(place, 0), started(place)) == (texts[:1], 1)


def test_what_has_changed_is_read_again(place: Place) -> None:
    preparing = start(place)
    before = build(place, 0)
    (place.dir / 'src/caller.c').write_text('void call(PyMethodDef *m) { m->ml_meth(0, 0); }\n')
    assert build(place, 1) != before
    (place.dir / 'src/caller.c').unlink()
    assert (build(place, 2), started(place)) == (before, 0)
    assert preparing.wait()


def test_what_is_said_is_said_by_the_launcher(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its directory.  And a failure is one: nobody is asked again."""
    monkeypatch.setattr(serve, 'main', lambda words, _: print(words[-1], os.getcwd(), file=sys.stderr) or 3)
    preparing = start(place)
    done = place.start('gcc', '0.c', '0.o', cwd='.build')
    assert (done.returncode, done.stderr.strip()) == (0, f'{place.dir}/.build/0.c {place.dir}/.build')
    assert (place.outcomes(), started(place)) == (['prepare-failed'], 0)
    assert preparing.wait()


def test_an_error_of_ours(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, 'main', lambda *_: 1 / 0)
    preparing = start(place)
    done = place.start('gcc', '.build/0.c', '0.o')
    assert (done.returncode, 'ZeroDivisionError' in done.stderr) == (0, True)
    assert preparing.wait()


def test_an_answer_that_never_comes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, 'main', lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    preparing = start(place)
    build(place, 0, 1)
    assert (place.outcomes(), started(place)) == (['routed'] * 2, 2)
    assert preparing.wait()


def test_a_process_that_is_killed(place: Place) -> None:
    """Its socket is still there."""
    preparing = start(place)
    assert preparing.process
    os.kill(preparing.process, signal.SIGKILL)
    assert preparing.wait()
    assert (place.state.dir / 'serve').exists()
    build(place, 0)
    assert (place.outcomes(), started(place)) == (['routed'], 1)


def test_a_hook_that_is_killed(place: Place) -> None:
    """Nobody is left who would answer."""
    words = [sys.executable, '-c', HOOK, os.fspath(place.dir), os.fspath(place.state.dir)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as hook:
        assert hook.stdout
        hook.stdout.readline()
        wait_for((place.state.dir / 'serve').exists)
        hook.kill()
        wait_for(lambda: not (place.state.dir / 'serve').exists())


def test_a_path_that_is_too_long_for_a_socket(place: Place) -> None:
    state = State.create(place.dir / ('x' * 120), backend.state_project.conf_of(Config(), rpath='absolute'))
    preparing = ahead.prepare(place.dir, Config(), state, early=True)
    assert preparing.process
    os.waitid(os.P_PID, preparing.process, os.WEXITED | os.WNOWAIT)
    assert preparing.wait()


def test_the_gate(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the units of a unity build, one is asked about."""
    main = serve.main

    def counted(*arguments: object) -> int:
        with (place.dir / 'asked').open('a') as file:
            file.write('x')
        return main(*arguments)  # type: ignore[arg-type]

    for number in range(3):
        (place.dir / f'src/b{number}.c').write_text(MADE.replace('methods', f'methods_{number}'))
        (place.dir / f'.build/unity_{number}_c.c').write_text(f'#include "{place.dir}/src/b{number}.c"\n')
    (place.dir / '.build/build.ninja').write_text(''.join(f'build {n}.o: C unity_{n}_c.c\n' for n in range(3)))
    monkeypatch.setattr(serve, 'main', counted)
    preparing = start(place)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: place.start('gcc', f'.build/unity_{n}_c.c', f'{n}.o', '-w'), range(3)))
    assert (place.dir / 'asked').read_text() == 'x'
    assert len([path for path in backend.bodies(place.state.dir) if 'unity' in path]) == 3
    assert started(place) == 0
    assert preparing.wait()
