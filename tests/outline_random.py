"""Generates C++ modules with random catch chains in random places, for builds that have to behave alike.

A chain is made once and spelled anew for each function that has it; `VAR` is the exception's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import outline_world as world
from outline_shapes import SHAPES

if TYPE_CHECKING:
    from random import Random

# A declaration and an expression of std::string that tells what was caught; no expression where none can.
_CLAUSES = (
    ('const Base &VAR', 'told(VAR)'),
    ('Base &VAR', 'VAR.text'),
    ('Base VAR', 'told(VAR)'),
    ('const Base &', ''),
    ('const Derived &VAR', 'told(VAR)'),
    ('Derived VAR', 'VAR.what()'),
    ('Derived const &VAR', 'VAR.text'),
    ('Left &VAR', 'VAR.text'),
    ('const Right &VAR', 'told(VAR)'),
    ('const Diamond &VAR', 'told(VAR)'),
    ('One &VAR', 'VAR.text'),
    ('const Twice &', ''),
    ('const Own &', ''),
    ('int VAR', 'told(VAR)'),
    ('const int &VAR', 'told(VAR)'),
    ('long VAR', 'told(VAR)'),
    ('Color VAR', 'told(VAR)'),
    ('const char *VAR', 'told(VAR)'),
    ('const Base *VAR', 'told(VAR)'),
    ('Derived *VAR', 'told(VAR)'),
    ('const void *', ''),
    ('void (*)()', ''),
    ('std::nullptr_t', ''),
    ('const std::exception &VAR', 'told(VAR)'),
    ('std::runtime_error &VAR', 'told(VAR)'),
    ('const std::out_of_range &VAR', 'told(VAR)'),
    ('const std::bad_alloc &', ''),
    ('const std::string &VAR', 'VAR'),
    ('const std::nested_exception &VAR', 'std::string(VAR.nested_ptr() ? "nests" : "plain")'),
)
_ERRORS = ('PyExc_ValueError', 'PyExc_RuntimeError', 'PyExc_IndexError', 'PyExc_MemoryError')
# What a handler says; WHAT is what it has caught.  The second member: what the shape of the function has to have for it, `native`:
# it has caught a C++ exception; `hard`: what keeps many chains where they are, so that not every chain is to have it.
_STATEMENTS = (
    ('note("WORD");', ''),
    ('note(WHAT);', ''),
    ('note(WHAT); note("WORD");', ''),
    ('note_state();', ''),
    ('PyErr_SetString(ERROR, "WORD");', ''),
    ('PyErr_SetString(ERROR, (WHAT).c_str());', ''),
    ('PyErr_Format(ERROR, "%s:%d", (WHAT).c_str(), NUMBER);', ''),
    ('PyErr_Format(ERROR, "%s:%s", "WORD", ("FUNCTION"));', ''),
    ('if (!PyErr_Occurred()) PyErr_SetString(ERROR, "WORD");', ''),
    ('if (PyErr_Occurred()) { note("had"); PyErr_Clear(); }', ''),
    ('{ Noisy held("WORD"); note("held"); }', ''),
    ('Noisy stays("WORD");', ''),
    ('saved = std::current_exception();', ''),
    ('try { throw; } catch (const Base &n) { note(told(n)); } catch (...) { note("any"); note_state(); }', 'native'),
    ('try { Noisy in("n"); throw; } catch (const Derived &) { note("d"); } catch (...) { note("any"); }', 'native'),
    ('try { std::throw_with_nested(Base("around")); } catch (const Base &n) { note(told(n)); }', ''),
    ('try { work(NUMBER); } catch (...) { note("inner"); }', ''),
    ('for (int i = 0; i < 3; ++i) { if (i == 2) break; if (i == 0) continue; note(i); }', 'hard'),
    ('switch (NUMBER) { case 1: note("one"); break; default: note("more"); }', 'hard'),
    ('do { note("WORD"); } while (false);', ''),
    ('note("two" "words");', ''),
    ('value += NUMBER;', 'locals'),
    ('note(value);', 'locals'),
    ('local += "WORD";', 'locals'),
    ('note(local); { Noisy held("h"); value = static_cast<int>(local.size()); }', 'locals'),
    ('still = still + NUMBER; note(still);', 'locals'),
    ('alias++;', 'locals'),
    ('note(word); word = "WORD"; note(other);', 'locals'),
    ('total += NUMBER; note(static_cast<int>(total));', 'locals'),
    ('items.emplace_back(NUMBER, other); items.emplace_back(static_cast<int>(items.size()), word);', 'locals'),
    ('if (!items.empty() && items.back().first != value) note(items.back().second);', 'locals'),
    ('note(what);', 'parameters'),
    ('what--;', 'parameters'),  # what the next turn of a loop throws is no foreign exception
    ('const int value = NUMBER; note(value);', 'hard'),
    ('static int count; note(++count);', 'hard'),
    ('note(__LINE__ > 0 ? "line" : "none");', 'hard'),
    ('note(__func__[0] ? "named" : "none");', 'hard'),
    ('const auto twice = [](int n) { return 2 * n; }; note(twice(NUMBER));', 'hard'),
    ('LOG(NUMBER);', 'hard'),
    ('log_it("WORD");', 'hard'),
)
_ENDS = (
    ('', ''),
    ('', ''),
    ('return NUMBER;', 'returns'),
    ('return NUMBER;', 'returns'),
    ('return -1;', 'returns'),
    ('return SHARED;', 'returns hard'),
    ('return value;', 'returns locals'),
    ('return what;', 'returns parameters hard'),
    ('return static_cast<int>(std::string("WORD").size());', 'returns hard'),
    ('if (NUMBER & 1) return NUMBER; else return 2;', 'returns hard'),
    ('if (PyErr_Occurred()) return NUMBER; note("clear");', 'returns'),
    ('if (PyErr_Occurred()) { Noisy held("r"); return NUMBER; }', 'returns hard'),
    ('return;', 'void'),
    ('if (NUMBER & 1) return; note("WORD");', 'void'),
    ('goto done;', 'goto'),
    ('if (NUMBER & 1) goto done;', 'goto'),
    ('break;', 'loop'),
    ('continue;', 'loop'),
    ('if (NUMBER & 1) continue; note("on");', 'loop'),
    ('throw;', 'throws'),
    ('throw;', 'throws'),
    ('throw NUMBER;', 'throws'),
    ('throw value;', 'throws locals hard'),
    ('throw word;', 'throws locals hard'),
    ('throw local + "WORD";', 'throws locals'),
    ('throw Derived("new");', 'throws'),
    ('throw std::out_of_range("new");', 'throws'),
    ('std::throw_with_nested(Base("over"));', 'throws'),
)
_LEAVES = re.compile(r'(?:[;{] |\A)(?:return|throw)\b(?: [^;{}]*)?; \}\Z')
_HEADS = """
#define LOG(n) note(n)
#define log_it(text) note(text)
#define SHARED (40 + 2)
#define TRY try {
#include "chains.h"
"""
# How functions have a chain: as it is, or by macros that stand for it, for the brace in front of it as well, or for the `try` as well.
_WAYS = ('', '', '', '', 'chain', 'try', 'end', 'whole', 'told')
_BLOCK = re.compile(r'try \{ (Noisy second\("b"\); [^{}]*) \} CHAIN')


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of clauses, what it needs, and whether a forced unwinding may meet it."""

    text: str
    needs: frozenset[str]
    passes: bool
    leaves: bool  # each of its handlers leaves the function


@dataclass(frozen=True, slots=True)
class Function:
    """A generated function; which flows that are no C++ exceptions it can take."""

    name: str
    shape: str
    passes: bool  # a forced unwinding
    alone: bool  # foreign exceptions, which nobody can catch while another exception is handled


@dataclass(frozen=True, slots=True)
class Module:
    """A generated module."""

    text: str
    header: str  # chains.h
    functions: tuple[Function, ...]

    def calls(self) -> list[tuple[int, int, int]]:
        """Return what to call: function, what is thrown, where it is called from."""
        found = []
        for number, function in enumerate(self.functions):
            for what in range(len(world.THROWS)):
                able = {world.FOREIGN: (0, 2) if function.alone else (), world.FORCED: (0,) if function.passes else ()}
                found += [(number, what, where) for where in able.get(what, range(world.PLACES))]
        return found


def module(rng: Random, chains: int = 14, copies: int = 4) -> Module:
    """Return a module in which `chains` chains are in `copies` functions each."""
    parts: list[str] = []
    header = ['#ifndef CHAINS_H\n#define CHAINS_H\n']
    functions: list[Function] = []
    for number in range(chains):
        chain = _chain(rng, rng.choice(SHAPES).has)
        way = rng.choice(_WAYS)
        if way:
            rng.choice((parts, header)).append(_macros(rng, chain, number))
        for copy in range(copies):
            text, function = _function(rng, chain, f'f_{number}_{copy}', functions)
            spelled = f'CHAIN_{number}' if way else _spell(rng, chain.text.replace('FUNCTION', f'f_{number}_{copy}'))
            parts.append(_used(rng, text, way, number).replace('CHAIN', spelled))
            functions.append(function)
    text = world.around(_HEADS + '\n'.join(parts), [function.name for function in functions])
    return Module(text, '\n'.join([*header, '#endif\n']), tuple(functions))


def _macros(rng: Random, chain: Chain, number: int) -> str:
    """Return the macros that stand for a chain."""
    text = chain.text.replace('VAR', rng.choice(('error', 'e')))
    lines = (
        f'CHAIN_{number} {text}',
        f'END_{number} }} CHAIN_{number}',
        f'WHOLE_{number}(block) try {{ block; }} CHAIN_{number}',
        f'TOLD_{number}(name, block) try {{ block }} {text.replace(chr(34) + "FUNCTION" + chr(34), "name")}',
    )
    return ''.join(f'#define {rng.choice((line, line.replace(" } ", " " + chr(92) + chr(10) + "} ")))}\n' for line in lines)


def _used(rng: Random, text: str, way: str, number: int) -> str:
    """Let a function have its chain by a macro."""
    if way == 'try':
        return text.replace('try {', 'TRY', 1) if rng.random() < 0.5 else text
    uses = {
        'end': rf'TRY \1 END_{number}',
        'whole': rf'WHOLE_{number}(\n \1 )',
        'told': rf'TOLD_{number}("told {number % 2}",\n \1)',
    }
    return _BLOCK.sub(uses[way], text) if way in uses else text


def _function(rng: Random, chain: Chain, name: str, others: list[Function]) -> tuple[str, Function]:
    """Return a function that has a chain: `CHAIN`."""
    shape = rng.choice([shape for shape in SHAPES if chain.needs <= shape.has and (chain.leaves or 'leaves' not in shape.has)])
    passes, alone, work = shape.passes and chain.passes, shape.alone, 'work(what);'
    if others and rng.random() < 0.15:
        other = rng.choice(others)
        passes, alone, work = passes and other.passes, alone and other.alone, f'note({other.name}(what));'
    return shape.text.replace('WORK', work).replace('NAME', name), Function(name, shape.name, passes, alone)


def _chain(rng: Random, allowed: frozenset[str]) -> Chain:
    allowed = allowed | {'hard'} if rng.random() < 0.4 else allowed
    clauses, needs = [], set[str]()
    forced = 'throws' in allowed and rng.random() < 0.3
    if forced:
        clauses.append('catch (abi::__forced_unwind &) { note("forced"); throw; }')
        needs.add('throws')
    declared = rng.sample(_CLAUSES, rng.randint(1, 6))
    rest = 'rest' in allowed and rng.random() < 0.4
    if rest:
        declared.append(('...', ''))
        needs.add('rest')
    for what, told in declared:
        # Nothing within the handler of a foreign exception can catch it again.
        body, more = _handler(rng, told, allowed if what == '...' else allowed | {'native'})
        clauses.append(f'catch ({what}) {{ {body} }}')
        needs |= more
    leaves = all(text.endswith('; }') and _LEAVES.search(text) for text in clauses)
    return Chain(' '.join(clauses), frozenset(needs - {'native', 'hard', 'leaves'}), forced or not rest, leaves)


def _handler(rng: Random, told: str, allowed: frozenset[str]) -> tuple[str, set[str]]:
    needs: set[str] = set()
    parts = []

    def pick(choices: tuple[tuple[str, str], ...]) -> str:
        while True:
            text, wanted = rng.choice(choices)
            if set(wanted.split()) <= allowed:
                needs.update(wanted.split())
                return text

    for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
        text = pick(_STATEMENTS)
        # A name is declared once.
        if not any(word in text and word in ' '.join(parts) for word in ('Noisy stays', 'const int value', 'static int', 'twice =')):
            parts.append(text)
    if any('const int value' in part for part in parts):
        parts = [part for part in parts if 'const int value' in part or ('value' not in part and 'local' not in part)]
    parts.append(pick(tuple(end for end in _ENDS if _LEAVES.search(end[0] + ' }')) if 'leaves' in allowed else _ENDS))
    body = ' '.join(part for part in parts if part)
    return _filled(rng, body, told), needs


def _filled(rng: Random, text: str, told: str) -> str:
    fillers = {
        'WHAT': lambda: told or 'std::string("unnamed")',
        'WORD': lambda: rng.choice(('some', 'more', 'of')),
        'NUMBER': lambda: str(rng.randrange(9)),
        'ERROR': lambda: rng.choice(_ERRORS),
    }
    return re.sub(r'\b(?:WHAT|WORD|NUMBER|ERROR)\b', lambda match: fillers[match[0]](), text)


def _spell(rng: Random, chain: str) -> str:
    """Name the variable, and put white space and comments where white space is; no string literal has any."""
    named = re.sub(r'\bVAR\b', rng.choice(('e', 'error', 'exc')), chain)
    spaces = (' ', ' ', ' ', ' ', '\n    ', '  ', ' /* catch */ ', ' // return\n')
    return re.sub(' ', lambda _: rng.choice(spaces), named)
