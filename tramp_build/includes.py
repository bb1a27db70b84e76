"""Mark the includes of a rewritten source that are searched for from its own directory.

The copy that is compiled lies elsewhere, so the launcher turns each marked name into a path (csrc/launcher/unit.h has the
whole story).  Only a lexer can tell an include from a line of a raw string that looks like one, which is why it is done here.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from tramp_build.scan import lexer
from tramp_build.scan.conditions import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARK: Final = b'tramp-build:'
# What a name begins with that stands for a rewritten copy, and what ends the directory in front of a name.  No name has them.
COPY: Final = '@'
# The same for a file that has to be as it was for the text to be right; nothing is included.
RELIED_ON: Final = '='
_BEHIND_DIRECTORY: Final = '|'

_HAS_INCLUDE: Final = re.compile(rb'\b__has_(?:include(?:__)?|embed)\s*\(\s*"([^"\n]*)"')
_INCLUDE: Final = re.compile(rb'(?:include|import|embed)\b')
# Most directives begin so, and whatever follows, even behind a backslash: they include nothing.
_OTHER: Final = re.compile(rb'define|undef|if|el|en|er')
_QUOTED: Final = re.compile(rb'"([^"\n]*)"|<(?P<absolute>/[^>\n]+)>')
# Between angle brackets, an absolute path means the file as well; of such a path the launcher can not write everything.
_WHOLE: Final = re.compile(
    rb'[ \t]*#[ \t]*include[ \t]*(?:"([^/"\n][^"\n]*|/[^"|\\\n]+)"|<(/[^>"|\\\n]+)>)'
    + rb'[ \t]*(?://[^\n]*|(?:/\*[^*\n]*(?:\*(?!/)[^*\n]*)*\*/[ \t]*)*)\r?'
)
_SLASH: Final = ord('/')
_RESERVED: Final = re.compile(rb'[@|]')
_DEPENDENCY: Final = re.compile(rb'pragma\s+(?:GCC|clang)\s+dependency\b')
# Their meaning depends on where the file lies or how it is named, and there is no way to say it otherwise.
_REFUSED: Final = re.compile(rb'\b(?:include_next|__has_include_next(?:__)?|__BASE_FILE__)\b')
# A directive behind a digraph or a trigraph is none to the lexer.
_ALTERNATIVE: Final = re.compile(rb'^[^\S\n]*(?:%:|\?\?=)', re.MULTILINE)


def refusal(source: bytes) -> str | None:
    """Return why a source can not be compiled from another place (a stable id), or None where it can."""
    if MARK in source:
        return 'include-mark'
    # In a comment or a string the word does no harm, but who writes of it has earned to be left alone.
    if _REFUSED.search(source) or _ALTERNATIVE.search(source):
        return 'place-dependent'
    for start, end in directives(source):
        if _OTHER.match(source, start):
            continue
        text = plain_text(_closed(source, start, end))
        if include := _INCLUDE.match(text):
            rest = text[include.end() :].lstrip()
            if not rest.startswith((b'"', b'<')):
                return 'computed-include'
            name = _quoted_name(source, start, end)
            if rest.startswith(b'"') and (name is None or (source[name[0]] != _SLASH and _RESERVED.search(source, *name))):
                return 'computed-include'
        if _DEPENDENCY.match(text):
            return 'place-dependent'
    return None


def mark(source: bytes, directory: str = '', copies: Mapping[str, str] | None = None) -> bytes:
    """Return the source with the mark in front of every relative name of an include in quotes, and every name that has a copy.

    `directory` is where the source lies, from the directory of its unit or absolute (csrc/launcher/unit.h has the forms that a
    marked name takes), `copies` what stands for a name whose file is rewritten as well.
    """
    copies = copies or {}
    pieces, position = [], 0
    for first, last in _names(source):
        name = os.fsdecode(source[first:last])
        absolute = source[first] == _SLASH
        if absolute and name not in copies:
            continue
        text = copies.get(name) or (f'{directory}/{_BEHIND_DIRECTORY}{name}' if directory else name)
        # The name may stand between angle brackets, what takes its place may not.
        pieces += [source[position : first - absolute], b'"' * absolute, MARK, os.fsencode(text), b'"' * absolute]
        position = last + absolute
    return b''.join([*pieces, source[position:]])


def _names(source: bytes) -> Iterator[tuple[int, int]]:
    """Yield the names that are searched for from the source's own directory, or from nowhere."""
    asks = b'__has_' in source
    for start, end in directives(source):
        other = _OTHER.match(source, start)
        if other and not asks:
            continue
        if not other and _INCLUDE.match(plain_text(_closed(source, start, end))):
            name = _quoted_name(source, start, end)
            found = [name] if name else []
        else:
            found = [match.span(1) for match in _HAS_INCLUDE.finditer(source, start, end) if source[match.start(1)] != _SLASH]
        yield from ((first, last) for first, last in found if last > first)


def lines(source: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield where each line stands that is `#include "name"` or `#include </name>` and no more, without its line end, and the name."""
    for start, end in directives(source):
        if _OTHER.match(source, start):
            continue
        head = source.rfind(b'\n', 0, start) + 1
        match = _WHOLE.fullmatch(source, head, end)
        if match and source.find(b'\n', head, end) < 0:
            yield head, end, os.fsdecode(match[1] or match[2])


def _quoted_name(source: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Return the span of the name that a directive includes, None where it names none or something in <> that is no absolute path."""
    # Comments before the name are blanked, byte for byte, so that the places stay what they are.
    text = _BLANKED.sub(lambda match: b' ' * len(match[0]), _closed(source, start, end))
    word = _INCLUDE.search(text)
    name = _QUOTED.match(text, len(text) - len(text[word.end() :].lstrip())) if word else None
    return (start + name.start(name.lastindex or 0), start + name.end(name.lastindex or 0)) if name else None


def _closed(source: bytes, start: int, end: int) -> bytes:
    """Return the text of a directive without the comment that is not closed in it: expressions would look for its end again
    from every opening in it."""
    last = source.rfind(b'*/', start, end)
    opening = source.find(b'/*', last + 2 if last >= 0 else start, end)
    return source[start : opening if opening >= 0 else end]


_BLANKED: Final = re.compile(rb'/\*[^*]*(?:\*(?!/)[^*]*)*\*/|\\\r?\n')


def directives(source: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each directive stands: behind its `#`, and at its end."""
    position = 0
    while position < len(source):
        for match in lexer.HASHES.finditer(source, position):
            kind = match.lastindex
            if kind is None:
                continue
            start, position = match.span()
            if kind != lexer.HASHES_HASH:
                position = lexer.raw_end(source, start) if kind == lexer.HASHES_RAW else lexer.literal_end(source, start)
                break
            if _begins_line(source, start):
                position = lexer.directive_end(source, start + 1)
                yield _behind_blanks(source, start + 1), position
                break
        else:
            return


_BLANKS: Final = re.compile(rb'(?:[ \t\v\f]|\\\r?\n|/\*[^*]*(?:\*(?!/)[^*]*)*\*/){0,1000}')


def _behind_blanks(source: bytes, position: int) -> int:
    match = _BLANKS.match(source, position)
    return match.end() if match else position


def _begins_line(source: bytes, position: int) -> bool:
    """Only blanks and comments stand in front of a directive on its line."""
    line = source[source.rfind(b'\n', 0, position) + 1 : position]
    return not line.strip() or line.rstrip().endswith(b'*/')
