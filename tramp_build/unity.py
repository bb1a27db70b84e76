"""Sources that only put others together, for unity builds: the process that is asked about one prepares all that the build compiles.

It takes the turns of the others (csrc/launcher/prepare.h) before a launcher that comes for one of them can start a process of its own.
Such a launcher waits for its turn, and finds the answer in the index.  Where there is none, it asks as if nobody had been there: of a
file that comes later or has changed, of one whose sources are not there yet, and of all that a process leaves behind which is killed.
"""

from __future__ import annotations

import fcntl
import os
import re
from typing import TYPE_CHECKING, Final

from tramp_build.scan import might_have_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tramp_build.project import Project
    from tramp_build.state import State

# TARGET-unity0.c of Meson, Unity/unity_0_c.c of CMake.
_NAME: Final = re.compile(rb'unity(?:\d+|_\d+_[a-z]+)\.(?:c|cc|cpp|cxx)$')
# What says which sources are compiled: of the whole build; or, with make, of the target that a source of CMake's belongs to.
_BUILD_FILES: Final = ('build.ninja', 'build.make')


def take_turns(state: State, path: Path, gate: int) -> dict[Path, int]:
    """Return the other sources of the build of `path` that may be of its kind, by their names, each with the lock that is its turn.

    Those that somebody is asking about at this moment are left out.  `gate` is the lock that all pass who ask; it is given up.
    """
    turns = {}
    for other in sorted(set(_compiled(path)) - {path}):
        if (turn := state.take_turn(other)) is not None:
            turns[other] = turn
    fcntl.flock(gate, fcntl.LOCK_UN)
    return turns


def _compiled(path: Path) -> Iterator[Path]:
    """Yield what the build compiles and has such a name.  Beside it may lie what an earlier build compiled."""
    file = next((file for directory in path.parents for name in _BUILD_FILES if (file := directory / name).is_file()), None)
    for word in set(file.read_bytes().split()) if file else ():
        if _NAME.search(word) and (other := file.parent / os.fsdecode(word)).is_file():
            yield other.resolve()


def prepare_others(project: Project, state: State, turns: dict[Path, int], prepare: Callable[[Path, Project], object]) -> None:
    """Prepare the sources whose turns have been taken; each turn ends as soon as its source is in the index."""
    for path, turn in turns.items():
        try:
            status = path.stat()
            if not state.knows(path, status.st_size, status.st_mtime_ns) and (other := _with(project, path)):
                prepare(path, other)
        except Exception:  # noqa: S110
            pass  # whoever compiles it asks again, and is told what is wrong
        finally:
            os.close(turn)


def _with(project: Project, path: Path) -> Project | None:
    """Return the project with a source that puts others together; None if it does not, or if it is too early to say what they become."""
    sources = tuple(project.tree.put_together(path))
    if not set(sources) <= set(project.files()) or not any(might_have_tables(project.source(source)) for source in sources):
        return None
    return project.beside(path)
