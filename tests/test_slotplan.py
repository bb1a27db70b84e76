"""Which slots are left alone, and why; which functions share a stub."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rewrite_support import ASSEMBLY, INCLUDE

from tramp_build import paths
from tramp_build.config import Config
from tramp_build.project import Project
from tramp_build.report import file_record

REPR = 'static PyObject *f(PyObject *self) { return self; }\n'
# The entry of a module is looked at where there is a table.
TABLE = 'static PyMethodDef m[] = {{0}};\n'
RENAMED = (
    '#if A\nstatic PyObject *f(PyObject *self);\n#else\n#define f g\n#endif\n#if A\n' + REPR.replace('self; }', 'h(g); }') + '#endif\n'
)
EITHER = (
    '#if X\nPyType_Slot s[] = {{Py_tp_repr, f}, {0}};\n#else\nPyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) .tp_repr = f};\n#endif\n'
)
TYPE = 'PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) "T", .tp_repr = f};\n'


def decisions(root: Path, files: dict[str, str], config: Config | None = None) -> dict[str, str]:
    """Return the decision for each slot of some files, by its name; a reason where it is left alone."""
    found = {}
    for name, text in files.items():
        (root / name).write_bytes(text.encode('utf-8', 'surrogateescape'))
    project = Project(root, config or Config())
    for name in files:
        for table in file_record(name, 'c', project.decisions(root / name))['tables']:
            for entry in table['entries']:
                if table['kind'] not in ('PyMethodDef', 'PyGetSetDef'):
                    found[entry['name'] if len(files) == 1 else f'{name} {entry["name"]}'] = entry['reason'] or 'routed'
    return found


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        pytest.param(REPR + TYPE, 'routed', id='plain'),
        pytest.param(REPR + 'static PyType_Slot s[] = {{Py_tp_repr, (void *)f}, {0, 0}};\n', 'routed', id='slot'),
        pytest.param(REPR + TYPE + 'void g(void) { f(NULL); }\n', 'routed', id='called'),
        pytest.param(REPR + TYPE + 'int g(PyTypeObject *t) { return t->tp_repr == f; }\n', 'routed', id='compared'),
        pytest.param(REPR + TYPE + 'void g(PyObject *o) { Py_TRASHCAN_BEGIN(o, f) Py_TRASHCAN_END }\n', 'routed', id='trashcan'),
        pytest.param(REPR + TYPE + 'void *p = (void *)f;\n', 'routed', id='handed on'),
        pytest.param(REPR + TYPE + 'void g(void *p) { assert(p == f); }\n', 'compared', id='in a message'),
        pytest.param(REPR + TYPE + 'void g(void *p) { CHECK_THAT(p == f); }\n', 'compared', id='in a macro of others'),
        pytest.param(REPR + TYPE + 'int g(void *p) { return \udcfc(p == f); }\n', 'routed', id='in a call that is not in UTF-8'),
        pytest.param('#define S(x) T(x)\n#define T(x) #x\n' + REPR + TYPE + 'char *p = S(f);\n', 'compared', id='as a string'),
        pytest.param('#define S(x) ((void *)(x))\n' + REPR + TYPE + 'void *p = S(f);\n', 'routed', id='in a plain macro'),
        pytest.param(REPR + TYPE + '__typeof__(f) *p;\n', 'compared', id='for its type'),
        pytest.param(REPR + '#if A == \\\n f\n#endif\n' + TYPE, 'compared', id='in a condition'),
        pytest.param(REPR.removeprefix('static ') + TYPE + 'void *p = (void *)f;\n', 'compared', id='handed on, not static'),
        pytest.param(REPR + TYPE.replace('};', ', .tp_del = (destructor)f};') + 'void *p = f;\n', 'compared', id='two signatures'),
        pytest.param(REPR + TYPE + TABLE.replace('{{0}}', '{{"f", f, METH_O}}') + 'void *p = f;\n', 'compared', id='a method too'),
        pytest.param(REPR.replace('f(', 'g(') + RENAMED + EITHER, 'routed', id='renamed in one branch'),
        pytest.param(REPR.replace('f(', 'g(') + RENAMED + EITHER + 'void *p = g;\n', 'compared', id='renamed, and mentioned'),
        pytest.param(REPR.replace('f(', 'g(') + RENAMED + EITHER.replace('#else', '#endif\n#if Y'), 'compared', id='renamed, in two #ifs'),
        pytest.param(
            REPR.replace('f(', 'g(') + RENAMED + EITHER + EITHER.replace('T ', 'U ').replace('f', 'g'), 'compared', id='renamed, and listed'
        ),
        pytest.param('#define f PyObject_Repr\n' + REPR + TYPE, 'cpython-function', id="CPython's in one configuration"),
        pytest.param(
            '#if A\n' + REPR + '#endif\n#if B\n' + REPR + '#endif\n' + TYPE + 'void *p = f;\n', 'routed', id='handed on, of several'
        ),
        pytest.param(REPR + '#define F f\n' + TYPE, 'compared', id='in a macro'),
        pytest.param(REPR + TYPE + 'void g(int f) { h(f); }\n', 'routed', id='a parameter of that name'),
        pytest.param('PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) "T", .tp_repr = PyObject_Str};\n', 'cpython-function', id='own'),
        pytest.param('PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) "T", .tp_repr = f};\n', 'external-definition', id='external'),
        pytest.param(REPR + 'static PyType_Slot s[] = {{NPY_METH_x, (void *)f}, {0, 0}};\n', 'unknown-slot', id='not of CPython'),
        pytest.param(REPR + '#define ID Py_tp_repr\nstatic PyType_Slot s[] = {{ID, (void *)f}, {0, 0}};\n', 'routed', id='id by macro'),
        pytest.param(REPR + 'static PyType_Slot s[] = {SLOT(f), {0, 0}};\n', 'macro-row', id='macro'),
        pytest.param(REPR + 'PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) "T", .tp_repr = WRAP(f)};\n', 'macro-function', id='wrapped'),
        pytest.param(REPR + 'PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) "T", .tp_alloc = f};\n', 'no-trampoline', id='alloc'),
        pytest.param(
            'static PyObject *f(PyObject *);\n#ifdef A\n' + REPR + '#endif\n' + TYPE + 'void g(PyTypeObject *t) { t->tp_str = f; }\n',
            'routed',
            id='declared',
        ),
        pytest.param(TABLE + 'PyMODINIT_FUNC PyInit_m(void) { assert(1); return 0; }\n', 'says-its-name', id='assert in an entry'),
        pytest.param(
            TABLE + '#ifdef A\nPyMODINIT_FUNC PyInit_m(void)\n#else\nvoid initm(void)\n#endif\n{ return 0; }\n',
            'conditional-function',
            id='two heads',
        ),
        pytest.param(
            TABLE + 'PyMODINIT_FUNC PyInit_m(void)\n#if A /* B */\n{ return 0; }\nint g(void)\n#endif\n{ return 0; }\n',
            'routed',
            id='one body of two',
        ),
        pytest.param(TABLE + 'PyMODINIT_FUNC PyInit_m(void)\n#if A\n#endif\n{ return 0; }\n', 'conditional-function', id='behind #if'),
        pytest.param(TABLE + 'static PyObject *PyInit_m(void) { return 0; }\n', 'conditional-function', id='static entry'),
        pytest.param(REPR + TYPE + 'PyMODINIT_FUNC PyInit_m(void) { return 0; }\n', 'routed', id='entry'),
    ],
)
def test_one_slot(tmp_path: Path, source: str, expected: str) -> None:
    assert set(decisions(tmp_path, {'m.c': source}).values()) == {expected}


def test_positions_are_followed_through_every_branch(tmp_path: Path) -> None:
    """Behind branches of different lengths nobody knows which member comes next."""
    numbers = 'static PyNumberMethods n = {\n{}\n};\n'
    function = 'static PyObject *f(PyObject *a, PyObject *b) { return a ? a : b; }\n'

    def names(rows: str) -> dict[str, str]:
        return decisions(tmp_path, {'m.c': function + numbers.replace('{}', rows, 1)})

    assert names('0, f,') == {'nb_subtract': 'routed'}
    assert names('#ifdef A\n0,\n#else\n(binaryfunc)0,\n#endif\nf,') == {'nb_subtract': 'routed'}
    assert names('#ifdef A\n0,\n#elif B\n0,\n#endif\n(binaryfunc)f,') == {None: 'conditional-row'}
    assert names('#ifdef A\n0,\n#endif\n(binaryfunc)f,') == {None: 'conditional-row'}
    assert names('#ifdef A\n0,\n#endif\n.nb_and = f,') == {'nb_and': 'routed'}
    assert names('#ifdef A\n0\n#else\nf\n#endif\n, f,') == {'nb_add': 'routed', 'nb_subtract': 'routed'}
    assert names('#ifdef A\n0\n#else\nf\n#endif\n+ 0, f,') == {'nb_add': 'conditional-row', 'nb_subtract': 'routed'}
    assert names('.nb_and = f, f, f') == {'nb_and': 'routed', 'nb_xor': 'routed', 'nb_or': 'routed'}
    assert names('nb_or: f') == {'nb_or': 'routed'}


def test_a_variable_is_no_function(tmp_path: Path) -> None:
    """What is assigned is the parameter, whatever else has its name."""
    source = REPR + 'void g(PyTypeObject *t, reprfunc f) { t->tp_repr = f; }\nvoid h(PyTypeObject *t) { t->tp_str = f; }\n'
    assert decisions(tmp_path, {'m.c': source}) == {'tp_repr': 'not-a-function', 'tp_str': 'compared'}


def test_slots_can_be_switched_off(tmp_path: Path) -> None:
    assert decisions(tmp_path, {'m.c': REPR + TYPE}, Config(slots=False)) == {}
    assert Project(tmp_path, Config(slots=False)).rewritten(tmp_path / 'm.c') is None


def test_another_file_compares(tmp_path: Path) -> None:
    """A function that is not static keeps its slot if any file of the project looks at it."""
    shared = REPR.removeprefix('static ')
    asks = 'PyObject *f(PyObject *);\nint g(PyTypeObject *t) { return t->tp_repr == f; }\n'
    assert decisions(tmp_path, {'m.c': shared + TYPE, 'n.c': asks})['m.c tp_repr'] == 'compared'
    assert decisions(tmp_path, {'m.c': shared + TYPE, 'n.c': 'PyObject *f(PyObject *);\nint g(void) { return !f(0); }\n'}) == {
        'm.c tp_repr': 'routed'
    }
    assert decisions(tmp_path, {'m.c': REPR + TYPE, 'n.c': asks}) == {'m.c tp_repr': 'routed'}


@pytest.mark.parametrize(
    ('functions', 'expected'),
    [
        ('static PyObject *f(PyObject *) { return 0; }\nstatic int f(PyObject *, int) { return 0; }\n', 'overloaded'),
        ('static PyObject *f(PyObject *) { return 0; }\nstatic PyObject *f(int) { return 0; }\n', 'overloaded'),
        ('template <class T> static PyObject *f(T *) { return 0; }\n', 'overloaded'),
        ('static PyObject *f(PyObject *);\nnamespace { class C { static PyObject *f(PyObject *, int) { return 0; } }; }\n', 'routed'),
        ('PyObject *f(PyObject *);\nstatic void g() { std::f(); int f = 1; }\nstruct S { int f; };\n', 'routed'),
    ],
)
def test_overloads(tmp_path: Path, functions: str, expected: str) -> None:
    table = 'PyTypeObject T = {PyVarObject_HEAD_INIT(nullptr, 0) "T", 0, 0, 0, 0, 0, 0, 0, reinterpret_cast<reprfunc>(f)};\n'
    assert decisions(tmp_path, {'m.cpp': functions + table}) == {'tp_repr': expected}


def test_an_entry_alone_is_left_alone_in_c(tmp_path: Path) -> None:
    source = 'PyMODINIT_FUNC PyInit_m(void) { return 0; }\n'
    assert decisions(tmp_path, {'m.c': source}) == {}
    assert decisions(tmp_path, {'m.c': source}, Config(barrier='always')) == {'PyInit_m': 'routed'}


def test_an_entry_says_what_it_returns(tmp_path: Path) -> None:
    assert decisions(tmp_path, {'m.c': 'int a; PyInit_m(void) { return 0; }\n'}, Config(barrier='always')) == {}


def test_a_class_may_be_named_as_an_entry(tmp_path: Path) -> None:
    assert decisions(tmp_path, {'m.cpp': 'struct PyInit_m { int run(); };\nint PyInit_m::run() { return 0; }\n'}) == {}


@pytest.mark.parametrize('suffix', ['.c', '.cpp'])
def test_excluded_functions(suffix: str, tmp_path: Path) -> None:
    """Wherever a slot gets its function: a type, an array, an assignment; and the entry of a module."""
    source = (
        REPR
        + REPR.replace('f(', 'g(')
        + 'PyTypeObject T = {PyVarObject_HEAD_INIT(NULL, 0) "T", .tp_repr = f, .tp_str = g};\n'
        + 'static PyType_Slot s[] = {{Py_nb_absolute, (void *)f}, {Py_nb_negative, (void *)g}, {0, 0}};\n'
        + 'PyMODINIT_FUNC PyInit_m(void) { T.tp_iter = f; T.tp_iternext = g; return 0; }\n'
    )
    expected = dict.fromkeys(('tp_repr', 'Py_nb_absolute', 'tp_iter'), 'excluded-function')
    expected |= dict.fromkeys(('tp_str', 'Py_nb_negative', 'tp_iternext', 'PyInit_m'), 'routed')
    name = f'm{suffix}'
    assert decisions(tmp_path, {name: source}, Config(exclude_functions=frozenset({'f'}))) == expected
    every = Config(exclude_functions=frozenset({'f', 'g', 'PyInit_m'}))
    assert set(decisions(tmp_path, {name: source}, every).values()) == {'excluded-function'}
    project = Project(tmp_path, every)
    plan = project.plan_file(tmp_path / name)
    assert plan is None or project.rewrite_file(tmp_path / name, plan) is None


def test_stubs_of_two_languages_are_two_functions(tmp_path: Path) -> None:
    files = {'m.c': REPR.removeprefix('static ') + TYPE, 'n.cpp': 'extern "C" PyObject *f(PyObject *);\n' + TYPE.replace(' T =', ' U =')}
    assert decisions(tmp_path, files) == {'m.c tp_repr': 'compared', 'n.cpp tp_repr': 'compared'}


@pytest.mark.parametrize('language', ['c', 'c++'])
def test_units_share_a_stub(tmp_path: Path, language: str) -> None:
    """CPython tries a slot once where both types have the same function, so the tables of two units list one stub."""
    cxx = language == 'c++'
    suffix, head = ('.cpp', 'extern "C" ') if cxx else ('.c', '')
    null = 'nullptr' if cxx else '0'
    common = f'#include <Python.h>\n{head}PyObject *add(PyObject *a, PyObject *b);\n'
    table = f'static PyNumberMethods number = {{add}};\n{head if cxx else "extern "}PyTypeObject *%s(void);\nstatic PyTypeObject type = '
    table += f'{{PyVarObject_HEAD_INIT({null}, 0) "case.%s", sizeof(PyObject), 0, 0, 0, 0, 0, 0, 0, &number}};\n'
    table += 'PyTypeObject *%s(void) { type.tp_new = PyType_GenericNew; type.tp_flags |= Py_TPFLAGS_DEFAULT; return &type; }\n'
    body = 'int calls;\nPyObject *add(PyObject *a, PyObject *b) { (void)a; (void)b; calls++; Py_RETURN_NOTIMPLEMENTED; }\n'
    init = (
        f'static PyObject *count(PyObject *s, PyObject *i) {{ (void)s; (void)i; return PyLong_FromLong(calls); }}\n'
        f'static PyMethodDef functions[] = {{{{"count", count, METH_NOARGS, {null}}}, {{{null}, {null}, 0, {null}}}}};\n'
        f'{head if cxx else "extern "}PyTypeObject *other(void);\n'
        f'static PyModuleDef def = {{PyModuleDef_HEAD_INIT, "case", {null}, -1, functions, {null}, {null}, {null}, {null}}};\n'
        f'PyMODINIT_FUNC PyInit_case(void) {{ PyObject *m = PyModule_Create(&def); PyTypeObject *a = here(), *b = other();\n'
        f'PyType_Ready(a); PyType_Ready(b); PyModule_AddObject(m, "A", (PyObject *)a); \n'
        f'PyModule_AddObject(m, "B", (PyObject *)b); return m; }}\n'
    )
    sources = {'one': common + body + table % ('here', 'A', 'here') + init, 'two': common + table % ('other', 'B', 'other')}
    for name, text in sources.items():
        (tmp_path / f'{name}{suffix}').write_text(text)
    units = []
    project = Project(tmp_path, Config())
    for name in sources:
        path = tmp_path / f'{name}{suffix}'
        plan = project.plan_file(path)
        assert plan
        result = project.rewrite_file(path, plan)
        assert result
        assert result.text.count(b'tramp_s_add_binary' if not cxx else b'tramp_slot_binary<') >= 1
        units.append(tmp_path / f'unit_{name}{suffix}')
        units[-1].write_bytes(ASSEMBLY + result.body())
    library = paths.library_dir() / f'libtramp{"-cxx" if cxx else ""}-{paths.version()}.so'
    flags = ['-Wall', '-Werror', '-Wno-missing-field-initializers', '-fPIC', '-shared', '-isystem', INCLUDE]
    command = ['g++' if cxx else 'gcc', *flags, *units, '-o', tmp_path / 'case.so', library, f'-Wl,-rpath,{library.parent}']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code = 'import case\ntry: case.A() + case.B()\nexcept TypeError: print(case.count())'
    done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == '1\n'
    dynamic = subprocess.run(['nm', '-D', '--defined-only', tmp_path / 'case.so'], capture_output=True, text=True, check=True).stdout
    assert not re.search('tramp_s', dynamic)
