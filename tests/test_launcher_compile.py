"""Compiles of sources that have a rewritten copy, and of those that have none."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from launcher_support import CXX, SOURCE, Sandbox


def test_the_rewritten_copy_is_compiled(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c')
    done = sandbox.run(cc, '-c', 'src/a.c', '-o', 'a.o', '-Wall', '-Wextra', '-Wpedantic', '-Werror')
    assert (done.stdout, done.stderr) == ('', '')
    assert sandbox.program(cc, 'a.o') == '2 src/a.c 4\n'
    entry = sandbox.log()[0]
    assert (entry.outcome, entry.source, entry.output) == ('routed', str(sandbox.dir / 'src/a.c'), str(sandbox.dir / 'a.o'))


def test_cxx(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.cc', language='c++')
    sandbox.run(CXX[cc], '-c', 'a.cc', '-o', 'a.o')
    assert sandbox.program(CXX[cc], 'a.o').startswith('2 ')


def test_without_an_output_the_object_is_named_after_the_source(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c')
    sandbox.write('build/x')
    sandbox.run(cc, '-c', '../src/a.c', cwd='build')
    assert sandbox.program(cc, 'a.o', cwd='build') == '2 ../src/a.c 4\n'


@pytest.mark.parametrize('action', ['plain', None])
def test_a_file_that_is_not_routed_gives_the_same_bytes(sandbox: Sandbox, cc: str, action: str | None) -> None:
    path = sandbox.write('a.c', SOURCE.replace('PyMethodDef', ''))
    if action:
        sandbox.index(path, action)
    options = ['-g', '-O2', '-MD', '-MF', 'a.d', '-c', 'a.c', '-o', 'a.o']
    sandbox.plain(cc, *options)
    stock = sandbox.dir.joinpath('a.o').read_bytes(), sandbox.dir.joinpath('a.d').read_bytes()
    sandbox.run(cc, *options)
    assert (sandbox.dir.joinpath('a.o').read_bytes(), sandbox.dir.joinpath('a.d').read_bytes()) == stock
    assert sandbox.outcomes() == ['plain' if action else 'no-tables']


@pytest.mark.parametrize('name', ['a=b/a.c', 'a\\b/a.c'])
def test_a_path_that_can_not_be_mapped(sandbox: Sandbox, cc: str, name: str) -> None:
    sandbox.route(name)
    done = sandbox.run(cc, '-c', name, '-o', 'a.o')
    assert 'there is a backslash or an equals sign in its path' in done.stderr
    assert sandbox.program(cc, 'a.o').startswith('1 ')
    assert sandbox.outcomes() == ['fallback']


def test_a_changed_source_is_looked_at_again(sandbox: Sandbox, cc: str) -> None:
    """Size and time have to be those of the index; the interpreter that would be asked is missing here."""
    path = sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c')
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    sandbox.run(cc, '-c', 'a.c')
    assert sandbox.program(cc, 'a.o').startswith('1 ')
    sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c')
    assert sandbox.program(cc, 'a.o').startswith('2 ')
    sandbox.index(path, 'plain')
    sandbox.run(cc, '-c', 'a.c')
    assert sandbox.outcomes() == ['routed', 'prepare-failed', 'routed', 'plain']


def test_off(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c', TRAMP_BUILD='off')
    assert sandbox.program(cc, 'a.o').startswith('1 ')
    assert sandbox.outcomes() == []


def test_a_launcher_inside_a_launcher(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(sandbox.launcher, f'--tramp-state={sandbox.state.dir}', cc, '-c', 'a.c')
    assert sandbox.program(cc, 'a.o').startswith('2 ')
    assert sandbox.outcomes() == ['routed']


def test_state_by_environment(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c', state=False, TRAMP_BUILD_STATE=str(sandbox.state.dir))
    assert sandbox.program(cc, 'a.o').startswith('2 ')


def test_a_response_file_with_the_source(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('my src/a.c')
    sandbox.write('x.rsp', '-c "my src/a.c" -DNAME=\\"x\\ y\\" -o a.o')
    sandbox.run(cc, '@x.rsp')
    assert sandbox.program(cc, 'a.o') == '2 my src/a.c 4\n'


def test_forced_language_and_odd_suffix(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.template', language='c++')
    sandbox.run(cc, '-x', 'c++', '-c', 'a.template', '-o', 'a.o')
    assert sandbox.program(cc, 'a.o').startswith('2 ')


def test_standards_and_pedantry(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    for standard in ('c89', 'c99', 'c11', 'gnu17'):
        sandbox.run(cc, f'-std={standard}', '-Wpedantic', '-Werror', '-c', 'a.c')
    assert sandbox.outcomes() == ['routed'] * 4


def test_the_time_of_the_source_is_kept(sandbox: Sandbox, cc: str) -> None:
    text = SOURCE.replace('__FILE__', '__TIMESTAMP__')
    path = sandbox.write('a.c', text)
    os.utime(path, (10**9, 10**9))
    body = sandbox.state.add_body(f'\n{text.replace("return 1", "return 2")}'.encode())
    sandbox.index(path, 'routed', body)
    sandbox.run(cc, '-c', 'a.c')
    assert sandbox.program(cc, 'a.o').startswith('2 Sun Sep  9 ')


def test_include_next_and_its_like_are_not_moved(sandbox: Sandbox) -> None:
    for text in (
        b'\n#include_next <x.h>\n',
        b'\n__BASE_FILE__\n',
        b'\n#include NAME\n',
        b'\n#pragma GCC dependency "x"\n',
        b'\n"tramp-build:x"\n',
    ):
        assert sandbox.state.add_body(text) is None


def test_parallel_compiles_of_one_source(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c')
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda n: sandbox.run(cc, '-MD', '-c', 'src/a.c', '-o', f'{n}.o'), range(20)))
    assert all(d.stderr == '' for d in done)
    assert sandbox.program(cc, '7.o').startswith('2 ')
    assert len({sandbox.dir.joinpath(f'{n}.o').read_bytes() for n in range(20)}) == 1
    assert {sandbox.dependencies(f'{n}.d')[1] for n in range(20)} == {'src/a.c'}
    assert sandbox.outcomes() == ['routed'] * 20


def test_parallel_compiles_of_many_sources(sandbox: Sandbox) -> None:
    """They share a directory for their copies, which is removed whenever it is empty."""
    for number in range(40):
        sandbox.route(f'src/{number}.c')
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda n: sandbox.run('gcc', '-MD', '-c', f'src/{n % 40}.c', '-o', f'{n}.o'), range(120)))
    assert {d.stderr for d in done} == {''}
    assert sandbox.outcomes() == ['routed'] * 120
    assert not sandbox.dir.joinpath('.tramp-build').exists()


def test_lto(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(cc, '-flto', '-c', 'a.c')
    sandbox.plain(cc, '-flto', '-o', 'program', 'a.o')
    assert sandbox.plain('./program').stdout.startswith('2 ')
