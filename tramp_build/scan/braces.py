"""What a `{` opens, from the tokens of the declaration that it stands in."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from tramp_build.scan.keywords import CLASS_KEYS
from tramp_build.scan.lexer import STRING, WORD
from tramp_build.scan.literals import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.scan.syntax import Declaration, Item

_OPENS_BLOCK: Final = frozenset(b'enum struct union class do try else catch'.split())
_BEFORE_BODY: Final = frozenset(b'try const noexcept override final volatile mutable'.split())


class Brace(Enum):
    """What a brace opens."""

    SCOPE = 'scope'  # a namespace, or what looks like one
    CLASS = 'class'
    BODY = 'body'  # of a function, or of what a macro makes one
    BLOCK = 'block'  # an initialiser, an enum: nothing to look at


def classify(declaration: Declaration, cxx: bool) -> tuple[Brace, tuple[str, ...]]:
    """Return what the brace behind a declaration opens if it is no table and no function that can be read, and the names that it adds."""
    items = declaration.items
    words = [item.text for item in items if item.kind == WORD]
    texts = {item.text for item in items}
    if b'namespace' in words and b'using' not in words:
        return Brace.SCOPE, _namespace_names(items)
    if len(items) > 1 and items[-1].kind == STRING and items[-2].text == b'extern':
        return Brace.SCOPE, ()
    if len(items) == 1 and words and words[0] not in _OPENS_BLOCK:
        return Brace.SCOPE, ()  # BEGIN_DECLS {
    if b'enum' in words or b'=' in texts:
        return Brace.BLOCK, ()
    if any(word in CLASS_KEYS for word in words):
        return (Brace.CLASS, _class_names(items)) if cxx else (Brace.BLOCK, ())
    return (Brace.BODY if b'()' in texts else Brace.BLOCK), ()


def is_member_initialiser(declaration: Declaration) -> bool:
    """Whether the brace is that of `a{1}` in `C::C() : a{1} {...}`."""
    items = declaration.items
    if not items or (items[-1].kind != WORD and items[-1].text != b'<>') or items[-1].text in _BEFORE_BODY:
        return False
    colon = next((index for index, item in enumerate(items) if item.text == b':'), 0)
    while colon and items[colon - 1].text in _BEFORE_BODY:
        colon -= 1
    return colon > 0 and items[colon - 1].text == b'()'


def _namespace_names(items: Sequence[Item]) -> tuple[str, ...]:
    """Return the names in `namespace a::inline b VISIBILITY(x)`."""
    at = next(index for index, item in enumerate(items) if item.text == b'namespace') + 1
    names: list[str] = []
    for index in range(at, len(items)):
        if items[index].kind == WORD and items[index].text != b'inline':
            if names and items[index - 1].text not in (b'::', b'inline'):
                break
            names.append(text_of(items[index].text))
    return tuple(names) or ('',)


def _class_names(items: Sequence[Item]) -> tuple[str, ...]:
    """Return the name in `class EXPORT A::B final : public C`, in its parts."""
    at = max(index for index, item in enumerate(items) if item.text in CLASS_KEYS)
    names: list[str] = []
    for index, item in enumerate(items[at + 1 :], at + 1):
        if item.text == b':':
            break
        if item.kind == WORD and item.text != b'final':
            names = [*names, text_of(item.text)] if items[index - 1].text == b'::' else [text_of(item.text)]
    return tuple(names) or ('',)
