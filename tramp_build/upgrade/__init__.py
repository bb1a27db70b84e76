"""Decide which METH_VARARGS functions can take a vector instead of a tuple, and how their text changes.

A function is upgraded when its `args` (and `kwargs`) go only where a vector can go, and when everything that refers to it is a routed
row of a table in its own file.  The parameters get new names, so that a use that was not seen (in a macro, say) does not compile: then
the launcher compiles the original, and nothing wrong becomes silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.model import Edit, Kept, Reason, ScopeKind, Span, Upgrade
from tramp_build.scan import lexer
from tramp_build.signatures import OBJECT, SIZE, VECTOR, c_type
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


def decide(source: bytes, scan: ScanResult, rows: Iterable[tuple[Row, Entry]], surroundings: Surroundings) -> dict[str, Upgrade | Kept]:
    """Return for each function of a routed METH_VARARGS row what becomes of it."""
    wanted: dict[str, list[tuple[Row, Entry]]] = {}
    for row, entry in rows:
        if entry.routed and entry.convention in UPGRADED and entry.function:
            wanted.setdefault(entry.function, []).append((row, entry))
    if not wanted:
        return {}
    text = lexer.normalise(source)
    unit = _Unit(text, scan, surroundings, Mentions(text, scan.language))
    return {name: unit.decide(name, found) for name, found in wanted.items()}


@dataclass(slots=True)
class _Unit:
    text: bytes
    scan: ScanResult
    surroundings: Surroundings
    mentions: Mentions

    @property
    def language(self) -> Language:
        return self.scan.language

    def decide(self, name: str, rows: list[tuple[Row, Entry]]) -> Upgrade | Kept:
        conventions = {entry.convention for _, entry in rows}
        functions = [f for f in self.scan.functions if f.name == name and f.scope.kind is ScopeKind.FILE]
        if reason := self.surroundings.refuses(name):
            return Kept(reason, rows[0][0].line)
        if not any(f.body for f in functions):
            return Kept(Reason.EXTERNAL_DEFINITION, rows[0][0].line)
        if len(conventions) != 1 or any(f.name == name and f.scope.kind is not ScopeKind.FILE for f in self.scan.functions):
            return Kept(Reason.REFERENCED, rows[0][0].line)
        if not self._internal(functions) and self.surroundings.mentioned_elsewhere(name):
            return Kept(Reason.EXTERNAL_LINKAGE, functions[0].line)
        if self.surroundings.may_be_pasted(name):
            return Kept(Reason.MAY_BE_PASTED, functions[0].line)
        if kept := self._referenced(name.encode(), functions, rows):
            return kept
        return self._rewrite(functions, keywords=conventions == {'varargs|keywords'})

    def _internal(self, functions: list[Function]) -> bool:
        return any(f.static or '' in f.scope.path for f in functions)

    def _referenced(self, name: bytes, functions: list[Function], rows: list[tuple[Row, Entry]]) -> Kept | None:
        """Everything that mentions the function has to be its declaration or one of its rows."""
        own = [f.name_span for f in functions] + [span for row, _ in rows if (span := row.fields[1])]
        for place in self.mentions.of(name, own):
            reason = Reason.CALLED_DIRECTLY if self.mentions.is_call(name, place) else Reason.REFERENCED
            return Kept(reason, self._line(place))
        return None

    def _line(self, place: int) -> int:
        return self.text.count(b'\n', 0, place) + 1

    def _rewrite(self, functions: list[Function], *, keywords: bool) -> Upgrade | Kept:
        edits: list[Edit] = []
        calls: set[str] = set()
        for function in functions:
            names = self._parameter_names(function, 3 if keywords else 2)
            if names is None:
                return Kept(Reason.SIGNATURE, function.line)
            used = False
            if function.body:
                hidden = self.surroundings.macros_with({name for name in names if name})
                uses = Uses(self.text, self.language, function.body, names[0], names[1], hidden)
                if escape := uses.read():
                    return self._kept(escape)
                edits += uses.edits
                calls |= uses.calls
                used = bool(uses.edits)
            edits += self._parameters(function, keywords=keywords, used=used)
        return Upgrade(tuple(edits), frozenset(calls))

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
