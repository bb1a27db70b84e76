"""What the macros in a handler stand for, where the text of the unit or a header says so for certain.

That is which words they bring along, and how they leave.

A macro may move with its handler, for it means the same in front of the function.  A `goto` in it, such as that of SWIG_fail, finds a
label of the same name there, behind which the function says that it is the way out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.expand import Event, Expander, events
from tramp_build.model import Span
from tramp_build.outline.names import KEYWORDS, is_known
from tramp_build.scan import lexer
from tramp_build.scan.literals import text_of
from tramp_build.upgrade.uses import tokens as tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tramp_build.expand import Macro

_PASTED: Final = frozenset({b'##', b'#', b'%:', b'%:%:'})
_MAX_DEPTH: Final = 20


class Meaning(NamedTuple):
    """What a macro stands for, with all the macros in it."""

    words: frozenset[bytes]  # that are looked up, or mean something to the language; the macros too
    labels: frozenset[bytes] = frozenset()  # that it may jump to
    leaves: bool = False  # it always does


@dataclass(slots=True)
class Macros:
    """The macros of one unit."""

    source: bytes
    defined: frozenset[str]  # in this text
    is_macro: Callable[[str], bool]  # anywhere in the project
    redefined: Callable[[str], bool]  # in another file
    header: Callable[[bytes], Macro | None] = lambda _: None  # what a header defines for certain
    blocks: frozenset[bytes] = frozenset()  # those that make parts of blocks
    _events: list[Event] | None = None
    _counts: Counter[bytes] = field(default_factory=Counter)
    _expander: Expander = field(default_factory=lambda: Expander(lambda _: True, lambda _: True))
    _texts: dict[bytes, list[lexer.Token]] = field(default_factory=dict)

    def is_one(self, name: bytes) -> bool:
        """Tell whether a macro of that name is known."""
        spelled = text_of(name)
        return spelled in self.defined or self.is_macro(spelled)

    def meaning(self, name: bytes, offset: int, depth: int = 0) -> Meaning | None:
        """Return what a macro stands for at an offset, None where that is not certain."""
        found = self.at(name, offset)
        if found is None or depth > _MAX_DEPTH:
            return None
        tokens = self._tokens(found.body)
        parameters = frozenset(found.parameters or ())
        if any(text in _PASTED or kind == lexer.RAW for kind, text, _, _ in tokens):
            return None
        inner: dict[bytes, Meaning] = {}
        words = {text for kind, text, _, _ in tokens if kind == lexer.WORD} - parameters
        for word in words - KEYWORDS:
            if word != name and self.is_one(word):
                meaning = self.meaning(word, offset, depth + 1)
                if meaning is None:
                    return None
                inner[word] = meaning
        labels = _labels(tokens, parameters)
        if labels is None:
            return None
        return Meaning(
            frozenset(words - labels | {name}).union(*(meaning.words for meaning in inner.values())),
            labels.union(*(meaning.labels for meaning in inner.values())),
            _leaves(tokens, inner),
        )

    def at(self, name: bytes, offset: int) -> Macro | None:
        """Return the definition of a macro that has only one."""
        return None if is_known(name) else self._own(name, offset) or self.header(name)

    def _own(self, name: bytes, offset: int) -> Macro | None:
        spelled = text_of(name)
        if spelled not in self.defined or self.redefined(spelled):
            return None
        if self._events is None:
            self._events = list(events(self.source, {word.encode('utf-8', 'surrogateescape') for word in self.defined}))
            self._counts = Counter(event.name for event in self._events)
            # What is included brings nothing along: `redefined` has been asked.
            self._events = [event for event in self._events if not event.include]
        if b'push_macro' in self.source or self._counts[name] != 1:
            return None
        return self._expander.in_force(self._events, name, offset)

    def _tokens(self, body: bytes) -> list[lexer.Token]:
        if body not in self._texts:
            self._texts[body] = list(tokens_of(body, Span(0, len(body)), 'c++'))
        return self._texts[body]


def _labels(tokens: Sequence[lexer.Token], parameters: frozenset[bytes]) -> frozenset[bytes] | None:
    """Return the labels that a replacement jumps to, None where an argument may be one."""
    labels = [tokens[index + 1][1] for index, token in enumerate(tokens[:-1]) if token[1] == b'goto']
    return None if parameters & set(labels) else frozenset(labels)


def _leaves(tokens: Sequence[lexer.Token], inner: dict[bytes, Meaning]) -> bool:
    """Tell whether what a macro stands for ends in a jump that nothing decides about."""
    texts = [token[1] for token in tokens]
    while texts[-1:] == [b';']:
        texts.pop()
    if texts[:2] == [b'do', b'{'] and texts[-5:] == [b'}', b'while', b'(', b'0', b')']:
        texts = texts[2:-5]
        while texts[-1:] == [b';']:
            texts.pop()
    start = max((index + 1 for index, text in enumerate(texts) if text in (b';', b'{', b'}')), default=0)
    last = texts[start:]
    if start and texts[start - 1] == b'{':
        return False
    if last[:1] == [b'goto']:
        return len(last) == 2
    return bool(last) and last[0] in inner and inner[last[0]].leaves and ends_call(last)


def ends_call(texts: Sequence[bytes]) -> bool:
    """Tell whether a name is all that there is, but for the parentheses behind it."""
    depth = 0
    for index, text in enumerate(texts[1:], 1):
        depth += (text == b'(') - (text == b')')
        if depth == 0 and index != len(texts) - 1:
            return False
    return depth == 0
