"""What functions do with their arguments, and whom they hand them to: stock against upgraded, on every interpreter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rewrite_support import compile_module, rewritten_unit
from runtime_support import Interpreter

from tramp_build.config import Config
from tramp_build.project import Project

SOURCE = Path(__file__).resolve().parent / 'cases' / 'upgrade_uses.c'
FLAGS = [
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Wcast-qual',
    '-Wno-missing-field-initializers',
    '-Wno-cast-function-type',
    '-Wno-deprecated-declarations',
]

SCRIPT = r"""
import json, sys
import case

def outcome(call):
    try:
        return repr(call())
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'

arguments = [
    ((), {}), ((1,), {}), ((1, 2), {}), ((1, 2, 3), {}), (('x',), {}), (('x', 2), {}), ((None, 2.5), {}), ((10**400,), {}),
    ((1,), {'b': 5}), ((1,), {'second': 5}), ((), {'first': 1}), ((1,), {'start': 9}), ((3,), {'unknown': 2}), ((), {'a': 1, 'b': 2}),
    (tuple(range(40)), {}), ((5, 9), {}), ((-1,), {}),
]
thing = case.Thing()
callables = {name: getattr(case, name) for name in dir(case) if not name.startswith('__') and name != 'Thing'}
callables.update({f'thing.{name}': getattr(thing, name) for name in dir(thing) if not name.startswith('__')})
callables.update({f'Thing.{name}': getattr(case.Thing, name) for name in ('find', 'calls')})
results = {name: [outcome(lambda: f(*args, **kwargs)) for args, kwargs in arguments] for name, f in callables.items()}
results['empty'] = [outcome(lambda: f(1, **{})) for f in callables.values()]
marker = object()
counted = sys.getrefcount(marker)
for _ in range(50):
    case.item(marker, marker)
    case.helped(marker, second=marker)
    outcome(lambda: case.helped(marker, third=marker))
    thing.called(marker, b=marker)
    thing.calls(marker)
results['reference count'] = sys.getrefcount(marker) - counted
print(json.dumps(results))
"""


UNNEEDED = """
#include <Python.h>
{linkage} PyObject *number(PyObject *self, PyObject *args);
{linkage} PyObject *number(PyObject *self, PyObject *args)
{{
    int value;
    (void)self;
    return PyArg_ParseTuple(args, "i", &value) ? PyLong_FromLong(value) : NULL;
}}
static PyMethodDef methods[] = {{{{"number", number, METH_VARARGS, NULL}}, {{NULL, NULL, 0, NULL}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL}};
PyMODINIT_FUNC PyInit_case(void) {{ return PyModule_Create(&module); }}
"""


@pytest.fixture(scope='module')
def unit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rewritten source; every function in it is upgraded."""
    plan = Project(SOURCE, Config()).plan_file(SOURCE)
    assert plan
    varargs = [e for t in plan.tables for e in t.entries if (e.convention or '').startswith('varargs')]
    assert {e.function: e.kept for e in varargs if 'fastcall' not in e.how} == {}
    assert {name for name, upgrade in plan.upgrades.items() if upgrade.entry != 'same'} == {'called'}
    return rewritten_unit(SOURCE, tmp_path_factory.mktemp('upgrade'))


def test_nobody_sees_it(interpreter: Interpreter, unit: Path, tmp_path: Path) -> None:
    include = interpreter.check('import sysconfig; print(sysconfig.get_path("include"), end="")')
    compile_module(SOURCE, tmp_path / 'stock', *FLAGS, barrier_library=False, include=include)
    compile_module(unit, tmp_path / 'upgraded', *FLAGS, include=include)
    stock, upgraded = (json.loads(interpreter.check(SCRIPT, tmp_path / name)) for name in ('stock', 'upgraded'))
    assert len(stock) > 20
    for name, expected in stock.items():
        assert upgraded[name] == expected, name


@pytest.mark.parametrize('optimize', ['-O2', '-DNDEBUG'])
def test_without_warnings(optimize: str, unit: Path, tmp_path: Path) -> None:
    compile_module(unit, tmp_path, optimize, *FLAGS, '-Wunused', '-Wmissing-prototypes', '-Wstrict-prototypes')


@pytest.mark.parametrize(('suffix', 'linkage'), [('.c', 'static'), ('.cpp', 'static'), ('.cpp', 'extern "C"')])
def test_first_entry_that_nobody_needs(suffix: str, linkage: str, tmp_path: Path) -> None:
    """A header has the name, so the first entry stays; it does not warn that nobody calls it."""
    source = tmp_path / f'unit{suffix}'
    source.write_text(UNNEEDED.format(linkage=linkage))
    (tmp_path / 'other.h').write_text('int number(int);\n')
    project = Project(tmp_path, Config())
    plan = project.plan_file(source)
    assert plan
    assert plan.upgrades['number'].entry != 'same'
    result = project.rewrite_file(source, plan)
    assert result
    unit = tmp_path / f'rewritten{suffix}'
    unit.write_bytes(result.body())
    compile_module(unit, tmp_path / 'out', '-O1', '-Wall', '-Wextra', '-Werror')


TYPED = """
#include <Python.h>
typedef struct {{ PyObject_HEAD int value; }} Thing;
{linkage} PyObject *number(Thing *self, PyObject *args);
{linkage} PyObject *number(Thing *self, PyObject *args)
{{
    int value;
    return PyArg_ParseTuple(args, "i", &value) ? PyLong_FromLong(value + self->value) : NULL;
}}
{linkage} PyObject *ignores(Thing *self, PyObject *args, PyObject *kwargs);
{linkage} PyObject *ignores(Thing *Py_UNUSED(self), PyObject *args, PyObject *kwargs)
{{
    (void)args;
    (void)kwargs;
    Py_RETURN_NONE;
}}
"""
TYPED_TABLE = """
#include <Python.h>
PyObject *number(void *self, PyObject *args);
PyObject *ignores(void *self, PyObject *args, PyObject *kwargs);
PyMethodDef methods[] = {
    {"number", (PyCFunction)(void (*)(void))number, METH_VARARGS, NULL},
    {"ignores", (PyCFunction)(void (*)(void))ignores, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL}
};
"""


@pytest.mark.parametrize(('suffix', 'linkage'), [('.c', ''), ('.cpp', 'extern "C"')])
def test_self_of_another_type(suffix: str, linkage: str, tmp_path: Path) -> None:
    """Other files call a second entry with an object, whatever `self` is; the body has what it had."""
    source = tmp_path / f'unit{suffix}'
    source.write_text(TYPED.format(linkage=linkage))
    (tmp_path / 'table.c').write_text(TYPED_TABLE)
    project = Project(tmp_path, Config())
    plan = project.plan_file(source)
    assert plan
    assert {name: upgrade.entry for name, upgrade in plan.upgrades.items()} == {'number': 'shared', 'ignores': 'shared'}
    result = project.rewrite_file(source, plan)
    assert result
    unit = tmp_path / f'rewritten{suffix}'
    unit.write_bytes(result.body())
    compile_module(unit, tmp_path / 'out', '-O1', '-Wall', '-Wextra', '-Werror')
