"""Mark the includes of a rewritten source that are searched for from its own directory.

The copy that is compiled lies elsewhere, so the launcher turns each marked name into a path (csrc/launcher/unit.h has the
whole story).  Only a lexer can tell an include from a line of a raw string that looks like one, which is why it is done here.
"""

from __future__ import annotations

import re
from typing import Final

MARK: Final = b'tramp-build:'

# What can hide a newline or a quote comes first; a directive is the only thing that is looked into.  A line continuation may
# split any token, but no one splits these.
_SPLICE: Final = rb'\\\r?\n'
_BLANK: Final = rb'(?:[ \t\v\f]|\\\r?\n|/\*.*?\*/)'
_TOKEN: Final = re.compile(
    rb"""
      (?P<directive> ^ %(blank)s* (?:\#|%%:|\?\?=) %(blank)s* (?P<word>[A-Za-z_]\w*) )
    | (?P<comment> /\* .*? (?:\*/|\Z) | // (?:\\\r?\n|[^\n])* )
    | (?P<raw> \b(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\( .*? (?:\)(?P=delimiter)"|\Z) )
    | (?P<string> "(?:\\\r?\n|\\.|[^"\\\n])*"? )
    | (?P<character> '(?:\\\r?\n|\\.|[^'\\\n])*'? )
    | (?P<number> \.?\d(?:'?[\w.]|[eEpP][+-])* )
    | (?P<name> [A-Za-z_]\w* )
    """
    % {b'blank': _BLANK},
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_QUOTED: Final = re.compile(rb'%s*"(?P<name>[^"\n]*)"' % _BLANK, re.DOTALL)
_ANGLED: Final = re.compile(rb'%s*<' % _BLANK, re.DOTALL)
_HAS: Final = re.compile(rb'%s*\(%s*"(?P<name>[^"\n]*)"' % (_BLANK, _BLANK), re.DOTALL)
_INCLUDES: Final = frozenset({b'include', b'import', b'embed'})
_HAS_INCLUDES: Final = frozenset({b'__has_include', b'__has_include__', b'__has_embed'})
# Their meaning depends on where the file lies or how it is named, and there is no way to say it otherwise.
_REFUSED: Final = frozenset({b'include_next', b'__has_include_next', b'__has_include_next__', b'__BASE_FILE__'})
_DEPENDENCY: Final = re.compile(rb'%s*(?:GCC|clang)%s+dependency\b' % (_BLANK, _BLANK), re.DOTALL)


def refusal(source: bytes) -> str | None:
    """Return why a source can not be compiled from another place (a stable id), or None where it can."""
    if MARK in source:
        return 'include-mark'
    for match in _TOKEN.finditer(source):
        word = match['word'] or match['name']
        if word in _REFUSED:
            return 'place-dependent'
        rest = match.end()
        if match['directive'] and word in _INCLUDES and not (_QUOTED.match(source, rest) or _ANGLED.match(source, rest)):
            return 'computed-include'
        if match['directive'] and word == b'pragma' and _DEPENDENCY.match(source, rest):
            return 'place-dependent'
    return None


def mark(source: bytes) -> bytes:
    """Return the source with the mark in front of every relative name of an include in quotes."""
    places = []
    for match in _TOKEN.finditer(source):
        if match['directive'] and match['word'] in _INCLUDES:
            found = _QUOTED.match(source, match.end())
        elif match['name'] in _HAS_INCLUDES:
            found = _HAS.match(source, match.end())
        else:
            continue
        if found and found['name'] and not found['name'].startswith(b'/'):
            places.append(found.start('name'))
    pieces, last = [], 0
    for place in places:
        pieces += [source[last:place], MARK]
        last = place
    return b''.join([*pieces, source[last:]])
