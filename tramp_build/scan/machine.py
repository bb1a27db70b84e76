"""The state of the scanner, and what the preprocessor's directives do to it.

At `#else` the state of the `#if` comes back, so that branches which open the same brace twice count it once.  At `#endif` the state of one
branch goes on, and it is chosen alike for every mention of the same macro: in the configuration that is followed, X is defined.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tramp_build.model import ScopeKind
from tramp_build.scan.conditions import Conditions, plain_text
from tramp_build.scan.lexer import ELSE, ENDIF, IF, SKIP_HASH, Token, directive_end
from tramp_build.scan.results import Results
from tramp_build.scan.state import DECLARE, TABLE, Body, Node, State
from tramp_build.scan.variants import mark

if TYPE_CHECKING:
    from tramp_build.scan.conditions import Frame
    from tramp_build.scan.tables import OpenTable

_SPACE: Final = rb'(?:[ \t\f\v\r]|\\[ \t]*\r?\n|/\*[^*]*(?:\*(?!/)[^*]*){0,400}\*/){0,400}'
_DIRECTIVE: Final = re.compile(_SPACE + rb'([A-Za-z_]\w*)')
_DEFINE: Final = re.compile(_SPACE + rb'([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)(\()?')
# Tokens that a branch can share with what stands before its `#if`.
_MAX_SHARED: Final = 64
_MAX_ENDS: Final = 8


class Machine:
    """Where the scanner is in one file."""

    def __init__(self, source: bytes, text: bytes, skip_re: re.Pattern[bytes]) -> None:
        self.source = source
        self.text = text  # the source in plain spelling, see lexer.normalise
        self.skip_re = skip_re
        self.results = Results(source)
        self.conditions = Conditions()
        self.position = 0
        self.mode = DECLARE
        self.scope = Node(ScopeKind.FILE, ())
        self.declaration: list[Token] = []
        self.parens = 0  # that are open in the declaration
        self.braces = 0  # that are open in the block or table
        self.body: Body | None = None  # the function that the block is the body of
        self.table: OpenTable | None = None
        self.row: list[Token] = []

    def directive(self, start: int) -> None:
        """Read the directive at `start` and go behind it."""
        end = directive_end(self.text, start + 1)
        self.position = end
        match = _DIRECTIVE.match(self.text, start + 1, end)
        if match is None:
            return
        keyword = match[1]
        if keyword in (b'if', b'ifdef', b'ifndef'):
            if self.conditions.begin(keyword, self.source[match.end() : end], self._state()):
                self._mark(IF, self.conditions.frames[-1], start)
        elif keyword in (b'elif', b'else', b'elifdef', b'elifndef'):
            self._switch(keyword, self.source[match.end() : end], start)
        elif keyword == b'endif':
            self._end_condition(start)
        elif keyword == b'include' and self.mode == TABLE and not self.conditions.dead:
            self.results.problem('included-rows', start, 'rows of a table that stand in another file')
        elif keyword == b'define' and not self.conditions.dead:
            self._define(match.end(), end)

    def skip_dead(self) -> None:
        """Go to the end of a branch that is never compiled."""
        depth = 0
        previous = self.position
        for match in self.skip_re.finditer(self.text, self.position):
            if match.lastindex != SKIP_HASH or not self.begins_line(previous, match.start()):
                continue
            previous = match.end()
            name = _DIRECTIVE.match(self.text, match.end())
            word = name[1] if name else b''
            if word.startswith(b'if'):
                depth += 1
            elif word == b'endif' and depth:
                depth -= 1
            elif depth == 0 and (word == b'endif' or word.startswith(b'el')):
                self.directive(match.start())
                return
        self.position = len(self.text)

    def begins_line(self, previous: int, start: int) -> bool:
        """Whether only white space and comments stand before `start` on its line; `previous` is a place before it."""
        newline = self.text.rfind(b'\n', previous, start)
        if newline < 0 and previous:
            return False
        before = self.text[newline + 1 : start].rstrip()
        return not before or before.endswith(b'*/')

    def _define(self, begin: int, end: int) -> None:
        match = _DEFINE.match(self.source, begin, end)
        if match:
            self.results.define(match[1], None if match[2] else plain_text(self.source[match.end() : end]))

    def _mark(self, kind: int, frame: Frame, start: int) -> None:
        """Note the directive among the tokens that are being collected."""
        if self.mode == DECLARE:
            tokens = self.declaration
        elif self.mode == TABLE:
            tokens = self.row
        else:
            return
        if kind == ENDIF:
            # An `#if` without a token in it leaves no trace.
            last = len(tokens) - 1
            while last >= 0 and tokens[last][0] == ELSE:
                last -= 1
            if last >= 0 and tokens[last][0] == IF:
                del tokens[last:]
                return
        if tokens:
            tokens.append(mark(kind, frame.pair, start))

    def _state(self) -> State:
        return State(
            self.mode,
            self.scope,
            self.declaration,
            len(self.declaration),
            self.parens,
            self.braces,
            self.body,
            self.table,
            self.row,
            len(self.row),
        )

    def _restore(self, state: State) -> None:
        self.mode, self.scope, declaration, declared, self.parens, self.braces, self.body, self.table, row, written = state
        # The same list: the declaration is still the one of the `#if`, and it keeps the tokens of all its branches, with marks between.
        if declaration is not self.declaration:
            self.declaration = declaration[:declared] if declared <= _MAX_SHARED else []
        if row is not self.row:
            self.row = row[:written] if written <= _MAX_SHARED else []

    def _switch(self, keyword: bytes, text: bytes, start: int) -> None:
        frame = self.conditions.current()
        if frame is None:
            if not self.conditions.frames:
                self.results.problem('unbalanced', start, 'an #else or #elif without #if')
            return
        self._keep_end(frame)
        unfinished = self.declaration if self.mode == DECLARE and self.scope is frame.saved.scope else []
        before = (self.declaration, self.row)
        self._restore(frame.saved)
        if self.mode == DECLARE and not self.declaration and len(unfinished) <= _MAX_SHARED:
            # `#if A` ... `int f(void)` `#else` ... `int g(void)` `#endif` `{`: both heads are needed when the brace comes.
            self.declaration = list(unfinished)
        elif before[0] is not self.declaration or before[1] is not self.row:
            # What both branches share is read a second time, without the `#if` that stands behind it.
            self._mark(IF, frame, start)
        self._mark(ELSE, frame, start)
        self.conditions.switch(frame, keyword, text)

    def _end_condition(self, start: int) -> None:
        frame = self.conditions.current()
        if frame is None:
            if not self.conditions.frames:
                self.results.problem('unbalanced', start, 'an #endif without #if')
            self.conditions.end()
            return
        self._keep_end(frame)
        self._mark(ENDIF, frame, start)
        self.conditions.end()
        if not frame.has_else and frame.saved.shape not in {end.shape for end in frame.ends}:
            frame.ends.append(frame.saved)
        if frame.dead or len(frame.ends) > 1:
            self._choose(frame)

    def _keep_end(self, frame: Frame) -> None:
        """Remember how the branch at hand ends, if another one has not ended so."""
        state = self._state()
        if not frame.dead and len(frame.ends) < _MAX_ENDS and state.shape not in {end.shape for end in frame.ends}:
            frame.ends.append(state)

    def _choose(self, frame: Frame) -> None:
        """Go on with one of the branches, which have left different things open."""
        if not frame.ends:
            self._restore(frame.saved)
            return
        chosen = frame.ends[0 if frame.first_is_taken else -1]
        if chosen.body is not None:
            for other in frame.ends:
                if other.body is not None and other.body is not chosen.body and other.body is not frame.saved.body:
                    chosen.body.siblings.append(other.body)
        if chosen.table is not None and chosen.table is not frame.saved.table:
            chosen.table.split = any(other.table is not chosen.table for other in frame.ends)
        self._restore(chosen)
