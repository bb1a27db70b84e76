"""Messages: those of the compiler as they would have been, ours where a copy does not compile."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess

import pytest
from launcher_support import SOURCE, Sandbox

BROKEN_MESSAGE = """\
/* PyMethodDef */
#include "broken.h"
int answer(void) { int unused; return 1; }
int other(void) { return undeclared_name; }
"""


def test_messages_name_the_source_and_its_lines(sandbox: Sandbox, cc: str) -> None:
    """Warnings that come from the rewritten copy, word for word and in the same places as from the original."""
    sandbox.write('src/noisy.h', 'static inline int noisy(void) { int in_header; return 0; }\n')
    text = SOURCE.replace('int answer(void) {', '#include "noisy.h"\nvoid loud(void) { int in_source; }\nint answer(void) {')
    for spelled in ('src/a.c', str(sandbox.dir / 'src/a.c')):
        sandbox.route('src/a.c', text)
        words = [cc, '-Wall', '-c', spelled, '-o', 'a.o']
        stock, ours = sandbox.plain(*words).stderr, sandbox.run(*words).stderr
        assert sandbox.outcomes()[-1] == 'routed'
        assert 'in_header' in stock
        assert ours == stock


def on_a_terminal(sandbox: Sandbox, *words: object, **env: str) -> str:
    """What a command writes to a terminal that is its stderr."""
    ours, its = os.openpty()
    with subprocess.Popen(list(map(str, words)), cwd=sandbox.dir, env={**sandbox.env, 'TERM': 'xterm', **env}, stderr=its) as process:
        os.close(its)
        text = b''
        with contextlib.suppress(OSError):  # how a terminal ends
            while part := os.read(ours, 4096):
                text += part
        assert process.wait() == 0
    os.close(ours)
    return text.decode()


@pytest.mark.parametrize('case', ['terminal', 'never', 'always', 'auto', 'dumb', 'GCC_COLORS'])
def test_messages_have_the_colours_that_they_would_have(sandbox: Sandbox, cc: str, case: str) -> None:
    text = SOURCE.replace('int answer(void) {', 'void loud(void) { int in_source; }\nint answer(void) {')
    sandbox.route('src/a.c', text)
    options = {option: [f'-fdiagnostics-color={option}'] for option in ('never', 'always', 'auto')}.get(case, [])
    env = {'dumb': {'TERM': 'dumb'}, 'GCC_COLORS': {'GCC_COLORS': ''}}.get(case, {})
    # clang wraps at the width of its terminal, and a launcher that keeps messages back gives it none.
    words = [cc, '-Wall', '-fmessage-length=0', '-fno-diagnostics-show-caret', *options, '-c', 'src/a.c', '-o', 'a.o']
    if cc == 'clang':
        words.remove('-fno-diagnostics-show-caret')
    stock = on_a_terminal(sandbox, *words, **env)
    ours = on_a_terminal(sandbox, sandbox.launcher, f'--tramp-state={sandbox.state.dir}', *words, **env)
    assert sandbox.outcomes() == ['routed']
    if (cc, case) == ('clang', 'GCC_COLORS'):
        return  # that variable is gcc's, and clang is left without colours for it
    assert ('\x1b[' in stock) == (case in ('terminal', 'always', 'auto'))
    # Links behind option names are a terminal's alone, and not worth a question to the compiler.
    assert re.sub(r'\x1b\]8;;.*?\x1b\\', '', stock) == re.sub(r'\x1b\]8;;.*?\x1b\\', '', ours)


def test_the_users_own_error_is_told_once_and_as_it_is(sandbox: Sandbox, cc: str) -> None:
    sandbox.write('broken.h', '\n')
    sandbox.route('a.c', BROKEN_MESSAGE)
    words = [cc, '-Wall', '-c', 'a.c', '-o', 'a.o']
    stock, ours = sandbox.plain(*words, check=False), sandbox.run(*words, check=False)
    assert stock.returncode == ours.returncode != 0
    assert ours.stderr == stock.stderr
    assert sandbox.outcomes() == ['user-error']


def test_a_copy_that_does_not_compile(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c', new='return no_such_name;')
    done = sandbox.run(cc, '-c', 'src/a.c', '-o', 'a.o', '-MD')
    assert re.fullmatch(
        r'tramp-build: warning: src/a\.c: compiled without trampolines: src/a\.c:3:\d+: error: .*no_such_name.*\n', done.stderr
    )
    assert sandbox.program(cc, 'a.o').startswith('1 ')
    assert sandbox.dependencies('a.d')[:2] == ['a.o:', 'src/a.c']
    entry = sandbox.log()[0]
    assert entry.outcome == 'fallback'
    assert 'no_such_name' in entry.detail


def test_strict_makes_an_error_of_it(sandbox: Sandbox, cc: str) -> None:
    sandbox.configure(strict=True)
    for output in (['-o', 'x.o'], []):
        sandbox.route('src/a.c', new='return no_such_name;')
        done = sandbox.run(cc, '-c', 'src/a.c', *output, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith('tramp-build: error: src/a.c: compiled without trampolines: ')
        assert not sandbox.dir.joinpath('x.o').exists()
        assert not sandbox.dir.joinpath('a.o').exists()
    sandbox.route('src/a.c')
    sandbox.run(cc, '-c', 'src/a.c', '-o', 'x.o')
    assert sandbox.program(cc, 'x.o').startswith('2 ')


def test_a_warning_that_is_an_error_in_the_copy_only(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c', new='int unused; return 2;')
    done = sandbox.run(cc, '-Wall', '-Werror', '-c', 'a.c')
    assert 'compiled without trampolines: a.c:3' in done.stderr
    assert sandbox.program(cc, 'a.o').startswith('1 ')
