"""Rewritten modules compile without a warning and behave as the stock ones, but for the exceptions that would have killed them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from rewrite_support import CASES, INCLUDE, compile_module, outcomes, rewritten_unit

C_CASES = sorted(p.name for p in CASES.glob('*.c'))
CXX_CASES = sorted(p.name for p in CASES.glob('*.cpp'))

_WARNINGS = [
    '-Werror',
    '-Wall',
    '-Wextra',
    '-Wpedantic',
    '-Wshadow',
    '-Wcast-qual',
    '-Wundef',
    '-Wformat=2',
    '-Wunused',
    '-Wconversion',
    '-Wsign-conversion',
    '-Wdouble-promotion',
    '-Wpointer-arith',
    '-Wvla',
    # Every version of CPython has more of them.
    '-Wno-missing-field-initializers',
]
C_WARNINGS = [
    *_WARNINGS,
    '-Wmissing-prototypes',
    '-Wstrict-prototypes',
    '-Wold-style-definition',
    '-Wredundant-decls',
]
CXX_WARNINGS = [
    *_WARNINGS,
    '-Wold-style-cast',
    '-Wredundant-decls',
    '-Wextra-semi',
    '-Wzero-as-null-pointer-constant',
    '-Wnon-virtual-dtor',
    '-Woverloaded-virtual',
]
# Those that only one of the compilers has; since clang 16 -Wcast-function-type means every cast, those of the sources too.
OWN_WARNINGS = {
    'gcc': [
        '-Wcast-function-type',
        '-Wbad-function-cast',
        '-Wjump-misses-init',
        '-Wduplicated-cond',
        '-Wduplicated-branches',
        '-Warith-conversion',
    ],
    'g++': [
        '-Wcast-function-type',
        '-Wuseless-cast',
        '-Wsign-promo',
        '-Wcatch-value=3',
        '-Wsuggest-override',
        '-Weffc++',
        '-Wmismatched-tags',
        '-Wredundant-tags',
    ],
    'clang': ['-Wunreachable-code', '-Wconditional-uninitialized', '-Wassign-enum'],
    'clang++': ['-Wunreachable-code', '-Wconditional-uninitialized', '-Wdocumentation', '-Wcomma', '-Wrange-loop-analysis'],
}


@pytest.mark.parametrize('name', C_CASES)
def test_c_behaves_as_stock(name: str, tmp_path: Path) -> None:
    """Same results, same exceptions, same docstrings."""
    compile_module(CASES / name, tmp_path / 'stock', barrier_library=False)
    compile_module(rewritten_unit(CASES / name, tmp_path), tmp_path / 'routed')
    stock = outcomes(tmp_path / 'stock')
    assert len(stock) > 100
    assert outcomes(tmp_path / 'routed') == stock


@pytest.mark.parametrize('optimize', ['-O0', '-O2'])
def test_cxx_members(optimize: str, tmp_path: Path) -> None:
    """Static members, private ones, namespaces, templates: every exception arrives."""
    compile_module(rewritten_unit(CASES / 'members.cpp', tmp_path), tmp_path / 'routed', optimize)
    seen = json.loads(outcomes(tmp_path / 'routed'))
    assert seen['in_namespace']['(1)'] == '(1,)'
    assert seen['open']['(1)'] == 'IndexError: other'
    assert seen['hidden']['()'] == 'ValueError: hidden'
    assert seen['member_keywords']['(1, k=2)'] == "((1,), {'k': 2})"
    assert seen['seven']['()'] == '7'
    assert seen['c_linkage']['()'].startswith('RuntimeError: ')
    assert 'int' in seen['c_linkage']['()']
    assert [seen[n]['(1)'] for n in ('overloaded', 'otherwise', 'local')] == ['(1,)'] * 3


@pytest.mark.parametrize('standard', ['-std=c++11', '-std=c++17'])
def test_cxx_getset(standard: str, tmp_path: Path) -> None:
    """Getters and setters; in C++11 the closures of lambdas are made when the module is loaded."""
    compile_module(rewritten_unit(CASES / 'getset.cpp', tmp_path), tmp_path / 'routed', standard)
    seen = json.loads(outcomes(tmp_path / 'routed'))
    assert seen['Thing.value'][:4] == ['0', 'None', '12', "TypeError: 'str' object cannot be interpreted as an integer"]
    assert seen['Thing.value'][4] == 'ValueError: no delete'
    assert seen['Thing.text'][:2] == ["'closure'", "AttributeError: attribute 'text' of 'case.Thing' objects is not writable"]
    assert seen['Thing.throws'][0].startswith('FileNotFoundError: [Errno 2]')
    assert (seen['Thing.short_row'][0], seen['Thing.otherwise'][0]) == ("'none'", "'none'")
    assert seen['MemberThing.member'][:2] == ['IndexError: member', 'OverflowError: member']
    assert seen['MemberThing.number'][0] == '3'


@pytest.mark.parametrize(('compiler', 'form'), [('gcc', '-UTRAMP_FUNCTIONS'), ('gcc', '-DTRAMP_FUNCTIONS'), ('clang', '-UTRAMP_FUNCTIONS')])
@pytest.mark.parametrize('standard', ['c99', 'c11', 'c17', 'gnu2x'])
def test_c_without_warnings(compiler: str, form: str, standard: str, tmp_path: Path) -> None:
    """What is inserted is clean in every standard, with both compilers and both forms of stubs."""
    assert shutil.which(compiler)
    flags = [*C_WARNINGS, *OWN_WARNINGS[compiler], f'-std={standard}', '-O1', form]
    for name in C_CASES:
        compile_module(rewritten_unit(CASES / name, tmp_path), tmp_path / 'out', *flags, compiler=compiler)


@pytest.mark.parametrize('compiler', ['g++', 'clang++'])
@pytest.mark.parametrize('standard', ['c++11', 'c++14', 'c++17', 'c++20', 'c++2b'])
def test_cxx_without_warnings(compiler: str, standard: str, tmp_path: Path) -> None:
    """The same for C++."""
    assert shutil.which(compiler)
    flags = [*CXX_WARNINGS, *OWN_WARNINGS[compiler], f'-std={standard}', '-O1']
    for name in CXX_CASES:
        compile_module(rewritten_unit(CASES / name, tmp_path), tmp_path / 'out', *flags, compiler=compiler)


@pytest.mark.parametrize(
    'name', ['upgrade.c', *(f'rewrite/{name}' for name in (*C_CASES, *CXX_CASES)), 'entries/table.c', 'entries/table.cpp']
)
def test_no_casts_that_the_source_has_not(name: str, tmp_path: Path) -> None:
    """What the newest clang says of casts of functions, whatever their types, is what it says of the source."""
    source = CASES.parent / name
    compiler = ['clang', *(found for n in range(14, 30) if (found := shutil.which(f'clang-{n}')))][-1]

    def said(unit: Path) -> set[str]:
        words = [compiler, '-fsyntax-only', '-Wall', '-Wextra', '-Wcast-function-type']
        language = 'c' if unit.suffix == '.c' else 'c++'
        command = [*words, '-x', language, '-isystem', INCLUDE, '-I', str(source.parent), str(unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return set(re.findall(r'warning: (.*)', done.stderr))

    assert said(rewritten_unit(source, tmp_path)) <= said(source)
