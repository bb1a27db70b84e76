"""Arguments for parse_cases.py: values of every kind that a parser treats in its own way.

The same objects are passed to both parsers, so what can change has a way back: reset().
"""

from __future__ import annotations

import array
import codecs
import contextlib

LOG = []
ENCODINGS = [None, b'utf-8', b'latin-1', b'ascii', b'utf-16', b'no-such-encoding']
for known in ENCODINGS[1:]:  # the first look-up imports modules, which moves references about
    with contextlib.suppress(LookupError):
        codecs.lookup(known.decode())
CONVERTERS = [0, 0, 0, 1, 2, 3, 3, 4, 5, 6, 7]


class Base:
    """For O!."""


class Derived(Base):
    """For O!."""


class Other:
    """Not for O!."""


class Lying:
    """Says that it is what it is not."""

    @property
    def __class__(self):
        return Base


class Int(int):
    """No code of its own."""


class Float(float):
    """No code of its own."""


class Str(str):
    """No code of its own."""


class Bytes(bytes):
    """No code of its own."""


class ByteArray(bytearray):
    """No code of its own."""


class List(list):
    """No code of its own."""


class LoudInt(int):
    """Has methods that the parser must not, or must, call."""

    def __index__(self):
        LOG.append('LoudInt.__index__')
        return 5

    def __float__(self):
        LOG.append('LoudInt.__float__')
        return 5.5

    def __bool__(self):
        LOG.append('LoudInt.__bool__')
        return False


class LoudFloat(float):
    """As LoudInt."""

    def __float__(self):
        LOG.append('LoudFloat.__float__')
        return 7.5

    def __bool__(self):
        LOG.append('LoudFloat.__bool__')
        return False


class Quiet:
    """Answers what it was made with; an exception is raised."""

    def __init__(self, answer):
        self.answer = answer

    def __repr__(self):
        return f'Quiet({self.answer!r})'

    def convert(self):
        LOG.append('Quiet')
        if isinstance(self.answer, BaseException):
            raise type(self.answer)(*self.answer.args)
        return self.answer

    __index__ = __float__ = __bool__ = __complex__ = __fspath__ = __len__ = convert


VIEW = memoryview(b'exported')


class Exporting:
    """A buffer by Python code, since 3.12."""

    def __buffer__(self, flags):
        LOG.append('Exporting.__buffer__')
        return VIEW

    def __release_buffer__(self, view):
        LOG.append('Exporting.__release_buffer__')


class OldInt(Quiet):
    """__int__, which once was enough."""

    __index__ = None
    __int__ = Quiet.convert


class Sequence:
    """A sequence that is no tuple."""

    def __init__(self, *items):
        self.items = items

    def __len__(self):
        LOG.append('Sequence.__len__')
        return len(self.items)

    def __getitem__(self, index):
        LOG.append('Sequence.__getitem__')
        return self.items[index]


# What code that runs in the middle of a parse may change.
LIST = [1, 2]
OBJECT = Derived()
BUFFER = bytearray(b'buffer')
LONE = bytearray(b'x')


class Changing:
    """Changes the arguments that come before or after it."""

    def change(self):
        LOG.append('Changing')
        LIST[:] = [OBJECT]
        OBJECT.__class__ = Base if type(OBJECT) is Other else Other
        LONE[:] = b'xyz'
        try:
            BUFFER.extend(b'more')
        except BufferError:
            LOG.append('exported')
        return 1

    __index__ = __bool__ = change

    def __float__(self):
        return float(self.change())


def reset():
    """As it was before the call."""
    LIST[:] = [1, 2]
    OBJECT.__class__ = Derived
    BUFFER[:] = b'buffer'
    LONE[:] = b'x'
    LOG.clear()


def change_and_accept(value):
    """For the converter that asks."""
    Changing().change()
    return 1


def accept(value):
    """For the converter that asks."""
    return 1


def fail(value):
    """For the converter that asks."""
    raise KeyError('hook')


HOOKS = [change_and_accept]
TYPES = [int, float, str, list, tuple, dict, bytes, bool, object, type, Base, Base, Derived, type(None)]
INTS = [0, 1, -1, 2, 127, 128, 255, 256, -128, -129, 32767, 32768, -32768, -32769, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1]
INTS += [2**32 - 1, 2**32, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 2**70 + 3]
INTS += [10**400, -(10**400), True, False]
FLOATS = [0.0, -0.0, 1.5, -1.0, 1e300, 1e-320, 3.4e38, 3.5e38, float('inf'), float('-inf'), float('nan'), 1e16]
LATIN = ['', 'a', 'some text', 'a\0b', '\0', '\xe9', 'caf\xe9', 'x' * 500]
WIDE = ['\u20ac', '\U0001f600', 'a\u20ac', '\ud800', 'a\udcff', '\U0001f600' * 9]
BYTES = [b'', b'b', b'bytes', b'a\0b', b'\0', b'\xff' * 40]
BUFFERS = [BUFFER, LONE, bytearray(), bytearray(b'a\0b'), memoryview(b'view'), memoryview(b'stride')[::2], memoryview(bytearray(b'w'))]
BUFFERS += [array.array('i', [1, 2]), memoryview(array.array('d', [1.0]))]
SUBCLASSES = [Int(7), Int(2**70), LoudInt(9), Float(2.5), LoudFloat(3.5), Str('str'), Str('s\0'), Str('\ud800'), Bytes(b'sub'), Bytes(b's')]
SUBCLASSES += [ByteArray(b'sub'), ByteArray(b's'), List([1, 2])]
CODE = [Quiet(3), Quiet(2.5), Quiet(True), Quiet(Int(4)), Quiet(LoudFloat(4.5)), Quiet('text'), Quiet(None), Quiet(2**70), Quiet(-1)]
CODE += [Quiet(ZeroDivisionError('quiet')), Quiet(KeyboardInterrupt()), Quiet(TypeError('own')), OldInt(3), OldInt(LoudInt(3)), OldInt('x')]
CODE += [Exporting(), Exporting(), Changing(), Changing(), Sequence(), Sequence(1, 2), Sequence(Changing(), LIST), LIST, OBJECT]
OBJECTS = [None, None, object(), Base(), Derived(), Other(), Lying(), (), (1, 2), (1.5, 'a'), [], {}, {'a': 1}]
OBJECTS += [int, Base, len, 1j, ..., LIST]
ALL = [*INTS, *FLOATS, *LATIN, *BYTES, *BUFFERS, *SUBCLASSES, *CODE, *OBJECTS]
EXPORTING = [*BYTES, *BYTES, *BUFFERS, Exporting()]
OPTIONAL = [*LATIN, *WIDE, None, None, *BYTES]
FITTING = {
    **dict.fromkeys('bBhHiIlkLKn', INTS),
    **dict.fromkeys('fd', FLOATS * 3 + INTS),
    'D': [1j, 2.5, 3, Quiet(1j)],
    'c': [b'b', b'\0', LONE, b'', Bytes(b's')],
    'C': ['a', '\0', '\xe9', *WIDE],
    'p': INTS + FLOATS + OBJECTS,
    'S': BYTES,
    'Y': [BUFFER, LONE],
    **dict.fromkeys(['U', 's', 'es', 'es#'], LATIN + WIDE),
    **dict.fromkeys(['z', 'z#', 'z*'], OPTIONAL),
    **dict.fromkeys(['s#', 's*', 'et', 'et#'], LATIN + WIDE + BYTES),
    **dict.fromkeys(['y', 'y#', 'y*'], EXPORTING),
    'w*': [*BUFFERS, LONE, BUFFER, Exporting()],
    'O&': [*ALL, 'path', b'path'],
}
BY_TYPE = {kind: [value for value in [*ALL, *WIDE] if isinstance(value, kind)] or ALL for kind in TYPES}


def shared(value):
    """Whether the interpreter itself holds references to it here and there."""
    if value is None or value is ... or isinstance(value, (bool, type)) or value is len:
        return True
    if type(value) is int:
        return -6 < value < 257
    return type(value) in (str, bytes, tuple) and len(value) < 2


def argument(rng, unit, detail, safe):
    """A value for a unit, in three of four cases one that fits.  `safe`: no str whose characters are made anew when asked for."""
    if unit == '(':
        shape = rng.random()
        if shape < 0.85:
            return (tuple, tuple, list, List)[rng.randrange(4)](detail) if shape < 0.7 else Sequence(*detail)
        value = rng.choice(ALL)
    elif rng.random() < 0.75:
        fitting = BY_TYPE[detail] if unit == 'O!' else FITTING.get(unit, ALL)
        value = rng.choice(fitting)
    else:
        value = rng.choice(ALL if rng.random() < 0.8 else WIDE)
    # Not a name of anything: the attribute cache of types keeps names for a while.
    return 'narrow text' if safe and value in WIDE else value
