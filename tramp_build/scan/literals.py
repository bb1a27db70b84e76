"""String literals: what the compiler makes of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPE = re.compile(rb'\\(?:([0-7]{1,3})|x([0-9A-Fa-f]+)|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|\r?\n|((?s:.)))')
_SIMPLE = {b'n': b'\n', b't': b'\t', b'r': b'\r', b'a': b'\a', b'b': b'\b', b'f': b'\f', b'v': b'\v', b'e': b'\x1b'}


def text_of(raw: bytes) -> str:
    """Return bytes of a source file as text that can always be printed."""
    return raw.decode('utf-8', 'backslashreplace')


def decode(literals: Iterable[bytes]) -> str | None:
    """Return the value of adjacent literals (given with their quotes), None if one of them is wide or has no end."""
    parts = []
    for literal in literals:
        part = _decode_raw(literal) if literal.startswith((b'R"', b'u8R"')) else _decode_plain(literal)
        if part is None:
            return None
        parts.append(part)
    # What follows a NUL is not part of the name that Python sees.
    return text_of(b''.join(parts).split(b'\0', 1)[0])


def _decode_plain(literal: bytes) -> bytes | None:
    body = literal.removeprefix(b'u8')
    if len(body) < 2 or not body.startswith(b'"') or not body.endswith(b'"'):
        return None
    return _ESCAPE.sub(_unescape, body[1:-1])


def _decode_raw(literal: bytes) -> bytes | None:
    body = literal.removeprefix(b'u8')
    if not body.startswith(b'R"'):
        return None
    delimiter, _, rest = body[2:].partition(b'(')
    closing = b')' + delimiter + b'"'
    return rest[: -len(closing)] if rest.endswith(closing) else None


def _unescape(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, short, long, other = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal[-2:], 16)])
    point = short or long
    if point is not None:
        value = int(point, 16)
        return chr(value).encode('utf-8', 'surrogatepass') if value < 0x110000 else b'?'
    if other is None:
        return b''
    return _SIMPLE.get(other, other)
