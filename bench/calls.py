"""The call table: what a call costs stock and routed, and in modules written with Cython, pybind11 and nanobind."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import peers
from call_worker import BEYOND, CALLS
from common import BENCH, Budget, Options, Spread, Table, progress, run
from modules import Pair, build_module, build_pair

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = BENCH / 'sources'
WORKER = BENCH / 'call_worker.py'
LANGUAGES = {'c': 'C', 'c++': 'C++'}
ROWS = (*CALLS, *BEYOND)
BARRIER = Budget(1.5, 'at most +1.5 ns')
POSITIONAL, NAMED = Budget(3, 'at least 3 x', at_least=True), Budget(5, 'at least 5 x', at_least=True)
# Two medians that are no further apart are level.
LEVEL = 1.1

Times = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class CallModules:
    """The modules that calls are measured with, one pair per language."""

    loop: Path
    pairs: dict[str, Pair]

    @classmethod
    def build(cls, work: Path) -> CallModules:
        loop = work / 'loop' / 'loop.so'
        build_module(SOURCES / 'loop.c', 'c', loop)
        return cls(loop, {language: build_pair(SOURCES / 'calls.c', language, work) for language in LANGUAGES})


def how(pair: Pair, row: str) -> str:
    """Return what was done to the method of a row, as it stands in a table."""
    done = pair.how.get(CALLS[row].function if row in CALLS else BEYOND[row])
    if done is None:
        return 'NOT ROUTED'
    return '+'.join(done) or 'trampoline'


def measure(options: Options) -> list[Table]:
    """Return the call table of each language."""
    progress('calls')
    modules = CallModules.build(options.work / 'calls')
    others = peers.build_peers(options.work / 'peers') if options.peers else {}
    files = {f'{language} {variant}': getattr(pair, variant) for language, pair in modules.pairs.items() for variant in ('stock', 'routed')}
    # Short rounds, so that few of them are interrupted.  The place of code and stack differs from process to process, and with it
    # a call by up to a nanosecond.
    processes, rounds, count = options.pick(25, 1), options.pick(51, 5), options.pick(4000, 500)
    times: dict[str, Times] = {row: {} for row in ROWS}
    for _ in range(processes):
        done = run(sys.executable, '-I', WORKER, 'time', modules.loop, rounds, count, *files.values(), *others.values())
        names = [*files, *others]
        for row, series in json.loads(done.stdout).items():
            for number, more in series.items():
                times[row].setdefault(names[int(number)], []).extend(more)
    note = (
        f'Median (quartiles) of {processes} processes with {rounds} rounds of {count} calls; all builds in one process, in turns. '
        'The loop is in C; what it costs is in all columns. The difference is taken round by round and is a mean without the tenth at '
        'either end: a processor has more than one speed for the same code, and changes between them.'
    )
    notes = (note, f'{peers.versions()}: the same functions as their users write them, nanobind with its own flags.') if others else (note,)
    return [_table(modules.pairs[language], language, times, list(others), notes) for language in LANGUAGES]


def _table(pair: Pair, language: str, times: dict[str, Times], others: list[str], notes: tuple[str, ...]) -> Table:
    rows = []
    for row, series in times.items():
        mine = {'stock': series[f'{language} stock'], 'routed': series[f'{language} routed']}
        theirs = {name: series[name] for name in others if name in series}
        rows.append(_row(row, how(pair, row), mine, theirs, others))
    header = ('call', 'how', 'stock', 'routed', 'difference', 'ratio', *others, 'budget')
    return Table(f'Calls of a {LANGUAGES[language]} module, ns', header, rows, notes)


def _row(row: str, done: str, mine: Times, theirs: Times, others: list[str]) -> list[str]:
    before, after = Spread.of(mine['stock']), Spread.of(mine['routed'])
    difference = Spread.of([b - a for a, b in zip(mine['stock'], mine['routed'], strict=True)])
    ratio = before.median / after.median
    medians = {name: Spread.of(values).median for name, values in theirs.items()}
    return [
        row,
        done,
        before.text(),
        after.text(),
        difference.signed_mean(),
        f'{ratio:.2f} x',
        *(f'{medians[name]:.1f}' if name in medians else '' for name in others),
        _judge(row, done, difference.mean, ratio, after.median, medians),
    ]


def _judge(row: str, done: str, difference: float, ratio: float, routed: float, medians: dict[str, float]) -> str:
    """An upgraded call is judged by its speed; one that could be upgraded and is not misses that, whatever its barrier costs."""
    verdicts = [] if 'fastcall' in done else [BARRIER.judge(difference)]
    if row in CALLS and CALLS[row].arguments:
        budget = NAMED if CALLS[row].names else POSITIONAL
        verdicts.append(budget.judge(ratio) + ('' if 'fastcall' in done else ' (convention kept)'))
    if medians:
        verdicts.append(against(routed, medians, level=not CALLS[row].arguments))
    return '; '.join(verdicts)


def against(routed: float, medians: dict[str, float], *, level: bool) -> str:
    """Say whether a routed call is faster than all others, or on a `level` with them, and what it is not."""
    ahead = [name for name, median in medians.items() if routed >= median * (LEVEL if level else 1)]
    what = 'level with the others' if level else 'faster than the others'
    return f'{what}: MISSED ({", ".join(ahead)})' if ahead else f'{what}: met'
