"""Threads: forced unwinding, exceptions without the GIL, subinterpreters (points 1 and 6), many threads at once (point 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from runtime_support import case

if TYPE_CHECKING:
    from pathlib import Path

    from runtime_support import Interpreter, Modules


METHODS = {
    'block': 'o', 'call_in_handler': 'o', 'throw_detached': 'noargs', 'hold': 'o', 'throw_while_held': 'noargs', 'throw_now': 'noargs',
    'leave_thread': 'noargs', 'throw_after': 'o', 'throw_without_state': 'noargs', 'machinery': 'noargs',
}  # fmt: skip
# Runs in the main interpreter and again in each subinterpreter.
PRELUDE = """
import sys, threading, threads
if sys.version_info >= (3, 13):
    import _interpreters
    def create(own=False): return _interpreters.create('isolated' if own else 'legacy')
    def current(): return _interpreters.get_current()[0]
    def execute(interpreter, code):
        failure = _interpreters.exec(interpreter, code)
        if failure: raise RuntimeError(failure.formatted)
else:
    import _xxsubinterpreters
    def create(own=False):
        isolated = own and sys.version_info >= (3, 12)
        return _xxsubinterpreters.create(isolated=isolated) if sys.version_info >= (3, 9) else _xxsubinterpreters.create()
    def current(): return int(_xxsubinterpreters.get_current())
    def execute(interpreter, code): _xxsubinterpreters.run_string(interpreter, code)

def run(interpreter, code):
    execute(interpreter, 'PRELUDE = ' + repr(PRELUDE) + '; exec(PRELUDE)\\n' + code)

def throws(call, text):
    me = current()
    try: call()
    except ValueError as error: assert str(error) == text, error
    else: raise AssertionError(text)
    assert current() == me, (current(), me)
    assert threads.machinery() == 0

def attached(): throws(threads.throw_now, 'with the GIL')
def detached(): throws(threads.throw_detached, 'without the GIL')
def held():
    other = threading.Thread(target=threads.hold, args=(5,))
    other.start()
    throws(threads.throw_while_held, 'another thread has the GIL')
    other.join()
def every():
    attached(); detached(); detached(); held(); attached()
def in_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
"""
SETUP = f'PRELUDE = {PRELUDE!r}\nexec(PRELUDE)\n'


@pytest.fixture(scope='session')
def threads(modules: Modules) -> Path:
    """The directory of the module `threads`."""
    return modules.build('threads', METHODS, case('threads.cpp'), '-pthread')


@pytest.mark.parametrize(
    'code',
    [
        pytest.param('every()', id='main'),
        pytest.param('in_thread(every)', id='thread'),
        pytest.param('a = create(); run(a, "every()"); every()', id='subinterpreter'),
        pytest.param('a = create(); run(a, "in_thread(every)"); in_thread(every)', id='thread-of-subinterpreter'),
        pytest.param('a = create(True); run(a, "every(); in_thread(every)"); every()', id='own-gil'),
        # There are thread states of this thread that do not run: older and newer ones than the one that throws.
        pytest.param('a = create(); b = create(); run(b, "attached()"); run(a, "every()"); every(); run(b, "every()")', id='idle'),
        # There are others that run, further out: older and newer ones.
        pytest.param(
            'a = create(); b = create()\n'
            'for outer, inner in (a, b), (b, a): run(outer, f"run({int(inner)}, \'every()\'); every()")\n'
            'every()',
            id='nested',
        ),
    ],
)  # fmt: skip
def test_thrown_without_the_gil(interpreter: Interpreter, threads: Path, code: str) -> None:
    """Point 6: between Py_BEGIN_ALLOW_THREADS and its end, with the GIL free or with another thread."""
    interpreter.check(SETUP + code, threads)


def test_thrown_without_a_thread_state(interpreter: Interpreter, threads: Path) -> None:
    """Where there is nothing to raise a Python exception in, one clear message."""
    done = interpreter.run(SETUP + 'threads.throw_without_state()', threads)
    assert done.returncode == -6
    assert done.stderr.startswith(
        'tramp-build: fatal: method impl: a C++ exception arrived in a thread that has no Python thread state\n'
    ), done.stderr


@pytest.mark.parametrize(
    'target',
    [
        pytest.param('threads.block(100)', id='blocked'),
        # __cxa_begin_catch of a forced unwinding would be std::terminate here.
        pytest.param('threads.call_in_handler(lambda: threads.block(100))', id='blocked-in-handler'),
        pytest.param('threads.leave_thread()', id='pthread_exit'),
        pytest.param('threads.call_in_handler(threads.leave_thread)', id='pthread_exit-in-handler'),
        # The handler asks for the GIL and is ended itself.
        pytest.param('throws(lambda: threads.throw_after(100), "late")', id='throwing'),
    ],
)
def test_daemon_thread_at_exit(interpreter: Interpreter, threads: Path, target: str) -> None:
    """Point 1: up to 3.13 CPython ends a daemon thread that asks for the GIL, by forced unwinding through the method."""
    code = f"""
import time
thread = threading.Thread(target=lambda: {target}, daemon=True)
thread.start()
time.sleep(0.03)
class Late:
    def __del__(self, sleep=time.sleep): sleep(0.2)
sys.late = Late()
print('end')
"""
    assert interpreter.check(SETUP + code, threads) == 'end\n'


def test_many_threads(interpreter: Interpreter, threads: Path) -> None:
    """Point 8: 8 threads throw at once, with and without the GIL, while modules register and forget."""
    code = """
def work():
    for _ in range(200):
        attached(); detached()
    done.append(1)
done = []
workers = [threading.Thread(target=work) for _ in range(8)]
for worker in workers: worker.start()
for worker in workers: worker.join()
assert len(done) == 8
"""
    interpreter.check(SETUP + code, threads)
