"""The members of static types, suites and module definitions: `PyTypeObject t = {...}`, designated or in the order of the struct.

Members come in sequence, and an `#if` among them may decide where the next one stands.  So the place is followed through each branch,
and what comes behind branches that end in different places is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tramp_build.model import Row, Span
from tramp_build.scan.lexer import BRACKET, ELSE, ENDIF, IF, MARKS, STRING, WORD
from tramp_build.scan.literals import text_of
from tramp_build.scan.rows import is_null
from tramp_build.scan.variants import conditions_of
from tramp_build.slots import BY_MEMBER, LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tramp_build.model import Condition
    from tramp_build.scan.lexer import Token
    from tramp_build.scan.tables import OpenTable

STRUCTS: Final = frozenset(LAYOUTS)
_HEADED: Final = frozenset({'PyTypeObject', 'PyModuleDef'})
_HEAD: Final = b'HEAD_INIT'
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
# In the place of a member: the size, which stands between PyObject_HEAD_INIT and the name.
_SIZE: Final = -1
# Macros of Python.h that are one member.
_ONE_MEMBER: Final = frozenset(b'PyDoc_STR sizeof offsetof _PyCFunction_CAST _Py_CAST DEFERRED_ADDRESS'.split())


@dataclass(slots=True)
class _Place:
    """Where in the struct the reader is."""

    at: int | None = 0  # the member that comes next, None where that is not known
    part: list[int] = field(default_factory=list)  # the tokens of the member so far
    depth: int = 0  # of brackets
    mixed: bool = False  # an `#if` stands within the member

    # What the member is in each branch of an `#if` that begins with it and ends with it, and how many tokens that leaves in `part`.
    either: tuple[list[list[int]], int] | None = None

    def copy(self) -> _Place:
        return _Place(self.at, list(self.part), self.depth, self.mixed)

    def agrees(self, other: _Place) -> bool:
        """Tell whether the same member goes on; one that only one of them has begun is not ended, or the other would have none."""
        return (self.at, self.depth) == (other.at, other.depth)


@dataclass(slots=True)
class _Branches:
    """An open `#if` among the members."""

    before: _Place
    # What the `#if`s around it say of the first branch: None is nothing.
    taken: bool | None = None
    ends: list[_Place] = field(default_factory=list)
    last: bytes = b''  # the number of the condition of the last branch that has ended


class StructReader:
    """Takes the tokens of a struct, braces included, and adds a row for each function in it."""

    def __init__(self, table: OpenTable, cxx: bool, line_of: Callable[[int], int], definitions: Mapping[bytes, bytes | None]) -> None:
        self.table = table
        self.cxx = cxx
        self.line_of = line_of
        self.definitions = definitions

    def take(self, tokens: list[Token], end: Condition) -> None:
        """Add the rows in `tokens`; `end` is the condition of the place behind them."""
        conditions = conditions_of(tokens, end)
        if not self.table.head.array:
            # A branch without the closing brace may have ended it once already.
            self.table.rows.clear()
            _Members(self, tokens, conditions, self.table.head.kind).read(1, len(tokens) - 1)
            return
        depth = first = 0
        for index, (kind, text, _, _) in enumerate(tokens):
            if kind == BRACKET and text == b'{':
                first, depth = (index, 1) if not depth else (first, depth + 1)
            elif kind == BRACKET and text == b'}' and depth:
                depth -= 1
                if not depth:
                    _Members(self, tokens, conditions, self.table.head.kind).read(first + 1, index)

    def finish_flat(self, condition: Condition) -> None:
        """Nothing: members are not collected across commas of an array."""


@dataclass(slots=True)
class _Members:
    """Reads the initialiser of one structure, member by member."""

    reader: StructReader
    tokens: Sequence[Token]
    conditions: Sequence[Condition]
    kind: str
    place: _Place = field(default_factory=_Place)
    open: list[_Branches] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.kind not in _HEADED:
            self.place.at = 1

    def read(self, first: int, last: int) -> None:
        """Read the members in `tokens[first:last]`."""
        for index in range(first, last):
            kind, text, _, _ = self.tokens[index]
            if kind in MARKS:
                self._mark(kind, text, self.conditions[index])
                continue
            place = self.place
            if kind == BRACKET and text in (b'{', b'(', b'['):
                place.depth += 1
            elif kind == BRACKET and text in (b'}', b')', b']'):
                place.depth -= 1
            elif text == b',' and not place.depth and not self._in_angle():
                self._end_part()
                continue
            place.part.append(index)
            if text == b')' and not place.depth and self._is_head():
                self._end_head()
        self._end_part()

    def _in_angle(self) -> bool:
        """Whether a template's arguments are open: `f<a, b>`."""
        if not self.reader.cxx:
            return False
        texts = [self.tokens[index][1] for index in self.place.part]
        return texts.count(b'<') > texts.count(b'>')

    def _mark(self, kind: int, text: bytes, around: Condition) -> None:
        number, _, branch = text.partition(b' ')
        if kind == IF:
            known = dict(around).get(int(number))
            self.open.append(_Branches(self.place.copy(), None if known is None else known == int(branch)))
        elif self.open:
            branches = self.open[-1]
            branches.ends.append(self.place)
            if kind == ELSE:
                branches.last = number
                self.place = branches.before.copy()
            elif kind == ENDIF:
                self.open.pop()
                if branches.last != number:  # no `#else`
                    branches.ends.append(branches.before)
                self._join(branches)
        if self.place.part and self.place.depth == 0 and not self.place.either:
            self.place.mixed = True

    def _join(self, branches: _Branches) -> None:
        ends = branches.ends
        if branches.taken is not None:
            ends = ends[:1] if branches.taken else ends[1:]
        first = ends[0]
        # Tokens of a member that is not complete: those of the first branch stand for it, and it is not touched.
        self.place = first.copy()
        if not all(first.agrees(other) for other in ends):
            self.place.at = None
        if len(ends) == 1 and not first.part:
            return
        if first.part != branches.before.part:
            self.place.mixed = bool(first.part)
        if not branches.before.part and not first.depth and all(end.part and not end.mixed for end in ends):
            self.place.either = [end.part for end in ends], len(first.part)

    def _is_head(self) -> bool:
        part = self.place.part
        return self.place.at == 0 and self.tokens[part[0]][0] == WORD and _HEAD in self.tokens[part[0]][1]

    def _end_head(self) -> None:
        """Take `PyVarObject_HEAD_INIT(NULL, 0)`, which brings its comma along; behind PyObject_HEAD_INIT comes the size."""
        word = self.tokens[self.place.part[0]][1]
        self.place.at = _SIZE if word == b'PyObject_HEAD_INIT' and self.kind == 'PyTypeObject' else 1
        self.place.part = []

    def _end_part(self) -> None:
        place, at = self.place, self.place.at
        either, place.either = place.either, None
        if either and either[1] == len(place.part):
            reached = set()
            for part in either[0]:
                place.at, place.part, place.mixed = at, part, False
                self._end_one()
                reached.add(place.at)
            place.at = reached.pop() if len(reached) == 1 else None
        else:
            self._end_one()

    def _end_one(self) -> None:
        """Take the tokens of a member that is complete."""
        place = self.place
        part, mixed, place.part, place.mixed = place.part, place.mixed, [], False
        if not part:
            return
        name, value = self._designated(part)
        layout = LAYOUTS[self.kind]
        if name is not None:
            at = layout.index(name) + 1 if name in layout else None
        elif place.at in (0, _SIZE):
            place.at = 1 if place.at == _SIZE else self._behind_head(part)
            return
        else:
            at = place.at
            if at is None:
                self._add_unknown(part)
            if at is None or at > len(layout):
                return
            name = layout[at - 1]
        self._member(name, part, value, mixed=mixed)
        place.at = None if at is None or self._may_be_several(value) else at + 1

    def _designated(self, part: list[int]) -> tuple[str | None, list[int]]:
        """Return the member that `.name = value` or the old `name: value` says, and the value; '' for a member of a member."""
        texts = [self.tokens[index][1] for index in part[:3]]
        if len(texts) == 3 and texts[0] == b'.':
            return (text_of(texts[1]), part[3:]) if texts[2] == b'=' else ('', [])
        if len(texts) == 3 and texts[1] == b':' and self.tokens[part[0]][0] == WORD:
            return text_of(texts[0]), part[2:]
        return None, part

    def _behind_head(self, part: list[int]) -> int | None:
        """Return which member comes behind the one that ought to be the head."""
        kind, text, _, _ = self.tokens[part[0]]
        if text == b'{' or (kind == WORD and len(part) == 1):
            return 1
        # A macro of the project's own that brings its comma along: then the name of the type follows.
        return 2 if kind == WORD and self.tokens[part[-1]][0] == STRING else None

    def _may_be_several(self, value: list[int]) -> bool:
        """Whether a member is a macro of the file that may stand for more than one."""
        if not value or self.tokens[value[0]][0] != WORD:
            return False
        word = self.tokens[value[0]][1]
        if len(value) == 1:
            return b',' in _STRINGS.sub(b'', self.reader.definitions.get(word) or b'')
        is_call = self.tokens[value[1]][1] == b'(' and self.tokens[value[-1]][1] == b')'
        return is_call and word in self.reader.definitions and word not in _ONE_MEMBER

    def _member(self, name: str, part: list[int], value: list[int], *, mixed: bool) -> None:
        if self._suite(value):
            return
        tokens = [self.tokens[index] for index in value]
        if name not in BY_MEMBER or not tokens or is_null(tokens):
            return
        self._add(name, part, value, 'conditional-row' if mixed else None)

    def _add_unknown(self, part: list[int]) -> None:
        """Add what stands behind an `#if` or a macro that hides which member it is, if it may be a function."""
        tokens = [self.tokens[index] for index in part]
        if len(tokens) > 1 and tokens[0][1] == b'(' and tokens[-1][0] == WORD and not is_null(tokens):
            self._add(None, part, part, 'conditional-row')

    def _add(self, name: str | None, part: list[int], value: list[int], problem: str | None) -> None:
        span = Span(self.tokens[part[0]][2], self.tokens[part[-1]][3])
        fields = (Span(self.tokens[value[0]][2], self.tokens[value[-1]][3]),)
        condition = self.conditions[value[0]]
        if any(row.span.start < span.end and span.start < row.span.end for row in self.reader.table.rows[-1:]):
            return  # read in two branches
        self.reader.table.rows.append(Row(span, self.reader.line_of(span.start), name, fields, condition, problem))

    def _suite(self, value: list[int]) -> bool:
        """Read `&(PyNumberMethods){...}` as what it is."""
        texts = [self.tokens[index][1] for index in value[:5]]
        if len(texts) < 5 or texts[0] != b'&' or texts[1] != b'(' or texts[3:] != [b')', b'{']:
            return False
        kind = text_of(texts[2])
        if kind not in STRUCTS:
            return False
        _Members(self.reader, self.tokens, self.conditions, kind).read(value[4] + 1, value[-1])
        return True
