"""Unity builds of several units: the process that is asked about one prepares the others that the build compiles."""

from __future__ import annotations

import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from place_support import ROOT, Place

from tramp_build import backend

TABLE = """
#include <Python.h>
static PyObject *f_{name}(PyObject *s, PyObject *a) {{ int n; return PyArg_ParseTuple(a, "i", &n) ? s : 0; }}
PyMethodDef table_{name}[] = {{{{"f", f_{name}, METH_VARARGS, 0}}, {{0, 0, 0, 0}}}};
"""
NAMES = [f'a{number}' for number in range(6)]
# A process that is killed as soon as it has the turns of all.
KILLED = f"""
import os, signal, sys
sys.path.insert(0, {os.fspath(ROOT)!r})
from tramp_build import unity
unity.prepare_others = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from tramp_build.compile import main
sys.exit(main())
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Three units of two sources each, as Meson has them, and an interpreter that says what it is asked."""
    place = Place.with_files(tmp_path, {f'src/{name}.c': TABLE.format(name=name) for name in NAMES}, '')
    (tmp_path / '.build/m.so.p').mkdir(parents=True)
    for number in range(3):
        put_together(place, number, NAMES[2 * number : 2 * number + 2])
    compiled(place, range(3))
    use_python(place, f'exec {sys.executable} "$@"')
    return place


def use_python(place: Place, does: str) -> None:
    (place.dir / 'python').write_text(f'#!/bin/sh\necho "$@" >> {place.dir}/asked\n{does}\n')
    (place.dir / 'python').chmod(0o755)
    conf = place.state.dir / 'conf'
    lines = [f'python={place.dir}/python' if line.startswith('python=') else line for line in conf.read_text().splitlines()]
    conf.write_text('\n'.join([*lines, '']))


def put_together(place: Place, number: int, names: list[str]) -> Path:
    path = unit(place, number)
    path.write_text(''.join(f'#include<{place.dir}/src/{name}.c>\n' for name in names))
    return path


def unit(place: Place, number: int) -> Path:
    return place.dir / f'.build/m.so.p/m-unity{number}.c'


def compiled(place: Place, numbers: range) -> None:
    lines = (f'build m.so.p/{n}.o: c_COMPILER m.so.p/m-unity{n}.c || x\n DEPFILE = m.so.p/m-unity{n}.c.o.d\n' for n in numbers)
    (place.dir / '.build/build.ninja').write_text(''.join(lines))


def asked(place: Place) -> list[str]:
    """Return the names of the files that Python was asked about."""
    path = place.dir / 'asked'
    return [line.rpartition('/')[2] for line in path.read_text().splitlines()] if path.exists() else []


def build(place: Place, *numbers: int) -> dict[int, str]:
    """Compile all at once; return which text was compiled for each unit."""
    with ThreadPoolExecutor(max(1, len(numbers))) as pool:
        list(pool.map(lambda n: place.compile('gcc', os.fspath(unit(place, n)), f'{n}.o'), numbers))
    return {n: text for n in range(9) if (text := backend.bodies(place.state.dir).get(os.fspath(unit(place, n))))}


def test_one_process_for_all(place: Place, tmp_path: Path) -> None:
    """Whichever comes first; and what it says is what each would have been told alone."""
    texts = build(place, 1)
    assert asked(place) == ['m-unity1.c']
    assert len(set(texts.values())) == 3
    assert build(place, 0, 1, 2) == texts
    assert place.outcomes() == ['routed'] * 4
    assert asked(place) == ['m-unity1.c']
    for turn in (place.state.dir / 'locks').iterdir():
        with turn.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    (place.dir / '.build/build.ninja').unlink()
    (place.state.dir / 'index').unlink()
    place.prepare()
    use_python(place, f'exec {sys.executable} "$@"')
    assert [build(place, number)[number] for number in range(3)] == list(texts.values())
    assert asked(place) == [f'm-unity{number}.c' for number in (1, 0, 1, 2)]


def test_all_at_once(place: Place) -> None:
    assert len(build(place, 0, 1, 2)) == 3
    assert len(asked(place)) == 1
    assert place.outcomes() == ['routed'] * 3


def test_a_process_that_is_killed_keeps_nobody_waiting(place: Place) -> None:
    (place.dir / 'killed.py').write_text(KILLED)
    use_python(place, f'shift 4; case "$*" in *--gate*) exec {sys.executable} {place.dir}/killed.py "$@";; esac; exit 1')
    build(place, 0, 1, 2)
    # The one that it was asked about has been prepared; the next is asked about with the turns of those that are left.
    assert set(place.outcomes()) <= {'routed', 'prepare-failed'}
    use_python(place, f'exec {sys.executable} "$@"')
    build(place, 0, 1, 2)
    assert place.outcomes()[-3:] == ['routed'] * 3


def test_what_is_not_prepared_with_others(place: Place) -> None:
    """An earlier build's, one without tables, one whose sources are not all there or are made by the build, one that is asked about."""
    compiled(place, range(1, 8))
    (place.dir / 'src/plain.c').write_text('int plain;\n')
    (place.dir / '.build/made.c').write_text(TABLE.format(name='made'))
    put_together(place, 3, ['plain'])
    put_together(place, 4, ['a0', 'later'])
    put_together(place, 5, ['a0', '../.build/made'])
    put_together(place, 6, ['a0'])
    unit(place, 7).symlink_to(place.dir / 'nowhere.c')
    with open(place.state.take_turn(unit(place, 6)) or -1):
        assert set(build(place, 1)) == {1, 2}
    (place.dir / 'src/later.c').write_text(TABLE.format(name='later'))
    assert set(build(place, 4)) == {1, 2, 4, 6}
    assert set(build(place, 0, 3, 5)) == {0, 1, 2, 4, 5, 6}
    assert sorted(asked(place)) == [f'm-unity{number}.c' for number in (0, 1, 4, 5)]


def test_one_that_changes_is_asked_about_again(place: Place) -> None:
    before = build(place, 0)
    put_together(place, 1, ['a2'])
    unit(place, 2).unlink()
    after = build(place, 0, 1)
    assert (after[0], after[1] != before[1]) == (before[0], True)
    assert asked(place) == ['m-unity0.c', 'm-unity1.c']


def test_no_more_than_some_at_once(place: Place) -> None:
    """The processors that are left are not to wait for one."""
    for number in range(12):
        (place.dir / f'src/b{number}.c').write_text(TABLE.format(name=f'b{number}'))
        put_together(place, number, [f'b{number}'])
    compiled(place, range(12))
    build(place, 0)
    assert len([path for path in backend.bodies(place.state.dir) if 'unity' in path]) == 9


def test_strict(place: Place) -> None:
    """What can not be routed of one is no error of another."""
    path = place.dir / 'src/a4.c'
    path.write_text(path.read_text().replace('METH_VARARGS', 'METH_VARARGS | 0x4000'))
    place.configure(strict=True)
    use_python(place, f'exec {sys.executable} "$@"')
    build(place, 0, 1)
    done = place.start('gcc', os.fspath(unit(place, 2)), '2.o')
    assert done.returncode == 1
    assert set(asked(place)) == {f'm-unity{number}.c' for number in range(3)}


def test_make(place: Place) -> None:
    """CMake names its sources otherwise, and make has a file for each target."""
    (place.dir / '.build/build.ninja').unlink()
    directory = place.dir / '.build/CMakeFiles/m.dir'
    (directory / 'Unity').mkdir(parents=True)
    names = [directory / f'Unity/unity_{number}_c.c' for number in range(3)]
    for number, name in enumerate(names):
        name.write_text(f'/* generated by CMake */\n\n#include "{place.dir}/src/a{number}.c"\n\n')
    (directory / 'build.make').write_text(''.join(f'\tgcc -o {name}.o -c {name}\n' for name in names))
    for number, name in enumerate(names):
        place.compile('gcc', os.fspath(name), f'{number}.o')
    assert place.outcomes() == ['routed'] * 3
    assert asked(place) == ['unity_0_c.c']
