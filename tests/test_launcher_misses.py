"""A source that the index knows nothing of: Python is asked."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from launcher_support import Sandbox, python_of_this_checkout


def test_python_is_asked_once_about_a_source_and_what_it_says_is_kept(sandbox: Sandbox) -> None:
    """An interpreter that indexes the file as plain and counts how often it was asked."""
    path = sandbox.write('a.c')
    sandbox.write(
        'tools/python',
        f"""#!{sys.executable}
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from tramp_build.state import State
print('this is not for the build')
arguments = sys.argv[1:]
assert arguments[:3] == ['-I', '-m', 'tramp_build.compile'], arguments
assert arguments[5:] == ['--language', 'c', '--', {str(path)!r}], arguments
with open('asked', 'a') as file:
    file.write('x')
time.sleep(0.3)
status = Path(arguments[-1]).stat()
State(Path(arguments[4])).add_index(Path(arguments[-1]), status.st_size, status.st_mtime_ns, 'c', 'plain')
""",
    ).chmod(0o755)
    sandbox.configure(python=str(sandbox.dir / 'tools/python'))
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: sandbox.run('gcc', '-c', 'a.c', '-o', f'{n}.o'), range(8)))
    assert {(d.stdout, d.stderr) for d in done} == {('', '')}
    assert sandbox.dir.joinpath('asked').read_text() == 'x'
    assert sandbox.outcomes() == ['plain'] * 8


@pytest.mark.parametrize('strict', [False, True])
def test_an_interpreter_that_fails(sandbox: Sandbox, strict: bool) -> None:
    sandbox.write('a.c')
    sandbox.write('tools/python', '#!/bin/sh\necho a message >&2\nexit 1\n').chmod(0o755)
    sandbox.configure(python=str(sandbox.dir / 'tools/python'), strict=strict)
    done = sandbox.run('gcc', '-c', 'a.c', '-o', 'a.o', check=False)
    assert done.returncode == strict
    assert done.stderr.startswith('a message\n')
    if strict:
        assert done.stderr.endswith('tramp-build: error: a.c: compiled without trampolines: the file could not be prepared\n')
        assert not sandbox.dir.joinpath('a.o').exists()
    else:
        assert sandbox.answer() == '1'


def test_a_default_state_is_made_beside_the_output(sandbox: Sandbox) -> None:
    """With the interpreter of the environment that the launcher is in."""
    sandbox.write('bin/tramp-cc', sandbox.launcher.read_bytes()).chmod(0o755)
    sandbox.write(
        'bin/python3',
        """#!/bin/sh
test "$1 $2 $3 $4" = "-I -m tramp_build.compile --init" || exit 1
mkdir -p "$5" && echo "python=/nonexistent\nlibdir=/x\nversion=1" > "$5/conf"
""",
    ).chmod(0o755)
    sandbox.write('a.c')
    sandbox.write('plain.c', 'int x;')
    sandbox.write('out/x')
    sandbox.plain('bin/tramp-cc', 'gcc', '-c', 'plain.c', '-o', 'out/plain.o')
    assert not sandbox.dir.joinpath('out/.tramp-build').exists()
    sandbox.plain('bin/tramp-cc', 'gcc', '-c', 'a.c', '-o', 'out/a.o')
    assert sandbox.dir.joinpath('out/.tramp-build/log').read_text().startswith('prepare-failed\t')


def test_with_the_real_interpreter(sandbox: Sandbox) -> None:
    """The whole way: a miss, the scanner, the rewriter, a compile."""
    pytest.importorskip('tramp_build.compile')
    include = subprocess.run(
        [sys.executable, '-c', 'import sysconfig; print(sysconfig.get_path("include"))'], capture_output=True, text=True, check=True
    ).stdout.strip()
    sandbox.write('pyproject.toml', '[tool.tramp-build]\n')
    sandbox.write(
        'm.c',
        """\
#include <Python.h>
static PyObject *f(PyObject *self, PyObject *o) { (void)self; return Py_NewRef(o); }
static PyMethodDef methods[] = {{"f", f, METH_O, NULL}, {NULL, NULL, 0, NULL}};
PyMethodDef *get(void) { return methods; }
""",
    )
    python_of_this_checkout(sandbox)
    init = 'import sys; sys.argv[1:] = ["--init", sys.argv[1]]; from tramp_build.compile import main; main()'
    sandbox.plain(sys.executable, '-c', init, sandbox.state.dir, PYTHONPATH=str(Path(__file__).parent.parent))
    done = sandbox.run('gcc', '-Wall', '-Werror', f'-I{include}', '-fPIC', '-c', 'm.c')
    assert done.stderr == ''
    assert sandbox.outcomes() == ['routed']
    assert 'tramp_o' in sandbox.plain('nm', 'm.o').stdout
