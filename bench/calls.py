"""The call table: what a call costs stock and routed."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common import BENCH, Budget, Options, Spread, Table, progress, run
from modules import Pair, build_module, build_pair

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = BENCH / 'sources'
WORKER = BENCH / 'call_worker.py'
LANGUAGES = {'c': 'C', 'c++': 'C++'}
# Name in the module (and in the worker), and for people.
CASES = {
    'nothing': 'no arguments',
    'add': 'two doubles',
    'add_keywords': 'two keywords',
    'get': 'getter',
    'set': 'setter',
}
_METHOD = {'get': 'value', 'set': 'value'}
BARRIER = Budget(1.5, 'at most +1.5 ns')
UPGRADED = {'add': Budget(3, 'at least 3 x', at_least=True), 'add_keywords': Budget(5, 'at least 5 x', at_least=True)}


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


def how(pair: Pair, case: str) -> str:
    """Return what was done to the method of a case, as it stands in a table."""
    done = pair.how.get(_METHOD.get(case, case))
    if done is None:
        return 'NOT ROUTED'
    return '+'.join(done) or 'trampoline'


def measure(options: Options) -> list[Table]:
    """Return the call table of each language."""
    progress('calls')
    modules = CallModules.build(options.work / 'calls')
    return [_table(modules, language, options) for language in LANGUAGES]


def _table(modules: CallModules, language: str, options: Options) -> Table:
    pair = modules.pairs[language]
    # Short rounds, so that few of them are interrupted.  The place of code and stack differs from process to process, and with it
    # a call by up to a nanosecond.
    processes, rounds, count = options.pick(25, 1), options.pick(101, 5), options.pick(4000, 500)
    times: dict[str, list[list[float]]] = {case: [[], []] for case in CASES}
    for _ in range(processes):
        done = run(sys.executable, '-I', WORKER, 'time', modules.loop, pair.stock, pair.routed, rounds, count)
        for case, series in json.loads(done.stdout).items():
            for mine, more in zip(times[case], series, strict=True):
                mine.extend(more)
    return Table(
        f'Calls of a {LANGUAGES[language]} module, ns',
        ('call', 'how', 'stock', 'min', 'routed', 'min', 'difference', 'ratio', 'budget'),
        [_row(case, how(pair, case), *times[case]) for case in CASES],
        (
            f'Median (quartiles) of {processes} processes with {rounds} rounds of {count} calls; both builds in one process, in turns. '
            'The loop is in C; what it costs is in both columns. The difference is taken round by round and is a mean without the tenth at '
            'either end: a processor has more than one speed for the same code, and changes between them.',
        ),
    )


def _row(case: str, done: str, stock: list[float], routed: list[float]) -> list[str]:
    before, after = Spread.of(stock), Spread.of(routed)
    difference = Spread.of([b - a for a, b in zip(stock, routed, strict=True)])
    ratio = before.median / after.median
    return [
        CASES[case],
        done,
        before.text(),
        f'{before.minimum:.1f}',
        after.text(),
        f'{after.minimum:.1f}',
        difference.signed_mean(),
        f'{ratio:.2f} x',
        _judge(case, done, difference.mean, ratio),
    ]


def _judge(case: str, done: str, difference: float, ratio: float) -> str:
    """An upgraded call is judged by its speed; one that could be upgraded and is not misses that, whatever its barrier costs."""
    verdicts = [] if 'fastcall' in done else [BARRIER.judge(difference)]
    if case in UPGRADED:
        verdicts.append(UPGRADED[case].judge(ratio) + ('' if 'fastcall' in done else ' (convention kept)'))
    return '; '.join(verdicts)
