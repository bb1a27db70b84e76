"""The scanner: one pass over the tokens that reads declarations and tables and skips all other blocks."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from tramp_build.model import ScopeKind, Span
from tramp_build.scan import lexer
from tramp_build.scan.braces import Brace, classify, is_member_initialiser
from tramp_build.scan.functions import find_function
from tramp_build.scan.lexer import BLOCK, BRACKET, COMMENT, HASH, LONG, PUNCT, RAW, STRING, Token
from tramp_build.scan.local import is_unnamed_table, local_declaration
from tramp_build.scan.oldstyle import declares, old_style_parameters
from tramp_build.scan.state import DECLARE, SKIP, TABLE, Body, Node
from tramp_build.scan.syntax import Declaration
from tramp_build.scan.tablereader import TableReader
from tramp_build.scan.tables import find_head, holds_tables, is_made_elsewhere
from tramp_build.scan.variants import has_marks, variants, visible

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from tramp_build.model import Condition, Language, ScanResult
    from tramp_build.scan.functions import Header

_MAX_TOKENS: Final = 20_000  # of one declaration or row: more is none
_MAX_BLOCKS: Final = 32  # of one declaration, since each is classified by all that stands before it
_MAX_OLD_STYLE: Final = 500  # tokens of a K&R head
_MAX_SCOPES: Final = 100
_BOM: Final = b'\xef\xbb\xbf'
_OPEN_BRACE, _CLOSE_BRACE, _SEMICOLON, _COMMA, _QUOTE = b'{};,"'
_OPENING: Final = b'([{'
_SPECIAL: Final = frozenset({LONG, HASH, RAW})
_TEXT: Final = itemgetter(1)


class Scanner(TableReader):
    """Reads one file; use it once."""

    def __init__(self, source: bytes, language: Language) -> None:
        cxx = language == 'c++'
        super().__init__(source, lexer.normalise(source), lexer.SKIP_CXX if cxx else lexer.SKIP_C, cxx)
        self.language = language
        self.token_re = lexer.TOKEN_CXX if cxx else lexer.TOKEN_C
        self.begin = self.position = len(_BOM) if source.startswith(_BOM) else 0
        self.may_have_tables = any(word in source for word in lexer.TABLE_TYPES)
        self.old_style: frozenset[bytes] = frozenset()  # parameters of the K&R definition that is being read

    def scan(self) -> ScanResult:
        while self.position < len(self.text):
            if self.conditions.dead:
                self.skip_dead()
            elif self.mode == SKIP:
                self._skip()
            else:
                self._read()
        self._finish()
        return self.results.result(self.language, self.text)

    def _finish(self) -> None:
        """Close what the end of the file leaves open."""
        end = len(self.text)
        if self.table is not None:
            self.results.problem('unbalanced', self.table.head.start, 'a table without its closing brace')
        self.emit_tables(end)
        if self.scope.resume is not None:
            self._leave_local(end)
        if self.mode == SKIP and self.body is not None:
            self.results.problem('unbalanced', self.body.start, 'a function body without its closing brace')
            self._close_block(end)

    # Declarations and tables, token by token

    def _read(self) -> None:
        """Collect tokens until something changes where the scanner is."""
        text = self.text
        in_table = self.mode == TABLE
        tokens = self.row if in_table else self.declaration
        previous = self.position
        for match in self.token_re.finditer(text, self.position):
            kind = match.lastindex
            assert kind
            if kind == COMMENT:
                continue
            if kind in _SPECIAL:
                if self._read_special(kind, match, previous, tokens):
                    return
                previous = match.end()
                continue
            start, end = match.span(kind)
            previous = end
            if kind == BRACKET or (in_table and kind == PUNCT and text[start] == _COMMA):
                if self.table_bracket(text[start], start, end) if in_table else self._bracket(text[start], start, end):
                    return
                tokens = self.row if in_table else self.declaration
            else:
                tokens.append((kind, self.source[start:end] if kind == STRING else match[kind], start, end))
                if len(tokens) > _MAX_TOKENS:
                    self.declaration, self.row = ([], self.row) if not in_table else (self.declaration, [])
                    tokens = self.row if in_table else self.declaration
        self.position = len(text)

    def _read_special(self, kind: int, match: re.Match[bytes], previous: int, tokens: list[Token]) -> bool:
        """Take what the pattern alone can not; True if reading has to start again at `self.position`."""
        start = match.start()
        if kind == HASH:
            if previous != self.begin and self.text.find(b'\n', previous, start) < 0:
                return False
            self.directive(start)
            return True
        self.position = lexer.raw_end(self.text, start) if kind == RAW else lexer.literal_end(self.text, start)
        if kind == RAW or self.text[start] == _QUOTE:
            tokens.append((STRING, self.source[start : self.position], start, self.position))
        return True

    def _bracket(self, bracket: int, start: int, end: int) -> bool:
        """Take a bracket or semicolon of a declaration; True if reading has to start again at `self.position`."""
        if bracket == _OPEN_BRACE:
            self._open_brace(start)
            return True
        if bracket == _CLOSE_BRACE:
            self._close_scope(start, end)
            return True
        if bracket == _SEMICOLON and self.parens == 0:
            return self._end_declaration(end)
        if bracket in _OPENING:
            self.parens += 1
        elif self.parens and bracket != _SEMICOLON:
            self.parens -= 1
        self.declaration.append((BRACKET, self.text[start:end], start, end))
        return False

    def _end_declaration(self, end: int) -> bool:
        tokens = self.declaration
        if self.finished:
            self.emit_tables(tokens[-1][3] if tokens else self.finished[-1][1])
        elif self._mentions_table(tokens) and is_made_elsewhere(tokens, self.cxx):
            self.results.problem('macro-table', tokens[0][2], 'a table whose rows are not written here')
        elif tokens and self.scope.kind != ScopeKind.FUNCTION and b'(' in map(_TEXT, tokens):
            if not self.cxx and self._goes_on(tokens):
                tokens.append((BRACKET, b';', end - 1, end))
                return False
            for header, condition in self._headers(tokens, None, defines=False):
                self.results.add_function(header, condition, self.scope, end, None)
        self.declaration = []
        return self._leave_local(end)

    def _goes_on(self, tokens: list[Token]) -> bool:
        """Whether the semicolon behind `tokens` ends a parameter of a K&R definition and not the declaration."""
        last = max((index for index, token in enumerate(tokens) if token[1] == b';'), default=-1)
        if last < 0:
            self.old_style = old_style_parameters(tokens)
            return bool(self.old_style)
        if declares(tokens[last + 1 :], self.old_style) and last < _MAX_OLD_STYLE:
            return True
        del tokens[: last + 1]  # it was none: what came before it has ended there
        return False

    def _headers(self, tokens: list[Token], seen: Declaration | None, defines: bool) -> list[tuple[Header, Condition]]:
        """Return the function that `tokens` declare, once for each name that the `#if`s in it give it.

        `seen` is what is visible of them, None to find out.
        """
        if not self.conditions.readable:
            return []
        path = self.conditions.path
        class_name = self.scope.names[-1] if self.scope.kind == ScopeKind.CLASS else None
        if not has_marks(tokens):
            header = find_function(seen or Declaration.of(tokens, self.cxx), self.cxx, class_name, defines)
            return [(header, path)] if header else []
        found: dict[int, tuple[Header, Condition]] = {}
        for variant, conditions in variants(tokens, path):
            header = find_function(Declaration.of(variant, self.cxx), self.cxx, class_name, defines)
            if header:
                first, condition = found.setdefault(header.name_span.start, (header, conditions[header.name_token]))
                if header.parameters != first.parameters:
                    found[header.name_span.start] = (first._replace(varies=True), condition)
        return list(found.values())

    # Braces

    def _open_brace(self, start: int) -> None:
        self.position = start + 1
        blocks = sum(token[0] == BLOCK for token in self.declaration)
        if blocks and (blocks > _MAX_BLOCKS or self.declaration[0][0] == BLOCK):
            self.declaration = []  # blocks that belong to nothing
        if self.parens == 0 and self.declaration and not self._is_initialiser(self.declaration) and self._open(start):
            return
        self.mode = SKIP
        self.braces = 1
        self.body = None
        self.declaration.append((BLOCK, b'{}', start, start + 1))

    def _mentions_table(self, tokens: Sequence[Token]) -> bool:
        return self.may_have_tables and not lexer.TABLE_TYPES.isdisjoint(map(_TEXT, tokens))

    def _is_initialiser(self, tokens: list[Token]) -> bool:
        """Whether what a brace opens behind `tokens` is plainly neither a table nor a body: spares a closer look at long lists."""
        last = tokens[-1]
        if last[1] == b'=':
            return not self._mentions_table(tokens)
        return last[0] == BLOCK and not self.cxx and not self.finished

    def _open(self, start: int) -> bool:
        """Open the table, function, class or namespace that the declaration begins; False if the brace opens none of these."""
        if self.finished:
            self._end_unfinished()
        seen = Declaration.of(visible(self.declaration, self.conditions.path), self.cxx)
        mentioned = self._mentions_table(seen.tokens)
        head = find_head(seen) if mentioned else None
        if head is not None:
            self.open_table(head, seen, start)
            return True
        if mentioned and holds_tables(seen.tokens):
            self.results.problem('unnamed-table', start, 'a table that is no variable of its own')
        if self.scope.kind == ScopeKind.FUNCTION or not seen.items or (self.cxx and is_member_initialiser(seen)):
            return False
        headers = self._headers(self.declaration, seen, defines=True)
        brace, names = (Brace.BODY, ()) if headers else classify(seen, self.cxx)
        if brace == Brace.BODY:
            self._open_body(headers, seen.tokens, start)
            return True
        return brace != Brace.BLOCK and self._push(brace, names, list(seen.tokens), start)

    def _end_unfinished(self) -> None:
        """End a table that has no semicolon behind it, if what has been read since is not its next declarator."""
        # The block of the table is not there any more if blocks that belong to nothing came behind it.
        last = max((index for index, token in enumerate(self.declaration) if token[0] == BLOCK), default=-1)
        following = self.declaration[last + 1 :]
        if following and following[0][1] != b',':
            self.emit_tables(self.finished[-1][1])
            self.declaration = following

    def _push(self, brace: Brace, names: tuple[str, ...], head: list[Token], start: int) -> bool:
        parent = self.scope
        if parent.depth >= _MAX_SCOPES:
            return False
        is_class = brace == Brace.CLASS
        self.scope = Node(
            kind=ScopeKind.CLASS if is_class else parent.kind,
            names=parent.names + names,
            parent=parent,
            outer_start=head[0][2] if is_class and parent.outer_start is None else parent.outer_start,
            head=head if is_class else [],
            brace=start,
            depth=parent.depth + 1,
        )
        self.declaration = []
        return True

    def _open_body(self, headers: list[tuple[Header, Condition]], tokens: Sequence[Token], start: int) -> None:
        declaration = headers[0][0].start if headers else tokens[0][2]
        self.body = Body(headers, start, self.scope, declaration, extends=not headers and tokens[0][1] == b'catch')
        self.mode = SKIP
        self.braces = 1
        self.declaration = []

    def _close_scope(self, start: int, end: int) -> None:
        """Take a `}` that ends a scope, or that nothing opened."""
        self.position = end
        self.parens = 0
        if self.finished:
            self.emit_tables(self.finished[-1][1])
        self.declaration = []
        node = self.scope
        if self._leave_local(start):  # the brace belongs to the body
            return
        if node.parent is None:
            self.results.problem('unbalanced', start, 'a closing brace that nothing opens')
            return
        self.scope = node.parent
        if node.head:
            self.declaration = [*node.head, (BLOCK, b'{}', node.brace, end)]

    # Blocks

    def _skip(self) -> None:
        """Skip the block at hand: a function body, or an initialiser that is no table."""
        depth = self.braces
        previous = self.position
        for match in self.skip_re.finditer(self.text, self.position):
            kind = match.lastindex
            if kind is None:
                continue
            if kind == lexer.SKIP_OPEN:
                depth += 1
            elif kind == lexer.SKIP_CLOSE:
                depth -= 1
                if depth == 0:
                    self.position = match.end()
                    self._close_block(match.end())
                    return
            else:
                self.braces = depth
                if self._skip_special(kind, match, previous):
                    return
            previous = match.end()
        self.braces = depth
        self.position = len(self.text)

    def _skip_special(self, kind: int, match: re.Match[bytes], previous: int) -> bool:
        """Take what is neither brace nor comment; True if skipping has to start again at `self.position`."""
        start = match.start()
        if kind == lexer.SKIP_HASH:
            if not self.begins_line(previous, start):
                return False
            self.directive(start)
            return True
        if kind == lexer.SKIP_TABLE:
            if is_unnamed_table(self.text, match):
                self.results.problem('unnamed-table', start, 'a table that is a compound literal')
            return self._enter_local(previous, start)
        self.position = lexer.raw_end(self.text, start) if kind == lexer.SKIP_RAW else lexer.literal_end(self.text, start)
        return self.position != match.end()

    def _close_block(self, end: int) -> None:
        body, self.body = self.body, None
        self.mode = DECLARE
        if body is None:
            if self.declaration and self.declaration[-1][0] == BLOCK:
                self.declaration[-1] = (BLOCK, b'{}', self.declaration[-1][2], end)
            return
        self.declaration = []
        if body.extends:
            self.results.extend_function(self.results.last_function, end)
        for number in body.reported:
            self.results.extend_function(number, end)
        if not body.reported:
            for one in (body, *body.siblings):
                for header, condition in one.headers:
                    body.reported.append(self.results.add_function(header, condition, one.scope, end, Span(one.start, end)))

    def _enter_local(self, previous: int, start: int) -> bool:
        """Begin to read a declaration in a function body, if it is a table with an initialiser."""
        if self.body is None or not self.conditions.readable:
            return False
        found = local_declaration(self.token_re, self.text, previous, start, self.cxx)
        if found is None:
            return False
        self.declaration, self.position = found
        parent = self.scope
        outer = self.body.declaration if parent.outer_start is None else parent.outer_start
        resume = (self.body, self.braces)
        self.scope = Node(ScopeKind.FUNCTION, parent.names, parent, outer, depth=parent.depth, resume=resume)
        self.mode = DECLARE
        self.parens = 0
        self.body = None
        return True

    def _leave_local(self, end: int) -> bool:
        """Go back to the body that a local declaration interrupts, if there is one."""
        node = self.scope
        if node.resume is None or node.parent is None:
            return False
        self.body, self.braces = node.resume
        self.scope = node.parent
        self.mode = SKIP
        self.position = end
        return True
