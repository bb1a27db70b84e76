"""Is this declaration a function, and what is its name and what are its parameters?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.model import Parameter, Span
from tramp_build.scan.lexer import CHAR, NUMBER, PUNCT, STRING, WORD, Token
from tramp_build.scan.literals import text_of
from tramp_build.scan.syntax import ATTRIBUTE, GROUP, Item, collapse

if TYPE_CHECKING:
    from collections.abc import Sequence

# A declaration with one of these is a statement, or names no function that could stand in a table.
_NOT_A_FUNCTION: Final = frozenset(
    b'typedef using friend return if else while for do switch case goto break continue new delete sizeof concept static_assert '
    b'_Static_assert enum namespace'.split()
)
_STORAGE: Final = frozenset(
    b'static extern inline __inline __inline__ __forceinline virtual explicit constexpr consteval constinit register _Noreturn '
    b'__extension__ template export thread_local _Thread_local __thread mutable'.split()
)
_TYPE_WORDS: Final = frozenset(
    b'void char short int long float double signed unsigned bool _Bool _Complex wchar_t char8_t char16_t char32_t auto size_t '
    b'struct union class const volatile restrict __restrict __restrict__ typename __const __signed__ __volatile__ __int64'.split()
)
_TAGS: Final = frozenset(b'struct class union enum typename'.split())
_QUALIFIERS: Final = frozenset(b'const volatile restrict __restrict __restrict__ __const'.split())
NEVER_NAMES: Final = (
    _STORAGE | _TYPE_WORDS | _NOT_A_FUNCTION | frozenset(b'decltype operator try catch throw defined alignof _Alignof'.split())
)
_TRAILING: Final = frozenset(b'const volatile override final try requires noexcept throw & && -> : = ,'.split())
# Macros whose argument is the type: what they begin is part of the declaration.
_TYPE_MACROS: Final = (b'Py_LOCAL', b'PyAPI_FUNC', b'PyAPI_DATA', b'PyMODINIT')


@dataclass(frozen=True, slots=True)
class Header:
    """A function without its body."""

    name: str
    start: int  # of the first specifier
    name_start: int
    name_end: int
    name_token: int
    parameters: tuple[Parameter, ...]
    static: bool


def start_of(items: Sequence[Item], index: int) -> int:
    """The index of the item where the declaration begins that `items[index]` belongs to: its specifiers, not a macro call before them."""
    at = index
    while at > 0:
        item = items[at - 1]
        if item.kind in (WORD, ATTRIBUTE, STRING) or item.text in (b'*', b'&', b'&&', b'::', b'<>'):
            at -= 1
        elif item.text == b'()' and at > 1 and (at == index or items[at - 2].text.startswith(_TYPE_MACROS)):
            at -= 2
        else:
            break
    return at


def find_function(tokens: Sequence[Token], cxx: bool, class_name: str | None, defines: bool) -> Header | None:
    """The function that `tokens` (a declaration up to its `{` or `;`) declare, or None.

    `class_name` is the innermost class that it stands in; `defines` says that a body follows.
    """
    everything = _without_labels(collapse(tokens, cxx))
    items = [item for item in everything if item.kind != ATTRIBUTE]
    weak: tuple[int, int, int] | None = None
    for index, item in enumerate(items):
        if item.text in _NOT_A_FUNCTION and item.kind == WORD:
            return None
        if item.text == b'=' and not (index and items[index - 1].text == b'operator'):
            break
        if item.text == b':' and weak is not None:
            break
        if item.text != b'()' or item.kind != GROUP:
            continue
        name = _name_before(items, index)
        if name is None:
            continue
        strength = _strength(items, name[0], index, defines)
        if strength == 2:
            return _header(tokens, everything, items, name, index, cxx, defines)
        if strength == 1:
            weak = (*name, index)
    if weak is not None and _weak_is_enough(items, weak, class_name, cxx, defines):
        return _header(tokens, everything, items, weak[:2], weak[2], cxx, defines)
    return None


def _without_labels(items: list[Item]) -> list[Item]:
    """`items` without a leading `public:` and the like."""
    while len(items) > 1 and items[0].kind == WORD:
        if items[1].text == b':':
            del items[:2]
        elif len(items) > 2 and items[2].text == b':' and items[1].text in (b'slots', b'Q_SLOTS'):
            del items[:3]
        else:
            break
    return items


def _name_before(items: Sequence[Item], group: int) -> tuple[int, int] | None:
    """First and last item of the name that stands before the parameter list `items[group]`."""
    last = group - 1
    if last < 0:
        return None
    for back in range(last, max(last - 4, -1), -1):
        if items[back].text == b'operator' and (back < last or group + 1 < len(items)):
            if back == last:
                return None  # operator()(...): the next group is the parameter list
            return _qualified(items, back), last
    first = last
    if items[first].text == b'<>':
        first -= 1
    if first < 0 or items[first].kind != WORD or items[first].text in NEVER_NAMES:
        return None
    return _qualified(items, first), last


def _qualified(items: Sequence[Item], first: int) -> int:
    """Where the qualified name begins whose last part is at `first`."""
    if first and items[first - 1].text == b'~':
        first -= 1
    while first and items[first - 1].text == b'::':
        first -= 1
        before = first - 1
        if before >= 1 and items[before].text == b'<>':
            before -= 1
        if before >= 0 and items[before].kind == WORD and items[before].text not in NEVER_NAMES:
            first = before
        else:
            break
    return first


def _strength(items: Sequence[Item], name: int, group: int, defines: bool) -> int:
    """2: a type stands before the name; 1: it may be a function; 0: it is not."""
    following = items[group + 1] if group + 1 < len(items) else None
    if following is not None:
        if following.text in (b'()', b'[]', b'::', b'<>', b'.', b'->*'):
            return 0
        if following.kind == WORD and following.text not in _TRAILING and not _is_attribute_macro(items, group + 1, defines):
            return 0
        if following.kind != WORD and following.text not in _TRAILING:
            return 0
    if not name:
        return 1
    before = items[name - 1]
    if before.text in (b'*', b'&', b'&&', b'...'):
        return 2
    if before.text == b'<>':
        return 1 if name > 1 and items[name - 2].text == b'template' else 2
    if before.kind == WORD and before.text not in _STORAGE and before.text not in (b'struct', b'class', b'union', b'typename'):
        return 2
    return 1


def _is_attribute_macro(items: Sequence[Item], index: int, defines: bool) -> bool:
    """Whether the words behind a parameter list are macros such as `NORETURN` or `PRINTF(1, 2)`, or K&R parameters."""
    word = items[index]
    if not any(97 <= byte <= 122 for byte in word.text):
        return all(item.kind in (WORD, GROUP) for item in items[index:]) and not _has_later_function(items, index)
    if defines and any(item.text == b';' for item in items[index:]):
        return True
    return index + 1 == len(items)


def _has_later_function(items: Sequence[Item], index: int) -> bool:
    return any(
        items[at].text == b'()' and items[at - 1].kind == WORD and any(97 <= byte <= 122 for byte in items[at - 1].text)
        for at in range(index + 1, len(items))
    )


def _weak_is_enough(items: Sequence[Item], weak: tuple[int, int, int], class_name: str | None, cxx: bool, defines: bool) -> bool:
    first, last, group = weak
    name = items[last].text if items[last].text != b'<>' else items[last - 1].text
    if items[first].text == b'operator' or items[first].text == b'~':
        return True
    if class_name is not None and name == class_name.encode():
        return True
    lower = any(97 <= byte <= 122 for byte in name)
    if first and items[first - 1].text == b'()':
        return lower
    if last > first and any(item.text == b'::' for item in items[first:last]):
        return defines
    if first:
        return lower
    return defines and lower and not cxx and group + 1 <= len(items)


def _header(
    tokens: Sequence[Token], everything: list[Item], items: list[Item], name: tuple[int, int], group: int, cxx: bool, defines: bool
) -> Header | None:
    first, last = items[name[0]], items[name[1]]
    inner = tokens[items[group].first + 1 : items[group].last]
    if not defines and _looks_like_arguments(inner):
        return None
    at = start_of(everything, everything.index(first))
    text = b''
    for kind, part, _, _ in tokens[first.first : last.last + 1]:
        glue = b' ' if kind == WORD and text[-1:].isalnum() else b''
        text += glue + part
    return Header(
        name=text_of(text),
        start=everything[at].start,
        name_start=first.start,
        name_end=last.end,
        name_token=first.first,
        parameters=parameters(inner, cxx, defines),
        static=any(item.text == b'static' for item in everything[at : everything.index(first)]),
    )


def _looks_like_arguments(inner: Sequence[Token]) -> bool:
    """Whether `x(...)` is a variable with constructor arguments, or a macro call: it begins with a literal."""
    return any(
        kind in (NUMBER, STRING, CHAR) and (index == 0 or inner[index - 1][1] in (b',', b'(', b'-'))
        for index, (kind, _, _, _) in enumerate(inner)
    )


def parameters(tokens: Sequence[Token], cxx: bool, defines: bool) -> tuple[Parameter, ...]:
    """The parameters in a list without its parentheses."""
    found: list[Parameter] = []
    items = collapse(tokens, cxx)
    begin = 0
    for index in range(len(items) + 1):
        if index == len(items) or items[index].text == b',':
            part = items[begin:index]
            begin = index + 1
            if part and not (len(part) == 1 and part[0].text == b'void'):
                name = _parameter_name(part, tokens, defines and not cxx)
                found.append(Parameter(Span(part[0].start, part[-1].end), name))
    return tuple(found)


def _parameter_name(part: Sequence[Item], tokens: Sequence[Token], old_style: bool) -> str | None:
    words: list[Item] = []
    for index, item in enumerate(part):
        if item.text == b'=':
            break
        if item.text == b'()' and item.kind == GROUP:
            inner = tokens[item.first + 1 : item.last]
            if inner and inner[0][1] in (b'*', b'&', b'^'):  # a pointer to a function or an array
                return next((text_of(text) for kind, text, _, _ in inner if kind == WORD and text not in NEVER_NAMES), None)
            if words and words[-1] is part[index - 1]:
                words.pop()  # UNUSED(x): what the name becomes is the macro's affair
                return None
        elif item.kind == PUNCT and item.text in (b'*', b'&', b'&&'):
            words = [_POINTER]
        elif item.text == b'::' or (item.kind == WORD and item.text in _TAGS):
            words = []
        elif item.kind == WORD and item.text not in NEVER_NAMES:
            words.append(item)
        elif item.kind == WORD and item.text in _TYPE_WORDS and item.text not in _QUALIFIERS:
            words = [_POINTER]
    if len(words) == 1 and old_style and len(part) == 1 and words[0] is not _POINTER:
        return text_of(words[0].text)
    return text_of(words[1].text) if len(words) > 1 else None


_POINTER: Final = Item(PUNCT, b'*', 0, 0, 0, 0)
