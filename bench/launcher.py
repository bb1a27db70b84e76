"""What the launcher adds to one compiler call, beside the same call without it.

The compiler is a program that does nothing, so that only the launcher shows.  Times are of fork, execution and wait, taken
in turns with the direct call so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tramp_build import paths
from tramp_build.state import Conf, State

WORDS = [
    '-Isrc', '-I../src', '-I/usr/include/python3.11', '-fvisibility=hidden', '-fdiagnostics-color=always', '-DNDEBUG',
    '-D_FILE_OFFSET_BITS=64',
    '-Wall', '-Winvalid-pch', '-std=c11', '-O3', '-fPIC', '-MD', '-MQ', 'src/x.o', '-MF', 'src/x.o.d', '-o', 'src/x.o', '-c',
]  # fmt: skip
BUDGET = 3.0  # ms
INDEXED = 2000  # sources of the project


def milliseconds(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Wall time and processor time of a call."""
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, env)
    _, _, usage = os.wait4(pid, 0)
    return (time.perf_counter() - started) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def compare(direct: list[str], ours: list[str], rounds: int) -> list[tuple[float, float, float, float]]:
    """Wall and processor time of the direct call and of ours, in turns."""
    env = {**os.environ}
    times = [milliseconds(direct, env) + milliseconds(ours, env) for _ in range(rounds + 20)]
    return times[20:]  # the first ones warm up


def instructions(launcher: str, words: list[str]) -> str:
    """Instructions of the launcher and its start by the dynamic linker, up to the execution of a compiler that is not there."""
    if not shutil.which('valgrind'):
        return '-'
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            ['valgrind', '--tool=callgrind', f'--callgrind-out-file={directory}/out', launcher, *words],
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r'Collected : (\d+)', done.stderr)
    return found[1] if found else '-'


def prepare(directory: Path) -> dict[str, Path]:
    """A state directory of a large project, and a source for each way through the launcher."""
    state = State.create(directory / 'state', Conf('/nonexistent', '', '/nonexistent', '0'))
    text = '/* a line of the kind that sources are made of */ int f(int x) { return x + 1; }\n' * 1000
    sources = {'plain, in the index': directory / 'plain.c', 'without tables, 80 kB': directory / 'unknown.c'}
    for path in sources.values():
        path.write_text(text)
    names = [directory / f'some/where/in/a/project/file_{n}.c' for n in range(INDEXED)]
    for number, path in enumerate([*names, sources['plain, in the index']]):
        status = path.stat() if path.exists() else None
        state.add_index(path, status.st_size if status else number, status.st_mtime_ns if status else number, 'c', 'plain')
    routed = directory / 'routed.c'
    routed.write_text(text)
    body = state.add_body(b'extern int tramp_x;\n' + text.encode())
    state.add_index(routed, routed.stat().st_size, routed.stat().st_mtime_ns, 'c', 'routed', body)
    return {**sources, 'routed, 80 kB': routed}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=300)
    rounds = parser.parse_args().rounds
    launcher, true = str(paths.launcher()), shutil.which('true')
    assert true
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        sources = prepare(directory)
        os.chdir(directory)
        directory.joinpath('src').mkdir()
        gcc = directory / 'gcc'
        gcc.symlink_to(true)
        print(f'{"ms per call":24}{"direct":>8}{"through":>9}{"added":>7}{"spread":>13}{"CPU added":>11}{"budget":>8}{"instructions":>14}')
        for what, source in sources.items():
            words = [*WORDS, str(source)]
            state = f'--tramp-state={directory}/state'
            times = compare([str(gcc), *words], [launcher, state, str(gcc), *words], rounds)
            direct, direct_cpu, ours, ours_cpu = (statistics.median(series) for series in zip(*times, strict=True))
            low, *_, high = statistics.quantiles([t[2] - t[0] for t in times], n=10)
            verdict = '' if ours - direct <= BUDGET else '  MISSED'
            print(
                f'{what:24}{direct:8.2f}{ours:9.2f}{ours - direct:7.2f}{low:7.2f}..{high:.2f}{ours_cpu - direct_cpu:11.2f}{BUDGET:8.1f}'
                f'{instructions(launcher, [state, "/nonexistent/gcc", *words]):>14}{verdict}'
            )
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
