"""Rewrite a source, compile it stock and rewritten, and compare what both do."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from tramp_build import paths
from tramp_build.config import Config
from tramp_build.project import Project

CASES = Path(__file__).resolve().parent / 'cases' / 'rewrite'
INCLUDE = sysconfig.get_path('include')
# What the launcher puts in front where the options of the call fit; a test that has -DTRAMP_FUNCTIONS gets what it puts there elsewhere.
ASSEMBLY = b'#ifndef TRAMP_FUNCTIONS\n#define TRAMP_ASSEMBLY\n#endif\n'

# Calls everything that a module offers, and reads and writes all attributes of an instance of each of its types.
DRIVER = r"""
import json, sys
sys.path.insert(0, sys.argv[1])
import case

def outcome(call):
    try:
        return repr(call())
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'

results = {}
calls = {'()': ((), {}), '(1)': ((1,), {}), '(1, "x")': ((1, 'x'), {}), '(k=2)': ((), {'k': 2}), '(1, k=2)': ((1,), {'k': 2})}
for name in sorted(n for n in dir(case) if not n.startswith('__')):
    thing = getattr(case, name)
    if isinstance(thing, type):
        attributes = sorted(n for n in dir(thing) if not n.startswith('__'))
        for attribute in attributes:
            instance = thing()
            results[f'{name}.{attribute}'] = [
                outcome(lambda: getattr(instance, attribute)),
                outcome(lambda: setattr(instance, attribute, 12)),
                outcome(lambda: getattr(instance, attribute)),
                outcome(lambda: setattr(instance, attribute, 'text')),
                outcome(lambda: delattr(instance, attribute)),
                thing.__dict__[attribute].__doc__,
            ]
    elif callable(thing):
        results[name] = {how: outcome(lambda: thing(*args, **kwargs)) for how, (args, kwargs) in calls.items()} | {'doc': thing.__doc__}
print(json.dumps(results, sort_keys=True))
"""


def rewritten_unit(source: Path, directory: Path, config: Config | None = None) -> Path:
    """Write what the launcher would compile instead of `source`."""
    project = Project(source, config or Config())
    path = next(project.files())
    plan = project.plan_file(path)
    assert plan
    result = project.rewrite_file(path, plan)
    assert result, 'nothing was routed'
    directory.mkdir(exist_ok=True)
    unit = directory / source.name
    unit.write_bytes(ASSEMBLY + result.head() + f'\n#line 1 "{source}"\n'.encode() + result.text)
    return unit


def compile_module(unit: Path, out: Path, *flags: str, compiler: str = '', barrier_library: bool = True, include: str = INCLUDE) -> Path:
    """Compile and link `unit` as the module `case` in the directory `out`; `include` has the headers of the Python that will load it."""
    cxx = unit.suffix != '.c'
    compiler = compiler or ('g++' if cxx else 'gcc')
    library = paths.library_dir()
    libraries = [str(p) for p in (library / f'libtramp-{paths.version()}.so', library / f'libtramp-cxx-{paths.version()}.so') if p.exists()]
    out.mkdir(parents=True, exist_ok=True)
    module = out / 'case.so'
    command = [compiler, *flags, '-fPIC', '-shared', '-isystem', include, str(unit), '-o', str(module)]
    command += ['-Wl,--as-needed', *libraries, f'-Wl,-rpath,{library}'] if barrier_library else []
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert not result.stderr, result.stderr
    return module


def outcomes(directory: Path) -> str:
    """Run the driver on the module in `directory` and return what it saw."""
    result = subprocess.run([sys.executable, '-c', DRIVER, directory], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
