"""Which macros of a project make parts of blocks, so that the braces of a source do not tell its blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tramp_build.upgrade.pastes import Definition

_WORD: Final = re.compile(rb'[A-Za-z_]\w*')
_LITERAL: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', re.DOTALL)
_STRUCTURE: Final = frozenset({b'try', b'catch'})


class Makers(NamedTuple):
    """The macros of a project that make parts of blocks, by themselves or by way of others."""

    catching: frozenset[bytes] = frozenset()  # they bring `try` or `catch`
    every: frozenset[bytes] = frozenset()  # or only one brace of a pair

    @classmethod
    def of(cls, definitions: Mapping[bytes, tuple[Definition, ...]]) -> Makers:
        """Find them; none if no macro has a `catch`."""
        if not any(b'catch' in one.replacement for all_ in definitions.values() for one in all_):
            return cls()
        texts = {name: [_LITERAL.sub(b'', one.replacement) for one in all_] for name, all_ in definitions.items()}
        words = {name: {word for text in found for word in _WORD.findall(text)} for name, found in texts.items()}
        catching = {name for name, found in words.items() if found & _STRUCTURE}
        torn = {name for name, found in texts.items() if any(text.count(b'{') != text.count(b'}') for text in found)}
        return cls(_closed(catching, words), _closed(catching | torn, words))


def _closed(found: set[bytes], words: Mapping[bytes, set[bytes]]) -> frozenset[bytes]:
    """Add the macros that bring one of `found` by way of others."""
    while more := {name for name, mentioned in words.items() if name not in found and mentioned & found}:
        found = found | more
    return frozenset(found)
