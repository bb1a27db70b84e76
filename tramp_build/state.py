"""The state directory of a build: what the launcher may know, written by Python and read by `tramp-cc`.

    conf                what the launcher needs to link and to ask for more
    index               one line per decided source; later lines win (csrc/launcher/index.h has the format)
    bodies/NAME         rewritten texts, named by their content; the last 8 digits are the sum that the launcher checks
    files/NAME.json     the record of each source for the report
    log                 one line per compiler call, written by the launcher
    locks/NAME          of a source that is being asked about
    preparing, preparing.list     while a hook's sources are being prepared (ahead.py)

Everything is appended with one write or renamed into place, so that parallel compiler calls and a killed build leave
nothing that could be taken for something else.  Lines and files that are damaged are as good as absent.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
import tempfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tramp_build import paths
from tramp_build.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


Action = Literal['plain', 'routed', 'ask']

_NAME_LENGTH = 32
_LOG_FIELDS = 4
_INDEX_FIELDS = 7


@dataclass(frozen=True, slots=True)
class Conf:
    """What the launcher needs to know."""

    python: str  # the interpreter that prepares sources
    pythonpath: str  # where this package is, if that interpreter does not find it by itself
    libdir: str
    version: str
    link: Literal['shared', 'static'] = 'shared'
    rpath: str = 'origin'  # 'origin': beside the output, the wheel step moves it; 'absolute': libdir; 'both': one after the other
    strict: bool = False

    @classmethod
    def for_build(cls, *, link: Literal['shared', 'static'], rpath: str, strict: bool) -> Conf:
        """Return the configuration for this interpreter and this installation."""
        libdir = os.fspath(paths.library_dir())
        return cls(sys.executable, paths.python_path(), libdir, paths.version(), link, rpath, strict)

    def lines(self) -> str:
        """Return the text of the conf file."""
        values = {field.name: getattr(self, field.name) for field in fields(self)} | {'strict': int(self.strict)}
        for key, value in values.items():
            if any(c in str(value) for c in '\n\0'):
                raise ToolError(f'{key} = {value!r}: a path with a line break can not be used')
        return ''.join(f'{key}={value}\n' for key, value in values.items())


class LogEntry(NamedTuple):
    """One compiler call."""

    outcome: str
    source: str | None
    output: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class State:
    """A state directory."""

    dir: Path

    @classmethod
    def create(cls, directory: Path, conf: Conf) -> State:
        """Make the directory, or use the one that is there, with this configuration."""
        state = cls(directory.absolute())
        for name in ('bodies', 'files'):
            state.dir.joinpath(name).mkdir(parents=True, exist_ok=True)
        state.write_conf(conf)
        return state

    @classmethod
    def open(cls, directory: Path) -> State:
        """Return the state of an existing directory."""
        if not directory.joinpath('conf').is_file():
            raise ToolError(f'{directory}: not a state directory of tramp-build (it has no conf)')
        return cls(directory.absolute())

    def write_conf(self, conf: Conf) -> None:
        _replace(self.dir / 'conf', os.fsencode(conf.lines()))

    def add_body(
        self, body: bytes, directory: str = '', copies: Mapping[str, str] | None = None, relied_on: Iterable[str] = ()
    ) -> str | None:
        """Store a rewritten text (first line: declarations, the rest: the source line by line) and return its name.

        `directory` and `copies` are those of `includes.mark`; `relied_on` says what has to be as it was: `SIZE:MTIME/PATH`.
        None: it would not mean the same when compiled from another place (`includes.refusal` says why).
        """
        # Here, because a hook that leaves the preparing to another process has no use for the lexer.
        from tramp_build import includes

        if includes.refusal(body):
            return None
        # A byte order mark is one only at the start of a file.
        if body.partition(b'\n')[2].startswith(b'\xef\xbb\xbf'):
            body = body.replace(b'\n\xef\xbb\xbf', b'\n', 1)
        data = includes.mark(body, directory, copies)
        first, newline, text = data.partition(b'\n')
        names = (os.fsencode(f'"{includes.MARK.decode()}{includes.RELIED_ON}{name}"') for name in relied_on)
        data = b''.join((first, newline, *names, text))
        name = f'{hashlib.sha256(data).hexdigest()[: _NAME_LENGTH - 8]}{zlib.crc32(data):08x}'
        path = self.dir / 'bodies' / name
        if not path.is_file() or path.read_bytes() != data:
            _replace(path, data)
        return name

    def add_index(self, path: Path, size: int, mtime_ns: int, language: str, action: Action, body: str | None = None) -> None:
        """Say what is to be done with a source as long as it has this size and time.

        A path that does not fit in a line is not indexed: the launcher leaves such a source alone.
        """
        name = os.path.realpath(path)
        if any(c in name for c in '\t\n'):
            return
        line = os.fsencode('\t'.join([name, str(size), str(mtime_ns), language, action, body or '-']))
        _append(self.dir / 'index', b'%s\t%08x\n' % (line, zlib.crc32(line)))

    def indexed(self) -> set[tuple[Path, str]]:
        """Return the sources that the index has or had something of, each with the languages."""
        try:
            lines = (self.dir / 'index').read_bytes().split(b'\n')
        except OSError:
            return set()
        fields = (os.fsdecode(line).split('\t') for line in lines)
        return {(Path(words[0]), words[3]) for words in fields if len(words) == _INDEX_FIELDS}

    def knows(self, path: Path, size: int, mtime_ns: int) -> bool:
        """Tell whether the index says something of a source as it is now, in whatever language."""
        version = os.fsencode(f'{path}\t{size}\t{mtime_ns}\t')
        try:
            return any(line.startswith(version) for line in (self.dir / 'index').read_bytes().split(b'\n'))
        except OSError:
            return False

    def take_turn(self, path: Path) -> int | None:
        """Return an open lock that keeps launchers from asking about a source, None where one does (csrc/launcher/prepare.c)."""
        (self.dir / 'locks').mkdir(exist_ok=True)
        lock = os.open(self.dir / 'locks' / _name_of(os.fsencode(path)), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        return lock

    def list_preparing(self, sources: Iterable[Path]) -> None:
        """Say which sources a process that has begun will index (ahead.py)."""
        names = ''.join(f'{os.path.realpath(path)}\n' for path in sources)
        _replace(self.dir / 'preparing.list', b'\n' + os.fsencode(names))

    def add_record(self, path: Path, record: Mapping[str, Any]) -> None:
        """Store what the report will say about a source."""
        _replace(self._record(path), json.dumps(record, sort_keys=True).encode())

    def remove_record(self, path: Path) -> None:
        """Forget a source that has nothing to report any more."""
        self._record(path).unlink(missing_ok=True)

    def _record(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:_NAME_LENGTH]
        return self.dir / 'files' / f'{name}.json'

    def records(self) -> list[dict[str, Any]]:
        """Return the records of all sources."""
        found = []
        for path in sorted((self.dir / 'files').glob('*.json')):
            try:
                record = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            if isinstance(record, dict):
                found.append(record)
        return found

    def log(self) -> Iterator[LogEntry]:
        """Yield what became of the compiler calls, oldest first."""
        try:
            data = (self.dir / 'log').read_bytes()
        except OSError:
            return
        for line in data.split(b'\n')[:-1]:
            values = [None if value == '-' else value for value in os.fsdecode(line).split('\t')]
            if len(values) == _LOG_FIELDS and values[0]:
                yield LogEntry(values[0], *values[1:])


def _name_of(text: bytes) -> str:
    """Return what the launcher calls a text (csrc/launcher/hash.h)."""
    name = 0xCBF29CE484222325
    for byte in text:
        name = (name ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f'{name:016x}'


def _append(path: Path, line: bytes) -> None:
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        # Without the lock, a line that another process is writing across a page boundary looks torn.
        fcntl.flock(fd, fcntl.LOCK_EX)
        size = os.fstat(fd).st_size
        if size and os.pread(fd, 1, size - 1) != b'\n':
            line = b'\n' + line  # after a torn line, which would take this one with it
        os.write(fd, line)
    finally:
        os.close(fd)


def _replace(path: Path, data: bytes) -> None:
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f'{path.name}.')
    temporary = Path(name)
    try:
        with os.fdopen(fd, 'wb') as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
