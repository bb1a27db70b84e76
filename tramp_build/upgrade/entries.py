"""The second entry of a function whose own one has to stay: others than routed rows refer to it.

`f` becomes `tramp_v_f`, which takes a vector, and a new `f` behind it hands its tuple over.  So whoever calls `f`, takes its address, or
lists it in a table that is compiled as it is finds what was there before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.model import Edit, Span
from tramp_build.scan import lexer
from tramp_build.scan.expression import Form, flags_of, function_of
from tramp_build.signatures import OBJECT, SIZE, VECTOR, c_type, convention_of
from tramp_build.text import one_line
from tramp_build.upgrade.uses import tokens

if TYPE_CHECKING:
    from tramp_build.model import Function, Language, ScanResult

PREFIX: Final = 'tramp_v_'
# What says the function's own name, which would be the wrong one; directly or in a message that people know.
SELF_NAMING: Final = frozenset({
    b'__func__', b'__FUNCTION__', b'__PRETTY_FUNCTION__', b'__builtin_FUNCTION', b'source_location', b'assert', b'Py_FatalError',
})  # fmt: skip
_ATTRIBUTE: Final = re.compile(r'__attribute__\s*\(\(.*?\)\)\s*|extern\s*"C(?:\+\+)?"')
_SELF_NAMING_PREFIXES: Final = (b'g_assert', b'g_return_', b'g_warn_if', b'G_STRFUNC')


def name_of(function: str) -> str:
    """Return the name of a function's second entry."""
    return PREFIX + function


def parameters(*, keywords: bool, cxx: bool) -> str:
    """Return the parameter types of a second entry."""
    kinds = (OBJECT, VECTOR, SIZE, OBJECT) if keywords else (OBJECT, VECTOR, SIZE)
    return ', '.join(c_type(kind, cxx=cxx).strip() for kind in kinds)


def listed(source: bytes, scan: ScanResult) -> dict[str, frozenset[str | None]]:
    """Return the functions that the method tables of a file name plainly, and by which conventions."""
    found: dict[str, set[str | None]] = {}
    for table in scan.tables:
        if table.kind != 'PyMethodDef':
            continue
        for row in table.rows:
            span, flags = row.fields[1:3] if not row.problem else (None, None)
            ref = function_of(source, span) if span else None
            if ref and ref.form is Form.NAME and ref.name:
                convention = convention_of(flags_of(source, flags, scan.macros)) if flags else None
                found.setdefault(ref.name, set()).add(convention)
    return {name: frozenset(conventions) for name, conventions in found.items()}


def says_its_name(source: bytes, body: Span, language: Language, macros: frozenset[bytes]) -> bool:
    """Tell whether a body contains what becomes its function's name, `macros` being those that bring it along."""
    return any(
        kind == lexer.WORD and (text in SELF_NAMING or text in macros or text.startswith(_SELF_NAMING_PREFIXES))
        for kind, text, _, _ in tokens(source, body, language)
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a function's name and parameters."""

    head: str
    tail: str  # `noexcept`, attributes

    @classmethod
    def of(cls, source: bytes, function: Function) -> Frame | None:
        """Return None where that is more than the specifiers of one function."""
        head = _line(source, function.span.start, function.name_span.start)
        end = function.body.start if function.body else function.span.end
        bracket, _, tail = _line(source, function.parameters[-1].span.end, end).partition(')')
        plain = _ATTRIBUTE.sub('', head)
        if bracket.strip() or any(c in plain for c in ',=#;{}()<') or any(c in tail for c in ',=#{}<:'):
            return None
        return cls(head, tail.removesuffix(';').strip())


def _line(source: bytes, start: int, end: int) -> str:
    return one_line(source, Span(start, end)).decode('utf-8', 'surrogateescape')


def edits(function: Function, frame: Frame, *, keywords: bool, reads: bool, cxx: bool) -> list[Edit]:
    """Return the edits that make a definition the second entry and put the first one behind it, or declare it beside a declaration.

    `reads`: the function looks at its arguments at all.
    """
    entry = name_of(function.name)
    if not function.body:
        return [_insert(function.span.end, f'{frame.head} {entry}({parameters(keywords=keywords, cxx=cxx)}) {frame.tail};')]
    first = _First(function.name, keywords, cxx).text(frame, reads=reads)
    return [Edit(function.name_span, entry.encode()), _insert(function.span.end, first)]


def _insert(offset: int, text: str) -> Edit:
    return Edit(Span(offset, offset), b' ' + text.encode('utf-8', 'surrogateescape'))


@dataclass(frozen=True, slots=True)
class _First:
    """A function under its own name: what it always was to those who refer to it."""

    name: str
    keywords: bool
    cxx: bool

    def text(self, frame: Frame, *, reads: bool) -> str:
        obj = c_type(OBJECT, cxx=self.cxx)
        names = ('tramp_self', 'tramp_args', 'tramp_kwargs') if self.keywords else ('tramp_self', 'tramp_args')
        given = ', '.join(f'{obj}{name}{"" if reads or name == "tramp_self" else " __attribute__((unused))"}' for name in names)
        call = self._over(names) if reads else self._without()
        return f'{frame.head} __attribute__((cold, unused)) {self.name}({given}) {frame.tail} {{ return {call}; }}'

    def _over(self, names: tuple[str, ...]) -> str:
        helper = 'tramp_by_vector_keywords' if self.keywords else 'tramp_by_vector'
        return f'{"::" if self.cxx else ""}{helper}({", ".join(names)}, {name_of(self.name)})'

    def _without(self) -> str:
        """Callers of a function that ignores its arguments pass all sorts of things."""
        null = 'nullptr' if self.cxx else '(void *)0'
        return f'{name_of(self.name)}(tramp_self, {null}, 0{f", {null}" if self.keywords else ""})'
