"""The libraries beside others: a static C++ run time, two releases in one process, sanitizers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import test_runtime_barrier
import test_runtime_project
import test_runtime_threads
from runtime_support import Modules, case

if TYPE_CHECKING:
    from runtime_support import Interpreter


ROOT = Path(__file__).resolve().parent.parent
# Each rule of the barrier once.
SAMPLE = test_runtime_barrier.CATCH + dedent(r"""
    kinds = ('bad_alloc invalid_argument out_of_range generic_error filesystem_error ios_failure int struct null_what bytes throwing_what '
             'loud louder pending pending_int circle circle_of_two parse_error')
    print(' '.join(type(throw(kind)).__name__ for kind in kinds.split()))
    for call in throwing.nested, throwing.nested_flat:
        error, depth = caught(call, 300), 0
        while error.__cause__ is not None: error, depth = error.__cause__, depth + 1
        assert depth == 300
""")
EXPECTED = (
    'MemoryError ValueError IndexError FileNotFoundError FileNotFoundError OSError RuntimeError RuntimeError RuntimeError RuntimeError '
    'RuntimeError RuntimeError RuntimeError KeyError KeyError RuntimeError RuntimeError RuntimeError\n'
)


def build(directory: Path, *options: str) -> Path:
    """Build the libraries once more, with other options; return where they are."""
    binaries = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    meson, ninja = (shutil.which(name, path=binaries) for name in ('meson', 'ninja'))
    assert meson, 'meson is missing'
    assert ninja, 'ninja is missing'
    subprocess.run([meson, 'setup', directory, ROOT, *options], check=True, capture_output=True)
    targets = subprocess.run([ninja, '-C', directory, '-t', 'targets', 'all'], check=True, capture_output=True, text=True).stdout
    wanted = re.findall(r'^(csrc/libtramp(?:-cxx)?-[\d.]+\.so): ', targets, re.MULTILINE)
    assert len(wanted) == 2, targets
    done = subprocess.run([ninja, '-C', directory, *wanted], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert 'warning: ' not in done.stdout
    return directory / 'csrc'


def test_static_run_time(interpreter: Interpreter, modules: Modules) -> None:
    """Point 8: a module with libstdc++ of its own takes the barrier in, and its exception machinery stays right."""
    options = ['-fno-enforce-eh-specs', '-static-libstdc++', '-static-libgcc']
    directory = modules.build('throwing', test_runtime_barrier.METHODS, case('throwing.cpp'), *options, static=True)
    module = directory / 'throwing.abi3.so'
    dynamic = subprocess.run(['readelf', '-d', module], capture_output=True, text=True, check=True).stdout
    assert 'libstdc++' not in dynamic
    assert 'libtramp' not in dynamic
    symbols = subprocess.run(['nm', '-D', '--defined-only', module], capture_output=True, text=True, check=True).stdout
    assert 'tramp_' not in symbols
    assert interpreter.check(SAMPLE, directory) == EXPECTED


def test_static_archives_with_the_shared_run_time(interpreter: Interpreter, modules: Modules) -> None:
    """What `link = "static"` does; forced unwinding and translators as well."""
    directory = modules.build('throwing', test_runtime_barrier.METHODS, case('throwing.cpp'), '-fno-enforce-eh-specs', static=True)
    assert interpreter.check(SAMPLE, directory) == EXPECTED
    rows = test_runtime_project.table({'geo::ParseError': 'ValueError'})
    body = test_runtime_project.BODY + case('translators.cpp') + rows
    directory = modules.build('translators', test_runtime_project.METHODS, body, static=True)
    code = (
        'import translators as module\n'
        + test_runtime_project.CATCH
        + 'print(*(type(throw(k)).__name__ for k in ("translated", "deeper")))'
    )
    assert interpreter.check(code, directory) == 'LookupError ValueError\n'


@pytest.fixture(scope='session')
def other_release(tmp_path_factory: pytest.TempPathFactory) -> Modules:
    """Modules that are built with release 9.9.9."""
    libdir = build(tmp_path_factory.mktemp('release') / 'build', '-Drelease=9.9.9')
    return Modules(tmp_path_factory, libdir)


@pytest.mark.parametrize('flags', ['RTLD_LOCAL', 'RTLD_GLOBAL'])
def test_two_releases(interpreter: Interpreter, modules: Modules, other_release: Modules, flags: str) -> None:
    """Wheels of different releases work in one process without meeting: each module reaches its own."""
    methods, body = test_runtime_project.METHODS, test_runtime_project.BODY
    ours = modules.build('first', methods, body + test_runtime_project.table({'geo::ParseError': 'KeyError'}))
    theirs = other_release.build('second', methods, body + test_runtime_project.table({'geo::ParseError': 'EOFError'}))
    code = f"""
        import sys, os
        sys.setdlopenflags(os.RTLD_NOW | os.{flags})
        import first, second
        def throw(module, kind):
            try: module.throw_(kind)
            except BaseException as error: return type(error)
        for _ in range(2):
            assert [throw(m, 'parse') for m in (first, second)] == [KeyError, EOFError]
            assert [throw(m, 'range') for m in (first, second)] == [IndexError, IndexError]
    """
    done = interpreter.run(code, ours, theirs, env={'LD_DEBUG': 'bindings', 'LD_BIND_NOW': '1'})
    assert done.returncode == 0, done.stderr[-2000:]
    bound = set(re.findall(r'/(first|second)\.abi3\.so \[0\] to \S*/(libtramp\S+) \[0\]', done.stderr))
    releases = {name: re.findall(r'-(\d+\.\d+\.\d+)\.so', library) for name, library in bound}
    assert releases['second'] == ['9.9.9'] != releases['first']
    assert len(bound) == 2


SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize=vptr']


@pytest.fixture(scope='session')
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Modules:
    """Modules and libraries with AddressSanitizer and UBSan."""
    options = ['-Db_sanitize=address,undefined', '-Db_lundef=false', '--buildtype=debugoptimized']
    return Modules(tmp_path_factory, build(tmp_path_factory.mktemp('sanitized') / 'build', *options))


def sanitizer_environment() -> dict[str, str]:
    """The run time comes first in a process that is not built with it, and finds the C++ one to intercept its throw."""
    libraries = (
        subprocess.run(['g++', f'-print-file-name={n}'], capture_output=True, text=True, check=True).stdout.strip() for n in RUN_TIMES
    )
    return {
        'LD_PRELOAD': ' '.join(libraries),
        'ASAN_OPTIONS': 'detect_leaks=0:allocator_may_return_null=1',  # interpreters leak by themselves
        'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
        'PYTHONMALLOC': 'malloc',
    }


RUN_TIMES = ('libasan.so', 'libubsan.so', 'libstdc++.so')


def test_sanitizers(interpreter: Interpreter, sanitized: Modules) -> None:
    """The exceptions of all tests under AddressSanitizer and UBSan: the barrier, a project's own, threads."""
    throwing = sanitized.build('throwing', test_runtime_barrier.METHODS, case('throwing.cpp'), '-fno-enforce-eh-specs', *SANITIZERS)
    assert interpreter.check(SAMPLE, throwing, env=sanitizer_environment()) == EXPECTED
    rows = test_runtime_project.table({'geo::ParseError': 'ValueError', 'geo::Error': 'no.such'})
    body = test_runtime_project.BODY + case('translators.cpp') + rows
    project = sanitized.build('project', test_runtime_project.METHODS, body, *SANITIZERS)
    kinds = 'error deeper both hidden plain of disk translated shadowed silent hostile escaping nested'
    code = 'import project as module\n' + test_runtime_project.CATCH + f'print(*(type(throw(k)).__name__ for k in "{kinds}".split()))'
    expected = (
        'RuntimeError ValueError ValueError RuntimeError RuntimeError RuntimeError FileNotFoundError LookupError BufferError RuntimeError '
    )
    assert interpreter.check(code, project, env=sanitizer_environment()) == expected + 'RuntimeError RuntimeError ValueError\n'
    threads = sanitized.build('threads', test_runtime_threads.METHODS, case('threads.cpp'), '-pthread', *SANITIZERS)
    code = 'every(); in_thread(every); a = create(); b = create(); run(a, f"run({int(b)}, \'every()\'); every()"); every()'
    interpreter.check(test_runtime_threads.SETUP + code, threads, env=sanitizer_environment())
