"""Sources are prepared by a process of their own, while the backend configures its build.

As long as that goes on, the state directory has a file `preparing`, with a lock that goes with the process however that ends.
Beside it is `preparing.list`, a line for each source, as soon as the files of the project are known.  Where the launcher is asked for a
source of the list that the index does not know, it waits until that knows it, or for the lock (csrc/launcher/prepare.h).
After that the process answers what launchers ask (serve.py), until the hook has ended.
"""

from __future__ import annotations

import fcntl
import os
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from tramp_build.errors import EXIT_ERROR, user_errors

if TYPE_CHECKING:
    from pathlib import Path

    from tramp_build.config import Config
    from tramp_build.state import State

_LOCK: Final = 'preparing'
_LIST: Final = 'preparing.list'
_OUR_FAULT: Final = 70  # EX_SOFTWARE of sysexits.h


@dataclass(slots=True)
class Preparing:
    """The process that prepares sources, and then answers launchers; None where all is done."""

    process: int | None = None
    end: int = -1  # it ends when this is closed, as it is if this process dies

    def wait(self) -> bool:
        """Return when all is prepared and no launcher will ask; False where a user's error ended it, which has been said.

        What a process that failed in any other way has left out, the launcher asks for.
        """
        if self.process is None:
            return True
        process, self.process = self.process, None
        os.close(self.end)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != EXIT_ERROR


def prepare(root: Path, config: Config, state: State, *, early: bool) -> Preparing:
    """Decide about every source of a project; `early`: return at once, where that is of use and an error is no reason to stop.

    Raises TrampError in strict mode.
    """
    if config.strict or not early or len(os.sched_getaffinity(0)) < 2 or _has_threads():
        from tramp_build.compile import prepare_project

        prepare_project(root, config, state)
        return Preparing()
    lock = os.open(state.dir / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        end, keep = os.pipe()
        sys.stderr.flush()
        process = os.fork()
        if process == 0:
            os.close(keep)
            _run(root, config, state, lock, end)
        os.close(end)
    finally:
        os.close(lock)  # the other process has it still
    return Preparing(process, keep)


def _has_threads() -> bool:
    """Tell whether this process has more than one thread: a copy of it could wait for ever for a lock of theirs, and 3.12 warns of that."""
    return len(os.listdir('/proc/self/task')) > 1


def _run(root: Path, config: Config, state: State, lock: int, end: int) -> NoReturn:
    """The whole life of the other process, which must not return into the code of the hook."""
    code = _OUR_FAULT
    try:
        with user_errors():
            _prepare(root, config, state, lock, end)
        code = 0
    except SystemExit:
        code = EXIT_ERROR
    except KeyboardInterrupt:
        pass  # the build says so itself
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _prepare(root: Path, config: Config, state: State, lock: int, end: int) -> None:
    # Imported here: the hook goes on without them.
    from tramp_build import serve
    from tramp_build.compile import prepare_files
    from tramp_build.project import Project

    project = Project(root, config)
    state.list_preparing(project.files())
    read = serve.versions(project)
    prepare_files(project, state)
    with serve.listening(state) as listener:
        for name in (_LOCK, _LIST):
            state.dir.joinpath(name).unlink()
        os.close(lock)
        if listener:
            serve.serve(listener, project, read, end)
