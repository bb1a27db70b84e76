"""Feed scanner, planner and rewriter with mutated sources until something breaks.

python tests/fuzz.py [--inputs 1000000] [--seed N] [--jobs N] [--save DIR] [PATH...]
python tests/fuzz.py --atheris [--inputs N] [PATH...]    guided by coverage (needs atheris)

PATHs are sources, or directories of them, to take pieces of; without one, those of the tests.  What breaks something is saved, each kind of
failure once, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from fuzz_support import CASES, Checker, Mutator, Seeds, limit  # noqa: E402

SECONDS = 20
_BATCH = 2000


@dataclass
class Result:
    """What came of a batch."""

    inputs: int = 0
    routed: int = 0
    rewritten: int = 0
    asked: int = 0
    # Where it was raised and what -> the files of the first input that did it.
    failures: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def add(self, other: Result) -> None:
        self.inputs += other.inputs
        self.routed += other.routed
        self.rewritten += other.rewritten
        self.asked += other.asked
        self.failures = other.failures | self.failures


def batch(seeds: Seeds, seed: int, count: int) -> Result:
    """Run `count` inputs that `seed` stands for."""
    result = Result()
    with tempfile.TemporaryDirectory(prefix='fuzz-') as directory:
        checker = Checker(Path(directory, 'project'))
        for number in range(count):
            rng = random.Random(f'{seed}.{number}')
            files = Mutator(seeds, rng).project()
            try:
                with limit(SECONDS):
                    checker.run(files, rng)
            except Exception as exc:
                result.failures.setdefault(_kind(exc), files)
            result.inputs += 1
        result.routed, result.rewritten, result.asked = checker.routed, checker.rewritten, checker.asked
    return result


def _kind(exc: BaseException) -> str:
    """The failure without what differs from input to input."""
    frames = [f'{Path(f.filename).name}:{f.lineno}' for f in traceback.extract_tb(exc.__traceback__) if 'tramp_build' in f.filename]
    text = ''.join('N' if c.isdigit() else c for c in str(exc))[:100]
    return f'{type(exc).__name__}: {text} in {" <- ".join(reversed(frames[-3:]))}'


def save(directory: Path, failures: dict[str, dict[str, bytes]]) -> None:
    """Write the inputs of failures that were not known yet."""
    for kind, files in failures.items():
        place = directory / f'{abs(hash(kind)):016x}'
        place.mkdir(parents=True, exist_ok=True)
        place.joinpath('what').write_text(kind + '\n', 'utf-8')
        for name, text in files.items():
            place.joinpath(name).write_bytes(text)
        print(f'{kind}\n  saved in {place}', flush=True)


def run(arguments: argparse.Namespace) -> int:
    seeds = Seeds.read(arguments.paths)
    total, known, started = Result(), set[str](), time.monotonic()
    count = max(1, arguments.inputs // _BATCH)
    sizes = [min(_BATCH, arguments.inputs)] * count
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(batch, [seeds] * count, [arguments.seed * 1_000_000 + n for n in range(count)], sizes):
            total.add(result)
            save(arguments.save, {kind: files for kind, files in result.failures.items() if kind not in known})
            known |= result.failures.keys()
            if total.inputs % 20_000 < _BATCH:
                print(f'{total.inputs} inputs, {time.monotonic() - started:.0f} s', flush=True)
    print(
        f'{total.inputs} inputs: {total.rewritten} units rewritten, {total.routed} rows routed, {total.asked} asked, {len(known)} failures'
    )
    return 1 if known else 0


def run_atheris(arguments: argparse.Namespace) -> int:
    """The same checks on inputs that libFuzzer makes; each is one source, its first byte the language."""
    import atheris  # type: ignore[import-not-found]

    atheris.instrument_all()
    directory = tempfile.mkdtemp(prefix='fuzz-')
    checker = Checker(Path(directory, 'project'))
    corpus = Path(directory, 'corpus')
    corpus.mkdir()
    for number, windows in enumerate(Seeds.read(arguments.paths).files):
        corpus.joinpath(str(number)).write_bytes(b'c' + windows[0])

    def one(data: bytes) -> None:
        name = 'unit.cpp' if data[:1] < b'b' else 'unit.c'
        checker.run({name: data[1:]}, random.Random(len(data)))

    atheris.Setup(
        [
            sys.argv[0],
            f'-runs={arguments.inputs}',
            f'-timeout={SECONDS}',
            '-max_len=3000',
            f'-artifact_prefix={os.fspath(arguments.save)}-',
            os.fspath(corpus),
        ],
        one,
    )
    atheris.Fuzz()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--inputs', type=int, default=20_000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('--save', type=Path, default=Path('fuzz-failures'))
    parser.add_argument('--atheris', action='store_true')
    parser.add_argument('paths', type=Path, nargs='*', default=[CASES])
    arguments = parser.parse_args()
    return run_atheris(arguments) if arguments.atheris else run(arguments)


if __name__ == '__main__':
    raise SystemExit(main())
