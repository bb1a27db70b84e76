"""Real projects through tramp-build, with nothing edited but pyproject.toml: their own tests say whether it was right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus_support import PROJECTS, Project, add_tramp_build, build_wheel, command, fetch, make_environment, run_tests, unpack

from tramp_build import __version__

pytestmark = pytest.mark.corpus

# The projects of this list are the ones whose tests run on every change; the rest has a command of its own in bench/.
NAMES = ('pycairo', 'kiwisolver', 'greenlet', 'annoy', 'markupsafe', 'bitarray', 'wrapt', 'ujson')

MEMORY_LIMIT = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1200 << 20, 1200 << 20))
from annoy import AnnoyIndex
index = AnnoyIndex(500000000, 'angular')
try:
    index.get_nns_by_vector([1.0], 1)
except MemoryError as exc:
    print('MemoryError', exc)
"""


@dataclass(frozen=True)
class Built:
    """One project, built twice and installed."""

    project: Project
    stock_source: Path
    routed_source: Path
    wheels: tuple[Path, Path]
    pythons: tuple[Path, Path]
    output: str


@pytest.fixture(scope='module')
def builds(tmp_path_factory: pytest.TempPathFactory, own_wheels: Path) -> dict[str, Built]:
    """Filled on demand by `built`."""
    return {}


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES])
def built(request: pytest.FixtureRequest, builds: dict[str, Built], tmp_path_factory: pytest.TempPathFactory, own_wheels: Path) -> Built:
    """Build one project stock and routed, once for all tests."""
    name = request.param
    if name not in builds:
        builds[name] = _build(PROJECTS[name], tmp_path_factory.mktemp(name), own_wheels)
    return builds[name]


def _build(project: Project, work: Path, wheels: Path) -> Built:
    sdist = fetch(project, work / 'sdist')
    stock, routed = unpack(sdist, work / 'stock'), unpack(sdist, work / 'routed')
    add_tramp_build(routed, project.backend, f'tramp-build=={__version__}', project.table)
    before = _tree(routed)
    stock_wheel, _ = build_wheel(stock, work / 'stock-dist', wheels)
    routed_wheel, output = build_wheel(routed, work / 'routed-dist', wheels)
    assert {path: data for path, data in _tree(routed).items() if path in before} == before, 'the source tree was changed'
    pythons = (
        make_environment(work / 'stock-venv', stock_wheel, project.requirements),
        make_environment(work / 'routed-venv', routed_wheel, project.requirements),
    )
    return Built(project, stock, routed, (stock_wheel, routed_wheel), pythons, output)


def _tree(root: Path) -> dict[str, bytes]:
    """The sources; what setup.py itself regenerates in the tree is not ours."""
    suffixes = {'.c', '.cc', '.cpp', '.h', '.hpp', '.py', '.toml', '.build'}
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob('*') if p.is_file() and p.suffix in suffixes}


def test_own_tests_as_stock(built: Built) -> None:
    """The same tests pass, fail and are skipped."""
    if built.project.tests is None:
        for python in built.pythons:
            command(python, '-c', f'import {built.project.name}')
        return
    stock, stock_output = run_tests(built.project, built.stock_source, built.pythons[0])
    routed, routed_output = run_tests(built.project, built.routed_source, built.pythons[1])
    assert sum(outcome in ('PASSED', 'ok') for outcome in stock.values()) > 40, stock_output[-3000:]
    assert routed == stock, routed_output[-5000:]


def test_says_what_was_done(built: Built) -> None:
    """The build ends with one line that says what was routed, and the wheel carries the whole."""
    match = re.search(r'^tramp-build: (\d+) files?, (\d+) rows? routed, (\d+) skipped', built.output, re.MULTILINE)
    assert match, built.output[-3000:]
    assert int(match[2]) > 0
    result = command(sys.executable, '-m', 'tramp_build', 'report', built.wheels[1], '--json')
    summary = json.loads(result.stdout)['summary']
    assert (summary['routed'], summary['skipped'], summary['fallbacks']) == (int(match[2]), int(match[3]), 0)


def test_wheel_carries_one_library_of_each_kind(built: Built) -> None:
    """Nothing else is added, and C modules gain no dependency on the C++ run time."""
    names = [set(zipfile.ZipFile(wheel).namelist()) for wheel in built.wheels]
    added = {name.rsplit('/', 1)[-1] for name in names[1] - names[0]}
    allowed = {f'libtramp-{__version__}.so', f'libtramp-cxx-{__version__}.so', 'tramp-build.json'}
    assert added <= allowed
    assert added & {name for name in allowed if name.endswith('.so')}


def test_needed_entries(built: Built, tmp_path: Path) -> None:
    """A module needs what it needed before, and of libtramp what it uses."""
    needed = []
    for wheel, where in zip(built.wheels, ('stock', 'routed'), strict=True):
        with zipfile.ZipFile(wheel) as archive:
            modules = [n for n in archive.namelist() if n.endswith('.so') and '/libtramp' not in n]
            archive.extractall(tmp_path / where, modules)
        needed.append({m: _needed(tmp_path / where / m) for m in modules})
    for module, libraries in needed[1].items():
        extra = libraries - needed[0][module]
        assert all(library.startswith('libtramp') for library in extra), (module, extra)
        if 'libstdc++.so.6' not in needed[0][module]:
            assert not any(library.startswith('libtramp-cxx') for library in extra), (module, extra)


def _needed(path: Path) -> set[str]:
    output = command('readelf', '-d', path).stdout
    return set(re.findall(r'\(NEEDED\).*\[(.*)\]', output))


@pytest.mark.parametrize('built', [pytest.param('annoy', marks=pytest.mark.xdist_group('annoy'))], indirect=True)
def test_annoy_raises_memory_error(built: Built) -> None:
    """Stock, the interpreter ends; here the caller can catch it."""
    stock, routed = (subprocess.run([p, '-c', MEMORY_LIMIT], capture_output=True, text=True, check=False) for p in built.pythons)
    assert stock.returncode == -6
    assert 'std::bad_alloc' in stock.stderr
    assert (routed.returncode, routed.stderr) == (0, '')
    assert routed.stdout.startswith('MemoryError')
