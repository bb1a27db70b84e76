"""A project in a directory and its state: sources are compiled as they are and by the launcher, and both are run."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rewrite_support import INCLUDE

from tramp_build import build_report, paths
from tramp_build.compile import prepare_project
from tramp_build.config import Config
from tramp_build.state import State
from tramp_build.state_project import create_state

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Place:
    """The project and a state directory for it."""

    dir: Path
    script: str  # what uses the module `case`
    config: Config = field(default_factory=Config)

    @classmethod
    def with_files(cls, directory: Path, files: dict[str, str], script: str) -> Place:
        """Write the files and prepare them."""
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        place = cls(directory, script)
        place.prepare()
        return place

    @property
    def state(self) -> State:
        return State(self.dir / 'state')

    def prepare(self) -> None:
        self.configure()
        prepare_project(self.dir, self.config, self.state)

    def configure(self, **changes: Any) -> None:
        """Write the configuration."""
        self.config = replace(self.config, **changes)
        state = create_state(self.state.dir, self.dir, self.config, rpath='absolute')
        conf = (state.dir / 'conf').read_text()
        (state.dir / 'conf').write_text(conf.replace('pythonpath=\n', f'pythonpath={ROOT}\n'))

    def start(
        self, cc: str | Path, source: str, out: str, *flags: str, stock: bool = False, cwd: str = '.'
    ) -> subprocess.CompletedProcess[str]:
        """Start the compiler and wait."""
        launcher = [] if stock else [paths.launcher(), f'--tramp-state={self.state.dir}']
        words = [cc, '-g', '-Wall', '-Wextra', '-fPIC', '-isystem', INCLUDE, *flags]
        words += ['-MD', '-MF', f'{out}.d', '-MT', 'x', '-c', source, '-o', out]
        return subprocess.run([*launcher, *words], cwd=self.dir / cwd, capture_output=True, text=True, check=False)

    def compile(self, cc: str | Path, source: str, out: str, *flags: str, stock: bool = False, cwd: str = '.') -> str:
        """Compile, and return what the compiler said and what it depends on."""
        done = self.start(cc, source, out, *flags, stock=stock, cwd=cwd)
        assert done.returncode == 0, done.stderr
        text = (self.dir / cwd / f'{out}.d').read_text()
        return done.stderr + '\n'.join(sorted(text.replace('\\\n', ' ').split()))

    def run(self, out: str) -> str:
        """Link the object and use the module."""
        return self.run_all([out])

    def run_all(self, objects: list[str]) -> str:
        """Link the objects and use the module."""
        library = paths.library_dir()
        link = ['gcc', '-shared', *objects, '-o', 'case.so', library / f'libtramp-{paths.version()}.so', f'-Wl,-rpath,{library}']
        subprocess.run(link, cwd=self.dir, check=True)
        return subprocess.run([sys.executable, '-c', self.script], cwd=self.dir, capture_output=True, text=True, check=True).stdout

    def symbols(self, out: str) -> str:
        """Return the names in an object."""
        return subprocess.run(['nm', out], cwd=self.dir, capture_output=True, text=True, check=True).stdout

    def outcomes(self) -> list[str]:
        return [entry.outcome for entry in self.state.log()]

    def entries(self) -> list[dict[str, Any]]:
        """Return what the report of the build says of the rows of methods and getsets."""
        tables = [table for file in build_report.from_state(self.state)['files'] for table in file['tables']]
        return [entry for table in tables if table['kind'] in ('PyMethodDef', 'PyGetSetDef') for entry in table['entries']]
