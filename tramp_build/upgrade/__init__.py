"""Decide which METH_VARARGS functions can take a vector instead of a tuple, and how their text changes.

A function is upgraded when its `args` (and `kwargs`) go only where a vector can go.  Where everything that refers to it is a routed row
of a table in its own file, it takes the vector itself, else a second entry does (entries.py).  The parameters get new names, so that a
use that was not seen (in a macro, say) does not compile: then the launcher compiles the original, and nothing wrong becomes silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.model import Edit, Kept, Reason, ScopeKind, Span, Upgrade
from tramp_build.scan import lexer
from tramp_build.signatures import OBJECT, SIZE, VECTOR, c_type
from tramp_build.upgrade import entries
from tramp_build.upgrade.entries import SELF_NAMING, Frame, listed, says_its_name
from tramp_build.upgrade.mentions import Mentions
from tramp_build.upgrade.uses import ARGS, KWNAMES, NARGS, Escape, Uses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tramp_build.model import Entry, Function, Language, Parameter, Row, ScanResult
    from tramp_build.upgrade.project import Surroundings

# Convention of the source -> convention after the upgrade.
UPGRADED: Final = {'varargs': 'positional', 'varargs|keywords': 'fastcall|keywords'}

_UNUSED: Final = re.compile(rb'\bPy_UNUSED\s*\(\s*(\w+)\s*\)')
# `PyObject *args` in the ways it is written; a parameter of another type is not for us.
_OBJECT_PARAMETER: Final = re.compile(
    rb'(?:(?:const|register|struct)\s+)?(?:::\s*)?(?:PyObject|_object)\s*\*(?:\s*(?:const|restrict))?\s*(\w*)\Z'
)
_ATTRIBUTES: Final = re.compile(rb'__attribute__\s*\(\(.*?\)\)|\[\[.*?\]\]|/\*.*?\*/|//[^\n]*', re.DOTALL)


def _suffix(*, keywords: bool) -> str:
    return '_keywords' if keywords else ''


@dataclass(frozen=True, slots=True)
class _Stays:
    """Why a function's own entry has to stay."""

    reason: Reason
    line: int


def decide(source: bytes, scan: ScanResult, rows: Iterable[tuple[Row, Entry]], surroundings: Surroundings) -> dict[str, Upgrade | Kept]:
    """Return what becomes of each function of a routed METH_VARARGS row, and of those that other files' rows name."""
    wanted: dict[str, list[tuple[Row, Entry]]] = {}
    for row, entry in rows:
        if entry.routed and entry.convention in UPGRADED and entry.function:
            wanted.setdefault(entry.function, []).append((row, entry))
    shared = surroundings.listed_elsewhere().keys() & {f.name for f in scan.functions if f.body}
    if not wanted and not shared:
        return {}
    unit = _Unit.of(source, scan, surroundings)
    found = {name: unit.decide(name, mine) for name, mine in wanted.items()}
    offered = {name: unit.offer(name) for name in sorted(shared) if name not in wanted}
    return found | {name: outcome for name, outcome in offered.items() if isinstance(outcome, Upgrade)}


def offer(source: bytes, scan: ScanResult, name: str, surroundings: Surroundings) -> Upgrade | Kept:
    """Return what becomes of a function of this file that other files' rows name."""
    return _Unit.of(source, scan, surroundings).offer(name)


@dataclass(slots=True)
class _Unit:
    text: bytes
    scan: ScanResult
    surroundings: Surroundings
    mentions: Mentions

    @classmethod
    def of(cls, source: bytes, scan: ScanResult, surroundings: Surroundings) -> _Unit:
        text = lexer.normalise(source)
        return cls(text, scan, surroundings, Mentions(text, scan.language))

    @property
    def language(self) -> Language:
        return self.scan.language

    def _functions(self, name: str) -> list[Function]:
        return [f for f in self.scan.functions if f.name == name and f.scope.kind is ScopeKind.FILE]

    def decide(self, name: str, rows: list[tuple[Row, Entry]]) -> Upgrade | Kept:
        conventions = listed(self.text, self.scan).get(name, frozenset()) | {entry.convention for _, entry in rows}
        functions = self._functions(name)
        if reason := self.surroundings.refuses(name):
            return Kept(reason, rows[0][0].line)
        if len(conventions) != 1 or any(f.name == name and f.scope.kind is not ScopeKind.FILE for f in self.scan.functions):
            return Kept(Reason.REFERENCED, rows[0][0].line)
        keywords = conventions == {'varargs|keywords'}
        if not any(f.body for f in functions):
            return self._elsewhere(name, rows[0][0].line, keywords=keywords)
        if name in self.surroundings.listed_elsewhere():
            return self.offer(name)
        stays = self._stays(name, functions, rows)
        return self._second(functions, stays, rows, keywords=keywords) if stays else self._rewrite(functions, keywords=keywords)

    def _elsewhere(self, name: str, line: int, *, keywords: bool) -> Upgrade | Kept:
        found = self.surroundings.offer_elsewhere(name)
        if isinstance(found, Upgrade):
            if found.keywords != keywords:
                return Kept(Reason.SIGNATURE, line)
            return Upgrade((), frozenset({f'by_tuple{_suffix(keywords=keywords)}'}), keywords, 'elsewhere')
        return found or Kept(Reason.EXTERNAL_DEFINITION, line)

    def offer(self, name: str) -> Upgrade | Kept:
        """Give a function that other files' rows name a second entry that they can call."""
        functions = self._functions(name)
        line = functions[0].line
        conventions = self.surroundings.listed_elsewhere()[name] | listed(self.text, self.scan).get(name, frozenset())
        if reason := self.surroundings.refuses(name):
            return Kept(reason, line)
        if len(conventions) != 1 or not conventions <= UPGRADED.keys() or self.surroundings.is_macro(name):
            return Kept(Reason.EXTERNAL_LINKAGE, line)
        if self._internal(functions) or any(f.scope.path for f in functions):
            return Kept(Reason.EXTERNAL_DEFINITION, line)
        return self._second(functions, _Stays(Reason.EXTERNAL_LINKAGE, line), [], keywords=conventions == {'varargs|keywords'})

    def _stays(self, name: str, functions: list[Function], rows: list[tuple[Row, Entry]]) -> _Stays | None:
        """Return why others than routed rows of this file need the function as it is."""
        if not self._internal(functions) and self.surroundings.mentioned_elsewhere(name):
            return _Stays(Reason.EXTERNAL_LINKAGE, functions[0].line)
        if self.surroundings.may_be_pasted(name):
            return _Stays(Reason.MAY_BE_PASTED, functions[0].line)
        own = [f.name_span for f in functions] + [span for row, _ in rows if (span := row.fields[1])]
        for place in self.mentions.of(name.encode(), own):
            reason = Reason.CALLED_DIRECTLY if self.mentions.is_call(name.encode(), place) else Reason.REFERENCED
            return _Stays(reason, self._line(place))
        return None

    def _internal(self, functions: list[Function]) -> bool:
        return any(f.static or '' in f.scope.path for f in functions)

    def _line(self, place: int) -> int:
        return self.text.count(b'\n', 0, place) + 1

    def _rewrite(self, functions: list[Function], *, keywords: bool) -> Upgrade | Kept:
        """Let the function itself take the vector, at its definitions and declarations."""
        edits: list[Edit] = []
        calls: set[str] = set()
        for function in functions:
            found = self._definition(function, keywords=keywords)
            if isinstance(found, Kept):
                return found
            edits += [*found.edits, *self._parameters(function, keywords=keywords, used=bool(found.edits))]
            calls |= found.calls
        return Upgrade(tuple(edits), frozenset(calls), keywords)

    def _second(self, functions: list[Function], stays: _Stays, rows: list[tuple[Row, Entry]], *, keywords: bool) -> Upgrade | Kept:
        """Let a second entry take the vector."""
        static = self._internal(functions)
        if self._says_its_name(functions) or (static and not self._in_time(functions, rows)):
            return Kept(stays.reason, stays.line)
        edits: list[Edit] = []
        calls: set[str] = set()
        for function in functions:
            found = self._definition(function, keywords=keywords)
            if isinstance(found, Kept):
                return found
            frame = Frame.of(self.text, function)
            if frame is None:
                return Kept(stays.reason, stays.line)
            if function.body:
                edits += [*found.edits, *self._parameters(function, keywords=keywords, used=bool(found.edits))]
            if function.body or static:
                edits += entries.edits(function, frame, keywords=keywords, reads=found.reads, cxx=self.language == 'c++')
            calls |= found.calls | ({f'by_vector{_suffix(keywords=keywords)}'} if found.reads else set())
        return Upgrade(tuple(edits), frozenset(calls), keywords, 'static' if static else 'shared')

    def _in_time(self, functions: list[Function], rows: list[tuple[Row, Entry]]) -> bool:
        """Tell whether something declares the second entry before each stub that calls it."""
        start = min(f.span.end for f in functions)
        return all(span.start >= start for row, _ in rows if (span := row.fields[1]))

    def _says_its_name(self, functions: list[Function]) -> bool:
        macros = self.surroundings.macros_bringing(SELF_NAMING)
        return any(f.body and says_its_name(self.text, f.body, self.language, macros) for f in functions)

    def _definition(self, function: Function, *, keywords: bool) -> Uses | Kept:
        """Return what a function does with its parameters: nothing where it is only declared."""
        names = self._parameter_names(function, 3 if keywords else 2)
        if names is None:
            return Kept(Reason.SIGNATURE, function.line)
        hidden = self.surroundings.macros_with({name for name in names if name}) if function.body else frozenset()
        uses = Uses(self.text, self.language, function.body or Span(0, 0), names[0], names[1], hidden)
        escape = uses.read()
        return self._kept(escape) if escape else uses

    def _kept(self, escape: Escape) -> Kept:
        return Kept(escape.reason, self._line(escape.offset))

    def _parameter_names(self, function: Function, count: int) -> tuple[bytes | None, bytes | None] | None:
        """Return the names of `args` and `kwargs` (None: it has none), or None where these are not two objects."""
        if function.varies or len(function.parameters) != count:
            return None
        names = [self._name(parameter) for parameter in function.parameters[1:]]
        if any(name is None for name in names):
            return None
        return names[0] or None, (names[1] or None) if count == 3 else None

    def _name(self, parameter: Parameter) -> bytes | None:
        """Return the name of an object parameter, empty where it can not be used; None where it is no object."""
        text = self.text[parameter.span.start : parameter.span.end]
        text = _ATTRIBUTES.sub(b' ', text).strip()
        unused = _UNUSED.search(text)
        if unused:
            text = text[: unused.start()].rstrip()
        match = _OBJECT_PARAMETER.match(text)
        if not match:
            return None
        return b'' if unused else match[1]

    def _parameters(self, function: Function, *, keywords: bool, used: bool) -> list[Edit]:
        cxx = self.language == 'c++'
        attribute = '' if used or not function.body else ' __attribute__((unused))'
        args = f'{c_type(VECTOR, cxx=cxx)}{ARGS}{attribute}, {c_type(SIZE, cxx=cxx)}{NARGS}'
        # `(void)args;` and a lone GET_SIZE use one of the two; the other must not warn.
        edits = [self._edit(function.parameters[1].span, f'{args} __attribute__((unused))')]
        if keywords:
            edits.append(self._edit(function.parameters[2].span, f'{c_type(OBJECT, cxx=cxx)}{KWNAMES} __attribute__((unused))'))
        return edits

    def _edit(self, span: Span, text: str) -> Edit:
        return Edit(span, text.encode() + b'\n' * self.text.count(b'\n', span.start, span.end))
