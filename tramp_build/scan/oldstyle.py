"""K&R definitions: `int f(a, b) int a; char *b; {...}`, where a semicolon is not the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tramp_build.scan.keywords import NEVER_NAMES_C
from tramp_build.scan.lexer import WORD
from tramp_build.scan.syntax import collapse, inside
from tramp_build.scan.variants import without_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.scan.lexer import Token


def old_style_parameters(tokens: Sequence[Token]) -> frozenset[bytes]:
    """Return the parameters if `tokens`, a declaration up to a semicolon, may be such a definition up to its first parameter."""
    tokens = without_marks(tokens)
    items = collapse(tokens, cxx=False)
    at = next((i for i, item in enumerate(items) if i and item.text == b'()' and items[i - 1].kind == WORD), None)
    if at is None or at + 2 >= len(items) or items[at + 1].kind != WORD:
        return frozenset()
    inner = inside(tokens, items[at])
    if any(token[0] != WORD and token[1] != b',' for token in inner):
        return frozenset()
    names = frozenset(token[1] for token in inner if token[1] != b',') - NEVER_NAMES_C
    return names if declares(tokens[items[at].last + 1 :], names) else frozenset()


def declares(tokens: Sequence[Token], names: frozenset[bytes]) -> bool:
    """Whether `tokens` declare one of the parameters `names`."""
    words = [token[1] for token in tokens if token[0] == WORD]
    return len(words) > 1 and any(word in names for word in words[1:])
