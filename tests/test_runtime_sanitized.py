"""libtramp under valgrind, AddressSanitizer with UndefinedBehaviorSanitizer, and ThreadSanitizer: 8 threads at once.

They call, throw and import; each imports modules of its own, which register tables and translators meanwhile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from runtime_support import Interpreter, Modules, case, interpreters
from test_runtime_linking import build

METHODS = {'plain': 'varargs', 'positional': 'fastcall', 'named': 'fastcall_keywords', 'thrown': 'o'}
# In each thread, or in the interpreter that a thread has.
WORK = """
import importlib.machinery, importlib.util
ERRORS = (MemoryError, FileNotFoundError, ValueError, LookupError, RuntimeError, IndexError, OverflowError)

def load(path):
    loader = importlib.machinery.ExtensionFileLoader('stress', path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('stress', loader))
    loader.exec_module(module)
    return module

def calls(module, number):
    assert module.plain(1, 'x') == (1, 'x')
    assert module.positional(number, 1.5, 'text') == (number, 1.5, 'text')
    assert module.positional(number, 2, 'a' * 100)[1] == 2.0
    assert module.named([], second=number) == ([], number)
    assert module.named(second=1 << 40, first=None) == (None, 1 << 40)
    for arguments in (), (1, 2), ('', 1.0, 'x'), (1 << 40, 1.0, 'x'), (1, 1.0, 'a\\0'):
        try: module.positional(*arguments)
        except (TypeError, OverflowError, ValueError): pass
        else: raise AssertionError(arguments)

def throws(module):
    for kind, expected in enumerate(ERRORS):
        try: module.thrown(kind)
        except expected as error:
            if kind == 6: assert type(error.__cause__) is ValueError and str(error.__cause__) == 'cause'
        else: raise AssertionError(kind)

def work(paths, rounds):
    for path in paths:
        module = load(path)
        for number in range(rounds):
            calls(module, number)
            throws(module)
"""
MAIN = """
import shutil, sys, tempfile, threading
start = threading.Barrier(THREADS)

def run(paths, interpreter):
    code = WORK + 'work(%r, %d)' % (paths, ROUNDS)
    start.wait()
    _xxsubinterpreters.run_string(interpreter, code) if OWN else exec(code, {})
    done.append(1)

if OWN:
    import _xxsubinterpreters
# One after the other: CPython sorts tables of its own as it makes one.
made = [_xxsubinterpreters.create(isolated=True) if OWN else None for _ in range(THREADS)]

done, directory = [], tempfile.mkdtemp()
try:
    copies = [shutil.copy(PATH, directory + '/stress%d.so' % n) for n in range(3 * THREADS)]
    workers = [threading.Thread(target=run, args=(copies[n::THREADS], made[n])) for n in range(THREADS)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
finally:
    shutil.rmtree(directory)
assert len(done) == THREADS
print('end')
"""


class Directories:
    """As pytest's factory for temporary directories, for one test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def mktemp(self, name: str) -> Path:
        (self.directory / name).mkdir()
        return self.directory / name


def instrumented(tmp_path: Path, *flags: str) -> Path:
    """Return the module, and libtramp with it, compiled with a sanitizer."""
    sanitize = flags[0].partition('=')[2]
    libdir = build(tmp_path / 'build', f'-Db_sanitize={sanitize}', '-Dbuildtype=debugoptimized')
    directory = Modules(Directories(tmp_path), libdir).build('stress', METHODS, case('stress.cpp'), '-g', '-O1', *flags)  # type: ignore[arg-type]
    return directory / 'stress.abi3.so'


def stress(
    interpreter: Interpreter, module: Path, rounds: int, env: dict[str, str], *before: str, own: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run 8 threads, each with an interpreter and a GIL of its own if so wanted."""
    code = f'THREADS, ROUNDS, PATH, OWN, WORK = 8, {rounds}, {str(module)!r}, {own}, {WORK!r}\n{MAIN}'
    words = [*before, str(interpreter.executable), '-X', 'faulthandler', '-c', code]
    return subprocess.run(words, env={**os.environ, **env}, capture_output=True, text=True, errors='replace', timeout=300, check=False)


def runtime(name: str) -> str:
    """Return the path of a sanitizer's run time, which has to be loaded in front of all else."""
    found = subprocess.run(['gcc', f'-print-file-name={name}'], capture_output=True, text=True, check=True).stdout.strip()
    assert Path(found).is_absolute(), f'{name} is missing'
    return str(Path(found).resolve())


def with_seen_locks() -> list[Interpreter]:
    """Return the newest CPythons whose GIL ThreadSanitizer sees: up to 3.12 it is a mutex of the C library, later one of its own.

    In 3.12 each interpreter can have a GIL, so that what libtramp shares is really used by all threads at once.
    """
    return [i for i in interpreters() if i.version < (3, 13)][-2:]


def test_address_and_undefined(tmp_path: Path) -> None:
    """No access beyond what is there, nothing that C leaves undefined."""
    module = instrumented(tmp_path, '-fsanitize=address,undefined', '-fno-sanitize-recover=all')
    env = {
        # The C++ run time as well, or the sanitizer looks for the function that throws before it is loaded.
        'LD_PRELOAD': f'{runtime("libasan.so")} {runtime("libstdc++.so.6")}',
        'ASAN_OPTIONS': 'detect_leaks=0',
        'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
        'PYTHONMALLOC': 'malloc',
    }
    done = stress(interpreters()[-1], module, 20, env)
    assert (done.returncode, done.stdout) == (0, 'end\n'), done.stderr
    assert 'runtime error' not in done.stderr


def test_threads(tmp_path: Path) -> None:
    """No race: what threads share without the GIL is atomic."""
    module = instrumented(tmp_path, '-fsanitize=thread')
    env = {
        'LD_PRELOAD': f'{runtime("libtsan.so")} {runtime("libstdc++.so.6")}',
        'TSAN_OPTIONS': 'exitcode=66:report_signal_unsafe=0',
    }
    for interpreter in with_seen_locks():
        done = stress(interpreter, module, 20, env, own=interpreter.version == (3, 12))
        assert (done.returncode, done.stdout) == (0, 'end\n'), done.stderr


def test_valgrind(modules: Modules) -> None:
    """Nothing is read that was not written."""
    assert shutil.which('valgrind')
    module = modules.build('stress', METHODS, case('stress.cpp')) / 'stress.abi3.so'
    before = ['valgrind', '-q', '--error-exitcode=9', '--leak-check=no', '--fair-sched=yes']
    done = stress(interpreters()[-1], module, 2, {'PYTHONMALLOC': 'malloc'}, *before)
    assert (done.returncode, done.stdout) == (0, 'end\n'), done.stderr
