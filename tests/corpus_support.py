"""Real projects from the package index: fetched, built stock and through tramp-build, and put through their own tests."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_PYTEST_OUTCOME = re.compile(r'^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\s+(.*?)(?: - .*)?$', re.MULTILINE)
# `test_x (package.Class.test_x) ... ok`; the docstring's first line may stand between.
_UNITTEST_OUTCOME = re.compile(
    r'^(\w+ \([\w.]+\))(?:\n.*?)?? \.\.\. (?:.*?)(ok|FAIL|ERROR|skipped|expected failure|unexpected success)', re.MULTILINE
)

# A compiler's, not those of setuptools: with a place.
_WARNING = re.compile(r'^(\S+?:\d+):\d+(: warning: .*)$', re.MULTILINE)

# The Test Anything Protocol: a plan, and a line for each test.
_TAP_PLAN = re.compile(r'^1\.\.\d+$', re.MULTILINE)
_TAP_OUTCOME = re.compile(r'^(ok|not ok) \d+ (.*?)(?: # (SKIP|TODO).*)?$', re.MULTILINE)


@dataclass(frozen=True)
class Project:
    """One project of the corpus."""

    name: str
    version: str
    backend: str  # 'mesonpy' or 'setuptools'
    tests: tuple[str, ...]  # commands as a shell would split them, run in the unpacked sdist; none: it has no tests
    requirements: tuple[str, ...] = ()
    table: str = ''  # what stands in [tool.tramp-build]
    upgraded: int = 0  # how many functions take a vector at least
    bus: bool = False  # its tests talk on a D-Bus of their own


PYTEST = 'python -m pytest -p no:cacheprovider'
PROJECTS = {
    p.name: p
    for p in (
        Project('pycairo', '1.29.0', 'mesonpy', (f'{PYTEST} tests',), ('pytest',), upgraded=130),
        Project('kiwisolver', '1.5.1', 'setuptools', (f'{PYTEST} py/tests',), ('pytest',), upgraded=3),
        Project(
            'greenlet',
            '3.5.6',
            'setuptools',
            ('python -m unittest discover -v greenlet.tests',),
            ('objgraph', 'psutil', 'setuptools'),
            # The extension of its tests throws to see the process end; that is what a barrier prevents.
            table='exclude = ["src/greenlet/tests/_test_extension_cpp.cpp"]\n',
            upgraded=4,
        ),
        Project('annoy', '1.17.3', 'setuptools', (), upgraded=11),
        Project('markupsafe', '3.0.4', 'setuptools', (f'{PYTEST} tests',), ('pytest',)),
        Project('bitarray', '3.12.3', 'setuptools', ('python -c "import bitarray; bitarray.test(verbosity=2)"',), upgraded=36),
        Project('wrapt', '2.5.2', 'setuptools', (f'{PYTEST} tests',), ('pytest',), upgraded=7),
        Project('ujson', '6.1.0', 'setuptools', (f'{PYTEST} tests',), ('pytest',), upgraded=4),
        Project(
            'dbus-python',
            '1.5.1',
            'mesonpy',
            tuple(f'python test/test-{name}.py' for name in ('standalone', 'exception-py3', 'client', 'signals', 'p2p')),
            # Later ones need a girepository that Debian 12 does not have.
            ('PyGObject<3.51', 'tap.py'),
            upgraded=22,
            bus=True,
        ),
        Project(
            'psutil',
            '7.2.2',
            'setuptools',
            # What its extension does and what does not change while it is measured.
            (
                f'{PYTEST} -c /dev/null --rootdir=. tests/test_misc.py tests/test_contracts.py',
                f'{PYTEST} -c /dev/null --rootdir=. tests/test_process.py tests/test_system.py tests/test_posix.py tests/test_linux.py'
                ' -k "affinity or nice or rlimit or disk_partitions or net_if or mtu or pagesize or heap or pid_exists"',
            ),
            ('pytest',),
        ),
        Project('simplejson', '4.3.0', 'setuptools', ('python -m unittest discover -v simplejson.tests',), upgraded=1),
        Project(
            'lz4',
            '4.4.5',
            'setuptools',
            # One of several inputs, few of 31 modes, and without the files that compress for seconds: they call the same functions.
            (
                f'{PYTEST} tests/block/test_block_0.py -k "data1 and (mode5 or mode30)"',
                f'{PYTEST} tests/block/test_block_1.py tests/block/test_block_3.py',
                f'{PYTEST} {" ".join(f"tests/frame/test_frame_{n}.py" for n in (0, 4, 7, 8, 9))} -k "not data or data1"',
            ),
            ('pytest', 'psutil'),
            upgraded=12,
        ),
        # Its other tests import a file that the sdist does not have.
        Project(
            'mmh3',
            '5.3.1',
            'setuptools',
            (f'{PYTEST} tests/test_doctrings.py tests/test_free_threading.py tests/test_invalid_inputs.py',),
            ('pytest',),
            upgraded=1,
        ),
        Project(
            'cffi',
            '2.1.1',
            'setuptools',
            (
                f'{PYTEST} src/c/test_c.py',
                f'{PYTEST} {" ".join(f"testing/cffi0/test_{name}.py" for name in ("cdata", "ctypes", "function", "parsing"))}',
                f'{PYTEST} {" ".join(f"testing/cffi1/test_{n}.py" for n in ("dlopen", "ffi_obj", "new_ffi_1", "realize_c_type"))}',
            ),
            ('pytest', 'setuptools'),
            upgraded=39,
        ),
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
    # Not `:all:`: pip asks the build system for metadata, and would compile all that this needs.
    pip = [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', project.name]
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
    """Make a virtual environment with the wheel and what its tests need; return its Python.

    The pip of this Python installs into it: to give it one of its own takes longer than all else.
    """
    command(sys.executable, '-m', 'venv', '--without-pip', directory)
    python = directory / 'bin' / 'python'
    command(sys.executable, '-m', 'pip', '--python', python, 'install', '-q', '--disable-pip-version-check', wheel, *requirements)
    return python


def run_tests(project: Project, source: Path, wheel: Path, python: Path) -> tuple[dict[str, str], str]:
    """Run the project's own tests; return outcome by command and test, and the whole output.

    `wheel` is what is installed for `python`; a command none of whose tests passes is an AssertionError.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(('PYTHON', 'PYTEST'))} | {
        'PATH': f'{python.parent}{os.pathsep}{os.environ["PATH"]}',
        'PYTHONDONTWRITEBYTECODE': '1',
        'NO_COLOR': '1',
        'COLUMNS': '200',
    }
    hide_packages(source, wheel)
    before = session_bus(project, source, python) if project.bus else []
    outcomes, outputs = {}, []
    for line in project.tests:
        words = shlex.split(line)
        if 'pytest' in words:
            words += ['-rA', '-q', '--tb=short', '-p', 'no:randomly']
        result = command(*before, *words, cwd=source, env=environment, check=False)
        outputs.append(result.stdout + result.stderr)
        found = parse_outcomes(outputs[-1])
        assert set(found.values()) & {'PASSED', 'ok'}, outputs[-1][-3000:]
        outcomes.update({f'{line}: {test}': outcome for test, outcome in found.items()})
    return outcomes, '\n'.join(outputs)


def compiler_warnings(output: str) -> Counter[str]:
    """Return the warnings of compilers in what a build printed, with file and line; columns move."""
    return Counter(''.join(found) for found in _WARNING.findall(output))


def hide_packages(source: Path, wheel: Path) -> None:
    """Take the packages of the source tree out of the way: `python -m` would import them instead of what is installed."""
    with zipfile.ZipFile(wheel) as archive:
        installed = {name.split('/', 1)[0] for name in archive.namelist()}
    for name in installed:
        if (source / name / '__init__.py').exists():
            (source / name).rename(source / f'hidden-{name}')


def session_bus(project: Project, source: Path, python: Path) -> list[str]:
    """Fill in the templates of dbus-python's test bus, as its meson.build does; return what runs a command on such a bus."""
    values = {'DBUS_TEST_SOCKET_DIR': tempfile.gettempdir(), 'G_TEST_BUILDDIR': str(source), 'G_TEST_SRCDIR': str(source)}
    for template in (source / 'test').rglob('*.in'):
        text = re.sub('@([A-Z_]+)@', lambda match: values.get(match[1], match[0]), template.read_text('utf-8'))
        template.with_suffix('').write_text(text, 'utf-8')
    variables = [f'DBUS_PYTHON_VERSION={project.version}', 'DBUS_FATAL_WARNINGS=1', f'PYTHON={python}']
    return ['env', *variables, 'dbus-run-session', '--config-file', str(source / 'test' / 'tmp-session-bus.conf'), '--']


def parse_outcomes(output: str) -> dict[str, str]:
    """Read the lines of the Test Anything Protocol where there is a plan, else pytest's -rA lines or unittest's -v lines."""
    if _TAP_PLAN.search(output):
        return {match[2]: match[3] or match[1] for match in _TAP_OUTCOME.finditer(output)}
    outcomes = {}
    for match in _PYTEST_OUTCOME.finditer(output):
        outcomes[match[2]] = match[1]
    for match in _UNITTEST_OUTCOME.finditer(output):
        outcomes[match[1]] = match[2]
    return outcomes
