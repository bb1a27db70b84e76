"""One build of a CMake project: before and after what scikit-build-core does.

CMake is told by a script that it reads before the project (`-C`, at the end of CMAKE_ARGS, where nothing can undo it): it names the
launcher, and has `launch.cmake` included, which puts it in front of the compilers of each target.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tramp_build import backend
from tramp_build.config import is_off, resolve, split_settings
from tramp_build.errors import user_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ARGUMENTS: Final = 'CMAKE_ARGS'
_KEPT: Final = 'tramp-build'
_INCLUDE: Final = 'launch.cmake'
# cmake_language(DEFER)
_OLDEST: Final = (3, 19)


@dataclass(frozen=True, slots=True)
class CMakeBuild:
    """What scikit-build-core is to be called with, and what is to be done after it."""

    settings: dict[str, Any]
    routing: backend.Routing | None = None

    def finish(self, wheel: Path) -> None:
        """Bundle libtramp into the wheel, and say what was done."""
        if self.routing:
            with user_errors():
                self.routing.bundle(wheel)


@contextmanager
def start(config_settings: Mapping[str, Any] | None, *, editable: bool = False) -> Iterator[CMakeBuild]:
    """Begin a build: in a build directory that stays, or in one that scikit-build-core makes and removes."""
    settings = split_settings(config_settings)[1]
    kept = _kept_directory(settings, editable=editable)
    with tempfile.TemporaryDirectory(prefix='tramp-build-', ignore_cleanup_errors=True) as name:
        scratch = Path(name).resolve()
        script = scratch / 'tramp-build.cmake'
        with user_errors():
            if is_off():
                routing, text = None, _forget(kept)
            else:
                routing = _in_kept(kept, config_settings) if kept else _in_scratch(scratch, config_settings)
                text = _script(routing.command, routing.tools.package_dir / _INCLUDE)
            script.write_text(text, encoding='utf-8')
        try:
            with _cmake_arguments([f'-C{script}'] if text else []):
                yield CMakeBuild(settings, routing)
        finally:
            if routing:
                routing.preparing.wait()


def with_cmake(requirements: Sequence[str]) -> list[str]:
    """Return the requirements of a build with CMake added, where the one on the path is enough for scikit-build-core and not for us."""
    requirements = list(requirements)
    if not is_off() and not any(re.match(r'cmake\b', name) for name in requirements) and _cmake_version() < _OLDEST:
        requirements.append('cmake>=' + '.'.join(map(str, _OLDEST)))
    return requirements


def _cmake_version() -> tuple[int, int]:
    """Return the version of the CMake on the path; that of the oldest which will do where none says it."""
    program = shutil.which('cmake')
    if program is None:
        return _OLDEST
    said = subprocess.run([program, '--version'], capture_output=True, text=True, check=False).stdout
    found = re.match(r'cmake\d? version (\d+)\.(\d+)', said)
    return (int(found[1]), int(found[2])) if found else _OLDEST


def _kept_directory(settings: Mapping[str, Any], *, editable: bool) -> Path | None:
    """Return where the launcher and its state stay, None for a build directory that scikit-build-core removes.

    In or beside the build directory: its name may have parts that only scikit-build-core can fill in, `build/{wheel_tag}`.
    """
    from scikit_build_core.settings.skbuild_read_settings import SettingsReader

    try:
        reader = SettingsReader.from_file('pyproject.toml', dict(settings), state='editable' if editable else 'wheel')
    except Exception:
        # scikit-build-core will say what is wrong with it, in its own words.
        return None
    name = reader.settings.build_dir
    if editable and reader.settings.editable.mode == 'inplace':
        name = 'build'
    if not name:
        return None
    parts = Path(name).parts
    plain = parts[: next((index for index, part in enumerate(parts) if '{' in part), len(parts))]
    # Interpreters may share a directory.
    return Path.cwd().joinpath(*plain, _KEPT, str(sysconfig.get_config_var('SOABI')))


def _in_scratch(scratch: Path, config_settings: Mapping[str, Any] | None) -> backend.Routing:
    root = Path.cwd()
    return backend.Routing.start(root, resolve(root, config_settings).config, scratch / 'state', early=True)


def _in_kept(kept: Path, config_settings: Mapping[str, Any] | None) -> backend.Routing:
    root = Path.cwd()
    config = resolve(root, config_settings).config
    # The name says under which configuration the objects were made: with another one every command changes.
    state_dir = kept / f'state-{backend.fingerprint(config)}'
    backend.remove_other_states(kept, state_dir)
    before = backend.bodies(state_dir)
    # A rebuild, at import or by hand, installs what it has linked, and nobody bundles it.
    routing = backend.Routing.start(root, config, state_dir, backend.Tools.kept(kept / 'tools'), rpath='both')
    backend.remove_stale_objects(routing, before)
    return routing


def _forget(kept: Path | None) -> str:
    """Remove what builds through tramp-build have left; return the script that takes it out of CMake's cache."""
    if kept is None or not kept.exists():
        return ''
    backend.remove_other_states(kept, None)
    shutil.rmtree(kept)
    if not any(kept.parent.iterdir()):
        kept.parent.rmdir()
    return (
        'set(before "$CACHE{TRAMP_BUILD_INCLUDE}")\n'
        'unset(CMAKE_PROJECT_INCLUDE CACHE)\n'
        'if(before)\n  set(CMAKE_PROJECT_INCLUDE "${before}" CACHE STRING "")\nendif()\n'
        'foreach(name IN ITEMS LAUNCHER LAUNCHED INCLUDE)\n  unset(TRAMP_BUILD_${name} CACHE)\nendforeach()\n'
    )


def _script(command: Sequence[str], include: Path) -> str:
    return f"""\
set(TRAMP_BUILD_LAUNCHER [==[{';'.join(command)}]==] CACHE INTERNAL "The launcher of tramp-build.")
if(NOT "$CACHE{{CMAKE_PROJECT_INCLUDE}}" MATCHES "/tramp_build/{_INCLUDE}$")
  set(TRAMP_BUILD_INCLUDE "$CACHE{{CMAKE_PROJECT_INCLUDE}}" CACHE INTERNAL "What is included as well.")
endif()
set(CMAKE_PROJECT_INCLUDE [==[{include}]==] CACHE FILEPATH "Set by tramp-build." FORCE)
"""


@contextmanager
def _cmake_arguments(words: Sequence[str]) -> Iterator[None]:
    """Have scikit-build-core give CMake more arguments, behind all others."""
    before = os.environ.get(_ARGUMENTS)
    if words:
        os.environ[_ARGUMENTS] = f'{before or ""} {shlex.join(words)}'.lstrip()
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_ARGUMENTS, None)
        else:
            os.environ[_ARGUMENTS] = before
