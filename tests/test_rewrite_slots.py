"""Rewritten slots behave as the stock ones, on every CPython."""

from __future__ import annotations

from pathlib import Path

from rewrite_support import CASES, compile_module, rewritten_unit
from runtime_support import Interpreter

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
