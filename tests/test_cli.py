"""The command line as a whole: dispatch, exit codes, streams."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import GEO, environment, tramp_build

from tramp_build import __version__, cli, console
from tramp_build.cli import scan as scan_verb

VERBS = ['scan', 'diff', 'explain', 'report', 'config']


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(['--version'])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f'tramp-build {__version__}\n'


@pytest.mark.parametrize('verb', VERBS)
def test_every_help_has_a_description_and_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main([verb, '--help'])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    assert 'examples:' in text
    assert f'\n  tramp-build {verb}' in text
    # Wider would be broken by the terminal.
    assert max(map(len, text.splitlines())) <= 80


def test_help_lists_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(['--help'])
    text = capsys.readouterr().out
    for verb in VERBS:
        assert f'tramp-build {verb}' in text
        assert f'\n    {verb} ' in text


@pytest.mark.parametrize('argv', [[], ['scna'], ['scan'], ['scan', '--jsn', 'x'], ['config', '--include-dir', '--library-dir']])
def test_wrong_usage_is_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(argv)
    assert exit_.value.code == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('usage: ')


@pytest.mark.parametrize('words', [['scan', 'no.c'], ['explain', 'no.c:3'], ['diff', 'no.c'], ['report', 'no'], ['config', 'no']])
def test_what_is_not_there_is_1_and_one_line(words: list[str], tmp_path: Path) -> None:
    done = tramp_build(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == b''
    assert done.stderr.startswith(b'tramp-build: error: no')
    assert b'no such' in done.stderr
    assert done.stderr.count(b'\n') == 1


def test_a_bug_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(scan_verb, 'execute', broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(['scan', str(tmp_path)])
    assert 'this is a bug in tramp-build' in capsys.readouterr().err


def test_an_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(scan_verb, 'execute', interrupted)
    assert cli.main(['scan', 'x']) == 130
    assert capsys.readouterr().err == ''


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    rows = ''.join(f'    {{"name{n}", area, METH_VARARGS, NULL}},\n' for n in range(5000))
    (tmp_path / 'geo.c').write_text(GEO.replace('    ROW(area),\n', rows))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, '-m', 'tramp_build', 'scan', 'geo.c'],
            cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, env=environment(), check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b''


def test_a_pipe_that_closes_on_the_last_lines_is_quiet(tmp_path: Path) -> None:
    """The text is still in the buffer when the command is done."""
    (tmp_path / 'geo.c').write_text(GEO)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, '-m', 'tramp_build', 'scan', 'geo.c'],
            cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, env=environment(), check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b'')


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    (tmp_path / 'geo.c').write_text(GEO)
    with open('/dev/full', 'wb') as full:
        done = subprocess.run(
            [sys.executable, '-m', 'tramp_build', 'scan', 'geo.c'],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, env=environment(), check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == b'tramp-build: error: No space left on device\n'


def test_no_stdout_and_no_stderr_at_all(tmp_path: Path) -> None:
    (tmp_path / 'geo.c').write_text(GEO)
    command = f'exec "{sys.executable}" -m tramp_build scan geo.c >&- 2>&-'
    done = subprocess.run(['sh', '-c', command], cwd=tmp_path, env=environment(), check=False)
    assert done.returncode == 0


def test_an_ascii_terminal_gets_everything(tmp_path: Path) -> None:
    (tmp_path / 'gäo.c').write_text(GEO.replace('"area"', '"aräa"'))
    done = tramp_build('scan', '.', cwd=tmp_path, env={'PYTHONIOENCODING': 'ascii', 'PYTHONUTF8': '1'})
    assert done.returncode == 0, done.stderr
    assert b'g\\xe4o.c' in done.stdout


def test_color_is_forced_and_forbidden(tmp_path: Path) -> None:
    (tmp_path / 'geo.c').write_text(GEO)
    assert b'\x1b[' not in tramp_build('scan', '.', cwd=tmp_path).stdout
    assert b'\x1b[32mrouted' in tramp_build('scan', '.', cwd=tmp_path, env={'FORCE_COLOR': '1'}).stdout
    assert b'\x1b[' not in tramp_build('scan', '.', cwd=tmp_path, env={'FORCE_COLOR': '1', 'NO_COLOR': '1'}).stdout
    assert b'\x1b[' in tramp_build('scan', 'no', cwd=tmp_path, env={'FORCE_COLOR': '1'}).stderr


def test_the_parser_imports_nothing_heavy() -> None:
    code = 'import sys; from tramp_build.cli import make_parser; make_parser(); print(*sys.modules)'
    done = subprocess.run([sys.executable, '-c', code], env=environment(), capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert 'tramp_build.cli.scan' in loaded
    for module in ('scan', 'project', 'rewrite', 'report', 'state'):
        assert f'tramp_build.{module}' not in loaded
    assert 'zipfile' not in loaded


def test_errors_do_not_pass_control_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(['scan', str(tmp_path / 'x\x1b[2J.c')])
    assert '\x1b' not in capsys.readouterr().err
    assert console.escape('\x1b') == '\\x1b'
