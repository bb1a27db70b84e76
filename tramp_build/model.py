"""The frozen facts that pass between scanner, planner, rewriter and report.

Every offset is a byte offset into the source as it was read; nothing here knows about encodings or files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple

Language = Literal['c', 'c++']

# One (condition id, branch number) pair per enclosing `#if`.  One id stands for one condition (a chain of `#elif`s up to a branch
# counts as one), branches count from 0 (`#if`) upwards (`#elif`, `#else`).  A place is compiled whenever another one is if its path is a
# prefix of the other's.
Condition = tuple[tuple[int, int], ...]


class Span(NamedTuple):
    """A half-open range of bytes."""

    start: int
    end: int


class ScopeKind(Enum):
    """What directly encloses a declaration."""

    FILE = 'file'  # file or namespace scope, `extern "C" {}` blocks included
    CLASS = 'class'  # inside a class body
    FUNCTION = 'function'  # inside a function body


class Scope(NamedTuple):
    """Where a declaration stands."""

    kind: ScopeKind
    # Names of the enclosing namespaces and classes, outermost first; an unnamed namespace is ''.
    path: tuple[str, ...]
    condition: Condition


class Problem(NamedTuple):
    """Something the scanner could not read; never fatal."""

    reason: str
    offset: int
    line: int
    message: str


class Row(NamedTuple):
    """One initialiser of a table, sentinels excluded."""

    span: Span  # with its braces
    line: int
    name: str | None  # the decoded string literal, None where it is not one
    # One span per struct member in declaration order, None where it is not written.
    # PyMethodDef: name, meth, flags, doc.  PyGetSetDef: name, get, set, doc, closure.  A slot: its value alone, `name` being the slot's.
    fields: tuple[Span | None, ...]
    condition: Condition
    # A reason id when the row can not be taken apart (macro-row, conditional-row, flat-row...), else None.
    problem: str | None


class Table(NamedTuple):
    """One `PyMethodDef x[] = {...}` (or a single, non-array definition)."""

    kind: str  # its type: 'PyMethodDef', 'PyTypeObject'
    name: str  # as declared: 'methods', 'Cls::methods'
    line: int  # of the name
    # The whole declaration without the semicolon, specifiers and `template<...>` included.
    span: Span
    scope: Scope
    # Start of the outermost declaration at file scope that contains the table: the table's own start, or the enclosing function's.
    outer_start: int
    array: bool
    static: bool
    rows: tuple[Row, ...]


class Parameter(NamedTuple):
    """One parameter of a function."""

    span: Span
    name: str | None


class Function(NamedTuple):
    """A declaration or definition of a function at file, namespace or class scope."""

    name: str  # as written, qualified names included: 'f', 'Cls::f'
    line: int
    span: Span  # from the first specifier to the closing brace or the semicolon, that one included
    name_span: Span
    parameters: tuple[Parameter, ...]
    body: Span | None  # with its braces; None for a declaration
    static: bool
    scope: Scope
    varies: bool = False  # an `#if` in its head decides about its parameters, and `parameters` is only one of the lists


class ScanResult(NamedTuple):
    """All that was found in one file."""

    language: Language
    tables: tuple[Table, ...]
    functions: tuple[Function, ...]
    # Object-like macros with exactly one definition in the file, name to replacement text.
    macros: dict[str, str]
    # Those with several, and all their texts.
    choices: dict[str, tuple[str, ...]]
    # Every name that is #defined, function-like and repeatedly defined macros included.
    defined: frozenset[str]
    problems: tuple[Problem, ...]


class Reason(Enum):
    """Why a row keeps the function it has.  The value is the stable id; `SENTENCES` has the text for people."""

    EXTERNAL_DEFINITION = 'external-definition'
    MACRO_ROW = 'macro-row'
    MACRO_FUNCTION = 'macro-function'
    CONDITIONAL_ROW = 'conditional-row'
    CONDITIONAL_FUNCTION = 'conditional-function'
    FLAT_ROW = 'flat-row'
    UNKNOWN_FLAGS = 'unknown-flags'
    NOT_A_FUNCTION = 'not-a-function'
    CPYTHON_FUNCTION = 'cpython-function'
    DECLARED_LATER = 'declared-later'
    LOCAL_TABLE = 'local-table'
    EXCLUDED_FILE = 'excluded-file'
    EXCLUDED_FUNCTION = 'excluded-function'
    LANGUAGE_OFF = 'language-off'
    INCLUDED_FILE = 'included-file'
    NEEDS_ORIGINAL = 'needs-original'
    UNREADABLE = 'unreadable'
    NOTHING_TO_ROUTE = 'nothing-to-route'
    COMPARED = 'compared'
    NO_TRAMPOLINE = 'no-trampoline'
    UNKNOWN_SLOT = 'unknown-slot'
    SAYS_ITS_NAME = 'says-its-name'
    OVERLOADED = 'overloaded'
    # Why a routed METH_VARARGS function keeps its convention.
    ARGS_ESCAPE = 'args-escape'
    KWARGS_ESCAPE = 'kwargs-escape'
    CALLED_DIRECTLY = 'called-directly'
    REFERENCED = 'referenced'
    EXTERNAL_LINKAGE = 'external-linkage'
    MAY_BE_PASTED = 'may-be-pasted'
    SIGNATURE = 'signature'
    READS_ML_METH = 'reads-ml-meth'
    LIMITED_API = 'limited-api'
    FASTCALL_OFF = 'fastcall-off'


class Kept(NamedTuple):
    """Why a METH_VARARGS function keeps its convention, and the line that says so."""

    reason: Reason
    line: int
    path: str | None = None  # of another file of the project, the one with the line


class Placement(Enum):
    """Where the text that serves a routed row goes."""

    BEFORE_TABLE = 'before-table'  # in front of the outermost declaration that contains the table
    AFTER_DEFINITIONS = 'after-definitions'  # behind each definition of the function, in the same `#if` branch
    BEFORE_EACH = 'before-each'  # in front of the first table under each condition: only one of them is compiled
    # As BEFORE_TABLE, with a declaration of the function: an `#if` within the table decides whether there is one.
    DECLARED = 'declared'
    IN_ROW = 'in-row'  # within the row: a lambda in C++, a compound literal in C


class Entry(NamedTuple):
    """The decision for one row."""

    name: str | None
    function: str | None
    line: int
    convention: str | None
    reason: Reason | None  # None: routed
    how: tuple[str, ...] = ()  # 'barrier', 'fastcall', 'outline'; () where nothing but the plain trampoline applies
    placement: Placement | None = None  # None: not routed
    kept: Kept | None = None  # why a METH_VARARGS function was not upgraded
    # Of a method whose flags a macro decides about: the conventions that they may mean.  `convention` is None then.
    conventions: tuple[str, ...] = ()
    shared: bool = False  # a slot whose stub is that of the tables of other units as well

    @property
    def routed(self) -> bool:
        return self.reason is None


class TablePlan(NamedTuple):
    """The decisions for one table, one for each of its rows, in their order."""

    table: Table
    entries: tuple[Entry, ...]


class Upgrade(NamedTuple):
    """How the text of a function changes that takes a vector from now on."""

    edits: tuple[Edit, ...]
    calls: frozenset[str]  # what it calls: 'parse', 'parse_keywords', 'unpack', 'by_vector', 'by_vector_keywords'
    keywords: bool
    # Where what takes the vector is: the function itself, or a second entry that is static here, other files' as well, or another
    # file's, which may lack it.
    entry: Literal['same', 'static', 'shared', 'elsewhere'] = 'same'
    late: str = ''  # a declaration of the second entry, for tables that stand in front of every other


class Answer(NamedTuple):
    """The function that a trampoline calls in its handler, for a method without a catch chain of its own."""

    name: str  # as anything in the file can name it
    offset: int  # from there on it is declared


@dataclass(frozen=True, slots=True)
class Chains:
    """How many catch chains a file has, how many of those that can be read are different, and how many are outlined."""

    found: int = 0
    distinct: int = 0
    outlined: int = 0


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The decisions for one file."""

    language: Language
    barrier: bool
    tables: tuple[TablePlan, ...]
    upgrades: dict[str, Upgrade] = field(default_factory=dict)  # by function name
    followed: dict[str, tuple[Span, ...]] = field(default_factory=dict)  # what names the stub of a slot's function besides slots
    chains: tuple[Edit, ...] = ()  # what outlines the catch chains that functions have in common
    answers: dict[str, Answer] = field(default_factory=dict)  # by function name: the trampoline has the chain
    chain_counts: Chains = Chains()
    chains_left: tuple[Problem, ...] = ()  # the chains that stay, with the reason

    @property
    def routed(self) -> int:
        return sum(e.routed for t in self.tables for e in t.entries)

    @property
    def changes(self) -> bool:
        """Tell whether another text is compiled instead: a file without a table may define what another one's rows call."""
        return bool(self.routed or self.upgrades)


class Edit(NamedTuple):
    """Replace `span` by `text`; an empty span inserts."""

    span: Span
    text: bytes
