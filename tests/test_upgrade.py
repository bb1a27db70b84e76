"""What an upgrade changes is seen by nobody but the clock: stock against upgraded, on every interpreter."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from rewrite_support import INCLUDE, compile_module, rewritten_unit
from runtime_support import Interpreter

from tramp_build import paths
from tramp_build.config import Config
from tramp_build.project import Project
from tramp_build.state import State
from tramp_build.state_project import create_state

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(__file__).resolve().parent / 'cases' / 'upgrade.c'

SCRIPT = r"""
import functools, inspect, json, pickle, sys
import case

def outcome(call):
    try:
        return repr(call())
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'

class Sub(case.Thing):
    def two(self, *args):
        return ('sub', super().two(*args))

class Int(int):
    pass

class Float:
    def __float__(self):
        return 2.5

    def __repr__(self):
        return 'Float()'

class Name(str):
    pass

arguments = [
    ((), {}), ((1,), {}), ((1, 2), {}), ((1.5, 2.5), {}), ((1, 2, 3), {}), (('x',), {}), (('x', 2), {}), ((Int(3), Float()), {}),
    ((10**400, 1), {}), ((None, 2, 'text'), {}), ((None, 2**40), {}), ((None, 1, 'nul\0byte'), {}), ((None, 1, '\udc80'), {}),
    ((1,), {'second': 5}), ((), {'first': 1, 'third': 'z'}), ((1,), {'first': 2}), ((1,), {'unknown': 2}), ((1, 2), {'a': 1}),
    ((1,), {Name('second'): 5}), ((1,), {'sec' + 'ond': 5}), ((1, 2, 'x', 4), {}), (tuple(range(300)), {}), ((1,), {'second': 'x'}),
]
thing, sub = case.Thing(), Sub()
callables = {name: getattr(case, name) for name in dir(case) if not name.startswith('__') and name != 'Thing'}
callables.update({f'thing.{name}': getattr(thing, name) for name in ('two', 'keywords', 'of_class', 'of_none')})
callables.update({f'Thing.{name}': functools.partial(getattr(case.Thing, name), thing) for name in ('two', 'keywords')})
callables.update({'unbound': case.Thing.two, 'sub.two': sub.two})
callables.update({'Thing.of_class': case.Thing.of_class, 'Thing.of_none': case.Thing.of_none})
callables.update({'partial': functools.partial(case.keywords, 1, third='p')})
results = {}
for name, function in callables.items():
    results[name] = [outcome(lambda: function(*args, **kwargs)) for args, kwargs in arguments]
results['non-string keyword'] = outcome(lambda: case.keywords(1, **{2: 3}))
results['signatures'] = [outcome(lambda: str(inspect.signature(f))) for f in (case.two, case.keywords, case.Thing.two, thing.keywords)]
texts = (case.two, case.Thing.two, thing.two)
results['texts'] = [[f.__doc__, f.__text_signature__, f.__name__, f.__qualname__, type(f).__name__] for f in texts]
results['pickle'] = [outcome(lambda: pickle.loads(pickle.dumps(f)) is f) for f in (case.two, case.keywords)]
results['unbound on another type'] = outcome(lambda: case.Thing.two(1, 2.0, 3.0))
results['map'] = outcome(lambda: list(map(case.two, [1, 2], [3, 4])))
before = sys.getrefcount(None)
marker = object()
counted = sys.getrefcount(marker)
for _ in range(100):
    case.keywords(marker, second=1)
    case.unpack(marker, marker)
    outcome(lambda: case.keywords(marker, 'x'))
results['reference count'] = sys.getrefcount(marker) - counted
print(json.dumps(results))
"""


@pytest.fixture(scope='module')
def unit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rewritten source; every function in it is upgraded."""
    plan = Project(SOURCE, Config()).plan_file(SOURCE)
    assert plan
    kept = {e.function: e.kept for t in plan.tables if t.table.kind == 'PyMethodDef' for e in t.entries if 'fastcall' not in e.how}
    assert kept == {}
    return rewritten_unit(SOURCE, tmp_path_factory.mktemp('upgrade'))


def test_nobody_sees_it(interpreter: Interpreter, unit: Path, tmp_path: Path) -> None:
    include = interpreter.check('import sysconfig; print(sysconfig.get_path("include"), end="")')
    flags = ['-O1', '-Wall', '-Wextra', '-Werror', '-Wno-missing-field-initializers', '-Wno-deprecated-declarations']
    compile_module(SOURCE, tmp_path / 'stock', *flags, barrier_library=False, include=include)
    compile_module(unit, tmp_path / 'upgraded', *flags, include=include)
    stock, upgraded = (json.loads(interpreter.check(SCRIPT, tmp_path / name)) for name in ('stock', 'upgraded'))
    assert len(stock) > 15
    for name, expected in stock.items():
        assert upgraded[name] == expected, name


LIMITED = """
#include <Python.h>
static PyObject *f(PyObject *self, PyObject *args)
{
    int number;
    (void)self;
    return PyArg_ParseTuple(args, "i", &number) ? PyLong_FromLong(number) : NULL;
}
static PyMethodDef methods[] = {{"f", f, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
"""


@pytest.mark.parametrize(
    ('flag', 'symbol'),
    [('-DNONE', 'tramp_positional'), ('-DPy_LIMITED_API=0x03060000', 'tramp_varargs'), ('-DPy_LIMITED_API=0x030b0000', 'tramp_positional')],
)
def test_limited_api_of_the_command_line(flag: str, symbol: str, tmp_path: Path) -> None:
    """METH_FASTCALL is in the limited API since 3.10; the launcher tells by the definition on the command line."""
    source, state = tmp_path / 'unit.c', tmp_path / 'state'
    source.write_text(LIMITED)
    create_state(state, tmp_path, Config())
    conf = (state / 'conf').read_text()
    (state / 'conf').write_text(conf.replace('pythonpath=\n', f'pythonpath={ROOT}\n'))
    command = [
        paths.launcher(),
        f'--tramp-state={state}',
        'gcc',
        flag,
        '-isystem',
        INCLUDE,
        '-fPIC',
        '-c',
        source,
        '-o',
        tmp_path / 'unit.o',
    ]
    subprocess.run(command, check=True)
    symbols = subprocess.run(['nm', tmp_path / 'unit.o'], capture_output=True, text=True, check=True).stdout
    assert f'U {symbol}\n' in symbols
    assert next(State.open(state).log()).outcome == 'routed'
