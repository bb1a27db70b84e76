"""What handlers do: how each ends, which names it uses, and whether it can stand in a function of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.outline.macros import ends_call
from tramp_build.outline.names import KEYWORDS, looked_up, may_be_macro
from tramp_build.outline.text import FALLS
from tramp_build.outline.told import is_told
from tramp_build.outline.variables import tells
from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tramp_build.outline.chains import Chain, Clause
    from tramp_build.outline.macros import Macros, Meaning
    from tramp_build.outline.variables import Variable


class Left(Enum):
    """Why a chain stays where it is.  The value is the stable id."""

    NOT_WORTH_IT = 'chain-not-worth-it'
    TORN = 'chain-torn'
    CONDITIONAL = 'chain-conditional'
    CLASS_SCOPE = 'chain-class-scope'
    TEMPLATE = 'chain-template'
    NOEXCEPT = 'chain-noexcept'
    LOCALS = 'chain-uses-locals'
    MACRO = 'chain-uses-macros'
    MADE = 'chain-macro'
    PLACE = 'chain-depends-on-place'
    EXIT = 'chain-exit'
    CONSTRUCTOR = 'chain-constructor'
    EXCLUDED = 'chain-excluded'


SENTENCES: Final[dict[Left, str]] = {
    Left.NOT_WORTH_IT: 'too few functions have it, or it is too small, to make the module smaller',
    Left.TORN: 'an #if tears the blocks of the function apart',
    Left.CONDITIONAL: 'an #if within the function decides about it',
    Left.CLASS_SCOPE: 'what it names could be a member of the class',
    Left.TEMPLATE: 'the function is a template',
    Left.NOEXCEPT: 'it does not catch everything, and nothing may leave the function',
    Left.LOCALS: 'it uses a name of the function, or a variable whose type is not certain',
    Left.MACRO: 'it uses a macro that may depend on where it stands',
    Left.MADE: 'a macro makes it that may be another one with other flags, or that can not be written out',
    Left.PLACE: 'it means something else in another function or on another line',
    Left.EXIT: 'a handler leaves in a way that can not be told from outside it',
    Left.CONSTRUCTOR: 'its handlers throw on what they have caught, as those around a whole constructor or destructor do',
    Left.EXCLUDED: 'the configuration leaves the function alone, or it is outlined already',
}


class LeftError(Exception):
    """A chain that has to stay; the reason is its argument."""

    def __init__(self, reason: Left) -> None:
        super().__init__(reason.value)
        self.reason = reason


OWN_PREFIX: Final = b'tramp_'
RETURNS: Final = frozenset({b'Py_RETURN_NONE', b'Py_RETURN_TRUE', b'Py_RETURN_FALSE', b'Py_RETURN_NOTIMPLEMENTED'})
_EXITS: Final = frozenset({b'return', b'goto', b'break', b'continue'}) | RETURNS
_RETURNING: Final = RETURNS | {b'return'}
_LOOPS: Final = frozenset({b'for', b'while', b'do', b'switch'})
# What means something else, or something more, in another function or on another line.
_OF_THE_PLACE: Final = frozenset(
    b'__LINE__ __func__ __FUNCTION__ __PRETTY_FUNCTION__ __COUNTER__ source_location assert static thread_local this asm __asm__ __asm '
    b'alloca __builtin_alloca __builtin_return_address __builtin_frame_address va_start va_arg va_end struct class union enum using '
    b'typedef template co_return co_await co_yield _Pragma __pragma __extension__ setjmp longjmp'.split()
)
_NEVER_RETURN: Final = frozenset(
    b'abort terminate exit _exit _Exit quick_exit Py_FatalError Py_Exit __builtin_unreachable unreachable'.split()
)
# `> >` is not `>>`, and `"x" _s` not `"x"_s`.
_OPERATORS: Final = frozenset({lexer.PUNCT, lexer.OTHER})
_LITERALS: Final = frozenset({lexer.STRING, lexer.CHAR, lexer.WORD, lexer.NUMBER})
_STARTS: Final[tuple[list[bytes], ...]] = ([], [b';'], [b'{'], [b'}'])
_CONSTANTS: Final = frozenset({b'NULL', b'nullptr', b'true', b'false'})
_QUALIFIERS: Final = frozenset(b'const volatile struct class union enum typename'.split())
_TYPE_WORDS: Final = frozenset(b'bool char char16_t char32_t char8_t double float int long short signed unsigned void wchar_t auto'.split())


class Piece(NamedTuple):
    """A token of a handler, or an exit with its number."""

    text: bytes
    spaced: bool  # something stands between it and the one before
    glued: bool = False  # it touches the one before, and that means something: `>>` is not `> >`
    exit: int | None = None
    told: int | None = None  # the number of a text that only CPython is told


class Handler(NamedTuple):
    """A clause that can move."""

    head: tuple[Piece, ...]
    body: tuple[Piece, ...]
    falls: int | None  # the number of falling out, None where the handler never does
    variable: bytes | None

    def key(self) -> tuple[object, ...]:
        """Return what is equal for handlers that are the same but for the name of the exception variable and what they tell CPython."""
        return (_neutral(self.head, self.variable), _neutral(self.body, self.variable), self.falls)


@dataclass(slots=True)
class Reading:
    """The handlers of one chain, with the exits that they have between them."""

    locals: frozenset[bytes]
    variables: frozenset[bytes]  # locals that a `return` may name
    macros: Macros
    offset: int  # of the chain
    returns: bool = False  # the handlers may return what they like, and do nothing else
    readable: Mapping[bytes, Variable] = field(default_factory=dict)  # the locals that can be handed on
    passed: dict[bytes, Variable] = field(default_factory=dict)  # those that are
    exits: list[bytes] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)  # texts that may be another site's: CPython is told them
    names: set[bytes] = field(default_factory=set)
    labels: dict[bytes, int] = field(default_factory=dict)  # that macros jump to, with the exit that this is
    meanings: dict[bytes, Meaning | None] = field(default_factory=dict)

    def read(self, chain: Chain) -> tuple[Handler, ...]:
        """Return the handlers of a chain.  Raises LeftError."""
        return tuple(self._handler(clause) for clause in chain.clauses)

    def _handler(self, clause: Clause) -> Handler:
        variable = _variable(clause.declared)
        names = looked_up((*clause.declared, *clause.body)) - {variable}
        spans = _exits(clause.body)
        if self.returns and any(clause.body[first][1] not in _RETURNING for first, _ in spans):
            raise LeftError(Left.EXIT)
        moved = () if self.returns else spans
        self._check(clause, names, moved, variable)
        body: list[Piece] = []
        position = 0
        for first, last in moved:
            body += self._told(clause.body, position, first)
            body.append(Piece(b'', spaced=True, exit=self._number(clause.body[first:last])))
            position = last + 1
        body += self._told(clause.body, position, len(clause.body))
        never_falls = _never_falls(clause.body, spans) or self._ends_in_macro(clause.body)
        falls = None if never_falls else self._exit(FALLS)
        return Handler(tuple(_pieces(clause.declared, 0, len(clause.declared))), tuple(body), falls, variable)

    def _told(self, tokens: Sequence[lexer.Token], first: int, last: int) -> list[Piece]:
        """Return the pieces of a part of a handler, with numbers for what it tells CPython."""
        pieces = _pieces(tokens, first, last)
        for index in range(first, last):
            if tokens[index][0] == lexer.STRING and is_told(tokens, index):
                pieces[index - first] = pieces[index - first]._replace(told=len(self.told))
                self.told.append(tokens[index][1])
        return pieces

    def _check(self, clause: Clause, names: frozenset[bytes], spans: Sequence[tuple[int, int]], variable: bytes | None) -> None:
        exits = {index for first, last in spans for index in range(first, last + 1)}
        moved = [token for index, token in enumerate(clause.body) if index not in exits]
        words = {text for kind, text, _, _ in (*clause.declared, *moved) if kind == lexer.WORD}
        used = names & words
        hidden, labels = self._macros(used, variable)
        if (words | hidden) & _OF_THE_PLACE or _has_lambda(moved) or any(kind == lexer.RAW for kind, _, _, _ in moved):
            raise LeftError(Left.PLACE)
        if any(name.startswith(OWN_PREFIX) for name in used):
            raise LeftError(Left.EXCLUDED)
        used |= hidden - KEYWORDS
        if any(may_be_macro(name) and name not in self.meanings for name in used):
            raise LeftError(Left.MACRO)
        passed = used & self.readable.keys()
        if (used - self.meanings.keys() - passed) & self.locals or (passed and tells((*clause.declared, *moved), passed)):
            raise LeftError(Left.LOCALS)
        self.passed |= {name: self.readable[name] for name in passed}
        self.names |= (used - passed).union(*(self.readable[name].names for name in passed))
        for label in sorted(labels):
            self.labels[label] = self._exit(b'goto ' + label)
        if (
            (words | hidden) & _NEVER_RETURN
            or hidden & (_EXITS - (_RETURNING if self.returns else {b'goto'}))
            or (labels and self.returns)
            or _has_label(moved)
            or (words & _LOOPS and any(clause.body[first][1] in (b'break', b'continue') for first, _ in spans))
        ):
            raise LeftError(Left.EXIT)

    def _macros(self, used: frozenset[bytes], variable: bytes | None) -> tuple[frozenset[bytes], frozenset[bytes]]:
        """Return the words that the macros among `used` bring along, and the labels that they jump to."""
        words: frozenset[bytes] = frozenset()
        labels: frozenset[bytes] = frozenset()
        for name in used:
            if not self.macros.is_one(name):
                continue
            meaning = self.macros.meaning(name, self.offset)
            if meaning is None or variable in meaning.words:
                raise LeftError(Left.MACRO)
            self.meanings |= dict.fromkeys(word for word in meaning.words if self.macros.is_one(word))
            self.meanings[name] = meaning
            words, labels = words | meaning.words, labels | meaning.labels
        return words, labels

    def _ends_in_macro(self, tokens: Sequence[lexer.Token]) -> bool:
        """Tell whether the last statement is a macro that always jumps away."""
        texts = [token[1] for token in tokens]
        while texts[-1:] == [b';']:
            texts.pop()
        start = max((index + 1 for index, text in enumerate(texts) if text in (b';', b'{', b'}')), default=0)
        meaning = self.meanings.get(texts[start]) if start < len(texts) else None
        return meaning is not None and meaning.leaves and ends_call(texts[start:])

    def _number(self, tokens: Sequence[lexer.Token]) -> int:
        """Number an exit.  What it says is said at the site, so nothing there may depend on when that is."""
        words = [token[1] for token in tokens]
        plain = len(words) == 1 or (words[0] == b'goto' and len(words) == 2 and tokens[1][0] == lexer.WORD)
        if not plain and not (words[0] == b'return' and is_constant(tokens[1:], self.variables)):
            raise LeftError(Left.EXIT)
        return self._exit(b' '.join(words).replace(b'- ', b'-'))

    def _exit(self, text: bytes) -> int:
        if text not in self.exits:
            self.exits.append(text)
        return self.exits.index(text)


def is_constant(tokens: Sequence[lexer.Token], variables: frozenset[bytes] = frozenset()) -> bool:
    """Tell whether an expression means the same at any time: a constant, negative or cast to a pointer, or one of `variables`."""
    while len(tokens) > 2 and tokens[0][1] == b'(' and ends_call([b'', *(token[1] for token in tokens)]):
        tokens = tokens[1:-1]
    if not tokens:
        return False
    kind, text, _, _ = tokens[-1]
    if not (kind in (lexer.NUMBER, lexer.CHAR) or text in _CONSTANTS or (len(tokens) == 1 and text in variables)):
        return False
    front = [token[1] for token in tokens[:-1]]
    if front[-1:] == [b'-'] and kind == lexer.NUMBER:
        front.pop()
    return not front or (
        front[0] == b'(' and front[-2:] == [b'*', b')'] and all(token[0] == lexer.WORD for token in tokens[1 : len(front) - 2])
    )


def _neutral(pieces: Sequence[Piece], variable: bytes | None) -> tuple[object, ...]:
    before = b''
    found: list[object] = []
    for piece in pieces:
        renamed = piece.text == variable and before not in (b'.', b'->', b'::')
        found.append((None if renamed or piece.told is not None else piece.text, piece.glued, piece.exit, piece.told))
        before = piece.text
    return tuple(found)


def _variable(tokens: Sequence[lexer.Token]) -> bytes | None:
    """Return the name of the exception variable, None where there is none."""
    if len(tokens) < 2 or tokens[-1][0] != lexer.WORD or tokens[-1][1] in KEYWORDS or tokens[-2][1] == b'::':
        return None
    types = [text for kind, text, _, _ in tokens[:-1] if kind == lexer.WORD and text not in _QUALIFIERS]
    return tokens[-1][1] if types else None


def _pieces(tokens: Sequence[lexer.Token], first: int, last: int) -> list[Piece]:
    found = []
    for index in range(first, last):
        kind, text, start, _ = tokens[index]
        before = tokens[index - 1] if index else None
        spaced = before is None or before[3] != start
        glued = not spaced and before is not None and any(kind in kinds and before[0] in kinds for kinds in (_OPERATORS, _LITERALS))
        found.append(Piece(text, spaced, glued))
    return found


def _exits(tokens: Sequence[lexer.Token]) -> list[tuple[int, int]]:
    """Return where statements that leave the handler begin, and where their semicolons are."""
    found = []
    index = 0
    while index < len(tokens):
        kind, text, _, _ = tokens[index]
        if kind == lexer.WORD and text in _EXITS and (not index or tokens[index - 1][1] not in (b'.', b'->', b'::')):
            end = next((at for at in range(index, len(tokens)) if tokens[at][1] == b';'), None)
            if end is None:
                raise LeftError(Left.EXIT)
            found.append((index, end))
            index = end
        index += 1
    return found


def _never_falls(tokens: Sequence[lexer.Token], spans: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a handler's last statement always leaves it.  Raises LeftError where that is hard to tell."""
    throws = [index for index, token in enumerate(tokens) if token[1] == b'throw' and token[0] == lexer.WORD]
    if not spans and not throws:
        return False
    if tokens[-1][1] != b';':
        raise LeftError(Left.EXIT)
    last = max((first for first, _ in spans), default=-1)
    if throws and throws[-1] > last:
        semicolons = [index for index in range(throws[-1], len(tokens)) if tokens[index][1] == b';']
        last, end = throws[-1], semicolons[0]
    else:
        end = spans[-1][1]
    if end != len(tokens) - 1:
        return False
    before = tokens[last - 1][1] if last else b';'
    if before not in (b';', b'}', b'{', b')'):
        raise LeftError(Left.EXIT)  # `else return`, a label
    return before in (b';', b'}')


def _has_lambda(tokens: Sequence[lexer.Token]) -> bool:
    """Tell whether a `[` opens a lambda or an attribute, and nothing that is indexed."""
    before: lexer.Token | None = None
    for token in tokens:
        if token[1] == b'[' and (before is None or (before[0] != lexer.WORD and before[1] not in (b')', b']'))):
            return True
        before = token
    return False


def _has_label(tokens: Sequence[lexer.Token]) -> bool:
    """Tell whether a `goto` could stay within the handler."""
    texts = [token[1] for token in tokens]
    return any(
        text == b':'
        and index
        and tokens[index - 1][0] == lexer.WORD
        and texts[index - 1] != b'default'
        and texts[index - 2 : index - 1] in _STARTS
        for index, text in enumerate(texts)
    )
