"""Times parsed calls: PyArg_* on a tuple against tramp_parse_* on a vector, whole calls, in one process.

python bench/parse_calls.py [CPYTHON ...]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CALLS = [
    ('dd', '(1.5, 2.5)'),
    ('dd', '(1, 2)'),
    ('o', '(None)'),
    ('s', "('text')"),
    ('i', '(7)'),
    ('opt', '(7)'),
    ('opt', '(7, 8, 9)'),
    ('osid', "(None, 'text', 7, 1.5)"),
    ('obang', '(LIST, ())'),
    ('buffer', "(b'bytes')"),
    ('converter', '(None, 1.5)'),
    ('dd', '(LIAR, 1.5)'),
    ('kdd', '(1.5, 2.5)'),
    ('kdd', '(1.5, y=2.5)'),
    ('kdd', '(x=1.5, y=2.5)'),
    ('kdd', '(y=1.5, x=2.5)'),
    ('kopt', '(None)'),
    ('kopt', '(None, third=3)'),
    ('kopt', '(x=None, first=1, second=2, third=3)'),
    ('konly', "('text', strict=True)"),
    ('konly', "('text', strict=True, level=3)"),
]
TIMER = """
import sys, timeit
sys.path.insert(0, sys.argv[1])
import parse_calls
calls = eval(sys.stdin.read())
parse_calls.LIST, parse_calls.LIAR = [], type('Liar', (float,), {})(2.5)
def best(*calls):
    # Many short windows, in turn: the least of them is what the call costs when nothing else runs.
    timers = [timeit.Timer(call, globals=vars(parse_calls)) for call in calls]
    empty = timeit.Timer('pass')
    rounds = [[timer.timeit(5000) for timer in [empty, *timers]] for _ in range(300)]
    bare, *times = [min(column) * 200000 for column in zip(*rounds)]
    return [time - bare for time in times]
print('%-46s %8.1f' % ('noargs()', *best('noargs()')))
for name, arguments in calls:
    stock, fast = best(name + '_stock' + arguments, name + '_fast' + arguments)
    print('%-46s %8.1f %8.1f %6.2f x' % (name + arguments, stock, fast, stock / fast))
"""


def run(python: str, folder: str) -> None:
    """Builds the module for one CPython and prints its table."""
    ask = 'import sysconfig; print(sysconfig.get_paths()["include"])'
    include = subprocess.run([python, '-c', ask], check=True, capture_output=True, text=True).stdout.strip()
    library = next((ROOT / 'build/dev/csrc').glob('libtramp-[0-9]*.so'))
    command = ['cc', '-O2', '-fPIC', '-shared', f'-I{include}', f'-I{ROOT / "csrc"}', str(ROOT / 'bench/parse_calls.c')]
    subprocess.run([*command, '-o', f'{folder}/parse_calls.so', str(library), f'-Wl,-rpath,{library.parent}'], check=True)
    print(subprocess.run([python, '--version'], check=True, capture_output=True, text=True).stdout.strip(), '(ns per call: stock, fast)')
    subprocess.run([python, '-c', TIMER, folder], input=repr(CALLS), text=True, check=True)


def main() -> None:
    """The interpreters on the command line, or this one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('pythons', nargs='*', default=[sys.executable])
    for python in parser.parse_args().pythons:
        with tempfile.TemporaryDirectory() as folder:
            run(python, folder)


if __name__ == '__main__':
    main()
