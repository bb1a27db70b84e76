"""What outlining catch chains brings: text with unwind data and compile time of generated modules, beside pybind11 and nanobind."""

from __future__ import annotations

import sysconfig
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import peers
from catch_heavy import METHODS, POSITIONS, Module, nanobind_source, pybind11_source
from common import Budget, Options, Spread, Table, progress, run
from modules import launcher_of, make_state
from pycairo import cpu_of_children
from sizes import read_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMPILERS = ('g++', 'clang++')
LEVELS = ('-O2', '-Os')
SIZE = {8: Budget(45, 'at most 45 %'), 3: Budget(65, 'at most 65 %')}
TIME = {8: Budget(45, 'at most 45 %'), 3: Budget(70, 'at most 70 %')}
_HEADER = ('module', 'bytes', 'outlined', 'to stock', 'budget', 'CPU s', 'outlined', 'to stock', 'budget')
# What both of them say that their modules are compiled with.
_BOUND = ('-std=c++17', '-fvisibility=hidden')


@dataclass(frozen=True, slots=True)
class Build:
    """A compiler and its flags."""

    compiler: str
    level: str

    def __str__(self) -> str:
        return f'{self.compiler} {self.level}'

    def module(self, source: Path, output: Path, launcher: tuple[str, ...] = (), flags: tuple[str, ...] = ()) -> float:
        """Compile and link; return the CPU time of the compiler."""
        output.parent.mkdir(parents=True, exist_ok=True)
        command = (*launcher, self.compiler, self.level, '-DNDEBUG', '-fPIC', *flags)
        before = cpu_of_children()
        run(*command, '-isystem', sysconfig.get_path('include'), '-c', source, '-o', output.with_suffix('.o'))
        compiled = cpu_of_children() - before
        run(*launcher, self.compiler, '-shared', output.with_suffix('.o'), '-o', output)
        return compiled


@dataclass(frozen=True, slots=True)
class Outcome:
    """A module: its bytes of text with unwind data, and the CPU seconds of each round."""

    size: int
    times: tuple[float, ...]


def measure(options: Options) -> list[Table]:
    """Return the table of generated modules."""
    return [_generated(options)]


def text_and_unwind(module: Path) -> int:
    """Return the bytes of text with unwind data of a linked module."""
    groups = read_size('', module, 1).groups
    return groups['text'] + groups['unwind']


def compare(module: Module, build: Build, work: Path, rounds: int) -> tuple[Outcome, Outcome]:
    """Build a module stock and outlined, in turns; the time of the second has the reading and rewriting in it."""
    source = work / 'source' / 'heavy.cpp'
    source.parent.mkdir(parents=True)
    source.write_text(module.source())
    times: dict[str, list[float]] = {'stock': [], 'outlined': []}
    for number in range(rounds):
        times['stock'].append(build.module(source, work / 'stock.so'))
        started = time.process_time()
        state = make_state(source.parent, work / f'state-{number}')
        preparing = time.process_time() - started
        times['outlined'].append(preparing + build.module(source, work / 'outlined.so', launcher_of(state)))
    stock, outlined = (Outcome(text_and_unwind(work / f'{name}.so'), tuple(series)) for name, series in times.items())
    return stock, outlined


def _generated(options: Options) -> Table:
    methods, rounds = options.pick(METHODS, 20), options.pick(3, 1)
    rows = [row for compiler in COMPILERS for level in LEVELS for row in _rows(Build(compiler, level), options, methods, rounds)]
    notes = [
        f'{methods} methods each, the chain in the position that is named. Bytes: text and unwind data of the linked module. '
        f'CPU: user and system time of the compiler, median of {rounds}; outlined: with the reading and rewriting of the source.'
    ]
    if options.peers:
        notes.append(f'The same functions by others, without what their libraries have: {peers.versions("pybind11", "nanobind")}.')
    return Table('Outlined catch chains in generated modules', _HEADER, rows, notes)


def _rows(build: Build, options: Options, methods: int, rounds: int) -> Iterator[list[str]]:
    work = options.work / 'outline' / f'{build.compiler}{build.level}'
    for clauses in (8, 3):
        for position in POSITIONS:
            title = f'{build}, {clauses} clauses, {position}'
            progress(title)
            yield _row(title, clauses, *compare(Module(clauses, methods, position), build, work / f'{clauses}-{position}', rounds))
    if options.peers:
        yield from _others(build, work, methods)


def _row(title: str, clauses: int, stock: Outcome, outlined: Outcome) -> list[str]:
    size = 100 * outlined.size / stock.size
    spread = Spread.of([100 * mine / theirs for mine, theirs in zip(outlined.times, stock.times, strict=True)])
    stock_time, outlined_time = (Spread.of(outcome.times).median for outcome in (stock, outlined))
    return [
        title,
        *(str(stock.size), str(outlined.size), f'{size:.1f} %', SIZE[clauses].judge(size)),
        *(f'{stock_time:.2f}', f'{outlined_time:.2f}', f'{spread.text()} %', TIME[clauses].judge(spread.median)),
    ]


def _others(build: Build, work: Path, methods: int) -> Iterator[list[str]]:
    tools = peers.install()
    nanobind = tools / 'nanobind'
    found = {
        'pybind11': (pybind11_source(methods), (f'-I{tools / "pybind11" / "include"}',)),
        'nanobind': (
            nanobind_source(methods),
            (f'-I{nanobind / "include"}', f'-I{nanobind / "ext" / "robin_map" / "include"}', '-fno-strict-aliasing', '-DNB_SHARED'),
        ),
    }
    for name, (text, flags) in found.items():
        progress(f'{build}, {name}')
        source = work / name / 'heavy.cpp'
        source.parent.mkdir(parents=True)
        source.write_text(text)
        seconds = build.module(source, work / name / 'heavy.so', flags=(*_BOUND, *flags))
        size = text_and_unwind(work / name / 'heavy.so')
        yield [f'{build}, {name}', str(size), '', '', '', f'{seconds:.2f}', '', '', '']
