"""A module does the same, in the same order, whether its catch chains are outlined or not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from outline_support import COPIES, FORCED, SHAPES, THROWS, module
from rewrite_support import compile_module, rewritten_unit

from tramp_build.config import Config

_DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import case
print(json.dumps({f'{f} {t}': [repr(x) for x in case.run(f, t)] for f in range(int(sys.argv[2])) for t in range(int(sys.argv[3]))}))
"""
_WARNINGS = ['-Werror', '-Wreturn-type', '-Wunused']


def _outcomes(directory: Path, functions: int) -> dict[str, list[str]]:
    command = [sys.executable, '-c', _DRIVER, str(directory), str(functions), str(len(THROWS))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize('optimize', ['-O0', '-O2'])
@pytest.mark.parametrize('compiler', ['g++', 'clang++'])
def test_outlined_behaves_as_stock(compiler: str, optimize: str, tmp_path: Path) -> None:
    """Every shape of chain with everything that can be thrown: the same trace, the same error, the same result."""
    text, shapes = module()
    source = tmp_path / 'case.cpp'
    source.write_text(text)
    unit = rewritten_unit(source, tmp_path / 'unit')
    sites = unit.read_text().count('catch (...) { tramp_o_') + unit.read_text().count('tramp_exit = tramp_o_')
    assert sites >= COPIES * len(SHAPES)
    flags = [optimize, '-std=c++14', *_WARNINGS]
    compile_module(source, tmp_path / 'stock', *flags, compiler=compiler, barrier_library=False)
    compile_module(unit, tmp_path / 'outlined', *flags, compiler=compiler)
    stock = _outcomes(tmp_path / 'stock', len(shapes))
    outlined = _outcomes(tmp_path / 'outlined', len(shapes))
    assert {key: value for key, value in outlined.items() if stock[key] != value} == {}
    assert 'passed:forced' in stock[f'0 {FORCED}'][0]


def test_nothing_is_outlined_when_it_is_off(tmp_path: Path) -> None:
    """The key `outline`."""
    source = tmp_path / 'case.cpp'
    source.write_text(module()[0])
    assert 'tramp_o_' not in rewritten_unit(source, tmp_path / 'unit', Config(outline=False)).read_text()
