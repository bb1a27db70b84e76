"""The heads of tables: `static PyMethodDef C::methods[] =`."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.scan.functions import spell, start_of
from tramp_build.scan.lexer import TABLE_TYPES, WORD, Token
from tramp_build.scan.syntax import Declaration
from tramp_build.scan.variants import without_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.model import Condition, Row
    from tramp_build.scan.syntax import Item

# In front of the type these make it something else than a variable.
_NOT_A_VARIABLE: Final = frozenset(b'typedef using return new delete sizeof friend operator case goto'.split())
_ENDS_TYPE: Final = frozenset({b'>', b',', b')', b'['})
_SPECIFIERS: Final = frozenset(b'const volatile constexpr constinit static inline'.split())


class Head(NamedTuple):
    """A table up to its `{`."""

    kind: str
    name: str
    name_start: int
    type_token: int  # the index of the type among the tokens of the declaration
    start: int  # of the first specifier
    array: bool
    static: bool


@dataclass(slots=True)
class OpenTable:
    """A table that is being read."""

    head: Head
    line: int
    condition: Condition
    reported: bool
    specifiers: list[Token]  # up to the type, for the next declarator
    split: bool = False  # it has another head in another branch of an `#if`
    rows: list[Row] = field(default_factory=list)
    starts: dict[int, int] = field(default_factory=dict)  # where a row begins -> its place in `rows`
    flat: list[Sequence[Token]] = field(default_factory=list)  # members of a row that has no braces of its own


def find_head(declaration: Declaration) -> Head | None:
    """Return the table that a declaration, up to its `{`, defines; None if it is something else."""
    tokens, everything, items = declaration.tokens, declaration.everything, declaration.items
    # The last one, as a macro call or a declaration without its semicolon may stand before.
    at = next((i for i in range(len(items) - 1, -1, -1) if _type_of(items, i, tokens)), None)
    if at is None or any(item.text in _NOT_A_VARIABLE for item in items[:at]):
        return None
    declarator = _last_declarator(items, at)
    array = bool(declarator) and declarator[-1].text == b'[]'
    while declarator and declarator[-1].text == b'[]':
        declarator.pop()
    if not _is_name(declarator):
        return None
    type_item = everything.index(items[at])
    first = start_of(everything, type_item, behind_macro=False)
    name = tokens[declarator[0].first : declarator[-1].last + 1]
    static = any(item.text == b'static' for item in everything[first : everything.index(declarator[0])])
    return Head(
        _type_of(items, at, tokens).decode(), spell(name), declarator[-1].start, items[at].last, everything[first].start, array, static
    )


def _type_of(items: Sequence[Item], at: int, tokens: Sequence[Token]) -> bytes:
    """Return the type of tables that an item is, by itself or in a macro: `DL_EXPORT(PyTypeObject) t = {`; empty where it is none."""
    item = items[at]
    if item.text in TABLE_TYPES:
        return item.text
    is_argument = item.text == b'()' and item.last == item.first + 2 and at > 0 and items[at - 1].kind == WORD
    text = tokens[item.first + 1][1] if is_argument else b''
    return text if text in TABLE_TYPES and at + 1 < len(items) and items[at + 1].kind == WORD else b''


def is_made_elsewhere(tokens: Sequence[Token], cxx: bool) -> bool:
    """Whether a declaration up to its semicolon is an array of rows that a macro or another name gives: `PyMethodDef m[] = METHODS`."""
    equals = next((index for index, token in enumerate(tokens) if token[1] == b'='), None)
    if equals is None or equals + 1 == len(tokens):
        return False
    head = find_head(Declaration.of(without_marks(tokens[: equals + 1]), cxx))
    return head is not None and head.array


def holds_tables(tokens: Sequence[Token]) -> bool:
    """Whether a brace behind `tokens` is that of `vector<PyMethodDef> m = {...}` or `p = (PyMethodDef[]){...}`."""
    texts = [token[1] for token in tokens]
    around = zip(texts, texts[1:], texts[2:], strict=False)
    return b'=' in texts and any(one in (b'<', b'(') and two in TABLE_TYPES and three in _ENDS_TYPE for one, two, three in around)


def _last_declarator(items: Sequence[Item], at: int) -> list[Item]:
    """Return what is declared last after the type at `at`, without `=`: of `PyMethodDef a[] = {...}, b[] =` the `b[]`."""
    begin = next((i for i in range(len(items) - 1, at, -1) if items[i].text == b','), at) + 1
    declarator = [item for item in items[begin:] if item.kind != WORD or item.text not in _SPECIFIERS]
    if declarator and declarator[-1].text == b'=':
        declarator.pop()
    return declarator


def _is_name(items: Sequence[Item]) -> bool:
    """Whether this is a name, qualified perhaps, and nothing else (`*p`, `f()`)."""
    if not items or items[-1].kind != WORD or not all(item.kind == WORD or item.text in (b'::', b'<>') for item in items):
        return False
    return not any(one.kind == WORD and two.kind == WORD for one, two in pairwise(items))
