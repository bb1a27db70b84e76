"""Objects that the launcher has made: stubs have no unwind entries, and everything else has its own."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import pytest
from launcher_support import Sandbox

PRELUDE = """\
__attribute__((noplt)) int tramp_x(int, int (*)(int), const char *); int tramp_plt(int, int (*)(int)); \
__attribute__((noplt)) int other(int, int (*)(int));"""
STUBS = """\
static int impl(int a) { return a + a * other(a, 0); }
__attribute__((cold)) int stub(int a) { return tramp_x(a, impl, "name"); }
__attribute__((cold)) int by_plt(int a) { return tramp_plt(a, impl); }
int jumps(int a) { return other(a, impl); }
int works(int a) { return tramp_x(a + 1, impl, "name"); }
int calls(int a) { return tramp_x(a, impl, "name") + 1; }
"""
FUNCTIONS = {'impl', 'stub', 'by_plt', 'jumps', 'works', 'calls'}


def framed(sandbox: Sandbox, linked: str, functions: set[str] = FUNCTIONS) -> set[str]:
    """Return which of the functions have an unwind entry."""
    starts = {}
    for line in sandbox.plain('nm', linked).stdout.splitlines():
        if (words := line.split())[-1] in functions:
            starts[int(words[0], 16)] = words[-1]
    assert set(starts.values()) == functions
    entries = re.findall(r' FDE .* pc=(\w+)\.\.', sandbox.plain('readelf', '--debug-dump=frames', linked).stdout)
    return {starts[int(pc, 16)] for pc in entries if int(pc, 16) in starts}


def compile_stubs(sandbox: Sandbox, cc: str | Path, *flags: str, compiled: str = 'a.o') -> None:
    sandbox.route('a.c', '/* PyMethodDef */ int x;\n', 'int x;', f'\n{STUBS}', prelude=PRELUDE)
    sandbox.run(cc, '-fPIC', *flags, '-c', 'a.c', '-o', compiled)
    assert sandbox.outcomes() == ['routed']


def link(sandbox: Sandbox, linker: str = 'bfd') -> set[str]:
    sandbox.plain('clang' if linker == 'lld' else 'gcc', f'-fuse-ld={linker}', '-shared', 'a.o', '-o', 'a.so')
    return framed(sandbox, 'a.so')


@pytest.fixture
def left() -> set[str]:
    """What keeps its entry; other processors keep all of them."""
    return FUNCTIONS - {'stub', 'by_plt'} if platform.machine() == 'x86_64' else FUNCTIONS


GROUP = """\
__attribute__((cold, naked, used)) void {name}(void)
{{
    __asm__ volatile ("{name}_1: mov %p0@GOTPCREL(%%rip), %%rsi; lea %p1(%%rip), %%rdx; {end}" : : "X"(impl), "X"("name"));
    __asm__ volatile ("{name}_2: endbr64; lea %p1(%%rip), %%rdx; jmp *tramp_x@GOTPCREL(%%rip)" : : "X"(impl), "X"("other"));
}}
"""


def test_groups_have_none(sandbox: Sandbox) -> None:
    """A group is many stubs and what gcc writes behind them; one with anything else in it keeps its entry."""
    ends = {
        'group': 'jmp *tramp_x@GOTPCREL(%%rip)', 'calls': 'call *tramp_x@GOTPCREL(%%rip); jmp *tramp_x@GOTPCREL(%%rip)',
        'elsewhere': 'jmp *other@GOTPCREL(%%rip)', 'falls': 'nop',
    }  # fmt: skip
    text = STUBS.splitlines()[0] + '\n' + ''.join(GROUP.format(name=name, end=end) for name, end in ends.items())
    sandbox.route('a.c', '/* PyMethodDef */ int x;\n', 'int x;', f'\n{text}', prelude=PRELUDE)
    sandbox.run('gcc', '-O2', '-fPIC', '-c', 'a.c', '-o', 'a.o')
    assert sandbox.outcomes() == ['routed']
    sandbox.plain('gcc', '-shared', 'a.o', '-o', 'a.so')
    assert framed(sandbox, 'a.so', {'impl', *ends}) == {'impl', *ends} - {'group'}


@pytest.mark.parametrize('flags', [('-O2',), ('-O3', '-g', '-fcf-protection'), ('-Os', '-ffunction-sections', '-fno-plt')], ids=' '.join)
def test_stubs_have_none(sandbox: Sandbox, cc: str, left: set[str], flags: tuple[str, ...]) -> None:
    """With a jump by way of the linkage table as well, behind endbr64, and each in a section of its own."""
    compile_stubs(sandbox, cc, *flags)
    assert link(sandbox) == left


@pytest.mark.parametrize('linker', ['lld', 'gold'])
def test_other_linkers(sandbox: Sandbox, left: set[str], linker: str) -> None:
    compile_stubs(sandbox, 'gcc', '-O2')
    assert link(sandbox, linker) == left


def test_a_partial_link_between(sandbox: Sandbox, left: set[str]) -> None:
    compile_stubs(sandbox, 'gcc', '-O2', compiled='part.o')
    sandbox.plain('ld', '-r', 'part.o', '-o', 'a.o')
    assert link(sandbox) == left


@pytest.mark.parametrize('flags', [('-O0',), ('-O2', '-fno-optimize-sibling-calls'), ('-O2', '-pg')], ids=' '.join)
def test_a_stub_with_a_frame_has_one(sandbox: Sandbox, flags: tuple[str, ...]) -> None:
    """It is on the stack while the function runs, and a forced unwinding goes through it."""
    compile_stubs(sandbox, 'gcc', *flags)
    assert link(sandbox) == FUNCTIONS


def test_an_object_that_others_have_as_well(sandbox: Sandbox) -> None:
    """Compiler caches can hand out links to what they keep."""
    compiler = sandbox.write('bin/gcc', '#!/bin/sh\ngcc "$@" && ln a.o kept.o\n')
    compiler.chmod(0o755)
    compile_stubs(sandbox, compiler, '-O2')
    assert link(sandbox) == FUNCTIONS


def test_the_same_object_each_time(sandbox: Sandbox) -> None:
    compile_stubs(sandbox, 'gcc', '-O2')
    first = sandbox.dir.joinpath('a.o').read_bytes()
    sandbox.run('gcc', '-fPIC', '-O2', '-c', 'a.c', '-o', 'a.o')
    assert sandbox.dir.joinpath('a.o').read_bytes() == first
