"""Builds one source twice: plain, and through the launcher as a build does it."""

from __future__ import annotations

import sysconfig
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common import run

from tramp_build import paths
from tramp_build.compile import prepare_project
from tramp_build.config import Config
from tramp_build.state_project import create_state

if TYPE_CHECKING:
    from pathlib import Path

    from tramp_build.state import State

SUFFIX = {'c': '.c', 'c++': '.cpp'}
COMPILER = {'c': 'gcc', 'c++': 'g++'}
FLAGS = ('-O2', '-DNDEBUG', '-fPIC')


@dataclass(frozen=True, slots=True)
class Pair:
    """The same source, built stock and routed; `how` says for each routed method what its trampoline brings."""

    stock: Path
    routed: Path
    how: dict[str, tuple[str, ...]]


def build_pair(source: Path, language: str, work: Path) -> Pair:
    """Build a one-file module twice; the module has the name of the source."""
    copy = work / language / 'source' / f'{source.stem}{SUFFIX[language]}'
    copy.parent.mkdir(parents=True)
    copy.write_bytes(source.read_bytes())
    state = make_state(copy.parent, work / language / 'state')
    modules = []
    for name, launcher in (('stock', ()), ('routed', launcher_of(state))):
        output = work / language / name / f'{source.stem}.so'
        build_module(copy, language, output, launcher)
        modules.append(output)
    how = {
        entry['name']: tuple(entry['how'])
        for record in state.records()
        for table in record['tables']
        for entry in table['entries']
        if entry['decision'] == 'routed'
    }
    return Pair(modules[0], modules[1], how)


def make_state(root: Path, directory: Path) -> State:
    """Read and rewrite the sources below `root`, which is what a build hook does first."""
    state = create_state(directory, root, Config(), rpath='absolute')
    prepare_project(root, Config(), state)
    return state


def launcher_of(state: State) -> tuple[str, ...]:
    """Return the words that go in front of a compiler command."""
    return (str(paths.launcher()), f'--tramp-state={state.dir}')


def build_module(source: Path, language: str, output: Path, launcher: tuple[str, ...] = ()) -> float:
    """Compile and link a one-file module; return the seconds that it took."""
    output.parent.mkdir(parents=True, exist_ok=True)
    compiler, object_file = COMPILER[language], output.with_suffix('.o')
    started = time.perf_counter()
    run(*launcher, compiler, *FLAGS, '-I', sysconfig.get_path('include'), '-c', source, '-o', object_file)
    run(*launcher, compiler, '-shared', object_file, '-o', output)
    return time.perf_counter() - started
