from __future__ import annotations

import time

import pytest

from tramp_build import globs


@pytest.mark.parametrize(
    ('pattern', 'path'),
    [
        ('a.c', 'a.c'),
        ('./a.c', 'a.c'),
        ('src/a.c', 'src/a.c'),
        ('src//a.c', 'src/a.c'),
        ('*.c', 'a.c'),
        ('*.c', '.c'),
        ('src/*.c', 'src/a.c'),
        ('a?.c', 'ab.c'),
        ('a**b.c', 'axxb.c'),
        ('**/*.c', 'a.c'),
        ('**/*.c', 'x/y/a.c'),
        ('**/**/*.c', 'x/a.c'),
        ('src/**/a.c', 'src/a.c'),
        ('src/**/a.c', 'src/x/y/a.c'),
        ('src/**', 'src/a.c'),
        ('src/**', 'src/x/a.c'),
        ('**', 'x/a.c'),
        ('.', 'x/a.c'),
        ('vendor', 'vendor/x/a.c'),
        ('vendor/', 'vendor/a.c'),
        ('**/vendor', 'x/vendor/y/a.c'),
        ('src/*', 'src/deep/er/a.c'),
        ('[ab].c', 'a.c'),
        ('[a-c]x.c', 'bx.c'),
        ('[!a].c', 'b.c'),
        ('[].c', '[].c'),
        ('[x.c', '[x.c'),
        ('[]x].c', '].c'),
        ('[]x].c', 'x.c'),
        ('[^a].c', '^.c'),
        ('[a-].c', '-.c'),
        ('a+(b).c', 'a+(b).c'),
        ('ä *.c', 'ä x.c'),
        ('a\n.c', 'a\n.c'),
    ],
)
def test_matches(pattern: str, path: str) -> None:
    assert globs.matches(pattern, path)


@pytest.mark.parametrize(
    ('pattern', 'path'),
    [
        ('a.c', 'aXc'),
        ('a.c', 'x/a.c'),
        ('*.c', 'x/a.c'),
        ('*.c', 'a.cc'),
        ('src/*.c', 'src/x/a.c'),
        ('a?c', 'a/c'),
        ('a**b.c', 'a/b.c'),
        ('src/**/a.c', 'srca.c'),
        ('src/**', 'src'),
        ('src/**/a.c', 'src/xa.c'),
        ('vendor', 'vendored/a.c'),
        ('vendor', 'x/vendor/a.c'),
        ('[!a].c', 'a.c'),
        ('x[!a]y', 'x/y'),
        ('x[+-0]y', 'x/y'),
        ('[c-a].c', 'b.c'),
        ('A.c', 'a.c'),
    ],
)
def test_does_not_match(pattern: str, path: str) -> None:
    assert not globs.matches(pattern, path)


@pytest.mark.parametrize('pattern', ['', '/', '/etc/*.c', 'a\\b.c', '../x.c', 'x/../y', '..'])
def test_problem(pattern: str) -> None:
    assert globs.problem(pattern)


@pytest.mark.parametrize('pattern', ['.', './', 'a', '**', 'a..b', '.hidden/*.c'])
def test_no_problem(pattern: str) -> None:
    assert globs.problem(pattern) is None


def test_many_double_stars_stay_quick() -> None:
    started = time.process_time()
    assert not globs.matches('/'.join(['**'] * 30) + '/x', '/'.join('a' * 200))
    assert time.process_time() - started < 2
