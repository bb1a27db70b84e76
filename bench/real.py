"""Calls of real projects, stock against routed: built as every user builds them, called as the interpreter calls them."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from calls import SOURCES
from common import BENCH, ROOT, Options, Spread, Table, progress, run
from modules import build_module
from pycairo import VARIANTS, corpus_support, unpack
from real_worker import CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKER = BENCH / 'real_worker.py'


def measure(options: Options) -> list[Table]:
    """Return the table of all projects."""
    work = options.work / 'real'
    loop = work / 'loop' / 'loop.so'
    build_module(SOURCES / 'loop.c', 'c', loop)
    processes, rounds, count = options.pick(25, 1), options.pick(51, 5), options.pick(2000, 200)
    rows = [row for name in CALLS for row in _rows(name, work / name, loop, processes, rounds, count)]
    note = (
        f'Median (quartiles) of {processes} processes for each build with {rounds} rounds of {count} calls, in turns. '
        'What a method does itself is in both columns.'
    )
    return [Table('Calls of real projects, ns', ('project', 'call', 'stock', 'routed', 'ratio'), rows, (note,))]


def _rows(name: str, work: Path, loop: Path, processes: int, rounds: int, count: int) -> Iterator[list[str]]:
    project = corpus_support.PROJECTS[name]
    installed = install(name, work)
    times: dict[str, dict[str, list[float]]] = {}
    for _ in range(processes):
        for variant in VARIANTS:
            done = run(sys.executable, '-Es', WORKER, loop, rounds, count, name, installed[variant])
            for call, more in json.loads(done.stdout).items():
                times.setdefault(call, {}).setdefault(variant, []).extend(more)
    for call, series in times.items():
        before, after = (Spread.of(series[variant]) for variant in VARIANTS)
        yield [f'{name} {project.version}', f'`{call}`', before.text(), after.text(), f'{before.median / after.median:.2f} x']


def install(name: str, work: Path) -> dict[str, Path]:
    """Build a project stock and routed, each into a directory; what another topic has built there already is there."""
    targets = {variant: work / f'{variant}-installed' for variant in VARIANTS}
    if not all(target.exists() for target in targets.values()):
        for variant, source in unpack(corpus_support.PROJECTS[name], work).items():
            _install(source, targets[variant])
    return targets


def _install(source: Path, target: Path) -> None:
    """Build by the front end, with the wheel of tramp-build that is measured, and unpack what came out."""
    progress(f'building {source.name}, {source.parent.name}')
    wheels = Path(os.environ.get('TRAMP_BUILD_WHEELS', ROOT / 'build' / 'dist'))
    try:
        wheel, _ = corpus_support.build_wheel(source, target.parent / f'{target.name}-wheel', wheels)
    except AssertionError as exc:
        raise SystemExit(f'bench: error: {exc}') from None
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
