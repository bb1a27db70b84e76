from __future__ import annotations

import io
import sys

import pytest

from tramp_build import console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ('env', 'tty', 'expected'),
    [
        ({}, True, True),
        ({}, False, False),
        ({'NO_COLOR': '1'}, True, False),
        ({'NO_COLOR': ''}, True, True),
        ({'FORCE_COLOR': '1'}, False, True),
        ({'FORCE_COLOR': ''}, False, False),
        ({'NO_COLOR': '1', 'FORCE_COLOR': '1'}, True, False),
        ({'TERM': 'dumb'}, True, False),
        ({'TERM': 'dumb', 'FORCE_COLOR': '1'}, False, True),
    ],
)
def test_use_color(env: dict[str, str], tty: bool, expected: bool) -> None:
    assert console.use_color(Terminal() if tty else io.StringIO(), env) is expected


def test_no_color_on_what_is_no_stream_or_closed() -> None:
    closed = Terminal()
    closed.close()
    assert not console.use_color(None, {})
    assert not console.use_color(io.StringIO(), {})
    closed_file = io.TextIOWrapper(io.BytesIO())
    closed_file.close()
    assert not console.use_color(closed_file, {})
    assert not console.use_color(object(), {})  # type: ignore[arg-type]


def test_paint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.delenv('FORCE_COLOR', raising=False)
    monkeypatch.setenv('TERM', 'xterm')
    assert console.paint('x', 'bold', 'red', stream=Terminal()) == '\x1b[1;31mx\x1b[0m'
    assert console.paint('x', 'red', stream=io.StringIO()) == 'x'
    assert console.paint('', 'red', stream=Terminal()) == ''


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('plain äß 名', 'plain äß 名'),
        ('\x1b[31mred', '\\x1b[31mred'),
        ('a\nb\tc\r', 'a\\nb\\tc\\r'),
        ('\x00\x7f\x9b', '\\x00\\x7f\\x9b'),
        ('abc\u202edef', 'abc\\u202edef'),
        ('\u2066\u200f\ufeff', '\\u2066\\u200f\\ufeff'),
        ('name\udcff.c', 'name\\xff.c'),
        ('\ud800', '\\ud800'),
    ],
)
def test_escape(text: str, shown: str) -> None:
    assert console.escape(text) == shown


def test_escape_lines_keeps_lines() -> None:
    assert console.escape_lines('a\n\tb\x1b') == 'a\n\tb\\x1b'


def test_messages_go_to_stderr_with_their_kind(capfd: pytest.CaptureFixture[str]) -> None:
    console.error('e\x1b')
    console.warn('w')
    console.note('n')
    console.info('12 files')
    console.command(['cc', 'a b.c', '\x1b'])
    out, err = capfd.readouterr()
    assert out == ''
    assert err.splitlines() == [
        'tramp-build: error: e\\x1b',
        'tramp-build: warning: w',
        'tramp-build: note: n',
        'tramp-build: 12 files',
        "+ cc 'a b.c' '\\x1b'",
    ]


def test_a_message_is_there_before_the_next_program_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, 'stderr', io.TextIOWrapper(io.BufferedWriter(raw), 'utf-8'))
    console.command(['cc'])
    assert raw.getvalue() == b'+ cc\n'


def test_a_message_has_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.setenv('FORCE_COLOR', '1')
    monkeypatch.setattr(sys, 'stderr', stream)
    console.error('x')
    assert '\x1b[1;31merror:\x1b[0m x' in stream.getvalue()


def test_messages_survive_a_missing_or_broken_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError

    for stream in (None, closed, Full()):
        monkeypatch.setattr(sys, 'stderr', stream)
        console.error('x')
        console.command(['cc'])


def test_output_writes_what_the_encoding_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(raw, 'ascii', write_through=True))
    console.output('ä\udcff\n')
    assert raw.getvalue() == b'\\xe4\\udcff\n'


def test_output_without_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'stdout', None)
    console.output('x')


def test_output_lets_a_broken_pipe_through(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, 'stdout', Gone())
    with pytest.raises(BrokenPipeError):
        console.output('x')
