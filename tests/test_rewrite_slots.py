"""Rewritten slots behave as the stock ones, on every CPython."""

from __future__ import annotations

from pathlib import Path

import pytest
from rewrite_support import CASES, compile_module, rewritten_unit
from runtime_support import CASES as RUNTIME_CASES
from runtime_support import Interpreter
from slot_sources import every_slot

# What a user of the types can see; the number of calls tells whether CPython took two slots for one.
SEEN = r"""
import case, gc, re
def seen(call):
    try:
        return re.sub('0x[0-9a-f]+|[0-9]{7,}', 'ADDRESS', repr(call()))
    except BaseException as error:
        return f'{type(error).__name__}: {error}'

n, other, kept = case.Number(3), case.Other(3), case.Kept()
class Sub(case.Number): pass
class SubOther(case.Other):
    def __repr__(self): return 'sub'
things = [n, other, kept, Sub(2), SubOther(1), case.Number(0)]
calls = (repr, str, hash, len, bool, iter, list, int, bytes, lambda t: t + 1, lambda t: 1 + t, lambda t: t ** 2, lambda t: t[1],
         lambda t: t[9], lambda t: 1 in t, lambda t: t < 2, lambda t: t(1, k=2), lambda t: setattr(t, 'x', 1),
         lambda t: t.__hash__(), memoryview, next,
         lambda t: type(t).__new__(type(t), value='x'), lambda t: case.Number.__new__(type(t)), lambda t: case.Other.__new__(type(t)))
for thing in things:
    for call in calls:
        before = case.count()
        print(type(thing).__name__, seen(lambda: call(thing)), case.count() - before)
for a in things:
    for b in things:
        before = case.count()
        print(seen(lambda: a + b), case.count() - before)
        before = case.count()
        def inplace(x=a): x += b; return x
        print(seen(inplace), case.count() - before)
del n, other, things, a, b, thing
gc.collect()
print([(t.__name__, sorted(t.__dict__)) for t in (case.Number, case.Other, case.Kept)])
print(case.Kept.__str__(kept), str(type('S', (case.Kept,), {})()))
"""


def test_c_types_behave_as_stock(interpreter: Interpreter, tmp_path: Path) -> None:
    """Static types and heap types that share functions: results, errors, and how often CPython calls a binary slot."""
    headers = str(interpreter.headers())
    compile_module(CASES / 'types.c', tmp_path / 'stock', barrier_library=False, include=headers)
    compile_module(rewritten_unit(CASES / 'types.c', tmp_path), tmp_path / 'routed', include=headers)
    stock = interpreter.check(SEEN, tmp_path / 'stock')
    assert stock.count('\n') > 150
    assert interpreter.check(SEEN, tmp_path / 'routed') == stock


THROWN = """
import sys
sys.dont_write_bytecode = True
from slot_calls import *
for name, cls in types(TRIGGERS):
    t = cls()
    for _ in range(3):
        tell('throws', name)
        error = caught(TRIGGERS[name], t)
        assert type(error) is ValueError and str(error) == name, (name, cls, error)
    tell('passes')
for name, cls in types(TYPE_TRIGGERS):
    tell('throws', name)
    error = caught(TYPE_TRIGGERS[name], cls)
    assert type(error) is ValueError and str(error) == name, (name, cls, error)
for name, cls in types(QUIET_TRIGGERS):
    if name in ('tp_del', 'tp_finalize') and not cls.__flags__ & 1 << 9: continue
    tell('throws', name)
    with Unraisable() as reports: QUIET_TRIGGERS[name](cls)
    (error, context), = reports
    assert type(error) is ValueError and str(error) == name, (name, error)
    # Where the stub is a template, it says so of tp_del as well.
    assert context in ((name, 'tp_dealloc') if name in ('tp_dealloc', 'tp_del') else (cls,)), (name, context)
for module, name in ('run', 'PyInit_run'), ('run', 'Py_mod_exec'), ('made', 'Py_mod_create'):
    tell('throws', name)
    error = caught(load, module)
    assert type(error) is ValueError and str(error) == name, (name, error)
tell('passes')
load('run'), load('made')
"""


@pytest.mark.parametrize('members', [False, True], ids=['functions', 'members'])
def test_every_slot_may_throw(interpreter: Interpreter, members: bool, tmp_path: Path) -> None:
    """Tables written out as people do, for static types and heap types; the stubs are the rewriter's."""
    source = tmp_path / 'slots.cpp'
    source.write_text(every_slot(interpreter.version, members=members))
    unit = rewritten_unit(source, tmp_path / 'unit')
    compile_module(unit, tmp_path / 'out', '-std=gnu++17', include=str(interpreter.headers())).rename(tmp_path / 'out' / 'slots.so')
    interpreter.check(THROWN, tmp_path / 'out', RUNTIME_CASES)


CXX = """
import case
def error(call):
    try: call()
    except BaseException as e: return type(e).__name__, str(e)
h, m = case.Holder(), case.Made()
assert error(lambda: repr(h)) == error(lambda: repr(m)) == ('ValueError', 'repr')
assert error(lambda: str(h)) == error(lambda: str(m)) == ('IndexError', 'out')
assert error(lambda: h + 1) == error(lambda: h - h) == error(lambda: m - 1) == error(lambda: h - m) == ('ValueError', 'shared')
assert error(lambda: h & 1) == error(lambda: h.x) == ('ArithmeticError', 'assigned')
assert error(lambda: len(h)) == ('ValueError', 'length')
assert error(lambda: memoryview(h))[0] == 'MemoryError'
assert error(lambda: iter(h)) == ('OverflowError', 'one') and error(lambda: next(h)) == ('OverflowError', 'two')
assert error(h)[0] == 'RuntimeError'
assert error(lambda: type('Owner', (), {'x': h})().x) == ('ArithmeticError', 'get')
"""


def test_cxx_types(interpreter: Interpreter, tmp_path: Path) -> None:
    """Members, templates, what the body of a function assigns: each exception arrives; what shares a function shares its stub."""
    unit = rewritten_unit(CASES / 'types.cpp', tmp_path)
    compile_module(unit, tmp_path / 'routed', '-std=c++14', include=str(interpreter.headers()))
    interpreter.check(CXX, tmp_path / 'routed')


COMPARED = """
import case
class Sub(case.Number): pass
print(case.Number() + case.Number(), case.Number() + 1, 1 + case.Number(), Sub() + Sub(), repr(case.Number()), bool(case.Number()))
print(case.same())
"""


def test_comparisons_with_slots_stay_true(interpreter: Interpreter, tmp_path: Path) -> None:
    """Whatever names the function of a slot names its stub; `compared.c` has them in bodies, in macros and in an array."""
    headers = str(interpreter.headers())
    unit = rewritten_unit(CASES / 'compared.c', tmp_path)
    text = unit.read_text()
    assert all(f'.{slot} = tramp_s_' in text for slot in ('tp_dealloc', 'tp_repr', 'nb_add', 'nb_bool'))
    compile_module(CASES / 'compared.c', tmp_path / 'stock', barrier_library=False, include=headers)
    compile_module(unit, tmp_path / 'routed', include=headers)
    stock = interpreter.check(COMPARED, tmp_path / 'stock')
    assert stock.endswith('(206, 1, 1, 1, 1, 1)\n')
    assert interpreter.check(COMPARED, tmp_path / 'routed') == stock
