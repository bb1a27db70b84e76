"""The report of a build: from its state directory, from the wheel that came out, or from a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tramp_build import report
from tramp_build.errors import TrampError
from tramp_build.reasons import FALLBACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tramp_build.report import Report
    from tramp_build.state import State

_PROJECT_FILE: Final = 'project.json'
_LAUNCHER_FILE: Final = 'conf'
# How far below a build directory a state directory may be: <dir>/subprojects/<name>/src/<target>.p/.tramp-build
_DEPTH: Final = 6


def from_state(state: State) -> Report:
    """What a build did so far."""
    return _from_states([state], _root(state.dir))


def _from_states(states: Sequence[State], root: Path) -> Report:
    """The build that several state directories of one project belong to: without a hook, each output directory has its own."""
    # What a file becomes is up to the unit that includes it, if there is one.
    found = [
        r | {'source': os.path.realpath(root / r['path']), 'compiled': os.path.realpath(root / r.get('unit', r['path']))}
        for state in states
        for r in state.records()
        if report.is_record(r)
    ]
    records = {record['source']: record for record in found}
    log = [(entry, os.path.realpath(entry.source)) for state in states for entry in state.log() if entry.source]
    for source in {source for entry, source in log if entry.outcome == report.PREPARE_FAILED and source not in records}:
        # There is no record then, and that nothing is known is what has to be told.
        path = Path(os.path.relpath(source, root.resolve())).as_posix()
        records[source] = {'path': path, 'language': 'c' if source.endswith('.c') else 'c++', 'tables': [], 'source': source}
    outcomes = [(entry.outcome, source, entry.output or '') for entry, source in log]
    messages = {source: entry.detail for entry, source in log if entry.outcome == FALLBACK and entry.detail}
    return report.build_report(records.values(), outcomes, messages)


def _root(directory: Path) -> Path:
    """The project that the paths of the records start from."""
    try:
        return Path(json.loads((directory / _PROJECT_FILE).read_text('utf-8'))['root'])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise TrampError(f'{directory}: not a state directory of tramp-build, or a damaged one: {exc}') from exc


def read(path: Path) -> Report:
    """The report of a build directory, a wheel or a saved report.  Raises TrampError where there is none."""
    if not path.is_dir():
        if not path.exists():
            raise TrampError(f'{path}: no such file or directory')
        return report.read(path)
    if (path / report.WHEEL_MEMBER).is_file():
        return report.read(path / report.WHEEL_MEMBER)
    found = sorted(_states(path, _DEPTH))
    if not found:
        raise TrampError(f'{path}: no build through tramp-build has been here; name the build directory or the wheel')
    from tramp_build.state import State

    roots = {_root(directory) for directory in found}
    if len(roots) > 1:
        names = ', '.join(str(directory) for directory in found)
        raise TrampError(f'{path}: has builds of several projects; name one of them: {names}')
    return _from_states([State.open(directory) for directory in found], roots.pop())


def _states(directory: Path, depth: int) -> Iterator[Path]:
    if (directory / _PROJECT_FILE).is_file() and (directory / _LAUNCHER_FILE).is_file():
        yield directory
        return
    if depth:
        for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _states(Path(entry.path), depth - 1)
