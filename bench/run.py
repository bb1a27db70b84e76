"""Measure what tramp-build costs and brings, and print it as Markdown.

python bench/run.py [--only call,real,instructions,size,build,outline,units,launcher] [--quick] [--no-peers] [--output FILE]
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from common import BENCH, Options, Table, machine, progress, run

# Each is a module with `measure(options) -> [Table]`.
TOPICS = {
    'call': 'calls',
    'real': 'real',
    'instructions': 'instructions',
    'size': 'sizes',
    'build': 'builds',
    'outline': 'outline',
    'units': 'units',
}
LAUNCHER = 'launcher'


def main(argv: list[str]) -> int:
    """Measure what is asked for."""
    options, topics, output = _arguments(argv)
    parts = [f'# Measurements\n\nOne run on one machine: {machine()}\nThe ratios carry over to others, the figures do not.\n']
    failed: list[str] = []
    print(parts[0], flush=True)
    with tempfile.TemporaryDirectory(prefix='tramp-bench-') as directory:
        for topic in topics:
            parts.append(_attempt(topic, replace(options, work=Path(directory)), failed))
            print(parts[-1], flush=True)
    if output:
        output.write_text('\n'.join(parts), 'utf-8')
    return 1 if failed else 0


def _attempt(topic: str, options: Options, failed: list[str]) -> str:
    """Measure one topic; where that fails, the others are still worth having."""
    try:
        return _measure(topic, options)
    except SystemExit as exc:
        print(exc, file=sys.stderr, flush=True)
        failed.append(topic)
        return f'## {topic}: not measured\n'


def _measure(topic: str, options: Options) -> str:
    if topic == LAUNCHER:
        return _launcher(options)
    tables: list[Table] = importlib.import_module(TOPICS[topic]).measure(options)
    return '\n'.join(table.markdown() for table in tables)


def _launcher(options: Options) -> str:
    """The launcher's own measurement prints its table itself, as plain text."""
    progress('launcher')
    text = run(sys.executable, BENCH / 'launcher.py', '--rounds', options.pick(300, 20)).stdout
    return f'## Launcher, per compiler call\n\n```\n{text.strip()}\n```\n'


def _arguments(argv: list[str]) -> tuple[Options, list[str], Path | None]:
    parser = argparse.ArgumentParser(prog='bench/run.py', description=__doc__.splitlines()[0] if __doc__ else None)
    known = [*TOPICS, LAUNCHER]
    parser.add_argument('--only', default=','.join(known), metavar='TOPICS', help=f'comma separated, of: {", ".join(known)}')
    parser.add_argument('--quick', action='store_true', help='a few rounds: shows that it works, measures nothing')
    parser.add_argument('--no-peers', action='store_true', help='without Cython, pybind11 and nanobind, which are fetched')
    parser.add_argument('--output', type=Path, metavar='FILE', help='write the tables to a file as well')
    arguments = parser.parse_args(argv)
    topics = arguments.only.split(',')
    if unknown := sorted(set(topics) - set(known)):
        parser.error(f'unknown topic {", ".join(unknown)}; there are {", ".join(known)}')
    return Options(Path(), arguments.quick, not arguments.no_peers), topics, arguments.output


if __name__ == '__main__':
    raise SystemExit(main(sys.argv[1:]))
