"""The rows of arrays of slots: `PyType_Slot slots[] = {{Py_tp_repr, (void *)f}, {0, NULL}}`, and those of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.model import Row, Span
from tramp_build.scan.lexer import WORD
from tramp_build.scan.literals import text_of
from tramp_build.scan.rows import RowReader, is_null
from tramp_build.slots import BY_ID, NO_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tramp_build.model import Condition
    from tramp_build.scan.lexer import Token
    from tramp_build.scan.tables import OpenTable

SLOT_ARRAYS: Final = frozenset({'PyType_Slot', 'PyModuleDef_Slot'})


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
        value = fields[1]
        if name is None or not value:
            return self._problem('macro-row', span, condition)
        if name in NO_FUNCTIONS or is_null(value):
            return None
        spans = (Span(value[0][2], value[-1][3]),)
        return Row(span, self.line_of(span.start), name, spans, condition, None if name in BY_ID else 'unknown-slot')

    def _id(self, tokens: Sequence[Token]) -> str | None:
        """Return the id of a slot as CPython calls it, or as the row does."""
        if len(tokens) != 1 or tokens[0][0] != WORD:
            return None
        word = tokens[0][1]
        return text_of(self.definitions.get(word) or word)
