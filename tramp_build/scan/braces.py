"""What a `{` opens, from the tokens of the declaration that it stands in."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from tramp_build.scan.functions import without_labels
from tramp_build.scan.keywords import CLASS_KEYS
from tramp_build.scan.lexer import STRING, WORD
from tramp_build.scan.literals import text_of
from tramp_build.scan.syntax import ATTRIBUTE, collapse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.scan.lexer import Token
    from tramp_build.scan.syntax import Item

_OPENS_BLOCK: Final = frozenset(b'enum struct union class do try else catch'.split())
_BEFORE_BODY: Final = frozenset(b'try const noexcept override final volatile mutable'.split())


class Brace(Enum):
    """What a brace opens."""

    SCOPE = 'scope'  # a namespace, or what looks like one
    CLASS = 'class'
    BODY = 'body'  # of a function, or of what a macro makes one
    BLOCK = 'block'  # an initialiser, an enum: nothing to look at


def classify(tokens: Sequence[Token], cxx: bool) -> tuple[Brace, tuple[str, ...]]:
    """Return what the brace behind `tokens` opens if it is no table and no function that can be read, and the names that it adds."""
    items = [item for item in without_labels(collapse(tokens, cxx)) if item.kind != ATTRIBUTE]
    words = [item.text for item in items if item.kind == WORD]
    texts = {item.text for item in items}
    if b'namespace' in words and b'using' not in words:
        names = tuple(text_of(word) for word in words[words.index(b'namespace') + 1 :] if word != b'inline')
        return Brace.SCOPE, names or ('',)
    if len(items) > 1 and items[-1].kind == STRING and items[-2].text == b'extern':
        return Brace.SCOPE, ()
    if len(items) == 1 and words and words[0] not in _OPENS_BLOCK:
        return Brace.SCOPE, ()  # BEGIN_DECLS {
    if b'enum' in words or b'=' in texts:
        return Brace.BLOCK, ()
    if any(word in CLASS_KEYS for word in words):
        return (Brace.CLASS, _class_names(items)) if cxx else (Brace.BLOCK, ())
    return (Brace.BODY if b'()' in texts else Brace.BLOCK), ()


def is_member_initialiser(tokens: Sequence[Token]) -> bool:
    """Whether the brace is that of `a{1}` in `C::C() : a{1} {...}`."""
    if not tokens or (tokens[-1][0] != WORD and tokens[-1][1] != b'>') or tokens[-1][1] in _BEFORE_BODY:
        return False
    has_list = False
    for item in collapse(tokens, angles=True):
        has_list = has_list or item.text == b'()'
        if has_list and item.text == b':':
            return True
    return False


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
