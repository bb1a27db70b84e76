"""Formats of parse calls that functions of their own can parse by: literals of plain units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.scan.literals import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

# `O!` as one letter, which no format has.
TYPED: Final = 'T'
# The others take functions, or stand for several values, or depend on PY_SSIZE_T_CLEAN.
PLAIN: Final = frozenset('bBhHiIlkLKndfOUSpsz')
# In a vector that is put in order; and a function with more parameters is no small one.
MOST: Final = 8
# Those that libtramp has (csrc/formats.def).
COMMON: Final = frozenset({'I', 'O', 'T', 'd', 'i', 'n', 's', 'OO', 'Oi', 'TT', 'dd', 'iO', 'ii', 'OOO', 'iii'})
_KINDS: Final = {'tramp_p_': False, 'tramp_k_': True}


class Format(NamedTuple):
    """What a format asks for."""

    keywords: bool  # of PyArg_ParseTupleAndKeywords
    units: str  # a letter each
    required: int

    @property
    def name(self) -> str:
        """The function that parses by it."""
        marked = self.units if self.required == len(self.units) else f'{self.units[: self.required]}_{self.units[self.required :]}'
        return f'{"tramp_k_" if self.keywords else "tramp_p_"}{marked}'

    @classmethod
    def of(cls, name: str) -> Format | None:
        """Return the format that a function of that name parses by, None where it is another one."""
        kind = _KINDS.get(name[: len('tramp_p_')])
        if kind is None:
            return None
        required, _, optional = name[len('tramp_p_') :].partition('_')
        return cls(kind, required + optional, len(required))

    @property
    def is_common(self) -> bool:
        """Tell whether libtramp has that function."""
        return not self.keywords and self.required == len(self.units) and self.units in COMMON

    @property
    def outputs(self) -> int:
        """How many variable arguments it takes."""
        return len(self.units) + self.units.count(TYPED)


def read(literals: Sequence[bytes], *, keywords: bool) -> Format | None:
    """Return what adjacent literals ask for, None where that is more than plain units."""
    text = decode(literals) if all(literal.startswith(b'"') for literal in literals) else None
    # What is behind a NUL decode() does not say.
    if text is None or any(b'\\' in literal for literal in literals):
        return None
    asked = text.replace(';', ':').partition(':')[0]
    required, _, optional = asked.replace('O!', TYPED).partition('|')
    units = required + optional
    if TYPED in asked or not set(units) <= PLAIN | {TYPED} or len(units) > MOST or (keywords and not units):
        return None
    return Format(keywords, units, len(required))
