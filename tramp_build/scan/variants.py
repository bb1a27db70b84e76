"""Declarations and rows with `#if` inside: what the compiler may see of them.

The scanner puts a mark among the tokens where a directive stands.  IF and ENDIF carry the branch that begins or ends there, ELSE the one
that it ends.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from tramp_build.scan.lexer import ELSE, ENDIF, MARKS, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tramp_build.model import Condition

_MAX_VARIANTS: Final = 8
_MAX_MARKS: Final = 200
_KIND: Final = itemgetter(0)


def mark(kind: int, pair: tuple[int, int], start: int) -> Token:
    return kind, b'%d %d' % pair, start, start


def has_marks(tokens: Sequence[Token]) -> bool:
    return not MARKS.isdisjoint(map(_KIND, tokens))


def without_marks(tokens: Sequence[Token]) -> list[Token]:
    return [token for token in tokens if token[0] not in MARKS]


def conditions_of(tokens: Sequence[Token], end: Condition) -> list[Condition]:
    """Return the condition of each token; `end` is that of the place behind the last one."""
    stack = list(end)
    current = end
    found: list[Condition] = []
    # From the end, as an `#if` that is open where the tokens begin has left no mark.
    for kind, text, _, _ in reversed(tokens):
        if kind in MARKS:
            number, _, branch = text.partition(b' ')
            pair = int(number), int(branch)
            if kind == ENDIF:
                stack.append(pair)
            elif stack:
                stack.pop()
                if kind == ELSE:
                    stack.append(pair)
            current = tuple(stack)
        found.append(current)
    found.reverse()
    return found


def visible(tokens: Sequence[Token], end: Condition) -> list[Token]:
    """Return the tokens that are compiled together with the place behind them, first branches where that says nothing."""
    return variants(tokens, end)[0][0] if has_marks(tokens) else list(tokens)


def variants(tokens: Sequence[Token], end: Condition) -> list[tuple[list[Token], list[Condition]]]:
    """Return some of the ways through the `#if`s, the most likely first, each with the condition of every token."""
    if sum(token[0] in MARKS for token in tokens) > _MAX_MARKS:
        plain = without_marks(tokens)
        return [(plain, [end] * len(plain))]
    conditions = conditions_of(tokens, end)
    chosen = dict(end)
    others: list[dict[int, int]] = []
    for condition in dict.fromkeys(conditions):
        for number, branch in condition:
            if number not in chosen:
                chosen[number] = branch
                others.append({number: -1})  # none of its branches
            elif chosen[number] != branch and number not in dict(end):
                others.append({number: branch})
    result = []
    for other in [{}, *others[: _MAX_VARIANTS - 1]]:
        seen = {condition: _agrees(condition, end, {**chosen, **other}) for condition in dict.fromkeys(conditions)}
        keep = [i for i, token in enumerate(tokens) if token[0] not in MARKS and seen[conditions[i]]]
        result.append(([tokens[i] for i in keep], [conditions[i] for i in keep]))
    return result


def _agrees(condition: Condition, end: Condition, chosen: Mapping[int, int]) -> bool:
    return all(pair in end or chosen[pair[0]] == pair[1] for pair in condition)
