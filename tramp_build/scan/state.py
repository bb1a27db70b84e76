"""Where the scanner is: the open scopes, the open function body, and the whole of it as one value that an `#else` brings back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from tramp_build.model import Condition, ScopeKind
    from tramp_build.scan.functions import Header
    from tramp_build.scan.lexer import Token
    from tramp_build.scan.tables import OpenTable

DECLARE: Final = 0
SKIP: Final = 1
TABLE: Final = 2


@dataclass(slots=True)
class Node:
    """An open scope."""

    kind: ScopeKind
    names: tuple[str, ...]  # with those of the scopes around it
    parent: Node | None = None
    outer_start: int | None = None  # of the outermost declaration around it that is no namespace
    head: list[Token] = field(default_factory=list)  # what stands before its brace: a class is part of a declaration
    brace: int = 0
    depth: int = 0
    resume: tuple[Body | None, int] | None = None  # the body, and its depth, that a local declaration interrupts


@dataclass(slots=True)
class Body:
    """An open function body."""

    headers: list[tuple[Header, Condition]]
    start: int
    scope: Node
    declaration: int  # where its declaration starts
    extends: bool = False  # it is the `catch (...) {}` of the function before it
    siblings: list[Body] = field(default_factory=list)  # other heads, in other branches of an `#if`, that the same end closes
    reported: list[int] = field(default_factory=list)  # numbers of its functions, when it has been closed


class State(NamedTuple):
    """What `#else` brings back.  The lists only ever grow, or are replaced by new ones."""

    mode: int
    scope: Node
    declaration: list[Token]
    declared: int  # the length of the declaration
    parens: int
    braces: int
    body: Body | None
    table: OpenTable | None
    row: list[Token]
    written: int  # the length of the row

    @property
    def shape(self) -> tuple[int, ...]:
        """What differs between two branches that leave different things open."""
        depth = self.parens if self.mode == DECLARE else self.braces
        return self.mode, id(self.scope), depth, id(self.body), id(self.table)
