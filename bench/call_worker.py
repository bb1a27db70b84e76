"""Runs in a process of its own: calls of two builds of one module, timed in turns or counted under callgrind.

python call_worker.py time LOOP STOCK ROUTED ROUNDS COUNT    prints {case: [[ns of stock...], [ns of routed...]]}
python call_worker.py count LOOP STOCK ROUTED COUNT          dumps counts labelled CASE/VARIANT/TIMES
"""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    # Takes how often to call, returns the nanoseconds that all calls took.
    Case = Callable[[int], float]

VARIANTS = ('stock', 'routed')


def load(path: str) -> Any:
    """Import a module by its file, so that two builds of one can stand side by side."""
    name = path.rpartition('/')[2].partition('.')[0]
    spec = importlib.util.spec_from_file_location(name, path, loader=importlib.machinery.ExtensionFileLoader(name, path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(loop: Any, module: Any) -> dict[str, Case]:
    """Return what is measured, by name."""
    point = module.Point()
    return {
        'nothing': lambda count: loop.call(count, module.nothing, None),
        'add': lambda count: loop.call(count, module.add, None, 1.5, 2.5),
        'add_keywords': lambda count: loop.call(count, module.add_keywords, ('a', 'b'), 1.5, 2.5),
        'get': lambda count: loop.get(count, point, 'value'),
        'set': lambda count: loop.set(count, point, 'value', None),
    }


def measure(builds: list[dict[str, Case]], rounds: int, count: int) -> dict[str, list[list[float]]]:
    """Time each case of both builds in turns, so that what slows the machine down meets both alike."""
    for build in builds:
        for case in build.values():
            case(count)
    times: dict[str, list[list[float]]] = {name: [[], []] for name in builds[0]}
    for number in range(rounds):
        for name, series in times.items():
            for variant in (0, 1) if number % 2 else (1, 0):
                series[variant].append(builds[variant][name](count) / count)
    return times


def count_instructions(loop: Any, builds: list[dict[str, Case]], count: int) -> None:
    """Run each case `count` and twice `count` times, with a dump after each: the difference is free of what stands around the loop."""
    for variant, build in zip(VARIANTS, builds, strict=True):
        for name, case in build.items():
            case(100)
            for times in (1, 2):
                label = f'{name}/{variant}/{times}'
                loop.zero()
                case(count * times)
                loop.dump(label)


def main(verb: str, loop_path: str, *arguments: str) -> None:
    gc.disable()
    loop = load(loop_path)
    builds = [cases(loop, load(path)) for path in arguments[:2]]
    numbers = [int(text) for text in arguments[2:]]
    if verb == 'time':
        print(json.dumps(measure(builds, *numbers)))
    else:
        if not loop.HAVE_CALLGRIND:
            raise SystemExit('valgrind/callgrind.h is missing')
        count_instructions(loop, builds, *numbers)


if __name__ == '__main__':
    main(*sys.argv[1:])
