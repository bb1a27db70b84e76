"""The commands of a setuptools build, with the compilers behind the launcher.

The project's own commands are subclassed, whatever they are; the compiler object keeps all that the project set on it, and
only what it starts in the end is changed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tramp_build.config import is_off, load
from tramp_build.errors import EXIT_ERROR, user_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from setuptools import Distribution

    from tramp_build.backend import Routing
    from tramp_build.config import Config


# In the directory for temporary files of the build.
STATE = 'tramp-build'
_STAMPS = 'extensions.json'


def activate(distribution: Distribution) -> None:
    """Subclass the commands that build extensions and wheels, if the project asks for it."""
    if is_off():
        _subclass(distribution, 'build_ext', _stock_build_ext)
        return
    with user_errors():
        config = load(Path.cwd())
    if config is None:
        return
    from tramp_build.backend import is_unfit

    if is_unfit():
        _subclass(distribution, 'build_ext', _stock_build_ext)
    else:
        session = Session(Path.cwd(), config)
        _subclass(distribution, 'build_ext', lambda base: _build_ext(base, session))
        _subclass(distribution, 'bdist_wheel', lambda base: _bdist_wheel(base, session))


def _subclass(distribution: Distribution, name: str, make: Callable[[type[Any]], type[Any]]) -> None:
    base = _command_class(distribution, name)
    # finalize_options may be called again.
    if base is not None and not getattr(base, 'tramp_build', False):
        distribution.cmdclass[name] = make(base)


def _command_class(distribution: Distribution, name: str) -> type[Any] | None:
    from distutils.errors import DistutilsError

    try:
        return distribution.get_command_class(name)
    except (DistutilsError, ImportError):
        # setuptools before 70.1 has no bdist_wheel without the wheel package.
        return None


class Session:
    """What the commands of one run share."""

    def __init__(self, root: Path, config: Config) -> None:
        self.root = root
        self.config = config
        self.routing: Routing | None = None

    def start(self, build_temp: str) -> Routing:
        """Decide about all sources, once."""
        # Here and below: most setuptools runs compile nothing.
        from tramp_build.backend import Routing

        if self.routing is None:
            with user_errors():
                directory = Path(build_temp, STATE).absolute()
                # While the first sources are compiled, the next are prepared; but what was decided in an earlier build must be
                # decided again before anybody goes by it.
                self.routing = Routing.start(self.root, self.config, directory, early=not directory.exists())
        return self.routing


def _build_ext(base: type[Any], session: Session) -> type[Any]:
    class build_ext(base):  # type: ignore[misc]  # noqa: N801 - distutils has the command name from the class
        tramp_build = True

        def run(self) -> None:
            super().run()
            if session.routing and 'bdist_wheel' not in self.distribution.commands:
                session.routing.say(where=session.routing.state.dir)

        def build_extensions(self) -> None:
            if not self.extensions or getattr(self, 'dry_run', False):
                super().build_extensions()
                return
            routing = session.start(self.build_temp)
            for compiler in (self.compiler, getattr(self, 'shlib_compiler', None)):
                if compiler is not None:
                    _route(compiler, routing.command)
            file = routing.state.dir / _STAMPS
            known = _stamps(file)
            with user_errors():
                _remove_stale(self, known, _stamps_of(self, routing) if known else {})
            try:
                super().build_extensions()
            finally:
                prepared = routing.preparing.wait()
            if not prepared:
                raise SystemExit(EXIT_ERROR)
            with user_errors():
                file.write_text(json.dumps({**known, **_stamps_of(self, routing)}), encoding='utf-8')

        def copy_extensions_to_source(self) -> None:
            super().copy_extensions_to_source()
            for library, copy in _library_mapping(self).items():
                self.copy_file(library, copy)

        def get_outputs(self) -> list[str]:
            return list(dict.fromkeys([*super().get_outputs(), *_library_mapping(self)]))

        def get_output_mapping(self) -> dict[str, str]:
            mapping = dict(super().get_output_mapping())
            return {**mapping, **_library_mapping(self)} if self.inplace else mapping

    return build_ext


def _stock_build_ext(base: type[Any]) -> type[Any]:
    class build_ext(base):  # type: ignore[misc]  # noqa: N801
        tramp_build = True

        def build_extensions(self) -> None:
            _remove_routed(Path(self.build_temp, STATE))
            super().build_extensions()

    return build_ext


def _bdist_wheel(base: type[Any], session: Session) -> type[Any]:
    class bdist_wheel(base):  # type: ignore[misc]  # noqa: N801
        tramp_build = True

        def run(self) -> None:
            done = len(self.distribution.dist_files)
            super().run()
            wheels = [file for command, _, file in self.distribution.dist_files[done:] if command == 'bdist_wheel']
            if not wheels or getattr(self, 'dry_run', False):
                return
            build_ext = self.get_finalized_command('build_ext')
            if not build_ext.extensions:
                return
            routing = session.start(build_ext.build_temp)
            with user_errors():
                for file in wheels:
                    routing.bundle(Path(file), _destination(Path(file)))

    return bdist_wheel


# `.tmp-…`; before setuptools 70, what tempfile makes of no prefix.
_TEMPORARY: Final = re.compile(r'\.tmp-.*|tmp[a-z0-9_]{8}')


def _destination(wheel: Path) -> Path:
    """Where a wheel ends up: setuptools.build_meta has it made in a temporary directory within the one asked for, and moves it up."""
    return wheel.parent.parent / wheel.name if _TEMPORARY.fullmatch(wheel.parent.name) else wheel


def _route(compiler: Any, command: list[str]) -> None:
    """Put the launcher in front of what a compiler object starts, unless it is an archiver or another tool.

    setuptools starts programs by `spawn`, newer ones by `call`; projects that start some themselves use either.
    """
    for name in ('spawn', 'call'):
        start = getattr(compiler, name, None)
        if callable(start) and not hasattr(start, 'tramp_build'):
            setattr(compiler, name, _routed(compiler, start, command))


def _routed(compiler: Any, start: Callable[..., Any], command: list[str]) -> Callable[..., Any]:
    @functools.wraps(start)
    def routed(words: Any, *args: Any, **kwargs: Any) -> Any:
        words = list(words)
        # One calls the other: the launcher itself is no driver, so it goes in front once.
        if words and words[0] in _drivers(compiler):
            words = [*command, *words]
        return start(words, *args, **kwargs)

    routed.tramp_build = True  # type: ignore[attr-defined]
    return routed


def _drivers(compiler: Any) -> set[str]:
    """The programs that compile and link.  Asked at each call: a project may set them for each extension."""
    names = set(getattr(compiler, 'executables', ())) - {'archiver', 'ranlib'}
    commands = (getattr(compiler, name, None) for name in names)
    return {command[0] for command in commands if isinstance(command, (list, tuple)) and command}


def _remove_stale(command: Any, known: Mapping[str, str], stamps: Mapping[str, str]) -> None:
    """Remove the modules that were made of other text than the one to be compiled now.

    distutils takes a module that is newer than its sources for finished, be it built without tramp-build, with another
    release or under another configuration.
    """
    for extension in command.extensions:
        module = command.get_ext_fullpath(extension.name)
        if module not in known or known[module] != stamps.get(module):
            Path(module).unlink(missing_ok=True)


def _stamps_of(command: Any, routing: Routing) -> dict[str, str]:
    from tramp_build.backend import bodies, fingerprint

    texts, configuration = bodies(routing.state.dir), fingerprint(routing.config)
    return {command.get_ext_fullpath(extension.name): _stamp(extension, configuration, texts) for extension in command.extensions}


def _remove_routed(state_dir: Path) -> None:
    """Remove what builds through tramp-build have left, for one that is to go without."""
    if state_dir.is_dir():
        for module in map(Path, _stamps(state_dir / _STAMPS)):
            for file in (*_libraries_beside(module), module):
                file.unlink(missing_ok=True)
        shutil.rmtree(state_dir)


def _stamps(file: Path) -> dict[str, str]:
    try:
        stamps = json.loads(file.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _stamp(extension: Any, configuration: str, texts: Mapping[str, str]) -> str:
    sources = sorted(os.fspath(source) for source in extension.sources)
    parts = [configuration, *(texts.get(os.path.realpath(source), '-') for source in sources)]
    return hashlib.sha256('\n'.join(parts).encode()).hexdigest()


def _library_mapping(command: Any) -> dict[str, str]:
    """The copies of libtramp beside the built modules -> beside the modules of the source tree."""
    mapping = {}
    build_py = command.get_finalized_command('build_py')
    for extension in command.extensions or []:
        name = command.get_ext_fullname(extension.name)
        built = Path(command.build_lib, command.get_ext_filename(name))
        in_place = Path(build_py.get_package_dir(name.rpartition('.')[0]))
        for library in _libraries_beside(built):
            mapping[os.fspath(library)] = os.fspath(in_place / library.name)
    return mapping


def _libraries_beside(module: Path) -> list[Path]:
    from tramp_build import elf

    dynamic = elf.read_dynamic(module.read_bytes()) if module.is_file() else None
    names = [name for name in (dynamic.needed if dynamic else ()) if name.startswith('libtramp')]
    return [module.parent / name for name in names if module.parent.joinpath(name).is_file()]
