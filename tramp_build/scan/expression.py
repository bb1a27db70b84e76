"""What the fields of a row say: which function, which flags."""

from __future__ import annotations

import re
from enum import Enum
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.model import Span
from tramp_build.scan import lexer
from tramp_build.scan.keywords import NEVER_NAMES_C, NULLS
from tramp_build.scan.lexer import COMMENT, HASH, LONG, NUMBER, OTHER, RAW, STRING, WORD, Token
from tramp_build.scan.literals import text_of
from tramp_build.scan.syntax import GROUP, Item, collapse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tramp_build.model import ScanResult

_CASTS: Final = frozenset(b'reinterpret_cast static_cast const_cast bit_cast __extension__'.split())
# A project's own macro or function: `void_cast(f)`, `PYCFUNC_CAST(f)`.
_CAST_NAME: Final = re.compile(rb'(?:\w*_)?cast\Z', re.IGNORECASE)
_CAST_CALLS: Final = frozenset(b'_PyCFunction_CAST PyCFunction_CAST _Py_CAST _Py_STATIC_CAST'.split())
# `new` and `delete` are functions' names in C, and in C++ no row can be just that.
_NEVER_NAMES: Final = NEVER_NAMES_C
_FLAGS: Final = {
    0x1: 'METH_VARARGS',
    0x2: 'METH_KEYWORDS',
    0x4: 'METH_NOARGS',
    0x8: 'METH_O',
    0x10: 'METH_CLASS',
    0x20: 'METH_STATIC',
    0x40: 'METH_COEXIST',
    0x80: 'METH_FASTCALL',
    0x200: 'METH_METHOD',
}
_VALUES: Final = {name.encode(): value for value, name in _FLAGS.items()} | {b'METH_OLDARGS': 0}
# Casts in casts, parentheses, macros that lead to each other: deeper than this is not read.
_MAX_NESTING: Final = 30
_MAX_CHOICES: Final = 8
_WORDS: Final = re.compile(r'[A-Za-z_]\w*')


class Form(Enum):
    """What kind of expression a function field is."""

    NULL = 'null'
    NAME = 'name'
    QUALIFIED = 'qualified'
    TEMPLATE = 'template'
    LAMBDA = 'lambda'
    MACRO = 'macro'
    OTHER = 'other'


class FunctionRef(NamedTuple):
    """What a row's function field refers to."""

    form: Form
    name: str | None  # without casts, '&' and template arguments: 'f', 'C::m'; of a MACRO the macro's name
    span: Span | None  # of the name in the source, template arguments included


def function_of(source: bytes, span: Span) -> FunctionRef:
    """Return the function that the field at `span` names once casts, parentheses and `&` are off."""
    tokens = _tokens(source, span)
    items = collapse(tokens, cxx=True)
    for _ in range(_MAX_NESTING):
        inner = _inside(items, tokens)
        if inner is None:
            break
        items = inner
    else:
        return FunctionRef(Form.OTHER, None, None)
    return _classify(items)


def flags_of(source: bytes, span: Span, macros: Mapping[str, str]) -> frozenset[str] | None:
    """Return the METH_* names that the field at `span` means, None if it is not understood."""
    value = _evaluate(collapse(_tokens(source, span), cxx=True), _tokens(source, span), macros, _MAX_NESTING)
    if value is None or value & ~sum(_FLAGS):
        return None
    return frozenset(name for bit, name in _FLAGS.items() if value & bit)


def flag_choices(source: bytes, span: Span, scan: ScanResult) -> tuple[frozenset[str], ...]:
    """Return what the field at `span` may mean where macros of the file have several texts each; nothing if not all of it is understood."""
    names = sorted(_reached(source[span.start : span.end].decode('utf-8', 'replace'), scan) & scan.choices.keys())
    if not names or prod(len(scan.choices[name]) for name in names) > _MAX_CHOICES:
        return ()
    found = []
    for texts in product(*(scan.choices[name] for name in names)):
        flags = flags_of(source, span, {**scan.macros, **dict(zip(names, texts, strict=True))})
        if flags is None:
            return ()
        found.append(flags)
    return tuple(dict.fromkeys(found))


def _reached(text: str, scan: ScanResult) -> set[str]:
    """Return the words of a text, and those of the macros in it."""
    found: set[str] = set()
    texts = [text]
    while texts:
        words = set(_WORDS.findall(texts.pop())) - found
        found |= words
        texts += [text for word in words for text in (scan.macros.get(word, ''), *scan.choices.get(word, ()))]
    return found


def _tokens(source: bytes, span: Span) -> list[Token]:
    tokens: list[Token] = []
    for match in lexer.TOKEN_CXX.finditer(source, span.start, span.end):
        group = match.lastindex
        assert group
        if group == COMMENT or (group == LONG and match[0].startswith(b'/')):
            continue
        kind = STRING if group == LONG else OTHER if group in (HASH, RAW) else group
        start, end = match.span(0 if group == LONG else group)
        tokens.append((kind, source[start:end], start, end))
    return tokens


def _is_type_group(item: Item, tokens: Sequence[Token]) -> bool:
    """Whether a group in parentheses can be a cast: words, stars and groups of the same, such as `(void *(*)(void))`."""
    return all(
        token[0] == WORD or token[1] in (b'*', b'&', b'(', b')', b',', b'::', b'<', b'>', b'...', b'[', b']')
        for token in tokens[item.first + 1 : item.last]
    )


def _inside(items: list[Item], tokens: list[Token]) -> list[Item] | None:
    """Return the expression without its outermost cast, parentheses or `&`; None if it has none."""
    if not items:
        return None
    head = items[0]
    if head.text in (b'&', b'*', b'+') and len(items) > 1:
        return items[1:]
    if head.kind == GROUP and head.text == b'()':
        if len(items) == 1:
            return _shift(collapse(tokens[head.first + 1 : head.last], cxx=True), head.first + 1)
        if _is_type_group(head, tokens):
            return items[1:]
    if head.text == b'__extension__':
        return items[1:]
    at = 2 if head.text == b'std' and len(items) > 2 and items[1].text == b'::' else 0
    if items[at].text in _CASTS and len(items) == at + 3 and items[at + 1].text == b'<>' and items[at + 2].text == b'()':
        group = items[at + 2]
        return _shift(collapse(tokens[group.first + 1 : group.last], cxx=True), group.first + 1)
    if len(items) == 2 and items[1].text == b'()' and (head.text in _CAST_CALLS or _CAST_NAME.match(head.text)):
        inner = _shift(collapse(tokens[items[1].first + 1 : items[1].last], cxx=True), items[1].first + 1)
        comma = max((i + 1 for i, item in enumerate(inner) if item.text == b','), default=0)
        return inner[comma:]
    return None


def _shift(items: list[Item], by: int) -> list[Item]:
    return [item._replace(first=item.first + by, last=item.last + by) for item in items]


def _classify(items: list[Item]) -> FunctionRef:
    if not items:
        return FunctionRef(Form.OTHER, None, None)
    if len(items) == 1 and items[0].text in NULLS:
        return FunctionRef(Form.NULL, None, None)
    if items[0].text == b'[]':
        return FunctionRef(Form.LAMBDA, None, None)
    span = Span(items[0].start, items[-1].end)
    if len(items) == 2 and items[0].kind == WORD and items[0].text not in _NEVER_NAMES and items[1].text == b'()':
        return FunctionRef(Form.MACRO, text_of(items[0].text), span)
    names = [item for item in items if item.text != b'<>' and item.text != b'template']
    words = [item for item in names if item.kind == WORD]
    plain = all(item.kind == WORD or item.text == b'::' for item in names)
    if not plain or not words or any(word.text in _NEVER_NAMES for word in words) or items[-1].text == b'::':
        return FunctionRef(Form.OTHER, None, None)
    separators = sum(item.text == b'::' for item in names)
    if len(words) - 1 > separators:
        return FunctionRef(Form.OTHER, None, None)
    name = '::'.join(text_of(word.text) for word in words)
    if any(item.text == b'<>' for item in items):
        return FunctionRef(Form.TEMPLATE, name, span)
    return FunctionRef(Form.QUALIFIED if separators else Form.NAME, name, span)


def _evaluate(items: list[Item], tokens: list[Token], macros: Mapping[str, str], budget: int) -> int | None:
    """Return the value of an `|` expression of flags; `budget` bounds macros that lead to each other."""
    total = 0
    expected = True
    for index, item in enumerate(items):
        if item.text in (b'|', b'+') and not expected:
            expected = True
            continue
        if not expected:
            return None
        if item.text == b'()' and index + 1 < len(items) and items[index + 1].text not in (b'|', b'+') and _is_type_group(item, tokens):
            continue
        value = _operand(item, tokens, macros, budget)
        if value is None:
            return None
        total |= value
        expected = False
    return None if expected else total


def _operand(item: Item, tokens: list[Token], macros: Mapping[str, str], budget: int) -> int | None:
    if item.text == b'()':
        inner = tokens[item.first + 1 : item.last]
        return _evaluate(collapse(inner, cxx=True), list(inner), macros, budget - 1) if budget else None
    if item.kind == NUMBER:
        digits = item.text.rstrip(b'uUlL').decode('ascii', 'replace')
        try:
            return int(digits, 8 if digits.startswith('0') and digits.isdigit() else 0)
        except ValueError:
            return None
    if item.kind != WORD:
        return None
    if item.text in _VALUES:
        return _VALUES[item.text]
    replacement = macros.get(text_of(item.text))
    if replacement is None or budget == 0:
        return None
    text = replacement.encode('utf-8', 'replace')
    inner = _tokens(text, Span(0, len(text)))
    return _evaluate(collapse(inner, cxx=True), inner, macros, budget - 1)
