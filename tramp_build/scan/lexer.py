"""C and C++ tokens by regular expressions over bytes.

Two levels, because function bodies are most of a file and nearly nothing in them matters: SKIP stops only at braces, directives and the
names of the table types (100 MB/s), TOKEN yields every token (9 MB/s) and runs over declarations and table rows.

Repeats that hold a group are bounded: `re` keeps a frame per iteration, and a 10 MB string of escapes would cost a gigabyte.  Where such a
bound may have been hit the LONG group takes part, and `literal_end` finds the true end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# A token: kind, text, start, end.  A plain tuple, as millions are made.
Token = tuple[int, bytes, int, int]

# The groups of TOKEN.
WORD: Final = 1
BRACKET: Final = 2  # the semicolon is one
PUNCT: Final = 3
STRING: Final = 4
COMMENT: Final = 5
LONG: Final = 6
HASH: Final = 7
CHAR: Final = 8
NUMBER: Final = 9
RAW: Final = 10
OTHER: Final = 11
# The texts of brackets.
OPENING: Final = frozenset({b'(', b'[', b'{'})
CLOSING: Final = frozenset({b')', b']', b'}'})
# Made by the scanner, not by the lexer: a skipped `{...}`, and the places of `#if`, of `#elif` or `#else`, and of `#endif`.
BLOCK: Final = 12
IF: Final = 13
ELSE: Final = 14
ENDIF: Final = 15
MARKS: Final = frozenset({IF, ELSE, ENDIF})

# The groups of SKIP.
SKIP_OPEN: Final = 1
SKIP_CLOSE: Final = 2
SKIP_HASH: Final = 3
SKIP_TABLE: Final = 4
SKIP_RAW: Final = 5  # and above it: LONG

TABLE_TYPES: Final = frozenset(
    b'PyMethodDef PyGetSetDef PyType_Slot PyModuleDef_Slot PySlot PyTypeObject PyNumberMethods PySequenceMethods PyMappingMethods'
    b' PyAsyncMethods PyBufferProcs PyModuleDef'.split()
)
# Behind the P, so that `re` searches for that letter.
TABLE_TYPE: Final = rb'P(?<![\w$]P)y(?:' + rb'|'.join(sorted(name[2:] for name in TABLE_TYPES)) + rb')'

_ESCAPE = rb'\\(?:\r\n|(?s:.))'
_SPLICE = rb'\\(?:[ \t\f\v]*\r?\n|(?s:.))'
_STRING = rb'"[^"\\\n]*(?:' + _ESCAPE + rb'[^"\\\n]*){0,4000}"?'
_CHAR = rb"'[^'\\\n]*(?:" + _ESCAPE + rb"[^'\\\n]*){0,4000}'?"
_LINE_COMMENT = rb'/[^\n\\]*(?:' + _SPLICE + rb'[^\n\\]*){0,4000}'
_COMMENT = rb'/(?:' + _LINE_COMMENT + rb'|\*[^*]*(?:\*(?!/)[^*]*){0,4000}(?:\*/)?)'
# Behind a whole string or comment one of these may stand by chance as well; it costs a second look and no more.
_MAYBE_LONG = rb'(?:(?=[\\*])())?'
_WORD = rb'[A-Za-z_$\x80-\xff][\w$\x80-\xff]*'
_RAW_DELIMITER = rb'[^()\\\s]{0,16}'
# In C, R"(" is a macro and a string: this never matches.
_NEVER = rb'R(?!)()'


def _literal(raw: bytes, *before: bytes) -> re.Pattern[bytes]:
    # Every alternative starts with a literal and not with a group: only so does `re` search by a character set.
    return re.compile(rb'|'.join([*before, raw, _STRING + _MAYBE_LONG, _CHAR, _COMMENT + _MAYBE_LONG]))


def _skip(raw: bytes) -> re.Pattern[bytes]:
    return _literal(raw, rb'{()', rb'}()', rb'#()', TABLE_TYPE + rb'()(?![\w$])')


def _token(word: bytes, raw: bytes) -> re.Pattern[bytes]:
    parts = [
        word + rb'(' + _WORD + rb')',
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


_RAW = rb'R(?:(?<![\w$]R)|(?<=[^\w$][LuU]R)|(?<=[^\w$]u8R))"' + _RAW_DELIMITER + rb'\(()'
SKIP_C: Final = _skip(_NEVER)
SKIP_CXX: Final = _skip(_RAW)
_LITERAL_C = _literal(_NEVER)
_LITERAL_CXX = _literal(_RAW)
# What may begin a directive, and what it may not be in: the same groups without those of braces and tables.
HASHES: Final = _literal(_RAW, rb'#()')
HASHES_HASH: Final = 1
HASHES_RAW: Final = 2  # and above it: LONG
TOKEN_C: Final = _token(b'', _NEVER)
TOKEN_CXX: Final = _token(rb'(?!(?:u8|[LuU])?R")', rb'((?:u8|[LuU])?R"(?:' + _RAW_DELIMITER + rb'\()?)')

_DIRECTIVE_PART = re.compile(
    rb'[^\n\\"\'/]*(?:(?:' + rb'|'.join([_SPLICE, _STRING, _CHAR, rb'/(?!\*)(?:' + _LINE_COMMENT + rb')?']) + rb')[^\n\\"\'/]*){0,1000}'
)
_RAW_OPENING = re.compile(rb'(' + _RAW_DELIMITER + rb')\(')
_STRING_STEP = re.compile(rb'[^"\\\n]*(?:' + _ESCAPE + rb'[^"\\\n]*){0,4000}')
_LINE_STEP = re.compile(rb'[^\n\\]*(?:' + _SPLICE + rb'[^\n\\]*){0,4000}')


def literal_end(text: bytes, start: int) -> int:
    """Return the end of the string or comment at `start`, however long; one that is not closed ends with its line, or with the text."""
    if text[start : start + 2] == b'/*':
        end = text.find(b'*/', start + 2)
        return len(text) if end < 0 else end + 2
    string = text[start] == 0x22
    step = _STRING_STEP if string else _LINE_STEP
    position = start + (1 if string else 2)
    while True:
        match = step.match(text, position)
        assert match
        stuck = match.end() == position
        position = match.end()
        if text[position : position + 1] != b'\\' or stuck:
            return position + (string and text[position : position + 1] == b'"')


def raw_end(text: bytes, start: int) -> int:
    """Return the end of the raw string at `start`."""
    quote = text.index(b'"', start) + 1
    opening = _RAW_OPENING.match(text, quote)
    if opening is None:
        return quote  # malformed, and what follows is read as it comes
    end = text.find(b')' + opening[1] + b'"', opening.end())
    return len(text) if end < 0 else end + len(opening[1]) + 2


def literals(text: bytes, *, cxx: bool) -> Iterator[tuple[int, int]]:
    """Yield where comments, strings and characters are, in their order."""
    pattern, position = (_LITERAL_CXX if cxx else _LITERAL_C), 0
    while position < len(text):
        for match in pattern.finditer(text, position):
            if match.lastindex is None:
                yield match.span()
                continue
            start = match.start()
            position = raw_end(text, start) if match.lastindex == 1 else literal_end(text, start)
            yield start, position
            break
        else:
            return


def directive_end(text: bytes, position: int) -> int:
    """Return where the directive that `position` is in ends: at its newline, or at the end of the text."""
    while True:
        match = _DIRECTIVE_PART.match(text, position)
        assert match
        stuck = match.end() == position
        position = match.end()
        if text[position : position + 2] == b'/*':
            end = text.find(b'*/', position + 2)
            position = len(text) if end < 0 else end + 2
        elif position >= len(text) or text[position] == 0x0A:
            return position
        elif stuck:
            position += 1  # a backslash that ends the text


_DIGRAPHS = ((b'<%', b'{ '), (b'%>', b'} '), (b':>', b'] '), (b'%:', b'# '))
# C++ reads `<::` as `<` and `::` unless a `:` or `>` follows.
_COLON_DIGRAPH = re.compile(rb'<:(?!:[^:>])')
# A quote between hexadecimal digits, and the number that stands before it if it is a separator (`isn'd` and `u8'a'` have none).
_SEPARATOR = re.compile(rb"'(?<=[0-9A-Fa-f]')[0-9A-Fa-f]")
_NUMBER = re.compile(rb'(?:\A|[^\w$\'"\\.])[0-9][\w.\']*\Z')
_MAX_NUMBER = 80


def normalise(source: bytes) -> bytes:
    """Return the source with digraphs and digit separators written plainly, every byte where it was.

    It may change strings too, so what a string says is always read from the source itself.
    """
    for digraph, plain in _DIGRAPHS:
        if digraph in source:
            source = source.replace(digraph, plain)
    if b'<:' in source:
        source = _COLON_DIGRAPH.sub(b'[ ', source)
    quotes = [match.start() for match in _SEPARATOR.finditer(source)]
    if quotes:
        spelled = bytearray(source)
        for quote in quotes:
            if _NUMBER.search(spelled[max(0, quote - _MAX_NUMBER) : quote]):
                spelled[quote] = 0x30
        source = bytes(spelled)
    return source
