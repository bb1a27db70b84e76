"""Variables of all sorts in handlers: what is outlined compiles, and does the same.

For a long run: python tests/test_outline_declared.py --seconds 600
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import outline_declared
import pytest

from tramp_build.edits import apply
from tramp_build.outline import sites as package
from tramp_build.outline.text import PRELUDE
from tramp_build.scan import scan

_COMPILERS = ('g++', 'clang++')
_ALL_ERRORS = {'g++': '-fmax-errors=0', 'clang++': '-ferror-limit=0'}


def _run(text: bytes, compiler: str, work: Path) -> tuple[str, str]:
    """Compile and run a program; return its output and what the compiler said where it failed."""
    work.mkdir(exist_ok=True)
    (work / 'program.cpp').write_bytes(text)
    command = [compiler, '-std=c++17', '-w', _ALL_ERRORS[compiler], 'program.cpp', '-o', 'program']
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        return '', done.stderr
    return subprocess.run(['./program'], cwd=work, capture_output=True, text=True, check=True).stdout, ''


def compare(seed: int, compiler: str, work: Path, count: int) -> int:
    """Compare a program with itself, outlined.  Return how many chains were."""
    texts = outline_declared.functions(random.Random(seed), count)
    stock, messages = '', 'none yet'
    while messages:
        stock, messages = _run(outline_declared.program(texts).encode(), compiler, work / 'stock')
        left = outline_declared.without_failed(texts, messages) if messages else texts
        assert not messages or len(left) < len(texts), messages
        texts = left
    source = outline_declared.program(texts).encode()
    found = package.outline(source, scan(source, 'c++'))
    outlined, messages = _run(PRELUDE.encode() + b'\n#line 1\n' + apply(source, found.edits), compiler, work / 'outlined')
    assert not messages, messages
    assert outlined.splitlines() == stock.splitlines()
    return found.counts.outlined


@pytest.mark.parametrize('compiler', _COMPILERS)
def test_variables_of_all_sorts(compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chain that can be outlined is, whether it pays or not."""
    monkeypatch.setattr(package, 'pays', lambda *_: True)
    seed = random.randrange(10**6)
    print(f'seed {seed}')
    assert compare(seed, compiler, tmp_path, 60) > 40


def main() -> int:
    """Compare until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--seed', type=int, default=1, help='of the first program; each further one has the next')
    options = parser.parse_args()
    package.pays = lambda *_: True
    end, seed, outlined, wrong = time.monotonic() + options.seconds, options.seed, 0, 0
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory() as directory:
            try:
                outlined += compare(seed, _COMPILERS[seed % 2], Path(directory), 60)
            except AssertionError as exc:
                wrong += 1
                print(f'seed {seed}: {exc}', flush=True)
        seed += 1
    print(f'{seed - options.seed} programs, {outlined} outlined chains, {wrong} programs that differ')
    return int(wrong > 0)


if __name__ == '__main__':
    sys.exit(main())
