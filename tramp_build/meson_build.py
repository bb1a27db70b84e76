"""One build of a meson-python project: before and after what mesonpy does."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tramp_build import backend, meson_setup
from tramp_build.config import is_off, resolve, split_settings
from tramp_build.errors import user_errors

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# In a build directory that stays: the tools, the state and the machine file.
_KEPT = 'tramp-build'


@dataclass(frozen=True, slots=True)
class MesonBuild:
    """What mesonpy is to be called with, and what is to be done after it."""

    settings: dict[str, Any]
    routing: backend.Routing | None = None

    def wait(self) -> None:
        """Return when nobody writes to the state directory any more."""
        if self.routing:
            self.routing.preparing.wait()

    def finish(self, wheel: Path | None) -> None:
        """Bundle libtramp into the wheel (an editable one has none), and say what was done."""
        if self.routing is None:
            return
        with user_errors():
            if wheel:
                self.routing.bundle(wheel)
            else:
                self.routing.say(where=self.routing.state.dir)


@contextmanager
def wheel(config_settings: Mapping[str, Any] | None) -> Iterator[MesonBuild]:
    """A wheel build: in a build directory that the user named, or in one that mesonpy makes and removes."""
    settings = split_settings(config_settings)[1]
    directory = _build_dir(settings)
    if directory:
        yield _in_build_dir(directory, settings, config_settings)
    elif is_off() or backend.is_unfit():
        yield MesonBuild(settings)
    else:
        with tempfile.TemporaryDirectory(prefix='tramp-build-', ignore_cleanup_errors=True) as scratch:
            with user_errors():
                build = _in_scratch(Path(scratch).resolve(), settings, config_settings)
            try:
                yield build
            finally:
                build.wait()


@contextmanager
def editable(config_settings: Mapping[str, Any] | None) -> Iterator[MesonBuild]:
    """A build for development, whose build directory stays."""
    settings = split_settings(config_settings)[1]
    if _build_dir(settings) is None:
        settings['build-dir'] = _default_build_dir()
    yield _in_build_dir(Path(settings['build-dir']), settings, config_settings)


def _build_dir(settings: Mapping[str, Any]) -> Path | None:
    """The build directory that the settings name; a wrong value is for mesonpy to complain about."""
    value = settings.get('build-dir', settings.get('builddir'))
    return Path(value) if isinstance(value, str) and value else None


def _default_build_dir() -> str:
    """mesonpy's own, so that a project's directory stays the same with and without tramp-build."""
    from mesonpy import _tags  # type: ignore[import-untyped]

    get_abi_tag = getattr(_tags, 'get_abi_tag', None)
    return f'build/{get_abi_tag() if get_abi_tag else sysconfig.get_config_var("SOABI")}'


def _in_scratch(scratch: Path, settings: dict[str, Any], config_settings: Mapping[str, Any] | None) -> MesonBuild:
    root = Path.cwd()
    config = resolve(root, config_settings).config
    routing = backend.Routing.start(root, config, scratch / 'state', early=True)
    # mesonpy's build directory, in which it runs Meson, is a new one directly below the project.
    file = meson_setup.machine_file(routing.command, _setup_arguments(root, settings), root, root / '.mesonpy')
    return MesonBuild(_with_arguments(settings, meson_setup.adopt(file, scratch / 'tramp-build.ini', None)), routing)


def _in_build_dir(directory: Path, settings: dict[str, Any], config_settings: Mapping[str, Any] | None) -> MesonBuild:
    with user_errors():
        build_dir = directory.absolute()
        kept = build_dir / _KEPT
        if is_off() or backend.is_unfit():
            if kept.exists():
                meson_setup.forget_setup(build_dir)
                shutil.rmtree(kept)
            return MesonBuild(settings)
        root = Path.cwd()
        config = resolve(root, config_settings).config
        _make_build_dir(build_dir)
        # The name says under which configuration the objects were made: with another one every command changes, so that
        # ninja makes them again.
        state_dir = kept / f'state-{backend.fingerprint(config)}'
        backend.remove_other_states(kept, state_dir)
        before = backend.bodies(state_dir)
        routing = backend.Routing.start(root, config, state_dir, backend.Tools.kept(kept / 'tools'))
        backend.remove_stale_objects(routing, before)
        file = meson_setup.machine_file(routing.command, _setup_arguments(root, settings), root, build_dir)
        return MesonBuild(_with_arguments(settings, meson_setup.adopt(file, kept / 'tramp-build.ini', build_dir)), routing)


def _make_build_dir(build_dir: Path) -> None:
    build_dir.mkdir(parents=True, exist_ok=True)
    if not any(build_dir.iterdir()):
        # mesonpy does this to an empty directory, which it will not find.
        build_dir.joinpath('.gitignore').write_text('*\n', encoding='utf-8')
        build_dir.joinpath('.hgignore').write_text('syntax: glob\n**/*\n', encoding='utf-8')


def _setup_arguments(root: Path, settings: Mapping[str, Any]) -> list[str]:
    """What mesonpy will pass to `meson setup`: the arguments of pyproject.toml, then those of the settings."""
    return [*_project_arguments(root), *_as_list(settings.get('setup-args'))]


def _project_arguments(root: Path) -> list[str]:
    table: Any = tomllib.loads(root.joinpath('pyproject.toml').read_text(encoding='utf-8'))
    for key in ('tool', 'meson-python', 'args', 'setup'):
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return [word for word in table if isinstance(word, str)] if isinstance(table, list) else []


def _as_list(value: Any) -> list[str]:
    words = [value] if isinstance(value, str) else value
    return [word for word in words if isinstance(word, str)] if isinstance(words, (list, tuple)) else []


def _with_arguments(settings: dict[str, Any], arguments: list[str]) -> dict[str, Any]:
    if not arguments:
        return settings
    return {**settings, 'setup-args': [*_as_list(settings.get('setup-args')), *arguments]}
