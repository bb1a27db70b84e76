"""Random parsed calls: the parser of CPython and that of libtramp side by side.

Runs under every CPython from 3.8 with nothing but the standard library and the module `twins` (tests/cases/parse/twins.c):

    python parse_cases.py --cases 100000 --seed 1

Where `twins` has a parser of its own, every second thousand of cases runs as if it were not known where this CPython keeps values.

A case is drawn from a random.Random, so hypothesis can draw and shrink one too.
"""

# ruff: noqa: B905   # the `strict` of zip is younger than 3.8

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
import warnings

import twins
from parse_values import CONVERTERS, ENCODINGS, HOOKS, LOG, TYPES, argument, reset, shared
from shapes import SHAPES

NUMBERS = 'bBhHiIlkLKnfd'
SIMPLE = NUMBERS + 'DcCpSYU'
ODD_UNITS = ('uZ' if sys.version_info < (3, 12) else '') + 'e'
POSITIONAL_UNITS = [*SIMPLE, *'OOOOddii', *'szy', 's#', 'z#', 'y#', 's*', 'z*', 'y*', 'w*', 'O!', 'O!', 'O&', 'es', 'et', 'es#', 'et#']
PLAIN = ['O', 'd', 'i', 's', 's#', 'z', 'z#', 'y#', 'y*', 'p', 'n', 'O!']
NAMES = ['x', 'y', 'alpha', 'beta', 'b', 'the_quick_brown_fox', 'X', 'xy', '\xe9', 'self', 'ab', 'abc']
NOISE = '()|$:;!#*&eOsdi?~ 0w%'


class Case:
    """A format, what it is called with, and how."""

    def __init__(self, form, fmt, keywords, specs, clean, limits, args, names, values, direct):
        self.form = form  # 'parse', 'keywords' or 'unpack'
        self.format = fmt
        self.keywords = keywords
        self.specs = specs
        self.clean = clean
        self.limits = limits
        self.args = args
        self.names = names
        self.values = values
        self.direct = direct
        self.shaped = True  # goes to the function of its format, if it has one

    def __repr__(self):
        return 'Case({})'.format(', '.join(f'{name}={value!r}' for name, value in vars(self).items()))


def nested(rng, depth=0):
    """One unit, now and then a parenthesis of some."""
    if rng.random() < 0.05 and depth < 3:
        return '(' + ''.join(nested(rng, depth + 1) for _ in range(rng.randrange(4))) + ')'
    return rng.choice(POSITIONAL_UNITS)


def draw_format(rng, keywords):
    """A format; one in eight has something wrong with it.  Also how many units it has at the top."""
    count = rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 9, 17, 40])
    units = [nested(rng) for _ in range(count)]
    if count == 40 or rng.random() < 0.2:
        units = [rng.choice(['O', 'd', 'i', 's', 'y*', 's*', 'p', 'z', 's#', 'y#'])] * count
    elif rng.random() < 0.25:
        units = [rng.choice(PLAIN) for _ in range(count)]
    if rng.random() < 0.5:
        units.insert(rng.choice([0, rng.randint(0, count)]), '|')
    if keywords and rng.random() < 0.3:
        units.insert(rng.randint(units.index('|') if '|' in units and rng.random() < 0.9 else 0, len(units)), '$')
    text = ''.join(units) + rng.choice(['', '', ':name', ':name', ';a message', ':', ';', ':a;b', ':' + 'long' * 80])
    if rng.random() < 0.125:
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(text) + 1)
            text = text[:place] + rng.choice(NOISE) + text[place + rng.randrange(2) :]
    if not balanced(text):  # CPython ends the process
        text = text.replace('(', '').replace(')', '')
    return text, count


def draw_shape(rng, form):
    """A format that has a function of its own, and how many units it has."""
    units = rng.choice(SHAPES[form])
    return units + rng.choice(['', '', ':name', ';a message', ':a;b']), len(units) - units.count('|') - units.count('!')


def balanced(text):
    """Whether the parentheses before the name or message are."""
    level = 0
    for character in text.replace(';', ':').partition(':')[0]:
        level += (character == '(') - (character == ')')
        if level < 0:
            return False
    return level == 0


def string_specs(text, unit, suffix, rng):
    """The specs of a unit that begins with `e`, `s`, `z`, `y` or `w`."""
    if unit == 'e':
        if suffix not in ('s', 't'):
            return [('e', rng.choice(ENCODINGS))], 0
        encoding = ('e', rng.choice(ENCODINGS))
        if text[2:3] != '#':
            return [encoding, ('m', None)], 1
        return [encoding, (rng.choice('mp'), None), ('n', rng.choice([0, 1, 4, 16, 32]))], 2
    if suffix == '*':
        return [('b', None)], 1
    return ([('o', None), ('o', None)], 1) if suffix == '#' else ([('o', None)], 0)


def draw_specs(text, rng):
    """What the variable arguments have to be, for CPython reads as many as it finds units; also the units, for arguments to fit."""
    specs, units, at = [], [], 0
    while at < len(text) and text[at] not in ':;':
        unit, suffix, used, own = text[at], text[at + 1 : at + 2], 0, []
        if unit in 'szyw' or unit in ODD_UNITS:
            own, used = string_specs(text[at:], unit, suffix, rng)
        elif unit in SIMPLE:
            own = [('o', None)]
        elif unit == 'O' and suffix == '!':
            own, used = [('t', rng.choice(TYPES)), ('o', None)], 1
        elif unit == 'O' and suffix == '&':
            number = rng.choice(CONVERTERS)
            own, used = [('c', number), ('r' if number in (3, 6, 7) else 'o', None)], 1
        elif unit == 'O':
            own = [('o', None)]
        if own or unit in '()':
            units.append((text[at : at + 1 + used], own[0][1] if own else None))
        specs += own
        at += 1 + used
    return (specs, units) if len(specs) <= 64 else (None, None)


def draw_values(rng, units, safe):
    """An argument for each unit at the top."""
    at, values = 0, []

    def one():
        nonlocal at
        unit, detail = units[at]
        at += 1
        if unit != '(':
            return argument(rng, unit, detail, safe)
        items = []
        while at < len(units) and units[at][0] != ')':
            items.append(one())
        at += 1
        return argument(rng, '(', items, safe)

    while at < len(units):
        if units[at][0] == ')':
            at += 1
        else:
            values.append(one())
    return values


def draw_keyword_list(rng, count):
    """A keyword list; one in ten does not fit."""
    names = rng.sample(NAMES, min(count, len(NAMES))) + [f'more_{i}' for i in range(count - len(NAMES))]
    if rng.random() < 0.3:
        empty = rng.randint(0, count)
        names[:empty] = [''] * empty
    names = [name.encode() for name in names]
    if rng.random() < 0.1:
        for _ in range(rng.randint(1, 2)):
            place = rng.randint(0, len(names))
            names[place : place + rng.randrange(2)] = [rng.choice([b'', b'x', b'y', b'\xff\xfe', b'\xff', b'\xe9', b'alpha'])]
    return names


class Name(str):
    """A str that is not exactly one."""


class Liar(str):
    """Equal to nothing."""

    def __eq__(self, other):
        return False

    def __hash__(self):
        return str.__hash__(self)


def draw_name(rng, name, direct):
    """The name of a keyword argument: mostly the right one, in all its shapes."""
    kind = rng.random()
    if kind < 0.5:
        return sys.intern(name)
    if kind < 0.85:
        return ''.join(list(name))
    if kind < 0.9:
        return rng.choice([Name, Name, Liar])(name)
    others = ['zzz', name + '\0', name + '\0x', 'x\0', '\ud800', '\xe9', '\u20ac', 'x' * 300, '', name + name, name[:-1], 'y', '\xff\xfe']
    return rng.choice([*others, b'x', 3] if direct else others)


def draw_call(rng, case, values):
    """Spreads the arguments over positions and names."""
    for _ in range(rng.choice([0] * 9 + [1, 1, 2, 300])):
        values.insert(rng.randint(0, len(values)), argument(rng, 'O', None, case.safe))
    if rng.random() < 0.2:
        del values[rng.randint(0, len(values)) :]
    split = len(values) if case.keywords is None else rng.choice([rng.randint(0, len(values)), len(values), 0])
    case.args, case.names, case.values = tuple(values[:split]), (), ()
    if case.keywords is None:
        return
    listed = [name.decode('utf-8', 'replace') for name in case.keywords] + [f'extra_{i}' for i in range(len(values))]
    pairs = list(zip(listed[split:], values[split:]))
    if rng.random() < 0.3:
        rng.shuffle(pairs)
    if rng.random() < 0.3:
        pairs = [pair for pair in pairs if rng.random() < 0.6]
    if listed and rng.random() < 0.05:
        pairs.append((listed[0], argument(rng, 'O', None, case.safe)))
    taken = {}
    for name, value in pairs:
        taken.setdefault(draw_name(rng, name, case.direct), value)
    case.names, case.values = tuple(taken), tuple(taken.values())


def draw_unpack(rng):
    """A call of PyArg_UnpackTuple."""
    least = rng.randint(0, 4)
    values = [argument(rng, 'O', None, False) for _ in range(rng.choice([0, 1, 2, 3, 4, 5, 60]))]
    name = rng.choice([None, 'name', 'n' * 300])
    limits = (least, rng.randint(least, 5))
    return Case('unpack', name, None, [('o', None)] * 64, 0, limits, tuple(values), (), (), False)


def draw(rng):
    """A case."""
    if rng.random() < 0.03:
        return draw_unpack(rng)
    form = rng.choice(['parse', 'keywords'])
    shaped = rng.random() < 0.5
    while True:
        text, count = draw_shape(rng, form) if shaped else draw_format(rng, form == 'keywords')
        specs, units = draw_specs(text, rng)
        if specs is not None:
            break
    case = Case(form, text, None, specs, int(rng.random() < 0.7), (0, 0), (), (), (), rng.random() < 0.5)
    if form == 'keywords':
        case.keywords = draw_keyword_list(rng, count)
    case.safe = '(' in text
    case.shaped = rng.random() < 0.8
    draw_call(rng, case, draw_values(rng, units, case.safe))
    return case


def outcome(case, side, watched):
    """All that a call leaves behind."""
    reset()
    before = list(map(sys.getrefcount, watched))
    try:
        if case.form == 'unpack':
            result = getattr(twins, side + '_unpack')(*case.args)
        elif case.direct:
            result = getattr(twins, 'call_' + side)(case.args, case.names or None, case.values)
        elif case.form == 'keywords':
            result = getattr(twins, side + '_keywords')(*case.args, **dict(zip(case.names, case.values)))
        else:
            result = getattr(twins, side)(*case.args)
    except BaseException as error:
        text = str(error).replace('stock', 'fast')
        result = (type(error), text, type(error.__cause__), type(error.__context__))
    after = list(map(sys.getrefcount, watched))
    memory, seen = twins.take()
    return {
        'result': result,
        'memory': slots(memory),
        'converters': seen,
        'code that ran': list(LOG),
        'references': [new - old if new < 2**31 else 'immortal' for new, old in zip(after, before)],
    }


def slots(memory):
    """What is stored behind each pointer, without what was never stored there."""
    if memory is None:
        return None
    area, encoded = memory
    stored = [area[at : at + 96].rstrip(b'\xa5') for at in range(0, len(area), 96)]
    return stored, encoded if encoded.strip(b'\0') else b''


def difference(case, fast_first, again=False):
    """What differs between the two outcomes, in words; None if nothing does.

    References that differ once only are the interpreter's: its cache of attributes drops a name when another one takes its place.
    """
    twins.want_shape(case.shaped)
    twins.prepare(case, case.format, case.keywords, case.specs, case.clean, *case.limits)
    watched = [value for value in case.args + case.values + case.names if not shared(value)]
    gc.disable()  # it would drop references of earlier cases in the middle of this one
    found = {side: outcome(case, side, watched) for side in (['fast', 'stock'] if fast_first else ['stock', 'fast'])}
    gc.enable()
    stock, fast = found['stock'], found['fast']
    different = [key for key in stock if stock[key] != fast[key]]
    if different == ['references'] and not again:
        return difference(case, fast_first, True)
    return '\n'.join(f'{key}\n    stock: {stock[key]!r:.1500}\n    fast:  {fast[key]!r:.1500}' for key in different) or None


def main():
    """Runs as many cases as are asked for; ends with 1 and the case at the first difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cases', type=int, default=100000)
    parser.add_argument('--seconds', type=float, default=float('inf'), help='stop after that time')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    started, number, own = time.monotonic(), 0, hasattr(twins, 'blind')
    warnings.showwarning = lambda message, category, *rest, **more: LOG.append((category, str(message)))
    twins.set_hook(lambda value: HOOKS[0](value))
    for number in range(options.cases):
        if own and number % 1000 == 0:
            twins.blind(number % 2000 == 1000)
        rng = random.Random(options.seed * 1000003 + number)
        case = draw(rng)
        # CPython 3.8 and 3.9 read on at the wrong pointer where that warning of theirs is an error.
        broken = sys.version_info < (3, 10) and not case.clean and '#' in (case.format or '')
        warnings.simplefilter('error' if number % 5 == 0 and not broken else 'always')
        found = difference(case, rng.random() < 0.5)
        if found is not None:
            print(f'case {number} of seed {options.seed}: {case!r:.3000}\n{found}')
            return 1
        if number % 1000 == 0 and time.monotonic() - started > options.seconds:
            break
    shaped = twins.want_shape(True)
    known = ', half of them with an unknown layout' if own else ''
    print(f'{number + 1} cases on {sys.version.split()[0]} in {time.monotonic() - started:.1f} s, {shaped} by shape{known}: no difference')
    return 0


if __name__ == '__main__':
    sys.exit(main())
