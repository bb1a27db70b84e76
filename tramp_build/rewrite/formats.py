"""Functions that parse by one format each, for the formats that a unit has as literals of plain units.

libtramp has one for each of the commonest formats.  For any other a unit has a function in line that tells libtramp its shape, so that the
format is not read at each call; what that costs is two instructions for each output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.signatures import OBJECT, VECTOR, c_type
from tramp_build.upgrade.formats import TYPED, Format

if TYPE_CHECKING:
    from collections.abc import Iterable

_INLINE: Final = 'static __inline__ __attribute__((__always_inline__, __unused__))'
_SHAPED: Final = '__UINT64_TYPE__ shape, const volatile void *const *outputs'
_LETTER_BITS: Final = 7


def functions(formats: Iterable[Format], *, visible: str, cxx: bool) -> list[str]:
    """Return the declarations and definitions for these formats."""
    found = sorted(formats, key=lambda f: f.name)
    parts = [f'{visible} int {f.name}({_parameters(f, cxx=cxx)});' for f in found if f.is_common]
    others = [f for f in found if not f.is_common]
    if any(not f.keywords and f.units for f in others):
        parts.append(f'{visible} int tramp_parse_plain({_vector(cxx=cxx)}, const char *format, {_SHAPED});')
    if any(f.keywords for f in others):
        parts.append(f'{visible} int tramp_parse_plain_keywords({_vector(cxx=cxx)}, {_names(cxx=cxx)}, {_SHAPED});')
    return parts + [_function(f, cxx=cxx) for f in others]


def shape_of(found: Format) -> int:
    """How libtramp is told of a format: tramp_parse_plain in tramp.h."""
    letters = sum(ord(letter) << _LETTER_BITS * i for i, letter in enumerate(found.units))
    return letters << 8 | found.required << 4 | len(found.units)


def _outputs(found: Format) -> list[str]:
    """What comes behind the format: the parameters' names."""
    return [name for i, letter in enumerate(found.units) for name in ([f'type{i}'] if letter == TYPED else []) + [f'out{i}']]


def _vector(*, cxx: bool) -> str:
    return f'{c_type(VECTOR, cxx=cxx)}args, __PTRDIFF_TYPE__ nargs'


def keyword_list(*, cxx: bool) -> str:
    """Spell the type of a list of names."""
    # C++ takes `const char **` since 3.13 (PY_CXX_CONST); of all older headers this is the superset.
    return 'const char *const *' if cxx else 'char *const *'


def _names(*, cxx: bool) -> str:
    return f'{c_type(OBJECT, cxx=cxx)}kwnames, const char *format, {keyword_list(cxx=cxx)}keywords'


def _parameters(found: Format, *, cxx: bool) -> str:
    fixed = _names(cxx=cxx) if found.keywords else 'const char *format'
    outputs = [f'{"const" if name.startswith("type") else "volatile"} void *{name}' for name in _outputs(found)]
    return ', '.join([_vector(cxx=cxx), fixed, *outputs])


def _function(found: Format, *, cxx: bool) -> str:
    outputs = _outputs(found)
    if not outputs:
        body = 'return __builtin_expect(nargs == 0, 1) ? 1 : tramp_parse(args, nargs, format);'
    else:
        # Stored one by one: C90 has only constants in the initializer of an array.
        stores = ' '.join(f'outputs[{i}] = {name};' for i, name in enumerate(outputs))
        call = (
            'tramp_parse_plain_keywords(args, nargs, kwnames, format, keywords'
            if found.keywords
            else 'tramp_parse_plain(args, nargs, format'
        )
        body = f'const volatile void *outputs[{len(outputs)}]; {stores} return {call}, {_literal(shape_of(found), cxx=cxx)}, outputs);'
    return f'{_INLINE} int {found.name}({_parameters(found, cxx=cxx)}) {{ {body} }}'


def _literal(shape: int, *, cxx: bool) -> str:
    """In halves: C90 and C++98 have no literal of that size everywhere."""
    high, low = shape >> 32, shape & 0xFFFFFFFF
    half = f'static_cast<__UINT64_TYPE__>({high:#x}U)' if cxx else f'(__UINT64_TYPE__){high:#x}U'
    return f'({half} << 32 | {low:#x}U)' if high else f'{low:#x}U'
