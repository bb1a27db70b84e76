"""The stubs of tables in both of their forms, functions and assembly, and which of the two the launcher asks for."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest
from launcher_support import Sandbox
from rewrite_support import CASES, INCLUDE, compile_module, outcomes, rewritten_unit

from tramp_build.rewrite.prelude import LINE

# Other processors have functions alone.
ASSEMBLY = platform.machine() == 'x86_64'
FORMS = ['-UTRAMP_FUNCTIONS', '-DTRAMP_FUNCTIONS']
MODULE = """
#include <Python.h>
static PyObject *f(PyObject *self, PyObject *arg){label};
static PyObject *f(PyObject *self, PyObject *arg) {{ return Py_BuildValue("O", arg); }}
{other}
static PyMethodDef methods[] = {{{{"f", f, METH_O, NULL}}, {{"g", g, METH_NOARGS, "doc"}}, {{NULL, NULL, 0, NULL}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "case", NULL, -1, methods}};
PyMODINIT_FUNC PyInit_case(void) {{ return PyModule_Create(&module); }}
"""
PLAIN = 'static PyObject *g(PyObject *self, PyObject *none) { return PyLong_FromLong(1); }'


def unit_of(directory: Path, label: str = '', other: str = PLAIN) -> Path:
    source = directory / 'case.c'
    source.write_text(MODULE.format(label=label, other=other))
    return rewritten_unit(source, directory / 'rewritten')


def assembly(unit: Path, *flags: str, compiler: str = 'gcc') -> str:
    command = [compiler, '-S', '-o', '-', '-isystem', INCLUDE, *flags, unit]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    'flags',
    [
        ('-O0',), ('-Og', '-g3'), ('-O2', '-fcf-protection'), ('-O2', '-fno-plt', '-fno-toplevel-reorder'),
        ('-O3', '-fipa-icf', '-fipa-pta', '-fwhole-program', '-Wno-attributes'), ('-Os', '-ffunction-sections', '-Wl,--gc-sections'),
        ('-O1', '-fstack-protector-all', '-fno-omit-frame-pointer'), ('-O2', '-fuse-ld=gold'), ('-O2', '-fuse-ld=mold'),
        ('-O2', '-Wl,--no-relax', '-Wl,-z,now'),
    ],
    ids=' '.join,
)  # fmt: skip
def test_assembly_behaves_as_stock(flags: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever else the compiler and the linker are asked for."""
    for name in ('conventions.c', 'types.c', 'chains.cpp'):
        compile_module(CASES / name, tmp_path / 'stock', barrier_library=False)
        unit = rewritten_unit(CASES / name, tmp_path)
        if '-fwhole-program' in flags:
            unit.write_bytes(unit.read_bytes().replace(b'PyMODINIT_FUNC', b'PyMODINIT_FUNC __attribute__((externally_visible))'))
        compile_module(unit, tmp_path / 'routed', *flags)
        assert outcomes(tmp_path / 'routed') == outcomes(tmp_path / 'stock')


@pytest.mark.parametrize('form', FORMS)
def test_what_gcc_makes_of_them(form: str, tmp_path: Path) -> None:
    """One function for all stubs of a table, or one for each; three instructions in both, and a symbol of its own."""
    text = assembly(unit_of(tmp_path), '-O2', '-fPIC', form)
    assert text.count('jmp *tramp_o@GOTPCREL(%rip)') == (ASSEMBLY and form == FORMS[0])
    # f, g, the two halves of PyInit_case, and the stubs.
    assert text.count('.cfi_startproc') == (5 if ASSEMBLY and form == FORMS[0] else 6)
    assert text.count('.type\ttramp_m_f, @function') + text.count('.type tramp_m_f, @function') == 1


def test_clang_has_functions(tmp_path: Path) -> None:
    assert 'jmp *tramp_o' not in assembly(unit_of(tmp_path), '-O2', '-fPIC', compiler='clang')


@pytest.mark.parametrize('form', FORMS)
def test_the_compiler_knows_the_symbol(form: str, tmp_path: Path) -> None:
    """A label gives the function another one, and a macro another function."""
    unit = unit_of(
        tmp_path, ' __asm__("elsewhere")', '#define g h\nstatic PyObject *h(PyObject *s, PyObject *n) { return PyLong_FromLong(2); }'
    )
    compile_module(unit, tmp_path / 'out', '-O2', form)
    code = 'import case; assert case.f(5) == 5; assert case.g() == 2'
    subprocess.run([sys.executable, '-c', code], cwd=tmp_path / 'out', check=True)


CXX = """
#include <Python.h>
static PyObject *f(PyObject *self, PyObject *arg) { return Py_BuildValue("O", arg); }
static PyObject *f(PyObject *self) { return self; }
namespace {
template <int A, int B> PyObject *g(PyObject *self, PyObject *none) { return f(PyLong_FromLong(A + B)); }
PyObject *h(PyObject *self, PyObject *args, PyObject *kwargs) { throw 1; }
PyMethodDef methods[] = {
    {"f", f, METH_O, nullptr},
    {"f2", (PyCFunction)f, METH_O, nullptr},
    {"g", g<1, 2>, METH_NOARGS, nullptr},
    {"h", reinterpret_cast<PyCFunction>(reinterpret_cast<void *>(h)), METH_VARARGS | METH_KEYWORDS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
}
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "case", nullptr, -1, methods};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&module); }
"""


@pytest.mark.parametrize('flags', ['-O0', '-O2'])
@pytest.mark.parametrize('form', FORMS)
def test_overloads_templates_and_casts(form: str, flags: str, tmp_path: Path) -> None:
    """All but the template, whose stub is a lambda, stand in the group."""
    source = tmp_path / 'case.cpp'
    source.write_text(CXX)
    unit = rewritten_unit(source, tmp_path / 'rewritten')
    assert unit.read_bytes().count(b' TRAMP_STUB_') >= 3
    compile_module(unit, tmp_path / 'out', flags, form, '-std=c++17')
    code = """
import case
assert (case.f(5), case.f2(6), case.g()) == (5, 6, 3)
try:
    case.h(k=1)
except RuntimeError:
    pass
else:
    raise SystemExit('nothing was raised')
"""
    subprocess.run([sys.executable, '-c', code], cwd=tmp_path / 'out', check=True)


@pytest.mark.parametrize('form', FORMS)
def test_the_compiler_checks_the_type(form: str, tmp_path: Path) -> None:
    unit = unit_of(tmp_path, other='static PyObject *g(int self) { return PyLong_FromLong(self); }')
    command = ['gcc', '-c', '-o', '/dev/null', '-isystem', INCLUDE, form, '-Werror=incompatible-pointer-types', unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode
    assert done.stderr.count('error:') == 1


def test_no_macro_is_told_to_be_unused(tmp_path: Path) -> None:
    never = 'static PyMethodDef never[] = {{"a", (PyCFunction)f, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};'
    other = f'{PLAIN}\n#ifdef NOWHERE\n{never}\n#endif'
    for form in FORMS:
        compile_module(unit_of(tmp_path, other=other), tmp_path / 'out', '-Wunused-macros', '-Wc++-compat', '-Werror', form)


PRELUDE = """\
extern int tramp_x;
#ifdef TRAMP_ASSEMBLY
extern const char form[]; const char form[] = "as assembly";
#else
extern const char form[]; const char form[] = "as functions";
#endif"""


@pytest.mark.parametrize(
    ('flags', 'form'),
    [
        ('-O2 -g -march=x86-64 -pipe -pthread -pedantic -fPIC -fno-lto', b'as assembly'),
        ('-flto -ffat-lto-objects', b'as functions'),
        ('-flto=auto -ffat-lto-objects', b'as functions'),
        ('--coverage', b'as functions'),
        ('-fprofile-arcs', b'as functions'),
        ('-ftest-coverage', b'as functions'),
        ('-fsanitize=undefined', b'as functions'),
        ('-pg', b'as functions'),
        ('-p', b'as functions'),
        ('-finstrument-functions', b'as functions'),
        ('-fpatchable-function-entry=2', b'as functions'),
        ('-B.', b'as functions'),
        ('-specs=/dev/null', b'as functions'),
        ('@words', b'as functions'),
    ],
)
def test_the_launcher_asks_for_assembly(sandbox: Sandbox, flags: str, form: bytes) -> None:
    """Unless an option is about what functions are made of."""
    sandbox.write('words', '-O2 "-finstrument-functions"')
    sandbox.route('a.c', prelude=PRELUDE.replace('\n', LINE.decode()))
    sandbox.run('gcc', *flags.split(), '-c', 'a.c', '-o', 'a.o')
    assert sandbox.outcomes() == ['routed']
    assert form in sandbox.dir.joinpath('a.o').read_bytes()
