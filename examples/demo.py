"""Build annoy, a C++ extension without one `try`, stock and through tramp-build, and show what each does.

Nothing of the project is edited but its pyproject.toml.  Run it as `./dev demo`.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import venv
from dataclasses import dataclass
from pathlib import Path


PROJECT, VERSION = 'annoy', '1.17.3'

# A vector of 500 million floats does not fit into 1200 MiB of address space.
FAILING = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1200 << 20, 1200 << 20))
from annoy import AnnoyIndex
index = AnnoyIndex(500000000, 'angular')
try:
    index.get_nns_by_vector([1.0], 1)
except BaseException as exc:
    print(f'caught {type(exc).__name__}: {exc}')
print('the interpreter is alive')
"""

# The best of several rounds: what is left of a noisy machine when the noise is taken out.
TIMING = """
import timeit
from annoy import AnnoyIndex
index = AnnoyIndex(2, 'euclidean')
for item, vector in enumerate([(0.0, 0.0), (3.0, 4.0), (6.0, 8.0)]):
    index.add_item(item, vector)
index.build(2)
for call in ('index.get_n_items()', 'index.get_distance(0, 1)', 'index.get_nns_by_item(0, n=2)', 'index.get_item_vector(1)'):
    best = min(timeit.repeat(call, globals=globals(), number=200000, repeat=7)) / 200000
    print(f'{call}|{best * 1e9:.0f}')
"""


@dataclass(frozen=True)
class Build:
    """One of the two builds, installed."""

    title: str
    python: Path
    summary: str


def step(text: str) -> None:
    print(f'\n== {text}', flush=True)


def run(*command: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that must work."""
    words = [str(word) for word in command]
    result = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f'demo: error: {" ".join(words)} failed\n{result.stdout}{result.stderr}')
    return result


def unpack(work: Path, name: str) -> Path:
    """Fetch the source distribution from the package index (once) and unpack it."""
    sdists = work / 'sdist'
    if not sdists.exists():
        run(sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', ':all:', '-d', sdists, f'{PROJECT}=={VERSION}')
    (sdist,) = sdists.glob('*.tar.gz')
    with tarfile.open(sdist) as archive:
        archive.extractall(work / name, filter='data') if hasattr(tarfile, 'data_filter') else archive.extractall(work / name)
    (project,) = (work / name).iterdir()
    return project


def add_tramp_build(project: Path, version: str) -> str:
    """Put tramp-build into a setuptools project's pyproject.toml; return what was written."""
    path = project / 'pyproject.toml'
    text = textwrap.dedent(f"""\
        [build-system]
        requires = ["setuptools", "tramp-build=={version}"]
        build-backend = "setuptools.build_meta"

        [tool.tramp-build]
    """)
    if path.exists():
        raise SystemExit(f'demo: error: {PROJECT} has a pyproject.toml now; this demo writes it one')
    path.write_text(text)
    return text


def build(title: str, project: Path, work: Path, wheels: Path) -> Build:
    """Build a wheel as every user does, in an isolated environment, and install it into a scratch one."""
    environment = {**os.environ, 'PIP_FIND_LINKS': f'{os.environ.get("PIP_FIND_LINKS", "")} {wheels}'.strip()}
    out = work / f'dist-{project.parent.name}'
    result = run(sys.executable, '-m', 'build', '--wheel', '--outdir', out, project, env=environment)
    (wheel,) = out.glob('*.whl')
    home = work / f'venv-{project.parent.name}'
    venv.create(home, with_pip=False)
    python = home / 'bin' / 'python'
    site = run(python, '-c', 'import sysconfig; print(sysconfig.get_path("platlib"))').stdout.strip()
    run(sys.executable, '-m', 'pip', 'install', '-q', '--no-deps', '--target', site, wheel)
    lines = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith('tramp-build:')]
    return Build(title, python, '\n'.join(lines))


def ending(result: subprocess.CompletedProcess[str]) -> str:
    """Say how a process ended, with what it printed."""
    how = f'exit code {result.returncode}' if result.returncode >= 0 else f'killed by signal {-result.returncode}'
    return f'{(result.stdout + result.stderr).strip()}\n[{how}]'


def beside(left: str, right: str, width: int = 62) -> str:
    """Set two texts side by side."""
    columns = [[part for line in text.splitlines() for part in (textwrap.wrap(line, width) or [''])] for text in (left, right)]
    height = max(map(len, columns))
    rows = zip(*(column + [''] * (height - len(column)) for column in columns), strict=True)
    return '\n'.join(f'{a:<{width}} | {b}' for a, b in rows)


def timings(build: Build) -> dict[str, int]:
    lines = run(build.python, '-c', TIMING).stdout.splitlines()
    return {call: int(ns) for call, ns in (line.split('|') for line in lines)}


def main() -> int:
    """Show both builds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--wheels', type=Path, required=True, help='directory with the wheel of tramp-build')
    arguments = parser.parse_args()
    (own,) = arguments.wheels.glob('tramp_build-*.whl')
    version = re.match(r'tramp_build-([^-]+)-', own.name)[1]  # type: ignore[index]
    work = Path(tempfile.mkdtemp(prefix='tramp-demo-'))
    try:
        step(f'{PROJECT} {VERSION}: stock build')
        stock = build('stock', unpack(work, 'stock'), work, arguments.wheels)
        project = unpack(work, 'routed')
        step(f'{PROJECT} {VERSION}: through tramp-build; the one thing added is this pyproject.toml')
        print(textwrap.indent(add_tramp_build(project, version), '    '))
        routed = build('tramp-build', project, work, arguments.wheels)
        print(routed.summary)
        return show(stock, routed)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def show(stock: Build, routed: Build) -> int:
    """Run the failing call and the timings in both; 0 when they differ as they should."""
    step('a call that runs out of memory')
    print(textwrap.indent(FAILING.strip(), '    '), end='\n\n')
    results = [subprocess.run([b.python, '-c', FAILING], capture_output=True, text=True, check=False) for b in (stock, routed)]
    print(beside(f'STOCK\n{ending(results[0])}', f'TRAMP-BUILD\n{ending(results[1])}'))
    step('time per call, nanoseconds')
    before, after = timings(stock), timings(routed)
    for call in before:
        print(f'    {call:<32} {before[call]:>6} {after[call]:>6}   {before[call] / after[call]:.2f} x')
    good = results[0].returncode < 0 and results[1].returncode == 0 and 'caught MemoryError' in results[1].stdout
    print('\nThe stock build dies, the routed one raises MemoryError.' if good else '\ndemo: error: the builds did not behave as expected')
    return 0 if good else 1


if __name__ == '__main__':
    raise SystemExit(main())
