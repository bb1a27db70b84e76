"""What the tests of libtramp share: interpreters, a compiler for small modules, and stubs as the rewriter would write them.

Test modules are compiled once, against the limited API of 3.8, and serve every interpreter.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tramp_build import paths

CASES = Path(__file__).resolve().parent / 'cases' / 'runtime'
METHODS = {
    'noargs': ('PyObject *self, PyObject *args', 'self, args', 'METH_NOARGS'),
    'o': ('PyObject *self, PyObject *arg', 'self, arg', 'METH_O'),
    'varargs': ('PyObject *self, PyObject *args', 'self, args', 'METH_VARARGS'),
    'keywords': ('PyObject *self, PyObject *args, PyObject *kwargs', 'self, args, kwargs', 'METH_VARARGS | METH_KEYWORDS'),
    'fastcall': ('PyObject *self, PyObject *const *args, Py_ssize_t n', 'self, args, n', '0x80'),
    'fastcall_keywords': (
        'PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names', 'self, args, n, names', '0x80 | METH_KEYWORDS'
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython to run test modules with."""

    executable: Path
    version: tuple[int, int]

    def __str__(self) -> str:
        return f'cp{self.version[0]}{self.version[1]}'

    def run(self, code: str, *path: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run `code` in a process of its own, for many tests would end this one."""
        return subprocess.run(
            [self.executable, '-X', 'faulthandler', '-c', textwrap.dedent(code)],
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(map(str, path)), **(env or {})},
            capture_output=True,
            text=True,
            errors='backslashreplace',
            timeout=20,
            check=False,
        )

    def headers(self) -> Path:
        """Where the Python.h of this version is."""
        question = 'import sysconfig; print(sysconfig.get_path("include"))'
        answer = subprocess.run([self.executable, '-I', '-c', question], capture_output=True, text=True, check=True)
        return Path(answer.stdout.strip())

    def check(self, code: str, *path: Path, env: dict[str, str] | None = None) -> str:
        """Run `code`, which has to end well, and return what it prints."""
        done = self.run(code, *path, env=env)
        assert done.returncode == 0, f'{self}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}'
        return done.stdout


@cache
def interpreters() -> tuple[Interpreter, ...]:
    """Every CPython from 3.8 that is here: the running one, those on PATH and pyenv's; the first of each version."""
    names = [f'python3.{minor}' for minor in range(8, 16)]
    candidates = [Path(sys.executable), *(Path(found) for name in names if (found := shutil.which(name)))]
    candidates += sorted(Path.home().glob('.pyenv/versions/3.*/bin/python3'))
    found: dict[tuple[int, int], Interpreter] = {}
    question = 'import sys; print(sys.implementation.name, *sys.version_info[:2], bool(getattr(sys, "abiflags", "")))'
    for executable in candidates:
        answer = subprocess.run([executable, '-I', '-c', question], capture_output=True, text=True, check=False).stdout.split()
        if answer[:1] == ['cpython'] and answer[3] == 'False' and (version := (int(answer[1]), int(answer[2]))) >= (3, 8):
            found.setdefault(version, Interpreter(executable, version))
    return tuple(found[version] for version in sorted(found))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for `interpreter` with all of them."""
    if 'interpreter' in metafunc.fixturenames:
        metafunc.parametrize('interpreter', interpreters(), ids=str)


def stub(convention: str, impl: str, *, prefix: str = 'tramp_cxx') -> str:
    """Return the stub of a method, as the rewriter writes it."""
    parameters, arguments, _ = METHODS[convention]
    return f'static PyObject *stub_{impl}({parameters}) {{ return {prefix}_{convention}({arguments}, {impl}, "{impl}"); }}\n'


def module(name: str, methods: dict[str, str], body: str, *, cxx: bool = True, setup: str = '', routed: bool = True) -> str:
    """Return the source of an extension module whose `methods` (name to convention) are functions of `body`."""
    prefix = 'tramp_cxx' if cxx else 'tramp'
    stubs = ''.join(stub(convention, impl, prefix=prefix) for impl, convention in methods.items()) if routed else ''
    rows = ''.join(
        f'    {{"{impl}", (PyCFunction)(void (*)(void)){"stub_" if routed else ""}{impl}, {METHODS[convention][2]}, NULL}},\n'
        for impl, convention in methods.items()
    )
    return f"""
#define Py_LIMITED_API 0x03080000
#include <Python.h>
{'#define TRAMP_ABI' if routed else ''}
{'#include "tramp.h"' if routed else ''}
{body}
{stubs}
static PyMethodDef methods[] = {{
{rows}    {{NULL, NULL, 0, NULL}}
}};
static int fill(PyObject *made)
{{
    (void)made;
    {setup}
    return 0;
}}
/* Any interpreter may import it; versions before 3.12 do not know the slot that says so. */
static PyModuleDef_Slot slots[] = {{{{Py_mod_exec, (void *)fill}}, {{3, (void *)2}}, {{0, NULL}}}};
static struct PyModuleDef definition = {{PyModuleDef_HEAD_INIT, "{name}", NULL, 0, methods, slots, NULL, NULL, NULL}};
PyMODINIT_FUNC PyInit_{name}(void)
{{
    const char *version = Py_GetVersion();
    if (version[3] == '.' || (version[2] == '1' && version[3] < '2')) slots[1].slot = 0;
    return PyModuleDef_Init(&definition);
}}
"""


def compile_and_link(
    source: str, output: Path, *options: str, libdir: Path | None = None, static: bool = False, headers: Path | None = None
) -> Path:
    """Compile one C++ (or C, if the name of `output` begins with c_) source to a shared object that uses libtramp."""
    cxx = not output.name.startswith('c_')
    libdir = libdir or paths.library_dir()
    text = output.with_suffix('.cpp' if cxx else '.c')
    text.write_text(source)
    if static:
        libraries = [libdir / 'libtramp-cxx.a', libdir / 'libtramp.a']
    else:
        libraries = sorted(libdir.glob('libtramp-[0-9]*.so')) + sorted(libdir.glob('libtramp-cxx-[0-9]*.so'))
    command = [
        'g++' if cxx else 'gcc', '-O2', '-fPIC', '-shared', '-Wall', '-Wextra', '-Wno-cast-function-type', '-Werror',
        '-std=c++17' if cxx else '-std=c11', '-I', headers or sysconfig.get_path('include'), '-I', paths.include_dir(), text, '-o',
        output, *options, '-Wl,--as-needed', *libraries, f'-Wl,-rpath,{libdir}',
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return output


class Modules:
    """Compiles each test module once for a session."""

    def __init__(self, factory: pytest.TempPathFactory, libdir: Path | None = None) -> None:
        self._factory = factory
        self._libdir = libdir
        self._made: dict[tuple[object, ...], Path] = {}

    def build(
        self, name: str, methods: dict[str, str], body: str, *options: str, setup: str = '', routed: bool = True, static: bool = False
    ) -> Path:
        """Return the directory of the module."""
        key = (name, tuple(methods), body, options, setup, routed, static)
        if key not in self._made:
            directory = self._factory.mktemp(name)
            source = module(name, methods, body, cxx=not name.startswith('c_'), setup=setup, routed=routed)
            compile_and_link(source, directory / f'{name}.abi3.so', *options, libdir=self._libdir, static=static)
            self._made[key] = directory
        return self._made[key]


@pytest.fixture(scope='session')
def modules(tmp_path_factory: pytest.TempPathFactory) -> Modules:
    """The test modules of this session."""
    return Modules(tmp_path_factory)


def case(name: str) -> str:
    """Return the body of a test module, a file so that it can be read with the colours of its language."""
    return CASES.joinpath(name).read_text()
