"""The examples build as their readers would build them, and do what they say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from package_support import ROOT, VEnv, in_tree_env, names_in, run


def build(name: str, work: Path, **env: str) -> Path:
    """Copy an example, build its wheel through the hook, and return it."""
    project = work / name
    shutil.copytree(ROOT / 'examples' / name, project)
    run('python', '-m', 'build', '--wheel', '--no-isolation', '--skip-dependency-check', '--outdir', work, project, env=in_tree_env(**env))
    (wheel,) = work.glob('*.whl')
    return wheel


GEO = """
import geo, json

def outcome(call, *args, **kwargs):
    try:
        return repr(call(*args, **kwargs))
    except Exception as exc:
        return f'{type(exc).__module__}.{type(exc).__qualname__}: {exc}'

print(json.dumps([
    outcome(geo.parse, '1.5,2'),
    outcome(geo.parse, '1.5'),
    outcome(geo.parse, 'a,b'),
    outcome(geo.find, name='Graz'),
    outcome(geo.find, 'Ypsilanti'),
    outcome(lambda: geo.Place('47,15').latitude),
    outcome(lambda: geo.Place('47').latitude),
]))
"""


def test_meson_python(tmp_path: Path, venv: VEnv) -> None:
    """Types of the project are mapped by name, derived ones with their base."""
    venv.install('--no-deps', build('meson-python', tmp_path))
    assert json.loads(venv.run(GEO).stdout) == [
        '(1.5, 2.0)',
        'builtins.ValueError: no comma between the coordinates',
        'builtins.ValueError: stod',
        '(47.07, 15.44)',
        'geo.errors.NotFound: no place called Ypsilanti',
        '47.0',
        'builtins.ValueError: no comma between the coordinates',
    ]


FASTSUM = """
import fastsum, inspect, json

def outcome(call, *args, **kwargs):
    try:
        return repr(call(*args, **kwargs))
    except TypeError as exc:
        return str(exc)

print(json.dumps([
    outcome(fastsum.add, 1, 2.5),
    outcome(fastsum.add, 1),
    outcome(fastsum.add, 1, 'x'),
    outcome(fastsum.scale, 3),
    outcome(fastsum.scale, by=3, value=5),
    outcome(fastsum.scale, 3, factor=2),
    str(inspect.signature(fastsum.scale)),
]))
"""


def test_setuptools(tmp_path: Path) -> None:
    """Upgraded calls give the results and the messages of the stock build."""
    seen = []
    for switch in ('off', 'on'):
        work = tmp_path / switch
        work.mkdir()
        wheel = build('setuptools', work, TRAMP_BUILD=switch)
        assert any(name.endswith('/tramp-build.json') for name in names_in(wheel)) == (switch == 'on')
        venv = VEnv(work / 'venv')
        venv.install('--no-deps', wheel)
        seen.append(json.loads(venv.run(FASTSUM).stdout))
    assert seen[0] == seen[1]
    assert seen[1][:2] == ['3.5', 'add() takes exactly 2 arguments (1 given)']
    report = json.loads(run('python', '-m', 'tramp_build', 'report', wheel, '--json', env=in_tree_env()).stdout)
    assert (report['summary']['routed'], report['summary']['fastcall']) == (3, 2)


SERIES = """
import gc, json, sys
from series import Series

def outcome(call):
    try:
        return repr(call())
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'

def closed(call):
    s = Series([1])
    with s: pass
    return outcome(lambda: call(s))

def put(s, *at):
    s[at[0]] = at[1]

s, other = Series([1, 2.5]), Series([3, 0])
view = memoryview(s)
running = Series([1, 2])
steps = iter(running)
next(steps)
running.__exit__(None, None, None)
print(json.dumps([
    [outcome(call) for call in (
        lambda: Series('x'), lambda: Series(5), lambda: Series(), lambda: [*(s + other)], lambda: [*(-s)], lambda: s + Series([1]),
        lambda: s + 1, lambda: s / other, lambda: s() + len(s), lambda: Series([])(), lambda: s[5], lambda: put(s, 9, 1),
        lambda: put(s, 0, 'x'),
        lambda: s.__delitem__(0), lambda: 'x' in s, lambda: 2.5 in s, lambda: s < s, lambda: s == s, lambda: s == 1,
        lambda: hash(Series([float('nan')])), lambda: memoryview(Series([])), lambda: s.__init__([1]), lambda: s.__exit__(None, None, None),
        lambda: next(steps),
    )],
    [closed(call) for call in (repr, len, iter, bool, hash, memoryview, Series.__enter__, Series.__neg__, Series.__call__)],
]))
"""


def test_types(tmp_path: Path, venv: VEnv) -> None:
    """Each slot says with an exception of its own what is wrong, and the interpreter goes on."""
    wheel = build('types', tmp_path)
    venv.install('--no-deps', wheel)
    outcomes, closed = json.loads(venv.run(SERIES).stdout)
    assert outcomes == [
        'TypeError: must be real number, not str',
        "TypeError: 'int' object is not iterable",
        'TypeError: Series() takes exactly 1 argument (0 given)',
        '[4.0, 2.5]',
        '[-1.0, -2.5]',
        'ValueError: series of different lengths',
        'TypeError: std::bad_cast',
        'ArithmeticError: division by zero in a series',
        '5.5',
        'ValueError: nothing to add up',
        'IndexError: vector::_M_range_check: __n (which is 5) >= this->size() (which is 2)',
        'IndexError: vector::_M_range_check: __n (which is 9) >= this->size() (which is 2)',
        'TypeError: must be real number, not str',
        'RuntimeError: a series keeps its length',
        'TypeError: must be real number, not str',
        'True',
        'ValueError: series have no order',
        'True',
        'TypeError: std::bad_cast',
        'ValueError: a series with NaN has no hash',
        'ValueError: an empty series has no memory to show',
        'RuntimeError: a buffer shows the series',
        'RuntimeError: a buffer shows the series',
        'ValueError: the series is closed',
    ]
    assert closed == ['ValueError: the series is closed'] * 9
    report = json.loads(run('python', '-m', 'tramp_build', 'report', wheel, '--json', env=in_tree_env()).stdout)
    skipped = {entry['name']: entry['reason'] for f in report['files'] for t in f['tables'] for entry in t['entries'] if entry['reason']}
    assert skipped == {'tp_iter': 'cpython-function'}
