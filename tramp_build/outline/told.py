"""Texts in handlers that only CPython is told: handlers that are the same but for them share a function, which is given them.

A function of CPython takes a `const char *` there, so it makes no difference to it whether that is a literal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.outline.handlers import Handler

# The first argument that may be such a text, and the last one.  Formats stay: a compiler may want to see them.
_TELLING: Final = {
    b'PyErr_SetString': (1, 1),
    b'PyErr_Format': (2, 99),
    b'PyErr_SetFromErrnoWithFilename': (1, 1),
}
_QUALIFIED: Final = frozenset({b'.', b'->', b'::'})


def is_told(tokens: Sequence[lexer.Token], index: int) -> bool:
    """Tell whether the string at `index` is an argument that a function of CPython takes as a `const char *`.

    A handler with a macro of such a name is not read.
    """
    texts = [token[1] for token in tokens]
    before, behind = index - 1, index + 1
    while before > 0 and behind < len(texts) and texts[before] == b'(' and texts[behind] == b')' and texts[before - 1] in (b',', b'('):
        before, behind = before - 1, behind + 1
    if not texts[index].startswith(b'"') or before < 0 or texts[before] != b',' or texts[behind : behind + 1] not in ([b','], [b')']):
        return False
    opening, commas = _call_around(texts, before)
    if opening < 1 or texts[opening - 1] not in _TELLING:
        return False
    first, last = _TELLING[texts[opening - 1]]
    return first <= commas <= last and (opening < 2 or texts[opening - 2] not in _QUALIFIED)


def _call_around(texts: Sequence[bytes], at: int) -> tuple[int, int]:
    """Return where the bracket around `at`, a comma, opens, and how many commas separate arguments up to there; -1 for none."""
    depth = commas = 0
    for index in range(at, -1, -1):
        if texts[index] in lexer.CLOSING:
            depth += 1
        elif texts[index] in lexer.OPENING:
            if not depth:
                return (index if texts[index] == b'(' else -1), commas
            depth -= 1
        elif texts[index] == b',' and not depth:
            commas += 1
    return -1, commas


def parameters_of(told: Sequence[Sequence[bytes]]) -> dict[int, int]:
    """Return which of the texts differ between sites, and the number of the parameter for each; one for texts that are always the same."""
    columns: dict[tuple[bytes, ...], int] = {}
    found = {}
    for number, column in enumerate(zip(*told, strict=True)):
        if len(set(column)) > 1:
            found[number] = columns.setdefault(column, len(columns))
    return found


def arguments_of(told: Sequence[bytes], parameters: dict[int, int]) -> tuple[bytes, ...]:
    """Return what a site gives to the parameters."""
    given = {parameter: told[number] for number, parameter in parameters.items()}
    return tuple(text for _, text in sorted(given.items()))


def with_parameters(handlers: Sequence[Handler], parameters: dict[int, int]) -> tuple[Handler, ...]:
    """Return handlers that take the texts that differ from parameters."""
    return tuple(
        handler._replace(body=tuple(p._replace(text=name(parameters[p.told])) if p.told in parameters else p for p in handler.body))
        for handler in handlers
    )


def name(parameter: int) -> bytes:
    """Return the name of a parameter."""
    return b'tramp_text_%d' % parameter
