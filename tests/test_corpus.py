"""Real projects through tramp-build, with nothing edited but pyproject.toml: their own tests say whether it was right."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus_support import (
    PROJECTS,
    Project,
    add_tramp_build,
    build_wheel,
    command,
    compiler_warnings,
    fetch,
    make_environment,
    run_tests,
    unpack,
)

from tramp_build import __version__

pytestmark = pytest.mark.corpus

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
class Variant:
    """One build of a project, installed."""

    source: Path
    wheel: Path
    python: Path
    output: str


@dataclass(frozen=True)
class Built:
    """One project, built twice."""

    project: Project
    stock: Variant
    routed: Variant


@pytest.fixture(params=PROJECTS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, own_wheels: Path) -> Built:
    """Build one project stock and routed, once for all tests: what one worker has built, the others of the run take."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base) / 'corpus' / request.param
    shared.mkdir(parents=True, exist_ok=True)
    result = shared / 'built.pickle'
    with (shared / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            result.write_bytes(pickle.dumps(_try_build(PROJECTS[request.param], shared, own_wheels)))
    outcome = pickle.loads(result.read_bytes())
    assert isinstance(outcome, Built), outcome
    return outcome


def _try_build(project: Project, work: Path, wheels: Path) -> Built | str:
    """Return what went wrong as a text: it is not tried again for every test."""
    try:
        return _build(project, work, wheels)
    except AssertionError as exc:
        return str(exc)


def _build(project: Project, work: Path, wheels: Path) -> Built:
    sdist = fetch(project, work / 'sdist')
    variants = []
    for name in ('stock', 'routed'):
        source = unpack(sdist, work / name)
        if name == 'routed':
            add_tramp_build(source, project.backend, f'tramp-build=={__version__}', project.table)
        wheel, output = build_wheel(source, work / f'{name}-dist', wheels)
        python = make_environment(work / f'{name}-venv', wheel, project.requirements)
        variants.append(Variant(source, wheel, python, output))
    stock, routed = variants
    assert _tree(routed.source) == _tree(stock.source), 'the source tree was changed'
    return Built(project, stock, routed)


def _tree(root: Path) -> dict[str, bytes]:
    """The sources as a build leaves them; setup.py may make some itself."""
    suffixes = {'.c', '.cc', '.cpp', '.h', '.hpp', '.py', '.build'}
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob('*') if p.is_file() and p.suffix in suffixes}


def test_own_tests_as_stock(built: Built) -> None:
    """The same tests pass, fail and are skipped."""
    if not built.project.tests:
        for variant in (built.stock, built.routed):
            command(variant.python, '-c', f'import {built.project.name}')
        return
    stock, stock_output = run_tests(built.project, built.stock.source, built.stock.wheel, built.stock.python)
    routed, routed_output = run_tests(built.project, built.routed.source, built.routed.wheel, built.routed.python)
    assert sum(outcome in ('PASSED', 'ok') for outcome in stock.values()) > 40, stock_output[-3000:]
    different = {test: (stock.get(test), routed.get(test)) for test in stock.keys() | routed if stock.get(test) != routed.get(test)}
    assert not different, f'{different}\n{routed_output[-5000:]}'


def test_says_what_was_done(built: Built) -> None:
    """The build ends with one line that says what was routed, and the wheel carries the whole."""
    said = r'^tramp-build: \d+ files?, (\d+) rows? routed, (?:(\d+) in no need of it, )?(\d+) skipped'
    match = re.search(said, built.routed.output, re.MULTILINE)
    assert match, built.routed.output[-3000:]
    routed, *left = (int(number or 0) for number in match.groups())
    assert routed > 0
    result = command(sys.executable, '-m', 'tramp_build', 'report', built.routed.wheel, '--json')
    summary = json.loads(result.stdout)['summary']
    assert (summary['routed'], summary['skipped'], summary['fallbacks']) == (routed, sum(left), 0)
    assert summary['fastcall'] >= built.project.upgraded
    why = re.search(r'\(why: tramp-build report (.*)\)$', built.routed.output, re.MULTILINE)
    assert not why or Path(built.routed.source, why[1]).exists()


def test_compiler_says_nothing_new(built: Built) -> None:
    """No warning that the stock build does not have, and none of ours."""
    assert not compiler_warnings(built.routed.output) - compiler_warnings(built.stock.output)
    assert not re.search(r'^tramp-(?:build|cc): (?:warning|error)', built.routed.output, re.MULTILINE), built.routed.output[-3000:]


def test_wheel_carries_one_library_of_each_kind(built: Built) -> None:
    """Nothing else is added, and C modules gain no dependency on the C++ run time."""
    names = [set(zipfile.ZipFile(wheel).namelist()) for wheel in (built.stock.wheel, built.routed.wheel)]
    added = {name.rsplit('/', 1)[-1] for name in names[1] - names[0]}
    allowed = {f'libtramp-{__version__}.so', f'libtramp-cxx-{__version__}.so', 'tramp-build.json'}
    assert added <= allowed
    assert added & {name for name in allowed if name.endswith('.so')}


def test_needed_entries(built: Built, tmp_path: Path) -> None:
    """A module needs what it needed before, and of libtramp what it uses."""
    needed = []
    for variant, where in ((built.stock, 'stock'), (built.routed, 'routed')):
        with zipfile.ZipFile(variant.wheel) as archive:
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


@pytest.mark.parametrize('built', ['annoy'], indirect=True)
def test_annoy_raises_memory_error(built: Built) -> None:
    """Stock, the interpreter ends; here the caller can catch it."""
    stock, routed = (
        subprocess.run([v.python, '-c', MEMORY_LIMIT], capture_output=True, text=True, check=False) for v in (built.stock, built.routed)
    )
    assert stock.returncode == -6
    assert 'std::bad_alloc' in stock.stderr
    assert (routed.returncode, routed.stderr) == (0, '')
    assert routed.stdout.startswith('MemoryError')
