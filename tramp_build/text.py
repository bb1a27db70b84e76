"""Turn parts of a source into text that can stand on one line elsewhere in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tramp_build.model import Span


# Strings first, so that what looks like a comment inside one stays.
_PIECES = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|(?P<space>//(?:[^\n\\]|\\.)*|/\*.*?\*/|\\\r?\n|\s+)',
    re.DOTALL,
)
_ESCAPED = {ord('"'): '\\"', ord('\\'): '\\\\', ord('?'): '\\?'}


def one_line(source: bytes, span: Span) -> bytes:
    """Return the tokens of `span` without comments and line ends."""
    text = _PIECES.sub(lambda match: b' ' if match['space'] else match[0], source[span.start : span.end])
    return text.strip()


def line_ends(source: bytes, span: Span) -> bytes:
    """Return the line ends of `span`, to stand behind what replaces it so that no later line moves."""
    return b'\n' * source.count(b'\n', span.start, span.end)


def c_string(text: str) -> str:
    """Spell `text` as a C string literal in ASCII; octal escapes, because they end by themselves."""
    return '"' + ''.join(map(_c_character, text.encode('utf-8', 'surrogateescape'))) + '"'


def _c_character(byte: int) -> str:
    return _ESCAPED.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f'\\{byte:03o}')
