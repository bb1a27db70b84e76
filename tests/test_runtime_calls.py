"""Trampolines pass everything on: each convention, getter and setter, with and without the barrier."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from runtime_support import METHODS, case

from tramp_build import paths

if TYPE_CHECKING:
    from pathlib import Path

    from runtime_support import Interpreter, Modules


@pytest.fixture(scope='session', params=['c', 'c++'])
def conventions(request: pytest.FixtureRequest, modules: Modules) -> tuple[str, str, Path]:
    """The module `conventions`, by language: its name, the text of its exceptions, its directory."""
    name, text = ('conventions', 'thrown') if request.param == 'c++' else ('c_conventions', 'returned')
    return name, text, modules.build(name, {'fail': 'o'}, case('conventions.c'), setup='add_type(made);')


def test_arguments_and_results(interpreter: Interpreter, conventions: tuple[str, str, Path]) -> None:
    name, _, directory = conventions
    code = f"""
        import sys
        from {name} import Type
        t = Type()
        assert t.noargs() == ('noargs', t, 1)
        assert t.o(7) == ('o', t, 7)
        assert t.varargs() == ('varargs', t, ())
        assert t.varargs(1, 'b') == ('varargs', t, (1, 'b'))
        assert t.keywords(1) == ('keywords', t, (1,), None)
        assert t.keywords(1, k=2) == ('keywords', t, (1,), {{'k': 2}})
        assert t.fastcall(*range(40)) == ('fastcall', t, list(range(40)))
        assert t.fastcall_keywords(1, 2) == ('fastcall_keywords', t, [1, 2], None)
        assert t.fastcall_keywords(1, 2, k=3, l=4) == ('fastcall_keywords', t, [1, 2, 3, 4], ('k', 'l'))
        assert Type.class_(1) == ('varargs', Type, (1,))
        assert Type.static_(1)[2] == (1,)
        if sys.version_info >= (3, 9):
            assert t.method(1, 2) == ('method', t, Type, [1, 2], None)
            assert t.method(1, k=3) == ('method', t, Type, [1, 3], ('k',))
    """
    interpreter.check(code, directory)


def test_attribute(interpreter: Interpreter, conventions: tuple[str, str, Path]) -> None:
    name, _, directory = conventions
    code = f"""
        from {name} import Type
        t = Type()
        assert t.attribute == ('get', t, None, 'closure')
        t.attribute = 5
        assert t.attribute == ('get', t, ('set', t, 5, 'closure'), 'closure')
        del t.attribute
        assert t.attribute == ('get', t, ('set', t, None, 'closure'), 'closure')
    """
    interpreter.check(code, directory)


def test_failure_of_each_convention(interpreter: Interpreter, conventions: tuple[str, str, Path]) -> None:
    """Point 7: the failure value is right, or CPython says SystemError or crashes."""
    name, text, directory = conventions
    code = f"""
        import sys
        from {name} import Type, fail
        t = Type()
        def set_(): t.attribute = 1
        def del_(): del t.attribute
        calls = [t.noargs, lambda: t.o(1), t.varargs, lambda: t.keywords(k=1), t.fastcall, lambda: t.fastcall_keywords(k=1),
                 Type.class_, Type.static_, lambda: t.attribute, set_, del_]
        if sys.version_info >= (3, 9):
            calls.append(t.method)
        fail(True)
        for call in calls * 3:
            try: call()
            except ValueError as error: assert str(error) == '{text}'
            else: raise AssertionError(call)
        fail(False)
        assert t.varargs(1) == ('varargs', t, (1,))
    """
    interpreter.check(code, directory)


def test_references_do_not_leak(interpreter: Interpreter, conventions: tuple[str, str, Path]) -> None:
    name, _, directory = conventions
    code = f"""
        import sys
        from {name} import Type, fail
        t, argument = Type(), object()
        def call():
            t.attribute = 0
            for f in t.o, t.varargs, t.keywords, t.fastcall, t.fastcall_keywords, setattr:
                try: f(argument) if f is not setattr else f(t, 'attribute', argument)
                except ValueError: pass
            try: t.attribute = 0
            except ValueError: pass
        for failing in False, True:
            fail(False); call(); fail(failing)
            before = sys.getrefcount(argument), sys.getrefcount(t), sys.getrefcount(ValueError)
            for _ in range(100):
                fail(False); t.attribute = 0; fail(failing)
                try: call()
                except ValueError: pass
            fail(False); t.attribute = 0; fail(failing)
            after = sys.getrefcount(argument), sys.getrefcount(t), sys.getrefcount(ValueError)
            assert [abs(a - b) < 20 for a, b in zip(before, after)] == [True] * 3, (before, after)
    """
    interpreter.check(code, directory)


@pytest.mark.parametrize(
    ('library', 'prefix', 'most', 'most_of_methods'), [('libtramp', 'tramp', 4, 1), ('libtramp-cxx', 'tramp_cxx', 9, 8)]
)
def test_instructions_of_a_trampoline(library: str, prefix: str, most: int, most_of_methods: int) -> None:
    """The budget is 12 for stub (3), PLT (1) and trampoline; getters and setters need no stub but read their row."""
    path = paths.library_dir() / f'{library}-{paths.version()}.so'
    listing = subprocess.run(['objdump', '-d', '--no-show-raw-insn', path], capture_output=True, text=True, check=True).stdout
    if 'x86-64' not in listing.split('\n\n')[0]:
        pytest.skip('counted for x86-64')
    counts = {}
    for name in (*METHODS, 'method', 'get', 'set'):
        body = re.search(rf'<{prefix}_{name}>:\n(.*?)\n\n', listing + '\n\n', re.DOTALL)
        assert body, name
        instructions = [line.split('\t')[-1].split()[0] for line in body[1].splitlines()]
        counts[name] = next(i for i, text in enumerate(instructions, 1) if text.startswith(('ret', 'jmp')))
    assert max(counts.values()) <= most, counts
    assert max(counts[name] for name in METHODS) <= most_of_methods, counts
