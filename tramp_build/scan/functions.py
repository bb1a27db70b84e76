"""Is this declaration a function, and what are its name and parameters?

A declaration has several groups in parentheses: macro calls, attributes, the parameter list, initialisers.  The parameter list is the first
one behind a name that a type stands before (`int f(...)`); failing that, the last one that may be it (`Py_LOCAL(int) f(...)`, `C::C(...)`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Span
from tramp_build.scan.keywords import CLASS_KEYS, NOT_A_FUNCTION_C, NOT_A_FUNCTION_CXX, STORAGE, TRAILING, never_names
from tramp_build.scan.lexer import CHAR, NUMBER, STRING, WORD, Token
from tramp_build.scan.literals import text_of
from tramp_build.scan.parameters import parameters
from tramp_build.scan.syntax import ATTRIBUTE, GROUP, OPERATOR, Declaration, Item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.model import Parameter

# Macros whose argument is the type: what they begin is part of the declaration.
_TYPE_MACROS: Final = (b'Py_LOCAL', b'PyAPI_FUNC', b'PyAPI_DATA', b'PyMODINIT')
_NO_LIST_BEFORE: Final = frozenset({b'()', b'[]', b'::', b'<>', b'.', b'->*'})
_NO_TYPE: Final = STORAGE | CLASS_KEYS | {b'typename'}

_NONE, _WEAK, _STRONG = range(3)
# No declarator but the first can have a body, and brackets without their other half make all that follows doubtful.
_NOT_BEFORE: Final = frozenset({b',', b')', b']'})


class Header(NamedTuple):
    """A function without its body."""

    name: str
    start: int  # of the first specifier
    name_span: Span
    name_token: int  # its index among the tokens of the declaration
    parameters: tuple[Parameter, ...]
    static: bool
    varies: bool = False  # an `#if` decides about the parameters


class _Candidate(NamedTuple):
    """A name and what may be its parameter list: indices into the items."""

    first: int
    last: int
    group: int


def find_function(declaration: Declaration, cxx: bool, class_name: str | None, defines: bool) -> Header | None:
    """Return the function that a declaration, up to its `{` or `;`, declares.

    `class_name` is the innermost class that it stands in; `defines` says that a body follows.
    """
    items = declaration.items
    stop = NOT_A_FUNCTION_CXX if cxx else NOT_A_FUNCTION_C
    never = never_names(cxx)
    weak: _Candidate | None = None
    found: _Candidate | None = None
    for index, item in enumerate(items):
        if item.kind == WORD and item.text in stop:
            return None
        if item.text == b'=' or (item.text == b':' and weak):
            break
        candidate = _candidate(items, index, never) if item.text == b'()' else None
        strength = _strength(items, candidate, defines) if candidate else _NONE
        if strength == _STRONG:
            found = candidate
            break
        if strength == _WEAK and (weak is None or _is_lower(items[index - 1].text) or items[weak.last].text.startswith(_TYPE_MACROS)):
            weak = candidate  # `Py_LOCAL(int) f()` and not `C::C() NOEXCEPT(x)`
    if found is None and weak is not None and _weak_is_enough(items, weak, class_name, cxx, defines):
        found = weak
    if found is None or (defines and _is_doubtful(items[: found.first])):
        return None
    if not defines and _are_arguments(declaration.inside(items[found.group])):
        return None
    return _header(declaration, found, cxx, defines)


def _is_doubtful(before: Sequence[Item]) -> bool:
    """Whether what stands before the name of a definition can not begin one: nothing may be put in front of it."""
    return any(item.text in _NOT_BEFORE or item.kind in (NUMBER, CHAR) for item in before) or (bool(before) and before[0].text == b'()')


def start_of(items: Sequence[Item], index: int, *, behind_macro: bool) -> int:
    """Return the index of the item where the declaration of `items[index]` begins: at its specifiers, not at a macro call before them.

    With `behind_macro`, a macro call right before it is taken for its type.
    """
    at = index
    while taken := _specifier_before(items, at, behind_macro and at == index):
        at -= taken
    return at


def _specifier_before(items: Sequence[Item], at: int, behind_macro: bool) -> int:
    """Return how many items before `at` are one more specifier of the declaration."""
    if not at:
        return 0
    item = items[at - 1]
    if item.kind in (WORD, ATTRIBUTE) or item.text in (b'*', b'&', b'&&', b'::', b'<>', b'~'):
        return 1
    if at > 1:
        before = items[at - 2]
        if item.kind == STRING:
            return 2 if before.text == b'extern' else 0
        if item.text == b'()' and before.kind == WORD:
            return 2 if behind_macro or _is_in_specifiers(items, at - 2) else 0
    return 0


def _is_in_specifiers(items: Sequence[Item], macro: int) -> bool:
    return items[macro].text.startswith(_TYPE_MACROS) or (macro > 0 and items[macro - 1].text in STORAGE)


def _candidate(items: Sequence[Item], group: int, never: frozenset[bytes]) -> _Candidate | None:
    """Return the name that stands before what may be a parameter list."""
    last = group - 1
    first = last - 1 if last > 0 and items[last].text == b'<>' else last
    if first < 0 or items[first].kind != WORD or items[first].text in never:
        return None
    return _Candidate(_qualified(items, first, never), last, group)


def _qualified(items: Sequence[Item], first: int, never: frozenset[bytes]) -> int:
    """Return where the qualified name begins whose last part is at `first`."""
    if first and items[first - 1].text == b'~':
        first -= 1
    while first and items[first - 1].text == b'::':
        first -= 1
        before = first - 2 if first > 1 and items[first - 1].text == b'<>' else first - 1
        if before < 0 or items[before].kind != WORD or items[before].text in never:
            break
        first = before
    return first


def _strength(items: Sequence[Item], candidate: _Candidate, defines: bool) -> int:
    if candidate.group + 1 < len(items) and not _may_follow(items, candidate.group + 1, defines):
        return _NONE
    if not candidate.first:
        return _WEAK
    before = items[candidate.first - 1]
    if before.text in (b'*', b'&', b'&&', b'...'):
        return _STRONG
    if before.text == b'<>':
        return _WEAK if candidate.first > 1 and items[candidate.first - 2].text == b'template' else _STRONG
    return _STRONG if before.kind == WORD and before.text not in _NO_TYPE else _WEAK


def _may_follow(items: Sequence[Item], index: int, defines: bool) -> bool:
    """Whether what stands at `index` may stand behind a parameter list."""
    item = items[index]
    if item.text in TRAILING:
        return True
    if item.kind != WORD:
        return False
    if any(other.text == b';' for other in items[index:]):
        return defines  # K&R parameters
    if not _is_lower(item.text):  # NORETURN, PRINTF(1, 2), and what may come behind that
        end = next((at for at in range(index, len(items)) if items[at].text in TRAILING), len(items))
        rest = items[index:end]
        calls = any(two.text == b'()' and one.kind == WORD and _is_lower(one.text) for one, two in pairwise(rest))
        return not calls and all(other.kind in (WORD, GROUP) for other in rest)
    return index + 1 == len(items)


def _is_lower(word: bytes) -> bool:
    return not word.isupper()


def _weak_is_enough(items: Sequence[Item], weak: _Candidate, class_name: str | None, cxx: bool, defines: bool) -> bool:
    """Whether something is a function that no type stands before: constructors, conversions, `static f()`, `Py_LOCAL(int) f()`."""
    first = items[weak.first]
    last = items[weak.last - 1 if items[weak.last].text == b'<>' else weak.last]
    if first.text in (OPERATOR, b'~') or (class_name is not None and text_of(last.text) == class_name):
        return True
    if any(item.text == b'::' for item in items[weak.first : weak.last]):
        return defines
    if not weak.first:
        return defines and not cxx and _is_lower(last.text)
    if weak.first > 1 and items[weak.first - 2].text.startswith(_TYPE_MACROS):
        return True
    return _is_lower(last.text)


def _are_arguments(tokens: Sequence[Token]) -> bool:
    """Whether `x(...)` is a variable with constructor arguments, or a macro call: one of them begins with a literal."""
    begins = True
    for kind, text, _, _ in tokens:
        if begins and kind in (NUMBER, STRING, CHAR):
            return True
        begins = text in (b',', b'(') or (begins and text == b'-')
    return False


def _header(declaration: Declaration, found: _Candidate, cxx: bool, defines: bool) -> Header:
    items, everything = declaration.items, declaration.everything
    first, last = items[found.first], items[found.last]
    at = everything.index(first)
    start = start_of(everything, at, behind_macro=True)
    return Header(
        name=spell(declaration.tokens[first.first : last.last + 1]),
        start=everything[start].start,
        name_span=Span(first.start, last.end),
        name_token=first.first,
        parameters=parameters(declaration.inside(items[found.group]), cxx=cxx, old_style=defines and not cxx),
        static=any(item.text == b'static' for item in everything[start:at]),
    )


def spell(tokens: Sequence[Token]) -> str:
    """Return a name in one spelling: `C::operator bool`, `A<B, C>::f` without its spaces."""
    text = b''
    for kind, part, _, _ in tokens:
        text += b' ' + part if kind == WORD and text[-1:].isalnum() else part
    return text_of(text)
