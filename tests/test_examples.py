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
    assert (report['summary']['routed'], report['summary']['fastcall']) == (2, 2)
