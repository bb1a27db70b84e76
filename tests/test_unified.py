from __future__ import annotations

import random
import re
import time

import pytest

from tramp_build.unified import unified


def diff(old: bytes, new: bytes, name: str = 'x.c') -> str:
    return b''.join(unified(old, new, name)).decode()


def test_the_same_text_has_no_diff() -> None:
    assert diff(b'a\nb\n', b'a\nb\n') == ''
    assert diff(b'', b'') == ''


def test_one_line() -> None:
    assert diff(b'1\n2\n3\n4\n5\n6\n7\n8\n9\n', b'1\n2\n3\n4\nfive\n6\n7\n8\n9\n', 'src/x.c') == (
        '--- a/src/x.c\n+++ b/src/x.c\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n'
    )


def test_lines_in_front() -> None:
    assert diff(b'a\n', b'prelude\n#line 1\na\n') == '--- a/x.c\n+++ b/x.c\n@@ -1 +1,3 @@\n+prelude\n+#line 1\n a\n'


def test_a_name_with_a_space_ends_with_a_tab() -> None:
    assert diff(b'a\n', b'b\n', 'a b.c').startswith('--- a/a b.c\t\n+++ b/a b.c\t\n')


def test_changes_that_are_near_share_a_hunk_and_others_do_not() -> None:
    old = [b'%d\n' % n for n in range(40)]
    near, far = old.copy(), old.copy()
    near[10] = near[17] = far[10] = far[18] = b'x\n'
    assert diff(b''.join(old), b''.join(near)).count('@@ -') == 1
    assert diff(b''.join(old), b''.join(far)).count('@@ -') == 2


TEXTS = [
    (b'a\nb', b'a\nc'),
    (b'a\nb', b'a\nb\n'),
    (b'a\nb\n', b'a\nb'),
    (b'', b'a\n'),
    (b'', b'a'),
    (b'a\n', b''),
    (b'a\r\nb\r\n', b'a\r\nX\r\n'),
    (b'a\x0cb\rc\n', b'a\x0cX\rc\n'),
    (b'\xff\xfe\n', b'\xff\n'),
    (b'a\nb\nc\n', b'p\nX\nb\nY\n'),
    (b'a\nb\nc\nd\n', b'c\nd\n'),
    (b'a\nb\nc\nd\n', b'q\nr\ns\nt\nu\n'),
]


def apply(old: bytes, patch: bytes) -> bytes:
    """What patch(1) makes of it, strictly: every count and every line of context has to be right."""
    lines = [line + b'\n' for line in patch.split(b'\n')[:-1]]
    source = [line + b'\n' for line in old.split(b'\n')]
    source = source[:-1] if source[-1] == b'\n' else [*source[:-1], source[-1][:-1]]
    result: list[bytes] = []
    done, at = 0, 2
    while at < len(lines):
        match = re.fullmatch(rb'@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n', lines[at])
        assert match, lines[at]
        old_left, new_left = (int(n) if n is not None else 1 for n in (match[2], match[4]))
        start = int(match[1]) - (1 if old_left else 0)
        result += source[done:start]
        done, at = start, at + 1
        assert len(result) == int(match[3]) - (1 if new_left else 0)
        while old_left or new_left:
            mark, line = lines[at][:1], lines[at][1:]
            at += 1
            if at < len(lines) and lines[at].startswith(b'\\'):
                line, at = line[:-1], at + 1
            if mark != b'+':
                assert source[done] == line
                done, old_left = done + 1, old_left - 1
            if mark != b'-':
                result.append(line)
                new_left -= 1
    return b''.join(result + source[done:])


@pytest.mark.parametrize(('old', 'new'), TEXTS)
def test_it_can_be_applied(old: bytes, new: bytes) -> None:
    assert apply(old, b''.join(unified(old, new, 'x.c'))) == new


def test_what_rewrites_are_like_can_be_applied() -> None:
    dice = random.Random(7)
    for _ in range(200):
        old = [b'line %d\n' % dice.randrange(5) for _ in range(dice.randrange(1, 60))]
        new = [line[:-1] + b' more\n' if dice.random() < 0.2 else line for line in old]
        new = [b'prelude\n'] * dice.randrange(3) + new
        assert apply(b''.join(old), b''.join(unified(b''.join(old), b''.join(new), 'x.c'))) == b''.join(new)


def test_a_large_file_takes_linear_time() -> None:
    old = b''.join(b'{"name%d", f, 1, 0},\n' % (n % 7) for n in range(300_000))
    new = b'prelude\n' + old.replace(b'name3', b'other')
    started = time.process_time()
    assert sum(1 for _ in unified(old, new, 'x.c')) > 300_000
    assert time.process_time() - started < 10
