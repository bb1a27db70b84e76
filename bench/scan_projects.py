"""Scan real projects and write docs/COVERAGE.md: how many rows are routed, and why the others are not.

python bench/scan_projects.py [--cache DIR] [--output FILE] [NAME ...]

The sdists come from the package index that pip is configured for, as files: asking pip for them would configure and build them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from common import ROOT, Table, progress

sys.path.insert(0, str(ROOT))  # not an installed one
from tramp_build.reasons import NEEDS_NOTHING, sentence

# The projects that the tests build, and those whose coverage was asked for; then others with much in C and C++.
GOAL = (
    'pycairo==1.29.0 dbus-python==1.5.1 kiwisolver==1.5.1 greenlet==3.5.6 bitarray==3.12.3 wrapt==2.5.2 psutil==7.2.2 markupsafe==3.0.4 '
    'ujson==6.1.0 simplejson==4.3.0 lz4==4.4.5 mmh3==5.3.1 annoy==1.17.3 cffi==2.1.1 numpy==2.5.5 pandas==3.1.1 pillow==13.0.0 '
    'psycopg2==2.9.13 igraph==1.0.0 apsw==3.54.1.0'
)
OTHERS = (
    'awscrt==0.38.1 gmpy2==2.2.1 immutables==0.21 lxml==6.1.3 msgpack==1.2.4 mysqlclient==2.3.1 pygame==2.6.1 pyodbc==5.5.0 '
    'python-ldap==3.4.8 regex==2026.11.15 zstandard==0.25.0'
)
_NOTHING = {reason.value for reason in NEEDS_NOTHING}
_HEADER = ('project', 'tables', 'entries', 'routed', 'upgraded', 'needs nothing', 'skipped', 'covered, %', 'unread', 'skipped because of')
_INTRODUCTION = """\
# Coverage

What `tramp-build scan` says of real projects, as their sdists are. Written by `./dev coverage`.

An entry is a row of a `PyMethodDef` or `PyGetSetDef` table, a slot (of an array of slots, a static type, a suite, a module definition, or
assigned at run time), or a `PyInit_` function. *Upgraded* are those of the routed ones that take a vector instead of a tuple. An entry
*needs nothing* if it has no function, one of CPython's (in one configuration at least), one that no trampoline serves (`tp_alloc`,
`tp_free`, `tp_is_gc`), or if its table is another library's (numpy's own slots). *Covered* is what is routed or needs nothing. *Unread*
are tables that the scanner has found and not taken apart. 200 entries were checked by hand: [COVERAGE-SAMPLE.md](COVERAGE-SAMPLE.md).

A scan runs no preprocessor. A build does where macros make rows or functions in a way that the source alone does not settle
(`macro-row`, `macro-function`, `external-definition` of a function that a macro may define), and routes most of those as well; here they
count as skipped. Sources that a generator makes during a build (Cython's from `.pyx`, numpy's from `.c.src`) are in no sdist
and not counted; where an sdist ships what Cython has written, it is.
"""


@dataclass(slots=True)
class Count:
    """The entries of one project, or of several."""

    tables: int = 0
    routed: int = 0
    upgraded: int = 0
    unread: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, report: dict, unread: int) -> Count:
        """Count what a report of `scan --json` says."""
        tables = [table for file in report['files'] for table in file['tables']]
        entries = [entry for table in tables for entry in table['entries']]
        skipped = Counter(entry['reason'] for entry in entries if entry['decision'] != 'routed')
        upgraded = sum('fastcall' in entry['how'] for entry in entries)
        return cls(len(tables), len(entries) - skipped.total(), upgraded, unread, skipped)

    def __add__(self, other: Count) -> Count:
        return Count(
            self.tables + other.tables,
            self.routed + other.routed,
            self.upgraded + other.upgraded,
            self.unread + other.unread,
            self.reasons + other.reasons,
        )

    def row(self, name: str) -> list[str]:
        """Return the line of the table."""
        missing = Counter({reason: count for reason, count in self.reasons.items() if reason not in _NOTHING})
        entries = self.routed + self.reasons.total()
        nothing = self.reasons.total() - missing.total()
        covered = f'{100 * (entries - missing.total()) / entries:.2f}' if entries else '-'
        because = ', '.join(f'{reason} {count}' for reason, count in sorted(missing.items(), key=lambda item: (-item[1], item[0])))
        figures = (self.tables, entries, self.routed, self.upgraded, nothing, missing.total())
        return [name, *map(str, figures), covered, str(self.unread), because]


def index_url() -> str:
    """Return the address of the index that pip takes packages from."""
    if url := os.environ.get('PIP_INDEX_URL'):
        return url
    asked = subprocess.run([sys.executable, '-m', 'pip', 'config', 'get', 'global.index-url'], capture_output=True, text=True, check=False)
    default = 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)'
    return (
        asked.stdout.strip() or subprocess.run([sys.executable, '-c', default], capture_output=True, text=True, check=True).stdout.strip()
    )


def fetch(requirement: str, cache: Path) -> Path:
    """Return the unpacked sdist of `name==version`, fetched the first time.  Raises SystemExit where the index has none."""
    name, _, version = requirement.partition('==')
    page = f'{index_url().rstrip("/")}/{name}/'
    directory = cache / f'{name}-{version}'
    if directory.is_dir():
        return directory
    request = urllib.request.Request(page, headers={'Accept': 'application/vnd.pypi.simple.v1+json'})
    with urllib.request.urlopen(request, timeout=120) as answer:
        base, listed = answer.geturl(), json.load(answer)
    stem = re.compile(re.escape(name).replace(r'\-', '[-_.]') + f'-{re.escape(version)}' + r'\.tar\.gz\Z', re.IGNORECASE)
    found = next((file for file in listed['files'] if stem.match(file['filename'])), None)
    if found is None:
        raise SystemExit(f'coverage: error: the index has no sdist of {requirement}')
    with urllib.request.urlopen(urljoin(base, found['url']), timeout=600) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != found['hashes'].get('sha256'):
        raise SystemExit(f'coverage: error: {found["filename"]} is not what the index says')
    archive = cache / found['filename']
    archive.write_bytes(data)
    unpack(archive, directory)
    return directory


def unpack(archive: Path, directory: Path) -> None:
    """Unpack an sdist, whole or not at all."""
    scratch = directory.with_suffix('.tmp')
    with tarfile.open(archive) as tar:
        tar.extractall(scratch, filter='data')
    next(path for path in scratch.iterdir() if path.is_dir()).rename(directory)
    archive.unlink()


def scan(directory: Path) -> Count:
    """Scan a project as a user would.  Raises SystemExit where that fails, which it must not."""
    command = [sys.executable, '-m', 'tramp_build', 'scan', '--json', directory]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=directory, env={**os.environ, 'PYTHONPATH': str(ROOT), 'NO_COLOR': '1'}
    )
    if done.returncode:
        raise SystemExit(f'coverage: error: the scan of {directory.name} failed:\n{done.stderr}')
    return Count.of(json.loads(done.stdout), done.stderr.count(': warning: '))


def measure(requirements: list[str], cache: Path) -> dict[str, Count]:
    """Fetch and scan."""
    cache.mkdir(parents=True, exist_ok=True)

    def one(requirement: str) -> Count:
        progress(requirement)
        return scan(fetch(requirement, cache))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(requirements, pool.map(one, requirements), strict=True))


def document(counts: dict[str, Count]) -> str:
    """Return docs/COVERAGE.md."""
    parts = [_INTRODUCTION]
    everything = Count()
    for title, wanted in (('The goal: the corpus, and six more', GOAL), ('Others', OTHERS)):
        chosen = {name.replace('==', ' '): counts[name] for name in wanted.split() if name in counts}
        total = sum(chosen.values(), Count())
        everything += total
        if chosen:
            rows = [*(count.row(name) for name, count in chosen.items()), total.row('**all of these**')]
            parts.append(Table(title, _HEADER, rows).markdown())
    skipped = [(reason, count) for reason, count in everything.reasons.most_common() if reason not in _NOTHING]
    rows = [[f'`{reason}`', str(count), sentence(reason).cause] for reason, count in skipped]
    parts.append(Table('What is skipped, of both', ('reason', 'entries', 'that is'), rows).markdown())
    return '\n'.join(parts)


def main(argv: list[str]) -> int:
    """Write the document, or print it where only some projects are asked for."""
    parser = argparse.ArgumentParser(prog='bench/scan_projects.py', description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument('--cache', type=Path, default=ROOT / 'build' / 'coverage', metavar='DIR', help='where the unpacked sdists are kept')
    parser.add_argument('--output', type=Path, default=ROOT / 'docs' / 'COVERAGE.md', metavar='FILE')
    parser.add_argument('names', nargs='*', metavar='NAME', help='scan these alone, and print the table')
    arguments = parser.parse_args(argv)
    known = {requirement.partition('==')[0]: requirement for requirement in f'{GOAL} {OTHERS}'.split()}
    if unknown := sorted(set(arguments.names) - known.keys()):
        parser.error(f'unknown project {", ".join(unknown)}; there are {", ".join(known)}')
    text = document(measure([known[name] for name in arguments.names or known], arguments.cache.resolve()))
    if arguments.names:
        print(text)
    else:
        arguments.output.write_text(text, 'utf-8')
    return 0


if __name__ == '__main__':
    raise SystemExit(main(sys.argv[1:]))
