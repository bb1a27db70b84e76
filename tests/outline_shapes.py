"""Shapes of functions that have a catch chain, as text.

`NAME` is the function's name; `WORK` is what may throw; `BLOCK` a try block with it; `CHAIN` the chain; `LOCALS` declares variables that a
handler may use; `LABEL` ends the function, with a label that a handler may go to.  Behind a `#` stand the name of the shape and what a
handler may do there, or use:

    returns, void   leave with a value, or without one
    throws, loop    throw; leave a turn of a loop
    rest            be one of `catch (...)`
    locals, goto    what LOCALS and LABEL give
    parameters      `what`
    closed          a forced unwinding can not go through it
    nested          another exception is handled already where the chain is reached
    leaves          every handler has to leave, for there is nothing behind the chain
"""

from __future__ import annotations

from dataclasses import dataclass

_PIECES = {
    'BLOCK_5': '{ Noisy second("b"); WORK note("worked"); return 5; }',
    'BLOCK': '{ Noisy second("b"); WORK note("worked"); }',
    'LOCALS': 'int value = what + 100; std::string local("local"); MORE',
    'MORE': 'volatile int still = 3; int &alias = value; const char *word = "w", *other = "o"; static long total; Pairs pairs; '
    'std::vector<std::pair<int, const char *>> &items = pairs;',
    'LABEL': 'note(value); note(local); note(still); note(word); note(other); note(static_cast<int>(items.size())); return 9;\n'
    '    done: note("done"); note(items.empty() ? "none" : items.back().second); return value;',
}
_ALL = 'returns throws rest locals parameters goto'
_TEXT = """
# whole returns throws rest parameters
static int NAME(int what)
{ try BLOCK CHAIN return 5; }
# tail ALL
static int NAME(int what)
{ LOCALS Noisy first("a"); try BLOCK CHAIN LABEL }
# middle ALL
static int NAME(int what)
{ LOCALS value *= 2; try BLOCK CHAIN value++; work(0); note("on"); LABEL }
# branch ALL
static int NAME(int what)
{ LOCALS if (what != 2) try BLOCK CHAIN else note("not"); LABEL }
# loop ALL loop
static int NAME(int what)
{ LOCALS for (int i = 0; i < 3; i++) { Noisy turn("t"); try BLOCK CHAIN value++; } LABEL }
# while ALL loop
static int NAME(int what)
{ LOCALS int left = 2; while (left--) try BLOCK CHAIN LABEL }
# switch ALL
static int NAME(int what)
{ LOCALS switch (what) { case 1: note("1"); default: try BLOCK CHAIN } LABEL }
# deep ALL
static int NAME(int what)
{ LOCALS try { Noisy far("f"); try BLOCK CHAIN value++; note("far"); } catch (const Derived &) { note("far"); } LABEL }
# handler ALL nested
static int NAME(int what)
{ LOCALS try { throw Derived("first"); } catch (const Base &e0) { note(told(e0)); try BLOCK CHAIN note(told(e0)); } LABEL }
# twice ALL
static int NAME(int what)
{ LOCALS try BLOCK CHAIN note("between"); try { work(value & 7); } CHAIN LABEL }
# lambda ALL
static int NAME(int what)
{ auto inner = [what]() mutable -> int { LOCALS try BLOCK CHAIN LABEL }; return inner() + 100; }
# void void throws rest parameters
static void v_NAME(int what)
{ try BLOCK CHAIN note("end"); }
static int NAME(int what) { v_NAME(what); return 3; }
# space ALL
namespace space {
static int in_NAME(int what)
{ LOCALS try BLOCK CHAIN LABEL }
}
static int NAME(int what) { return space::in_NAME(what); }
# template ALL
template <class T> static int t_NAME(T what)
{ LOCALS try BLOCK CHAIN LABEL }
static int NAME(int what) { return t_NAME(what); }
# member ALL
struct S_NAME { int value; int in(int what); };
int S_NAME::in(int what)
{ std::string local("m"); MORE try BLOCK CHAIN LABEL }
static int NAME(int what) { S_NAME s = {7}; return s.in(what); }
# inline ALL
struct S_NAME { int in(int what)
{ LOCALS try BLOCK CHAIN LABEL } };
static int NAME(int what) { return S_NAME().in(what); }
# shadow ALL
static int NAME(int what)
{ LOCALS const auto note = [](const auto &) { seen += " mine"; }; try BLOCK CHAIN LABEL }
# type ALL
static int NAME(int what)
{ LOCALS struct Own : Derived { using Derived::Derived; }; try { if (what == 5) throw Own("local"); WORK } CHAIN LABEL }
# function void throws rest parameters
static void v_NAME(int what)
try BLOCK CHAIN
static int NAME(int what) { v_NAME(what); return 4; }
# tried returns throws rest parameters leaves
static int NAME(int what)
try BLOCK_5 CHAIN
# tried-deep returns throws rest parameters leaves
static int NAME(int what) try { Noisy far("f"); try BLOCK_5 CHAIN } CHAIN
# tried-member void throws rest parameters
struct S_NAME { int in; void method(int what); };
void S_NAME::method(int what) try BLOCK CHAIN
static int NAME(int what) { S_NAME s = {7}; s.method(what); return s.in; }
# constructor throws rest parameters
struct S_NAME { Noisy a; int b; S_NAME(int what); };
S_NAME::S_NAME(int what) try : a("a"), b(what) BLOCK CHAIN
static int NAME(int what) { S_NAME made(what); return made.b; }
# destructor void rest locals goto closed
struct S_NAME { int what; ~S_NAME() noexcept(false)
{ LOCALS try BLOCK CHAIN note(value); done: return; } };
static int NAME(int what) { { S_NAME s = {what}; note("made"); } return 6; }
# quiet returns locals parameters goto closed
static int NAME(int what) noexcept
{ LOCALS try BLOCK CHAIN catch (...) { note("rest"); return 1; } LABEL }
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A way in which a function has a chain."""

    name: str
    has: frozenset[str]
    text: str

    @property
    def passes(self) -> bool:
        """Whether a forced unwinding can go through it."""
        return not self.has & {'closed', 'nested'}

    @property
    def alone(self) -> bool:
        """Whether no other exception is handled where the chain is reached."""
        return 'nested' not in self.has


def _read(section: str) -> Shape:
    head, _, text = section.partition('\n')
    name, *has = head.replace('ALL', _ALL).split()
    for word, piece in _PIECES.items():
        text = text.replace(word, piece)
    return Shape(name, frozenset(has), text)


SHAPES = tuple(_read(section) for section in _TEXT.split('\n# ')[1:])
