"""The second entry of a function whose own one has to stay: others than routed rows refer to it.

`f` becomes `tramp_v_f`, which takes a vector, and a new `f` behind it hands its tuple over.  So whoever calls `f`, takes its address, or
lists it in a table that is compiled as it is finds what was there before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Edit, Span
from tramp_build.scan import lexer
from tramp_build.scan.expression import Form, flags_of, function_of
from tramp_build.signatures import BY_CONVENTION, OBJECT, SIZE, VECTOR, c_type, cast, convention_of, impl_type
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
_ATTRIBUTES: Final = re.compile(r'__attribute__\s*\(\(.*?\)\)|\[\[.*?\]\]')
_LINKAGE: Final = re.compile(r'\s*extern\s*"C(?:\+\+)?"')
# The result is an object: libtramp hands it through.
_OBJECT: Final = re.compile(r'(?:\bPyObject|\bstruct\s+_object)\s*\*\s*\Z')
# A pointer to something, and perhaps the name.
_SELF: Final = re.compile(r'((?:struct\s+)?[\w:]+)\s*\*\s*(?:(\w+)|Py_UNUSED\s*\(\s*\w+\s*\)|)\Z')
_SELF_NAMING_PREFIXES: Final = (b'g_assert', b'g_return_', b'g_warn_if', b'G_STRFUNC')


def name_of(function: str) -> str:
    """Return the name of a function's second entry."""
    return PREFIX + function


def parameters(*, keywords: bool, cxx: bool, self_type: str = '') -> str:
    """Return the parameter types of a second entry; `self_type` where `self` is more than an object."""
    kinds = (VECTOR, SIZE, OBJECT) if keywords else (VECTOR, SIZE)
    return ', '.join([self_type or c_type(OBJECT, cxx=cxx).strip(), *(c_type(kind, cxx=cxx).strip() for kind in kinds)])


def declaration(function: str, own: Self, *, keywords: bool, cxx: bool) -> str:
    """Declare the second entry of a static function."""
    return f'static {c_type(OBJECT, cxx=cxx)}{name_of(function)}({parameters(keywords=keywords, cxx=cxx, self_type=own.type)});'


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


class Self(NamedTuple):
    """The first parameter of a function."""

    type: str  # as the source has it; empty where it is `PyObject *`
    name: str  # empty where it can not be used

    @classmethod
    def of(cls, source: bytes, function: Function) -> Self | None:
        """Return None where the type can not be told from the name."""
        span = function.parameters[0].span
        spelled = _ATTRIBUTES.sub('', _line(source, span.start, span.end)).strip()
        match = _SELF.match(spelled)
        if not match or b'\n' in source[span.start : span.end]:
            return None
        return cls('' if match[1].split() in (['PyObject'], ['struct', '_object']) else f'{match[1].strip()} *', match[2] or '')


class Frame(NamedTuple):
    """What stands around a function's name and its other parameters."""

    head: str
    tail: str  # `noexcept`, attributes
    self: Self

    @classmethod
    def of(cls, source: bytes, function: Function) -> Frame | None:
        """Return None where that is more than the specifiers of one function."""
        head = _line(source, function.span.start, function.name_span.start)
        end = function.body.start if function.body else function.span.end
        bracket, _, tail = _line(source, function.parameters[-1].span.end, end).partition(')')
        plain = _ATTRIBUTE.sub('', head)
        first = Self.of(source, function)
        if (
            first is None
            or not _OBJECT.search(head)
            or bracket.strip()
            or any(c in plain for c in ',=#;{}()<')
            or any(c in tail for c in ',=#{}<:')
        ):
            return None
        # A function-try-block: `self` has its own type back in the block alone, and not in the handlers.
        tried = tail.split()[-1:] == ['try']
        if tried and first.type and not function.static:
            return None
        return cls(head, tail.removesuffix(';').strip().removesuffix('try' if tried else '').strip(), first)


def _line(source: bytes, start: int, end: int) -> str:
    return one_line(source, Span(start, end)).decode('utf-8', 'surrogateescape')


def edits(function: Function, frame: Frame, *, keywords: bool, reads: bool, cxx: bool, shared: bool) -> list[Edit]:
    """Return the edits that make a definition the second entry and put the first one behind it, or declare it beside a declaration.

    `reads`: the function looks at its arguments at all.  `shared`: other files know the second entry, and not the type of `self`.
    """
    entry = name_of(function.name)
    if not function.body:
        given = parameters(keywords=keywords, cxx=cxx, self_type=frame.self.type)
        return [_insert(function.span.end, f'{frame.head} {entry}({given}) {frame.tail};')]
    plain = shared and bool(frame.self.type)
    first = _First(function.name, frame.self, plain, keywords, cxx).text(frame, reads=reads)
    found = [Edit(function.name_span, entry.encode()), _insert(function.span.end, first)]
    return [*found, *_own_self(function, function.body, frame.self, cxx=cxx)] if plain else found


def _own_self(function: Function, body: Span, own: Self, *, cxx: bool) -> list[Edit]:
    """Let `self` come as an object, and give it back its type in the body."""
    span = function.parameters[0].span
    given = Edit(span, f'{c_type(OBJECT, cxx=cxx)}tramp_self{"" if own.name else " __attribute__((__unused__))"}'.encode())
    if not own.name:
        return [given]
    variable = f'{own.type}{own.name} __attribute__((__unused__)) = {_cast(own.type, "tramp_self", cxx=cxx)};'
    return [given, _insert(body.start + 1, variable)]


def _cast(target: str, expression: str, *, cxx: bool) -> str:
    return f'reinterpret_cast< {target}>({expression})' if cxx else f'({target}){expression}'


def _insert(offset: int, text: str) -> Edit:
    return Edit(Span(offset, offset), b' ' + text.encode('utf-8', 'surrogateescape'))


def _linkage(head: str) -> tuple[str, str]:
    """Split off `extern "C"`: attributes stand behind it, and in front of the rest, where they are the function's."""
    match = _LINKAGE.match(head)
    return (f'{match[0]} ', head[match.end() :]) if match else ('', head)


@dataclass(frozen=True, slots=True)
class _First:
    """A function under its own name: what it always was to those who refer to it."""

    name: str
    self: Self
    plain: bool  # the second entry takes `self` as an object, whatever it is
    keywords: bool
    cxx: bool

    def text(self, frame: Frame, *, reads: bool) -> str:
        obj = c_type(OBJECT, cxx=self.cxx)
        unused = '' if reads else ' __attribute__((__unused__))'
        given = ', '.join([f'{self.self.type or obj}tramp_self', *(f'{obj}{name}{unused}' for name in self._names())])
        call = self._over() if reads else self._without()
        linkage, specifiers = _linkage(frame.head)
        return f'{linkage}__attribute__((__cold__, __unused__)) {specifiers} {self.name}({given}) {frame.tail} {{ return {call}; }}'

    def _names(self) -> tuple[str, ...]:
        return ('tramp_args', 'tramp_kwargs') if self.keywords else ('tramp_args',)

    def _over(self) -> str:
        """Hand over; casts only where `self` has another type, for elsewhere the compiler checks."""
        helper = 'tramp_by_vector_keywords' if self.keywords else 'tramp_by_vector'
        entry = name_of(self.name)
        if self.self.type and not self.plain:
            target = impl_type(BY_CONVENTION['fastcall|keywords' if self.keywords else 'fastcall'], '', cxx=self.cxx)
            entry = cast(target, entry, cxx=self.cxx)
        return f'{"::" if self.cxx else ""}{helper}({", ".join([self._object(), *self._names(), entry])})'

    def _object(self) -> str:
        return _cast(c_type(OBJECT, cxx=self.cxx), 'tramp_self', cxx=self.cxx) if self.self.type else 'tramp_self'

    def _without(self) -> str:
        """Callers of a function that ignores its arguments pass all sorts of things."""
        null = 'nullptr' if self.cxx else '(void *)0'
        return f'{name_of(self.name)}({self._object() if self.plain else "tramp_self"}, {null}, 0{f", {null}" if self.keywords else ""})'
