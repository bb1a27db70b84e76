"""Compiles the module that has both parsers (tests/cases/parse/twins.c) and runs random calls through it on every CPython.

As a program it does more than a test run has time for:

    python tests/parse_support.py --cases 1000000 --library build/dev/csrc
    python tests/parse_support.py --cases 1000000 --own
    python tests/parse_support.py --sanitize --seconds 600
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from runtime_support import Interpreter, interpreters

from tramp_build import paths
from tramp_build.rewrite.formats import functions
from tramp_build.upgrade.formats import MOST, PLAIN, read

TESTS = Path(__file__).resolve().parent
CSRC = TESTS.parent / 'csrc'
SOURCES = TESTS / 'cases' / 'parse'
SANITIZE = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer']
# Formats that have functions of their own.  To compile them takes most of the time; sanitized it takes much more.
SHAPES = 240
SLOW = ('PyArg_VaParse', '_PyArg_VaParse_SizeT', 'PyArg_VaParseTupleAndKeywords', '_PyArg_VaParseTupleAndKeywords_SizeT')


def draw_shape(rng: random.Random, *, keywords: bool) -> str:
    """Units that functions of their own can parse by, with an optional part or without."""
    letters = [*sorted(PLAIN), 'O!', *'OOOddddiiis']
    units = [rng.choice(letters) for _ in range(rng.randint(1 if keywords else 0, MOST))]
    if rng.random() < 0.5:
        units.insert(rng.randint(0, len(units)), '|')
    return ''.join(units)


def shapes(count: int) -> list[tuple[str, bool]]:
    """Return formats, and whether each is for keywords: every unit alone, then what chance makes of them."""
    rng = random.Random(7)
    found = {(unit, keywords) for unit in (*PLAIN, 'O!') for keywords in (False, True)}
    while len(found) < count:
        keywords = rng.random() < 0.5
        found.add((draw_shape(rng, keywords=keywords), keywords))
    return sorted(found)


def write_shapes(directory: Path, count: int) -> None:
    """Write shapes.h, with what the rewriter makes of these formats, and shapes.py, which tells the generator of calls."""
    drawn = shapes(count)
    formats = [(units, read([f'"{units}"'.encode()], keywords=keywords)) for units, keywords in drawn]
    lines = functions({f for _, f in formats if f}, visible='__attribute__((visibility("default")))', cxx=False)
    rows: dict[str, list[str]] = {}
    for units, found in formats:
        assert found
        given = ''.join(f', now.pointers[{i}]' for i in range(found.outputs))
        if found.keywords:
            head, call = 'PyObject *kwnames', f'(args, nargs, kwnames, now.format, now.keywords{given})'
        else:
            head, call = '', f'(args, nargs, now.format{given})'
        rows.setdefault(units, ['NULL', 'NULL'])[found.keywords] = f'call_{found.name}'
        parameters = ', '.join(['PyObject *const *args', 'Py_ssize_t nargs', *([head] if head else [])])
        line = f'static int call_{found.name}({parameters}) {{ return {found.name}{call}; }}'
        if line not in lines:  # `O|` is `O`
            lines.append(line)
    entries = [f'{{"{units}", {", ".join(calls)}}},' for units, calls in rows.items()]
    table = ['static const struct shape shapes[] = {', *entries, '{NULL, NULL, NULL}};']
    (directory / 'shapes.h').write_text('\n'.join([*lines, *table, '']))
    by_form = {form: [units for units, keywords in drawn if keywords == (form == 'keywords')] for form in ('parse', 'keywords')}
    (directory / 'shapes.py').write_text(f'SHAPES = {by_form!r}\n')


def build(directory: Path, *, own: bool = False, sanitize: bool = False, libdir: Path | None = None) -> Path:
    """Compile the module against the limited API of 3.8, so that every interpreter can use it.

    `own`, or sanitized: with the parser in it, and a count of the calls that go the slow way.
    """
    write_shapes(directory, 60 if sanitize else SHAPES)
    if own or sanitize:
        wrap = [f'-Wl,--wrap={name}' for name in SLOW]
        parser: list[object] = [
            '-DTRAMP_STATIC',
            '-DCOUNT_SLOW',
            *(SANITIZE if sanitize else ['-O2']),
            *wrap,
            *sorted(CSRC.glob('parse*.c')),
        ]
    else:
        library = next((libdir or paths.library_dir()).resolve().glob('libtramp-[0-9]*.so'))
        parser = ['-O2', library, f'-Wl,-rpath,{library.parent}']
    command = [
        'gcc', '-std=c11', '-fPIC', '-shared', '-Wall', '-Wextra', '-Wno-cast-function-type', '-Werror', '-fvisibility=hidden',
        '-I', sysconfig.get_path('include'), '-I', CSRC, '-I', directory, SOURCES / 'twins.c', *parser, '-o', directory / 'twins.so',
    ]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True)
    return directory


def sanitizer_env() -> dict[str, str] | None:
    """What a process needs to load the sanitized module; None where there is no such run time."""
    found = subprocess.run(['gcc', '-print-file-name=libasan.so'], capture_output=True, text=True, check=True).stdout.strip()
    if not Path(found).is_absolute():
        return None
    # Python keeps much to the end; its own allocator would hide what is read after it was freed.
    return {'LD_PRELOAD': found, 'ASAN_OPTIONS': 'detect_leaks=0:abort_on_error=1', 'PYTHONMALLOC': 'malloc'}


def command(interpreter: Interpreter, *, cases: int, seed: int, seconds: float) -> list[str]:
    """How to run random calls on an interpreter."""
    program = [str(interpreter.executable), '-X', 'faulthandler', str(TESTS / 'parse_cases.py')]
    return [*program, '--cases', str(cases), '--seed', str(seed), '--seconds', str(seconds)]


def compare(
    interpreter: Interpreter, twins: Path, *, cases: int, seed: int, seconds: float = 1e9, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run random calls on an interpreter; the exit code says whether there was a difference."""
    return subprocess.run(
        command(interpreter, cases=cases, seed=seed, seconds=seconds),
        env={**os.environ, 'PYTHONPATH': str(twins), **(env or {})},
        capture_output=True,
        text=True,
        errors='backslashreplace',
        check=False,
    )


@pytest.fixture(scope='session')
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module with both parsers is."""
    return build(tmp_path_factory.mktemp('twins'))


def main() -> int:
    """Compare on every CPython that is here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cases', type=int, default=1_000_000, help='for each interpreter')
    parser.add_argument('--seconds', type=float, default=1e9, help='for each interpreter')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--own', action='store_true', help='with a parser in the module, half of the time without a known layout')
    parser.add_argument('--sanitize', action='store_true', help='with AddressSanitizer and UndefinedBehaviorSanitizer')
    parser.add_argument('--only', metavar='VERSION', help='one interpreter, such as 3.13')
    parser.add_argument('--library', type=Path, help='directory of libtramp; by default that of the tramp_build that is imported')
    parser.add_argument('--directory', type=Path, default=Path('build/parse'), help='where the module is compiled')
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    env = sanitizer_env() if options.sanitize else {}
    if env is None:
        parser.error('no libasan.so here')
    build(options.directory, own=options.own, sanitize=options.sanitize, libdir=options.library)
    worst = 0
    for interpreter in interpreters():
        if options.only not in (None, '.'.join(map(str, interpreter.version))):
            continue
        run = command(interpreter, cases=options.cases, seed=options.seed, seconds=options.seconds)
        worst |= subprocess.run(run, env={**os.environ, 'PYTHONPATH': str(options.directory.resolve()), **env}, check=False).returncode
    return int(worst != 0)


if __name__ == '__main__':
    sys.exit(main())
