"""Speed of the scanner, on headers, on files with tables and on what generators write."""

from __future__ import annotations

import gc
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

from common import ROOT, Budget, Options, Table, progress, run
from pycairo import pycairo

sys.path.append(str(ROOT))
from tramp_build.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tramp_build.model import Language

SPEED = Budget(3, 'at least 3 MB/s', at_least=True)
_ROW = b'    {"method_%d", (PyCFunction)Type_method_%d, METH_VARARGS | METH_KEYWORDS, "method_%d(value)\\n--\\n\\nSome text."},\n'
_DATA = b'    {%d, 4.1855804968213567e298, "text %d"},\n'


def measure(options: Options) -> list[Table]:
    """Return the table of scanning speeds."""
    rows = []
    for title, language, sources in _inputs(options):
        progress(f'scanning {title}')
        size = sum(map(len, sources)) / 1e6
        seconds = min(_seconds(sources, language) for _ in range(options.pick(5, 1)))
        rows.append([title, f'{size:.2f}', f'{seconds:.3f}', f'{size / seconds:.1f}', SPEED.judge(size / seconds)])
    return [Table('Scanner', ('input', 'MB', 's', 'MB/s', 'budget'), rows, ('Processor time of one process, the best round.',))]


def _inputs(options: Options) -> Iterator[tuple[str, Language, list[bytes]]]:
    sources = sorted((pycairo(options.work).work / 'stock').rglob('*.c'))
    yield 'pycairo', 'c', [path.read_bytes() for path in sources]
    headers = [path.read_bytes() for path in sorted(Path(sysconfig.get_path('include')).rglob('*.h'))]
    yield 'headers of CPython, as C', 'c', headers
    yield 'headers of CPython, as C++', 'c++', headers
    yield 'headers of the C++ library', 'c++', [path.read_bytes() for path in _library_headers()]
    count = options.pick(150_000, 1_000)
    yield 'one generated table', 'c', [b'PyMethodDef m[] = {\n' + b''.join(_ROW % (i, i, i) for i in range(count)) + b'{NULL}};\n']
    yield 'one generated array', 'c', [b'static struct row rows[] = {\n' + b''.join(_DATA % (i, i) for i in range(3 * count)) + b'};\n']


def _library_headers() -> list[Path]:
    """Return the headers of the compiler's own C++ library: the densest declarations there are."""
    listed = run(
        'g++', '-M', '-x', 'c++', '-std=c++17', '-include', 'regex', '-include', 'functional', '-include', 'map', '/dev/null'
    ).stdout
    return sorted({Path(word) for word in listed.replace('\\\n', ' ').split()[1:] if '/c++/' in word})


def _seconds(sources: list[bytes], language: Language) -> float:
    gc.collect()
    start = time.process_time()
    for source in sources:
        scan(source, language)
    return time.process_time() - start
