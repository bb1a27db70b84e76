"""Sources that only put others together, for unity builds: the process that is asked about one prepares all that the build compiles.

It takes the turns of the others (csrc/launcher/prepare.h) before a launcher that comes for one of them can start a process of its own.
Such a launcher waits for its turn, and finds the answer in the index.  Where there is none, it asks as if nobody had been there: of a
file that comes later or has changed, of one whose sources are not there yet, and of all that a process leaves behind which is killed.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tramp_build.scan import might_have_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set
    from pathlib import Path

    from tramp_build.project import Project
    from tramp_build.state import State

# TARGET-unity0.c of Meson, Unity/unity_0_c.c of CMake.
_NAME: Final = re.compile(rb'unity(?:\d+|_\d+_[a-z]+)\.(?:c|cc|cpp|cxx)$')
# What says which sources are compiled: of the whole build; or, with make, of the target that a source of CMake's belongs to.
_BUILD_FILES: Final = ('build.ninja', 'build.make')
# A processor each is enough for so many, and with more of them the other processors are not to wait for one.
_AT_ONCE: Final = 8


def take_turns(project: Project, state: State, path: Path, gate: int) -> dict[Path, int]:
    """Return the other sources of the build of `path` that can be prepared now, each with the lock that is its turn.

    Those that somebody is asking about at this moment are left out.  `gate` is the lock that all pass who ask; it is given up.
    """
    turns: dict[Path, int] = {}
    files = frozenset(project.files())
    with suppress(OSError):  # some have just been removed
        for other in sorted(set(_compiled(path)) - {path}):
            if len(turns) == _AT_ONCE:
                break
            wanted = not _is_known(state, other) and _is_ready(project, files, other)
            if wanted and (turn := state.take_turn(other)) is not None:
                turns[other] = turn
    fcntl.flock(gate, fcntl.LOCK_UN)
    return turns


def _is_known(state: State, path: Path) -> bool:
    status = path.stat()
    return state.knows(path, status.st_size, status.st_mtime_ns)


def _is_ready(project: Project, files: Set[Path], path: Path) -> bool:
    """Tell whether a file puts sources together that may have tables; not if any of them is one that the build makes."""
    sources = project.tree.put_together(path)
    return sources <= files and any(might_have_tables(project.source(source)) for source in sources)


def _compiled(path: Path) -> Iterator[Path]:
    """Yield what the build compiles and has such a name.  Beside it may lie what an earlier build compiled."""
    files = (directory / name for directory in path.parents for name in _BUILD_FILES)
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return
    for word in set(file.read_bytes().split()):
        if _NAME.search(word) and (other := file.parent / os.fsdecode(word)).is_file():
            yield other.resolve()


def prepare_others(project: Project, state: State, turns: dict[Path, int], prepare: Callable[[Path, Project], object]) -> None:
    """Prepare the sources whose turns have been taken; each turn ends as soon as its source is in the index."""
    for path, turn in turns.items():
        try:
            other = None if _is_known(state, path) else project.beside(path)
            if other:
                prepare(path, other)
        except Exception:  # noqa: S110
            pass  # whoever compiles it asks again, and is told what is wrong
        finally:
            os.close(turn)
