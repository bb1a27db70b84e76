"""Functions with two entries: stock and upgraded units in every mixture do the same."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from rewrite_support import ASSEMBLY, INCLUDE
from runtime_support import Interpreter

from tramp_build import paths
from tramp_build.compile import prepare_project
from tramp_build.config import Config
from tramp_build.project import Project
from tramp_build.state_project import create_state

CASES = Path(__file__).resolve().parent / 'cases' / 'entries'
FUNCTIONS = ('positional', 'keywords', 'ignoring', 'ignoring_both', 'sized', 'halves')
WARNINGS = (
    '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wmissing-declarations', '-Wredundant-decls', '-Wconversion',
    '-Werror', '-Wno-missing-field-initializers',
)  # fmt: skip
SCRIPT = r"""
import json, sys
import case

class Sub(tuple):
    pass

def outcome(call):
    try:
        return repr(call())
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'

lists = [(), ('x',), ('x', 2), ('x', 'y'), (1,), (b'x',), (7,), (None,), ('x', None), ('x', 2, 3)]
lists += [tuple(range(n)) for n in (16, 17, 300)]
dicts = [{}, {'first': 1}, {'second': 2}, {'unknown': 3}, {'first': 1, 'second': 2}]
functions = [name for name in dir(case) if not name.startswith('__') and name != 'call']
results = {name: [outcome(lambda: getattr(case, name)(*a, **k)) for a in lists for k in dicts] for name in functions}
plain = ('positional', 'ignoring', 'sized', 'halves')
direct = [(name, a) for name in plain for a in (*lists, Sub(('x',)))]
direct += [(name, a, k) for name in ('keywords', 'ignoring_both') for a in lists for k in dicts]
direct += [(name, ...) for name in ('ignoring', 'ignoring_both')]
results['direct'] = [outcome(lambda: case.call(arguments)) for arguments in direct]
marker = object()
before = sys.getrefcount(marker)
for _ in range(50):
    case.keywords(marker, second=marker)
    case.call(('keywords', (marker,), {'second': marker}))
    case.call(('sized', (marker,) * 40))
results['references'] = sys.getrefcount(marker) - before
print(json.dumps(results))
"""


def texts(directory: Path, suffixes: dict[str, str]) -> dict[tuple[str, str], Path]:
    """Write the sources and what is compiled instead; by name and 'stock' or 'upgraded'."""
    found = {}
    for name in ('functions.h', *(f'{stem}{suffix}' for stem, suffix in suffixes.items())):
        shutil.copy(CASES / name, directory / name)
    project = Project(directory, Config(barrier='auto'))
    for stem, suffix in suffixes.items():
        path = directory / f'{stem}{suffix}'
        plan = project.plan_file(path)
        assert plan
        result = project.rewrite_file(path, plan)
        assert result
        unit = directory / f'{stem}-upgraded{suffix}'
        unit.write_bytes(ASSEMBLY + result.head() + b'\n#line 1\n' + result.text)
        found.update({(stem, 'stock'): path, (stem, 'upgraded'): unit})
    return found


def compiler(path: Path, family: str) -> str:
    cxx = path.suffix != '.c'
    return {'gcc': ('gcc', 'g++'), 'clang': ('clang', 'clang++')}[family][cxx]


def build(units: list[Path], out: Path, *flags: str, include: str = INCLUDE, family: str = 'gcc') -> None:
    """Compile each unit and link them all as the module `case`."""
    out.mkdir()
    objects = []
    for unit in units:
        objects.append(out / f'{unit.name}.o')
        extra = [] if unit.suffix == '.cpp' else ['-Wstrict-prototypes', '-Wmissing-prototypes']
        own = [flag for flag in flags if not flag.startswith(('-Wl,', '-fuse-ld'))]
        run(compiler(unit, family), *WARNINGS, *extra, *own, '-fPIC', '-isystem', include, '-c', unit, '-o', objects[-1])
    libraries = [paths.library_dir() / f'{name}-{paths.version()}.so' for name in ('libtramp', 'libtramp-cxx')]
    link = ['-Wl,--as-needed', *libraries, f'-Wl,-rpath,{paths.library_dir()}']
    run({'gcc': 'g++', 'clang': 'clang++'}[family], *flags, '-shared', *objects, '-o', out / 'case.so', *link)


def run(*command: str | Path) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert not result.stderr, result.stderr


def test_all_are_upgraded(tmp_path: Path) -> None:
    for name in ('functions.h', 'functions.c', 'table.c'):
        shutil.copy(CASES / name, tmp_path / name)
    project = Project(tmp_path, Config())
    plan = project.plan_file(tmp_path / 'table.c')
    assert plan
    how = {entry.function: entry.how for table in plan.tables for entry in table.entries if entry.routed}
    assert {name for name, done in how.items() if 'fastcall' in done} == set(FUNCTIONS)
    assert {name: plan.upgrades[name].entry for name in FUNCTIONS} == {**dict.fromkeys(FUNCTIONS, 'elsewhere'), 'halves': 'static'}


@pytest.mark.parametrize('suffixes', [{'functions': a, 'table': b} for a, b in itertools.product(('.c', '.cpp'), repeat=2)], ids=str)
def test_every_mixture(suffixes: dict[str, str], interpreter: Interpreter, tmp_path: Path) -> None:
    include = interpreter.check('import sysconfig; print(sysconfig.get_path("include"), end="")')
    found = texts(tmp_path, suffixes)
    seen = {}
    for functions, table in itertools.product(('stock', 'upgraded'), repeat=2):
        out = tmp_path / f'{functions}-{table}'
        build([found['functions', functions], found['table', table]], out, '-O1', include=include)
        seen[functions, table] = json.loads(interpreter.check(SCRIPT, out))
    stock = seen['stock', 'stock']
    assert len(stock) > len(FUNCTIONS)
    for mixture, results in seen.items():
        for name, expected in stock.items():
            assert results[name] == expected, (mixture, name)


@pytest.mark.parametrize(
    ('family', 'flags'),
    [
        ('gcc', ('-O2', '-fvisibility=hidden', '-Wl,-z,now')),
        ('gcc', ('-O2', '-flto')),
        ('gcc', ('-O2', '-fno-plt', '-fuse-ld=gold')),
        ('gcc', ('-O0', '-fuse-ld=lld')),
        ('clang', ('-O2', '-fuse-ld=lld', '-Wl,--gc-sections', '-ffunction-sections')),
        ('clang', ('-O2', '-flto', '-fuse-ld=lld')),
    ],
    ids=str,
)
@pytest.mark.parametrize('functions', ['stock', 'upgraded'])
def test_linkers(family: str, flags: tuple[str, ...], functions: str, tmp_path: Path) -> None:
    """The weak symbol is there or not, whatever links."""
    found = texts(tmp_path, {'functions': '.c', 'table': '.cpp'})
    build([found['functions', 'stock'], found['table', 'stock']], tmp_path / 'a', *flags, family=family)
    build([found['functions', functions], found['table', 'upgraded']], tmp_path / 'b', *flags, family=family)
    stock, mixed = (
        subprocess.run([sys.executable, '-c', SCRIPT], cwd=tmp_path / name, capture_output=True, text=True, check=True).stdout
        for name in ('a', 'b')
    )
    assert stock == mixed


def test_an_exception_passes_a_function_of_another_unit(tmp_path: Path) -> None:
    """Who calls the old entry from C++ may catch what the function throws."""
    (tmp_path / 'thrower.h').write_text('PyObject *thrower(PyObject *, PyObject *);\n')
    (tmp_path / 'thrower.cpp').write_text(
        '#include <Python.h>\n#include <stdexcept>\n#include "thrower.h"\n'
        'PyObject *thrower(PyObject *, PyObject *args)\n{\n    int n;\n    if (!PyArg_ParseTuple(args, "i", &n)) return nullptr;\n'
        '    throw std::out_of_range("thrown");\n}\n'
    )
    (tmp_path / 'table.cpp').write_text(
        '#include <Python.h>\n#include <stdexcept>\n#include "thrower.h"\n'
        'static PyObject *catcher(PyObject *self, PyObject *arg)\n{\n    PyObject *many = PyTuple_New(0), *result;\n'
        '    Py_DECREF(many);\n'
        '    try { result = thrower(self, arg); } catch (const std::out_of_range &e) { result = PyUnicode_FromString(e.what()); }\n'
        '    return result;\n}\n'
        'static PyMethodDef methods[] = {{"thrower", thrower, METH_VARARGS, nullptr}, {"catcher", catcher, METH_O, nullptr},\n'
        '    {nullptr, nullptr, 0, nullptr}};\n'
        'static PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};\n'
        'PyMODINIT_FUNC PyInit_case(void);\nPyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }\n'
    )
    project, units = Project(tmp_path, Config()), []
    for name in ('thrower.cpp', 'table.cpp'):
        plan = project.plan_file(tmp_path / name)
        assert plan
        result = project.rewrite_file(tmp_path / name, plan)
        assert result
        units.append(tmp_path / f'unit-{name}')
        units[-1].write_bytes(ASSEMBLY + result.head() + b'\n#line 1\n' + result.text)
    build(units, tmp_path / 'out', '-O2')
    script = (
        'import case\nprint(case.catcher((1,)))\n'
        'try:\n    case.thrower(1)\nexcept IndexError as exc:\n    print("raised", exc)\n'
        'try:\n    case.catcher((1, 2))\nexcept TypeError as exc:\n    print(exc)\n'
    )
    done = subprocess.run([sys.executable, '-c', script], cwd=tmp_path / 'out', capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ['thrown', 'raised thrown', 'function takes exactly 1 argument (2 given)']


def plan_of(directory: Path, name: str, config: Config | None = None) -> dict[str | None, tuple[str, ...]]:
    plan = Project(directory, config or Config()).plan_file(directory / name)
    assert plan
    return {entry.function: entry.how for table in plan.tables for entry in table.entries}


BODY = 'PyObject *f(PyObject *self, PyObject *args)\n{\n    int n;\n    return PyArg_ParseTuple(args, "i", &n) ? self : 0;\n}\n'
ROWS = 'PyObject *f(PyObject *, PyObject *);\nstatic PyMethodDef t[] = {{"f", f, METH_VARARGS, 0}, {0}};\n'


def test_it_is_upgraded(tmp_path: Path) -> None:
    """What the refusals below are measured against."""
    (tmp_path / 'a.c').write_text(BODY)
    (tmp_path / 'b.c').write_text(ROWS)
    assert plan_of(tmp_path, 'b.c') == {'f': ('fastcall',)}


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        # The table's unit may see another function of that name.
        ('c.h', 'static ' + BODY),
        ('c.hpp', 'namespace n { PyObject *f(PyObject *, PyObject *); }\n'),
        ('c.h', '#define f g\n'),
        # Somebody calls it otherwise.
        ('c.c', 'PyObject *f(PyObject *, PyObject *);\nstatic PyMethodDef u[] = {{"f", f, METH_O, 0}, {0}};\n'),
        # There is nobody to ask.
        ('c.c', 'int flags(PyMethodDef *m) { return m->ml_flags; }\n'),
    ],
)
def test_it_is_not(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / 'a.c').write_text(BODY)
    (tmp_path / 'b.c').write_text(ROWS)
    (tmp_path / name).write_text(text)
    assert plan_of(tmp_path, 'b.c') == {'f': ()}


@pytest.mark.parametrize(
    'body',
    [
        BODY.replace('"i"', '__func__'),
        BODY.replace('int n;', 'int n; assert(self);'),
        BODY.replace('int n;', 'int n; TRACE();'),
        BODY.replace('PyObject *f', 'static PyObject *f'),
        BODY.replace('"i", &n', 'keep(args), &n'),
        BODY.replace('PyObject *args)', 'PyObject *args, int more)'),
        'PyObject *g(void), *f(PyObject *, PyObject *);\n' + BODY.replace('PyObject *f', 'PyObject *h(void), *f'),
    ],
)
def test_bodies_that_refuse(body: str, tmp_path: Path) -> None:
    (tmp_path / 'a.c').write_text('#define WHERE() log(__func__)\n#define TRACE() WHERE()\n' + body)
    (tmp_path / 'b.c').write_text(ROWS)
    assert plan_of(tmp_path, 'b.c') == {'f': ()}


def test_a_file_that_is_excluded_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / 'a.c').write_text(BODY)
    (tmp_path / 'b.c').write_text(ROWS)
    assert plan_of(tmp_path, 'b.c', Config(exclude=('a.c',))) == {'f': ()}
    assert plan_of(tmp_path, 'b.c', Config(fastcall=False)) == {'f': ()}


@pytest.mark.parametrize('suffix', ['.c', '.cpp'])
def test_a_static_one_that_a_header_declares(suffix: str, tmp_path: Path) -> None:
    """The header is not rewritten, so the function it knows stays; a stub in front of the table knows the other by itself."""
    (tmp_path / 'f.h').write_text('static PyObject *f(PyObject *, PyObject *);\n')
    unit = tmp_path / f'unit{suffix}'
    unit.write_text(
        '#include <Python.h>\n#include "f.h"\nstatic PyMethodDef methods[] = {{"f", f, METH_VARARGS, 0}, {0, 0, 0, 0}};\n'
        'static PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", 0, -1, methods, 0, 0, 0, 0};\n'
        'PyMODINIT_FUNC PyInit_case(void);\nPyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }\n'
        f'static {BODY}'.replace('? self : 0', '? PyLong_FromLong(n) : 0')
    )
    assert 'fastcall' in plan_of(tmp_path, unit.name)['f']
    project = Project(tmp_path, Config())
    plan = project.plan_file(unit)
    assert plan
    result = project.rewrite_file(unit, plan)
    assert result
    copy = tmp_path / f'copy{suffix}'
    copy.write_bytes(ASSEMBLY + result.head() + b'\n#line 1\n' + result.text)
    build([copy], tmp_path / 'out', '-Wno-unused-parameter')
    done = subprocess.run(
        [sys.executable, '-c', 'import case; print(case.f(5))'], cwd=tmp_path / 'out', capture_output=True, text=True, check=True
    )
    assert done.stdout == '5\n'


def test_messages_know_functions_by_their_own_names(tmp_path: Path) -> None:
    (tmp_path / 'a.c').write_text('#include <Python.h>\n' + BODY.replace('int n;', 'int n, noise;'))
    (tmp_path / 'b.c').write_text(ROWS)
    config = Config()
    state = create_state(tmp_path / 'state', tmp_path, config, rpath='absolute')
    prepare_project(tmp_path, config, state)
    words = ['gcc', '-Wall', '-isystem', INCLUDE, '-c', 'a.c', '-o', 'a.o']
    said = [
        subprocess.run([*launcher, *words], cwd=tmp_path, capture_output=True, text=True, check=True).stderr
        for launcher in ([], [paths.launcher(), f'--tramp-state={state.dir}'])
    ]
    assert 'In function ‘f’' in said[0]
    assert said[1] == said[0]
    assert [entry.outcome for entry in state.log()] == ['routed']


CONDITIONAL = """
#include <Python.h>
#ifdef HAVE_F
#include "f.h"
#endif
static PyObject *always(PyObject *self, PyObject *args) { (void)args; Py_XINCREF(self); return self; }
static PyMethodDef methods[] = {
    {"always", always, METH_NOARGS, NULL},
#ifdef HAVE_F
    {"f", f, METH_VARARGS, NULL},
    {"g", (PyCFunction)(void (*)(void))g, METH_VARARGS | METH_KEYWORDS, NULL},
    {"h", h, METH_O, NULL},
#endif
    {NULL, NULL, 0, NULL},
};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void);
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
"""
CONDITIONAL_HEADER = """
PyObject *f(PyObject *self, PyObject *args);
extern PyObject *g(PyObject *, PyObject *args, PyObject *kwargs);
PyObject *h(PyObject *Py_UNUSED(self), PyObject *arg);
"""
CONDITIONAL_BODIES = """
#include <Python.h>
#include "f.h"
PyObject *f(PyObject *self, PyObject *args) { int n; (void)self; return PyArg_ParseTuple(args, "i", &n) ? PyLong_FromLong(n) : NULL; }
PyObject *g(PyObject *self, PyObject *args, PyObject *kwargs) { (void)self; (void)kwargs; Py_INCREF(args); return args; }
PyObject *h(PyObject *self, PyObject *arg) { (void)self; Py_INCREF(arg); return arg; }
"""


@pytest.mark.parametrize('family', ['gcc', 'clang'])
@pytest.mark.parametrize('level', ['-O0', '-O2'])
@pytest.mark.parametrize('have', [True, False])
def test_rows_of_other_files_under_a_condition(family: str, level: str, have: bool, tmp_path: Path) -> None:
    """The stub stands outside of the condition: where there is no row and no function, nothing may be left of it."""
    for name, text in {'f.h': CONDITIONAL_HEADER, 'f.c': CONDITIONAL_BODIES, 'table.c': CONDITIONAL}.items():
        (tmp_path / name).write_text(text)
    project, units = Project(tmp_path, Config()), []
    for name in ('table.c', 'f.c'):
        plan = project.plan_file(tmp_path / name)
        assert plan
        assert all(entry.routed for table in plan.tables for entry in table.entries)
        result = project.rewrite_file(tmp_path / name, plan)
        assert result
        units.append(tmp_path / f'unit-{name}')
        units[-1].write_bytes(ASSEMBLY + result.head() + b'\n#line 1\n' + result.text)
    used, script = (units, 'print(case.f(1), case.g(2, a=3), case.h(4))') if have else (units[:1], 'print(dir(case)[-1])')
    build(used, tmp_path / 'out', level, '-Wl,-z,now', *(['-DHAVE_F'] if have else []), family=family)
    done = subprocess.run(
        [sys.executable, '-c', f'import case\n{script}'], cwd=tmp_path / 'out', capture_output=True, text=True, check=True
    )
    assert done.stdout == ('1 (2,) 4\n' if have else 'always\n')


@pytest.mark.parametrize(
    'header',
    [
        'static PyObject *f(PyObject *, PyObject *);\n',
        'static inline PyObject *f(PyObject *self, PyObject *args) { return keep(args); }\n',
        'PyObject *f(Thing *, PyObject *);\n',
        'PyObject *f(PyObject *);\n',
        'Thing *f(PyObject *, PyObject *);\n',
        '#define f g\nPyObject *f(PyObject *, PyObject *);\n',
        'namespace n { PyObject *f(PyObject *, PyObject *); }\n',
    ],
)
def test_what_a_stub_can_not_declare(header: str, tmp_path: Path) -> None:
    (tmp_path / 'f.h').write_text(header)
    (tmp_path / 'table.c').write_text('static PyMethodDef t[] = {\n#ifdef A\n{"f", f, METH_VARARGS, 0},\n#endif\n{0}};\n')
    plan = Project(tmp_path, Config()).plan_file(tmp_path / 'table.c')
    assert plan
    assert [entry.routed for table in plan.tables for entry in table.entries] == [False]


def test_the_cast_of_a_row_is_not_warned_of_where_it_does_not_stand(tmp_path: Path) -> None:
    """As ujson's are: the row is what the stock build warns of, and the stub is in front of the table."""
    (tmp_path / 'a.c').write_text(
        'static char *names[] = {"n", 0};\nPyObject *f(PyObject *self, PyObject *args, PyObject *kwargs)\n{\n    int n;\n'
        '    return PyArg_ParseTupleAndKeywords(args, kwargs, "i", names, &n) ? self : 0;\n}\n'
    )
    (tmp_path / 'b.c').write_text(
        '#include <Python.h>\nPyObject *f(PyObject *, PyObject *, PyObject *);\n'
        'PyMethodDef t[] = {{"f", (PyCFunction)f, METH_VARARGS | METH_KEYWORDS, 0}, {0, 0, 0, 0}};\n'
    )
    project = Project(tmp_path, Config())
    plan = project.plan_file(tmp_path / 'b.c')
    assert plan
    assert [entry.how for table in plan.tables for entry in table.entries] == [('fastcall',)]
    result = project.rewrite_file(tmp_path / 'b.c', plan)
    assert result
    unit = tmp_path / 'unit.c'
    unit.write_bytes(ASSEMBLY + result.head() + b'\n#line 1\n' + result.text)
    command = ['gcc', '-Wall', '-Wextra', '-Werror', '-isystem', sysconfig.get_path('include'), '-fsyntax-only', unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


TRIED = """\
#include <Python.h>
#include <stdexcept>
#include "f.h"
LINKAGE PyObject *f(Thing *self, PyObject *args)
try {
    int n;
    if (!PyArg_ParseTuple(args, "i", &n))
        return NULL;
    if (n == 1)
        throw std::runtime_error("one");
    return PyLong_FromLong(n);
}
catch (const std::exception &error) {
    return Py_BuildValue("sO", error.what(), reinterpret_cast<PyObject *>(self));
}
LINKAGE PyObject *call(PyObject *self, PyObject *args)
{
    const PyCFunction other = reinterpret_cast<PyCFunction>(reinterpret_cast<void *>(f));
    return other(self, args);
}
"""
TRIED_TABLE = """\
static PyMethodDef methods[] = {
    {"f", reinterpret_cast<PyCFunction>(reinterpret_cast<void *>(f)), METH_VARARGS, NULL},
    {"call", call, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&definition); }
"""


@pytest.mark.parametrize(
    ('family', 'apart', 'type_of_self', 'entry'),
    [('gcc', False, 'Thing', 'static'), ('clang', True, 'PyObject', 'shared'), ('gcc', True, 'Thing', None)],
)
def test_function_try_blocks(family: str, apart: bool, type_of_self: str, entry: str | None, tmp_path: Path) -> None:
    """The first entry has no block to catch for, and `self` must keep its type in the handlers."""
    body = TRIED.replace('LINKAGE ', '' if apart else 'static ').replace('Thing *self', f'{type_of_self} *self')
    header = f'struct Thing {{ PyObject_HEAD }};\nPyObject *f({type_of_self} *, PyObject *);\nPyObject *call(PyObject *, PyObject *);\n'
    (tmp_path / 'f.h').write_text(header if apart else header.splitlines()[0] + '\n')
    (tmp_path / 'f.cpp').write_text(body + ('' if apart else TRIED_TABLE))
    if apart:
        (tmp_path / 'table.cpp').write_text(f'#include <Python.h>\n#include "f.h"\n{TRIED_TABLE}')
    project, units = Project(tmp_path, Config()), []
    for name in ('f.cpp', 'table.cpp') if apart else ('f.cpp',):
        plan = project.plan_file(tmp_path / name)
        if name == 'f.cpp':
            assert (plan.upgrades['f'].entry if plan and 'f' in plan.upgrades else None) == entry
        result = project.rewrite_file(tmp_path / name, plan) if plan else None
        units.append(tmp_path / f'unit-{name}')
        units[-1].write_bytes(ASSEMBLY + result.head() + b'\n#line 1\n' + result.text if result else (tmp_path / name).read_bytes())
    build(units, tmp_path / 'out', '-O1', '-Wno-missing-declarations', family=family)
    script = 'import case\nprint(case.f(3), case.call(2), case.f(1)[0], case.call(1)[1] is case)'
    done = subprocess.run([sys.executable, '-c', script], cwd=tmp_path / 'out', capture_output=True, text=True, check=True)
    assert done.stdout == '3 2 one True\n'
