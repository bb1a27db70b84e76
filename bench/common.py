"""What all measurements share: commands, statistics, budgets and Markdown tables."""

from __future__ import annotations

import os
import platform
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent


@dataclass(frozen=True, slots=True)
class Options:
    """How much to measure, and where to work."""

    work: Path
    quick: bool = False
    peers: bool = True  # measure Cython, pybind11 and nanobind as well, which are fetched

    def pick(self, full: int, quick: int) -> int:
        """Return the one of two counts that is wanted."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the result, with what a reader has to know about its figures."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """Return the table as Markdown, its columns aligned so that it reads well in a terminal, too."""
        cells = [list(self.header), *(list(row) for row in self.rows)]
        columns = list(zip(*cells, strict=True))
        widths = [max(3, *map(len, column)) for column in columns]
        right = [all(not cell or cell[0] in '+-0123456789' for cell in column[1:]) for column in columns]
        rules = ['-' * (width - 1) + (':' if to_right else '-') for width, to_right in zip(widths, right, strict=True)]
        lines = [self._line(row, widths, right) for row in (cells[0], rules, *cells[1:])]
        return '\n'.join([f'## {self.title}\n', *lines, *(f'\n{note}' for note in self.notes), ''])

    @staticmethod
    def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
        padded = [cell.rjust(width) if r else cell.ljust(width) for cell, width, r in zip(row, widths, right, strict=True)]
        return f'| {" | ".join(padded)} |'


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of the design, and what it is told with."""

    limit: float
    text: str
    at_least: bool = False

    def judge(self, measured: float) -> str:
        """Return the budget with whether it is met, as it stands in a table."""
        met = measured >= self.limit if self.at_least else measured <= self.limit
        return f'{self.text}: {"met" if met else "MISSED"}'


@dataclass(frozen=True, slots=True)
class Spread:
    """A series of measurements in a few figures."""

    minimum: float
    lower: float
    median: float
    upper: float
    mean: float  # of what is left without the tenth at either end

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        lower, median, upper = statistics.quantiles(values, n=4, method='inclusive') if len(values) > 1 else (values[0],) * 3
        cut = len(values) // 10
        return cls(min(values), lower, median, upper, statistics.fmean(sorted(values)[cut : len(values) - cut]))

    def text(self, digits: int = 1) -> str:
        """Return `median (quartile..quartile)`."""
        lower, median, upper = (f'{value:.{digits}f}' for value in (self.lower, self.median, self.upper))
        return f'{median} ({lower}..{upper})'

    def signed_mean(self) -> str:
        """Return `mean (quartile..quartile)` of differences."""
        return f'{self.mean:+.2f} ({self.lower:+.2f}..{self.upper:+.2f})'


def run(*command: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that has to work, with its output captured."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, errors='replace', check=False)
    if done.returncode:
        raise SystemExit(f'bench: error: {shlex.join(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}')
    return done


def progress(text: str) -> None:
    """Tell who waits what goes on."""
    print(f'bench: {text}', file=sys.stderr, flush=True)


def cache_dir() -> Path:
    """Return where downloads are kept from one run to the next, outside of the checkout."""
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(base) / 'tramp-build-bench'


def machine() -> str:
    """Say what the figures were measured on."""
    compiler = run('gcc', '--version').stdout.splitlines()[0]
    return f'{_processor()}, {os.cpu_count()} CPUs; {platform.system()}; CPython {platform.python_version()}; {compiler}.'


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(':')[2].strip() for line in lines if line.startswith('model name')), platform.machine())
