"""Runs in a process of its own: calls of the same functions in several modules, timed in turns or counted under callgrind.

python call_worker.py time LOOP ROUNDS COUNT MODULE...     prints {case: {number of the module: [ns...]}}
python call_worker.py count LOOP COUNT STOCK ROUTED        dumps counts labelled CASE/VARIANT/TIMES
"""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    # Takes how often to call, returns the nanoseconds that all calls took.
    Case = Callable[[int], float]

VARIANTS = ('stock', 'routed')


@dataclass(frozen=True)
class Call:
    """One row: a function of the modules, and what it is called with."""

    function: str
    arguments: tuple[object, ...] = ()
    names: tuple[str, ...] = ()  # of the last arguments


CALLS = {
    'no arguments': Call('nothing'),
    'two ints': Call('ints', (1234, 56789)),
    'two floats': Call('floats', (1.5, 2.5)),
    'two strs': Call('texts', ('key', 'another text')),
    'two objects': Call('objects', ((), 7.5)),
    'one int of three': Call('options', (1234,)),
    'three ints of three': Call('options', (1234, 5, 6)),
    'object, str, int': Call('mixed', ((), 'text', 1234)),
    'two ints named': Call('named_ints', (1234, 56789), ('a', 'b')),
    'two floats named': Call('named_floats', (1.5, 2.5), ('a', 'b')),
    'two strs named': Call('named_texts', ('key', 'another text'), ('a', 'b')),
    'two objects named': Call('named_objects', ((), 7.5), ('a', 'b')),
    'two ints in reverse': Call('named_ints', (1234, 56789), ('b', 'a')),
    'float, float named': Call('named_floats', (1.5, 2.5), ('b',)),
    'int, third named': Call('named_options', (1234, 6), ('c',)),
    'object, str, float named': Call('named_mixed', ((), 'text', 2.5), ('factor',)),
}

# What goes through no method, and the entry of a table that it goes through.
BEYOND = {
    'getter': 'value',
    'setter': 'value',
    'binary add': 'Py_nb_add',
    'len': 'Py_sq_length',
    'iteration, one step': 'Py_tp_iternext',
    'attribute, getattro': 'Py_tp_getattro',
}


def load(path: str) -> Any:
    """Import a module by its file, so that two builds of one can stand side by side."""
    name = path.rpartition('/')[2].partition('.')[0]
    spec = importlib.util.spec_from_file_location(name, path, loader=importlib.machinery.ExtensionFileLoader(name, path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def case(loop: Any, module: Any, call: Call) -> Case:
    """Return what times a row in one module."""
    function, names, arguments = getattr(module, call.function), call.names or None, call.arguments
    return lambda count: loop.call(count, function, names, *arguments)


def cases(loop: Any, module: Any) -> dict[str, Case]:
    """Return what is measured in one module, by row; only those in C have types."""
    found = {name: case(loop, module, call) for name, call in CALLS.items()}
    if hasattr(module, 'Point'):
        point, vector = module.Point(), module.Vector()
        found['getter'] = lambda count: loop.get(count, point, 'value')
        found['setter'] = lambda count: loop.set(count, point, 'value', None)
        found['binary add'] = lambda count: loop.add(count, vector)
        found['len'] = lambda count: loop.length(count, vector)
        found['iteration, one step'] = lambda count: loop.next(count, vector)
        found['attribute, getattro'] = lambda count: loop.get(count, vector, 'value')
    return found


def measure(builds: list[dict[str, Case]], rounds: int, count: int) -> dict[str, dict[int, list[float]]]:
    """Time each case of all builds in turns, so that what slows the machine down meets all alike."""
    for build in builds:
        for run in build.values():
            run(count)
    times: dict[str, dict[int, list[float]]] = {name: {n: [] for n, build in enumerate(builds) if name in build} for name in builds[0]}
    for number in range(rounds):
        for name, series in times.items():
            turns = list(series)
            for variant in turns[number % len(turns) :] + turns[: number % len(turns)]:
                series[variant].append(builds[variant][name](count) / count)
    return times


def count_instructions(loop: Any, builds: list[dict[str, Case]], count: int) -> None:
    """Run each case `count` and twice `count` times, with a dump after each: the difference is free of what stands around the loop."""
    for variant, build in zip(VARIANTS, builds, strict=True):
        for name, run in build.items():
            run(100)
            for times in (1, 2):
                label = f'{name}/{variant}/{times}'.replace(' ', '_')
                loop.zero()
                run(count * times)
                loop.dump(label)


def main(verb: str, loop_path: str, *arguments: str) -> None:
    gc.disable()
    loop = load(loop_path)
    if verb == 'time':
        rounds, count, *paths = arguments
        print(json.dumps(measure([cases(loop, load(path)) for path in paths], int(rounds), int(count))))
    else:
        if not loop.HAVE_CALLGRIND:
            raise SystemExit('valgrind/callgrind.h is missing')
        count_instructions(loop, [cases(loop, load(path)) for path in arguments[1:]], int(arguments[0]))


if __name__ == '__main__':
    main(*sys.argv[1:])
