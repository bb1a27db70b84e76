"""Function-try-blocks have their chains outlined, but for those that throw on what they have caught."""

from __future__ import annotations

from pathlib import Path

import pytest
from rewrite_support import CASES, compile_module, rewritten_unit
from test_outline import copies, found, reasons
from test_rewrite_runs import CXX_WARNINGS

from tramp_build.config import Config
from tramp_build.outline import sites as package
from tramp_build.outline.handlers import Left
from tramp_build.project import Project

_CHAIN = """
catch (const std::bad_alloc &e) { PyErr_SetString(PyExc_MemoryError, "no memory"); Py_XDECREF(GIVEN); }
catch (const std::range_error &e) { PyErr_SetString(PyExc_IndexError, e.what()); }
catch (const std::exception &e) { PyErr_SetString(PyExc_ValueError, e.what()); }
"""


def _text(head: str, *, given: str = 'NULL', tried: str = 'try') -> str:
    return copies(f'{head} {tried}\n{{ int local; work(local); }}{_CHAIN.replace("GIVEN", given)}')


@pytest.mark.parametrize(
    'head',
    ['static void NAME(int given)', 'auto NAME(int given) -> void', 'void C::NAME(int given)', 'void C<int>::NAME(int given) const'],
)
def test_a_function_try_block_is_outlined(head: str) -> None:
    text = _text(head)
    outlined, after = found(text)
    assert len(outlined.sites) == 16
    assert after.count('catch (...) { tramp_o_1(); }') == 16
    assert after.count('\n') == text.count('\n')


def test_parameters_are_seen_and_variables_are_not() -> None:
    """What the body declares is gone when a handler runs: the name is the file's."""
    assert found(_text('void NAME(PyObject *given)', given='given'))[1].count('{ tramp_o_1(given); }') == 16
    assert found(_text('void NAME(PyObject *given)', given='local'))[1].count('{ tramp_o_1(); }') == 16


@pytest.mark.parametrize(
    ('head', 'tried', 'reason'),
    [
        ('C_NAME::C_NAME()', 'try', Left.CONSTRUCTOR),
        ('C_NAME::C_NAME()', 'try : a(1), b{2}', Left.CONSTRUCTOR),
        ('inline Alias::NAME(int given)', 'try', Left.CONSTRUCTOR),
        ('EXPORT C_NAME<T>::C_NAME()', 'try', Left.CONSTRUCTOR),
        ('C::~NAME()', 'try', Left.CONSTRUCTOR),
        ('EXPORT C::~NAME()', 'try', Left.CONSTRUCTOR),
        ('void NAME(int given)', 'TRY', Left.MACRO),
        ('C::operator NAME()', 'try', Left.CONSTRUCTOR),
        ('void NAME(int given) noexcept', 'try', Left.NOEXCEPT),
        ('template <class T> void NAME(T given)', 'try', Left.TEMPLATE),
        ('void NAME(int given)', '\n#ifdef A\ntry\n#endif', Left.CONDITIONAL),
    ],
)
def test_which_stay(head: str, tried: str, reason: Left) -> None:
    assert reasons(_text(head, tried=tried)) == {reason}


def test_chains_within_one() -> None:
    """Those of its body and of its handlers are like any other."""
    inner = f'try {{ again(); }}{_CHAIN}'
    _, after = found(copies(f'static void NAME(int given) try {{ {inner} }}{_CHAIN}'.replace('GIVEN', 'NULL')))
    assert after.count('catch (...) { tramp_o_1(); }') == 32
    text = copies(f'static void NAME(int given) try {{ again(); }} catch (const E &n) {{ {inner} }}'.replace('GIVEN', 'NULL'))
    assert found(text.replace('const E &n', 'const E &'))[1].count('catch (...) { tramp_o_1(); }') == 16


def test_trampolines_hold_the_chain(tmp_path: Path) -> None:
    """There is nothing but the block, so methods leave it to them where every handler leaves."""
    names = [f'f{number}' for number in range(16)]
    rows = ''.join(f'    {{"{name}", {name}, METH_VARARGS, NULL}},\n' for name in names)
    function = 'static PyObject *NAME(PyObject *self, PyObject *args) try { return work(self, args); }' + _CHAIN.replace(
        '; }', '; return 0; }'
    )
    for text, answers in ((function, set(names)), (function.replace('return 0', '(void)0', 1), set())):
        source = copies(text.replace('GIVEN', 'NULL'))
        (tmp_path / 'case.cpp').write_text(f'#include <Python.h>\n{source}static PyMethodDef methods[] = {{\n{rows}    {{NULL}}\n}};\n')
        plan = Project(tmp_path, Config()).plan_file(tmp_path / 'case.cpp')
        assert plan
        assert plan.chain_counts.outlined == 16
        assert set(plan.answers) == answers


@pytest.mark.parametrize('compiler', ['g++', 'clang++'])
@pytest.mark.parametrize('standard', ['c++11', 'c++2b'])
def test_function_try_blocks_without_warnings(compiler: str, standard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, 'pays', lambda *_: True)
    unit = rewritten_unit(CASES / 'chains_tried.cpp', tmp_path)
    text = unit.read_text()
    assert [text.count(word) for word in ('catch (...) { tramp_o_', 'catch (...) { const tramp_exit', '::tramp_a_')] == [2, 2, 5]
    compile_module(unit, tmp_path / 'out', *CXX_WARNINGS, '-Wshadow', f'-std={standard}', '-O1', compiler=compiler)
