"""The glob patterns of `include` and `exclude`.

A pattern is relative to the project, has `/` between its parts and matches from the first character to the last:

- `*` any characters of one part, `?` one character, `[abc]`, `[a-z]`, `[!abc]` one character of a set;
- `**` as a part of its own: any number of directories, none included;
- a pattern that matches a directory matches all that is below: `vendor`, `vendor/` and `vendor/**` say the same.

Neither `fnmatch` (its `*` crosses slashes) nor `PurePath.match` (no `**` before Python 3.13) does that.
"""

from __future__ import annotations

import re
from functools import lru_cache


def matches(pattern: str, path: str) -> bool:
    """Whether the pattern has the posix path `path`, which is relative to the project."""
    return _compile(pattern).fullmatch(path) is not None


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, for a message; None if nothing is."""
    if not pattern.strip('/.') and pattern not in ('.', './'):
        return 'is not a pattern'
    if pattern.startswith('/'):
        return 'is absolute; patterns are relative to the project'
    if '\\' in pattern:
        return 'has a backslash; parts of a path are separated by "/"'
    if '..' in pattern.split('/'):
        return 'has ".."; patterns are relative to the project and stay inside it'
    return None


@lru_cache(maxsize=512)
def _compile(pattern: str) -> re.Pattern[str]:
    parts = [part for part in pattern.split('/') if part not in ('', '.')]
    regex: list[str] = []
    for number, part in enumerate(parts):
        if part != '**':
            regex.append(_part(part) + ('/' if number < len(parts) - 1 else ''))
        elif number < len(parts) - 1 and parts[number + 1] != '**':
            # Repeated, it would say the same and make the match slower with each.
            regex.append('(?:[^/]+/)*')
    if not parts or parts[-1] == '**':
        return re.compile(''.join(regex) + '.+', re.DOTALL)
    return re.compile(''.join(regex) + '(?:/.*)?', re.DOTALL)


def _part(part: str) -> str:
    regex: list[str] = []
    position = 0
    while position < len(part):
        char = part[position]
        position += 1
        if char == '*':
            while part[position : position + 1] == '*':
                position += 1
            regex.append('[^/]*')
        elif char == '?':
            regex.append('[^/]')
        elif char == '[' and (end := part.find(']', position + 1 + (part[position : position + 1] == '!'))) > 0:
            regex.append(_set(part[position:end]))
            position = end + 1
        else:
            regex.append(re.escape(char))
    return ''.join(regex)


def _set(text: str) -> str:
    negated = text.startswith('!')
    members: list[str] = []
    chars = text[1:] if negated else text
    position = 0
    while position < len(chars):
        low = chars[position]
        if chars[position + 1 : position + 2] == '-' and position + 2 < len(chars):
            high = chars[position + 2]
            # A backward range is empty, as in the shell; re would call it an error.
            if low <= high:
                members.append(f'{re.escape(low)}-{re.escape(high)}')
            position += 3
        else:
            members.append(re.escape(low))
            position += 1
    if not members:
        return '[^/]' if negated else '(?!)'
    return f'(?!/)[{"^" if negated else ""}{"".join(members)}]'
