"""The errors that a user can cause, and the one place that turns them into a message and an exit code.

Everything below `TrampError` is a sentence for a person and never shows a traceback.  Anything else that
escapes is a bug of tramp-build and keeps its traceback.
"""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tramp_build import console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Stream = str | bytes | None


EXIT_ERROR = 1
EXIT_USAGE = 2

# A compiler that fails on a template prints megabytes; the end has the verdict, the start the cause.
_STREAM_LINES = 60


class TrampError(RuntimeError):
    """A user can do something about it: the message states the cause, then the remedy."""


class ConfigError(TrampError):
    """A key, a value or a file of the configuration is wrong; the message names file and dotted key."""


class RewriteError(TrampError):
    """A source could not be rewritten in a way that can be proved right."""


class ToolError(TrampError):
    """A program that tramp-build needs is missing or does not do what it has to."""


class FailedProcessError(ToolError):
    """A command ended with a failure; renders the command, its exit code and what it printed."""

    def __init__(self, command: Sequence[object], returncode: int, stdout: Stream = None, stderr: Stream = None) -> None:
        self.command = tuple(str(word) for word in command)
        self.returncode = returncode
        self.stdout = _text(stdout)
        self.stderr = _text(stderr)
        super().__init__(self._render())

    def _render(self) -> str:
        lines = [f'command failed {_ending(self.returncode)}', f'  {shlex.join(self.command)}']
        for name, text in (('stdout', self.stdout), ('stderr', self.stderr)):
            if text.strip():
                lines.append(f'  {name}:')
                lines.extend(f'    {line}' for line in _shorten(text.rstrip().splitlines()))
        return '\n'.join(lines)


def _ending(returncode: int) -> str:
    """Popen has negative codes for signals."""
    return f'with exit code {returncode}' if returncode >= 0 else f'by signal {-returncode}'


def _text(stream: Stream) -> str:
    if stream is None:
        return ''
    return stream.decode('utf-8', 'backslashreplace') if isinstance(stream, bytes) else stream


def _shorten(lines: list[str]) -> list[str]:
    if len(lines) <= _STREAM_LINES:
        return lines
    half = _STREAM_LINES // 2
    return [*lines[:half], f'... {len(lines) - 2 * half} more lines ...', *lines[-half:]]


@contextmanager
def user_errors(*, foreign: bool = False) -> Iterator[None]:
    """Turn what a user can do something about into `tramp-build: error: ...` and SystemExit(1).

    With `foreign`, code that is not ours runs inside (the wrapped backend): its exceptions pass as they are,
    since neither its OSError nor its bugs are ours to explain.
    """
    try:
        yield
    except TrampError as exc:
        console.error(str(exc))
        raise SystemExit(EXIT_ERROR) from exc
    except BrokenPipeError:
        # Who reads our output went away; that is for the caller to end quietly.
        raise
    except OSError as exc:
        # A full disk, a tree without permission: the operating system's word is the explanation.
        if foreign:
            raise
        console.error(describe_os_error(exc))
        raise SystemExit(EXIT_ERROR) from exc
    except Exception:
        if not foreign:
            console.error('internal error; this is a bug in tramp-build, please report it with the traceback below')
            console.note('TRAMP_BUILD=off in the environment builds without tramp-build meanwhile')
        raise


def describe_os_error(exc: OSError) -> str:
    """`path: No space left on device`; the path first, as for every other message."""
    reason = exc.strerror or str(exc) or type(exc).__name__
    if exc.filename is None:
        return reason
    names = ' -> '.join(os.fsdecode(name) for name in (exc.filename, exc.filename2) if isinstance(name, (str, bytes)))
    return f'{names or exc.filename}: {reason}'
