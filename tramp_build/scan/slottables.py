"""The rows of arrays of slots: `PyType_Slot slots[] = {{Py_tp_repr, (void *)f}, {0, NULL}}`, those of modules, and those of both (3.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.model import Row, Span
from tramp_build.scan.lexer import WORD
from tramp_build.scan.literals import text_of
from tramp_build.scan.rows import RowReader, is_null
from tramp_build.scan.syntax import balanced, split
from tramp_build.scan.variants import has_marks
from tramp_build.slots import BY_ID, NO_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tramp_build.model import Condition
    from tramp_build.scan.lexer import Token
    from tramp_build.scan.tables import OpenTable

SLOT_ARRAYS: Final = frozenset({'PyType_Slot', 'PyModuleDef_Slot', 'PySlot'})
# Include/slots.h of 3.15: what makes a row of an id and a value, which it casts; and what makes one that holds no function.
_MAKERS: Final = frozenset(b'PySlot_FUNC PySlot_DATA PySlot_STATIC_DATA PySlot_PTR PySlot_PTR_STATIC'.split())
_DATA_MAKERS: Final = frozenset(b'PySlot_SIZE PySlot_INT64 PySlot_UINT64'.split())
# Of a PySlot: the members of its union that hold a function.
_POINTERS: Final = slice(3, 5)


class SlotReader(RowReader):
    """Takes the tokens between two commas of an array of slots; adds those that hold a function."""

    def __init__(self, table: OpenTable, cxx: bool, line_of: Callable[[int], int], definitions: Mapping[bytes, bytes | None]) -> None:
        super().__init__(table, cxx, line_of)
        self.definitions = definitions

    def _is_flat(self, tokens: Sequence[Token]) -> bool:
        del tokens
        return False

    def _taken_apart(self, fields: Sequence[Sequence[Token]], span: Span, condition: Condition) -> Row | None:
        """Return None for a slot without a function: nothing is missing there."""
        name = self._id(fields[0])
        value = self._value(fields)
        if name in NO_FUNCTIONS or (name and value and is_null(value)):
            return None
        if name is None or not value:
            return self._problem('macro-row', span, condition)
        spans = (Span(value[0][2], value[-1][3]),)
        return Row(span, self.line_of(span.start), name, spans, condition, None if name in BY_ID else 'unknown-slot')

    def take(self, tokens: list[Token], end: Condition) -> None:
        """Add the rows in `tokens`; some are the call of a macro of CPython's."""
        maker = tokens[0][1] if self.table.head.kind == 'PySlot' and tokens and tokens[-1][1] == b')' else b''
        if maker not in _MAKERS | _DATA_MAKERS or tokens[1][1] != b'(' or has_marks(tokens) or not balanced(tokens[2:-1]):
            super().take(tokens, end)
            return
        span, arguments = Span(tokens[0][2], tokens[-1][3]), split(tokens[2:-1], self.cxx)
        if len(arguments) != 2:
            self._add(self._problem('macro-row', span, end))
        elif maker in _MAKERS:
            self._add(self._taken_apart(arguments, span, end))

    @staticmethod
    def _value(fields: Sequence[Sequence[Token]]) -> Sequence[Token]:
        """Return what a slot holds; of a PySlot what stands in one of the pointers of its union, in braces where it has no designator."""
        if len(fields) == 2:
            return fields[1]
        value = next((field for field in fields[_POINTERS] if field), ())
        return value[1:-1] if value and value[0][1] == b'{' and value[-1][1] == b'}' else value

    def _id(self, tokens: Sequence[Token]) -> str | None:
        """Return the id of a slot as CPython calls it, or as the row does."""
        if len(tokens) != 1 or tokens[0][0] != WORD:
            return None
        word = tokens[0][1]
        return text_of(self.definitions.get(word) or word)
