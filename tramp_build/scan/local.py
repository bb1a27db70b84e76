"""Tables that are declared in a function body: a look around the name of the type, as bodies are not read token by token."""

from __future__ import annotations

import re
from typing import Final

from tramp_build.scan.lexer import COMMENT, HASH, LONG, RAW, STRING, Token
from tramp_build.scan.syntax import Declaration
from tramp_build.scan.tables import find_head

_MAX_AHEAD: Final = 40
_MAX_BEFORE: Final = 20
_UNNAMED: Final = re.compile(rb'\s*(?:\[[^][]{0,40}\]\s*)?\)\s*\{')
_NO_DECLARATION: Final = frozenset({b';', b')', b'}'})


def local_declaration(token_re: re.Pattern[bytes], text: bytes, previous: int, start: int, cxx: bool) -> tuple[list[Token], int] | None:
    """Return the declaration up to its `{`, and where that is, if the word at `start` begins a table with an initialiser.

    `previous` is a place before it in the same block, with no brace between.
    """
    ahead: list[Token] = []
    for match in token_re.finditer(text, start):
        kind = match.lastindex
        assert kind
        if kind == COMMENT:
            continue
        if kind in (LONG, HASH, RAW, STRING) or match[kind] in _NO_DECLARATION or len(ahead) > _MAX_AHEAD:
            return None
        begin, end = match.span(kind)
        if match[kind] == b'{':
            tokens = _specifiers(token_re, text, previous, start) + ahead
            return (tokens, begin) if find_head(Declaration.of(tokens, cxx)) else None
        ahead.append((kind, match[kind], begin, end))
    return None


def _specifiers(token_re: re.Pattern[bytes], text: bytes, previous: int, start: int) -> list[Token]:
    """Return the tokens of the statement that stand before `start`."""
    tokens: list[Token] = []
    for match in token_re.finditer(text, previous, start):
        kind = match.lastindex
        assert kind
        if kind in (COMMENT, LONG):
            continue
        if match[kind] in (b';', b':', b'#'):
            tokens = []
        else:
            tokens.append((kind, match[kind], *match.span(kind)))
    return tokens[-_MAX_BEFORE:]


def is_unnamed_table(text: bytes, word: re.Match[bytes]) -> bool:
    """Whether the name of the type begins a compound literal: `(PyMethodDef[]){...}`."""
    return _UNNAMED.match(text, word.end()) is not None
