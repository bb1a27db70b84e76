"""Real projects from the package index: fetched, built stock and through tramp-build, and put through their own tests."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_PYTEST_OUTCOME = re.compile(r'^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\s+(.*?)(?: - .*)?$', re.MULTILINE)
# `test_x (package.Class.test_x) ... ok`; the docstring's first line may stand between.
_UNITTEST_OUTCOME = re.compile(
    r'^(\w+ \([\w.]+\))(?:\n.*?)?? \.\.\. (?:.*?)(ok|FAIL|ERROR|skipped|expected failure|unexpected success)', re.MULTILINE
)


@dataclass(frozen=True)
class Project:
    """One project of the corpus."""

    name: str
    version: str
    backend: str  # 'mesonpy' or 'setuptools'
    tests: str | None  # as a shell would split it, run in the unpacked sdist; None: it has none
    requirements: tuple[str, ...] = ()
    table: str = ''  # what stands in [tool.tramp-build]


PROJECTS = {
    p.name: p
    for p in (
        Project('pycairo', '1.29.0', 'mesonpy', 'python -m pytest -p no:cacheprovider tests', ('pytest',)),
        Project('kiwisolver', '1.5.1', 'setuptools', 'python -m pytest -p no:cacheprovider py/tests', ('pytest',)),
        Project(
            'greenlet',
            '3.5.6',
            'setuptools',
            'python -m unittest discover -v greenlet.tests',
            ('objgraph', 'psutil', 'setuptools'),
            # The extension of its tests throws to see the process end; that is what a barrier prevents.
            table='exclude = ["src/greenlet/tests/_test_extension_cpp.cpp"]\n',
        ),
        Project('annoy', '1.17.3', 'setuptools', None),
        Project('markupsafe', '3.0.4', 'setuptools', 'python -m pytest -p no:cacheprovider tests', ('pytest',)),
        Project('bitarray', '3.12.3', 'setuptools', 'python -c "import bitarray; bitarray.test(verbosity=2)"'),
        Project('wrapt', '2.5.2', 'setuptools', 'python -m pytest -p no:cacheprovider tests', ('pytest',)),
        Project('ujson', '6.1.0', 'setuptools', 'python -m pytest -p no:cacheprovider tests', ('pytest',)),
        Project('dbus-python', '1.5.1', 'mesonpy', None),
        Project('psutil', '7.2.2', 'setuptools', None),
        Project('simplejson', '4.3.0', 'setuptools', 'python -m unittest -v simplejson.tests'),
        Project('lz4', '4.4.5', 'setuptools', 'python -m pytest -p no:cacheprovider tests/block', ('pytest', 'psutil')),
        Project('mmh3', '5.3.1', 'setuptools', 'python -m pytest -p no:cacheprovider tests', ('pytest',)),
        Project('cffi', '2.1.1', 'setuptools', 'python -m pytest -p no:cacheprovider src/c/test_c.py', ('pytest', 'setuptools')),
    )
}


def command(
    *words: object, cwd: Path | None = None, env: dict[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command with its output captured."""
    text = [str(word) for word in words]
    result = subprocess.run(text, cwd=cwd, env=env, capture_output=True, text=True, errors='replace', check=False)
    if check and result.returncode:
        raise AssertionError(f'{shlex.join(text)} ended with {result.returncode}\n{result.stdout[-4000:]}\n{result.stderr[-8000:]}')
    return result


def fetch(project: Project, directory: Path) -> Path:
    """Download the source distribution and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', ':all:']
    command(*pip, '-d', directory, f'{project.name}=={project.version}')
    (sdist,) = directory.glob('*.tar.gz')
    return sdist


def unpack(sdist: Path, directory: Path) -> Path:
    """Unpack a source distribution into a directory of its own."""
    directory.mkdir(parents=True)
    with tarfile.open(sdist) as archive:
        if hasattr(tarfile, 'data_filter'):
            archive.extractall(directory, filter='data')
        else:
            archive.extractall(directory)
    (source,) = directory.iterdir()
    return source


def add_tramp_build(source: Path, backend: str, requirement: str, table: str = '') -> None:
    """Edit pyproject.toml, and nothing else, as the README says."""
    path = source / 'pyproject.toml'
    if not path.exists():
        path.write_text('[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n')
    text = path.read_text('utf-8')
    text, count = re.subn(r'(?m)^(\s*requires\s*=\s*\[)', rf'\1"{requirement}", ', text, count=1)
    assert count == 1, text
    if backend == 'mesonpy':
        text, count = re.subn(r"""(?m)^(\s*build-backend\s*=\s*)(['"])mesonpy\2""", r'\1"tramp_build.mesonpy"', text)
        assert count == 1, text
    path.write_text(f'{text}\n[tool.tramp-build]\n{table}', 'utf-8')


def build_wheel(source: Path, out: Path, wheels: Path) -> tuple[Path, str]:
    """Build as every user does; return the wheel and what the build printed."""
    links = f'{os.environ.get("PIP_FIND_LINKS", "")} {wheels}'.strip()
    result = command(sys.executable, '-m', 'build', '--wheel', '--outdir', out, source, env={**os.environ, 'PIP_FIND_LINKS': links})
    (wheel,) = out.glob('*.whl')
    return wheel, result.stdout + result.stderr


def make_environment(directory: Path, wheel: Path, requirements: tuple[str, ...]) -> Path:
    """Make a virtual environment with the wheel and what its tests need; return its Python."""
    command(sys.executable, '-m', 'venv', directory)
    python = directory / 'bin' / 'python'
    command(python, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', wheel, *requirements)
    return python


def run_tests(project: Project, source: Path, python: Path) -> tuple[dict[str, str], str]:
    """Run the project's own tests; return outcome by test, and the whole output."""
    assert project.tests
    words = shlex.split(project.tests)
    if 'pytest' in words:
        words += ['-rA', '-q', '--tb=short', '-p', 'no:randomly']
    environment = {k: v for k, v in os.environ.items() if not k.startswith(('PYTHON', 'PYTEST'))} | {
        'PATH': f'{python.parent}{os.pathsep}{os.environ["PATH"]}',
        'PYTHONDONTWRITEBYTECODE': '1',
        'NO_COLOR': '1',
        'COLUMNS': '200',
    }
    hide_packages(source)
    result = command(*words, cwd=source, env=environment, check=False)
    output = result.stdout + result.stderr
    return parse_outcomes(output), output


def hide_packages(source: Path) -> None:
    """Take the packages of the source tree out of the way: `python -m` would import them instead of what is installed."""
    for path in [*source.iterdir()]:
        if (path / '__init__.py').exists() and path.name != 'tests':
            path.rename(source / f'hidden-{path.name}')


def parse_outcomes(output: str) -> dict[str, str]:
    """Read pytest's -rA lines or unittest's -v lines."""
    outcomes = {}
    for match in _PYTEST_OUTCOME.finditer(output):
        outcomes[match[2]] = match[1]
    for match in _UNITTEST_OUTCOME.finditer(output):
        outcomes[match[1]] = match[2]
    return outcomes
