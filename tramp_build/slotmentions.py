"""Mentions of a slot's function that get its stub as well, so that what is compared with the slot stays equal.  Pure.

`if (Py_TYPE(o)->tp_dealloc == f)`, `Py_TRASHCAN_BEGIN(o, f)`, `table[3] = (void *)f`: where every mention of `f` but calls and
declarations names the stub instead, nobody can tell the two apart.  The stub then stands behind the function, since it has to be there
wherever the function is, and the mention keeps the function's type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.model import ScopeKind, Span
from tramp_build.scan import lexer
from tramp_build.signatures import cast
from tramp_build.upgrade.uses import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tramp_build.model import Condition, Function

# What asks about a name itself.
_OPERATORS: Final = frozenset(b'sizeof typeof __typeof __typeof__ _Alignof alignof _Generic __attribute__ __attribute asm __asm__'.split())
# Macros of others that say their argument in a message, or may.
_FOREIGN: Final = re.compile(rb'(?!Py_|_Py)[A-Z_][A-Z0-9_]*\Z')
_LINE: Final = re.compile(rb'[^\n]*\\\r?\n')


def text_of(function: str, stub: str) -> str:
    """What a mention becomes: the stub as a function of the function's type, so that `&` may stand before it."""
    return f'(*{cast(f"__typeof__(&{function})", stub, cxx=False)})'


@dataclass(frozen=True, slots=True)
class Followers:
    """Finds the mentions in one C file that can name a stub."""

    text: bytes  # in plain spelling
    functions: Sequence[Function]
    # Tells whether the macro of that name, if there is one, makes a string or a name of its argument.
    quotes: Callable[[bytes], bool]
    is_macro: Callable[[bytes], bool]

    def follow(self, name: str, here: Sequence[Function], places: Sequence[int], before: int) -> tuple[Span, ...] | None:
        """Return the mentions at `places`, None if one of them has to stay; `before` is where the first table stands."""
        first = min(*places, before)
        if not any(f.static for f in here) or not self._has_place(here, first):
            return None
        word = name.encode()
        return tuple(Span(p, p + len(word)) for p in places) if all(self._is_plain(p) for p in places) else None

    @staticmethod
    def _has_place(here: Sequence[Function], first: int) -> bool:
        """Tell whether a stub can be declared in front of all that names it, wherever the function is defined."""
        definitions = [f for f in here if f.body]
        conditions = [f.scope.condition for f in definitions]
        if not definitions or len(set(conditions)) != len(conditions) or any(f.scope.kind is not ScopeKind.FILE or f.varies for f in here):
            return False
        early = [f for f in here if f.span.end <= first]
        late = [f for f in definitions if f.span.end > first]
        return all(f.span.start <= first or any(_covers(e.scope.condition, f.scope.condition) for e in early) for f in late)

    def _is_plain(self, place: int) -> bool:
        """Tell whether a mention is an expression that the compiler sees as it is written."""
        if self._is_in_directive(place):
            return False
        depth = 0
        found = tokens(self.text, Span(self._start(place), place), 'c')
        for index in range(len(found) - 1, -1, -1):
            text = found[index][1]
            if text in (b')', b']'):
                depth += 1
            elif depth:
                depth -= text in (b'(', b'[')
            elif text in (b';', b'{', b'}'):
                break
            elif text == b'(' and index and found[index - 1][0] == lexer.WORD and self._may_quote(found[index - 1][1]):
                return False
        return not (found and found[-1][1] in _OPERATORS)

    def _start(self, place: int) -> int:
        """Return where reading can begin that has to come to `place`: the body that it is in, or the end of the one before."""
        ends = (end for f in self.functions if f.body and (end := f.body.start if place < f.body.end else f.body.end) <= place)
        return max(ends, default=0)

    def _may_quote(self, called: bytes) -> bool:
        if called in _OPERATORS or self.quotes(called):
            return True
        foreign = not self.is_macro(called) and all(f.name.encode() != called for f in self.functions)
        return foreign and (b'assert' in called.lower() or _FOREIGN.match(called) is not None)

    def _is_in_directive(self, place: int) -> bool:
        start = self.text.rfind(b'\n', 0, place) + 1
        while start and _LINE.fullmatch(self.text, self.text.rfind(b'\n', 0, start - 1) + 1, start):
            start = self.text.rfind(b'\n', 0, start - 1) + 1
        return self.text[start:place].lstrip().startswith(b'#')


def _covers(outer: Condition, inner: Condition) -> bool:
    return inner[: len(outer)] == outer
