"""What the tests of slots share within each CPython, from 3.8: how each slot is reached, and what happened then."""

import gc
import operator
import sys
from functools import partial
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader

import slots

MODES = ('passes', 'fails', 'ends', 'throws', 'sets', 'detached', 'leaves')
MAKE = {'static': slots.static_type, 'heap': slots.heap_type}
# Nobody can be told what happens there.
QUIET = ('tp_dealloc', 'tp_del', 'tp_finalize', 'tp_clear', 'bf_releasebuffer')
answer = object()


def tell(how, slot=''):
    slots.tell(MODES.index(how), slot)


def load(name):
    """Another module in the file of `slots`."""
    loader = ExtensionFileLoader(name, slots.__file__)
    module = module_from_spec(spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def descriptor(t):
    return type('Owner', (), {'x': t})()


def delete_item(t):
    del t[0]


async def await_it(t):
    await t


async def iterate(t):
    async for _ in t:
        pass


def drive(coroutine):
    try:
        coroutine.send(None)
    finally:
        coroutine.close()


def binary(function, t):
    return function(t, 1)


TRIGGERS = {
    'tp_getattr': lambda t: t.x,
    'tp_setattr': lambda t: setattr(t, 'x', 1),
    'tp_repr': repr,
    'tp_hash': hash,
    'tp_call': lambda t: t(1),
    'tp_str': str,
    'tp_getattro': lambda t: t.x,
    'tp_setattro': lambda t: setattr(t, 'x', 1),
    'tp_richcompare': lambda t: t < 1,
    'tp_iter': iter,
    'tp_iternext': next,
    'tp_descr_get': lambda t: descriptor(t).x,
    'tp_descr_set': lambda t: setattr(descriptor(t), 'x', 1),
    'nb_power': lambda t: pow(t, 2),
    'nb_negative': operator.neg,
    'nb_positive': operator.pos,
    'nb_absolute': abs,
    'nb_bool': bool,
    'nb_invert': operator.inv,
    'nb_int': int,
    'nb_float': float,
    'nb_index': operator.index,
    'nb_inplace_power': lambda t: operator.ipow(t, 2),
    'nb_divmod': lambda t: divmod(t, 1),
    'sq_length': len,
    'sq_concat': lambda t: operator.concat(t, t),
    'sq_repeat': lambda t: t * 2,
    'sq_item': lambda t: t[0],
    'sq_ass_item': delete_item,
    'sq_contains': lambda t: 1 in t,
    'sq_inplace_concat': lambda t: operator.iconcat(t, t),
    'sq_inplace_repeat': lambda t: operator.imul(t, 2),
    'mp_length': len,
    'mp_subscript': lambda t: t[0],
    'mp_ass_subscript': delete_item,
    'am_await': lambda t: drive(await_it(t)),
    'am_aiter': lambda t: drive(iterate(t)),
    'am_anext': lambda t: type(t).__anext__(t),
    'bf_getbuffer': memoryview,
}
OPERATORS = {
    'add': 'add', 'subtract': 'sub', 'multiply': 'mul', 'remainder': 'mod', 'lshift': 'lshift', 'rshift': 'rshift', 'and': 'and_',
    'xor': 'xor', 'or': 'or_', 'floor_divide': 'floordiv', 'true_divide': 'truediv', 'matrix_multiply': 'matmul',
}  # fmt: skip
for name, function in OPERATORS.items():
    TRIGGERS['nb_' + name] = partial(binary, getattr(operator, function))
    TRIGGERS['nb_inplace_' + name] = partial(binary, getattr(operator, 'i' + function.rstrip('_')))
# Of the type, and not of an instance.
TYPE_TRIGGERS = {'tp_new': lambda cls: cls(), 'tp_init': lambda cls: cls()}
if type.__flags__ & 1 << 11:  # has vectorcall itself, from 3.9
    TYPE_TRIGGERS['tp_vectorcall'] = lambda cls: cls()


def subject(name):
    """What a slot is called with that is not called by CPython."""
    if name.startswith('m_'):
        return load('run')
    cls = slots.heap_type(name) or slots.static_type(name) if name in QUIET else None
    if name == 'tp_dealloc':
        return cls
    return cls() if cls else answer


def caught(function, *args):
    try:
        result = function(*args)
    except BaseException as error:
        return error
    raise AssertionError(result)


def types(names, kinds=('static', 'heap')):
    """Every type that has one of these slots: its name, and the type."""
    for name in names:
        for kind in kinds:
            cls = MAKE[kind](name)
            if cls is not None:
                yield name, cls


def cycle(cls):
    t = cls()
    slots.hold(t, t)
    del t
    gc.collect()


def release(cls):
    memoryview(cls()).release()


def drop(cls):
    cls()


QUIET_TRIGGERS = {'tp_clear': cycle, 'bf_releasebuffer': release, 'tp_dealloc': drop, 'tp_del': drop, 'tp_finalize': drop}


class Unraisable:
    """What sys.unraisablehook gets meanwhile: pairs of an exception and the object that comes with it."""

    def __enter__(self):
        self.reports = []
        sys.unraisablehook = lambda report: self.reports.append((report.exc_value, report.object))
        return self.reports

    def __exit__(self, *_):
        sys.unraisablehook = sys.__unraisablehook__


def raw(how, name, before=False, t=None):
    """Call a slot directly: its result, the error that is set then, what was reported, what it was called with."""
    if t is None:
        t = subject(name)
    tell(how, name)
    with Unraisable() as reports:
        result, error = slots.raw(name, t, before)
    assert slots.called() == 1, name
    tell('passes')
    return result, error, reports, t


slots.keep(answer, None)
