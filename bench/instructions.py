"""Instructions per call, counted by callgrind: the same figure on every run."""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING

from calls import LANGUAGES, ROWS, WORKER, CallModules, how
from common import Budget, Options, Table, progress, run

if TYPE_CHECKING:
    from pathlib import Path

    from modules import Pair

BARRIER = Budget(12, 'at most +12')
_LABEL = re.compile(r'^desc: Trigger: Client Request: (\S+)$', re.MULTILINE)
_TOTAL = re.compile(r'^(?:summary|totals): (\d+)', re.MULTILINE)


def measure(options: Options) -> list[Table]:
    """Return the table of instructions, both languages in one."""
    if not shutil.which('valgrind'):
        raise SystemExit('bench: error: instructions are counted by valgrind, which is not installed (Debian: valgrind)')
    modules = CallModules.build(options.work / 'instructions')
    count = options.pick(2000, 200)
    rows = [row for language in LANGUAGES for row in _rows(modules, language, count)]
    return [
        Table(
            'Instructions per call',
            ('module', 'call', 'how', 'stock', 'routed', 'difference', 'budget'),
            rows,
            (f'callgrind; the difference of {2 * count} and {count} calls, divided by {count}.',),
        )
    ]


def _rows(modules: CallModules, language: str, count: int) -> list[list[str]]:
    progress(f'instructions ({LANGUAGES[language]})')
    pair = modules.pairs[language]
    counts = _counts(modules.loop, pair, count)
    rows = []
    for case in ROWS:
        stock, routed = ((counts[case, variant, 2] - counts[case, variant, 1]) / count for variant in ('stock', 'routed'))
        done = how(pair, case)
        verdict = '' if 'fastcall' in done else BARRIER.judge(routed - stock)
        rows.append([LANGUAGES[language], case, done, f'{stock:.1f}', f'{routed:.1f}', f'{routed - stock:+.1f}', verdict])
    return rows


def _counts(loop: Path, pair: Pair, count: int) -> dict[tuple[str, str, int], int]:
    out = loop.parent / f'callgrind-{pair.stock.parent.parent.name}'
    out.mkdir()
    # A fixed hash seed and no ASLR: nothing differs from run to run.
    run(
        'valgrind', '--tool=callgrind', f'--callgrind-out-file={out / "out"}', sys.executable, '-I', WORKER,
        'count', loop, count, pair.stock, pair.routed, env={'PYTHONHASHSEED': '0'},
    )  # fmt: skip
    counts = {}
    for path in out.iterdir():
        text = path.read_text(errors='replace')
        if (label := _LABEL.search(text)) and (total := _TOTAL.search(text)):
            case, variant, times = label[1].replace('_', ' ').split('/')
            counts[case, variant, int(times)] = int(total[1])
    return counts
