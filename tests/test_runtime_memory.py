"""Without memory: every allocation in turn fails while a method throws or reads its arguments, and nothing worse than MemoryError comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rewrite_support import INCLUDE, compile_module, rewritten_unit
from runtime_support import CASES, Interpreter

from tramp_build.config import Config

# The limited API with METH_FASTCALL.
OLDEST = (3, 10)
DRIVER = """
import sys, faulthandler
faulthandler.enable()
import case, without_memory

CALLS = {
    'invalid': ((), {}, ValueError), 'no_memory': ((), {}, MemoryError), 'own': ((), {}, RuntimeError), 'mapped': ((), {}, KeyError),
    'missing': ((), {}, FileNotFoundError), 'second_only': ((), {}, FileNotFoundError),
    'nested': ((), {}, RuntimeError), 'pending': ((), {}, KeyError),
    'released': ((), {}, ValueError),
    'numbers': ((1, 2.5), {}, 6.5), 'texts': (('a', 'b', 'c', 'd'), {}, 'a b c d'), 'keywords': ((), {'second': 5, 'first': 1}, 6),
    'entered': ((1, 2, 3), {}, 7), 'enters': ((range(20),), {}, 7),
}
WRONG = {
    'numbers': (('x', 2), {}, TypeError), 'texts': ((1,), {}, TypeError), 'keywords': ((1,), {'none': 1}, TypeError),
    'entered': ((), {}, TypeError), 'enters': (((),), {}, TypeError),
}
total = without = 0
for name, (args, kwargs, expected) in [*CALLS.items(), *WRONG.items()]:
    function = getattr(case, name)

    def fits(outcome):
        return type(outcome) is expected if isinstance(expected, type) else outcome == expected

    for _ in range(3):
        allocations, outcome = without_memory.call(function, args, kwargs, 0, 0)
        assert fits(outcome), (name, outcome)
    for first in range(1, allocations + 3):
        for last in (first, first + 1, 10**9):
            print(name, first, last, file=sys.stderr, flush=True)
            _, outcome = without_memory.call(function, args, kwargs, first, last)
            total += 1
            without += isinstance(outcome, MemoryError)
            assert fits(outcome) or isinstance(outcome, MemoryError), (name, first, last, outcome)
    # Nothing of that is left behind.
    assert fits(without_memory.call(function, args, kwargs, 0, 0)[1]), name
print(total, without)
"""


@pytest.fixture(scope='session')
def starved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules, and the allocator that fails."""
    directory = tmp_path_factory.mktemp('starved')
    config = Config(exceptions=(('std::domain_error', 'KeyError'),))
    unit = rewritten_unit(CASES / 'nomemory.cpp', directory / 'unit', config)
    compile_module(unit, directory, '-std=c++17', '-O1')
    headers = ['-isystem', INCLUDE]
    for name, flags in (('without_memory', headers), ('failing_malloc', [])):
        output = directory / f'{name}.so'
        # The allocator is found in the process.
        subprocess.run(['gcc', '-O1', '-shared', '-fPIC', *flags, CASES / f'{name}.c', '-o', output], check=True)
    return directory


def test_every_allocation_fails_in_turn(interpreter: Interpreter, starved: Path) -> None:
    if interpreter.version < OLDEST:
        assert sys.version_info >= OLDEST  # one compile serves the others, among them this Python
        return
    env = {'LD_PRELOAD': str(starved / 'failing_malloc.so'), 'PYTHONMALLOC': 'malloc'}
    total, without = map(int, interpreter.check(DRIVER, starved, env=env).split())
    assert total > 200
    assert without > 50
