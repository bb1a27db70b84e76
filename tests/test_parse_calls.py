"""The parser on calls that are chosen: what is fast is fast, what must go to CPython does, and nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from parse_support import build
from runtime_support import Interpreter

# What the fast parser has to take, for everything else is CPython's: format, arguments, names and values.
FAST = [
    *((unit, f'({value},)', '{}') for unit, value in {
        'b': 255, 'B': -1, 'h': -32768, 'H': 2**16 - 1, 'i': -(2**31), 'I': True, 'l': 2**63 - 1, 'k': 2**64 - 1, 'L': -(2**63),
        'K': -(2**63), 'n': 7, 'f': 1.5, 'd': 2.5, 'c': b'c', 'C': "'\\u20ac'", 'p': None, 'S': b'bytes', 'Y': "bytearray(b'y')",
        'U': "'u'",
        's': "'text'", 'z': None, 'y': b'y', 's#': b'a\0b', 'z#': "'a\\0b'", 'y#': b'', 's*': "'caf\\xe9'", 'z*': None, 'y*': b'y',
        'w*': "bytearray(b'w')", 'O': '...', 'O!': '[]',
    }.items()),
    ('d', '(7,)', '{}'),
    ('d', '(2**53,)', '{}'),
    ('p', "('',)", '{}'),
    ('O!', "(type('L', (list,), {})(),)", '{}'),
    ('', '()', '{}'),
    ('|ii', '()', '{}'),
    ('i|ii:name', '(1,)', '{}'),
    ('i|ii;message', '(1, 2, 3)', '{}'),
    ('O!O', '([], 1)', '{}'),
    ('d' * 20, '(1.0,) * 20', '{}'),
    ('dd', '()', "{'x': 1.0, 'y': 2.0}"),
    ('dd', '()', "{'y': 1.0, 'x': 2.0}"),
    ('dd', '(1.0,)', "{'y': 2.0}"),
    ('O|iii', '(1,)', "{'beta': 3}"),
    ('O|s#y*O!i', '(1,)', "{'gamma': 3}"),
    ('O|$ii', '(1,)', "{'z': 3}"),
    ('O|$ii', '(1,)', '{}'),
    ('O$ii', '(1,)', "{'z': 3, 'y': 4}"),
]  # fmt: skip
SLOW = [
    ('d', "('1',)", '{}'),
    ('d', '(2**53 + 1,)', '{}'),
    ('i', '(1.5,)', '{}'),
    ('i', '(2**31,)', '{}'),
    # From 3.15 these warn.
    ('B', '(256,)', '{}'),
    ('H', '(-(2**15) - 1,)', '{}'),
    ('I', '(2**32,)', '{}'),
    ('k', '(-(2**63) - 1,)', '{}'),
    ('K', '(2**64,)', '{}'),
    ('i', '()', '{}'),
    ('i', '(1, 2)', '{}'),
    ('s', "('a\\0b',)", '{}'),
    ('s', "('\\ud800',)", '{}'),
    ('y', "(bytearray(b'y'),)", '{}'),
    ('y*', "(memoryview(b'y'),)", '{}'),
    ('p', '([],)', '{}'),
    ('O&', '(1,)', '{}'),
    ('(ii)', '((1, 2),)', '{}'),
    ('es', "('text',)", '{}'),
    ('O|wi', '(1,)', "{'z': 3}"),  # 3.13 refuses to skip it
    ('dd', '()', "{'x': 1.0, 'z': 2.0}"),
    ('dd', '(1.0,)', "{'x': 2.0}"),
    ('dd', '(1.0,)', '{}'),
]
SCRIPT = """
import json
import parse_cases, twins
twins.blind(not KNOWN)
KEYWORDS = [name.encode() for name in ('x', 'y', 'z', 'beta', 'gamma')]
random = type('First', (), {'choice': staticmethod(lambda choices: choices[0]), 'random': staticmethod(lambda: 0.0)})
parse_cases.TYPES[:] = [list]
taken = []
for form, args, kwargs in ROWS:
    args, kwargs = eval(args), eval(kwargs)
    specs, units = parse_cases.draw_specs(form, random)
    count = sum(unit not in '()' for unit, _ in units)
    for keywords in [None, KEYWORDS[:count]]:
        if (kwargs or '$' in form) and keywords is None:
            continue
        if count > len(KEYWORDS) and keywords is not None or '(' in form and keywords is not None:
            continue
        twins.prepare(None, form, keywords, specs, 1, 0, 0)
        twins.slow()
        call = twins.fast_keywords if keywords is not None else twins.fast
        try:
            call(*args, **kwargs)
        except Exception:
            pass
        taken.append([form, keywords is not None, twins.slow(), str(twins.take())])
print(json.dumps(taken))
"""


@pytest.fixture(scope='module')
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module with a parser of its own that counts."""
    return build(tmp_path_factory.mktemp('own'), own=True)


@pytest.mark.parametrize('layout', ['known', 'unknown'])
@pytest.mark.parametrize(('rows', 'slow'), [(FAST, 0), (SLOW, 1)], ids=['fast', 'slow'])
def test_which_way(interpreter: Interpreter, own: Path, rows: list[tuple[str, str, str]], slow: int, layout: str) -> None:
    path = [own, Path(__file__).parent]
    taken = json.loads(interpreter.check(f'ROWS = {rows!r}\nKNOWN = {layout == "known"}\n{SCRIPT}', *path))
    assert len(taken) > len(rows)
    assert [row for row in taken if row[2] != slow] == []


def test_layout_is_found(interpreter: Interpreter, own: Path) -> None:
    """The first call looks; if it found nothing, every call would ask, and only be slower."""
    interpreter.check(
        """
        import twins
        assert not twins.is_known()
        twins.want_shape(False)
        twins.prepare(None, 'OO', None, [('o', None)] * 2, 1, 0, 0)
        twins.fast(1, 2)
        assert twins.is_known()
        twins.blind(True)
        twins.fast(1, 2)
        assert not twins.is_known()
        """,
        own,
    )


def test_args_tuple(interpreter: Interpreter, twins: Path) -> None:
    interpreter.check(
        """
        import sys, twins
        thing = []
        before = sys.getrefcount(thing)
        made = twins.as_tuple(thing, 1, thing)
        assert made == (thing, 1, thing) and type(made) is tuple
        assert sys.getrefcount(thing) == before + 2
        for size in range(9):
            things = [object() for _ in range(size)]
            counts = [sys.getrefcount(one) for one in things]
            made = twins.as_tuple(*things)
            assert made == tuple(things) and len(made) == size, size
            assert [sys.getrefcount(one) for one in things] == [count + 1 for count in counts], size
        """,
        twins,
    )


REPEAT = """
import sys, twins
class Index:
    def __index__(self):
        return 1
for form, keywords, args, kwargs in [
    ('dd', None, (1.0, 2.0), {}),
    ('dd', None, (1.0, Index), {}),
    ('ii', None, (1, Index()), {}),
    ('y*i', None, (b'', 1), {}),
    ('y*i', None, (bytearray(1), 1.5), {}),
    ('s*y*w*d', None, ('a', b'b', bytearray(3), '4'), {}),
    ('s', None, (chr(0xd800),), {}),
    ('d|dd', [b'x', b'y', b'z'], (1.0,), {'z': 2.0}),
    ('d|dd', [b'x', b'y', b'z'], (1.0,), {'z': Index()}),
    ('d|dd', [b'x', b'y', b'z'], (1.0,), {chr(0xd800): 2.0}),
    ('d|dd', [b'x', b'y', b'z'], (1.0,), {'x': 2.0}),
]:
    twins.prepare(None, form, keywords, [('o', None)] * 4, 1, 0, 0)
    def call():
        try:
            twins.bare(*args, **kwargs)
        except Exception:
            pass
    BODY
"""


def test_nothing_is_left(interpreter: Interpreter, twins: Path) -> None:
    body = """
    counts = []
    for _ in range(4):
        for _ in range(2000):
            call()
        counts.append((sys.getallocatedblocks(), [sys.getrefcount(arg) for arg in args]))
    if form == 'y*i' and args == (b'', 1):
        continue  # stored, and never released here
    assert counts[3][0] - counts[1][0] < 100, (form, args, kwargs, counts)
    assert counts[3][1] == counts[1][1], (form, args, kwargs, counts)
    """
    interpreter.check(REPEAT.replace('BODY', body.strip()), twins)


def test_memory_runs_out(interpreter: Interpreter, twins: Path) -> None:
    """Each allocation of a call fails once: it ends as ever, or with MemoryError."""
    body = """
    import _testcapi
    def attempt(number):
        _testcapi.set_nomemory(number, number + 1)
        try:
            twins.bare(*args, **kwargs)
        except Exception as error:
            return type(error)
        finally:
            _testcapi.remove_mem_hooks()
    usual, found = attempt(10**6), []
    for number in range(40):
        try:
            found.append(attempt(number))
        except MemoryError:
            found.append(MemoryError)
    assert set(found) <= {usual, MemoryError}, (form, args, kwargs, found)
    assert found[-1] == usual
    """
    if interpreter.run('import _testcapi').returncode:
        pytest.skip('this CPython has no _testcapi')
    interpreter.check(REPEAT.replace('BODY', body.strip()), twins)
