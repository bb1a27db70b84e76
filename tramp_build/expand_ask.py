"""What only the preprocessor can tell: rows, functions and flags that macros make, with the flags of a real compile.

The text that the preprocessor is asked about is the source with a word before and behind each place in question.  What stands between
the two words in the answer is what the macro makes there: however many rows that are, whatever decides about it, and with no need to find
a line again.  Pure.
"""

from __future__ import annotations

import os
import re
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Edit, Reason, Span
from tramp_build.plan import GETSET
from tramp_build.scan import lexer
from tramp_build.text import line_ends, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tramp_build.model import Entry, FilePlan, Row

_LINE_MARK: Final = re.compile(rb'^[ \t]*#[ \t]*(?:line[ \t]+)?\d+[ \t]+"((?:[^"\\\n]|\\.)*)"[^\n]*$', re.MULTILINE)
_DIRECTIVE: Final = re.compile(rb'^[ \t]*#', re.MULTILINE)
_ESCAPED: Final = re.compile(rb'\\(.)')
_BRACKETS: Final = {ord(')'): ord('('), ord(']'): ord('['), ord('}'): ord('{')}
_UNUSUAL: Final = frozenset({lexer.COMMENT, lexer.LONG, lexer.HASH, lexer.RAW})
_MAX_TEXT: Final = 100_000


class Question(NamedTuple):
    """What a unit leaves open."""

    spans: tuple[Span, ...]  # what macros make, in the order of the source
    names: frozenset[str]  # functions that no source declares
    headers: bool = False  # which headers it has


def question(source: bytes, plan: FilePlan, may_be_made: Callable[[str], bool], *, headers: bool = False) -> Question | None:
    """Return what to ask about a source, None where nothing is open.

    `may_be_made` tells whether a macro could define a function of that name, `headers` whether it matters which headers there are.
    """
    if b'__COUNTER__' in source:
        return None  # it would count on for what is written out
    spans: set[Span] = set()
    names: set[str] = set()
    for table in plan.tables:
        for row, entry in zip(table.table.rows, table.entries, strict=True):
            spans.update(_places(row, entry))
            if entry.reason is Reason.EXTERNAL_DEFINITION and entry.function and may_be_made(entry.function):
                names.add(entry.function)
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not _DIRECTIVE.search(source, span.start, span.end) and (not chosen or chosen[-1].end <= span.start):
            chosen.append(span)
    return Question(tuple(chosen), frozenset(names), headers) if chosen or names or headers else None


def _places(row: Row, entry: Entry) -> Iterator[Span]:
    if entry.reason is Reason.MACRO_ROW:
        yield row.span
        return
    if entry.reason in (Reason.MACRO_FUNCTION, Reason.UNKNOWN_FLAGS):
        # Function and flags may both be made by macros, and only one of them is the reason.
        both = entry.convention in (GETSET, None)
        members = row.fields if len(row.fields) == 1 else row.fields[1 : 3 if both else 2]
        yield from (span for span in members if span)


def marks(source: bytes, asked: Question) -> list[Edit]:
    """Return the edits that put a word before and behind each place in question."""
    edits = []
    for number, span in enumerate(asked.spans):
        begin, end = _words(source, number)
        edits += [Edit(Span(span.start, span.start), begin + b' '), Edit(Span(span.end, span.end), b' ' + end)]
    return edits


def _words(source: bytes, number: int) -> tuple[bytes, bytes]:
    # An answer about another state of the project has other words, and says nothing.
    word = b'tramp_ask_%08x_%d' % (zlib.crc32(source), number)
    return word + b'_begin', word + b'_end'


def answers(source: bytes, asked: Question, output: bytes, is_macro: Callable[[str], bool]) -> list[Edit]:
    """Return what takes the place of the macros in `source`, as far as `output`, what the preprocessor has said, tells.

    `is_macro` tells whether the project defines a macro of that name.
    """
    edits = []
    for number, span in enumerate(asked.spans):
        text = _between(output, *_words(source, number))
        if text is not None and _can_stand(text, is_macro):
            # Never empty: something has to be there for what comes later to be in its place.
            edits.append(Edit(span, (text or b' ') + line_ends(source, span)))
    return edits


def _between(output: bytes, begin: bytes, end: bytes) -> bytes | None:
    """Return what stands between two words, on one line; None where they do not stand there exactly once."""
    if output.count(begin) != 1 or output.count(end) != 1:
        return None
    text = _LINE_MARK.sub(b'', output[output.index(begin) + len(begin) : output.index(end)])
    if _DIRECTIVE.search(text) or len(text) > _MAX_TEXT:
        return None
    text = one_line(text, Span(0, len(text)))
    # A line that goes on within a string: no preprocessor leaves one.
    return None if b'\n' in text else text


def _can_stand(text: bytes, is_macro: Callable[[str], bool]) -> bool:
    """Tell whether the preprocessor, which will see the text again, leaves it as it is, and its brackets are its own."""
    opened: list[int] = []
    for match in lexer.TOKEN_CXX.finditer(text):
        kind = match.lastindex
        if kind in _UNUSUAL or (kind == lexer.WORD and is_macro(match[kind].decode('ascii', 'replace'))):
            return False
        if kind == lexer.BRACKET and text[match.start()] in b'([{':
            opened.append(text[match.start()])
        elif kind == lexer.BRACKET and (not opened or opened.pop() != _BRACKETS.get(text[match.start()])):
            return False
    return not opened


def own_files(output: bytes, is_own: Callable[[str], bool]) -> frozenset[str]:
    """Return the project's own files that the preprocessor has read, but for those that are system headers to it.

    What the macros of those make is compiled without warnings, and would not be if it were written out.
    """
    marks = {(match[1], b'3' in match[0][match.end(1) - match.start() + 1 :].split()) for match in _LINE_MARK.finditer(output)}
    names = {os.fsdecode(_ESCAPED.sub(rb'\1', name)) for name, system in marks if not system}
    return frozenset(filter(is_own, names))


def own_text(output: bytes, is_own: Callable[[str], bool]) -> bytes:
    """Return what comes from the project's own files in what the preprocessor has said; `is_own` is asked with their paths."""
    pieces = []
    known: dict[bytes, bool] = {}
    found: Sequence[re.Match[bytes]] = list(_LINE_MARK.finditer(output))
    for index, match in enumerate(found):
        name = match[1]
        if name not in known:
            known[name] = is_own(os.fsdecode(_ESCAPED.sub(rb'\1', name)))
        if known[name]:
            pieces.append(output[match.end() : found[index + 1].start() if index + 1 < len(found) else len(output)])
    return b''.join(pieces)
