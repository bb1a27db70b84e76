"""A place to run the launcher in: a state directory that is written by hand, so that nothing here depends on scanner or rewriter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tramp_build import paths
from tramp_build.state import Conf, LogEntry, State

COMPILERS = [name for name in ('gcc', 'clang') if shutil.which(name)]
CXX = {'gcc': 'g++', 'clang': 'clang++'}

# The original says 1, its rewritten copy says 2: what an object was compiled from can be seen by running it.
SOURCE = """\
/* PyMethodDef */
#include <stdio.h>
int answer(void) { return 1; }
int main(void) { printf("%d %s %d\\n", answer(), __FILE__, __LINE__); return 0; }
"""


@dataclass
class Sandbox:
    """A directory with sources and a state directory beside them."""

    dir: Path
    conf: Conf
    env: dict[str, str] = field(default_factory=lambda: {**os.environ, 'LC_ALL': 'C.UTF-8'})
    launcher: Path = field(default_factory=paths.launcher)

    @property
    def state(self) -> State:
        return State(self.dir / 'state')

    def configure(self, **changes: object) -> None:
        self.conf = replace(self.conf, **changes)
        self.state.write_conf(self.conf)

    def write(self, name: str, text: str | bytes = SOURCE) -> Path:
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def index(self, path: Path, action: str, body: str | None = None, language: str = 'c') -> None:
        status = path.stat()
        self.state.add_index(path, status.st_size, status.st_mtime_ns, language, action, body)

    def route(
        self,
        name: str,
        text: str = SOURCE,
        old: str = 'return 1;',
        new: str = 'return 2;',
        language: str = 'c',
        prelude: str = 'extern int tramp_x;',
    ) -> Path:
        """Write a source and, for the launcher, a rewritten copy with `new` for `old`."""
        path = self.write(name, text)
        assert old in text
        body = self.state.add_body(f'{prelude}\n{text.replace(old, new)}'.encode())
        assert body is not None
        self.index(path, 'routed', body, language)
        return path

    def run(
        self, *words: object, cwd: str | Path = '.', check: bool = True, state: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `tramp-cc WORDS`."""
        option = [f'--tramp-state={self.state.dir}'] if state else []
        return self.plain(self.launcher, *option, *words, cwd=cwd, check=check, **env)

    def plain(self, *words: object, cwd: str | Path = '.', check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command without the launcher."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.dir / cwd,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def log(self) -> list[LogEntry]:
        return list(self.state.log())

    def program(self, cc: str, *objects: str, cwd: str = '.') -> str:
        """Link the objects without the launcher, run the program and return what it says."""
        self.plain(cc, '-o', 'program', *objects, cwd=cwd)
        return self.plain('./program', cwd=cwd).stdout

    def answer(self, *objects: str) -> str:
        """The text that the objects (a.o) were compiled from: 1 for the original, 2 for its copy."""
        return self.program('gcc', *(objects or ['a.o']))[0]

    def dependencies(self, name: str) -> list[str]:
        """The words of a dependency file, however its lines are broken."""
        return self.dir.joinpath(name).read_text().replace('\\\n', '').split()

    def outcomes(self) -> list[str]:
        return [entry.outcome for entry in self.log()]

    def outcome(self, *words: object, **env: str) -> str:
        """What the launcher makes of a command whose compiler does nothing."""
        before = len(self.outcomes())
        self.run(*words, **env)
        added = self.outcomes()[before:]
        assert len(added) == 1
        return added[0]


def make_sandbox(directory: Path) -> Sandbox:
    # No interpreter: whoever asks for one finds out by a failure.
    conf = Conf(python='/nonexistent/python', pythonpath='', libdir='/nonexistent/lib', version='7.7')
    sandbox = Sandbox(directory, conf)
    State.create(directory / 'state', conf)
    return sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return make_sandbox(tmp_path)


@pytest.fixture(params=COMPILERS)
def cc(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def fake(tmp_path: Path) -> dict[str, Path]:
    """Compilers by name that do nothing, successfully."""
    directory = tmp_path / 'fake'
    directory.mkdir()
    true = shutil.which('true')
    assert true
    names = ['gcc', 'g++', 'clang', 'clang++', 'c++', 'x86_64-linux-gnu-g++-12', 'ccache', 'sccache', 'distcc']
    for name in names:
        directory.joinpath(name).symlink_to(true)
    return {name: directory / name for name in names}


def python_of_this_checkout(sandbox: Sandbox) -> None:
    """Let the launcher ask this interpreter with this package."""
    sandbox.configure(python=sys.executable, pythonpath=paths.python_path())


def as_nobody(sandbox: Sandbox, *words: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher as somebody who may not write everywhere."""

    def drop() -> None:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    # Neither the checkout nor pytest's directories need be open to others: the launcher is copied, and the way made passable.
    for directory in [sandbox.dir, *sandbox.dir.parents]:
        if directory.stat().st_uid == os.geteuid() and directory != Path('/'):
            directory.chmod(directory.stat().st_mode | 0o755)
    launcher = sandbox.write('tools/tramp-cc', sandbox.launcher.read_bytes())
    launcher.chmod(0o755)
    return subprocess.run(
        [launcher, f'--tramp-state={sandbox.state.dir}', *map(str, words)],
        cwd=sandbox.dir, env={**sandbox.env, 'TMPDIR': '/tmp', **env}, capture_output=True, text=True, preexec_fn=drop,
    )  # fmt: skip
