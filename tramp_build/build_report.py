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
    from collections.abc import Iterator

    from tramp_build.report import Report
    from tramp_build.state import State

_PROJECT_FILE: Final = 'project.json'
_LAUNCHER_FILE: Final = 'conf'
# How far below a build directory a state directory may be; deeper than that are only objects.
_DEPTH: Final = 3


def from_state(state: State) -> Report:
    """What a build did so far."""
    root = _root(state.dir)
    records = [r | {'source': os.path.realpath(root / r['path'])} for r in state.records() if report.is_record(r)]
    log = [(entry, os.path.realpath(entry.source)) for entry in state.log() if entry.source]
    outcomes = [(entry.outcome, source, entry.output or '') for entry, source in log]
    known = {record['source'] for record in records}
    for source in {source for entry, source in log if entry.outcome == report.PREPARE_FAILED and source not in known}:
        # There is no record then, and that nothing is known is what has to be told.
        path = Path(os.path.relpath(source, root.resolve())).as_posix()
        records.append({'path': path, 'language': 'c' if source.endswith('.c') else 'c++', 'tables': [], 'source': source})
    messages = {source: entry.detail for entry, source in log if entry.outcome == FALLBACK and entry.detail}
    return report.build_report(records, outcomes, messages)


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
    if len(found) > 1:
        names = ', '.join(str(directory) for directory in found)
        raise TrampError(f'{path}: has several builds; name one of them: {names}')
    from tramp_build.state import State

    return from_state(State.open(found[0]))


def _states(directory: Path, depth: int) -> Iterator[Path]:
    if (directory / _PROJECT_FILE).is_file() and (directory / _LAUNCHER_FILE).is_file():
        yield directory
        return
    if depth:
        for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _states(Path(entry.path), depth - 1)
