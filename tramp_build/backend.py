"""What the build hooks share: a state directory with every source prepared, the command that goes in front of a compiler,
and the end of a build (bundled wheel, summary line).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import sysconfig
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tramp_build import ahead, console, paths, state_project, wheel
from tramp_build.errors import EXIT_ERROR
from tramp_build.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tramp_build.config import Config
    from tramp_build.report import Report


class Tools(NamedTuple):
    """The parts of tramp-build that a build names, and an interpreter that can import the package."""

    launcher: Path
    library_dir: Path
    python: str
    python_path: str
    package_dir: Path = Path(__file__).parent

    @classmethod
    def installed(cls) -> Tools:
        return cls(paths.launcher(), paths.library_dir(), sys.executable, paths.python_path())

    @classmethod
    def kept(cls, directory: Path) -> Tools:
        """A copy of them all in `directory`, for a build that goes on after the hook.

        A build front end throws its isolated environment away, and with it the installed tramp-build and perhaps the
        interpreter; an editable install runs ninja again at import.
        """
        package = directory / 'tramp_build'
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(Path(__file__).parent, package, ignore=shutil.ignore_patterns('__pycache__', '*.pyc', 'lib', 'bin', 'include'))
        version = paths.version()
        names = ('libtramp.a', 'libtramp-cxx.a', f'libtramp-{version}.so', f'libtramp-cxx-{version}.so')
        _copy(package / 'lib', *(paths.library_dir() / name for name in names))
        _copy(package / 'bin', paths.launcher())
        if sys.version_info < (3, 11):
            # The one dependency that reading a configuration has.
            import tomli

            shutil.copytree(Path(tomli.__file__).parent, directory / 'tomli', ignore=shutil.ignore_patterns('__pycache__'))
        python = getattr(sys, '_base_executable', None) or sys.executable
        return cls(package / 'bin' / 'tramp-cc', package / 'lib', python, os.fspath(directory), package)


def is_unfit() -> bool:
    """Tell whether libtramp is not made for this interpreter, and say so: a free-threaded one has objects of another shape."""
    if not sysconfig.get_config_var('Py_GIL_DISABLED'):
        return False
    console.info('nothing is routed: libtramp is not made for free-threaded CPython')
    return True


def _copy(directory: Path, *files: Path) -> None:
    directory.mkdir(parents=True)
    for file in files:
        shutil.copy2(file, directory / file.name)


@dataclass(frozen=True, slots=True)
class Routing:
    """A build whose compilers go through the launcher."""

    root: Path
    config: Config
    state: State
    tools: Tools
    preparing: ahead.Preparing

    @classmethod
    def start(
        cls, root: Path, config: Config, directory: Path, tools: Tools | None = None, *, early: bool = False, rpath: str = 'origin'
    ) -> Routing:
        """Decide about every source of the project, before the first compile; `early`: while the caller goes on.

        `rpath` is that of `state.Conf`.
        """
        tools = tools or Tools.installed()
        state = state_project.create_state(directory, root, config, rpath=rpath)
        conf = state_project.conf_of(config, rpath=rpath)
        state.write_conf(replace(conf, python=tools.python, pythonpath=tools.python_path, libdir=os.fspath(tools.library_dir)))
        return cls(root, config, state, tools, ahead.prepare(root, config, state, early=early))

    @property
    def command(self) -> list[str]:
        """What stands in front of a compiler."""
        return [os.fspath(self.tools.launcher), f'--tramp-state={self.state.dir}']

    def report(self) -> Report:
        """What has happened so far."""
        from tramp_build import build_report

        if not self.preparing.wait():
            raise SystemExit(EXIT_ERROR)
        return build_report.from_state(self.state)

    def bundle(self, wheel_file: Path, shown: Path | None = None) -> None:
        """Make a wheel self-contained and say what was done; `shown` is where the wheel will lie if it is moved after this."""
        from tramp_build import report

        done = self.report()
        data = report.dumps(done, indent=None).encode('ascii') if done['summary']['routed'] else None
        wheel.bundle(wheel_file, self.tools.library_dir, data)
        self.say(done, (shown or wheel_file) if data else None)

    def say(self, done: Report | None = None, where: Path | None = None) -> None:
        """The one line at the end of a build; `where` has the details."""
        from tramp_build import report

        console.info(report.summary_line(done or self.report(), _shown(where) if where else None))


def bodies(state_dir: Path) -> dict[str, str]:
    """Real path of each source -> the name of the text that is compiled instead, '-' where that is the source itself."""
    try:
        lines = state_dir.joinpath('index').read_bytes().split(b'\n')
    except OSError:
        return {}
    fields = (os.fsdecode(line).split('\t') for line in lines)
    return {words[0]: words[5] for words in fields if len(words) > 5}


def remove_other_states(kept: Path, state_dir: Path | None) -> None:
    """Remove the states of other configurations, with the objects that were made under them."""
    for other in kept.glob('state-*'):
        if other != state_dir:
            for entry in State(other).log():
                if entry.source and entry.output:
                    Path(entry.output).unlink(missing_ok=True)
            shutil.rmtree(other)


def remove_stale_objects(routing: Routing, before: Mapping[str, str]) -> None:
    """Remove the objects of sources whose text changed, though they did not: what is decided in one file depends on others.

    `before` is what `bodies` said before the sources were prepared.  ninja and make do not know of these dependencies, but
    they make again what is missing.
    """
    after = bodies(routing.state.dir)
    changed = {source for source, body in before.items() if after.get(source) != body}
    for entry in routing.state.log():
        if entry.source and entry.output and os.path.realpath(entry.source) in changed:
            Path(entry.output).unlink(missing_ok=True)


def _shown(path: Path) -> str:
    try:
        return os.fspath(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(path)


def fingerprint(config: Config) -> str:
    """A short name for the release and all that a configuration says: what was compiled under another one is stale."""
    values = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(config).items()}
    return hashlib.sha256(json.dumps([paths.version(), values]).encode()).hexdigest()[:12]
