from __future__ import annotations

import errno
import sys

import pytest

from tramp_build import errors


def test_every_error_of_ours_is_a_tramp_error() -> None:
    for kind in (errors.ConfigError, errors.RewriteError, errors.ToolError, errors.FailedProcessError):
        assert issubclass(kind, errors.TrampError)


def test_failed_process_renders_command_code_and_streams() -> None:
    failed = errors.FailedProcessError(['gcc', '-c', 'a b.c'], 4, 'out\n', b'one\ntwo \xff\n')
    assert str(failed) == ("command failed with exit code 4\n  gcc -c 'a b.c'\n  stdout:\n    out\n  stderr:\n    one\n    two \\xff")


def test_failed_process_names_the_signal() -> None:
    assert 'by signal 9' in str(errors.FailedProcessError(['cc'], -9))


def test_failed_process_without_streams_is_two_lines() -> None:
    assert str(errors.FailedProcessError(['cc'], 1, None, '  \n')).count('\n') == 1


def test_failed_process_keeps_start_and_end_of_a_long_stream() -> None:
    text = str(errors.FailedProcessError(['cc'], 1, stderr='\n'.join(f'line {n}' for n in range(1000))))
    assert 'line 0\n' in text
    assert text.endswith('line 999')
    assert '... 940 more lines ...' in text
    assert 'line 500' not in text


def test_user_errors_say_it_on_stderr_and_exit_1(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_, errors.user_errors():
        raise errors.ConfigError('pyproject.toml: no good')
    assert exit_.value.code == 1
    out, err = capfd.readouterr()
    assert out == ''
    assert err == 'tramp-build: error: pyproject.toml: no good\n'


def test_user_errors_explain_the_operating_system(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_, errors.user_errors():
        raise OSError(errno.ENOSPC, 'No space left on device', 'state/index')
    assert exit_.value.code == 1
    assert capfd.readouterr().err == 'tramp-build: error: state/index: No space left on device\n'


def test_a_bug_keeps_its_exception_and_says_how_to_report(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), errors.user_errors():
        raise ZeroDivisionError
    assert 'bug in tramp-build' in capfd.readouterr().err


@pytest.mark.parametrize('exc', [ValueError('x'), OSError(errno.EACCES, 'x')], ids=['bug', 'os'])
def test_foreign_errors_pass_without_a_word(exc: Exception, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(type(exc)), errors.user_errors(foreign=True):
        raise exc
    assert capfd.readouterr().err == ''


def test_foreign_code_does_not_hide_our_own_errors(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), errors.user_errors(foreign=True):
        raise errors.ToolError('no compiler')
    assert 'tramp-build: error: no compiler' in capfd.readouterr().err


def test_a_broken_pipe_and_an_exit_pass() -> None:
    with pytest.raises(BrokenPipeError), errors.user_errors():
        raise BrokenPipeError
    with pytest.raises(SystemExit) as exit_, errors.user_errors():
        sys.exit(7)
    assert exit_.value.code == 7


@pytest.mark.parametrize(
    ('exc', 'text'),
    [
        (OSError('odd'), 'odd'),
        (OSError(errno.EACCES, 'Denied', b'a/b'), 'a/b: Denied'),
        (OSError(errno.EXDEV, 'Cross-device', 'a', None, 'b'), 'a -> b: Cross-device'),
        (OSError(errno.EBADF, 'Bad', 3), '3: Bad'),
    ],
)
def test_describe_os_error(exc: OSError, text: str) -> None:
    assert errors.describe_os_error(exc) == text
