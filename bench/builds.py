"""Build wall time, stock against routed."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from catch_heavy import METHODS, Module
from common import Budget, Options, Spread, Table, progress
from modules import build_module, launcher_of, make_state
from pycairo import VARIANTS, cpu_of_children, pycairo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PYCAIRO = Budget(103, 'at most 103 %')
CATCH_HEAVY = Budget(80, 'at most 80 %')


def measure(options: Options) -> list[Table]:
    """Return the tables of build times."""
    return [_pycairo(options), _catch_heavy(options)]


def _row(title: str, times: Sequence[float], stock: Sequence[float], budget: Budget | None) -> list[str]:
    """Compare round by round: each round has its own weather."""
    ratio = Spread.of([100 * mine / theirs for mine, theirs in zip(times, stock, strict=True)])
    relative = '' if times is stock else f'{ratio.text(1)} %'
    return [title, Spread.of(times).text(2), f'{min(times):.2f}', relative, budget.judge(ratio.median) if budget else '']


def _pycairo(options: Options) -> Table:
    project = pycairo(options.work)
    rounds = options.pick(7, 1)
    for variant in VARIANTS:
        project.wheel(variant)  # the first build warms the caches of the machine
    walls: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    cpus: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for number in range(rounds):
        progress(f'build of pycairo, {number + 1} of {rounds}')
        for variant in VARIANTS[:: 1 if number % 2 else -1]:
            build = project.build(variant)
            walls[variant].append(build.wall)
            cpus[variant].append(build.cpu)
    return Table(
        'Build time of pycairo, s',
        ('build', 'median (quartiles)', 'min', 'to stock', 'budget'),
        [
            _row('wall, stock', walls['stock'], walls['stock'], None),
            _row('wall, routed', walls['routed'], walls['stock'], PYCAIRO),
            _row('CPU, stock', cpus['stock'], cpus['stock'], None),
            _row('CPU, routed', cpus['routed'], cpus['stock'], PYCAIRO),
        ],
        (
            f'{rounds} rounds of `python -m build --wheel --no-isolation`, in turns. The ratio is taken round by round. '
            'The budget is for wall time; CPU time tells the same with less noise.',
        ),
    )


def _catch_heavy(options: Options) -> Table:
    methods, rounds = options.pick(METHODS, 20), options.pick(5, 1)
    variants = {
        'stock, with its chains': (8, False),
        'routed, chains outlined': (8, True),
        'routed, chains taken out by hand': (0, True),
    }
    walls: dict[str, list[float]] = {title: [] for title in variants}
    cpus: dict[str, list[float]] = {title: [] for title in variants}
    for number in range(rounds):
        progress(f'build of {methods} methods with 8 catch clauses each, {number + 1} of {rounds}')
        for title, (clauses, routed) in variants.items():
            wall, cpu = _build_time(Module(clauses, methods), options.work / 'builds', routed=routed)
            walls[title].append(wall)
            cpus[title].append(cpu)
    rows = []
    for what, times in (('wall', walls), ('CPU', cpus)):
        stock = times[next(iter(variants))]
        rows += [_row(f'{what}, {title}', times[title], stock, None if times[title] is stock else CATCH_HEAVY) for title in variants]
    return Table(
        f'Build time of a C++ module of {methods} methods with 8 catch clauses each, s',
        ('build', 'median (quartiles)', 'min', 'to stock', 'budget'),
        rows,
        (f'{rounds} rounds of compile and link, in turns; routed: with the reading and rewriting.',),
    )


def _build_time(module: Module, work: Path, *, routed: bool) -> tuple[float, float]:
    """Build a module as a hook in this process would; return wall and CPU time."""
    shutil.rmtree(work, ignore_errors=True)
    source = work / 'source' / 'heavy.cpp'
    source.parent.mkdir(parents=True)
    source.write_text(module.source())
    started, before = time.perf_counter(), _cpu()
    launcher = launcher_of(make_state(source.parent, work / 'state')) if routed else ()
    build_module(source, 'c++', work / 'out' / 'heavy.so', launcher)
    return time.perf_counter() - started, _cpu() - before


def _cpu() -> float:
    return time.process_time() + cpu_of_children()
