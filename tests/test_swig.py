"""A wrapper that SWIG makes does the same, whether it is built stock or through tramp-build."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tramp_build import paths
from tramp_build.compile import create_state, prepare_project
from tramp_build.config import Config

INTERFACE = Path(__file__).resolve().parent.parent / 'bench' / 'sources' / 'swig' / 'containers.i'
_DRIVER = r"""
import json, sys
sys.path.insert(0, sys.argv[1])
import containers

def outcome(call):
    try:
        value = call()
        return repr(list(value) if type(value).__module__ == 'containers' else value).split(' at 0x')[0]
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'

samples = {'Doubles': [1.5, 2.5], 'Ints': [1, 2], 'Strings': ['a', 'bc'], 'Numbers': {'a': 1.5, 'b': 2.5}}
values = [0, 1, 7, -1, -9, 1 << 80, 2.5, 'a', 'zz', None, slice(0, 1), slice(None, None, 0), slice(None, None, -1)]
values += [[], {}, [1], ['x', 3], object]  # object: an iterator
cases = [(), *((v,) for v in values), *((v, w) for v in values[:9] for w in values[:9]), (0, 1, 5), (1, 2, 'a'), (0, 9, [])]
# What tells addresses, or of its own process.
left = '__new__ __getattribute__ __setattr__ __dir__ __reduce_ex__ __class__ __hash__ __init_subclass__ __subclasshook__ __swig_destroy__'
left += ' reserve get_allocator'
results = {}
for kind, sample in samples.items():
    made = getattr(containers, kind)
    for name in sorted(set(dir(made)) - set(left.split())):
        for arguments in cases:
            if name in ('resize', 'assign', '__init__') and any(isinstance(a, int) and not 0 <= a < 100 for a in arguments):
                continue  # rooms that no machine has
            def call():
                instance = made(sample)
                given = [instance.begin() if a is object else a for a in arguments]
                return getattr(instance, name)(*given), list(instance) if name != '__init__' else ''
            results[f'{kind}.{name}{arguments}'] = outcome(call)
json.dump(results, sys.stdout)
"""


def _built(directory: Path, source: Path, launcher: tuple[str, ...] = ()) -> Path:
    directory.mkdir()
    shutil.copy(source.with_name('containers.py'), directory)
    words = [*launcher, 'g++', '-O0', '-fPIC', '-isystem', sysconfig.get_path('include')]
    for last in (['-c', source, '-o', directory / 'wrap.o'], ['-shared', directory / 'wrap.o', '-o', directory / '_containers.so']):
        done = subprocess.run([*words, *last], capture_output=True, text=True, check=False)
        assert (done.returncode, 'compiled without' in done.stderr) == (0, False), done.stderr
    return directory


def _outcomes(directory: Path) -> dict[str, str]:
    done = subprocess.run([sys.executable, '-X', 'faulthandler', '-c', _DRIVER, directory], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_containers_behave_as_stock(tmp_path: Path) -> None:
    """Every method of vectors and a map, with arguments of all sorts: the same result, and the same container afterwards."""
    source = tmp_path / 'source' / 'containers_wrap.cxx'
    source.parent.mkdir()
    subprocess.run(['swig', '-c++', '-python', '-outdir', source.parent, '-o', source, INTERFACE], check=True)
    state = create_state(tmp_path / 'state', source.parent, Config(), rpath='absolute')
    prepare_project(source.parent, Config(), state)
    launcher = (str(paths.launcher()), f'--tramp-state={state.dir}')
    stock = _outcomes(_built(tmp_path / 'stock', source))
    routed = _outcomes(_built(tmp_path / 'routed', source, launcher))
    assert {key: (value, routed.get(key)) for key, value in stock.items() if routed.get(key) != value} == {}
    assert any(value.startswith('IndexError') for value in stock.values())
