"""What tramp-build says to people: on stderr, with colour where it is wanted, and never a reason to fail.

Results (reports, diffs, JSON) go to stdout through `output`.  Text that comes from sources or other programs passes
`escape` first, so that a method name can not move the cursor or recolour the terminal.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO


Style = Literal['bold', 'dim', 'red', 'green', 'yellow', 'cyan']

_CODES: dict[Style, str] = {'bold': '1', 'dim': '2', 'red': '31', 'green': '32', 'yellow': '33', 'cyan': '36'}

# C0 and C1 controls, DEL, line separators, the marks that reorder text, and lone surrogates (undecodable file names).
_UNSAFE = '\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff'
_UNSAFE_IN_LINE = re.compile(f'[{_UNSAFE}]')
# Our own messages may have several lines.
_UNSAFE_IN_TEXT = re.compile(f'(?![\n\t])[{_UNSAFE}]')


def escape(text: str) -> str:
    """The text on one line, with everything that a terminal would act on written as a backslash escape."""
    return _UNSAFE_IN_LINE.sub(_backslash, text)


def escape_lines(text: str) -> str:
    """As `escape`, but newlines and tabs stay."""
    return _UNSAFE_IN_TEXT.sub(_backslash, text)


def _backslash(match: re.Match[str]) -> str:
    char = match.group()
    if 0xDC80 <= ord(char) <= 0xDCFF:
        # The file system's spelling of an undecodable byte (PEP 383): show the byte.
        return f'\\x{ord(char) - 0xDC00:02x}'
    return char.encode('unicode_escape', 'surrogatepass').decode('ascii')


def use_color(stream: TextIO | None, env: Mapping[str, str] | None = None) -> bool:
    """NO_COLOR (https://no-color.org) over FORCE_COLOR over what the stream is; empty values count as not set."""
    env = os.environ if env is None else env
    if stream is None:
        return False
    if env.get('NO_COLOR'):
        return False
    if env.get('FORCE_COLOR'):
        return True
    if env.get('TERM') == 'dumb':
        return False
    try:
        return stream.isatty()
    except (ValueError, OSError, AttributeError):
        # Closed, or an object that only has write().
        return False


def paint(text: str, *styles: Style, stream: TextIO | None) -> str:
    """The text in colour, if the stream that it is meant for takes colour."""
    if not text or not styles or not use_color(stream):
        return text
    return f'\x1b[{";".join(_CODES[style] for style in styles)}m{text}\x1b[0m'


def error(message: str) -> None:
    """Say what went wrong; `tramp-build: error: ...`."""
    _say('error', message, 'bold', 'red')


def warn(message: str) -> None:
    """Say what may not be as wanted; `tramp-build: warning: ...`."""
    _say('warning', message, 'bold', 'yellow')


def note(message: str) -> None:
    """Say what helps with the message before; `tramp-build: note: ...`."""
    _say('note', message, 'bold', 'cyan')


def info(message: str) -> None:
    """Say what was done; `tramp-build: ...`."""
    _write(sys.stderr, f'{paint("tramp-build:", "bold", stream=sys.stderr)} {escape_lines(message)}\n')


def command(words: Sequence[object]) -> None:
    """Echo a command before it runs, the way a shell's `set -x` does."""
    line = '+ ' + escape(shlex.join(str(word) for word in words))
    _write(sys.stderr, paint(line, 'dim', stream=sys.stderr) + '\n')


def output(text: str) -> None:
    """Write a result to stdout.  A closed pipe is the caller's to handle: it means that nobody reads on."""
    stream = sys.stdout
    if stream is None:
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        # A C locale, or an undecodable file name.
        encoding = stream.encoding or 'ascii'
        stream.write(text.encode(encoding, 'backslashreplace').decode(encoding))


def _say(kind: str, message: str, *styles: Style) -> None:
    label = paint(f'{kind}:', *styles, stream=sys.stderr)
    _write(sys.stderr, f'{paint("tramp-build:", "bold", stream=sys.stderr)} {label} {escape_lines(message)}\n')


def _write(stream: TextIO | None, text: str) -> None:
    """Best effort: a message that can not be shown must not end a build."""
    if stream is None:
        return
    try:
        stream.write(text)
        # Before a compiler writes to the same descriptor: pip's log keeps the order.
        stream.flush()
    except (ValueError, OSError):
        pass
