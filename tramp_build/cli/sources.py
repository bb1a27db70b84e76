"""From the PATHs of a command line to the sources that they mean, with the project that each belongs to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tramp_build import config, console
from tramp_build.errors import TrampError, describe_os_error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from tramp_build.model import Language
    from tramp_build.project import Project

# What stands at the top of a project, and where looking upwards ends.
_PROJECT_MARKS: Final = ('pyproject.toml', 'setup.py', 'setup.cfg')
_BOUNDARY: Final = '.git'


class Source(NamedTuple):
    """A file to look at."""

    project: Project
    path: Path  # absolute, as the project knows it
    shown: str  # below the PATH that was given, posix
    language: Language
    explicit: bool  # named itself, not found in a directory


def add_setting_option(parser: argparse.ArgumentParser) -> None:
    """`-C KEY=VALUE`, for trying a setting out."""
    parser.add_argument(
        '-C', '--config-setting', dest='settings', action='append', default=[], metavar='KEY=VALUE',
        help='a setting in place of the one in pyproject.toml, e.g. -C barrier=always; may be repeated',
    )  # fmt: skip


def config_settings(texts: Sequence[str]) -> dict[str, Any]:
    """What `-C` collected, as a build front end would pass it."""
    settings: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition('=')
        if not equals:
            raise TrampError(f'-C {text}: must be KEY=VALUE')
        settings.setdefault(config.SETTING_PREFIX + key.strip().removeprefix(config.SETTING_PREFIX), []).append(value)
    return settings


def find(paths: Sequence[str], settings: Sequence[str] = ()) -> Iterator[Source]:
    """The sources that the paths mean, each once, in the order given and sorted within a directory."""
    seen: set[Path] = set()
    projects: dict[Path, Project] = {}
    for text in paths:
        for source in _expand(Path(text), config_settings(settings), projects):
            if source.path not in seen:
                seen.add(source.path)
                yield source


def _expand(given: Path, settings: dict[str, Any], projects: dict[Path, Project]) -> Iterator[Source]:
    if given.is_dir():
        yield from _directory(given, settings, projects)
        return
    check_file(given)
    path = given.parent.resolve() / given.name
    project = _project(_root(path.parent) or path, settings, projects)
    language = project.language(path)
    if language is None:
        raise TrampError(f'{given}: not a C or C++ source, by its name')
    yield Source(project, path, given.as_posix(), language, explicit=True)


def _directory(given: Path, settings: dict[str, Any], projects: dict[Path, Project]) -> Iterator[Source]:
    top = given.resolve()
    project = _project(_root(top) or top, settings, projects)
    files = [path for path in project.files() if path.is_relative_to(top)]
    if not files and top != project.root:
        # A directory that a project's files() leaves out, such as build/, but that was asked for.
        project = _project(top, settings, projects)
        files = list(project.files())
    for path in files:
        language = project.language(path)
        if language is not None:
            yield Source(project, path, (given / path.relative_to(top)).as_posix(), language, explicit=False)


def _project(root: Path, settings: dict[str, Any], projects: dict[Path, Project]) -> Project:
    from tramp_build.project import Project

    if root not in projects:
        resolved = config.resolve(root if root.is_dir() else root.parent, settings)
        projects[root] = Project(root, resolved.config)
    return projects[root]


def _root(directory: Path) -> Path | None:
    """The top of the project that a directory is in; None if nothing marks one."""
    for candidate in (directory, *directory.parents):
        if any((candidate / mark).is_file() for mark in _PROJECT_MARKS):
            return candidate
        if (candidate / _BOUNDARY).exists():
            return candidate
    return None


def check_file(path: Path) -> None:
    """Raise TrampError unless the path is a file that can be read as a source."""
    if path.is_dir():
        raise TrampError(f'{path}: is a directory; name a file')
    if path.exists() and not path.is_file():
        raise TrampError(f'{path}: is not a regular file')
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TrampError(f'{path}: no such file or directory') from None
    except OSError as exc:
        raise TrampError(f'can not read {describe_os_error(exc)}') from exc
    if b'\0' in data:
        hint = ' (UTF-16? compilers want UTF-8)' if data[:2] in (b'\xff\xfe', b'\xfe\xff') else ''
        raise TrampError(f'{path}: has NUL bytes, which no C or C++ source has{hint}')


def skip_unreadable(source: Source, exc: OSError) -> None:
    """One file of a directory that can not be read does not keep the others from being looked at."""
    if source.explicit:
        raise TrampError(f'can not read {describe_os_error(exc)}') from exc
    console.warn(f'can not read {describe_os_error(exc)}; skipped')


def place(source: Source, line: int, offset: int) -> str:
    """`path:line:column:`, as compilers write it."""
    return f'{source.shown}:{line}:{column_of(source.project.source(source.path), offset)}:'


def column_of(data: bytes, offset: int) -> int:
    """The column of a byte offset, from 1, counted in characters."""
    start = data.rfind(b'\n', 0, offset) + 1
    return len(data[start:offset].decode('utf-8', 'replace')) + 1


def source_line(data: bytes, offset: int) -> str:
    """The line that a byte offset is on."""
    start = data.rfind(b'\n', 0, offset) + 1
    end = data.find(b'\n', offset)
    return os.fsdecode(data[start : len(data) if end < 0 else end].rstrip(b'\r'))
