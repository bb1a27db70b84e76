"""Bodies that stand in a try block as a whole: what is around it can not throw, so that the trampoline can hold the chain.

What stands in front of the `try` then runs under the chain as well, and what it declares is gone before a handler runs.  Neither may be
told from outside (plain.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.outline.handlers import RETURNS, is_constant
from tramp_build.outline.names import looked_up
from tramp_build.outline.plain import Statements
from tramp_build.outline.text import FALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tramp_build.outline.chains import Body, Chain

_FORCED: Final = b'__forced_unwind'


class Whole(NamedTuple):
    """A body that is one try block."""

    falls: bytes  # what follows where a handler falls out: a `return` without its semicolon, empty where none can be moved


def whole(body: Body, chain: Chain, parameters: frozenset[bytes], is_macro: Callable[[bytes], bool]) -> Whole | None:
    """Return how a function goes on behind `chain`, None where that is not all that the body has."""
    front, rest = body.tokens[1 : chain.first], body.tokens[chain.last + 1 : -1]
    around = looked_up([*front, *rest])
    if body.varies_around(chain) or any(is_macro(name) for name in around):
        return None
    reader = Statements(front, set(parameters))
    if not reader.read():
        return None
    texts = [token[1] for token in rest]
    if not rest:
        return Whole(FALLS)
    one = texts[-1] == b';' and b';' not in texts[:-1]
    if one and ((len(rest) == 2 and texts[0] in RETURNS) or (texts[0] == b'return' and is_constant(rest[1:-1]))):
        return Whole(b' '.join(texts[:-1]).replace(b'- ', b'-'))
    return Whole(FALLS) if Statements(rest, reader.names).read() else None


def can_move(chain: Chain, exits: Sequence[bytes], found: Whole, variables: frozenset[bytes]) -> bool:
    """Tell whether what the handlers leave by can be said elsewhere, and whether they can do without a forced unwinding."""
    for clause in chain.clauses:
        words = {token[1] for token in clause.declared}
        if _FORCED in words or (clause.takes_all and any(token[1] == b'throw' for token in clause.body)):
            return False
    for text in exits:
        word, _, value = text.partition(b' ')
        if text == FALLS:
            if not found.falls:
                return False
        elif word not in RETURNS and (word != b'return' or not value or value in variables):
            return False
    return True
