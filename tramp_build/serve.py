"""The process that has prepared a project stays as long as the hook runs, and answers the launcher: it has read all that there is.

Over STATE/serve, a socket (csrc/launcher/serve.h): a launcher sends the directory where it is, the words that it would start
tramp_build.compile with, its stderr, and the gate if there is one (unity.py), and gets the exit code.  A copy of the process answers, so
that no answer has a part in another.  Where nobody listens, or a copy dies, the launcher starts a Python.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

from tramp_build.compile import main
from tramp_build.errors import EXIT_ERROR
from tramp_build.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tramp_build.project import Project
    from tramp_build.state import State

_SOCKET: Final = 'serve'
_WAITING: Final = 128  # launchers whose turn has not come
_MOST_DESCRIPTORS: Final = 2

Versions = dict['Path', 'tuple[int, int] | None']


def versions(project: Project) -> Versions:
    """Return the files of a project as they are on disk now, each with size and time."""
    return {path: _version(path) for path in Tree(project.root, project.config).files()}


def _version(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    return None


@contextmanager
def listening(state: State) -> Iterator[socket.socket | None]:
    """A socket where launchers may ask from now on; None where there can be none."""
    path = state.dir / _SOCKET
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(os.fspath(path))
        except OSError:
            yield None  # the path is too long
            return
        listener.listen(_WAITING)
        yield listener
        path.unlink(missing_ok=True)


def serve(listener: socket.socket, project: Project, read: Versions, end: int) -> None:
    """Answer until nobody has the other end of the pipe `end`.  `read` is what `versions` said before the project was read."""
    while end not in select.select([listener.fileno(), end], [], [])[0]:
        connection = listener.accept()[0]
        if os.fork() == 0:
            listener.close()
            _answer(connection, project, read)
        connection.close()
        _reap(os.WNOHANG)
    _reap(0)


def _reap(options: int) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _answer(connection: socket.socket, project: Project, read: Versions) -> NoReturn:
    """The whole life of a copy."""
    try:
        data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, _MOST_DESCRIPTORS)
        while more := connection.recv(1 << 16):
            data += more
        os.dup2(descriptors[0], sys.stderr.fileno())
        directory, *words = map(os.fsdecode, data.split(b'\0')[:-1])
        os.chdir(directory)
        words[:0] = [word for gate in descriptors[1:] for word in ('--gate', str(gate))]
        code = _run(words, project, read)
        sys.stderr.flush()
        connection.send(bytes([code]))
    finally:
        os._exit(0)


def _run(words: list[str], project: Project, read: Versions) -> int:
    try:
        # What has changed meanwhile is read again, by this copy.
        return main(words, project if versions(project) == read else None)
    except SystemExit:
        return EXIT_ERROR
    except Exception:
        traceback.print_exc()
        return EXIT_ERROR
