"""Random functions, chains and exceptions: a module whose chains are outlined does the same as stock, with sanitizers as well.

For a long run, which goes on until the time is over and keeps what differs in a directory:

    python tests/test_outline_random.py --seconds 900
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import outline_random
import outline_world
import pytest
from parse_support import SANITIZE

from tramp_build import paths
from tramp_build.compile import create_state, prepare_project
from tramp_build.config import Config
from tramp_build.outline import sites

COMPILERS = ('g++', 'clang++')
OPTIMIZE = ('-O0', '-O1', '-O2', '-Os', '-O3')
# What has to be in the process before the C++ library.  A forced unwinding has no object: gcc sees a reference to null there.
_RUNTIMES = {'g++': ('libasan.so', 'libubsan.so'), 'clang++': ('libclang_rt.asan-x86_64.so',)}
_DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import case
json.dump([[repr(x) for x in case.run(*call)] for call in json.load(sys.stdin)], sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Build:
    """How a module is compiled."""

    compiler: str
    flags: tuple[str, ...]
    sanitized: bool = False

    def environment(self) -> dict[str, str]:
        """Return what a process needs to load the module."""
        if not self.sanitized:
            return dict(os.environ)
        names = [self._ask(name) for name in _RUNTIMES[self.compiler]]
        options = 'detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=1'
        own = {'LD_PRELOAD': ':'.join(names), 'ASAN_OPTIONS': options, 'UBSAN_OPTIONS': 'print_stacktrace=1'}
        return {**os.environ, **own, 'PYTHONMALLOC': 'malloc'}

    def _ask(self, name: str) -> str:
        asked = [self.compiler, f'-print-file-name={name.replace("x86_64", os.uname().machine)}']
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()

    def options(self) -> list[str]:
        """Return the words of the command."""
        shared = ['-shared-libasan'] if self.compiler == 'clang++' else []
        return [*self.flags, '-std=gnu++17', '-w', *((*SANITIZE, '-fno-sanitize=null', *shared) if self.sanitized else ())]


def compiled(source: Path, build: Build, directory: Path, launcher: tuple[str, ...] = ()) -> Path:
    """Compile a module, which has to work without a word: a unit that does not compile once it is rewritten is told on stderr."""
    directory.mkdir()
    words = [*launcher, build.compiler, *build.options(), '-fPIC', '-I', sysconfig.get_path('include')]
    for command in (
        [*words, '-c', str(source), '-o', str(directory / 'case.o')],
        [*words, '-shared', str(directory / 'case.o'), '-o', str(directory / 'case.so')],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ''), done.stderr[:4000]
    return directory


def outcomes(directory: Path, build: Build, calls: list[tuple[int, int, int]]) -> list[list[str]]:
    """Return what each call has done."""
    command = [sys.executable, '-X', 'faulthandler', '-c', _DRIVER, str(directory)]
    done = subprocess.run(command, input=json.dumps(calls), env=build.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def compare(seed: int, builds: list[Build], work: Path, chains: int) -> int:
    """Build one random module stock and outlined in several ways.  Return how many outlined functions it has had."""
    made = outline_random.module(random.Random(seed), chains)
    source = work / 'source' / 'case.cpp'
    source.parent.mkdir()
    source.write_text(made.text)
    source.with_name('chains.h').write_text(made.header)
    state = create_state(work / 'state', source.parent, Config(), rpath='absolute')
    prepare_project(source.parent, Config(), state)
    launcher = (str(paths.launcher()), f'--tramp-state={state.dir}')
    calls = made.calls()
    stock = outcomes(compiled(source, builds[0], work / 'stock'), builds[0], calls)
    found = 0
    for number, build in enumerate(builds):
        directory = compiled(source, build, work / f'outlined-{number}', launcher)
        names = subprocess.run(['nm', '-C', directory / 'case.o'], capture_output=True, text=True, check=True).stdout
        found = names.count(' tramp_o_')
        outlined = outcomes(directory, build, calls)
        wrong = [(call, *pair) for call, *pair in zip(calls, stock, outlined, strict=True) if pair[0] != pair[1]]
        assert not wrong, '\n'.join(_described(made, *difference) for difference in wrong[:5])
    return found


def _described(made: outline_random.Module, call: tuple[int, int, int], stock: list[str], outlined: list[str]) -> str:
    function = made.functions[call[0]]
    return f'{function.name} ({function.shape}), {outline_world.THROWS[call[1]]} place {call[2]}:\n  {stock}\n  {outlined}'


def _builds(rng: random.Random, compiler: str) -> list[Build]:
    return [Build(compiler, (rng.choice(OPTIMIZE),)), Build(compiler, (), sanitized=True)]


@pytest.mark.parametrize('compiler', COMPILERS)
def test_random_chains_behave_as_stock(compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chain that can be outlined is, whether it pays or not."""
    monkeypatch.setattr(sites, 'pays', lambda *_: True)
    seed = random.randrange(10**6)
    print(f'seed {seed}')
    rng = random.Random(seed)
    assert compare(seed, _builds(rng, compiler), tmp_path, chains=8) >= 3


def main() -> int:
    """Compare until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--seed', type=int, default=1, help='of the first module; each further one has the next')
    parser.add_argument('--chains', type=int, default=14, help='in a module')
    parser.add_argument('--directory', type=Path, default=Path('build/outline-random'), help='where what differs is kept')
    options = parser.parse_args()
    sites.pays = lambda *_: True
    end, seed, outlined, wrong = time.monotonic() + options.seconds, options.seed, 0, 0
    while time.monotonic() < end:
        builds = _builds(random.Random(seed), COMPILERS[seed % len(COMPILERS)])
        with tempfile.TemporaryDirectory() as directory:
            try:
                outlined += compare(seed, builds, Path(directory), options.chains)
            except AssertionError as exc:
                wrong += 1
                print(f'seed {seed}, {builds}: {exc}', flush=True)
                options.directory.mkdir(parents=True, exist_ok=True)
                shutil.copytree(Path(directory) / 'source', options.directory / str(seed), dirs_exist_ok=True)
        seed += 1
    print(f'{seed - options.seed} modules, {outlined} outlined functions, {wrong} modules that differ')
    return int(wrong > 0)


if __name__ == '__main__':
    sys.exit(main())
