"""Random formats, random calls: what the parser of CPython and that of libtramp leave behind is the same."""

from __future__ import annotations

import importlib
import random
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parse_support import TESTS, build, compare, sanitizer_env
from runtime_support import Interpreter

# 20000 each make more than 100000 over the six versions from 3.8 to 3.13.
CASES = 20_000


def test_every_version(interpreter: Interpreter, twins: Path) -> None:
    done = compare(interpreter, twins, cases=CASES, seed=100 + interpreter.version[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'{CASES} cases' in done.stdout


def test_sanitized(tmp_path: Path) -> None:
    env = sanitizer_env()
    if env is None:
        pytest.skip('no AddressSanitizer here')
    here = Interpreter(Path(sys.executable), sys.version_info[:2])
    done = compare(here, build(tmp_path, sanitize=True), cases=1_000_000, seed=random.randrange(10**6), seconds=10, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def cases(twins: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that draws and compares, in this process."""
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.syspath_prepend(str(twins))
    module = importlib.import_module('parse_cases')
    monkeypatch.setattr(warnings, 'showwarning', lambda *warning, **_: module.LOG.append(warning[:2]))
    module.twins.set_hook(module.HOOKS[0])
    return module


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.booleans())
def test_shrinkable(cases: ModuleType, rng: random.Random, fast_first: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        case = cases.draw(rng)
        found = cases.difference(case, fast_first)
    assert found is None, f'{case}\n{found}'


def test_a_difference_is_found(cases: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of what one of the two stores, one reference more, one word of a message."""
    case = cases.Case('parse', 'iO', None, [('o', None), ('o', None)], 1, (0, 0), (7, [1]), (), (), False)
    assert cases.difference(case, False) is None
    fast = cases.twins.fast
    kept = []

    class Twins:
        def __getattr__(self, name: str) -> object:
            return getattr(sys.modules['twins'], name)

        @staticmethod
        def fast(*args: object) -> object:
            return calls[0](*args)

    monkeypatch.setattr(cases, 'twins', Twins())
    calls = [lambda number, thing: fast(number + 1, thing)]
    assert cases.difference(case, False).startswith('memory')
    calls = [lambda number, thing: kept.append(thing) or fast(number, thing)]
    assert cases.difference(case, False).startswith('references')
    calls = [lambda number, thing: fast(number)]
    assert cases.difference(case, False).startswith('result')
