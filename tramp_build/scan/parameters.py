"""Parameter lists: where each parameter stands, and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.model import Parameter, Span
from tramp_build.scan.keywords import QUALIFIERS, TAGS, never_names
from tramp_build.scan.lexer import PUNCT, WORD
from tramp_build.scan.literals import text_of
from tramp_build.scan.syntax import GROUP, Item, collapse, inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.scan.lexer import Token

# Stands for all that a declaration says about the type before the name can come.
_TYPE: Final = Item(PUNCT, b'*', 0, 0, 0, 0)
_END: Final = Item(PUNCT, b',', 0, 0, 0, 0)


def parameters(tokens: Sequence[Token], *, cxx: bool, old_style: bool) -> tuple[Parameter, ...]:
    """Return the parameters in a list without its parentheses.  With `old_style`, a lone word is a name and not a type."""
    found: list[Parameter] = []
    part: list[Item] = []
    never = never_names(cxx)
    for item in (*collapse(tokens, cxx), _END):
        if item.text != b',' or item.kind != PUNCT:
            part.append(item)
        elif part:
            if len(part) > 1 or part[0].text != b'void':
                found.append(Parameter(Span(part[0].start, part[-1].end), _name(part, tokens, never, old_style)))
            part = []
    return tuple(found)


def _name(part: Sequence[Item], tokens: Sequence[Token], never: frozenset[bytes], old_style: bool) -> str | None:
    if len(part) == 1 and old_style:
        return text_of(part[0].text) if part[0].kind == WORD and part[0].text not in never else None
    words: list[Item] = []  # since the type
    previous = None
    for item in part:
        if item.text == b'=':
            break
        if item.kind == WORD:
            if item.text in TAGS and item.text in never:
                words = []
            elif item.text not in QUALIFIERS:
                words = [_TYPE] if item.text in never else [*words, item]
        elif item.kind == GROUP and item.text == b'()':
            inner = inside(tokens, item)
            if inner and inner[0][1] in (b'*', b'&', b'^'):  # a pointer to a function or to an array
                return next((text_of(token[1]) for token in inner if token[0] == WORD and token[1] not in never), None)
            if words and words[-1] is previous:
                return None  # UNUSED(x): what the name becomes is the macro's affair
        elif item.text in (b'*', b'&', b'&&'):
            words = [_TYPE]
        elif item.text == b'::':
            words = []
        previous = item
    names = words[1:]
    # `self UNUSED`, `UNUSED self`
    plain = [name for name in names if not name.text.isupper()]
    return text_of((plain[-1] if plain else names[0]).text) if names else None
