"""Runs in a process of its own: times calls of one build of a real project.

python real_worker.py LOOP ROUNDS COUNT PROJECT DIRECTORY     prints {call: [ns...]}
"""

from __future__ import annotations

import gc
import json
import sys

from call_worker import load

# By project: what its calls need, and the calls, each as people write it, with the function, the arguments and the names of the last.
# The function of a method takes its object as the first argument: so the interpreter calls it, without making a bound method.
CALLS = {
    'pycairo': (
        'import cairo; context = cairo.Context(cairo.ImageSurface(cairo.FORMAT_A8, 8, 8)); context.move_to(0, 0)',
        {
            'context.move_to(1.5, 2.5)': 'cairo.Context.move_to, (context, 1.5, 2.5)',
            'context.set_source_rgba(0.1, 0.2, 0.3, 0.4)': 'cairo.Context.set_source_rgba, (context, 0.1, 0.2, 0.3, 0.4)',
            'context.user_to_device(1.5, 2.5)': 'cairo.Context.user_to_device, (context, 1.5, 2.5)',
        },
    ),
    'bitarray': (
        'from bitarray import bitarray; bits = bitarray("0010110"); other = bitarray("11")',
        {
            'bits.count(1)': 'bitarray.count, (bits, 1)',
            'bits.find(other)': 'bitarray.find, (bits, other)',
            'bits.index(1)': 'bitarray.index, (bits, 1)',
            'bits.index(1, right=True)': 'bitarray.index, (bits, 1, True), ("right",)',
        },
    ),
    'lz4': (
        'import lz4.block; data = b"some text, " * 5',
        {
            'lz4.block.compress(data)': 'lz4.block.compress, (data,)',
            'lz4.block.compress(data, store_size=False)': 'lz4.block.compress, (data, False), ("store_size",)',
        },
    ),
}


def main(loop_path: str, rounds: str, count: str, project: str, directory: str) -> None:
    gc.disable()
    sys.path.insert(0, directory)
    loop = load(loop_path)
    setup, texts = CALLS[project]
    names: dict[str, object] = {}
    exec(setup, names)
    calls = {text: eval(f'({call},)', names) for text, call in texts.items()}
    times: dict[str, list[float]] = {text: [] for text in calls}
    for _ in range(int(rounds) + 1):
        for text, (function, arguments, *keywords) in calls.items():
            times[text].append(loop.call(int(count), function, *(keywords or [None]), *arguments) / int(count))
    # The first round warms up.
    print(json.dumps({text: series[1:] for text, series in times.items()}))


if __name__ == '__main__':
    main(*sys.argv[1:])
