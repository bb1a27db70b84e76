"""C and C++ tokens by regular expressions over bytes.

Two levels, because function bodies are most of a file and nearly nothing in them matters: `SKIP` stops only at braces, directives and the
names of the table types (100 MB/s), `TOKEN` yields every token (9 MB/s) and runs over declarations and table rows.

Repeats that hold a group are bounded: `re` keeps a frame per iteration, and a 10 MB string of escapes would cost a gigabyte.  Where such a
bound may have been hit the LONG group takes part, and `literal_end` finds the true end.
"""

from __future__ import annotations

import re
from typing import Final

# A token: kind, text, start, end.  A plain tuple, as millions are made.
Token = tuple[int, bytes, int, int]

# The groups of TOKEN.
WORD: Final = 1
BRACKET: Final = 2
PUNCT: Final = 3
STRING: Final = 4
COMMENT: Final = 5
LONG: Final = 6
HASH: Final = 7
CHAR: Final = 8
NUMBER: Final = 9
RAW: Final = 10
OTHER: Final = 11
# Made by the scanner, not by the lexer: a skipped `{...}`, and the places of `#if`, `#elif` or `#else`, and `#endif`.
BLOCK: Final = 12
IF: Final = 13
ELSE: Final = 14
ENDIF: Final = 15

# The groups of SKIP.
SKIP_OPEN: Final = 1
SKIP_CLOSE: Final = 2
SKIP_HASH: Final = 3
SKIP_TABLE: Final = 4
SKIP_RAW: Final = 5  # and above: LONG

TABLE_TYPES: Final = frozenset({b'PyMethodDef', b'PyGetSetDef'})

_ESCAPE = rb'\\(?s:.)'
_SPLICE = rb'\\(?:[ \t\f\v]*\r?\n|(?s:.))'
_STRING = rb'"[^"\\\n]*(?:' + _ESCAPE + rb'[^"\\\n]*){0,4000}"?'
_CHAR = rb"'[^'\\\n]*(?:" + _ESCAPE + rb"[^'\\\n]*){0,4000}'?"
_LINE_COMMENT = rb'/[^\n\\]*(?:' + _SPLICE + rb'[^\n\\]*){0,4000}'
_COMMENT = rb'/(?:' + _LINE_COMMENT + rb'|\*[^*]*(?:\*(?!/)[^*]*){0,4000}(?:\*/)?)'
_MAYBE_LONG = rb'(?:(?=[\\*])())?'

# Every alternative starts with a literal and not with a group: only so does `re` search by a character set.
SKIP: Final = re.compile(
    rb'{()|}()|#()|P(?<![\w$]P)y(?:MethodDef|GetSetDef)()(?![\w$])|'
    rb'R(?:(?<![\w$]R)|(?<=[^\w$][LuU]R)|(?<=[^\w$]u8R))"[^()\\\s]{0,16}\(()|'
    + rb'|'.join([_STRING + _MAYBE_LONG, _CHAR, _COMMENT + _MAYBE_LONG])
)
# The same without raw strings: in C, `R"(..."` is a macro and a string.
SKIP_C: Final = re.compile(
    rb'{()|}()|#()|P(?<![\w$]P)y(?:MethodDef|GetSetDef)()(?![\w$])|(?!)()|'
    + rb'|'.join([_STRING + _MAYBE_LONG, _CHAR, _COMMENT + _MAYBE_LONG])
)

_RAW_OPEN = rb'((?:u8|[LuU])?R"[^()\\\s]{0,16}\()'


def _token_pattern(raw: bytes) -> re.Pattern[bytes]:
    parts = [
        rb'(?!(?:u8|[LuU])?R")([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)' if raw != rb'((?!))' else rb'([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)',
        rb'([{}()\[\];])',
        rb'([,*]|::?|&&?|->|\.\.\.|[=!]=?|[<>]=?|\|\|)',
        rb'(?:(' + _STRING + rb')|(' + _COMMENT + rb'))' + _MAYBE_LONG,
        rb'(#)',
        rb'(' + _CHAR + rb')',
        rb'(\.?[0-9](?:[eEpP][+-]|[\w.])*)',
        raw,
        rb'([^\s\\])',
    ]
    return re.compile(rb'(?:' + rb'|'.join(parts) + rb')[\s\\]*')


TOKEN: Final = _token_pattern(_RAW_OPEN)
TOKEN_C: Final = _token_pattern(rb'((?!))')

_DIRECTIVE_PART = re.compile(
    rb'[^\n\\"\'/]*(?:(?:' + rb'|'.join([_SPLICE, _STRING, _CHAR, rb'/(?!\*)(?:' + _LINE_COMMENT + rb')?']) + rb')[^\n\\"\'/]*){0,1000}'
)
_STRING_STEP = re.compile(rb'[^"\\\n]*(?:' + _ESCAPE + rb'[^"\\\n]*){0,4000}')
_LINE_STEP = re.compile(rb'[^\n\\]*(?:' + _SPLICE + rb'[^\n\\]*){0,4000}')


def literal_end(text: bytes, start: int) -> int:
    """The end of the string or comment that starts at `start`, however long it is; without an end: of the line, or of the text."""
    if text[start : start + 2] == b'/*':
        end = text.find(b'*/', start + 2)
        return len(text) if end < 0 else end + 2
    is_string = text[start] == 0x22
    step, stop = (_STRING_STEP, b'"') if is_string else (_LINE_STEP, b'')
    position = start + (1 if is_string else 2)
    while True:
        match = step.match(text, position)
        assert match
        position = match.end()
        if text[position : position + 1] != b'\\' or match.end() == match.start():
            return position + 1 if stop and text[position : position + 1] == stop else position


def raw_end(text: bytes, start: int) -> int:
    """The end of the raw string whose opening `R"delim(` is at `start`."""
    open_paren = text.index(b'(', start)
    delimiter = text[text.index(b'"', start) + 1 : open_paren]
    end = text.find(b')' + delimiter + b'"', open_paren)
    return len(text) if end < 0 else end + len(delimiter) + 2


def directive_end(text: bytes, position: int) -> int:
    """Where the directive that `position` is in ends: at its newline, or at the end of the text."""
    while True:
        match = _DIRECTIVE_PART.match(text, position)
        assert match
        position = match.end()
        if text[position : position + 2] == b'/*':
            end = text.find(b'*/', position + 2)
            position = len(text) if end < 0 else end + 2
        elif position >= len(text) or text[position] == 0x0A:
            return position
        elif match.end() == match.start():
            position += 1  # a lone backslash at the end of the text


_DIGRAPHS = ((b'<%', b'{ '), (b'%>', b'} '), (b':>', b'] '), (b'%:', b'# '))
_SEPARATED = re.compile(rb'(?<![\w$\'"\\.])[0-9][\w.]*(?:\'[0-9A-Fa-f][\w.]*)+')
_SEPARATOR = re.compile(rb"'(?<=[0-9A-Fa-f]')[0-9A-Fa-f]")
_COLON_DIGRAPH = re.compile(rb'<:(?!:[^:>])')


def normalise(source: bytes) -> bytes:
    """The source with digraphs and digit separators written plainly, every byte at the offset it had.

    Strings may be changed by it too, so their text is always read from the source itself.
    """
    for digraph, plain in _DIGRAPHS:
        if digraph in source:
            source = source.replace(digraph, plain)
    if b'<:' in source:
        source = _COLON_DIGRAPH.sub(b'[ ', source)
    if _SEPARATOR.search(source):
        source = _SEPARATED.sub(lambda m: m[0].replace(b"'", b'0'), source)
    return source
