"""The scanner proper: one pass that knows where it is (declarations, a skipped block, a table) and remembers that at every `#if`.

At `#else` the state of the `#if` comes back, so that branches which open the same brace twice count it once; at `#endif` the state of one
branch goes on, and which one is chosen the same way for every mention of the same macro (`X` is defined).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, cast

from tramp_build.model import Condition, Function, Language, Problem, ScanResult, Scope, ScopeKind, Span, Table
from tramp_build.scan import lexer
from tramp_build.scan.conditions import Conditions, plain_text
from tramp_build.scan.functions import Header, find_function
from tramp_build.scan.lexer import BLOCK, BRACKET, COMMENT, ELSE, ENDIF, HASH, IF, LONG, RAW, STRING, TABLE_TYPES, WORD, Token
from tramp_build.scan.literals import text_of
from tramp_build.scan.syntax import MARKS, collapse
from tramp_build.scan.tables import (
    MEMBERS,
    Head,
    OpenTable,
    find_head,
    first_item,
    is_sentinel_macro,
    macro_rows,
    make_row,
)

_MAX_TOKENS: Final = 50_000  # of one declaration: more is no declaration
_MAX_PREFIX: Final = 64  # tokens that a branch can share with what stands before its #if
_MAX_SCOPES: Final = 100
_MAX_VARIANTS: Final = 8
_DIRECTIVE = re.compile(rb'(?:[ \t\f\v\r]|\\[ \t]*\r?\n|/\*[^*]*(?:\*(?!/)[^*]*){0,400}\*/)*([A-Za-z_]\w*)')
_DEFINE = re.compile(rb'(?:\s|\\\r?\n|/\*[^*]*(?:\*(?!/)[^*]*){0,400}\*/)*([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)(\()?')
_BOM: Final = b'\xef\xbb\xbf'


class _Mode:
    DECLARE: Final = 0
    SKIP: Final = 1
    TABLE: Final = 2


@dataclass(slots=True)
class _Node:
    """A scope that is open."""

    kind: ScopeKind
    names: tuple[str, ...]
    outer_start: int | None  # of the outermost declaration that is no namespace
    parent: _Node | None
    head: list[Token]  # what stands before the brace, as a class is part of a declaration
    open_brace: int
    depth: int
    resume: tuple[_Body | None, int] | None = None  # the body that a local declaration interrupts


@dataclass(slots=True)
class _Body:
    """A function whose body is open."""

    headers: list[tuple[Header, Condition]]
    start: int
    scope: _Node
    declaration: int  # where its declaration starts
    siblings: list[_Body] = field(default_factory=list)


# What `#else` brings back: mode, scope, declaration, its length, parentheses, braces, body, table, row, its length.
_State = tuple[int, _Node, list[Token], int, int, int, '_Body | None', 'OpenTable | None', list[Token], int]


class Scanner:
    """Reads one file; use it once."""

    def __init__(self, source: bytes, language: Language) -> None:
        self.source = source
        self.text = lexer.normalise(source)
        self.language = language
        self.cxx = language == 'c++'
        self.skip_re = lexer.SKIP if self.cxx else lexer.SKIP_C
        self.token_re = lexer.TOKEN if self.cxx else lexer.TOKEN_C
        self.position = 3 if source.startswith(_BOM) else 0
        self.conditions = Conditions()
        self.mode = _Mode.DECLARE
        self.scope = _Node(ScopeKind.FILE, (), None, None, [], 0, 0)
        self.declaration: list[Token] = []
        self.parens = 0
        self.braces = 0
        self.body: _Body | None = None
        self.table: OpenTable | None = None
        self.row: list[Token] = []
        self.finished_tables: list[tuple[OpenTable, int]] = []
        self.tables: list[Table] = []
        self.functions: list[Function] = []
        self.problems: list[Problem] = []
        self.definitions: dict[bytes, bytes | None] = {}
        self._line = (0, 1)

    def scan(self) -> ScanResult:
        size = len(self.text)
        while self.position < size:
            if self.conditions.dead:
                self._dead()
            elif self.mode == _Mode.DECLARE:
                self._declare()
            elif self.mode == _Mode.SKIP:
                self._skip()
            else:
                self._rows()
        self._finish()
        macros = {text_of(name): text_of(value) for name, value in self.definitions.items() if value is not None}
        return ScanResult(
            self.language,
            tuple(sorted(self.tables, key=lambda table: (table.span.start, table.line, table.name))),
            tuple(sorted(self.functions, key=lambda function: (function.name_span.start, function.span.start))),
            macros,
            frozenset(text_of(name) for name in self.definitions),
            tuple(self.problems),
        )

    def line_of(self, offset: int) -> int:
        at, line = self._line
        if offset >= at:
            line += self.source.count(b'\n', at, offset)
        else:
            line -= self.source.count(b'\n', offset, at)
        self._line = (offset, line)
        return line

    def problem(self, reason: str, offset: int, message: str) -> None:
        if len(self.problems) < 100:
            self.problems.append(Problem(reason, offset, self.line_of(offset), message))

    # Declarations

    def _declare(self) -> None:
        """Read tokens into the declaration at hand, until something changes what is read or where."""
        text = self.text
        previous = self.position
        for match in self.token_re.finditer(text, self.position):
            kind = match.lastindex
            assert kind
            if kind == COMMENT:
                continue
            if kind == LONG:
                start = match.start()
                end = lexer.literal_end(text, start)
                if text[start] == 0x22:
                    self.declaration.append((STRING, self.source[start:end], start, end))
                self.position = end
                return
            start, end = match.span(kind)
            if kind == BRACKET:
                if self._bracket(text[start], start, end):
                    return
            elif kind == HASH:
                if previous == 0 or text.find(b'\n', previous, start) >= 0 or previous == self.position:
                    self._directive(start)
                    return
            elif kind == RAW:
                self.position = lexer.raw_end(text, start)
                self.declaration.append((STRING, self.source[start : self.position], start, self.position))
                return
            else:
                self.declaration.append((kind, self.source[start:end] if kind == STRING else match[kind], start, end))
                if len(self.declaration) > _MAX_TOKENS:
                    self.declaration = []
            previous = end
        self.position = len(text)

    def _bracket(self, bracket: int, start: int, end: int) -> bool:
        """Take one bracket or semicolon of a declaration; True if reading has to start again at `self.position`."""
        if bracket == 0x7B:
            self._open_brace(start)
            return True
        if bracket == 0x7D:
            self._close_scope(start, end)
            return True
        if bracket == 0x3B:
            if self.parens == 0:
                return self._end_declaration(end)
        elif bracket in b'([':
            self.parens += 1
        elif self.parens:
            self.parens -= 1
        self.declaration.append((BRACKET, bytes((bracket,)), start, end))
        return False

    def _end_declaration(self, end: int) -> bool:
        tokens = self.declaration
        if self.finished_tables:
            self._emit_tables(tokens)
        elif any(token[1] == b'(' for token in tokens) and self.scope.kind != ScopeKind.FUNCTION:
            if not self.cxx and self._is_old_style(tokens):
                tokens.append((BRACKET, b';', end - 1, end))
                return False
            for header, condition in self._headers(tokens, defines=False):
                self._add_function(header, condition, self.scope, Span(header.start, end), None)
        self.declaration = []
        return self._leave_local(end)

    def _is_old_style(self, tokens: list[Token]) -> bool:
        """Whether `int f(a, b) int a;` may be the beginning of a K&R definition."""
        items = collapse([token for token in tokens if token[0] not in MARKS], angles=False)
        at = next((i for i, item in enumerate(items) if item.text == b'()' and i and items[i - 1].kind == WORD), None)
        if at is None or at + 2 >= len(items) or items[at + 1].kind != WORD:
            return False
        inner = tokens[items[at].first + 1 : items[at].last]
        names = {text for kind, text, _, _ in inner if kind == WORD}
        if not names or any(kind != WORD and text != b',' for kind, text, _, _ in inner):
            return False
        begin = max((i + 1 for i, token in enumerate(tokens) if token[1] == b';'), default=items[at].last + 1)
        declared = [text for kind, text, _, _ in tokens[begin:] if kind == WORD and text in names]
        return bool(declared)

    def _headers(self, tokens: list[Token], defines: bool) -> list[tuple[Header, Condition]]:
        """The function that a declaration declares, once per branch of the `#if`s in it that has another name for it."""
        if self.conditions.dead or self.conditions.too_deep:
            return []
        class_name = self.scope.names[-1] if self.scope.kind == ScopeKind.CLASS and self.scope.names else None
        path = self.conditions.path
        if not any(token[0] in MARKS for token in tokens):
            header = find_function(tokens, self.cxx, class_name, defines)
            return [(header, path)] if header else []
        found: dict[int, tuple[Header, Condition]] = {}
        for variant, paths in _variants(tokens, path):
            header = find_function(variant, self.cxx, class_name, defines)
            if header:
                found.setdefault(header.name_start, (header, paths[header.name_token]))
        return list(found.values())

    def _open_brace(self, start: int) -> None:
        """Decide what a `{` in a declaration opens."""
        self.position = start + 1
        tokens = self.declaration
        if self.parens == 0:
            if self.finished_tables and tokens and tokens[-1][1] != b'=' and find_head(tokens, self.cxx) is None:
                self._emit_tables(tokens)
                tokens = self.declaration = []
            head = self._table_head(tokens)
            if head is not None:
                self._open_table(head, start)
                return
            if self.scope.kind != ScopeKind.FUNCTION and self._open_scope(tokens, start):
                return
        self.mode = _Mode.SKIP
        self.braces = 1
        self.body = None
        tokens.append((BLOCK, b'{}', start, start + 1))

    def _table_head(self, tokens: list[Token]) -> Head | None:
        if not any(token[1] in TABLE_TYPES for token in tokens):
            return None
        return find_head([token for token in tokens if token[0] not in MARKS], self.cxx)

    def _open_table(self, head: Head, start: int) -> None:
        line = self.line_of(head.name_start)
        dead = self.conditions.dead or self.conditions.too_deep
        self.table = OpenTable(head, line, self.conditions.path, dead)
        self.mode = _Mode.TABLE
        self.braces = 1
        self.row = []
        if not head.array:
            self.row.append((BRACKET, b'{', start, start + 1))

    def _open_scope(self, tokens: list[Token], start: int) -> bool:
        """Open the namespace, class or function that `tokens` begin; False if the brace is an initialiser or the like."""
        plain = [token for token in tokens if token[0] not in MARKS]
        words = [text for kind, text, _, _ in plain if kind == WORD]
        if b'namespace' in words[:2] and b'(' not in words:
            names = words[words.index(b'namespace') + 1 :]
            return self._push(ScopeKind.FILE, tuple(text_of(name) for name in names if name != b'inline') or ('',), [], start)
        if words == [b'extern'] and plain[-1][0] == STRING:
            return self._push(ScopeKind.FILE, (), [], start)
        if len(plain) == 1 and words and words[0] not in (b'enum', b'struct', b'union', b'class', b'do', b'try', b'else'):
            return self._push(ScopeKind.FILE, (), [], start)
        has_parens = any(text == b'(' for _, text, _, _ in plain)
        if has_parens:
            if self._in_member_initialisers(plain):
                return False
            headers = self._headers(tokens, defines=True)
            if headers or (
                not any(text == b'=' for _, text, _, _ in plain) and b'enum' not in words and not _is_class_head(plain, self.cxx)
            ):
                self._open_body(headers, tokens, start)
                return True
        if self.cxx and _is_class_head(plain, self.cxx):
            name = _class_name(plain)
            return self._push(ScopeKind.CLASS, (name,), tokens, start)
        return False

    def _in_member_initialisers(self, plain: list[Token]) -> bool:
        """Whether the brace belongs to `a{1}` in `C::C() : a{1} {...}`."""
        if not self.cxx or plain[-1][0] not in (WORD, lexer.PUNCT) or (plain[-1][1] not in (b'>',) and plain[-1][0] != WORD):
            return False
        items = collapse(plain, angles=True)
        seen = False
        for item in items:
            seen = seen or item.text == b'()'
            if seen and item.text == b':':
                return plain[-1][1] not in (b'try', b'const', b'noexcept')
        return False

    def _push(self, kind: ScopeKind, names: tuple[str, ...], head: list[Token], start: int) -> bool:
        parent = self.scope
        if parent.depth >= _MAX_SCOPES:
            return False
        outer = parent.outer_start
        if kind == ScopeKind.CLASS and outer is None:
            outer = _first_start(head)
        if parent.kind == ScopeKind.CLASS and kind == ScopeKind.FILE:
            kind = ScopeKind.CLASS
        self.scope = _Node(kind, parent.names + names, outer, parent, head, start, parent.depth + 1)
        self.declaration = []
        return True

    def _open_body(self, headers: list[tuple[Header, Condition]], tokens: list[Token], start: int) -> None:
        declaration = headers[0][0].start if headers else _first_start(tokens) or start
        self.body = _Body(headers, start, self.scope, declaration)
        self.mode = _Mode.SKIP
        self.braces = 1
        self.declaration = []

    def _close_scope(self, start: int, end: int) -> None:
        """Take a `}` that ends a scope, or that nothing opened."""
        self.position = end
        self.parens = 0
        if self.finished_tables:
            self._emit_tables(self.declaration)
        node = self.scope
        self.declaration = []
        if node.resume is not None:
            self.position = start
            self._leave_local(start)
        elif node.parent is None:
            self.problem('unbalanced', start, 'a closing brace that nothing opens')
        else:
            self.scope = node.parent
            if node.kind == ScopeKind.CLASS and node.head:
                self.declaration = [*node.head, (BLOCK, b'{}', node.open_brace, end)]

    # Blocks

    def _skip(self) -> None:
        """Skip the block at hand: a function body, or an initialiser that is no table."""
        text = self.text
        depth = self.braces
        previous = self.position
        for match in self.skip_re.finditer(text, self.position):
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
        self.position = len(text)

    def _skip_special(self, kind: int, match: re.Match[bytes], previous: int) -> bool:
        start = match.start()
        if kind == lexer.SKIP_HASH:
            if not self._begins_line(previous, start):
                return False
            self._directive(start)
            return True
        if kind == lexer.SKIP_TABLE:
            return self.body is not None and not self.conditions.dead and self._enter_local(previous, start)
        self.position = lexer.raw_end(self.text, start) if kind == lexer.SKIP_RAW else lexer.literal_end(self.text, start)
        return self.position != match.end()

    def _begins_line(self, previous: int, start: int) -> bool:
        newline = self.text.rfind(b'\n', previous, start)
        if newline < 0:
            return previous == 0 and not self.text[:start].strip()
        before = self.text[newline + 1 : start].rstrip()
        return not before or before.endswith(b'*/')

    def _dead(self) -> None:
        """Skip to the end of a branch that is never compiled."""
        depth = 0
        previous = self.position
        for match in self.skip_re.finditer(self.text, self.position):
            if match.lastindex != lexer.SKIP_HASH or not self._begins_line(previous, match.start()):
                continue
            previous = match.end()
            name = _DIRECTIVE.match(self.text, match.end())
            word = name[1] if name else b''
            if word.startswith(b'if'):
                depth += 1
            elif word == b'endif' and depth:
                depth -= 1
            elif depth == 0 and (word == b'endif' or word.startswith(b'el')):
                self._directive(match.start())
                return
        self.position = len(self.text)

    def _close_block(self, end: int) -> None:
        body = self.body
        self.mode = _Mode.DECLARE
        self.body = None
        if body is None:
            for index in range(len(self.declaration) - 1, -1, -1):
                if self.declaration[index][0] == BLOCK:
                    self.declaration[index] = (BLOCK, b'{}', self.declaration[index][2], end)
                    break
            return
        self.declaration = []
        for one in [body, *body.siblings]:
            for header, condition in one.headers:
                self._add_function(header, condition, one.scope, Span(header.start, end), Span(one.start, end))

    def _add_function(self, header: Header, condition: Condition, node: _Node, span: Span, body: Span | None) -> None:
        name_span = Span(header.name_start, header.name_end)
        scope = Scope(node.kind, node.names, condition)
        line = self.line_of(header.name_start)
        self.functions.append(Function(header.name, line, span, name_span, header.parameters, body, header.static, scope))

    # Tables in functions

    def _enter_local(self, previous: int, start: int) -> bool:
        """Begin to read a declaration in a function body if it is a table with an initialiser."""
        ahead: list[Token] = []
        for match in self.token_re.finditer(self.text, start):
            kind = match.lastindex
            assert kind
            if kind == COMMENT:
                continue
            if kind in (LONG, HASH, RAW, STRING) or match[kind] in (b';', b')', b'}') or len(ahead) > 40:
                return False
            begin, end = match.span(kind)
            if match[kind] == b'{':
                break
            ahead.append((kind, match[kind], begin, end))
        else:
            return False
        tokens = self._specifiers(previous, start) + ahead
        if find_head(tokens, self.cxx) is None:
            return False
        assert self.body
        node = _Node(ScopeKind.FUNCTION, self.scope.names, self.scope.outer_start, self.scope, [], start, self.scope.depth)
        if node.outer_start is None:
            node.outer_start = self.body.declaration
        node.resume = (self.body, self.braces)
        self.scope = node
        self.declaration = tokens
        self.mode = _Mode.DECLARE
        self.body = None
        self.position = begin
        return True

    def _specifiers(self, previous: int, start: int) -> list[Token]:
        """The tokens of the statement that stand before `start`."""
        tokens: list[Token] = []
        for match in self.token_re.finditer(self.text, previous, start):
            kind = match.lastindex
            assert kind
            if kind in (COMMENT, LONG):
                continue
            begin, end = match.span(kind)
            if match[kind] in (b';', b':', b'#'):
                tokens = []
            else:
                tokens.append((kind, match[kind], begin, end))
        return tokens[-20:]

    def _leave_local(self, end: int) -> bool:
        node = self.scope
        if node.resume is None or node.parent is None:
            return False
        self.body, self.braces = node.resume
        self.scope = node.parent
        self.mode = _Mode.SKIP
        self.position = end
        return True

    # Table rows: see rows.py
    def _rows(self) -> None:
        """Read tokens into the row at hand."""
        text = self.text
        previous = self.position
        for match in self.token_re.finditer(text, self.position):
            kind = match.lastindex
            assert kind
            if kind == COMMENT:
                continue
            if kind == LONG:
                start = match.start()
                end = lexer.literal_end(text, start)
                if text[start] == 0x22:
                    self.row.append((STRING, self.source[start:end], start, end))
                self.position = end
                return
            start, end = match.span(kind)
            if kind == HASH:
                if text.find(b'\n', previous, start) >= 0 or previous == self.position:
                    self._directive(start)
                    return
                continue
            if kind == RAW:
                self.position = lexer.raw_end(text, start)
                self.row.append((STRING, self.source[start : self.position], start, self.position))
                return
            word = match[kind]
            previous = end
            if kind == BRACKET:
                if word in b'([{':
                    self.braces += 1
                elif word == b';':
                    if self.braces <= 1:
                        self.problem('unbalanced', start, 'a table without its closing brace')
                        self._close_table(start)
                        self.position = start
                        return
                else:
                    self.braces -= 1
                    if self.braces == 0:
                        self._close_table(end)
                        return
            elif word == b',' and self.braces == 1 and cast('OpenTable', self.table).head.array:
                self._end_row()
                continue
            self.row.append((kind, self.source[start:end] if kind == STRING else word, start, end))
        self.position = len(text)

    def _end_row(self) -> None:
        """Take the tokens between two commas of the top level."""
        tokens, self.row = self.row, []
        table = self.table
        assert table
        condition = self.conditions.path
        while tokens and tokens[0][0] in MARKS:
            tokens = tokens[1:]
        while tokens and tokens[-1][0] in MARKS:
            tokens = tokens[:-1]
        if not tokens or table.dead or self.conditions.dead:
            return
        first = first_item(tokens)
        assert first
        if tokens[0][1] == b'[' and first.text == b'[]':  # [0] = {...}
            tokens = tokens[first.last + 2 :]
            if not tokens:
                return
        line = self.line_of(tokens[0][2])
        if tokens[0][1] == b'{' and tokens[-1][1] == b'}':
            row = make_row(tokens, table, line, condition, self.cxx)
            if row is not None:
                table.rows.append(row)
        else:
            table.rows.extend(macro_rows(tokens, self.line_of, condition, len(MEMBERS[table.head.kind])))

    def _close_table(self, end: int) -> None:
        table = self.table
        assert table
        if not table.head.array:
            self.row.append((BRACKET, b'}', end - 1, end))
        self._end_row()
        macros = {name: value for name, value in self.definitions.items() if value is not None}
        if table.rows and table.rows[-1].problem == 'macro-row':
            span = table.rows[-1].span
            text = self.source[span.start : span.end].strip(b'{} \t\r\n,')
            if re.fullmatch(rb'\w+', text) and is_sentinel_macro(text, macros):
                table.rows.pop()
        self.table = None
        self.mode = _Mode.DECLARE
        self.position = end
        self.declaration.append((BLOCK, b'{}', end - 1, end))
        self.finished_tables.append((table, end))

    def _emit_tables(self, tokens: list[Token]) -> None:
        node = self.scope
        end = max((token[3] for token in tokens if token[0] not in MARKS), default=0)
        for table, close in self.finished_tables:
            if table.dead:
                continue
            head = table.head
            scope = Scope(node.kind, node.names, table.condition)
            outer = head.start if node.outer_start is None else node.outer_start
            span = Span(head.start, max(end, close))
            self.tables.append(Table(head.kind, head.name, table.line, span, scope, outer, head.array, head.static, tuple(table.rows)))
        self.finished_tables = []

    # Directives

    def _directive(self, start: int) -> None:
        end = lexer.directive_end(self.text, start + 1)
        self.position = end
        match = _DIRECTIVE.match(self.text, start + 1, end)
        if match is None:
            return
        keyword = match[1]
        if keyword in (b'if', b'ifdef', b'ifndef'):
            self.conditions.begin(keyword, self.source[match.end() : end], self._state())
            self._mark(IF, start)
        elif keyword in (b'elif', b'else', b'elifdef', b'elifndef'):
            self._switch_branch(keyword, self.source[match.end() : end], start)
        elif keyword == b'endif':
            self._end_condition(start)
        elif keyword == b'define' and not self.conditions.dead:
            self._define(match.end(), end)

    def _define(self, begin: int, end: int) -> None:
        match = _DEFINE.match(self.source, begin, end)
        if match is None:
            return
        name = match[1]
        if match[2] or name in self.definitions:
            self.definitions[name] = None
        else:
            self.definitions[name] = plain_text(self.source[match.end() : end])

    def _mark(self, kind: int, start: int) -> None:
        frame = self.conditions.frames[-1]
        mark: Token = (kind, b'%d %d' % (frame.id, frame.branch), start, start)
        if self.mode == _Mode.DECLARE:
            self.declaration.append(mark)
        elif self.mode == _Mode.TABLE and (self.braces > 1 or self.row):
            self.row.append(mark)

    def _state(self) -> _State:
        return (
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

    def _restore(self, state: _State) -> None:
        self.mode, self.scope, declaration, length, self.parens, self.braces, self.body, self.table, row, row_length = state
        if declaration is not self.declaration:
            self.declaration = declaration[:length] if length <= _MAX_PREFIX else []
        if row is not self.row:
            self.row = row[:row_length] if row_length <= _MAX_PREFIX else []

    def _switch_branch(self, keyword: bytes, text: bytes, start: int) -> None:
        frames = self.conditions.frames
        if not frames:
            self.problem('unbalanced', start, 'an #else or #elif without #if')
            return
        frame = frames[-1]
        if not frame.dead:
            frame.ends.append(self._state())
        self._restore(cast('_State', frame.saved))
        self.conditions.switch(keyword, text)
        self._mark(ELSE, start)

    def _end_condition(self, start: int) -> None:
        if not self.conditions.frames:
            self.problem('unbalanced', start, 'an #endif without #if')
            return
        frame = self.conditions.frames[-1]
        if not frame.dead:
            frame.ends.append(self._state())
        self._mark(ENDIF, start)
        self.conditions.end()
        ends = cast('list[_State]', frame.ends)
        if frame.dead:
            self._restore(ends[-1] if ends else cast('_State', frame.saved))
        if not frame.has_else:
            ends.append(cast('_State', frame.saved))
        if len({_shape(end) for end in ends}) > 1:
            self._choose(ends, frame.negative)

    def _choose(self, ends: list[_State], negative: bool) -> None:
        """Go on with one of the branches, which have left different things open."""
        chosen = ends[-1] if negative else ends[0]
        body = chosen[6]
        if body is not None:
            for other in ends:
                sibling = other[6]
                if sibling is not None and sibling is not body and sibling not in body.siblings:
                    body.siblings.append(sibling)
        self._restore(chosen)

    def _finish(self) -> None:
        """Close what the end of the file leaves open."""
        end = len(self.text)
        while self.scope.resume is not None or self.table is not None:
            if self.table is not None:
                self._close_table(end)
            self._emit_tables(self.declaration)
            self._leave_local(end)
        if self.mode == _Mode.SKIP and self.body is not None:
            self.problem('unbalanced', self.body.start, 'a function body without its closing brace')
            self._close_block(end)
        self._emit_tables(self.declaration)


def _shape(state: _State) -> tuple[int, int, int, int, int, int]:
    mode, scope, _, _, parens, braces, body, table, _, _ = state
    return mode, id(scope), parens if mode == _Mode.DECLARE else 0, braces if mode != _Mode.DECLARE else 0, id(body), id(table)


def _first_start(tokens: list[Token]) -> int | None:
    return next((token[2] for token in tokens if token[0] not in MARKS), None)


def _is_class_head(plain: list[Token], cxx: bool) -> bool:
    items = collapse(plain, cxx)
    words = [item.text for item in items if item.kind == WORD]
    if b'enum' in words or b'=' in [item.text for item in items]:
        return False
    return any(word in (b'class', b'struct', b'union') for word in words)


def _class_name(plain: list[Token]) -> str:
    """The name in `class EXPORT X final : public Y`."""
    items = collapse(plain, angles=True)
    at = max(i for i, item in enumerate(items) if item.text in (b'class', b'struct', b'union'))
    name = b''
    for item in items[at + 1 :]:
        if item.text == b':':
            break
        if item.kind == WORD and item.text != b'final':
            name = item.text
    return text_of(name)


def _variants(tokens: list[Token], path: Condition) -> list[tuple[list[Token], list[Condition]]]:
    """What the compiler may see of a declaration with `#if`s in it: some of the ways through them, with the condition of every token."""
    conditions: list[Condition] = []
    stack = list(path)
    branches: dict[int, int] = {}
    current: Condition = path
    for kind, text, _, _ in reversed(tokens):
        if kind in MARKS:
            number, branch = (int(part) for part in text.split())
            branches[number] = max(branches.get(number, 0), branch)
            if kind == ENDIF:
                stack.append((number, branch))
            elif stack and stack[-1][0] == number:
                stack.pop()
                if kind == ELSE:
                    stack.append((number, branch - 1))
            current = tuple(stack)
        conditions.append(current)
    conditions.reverse()
    fixed = dict(path)
    choices: list[dict[int, int]] = [{}]
    for number, most in branches.items():
        if number not in fixed:
            choices.extend({number: branch} for branch in range(1, most + 2))
    out = []
    for choice in choices[:_MAX_VARIANTS]:
        keep = [
            index
            for index, token in enumerate(tokens)
            if token[0] not in MARKS
            and all(choice.get(n, 0) == b for n, b in conditions[index] if n not in fixed)
            and all(fixed[n] == b for n, b in conditions[index] if n in fixed)
        ]
        out.append(([tokens[i] for i in keep], [conditions[i] for i in keep]))
    return out
