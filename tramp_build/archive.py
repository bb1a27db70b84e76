"""A wheel as an archive: read members, and write the whole anew with some replaced, removed or added.

What is not changed keeps its place, date, permissions and compression; RECORD follows.  The file is replaced by a whole
new one or not at all.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import csv
import hashlib
import io
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tramp_build.errors import ToolError, describe_os_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


@dataclass(slots=True)
class Changes:
    """What `Archive.rewrite` is to do."""

    replace: dict[str, bytes] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()
    # name -> content, the member whose date, permissions and compression it takes over
    added: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def add(self, name: str, data: bytes, *, like: str) -> None:
        self.added[name] = (data, like)


class Archive:
    """An open wheel."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._explained('read'):
            self._zip = zipfile.ZipFile(path)
        # name-version[-build]-python-abi-platform.whl
        self.distribution = path.name.split('-')[0]

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        self._zip.close()

    @property
    def dist_info(self) -> str:
        """The directory of the metadata."""
        found = {name.split('/')[0] for name in self._zip.namelist() if name.count('/') == 1 and name.endswith('.dist-info/RECORD')}
        if len(found) != 1:
            raise ToolError(f'{self.path}: not a wheel: it has {len(found) or "no"} .dist-info/RECORD')
        return found.pop()

    @property
    def record(self) -> str:
        """The list of all files."""
        return f'{self.dist_info}/RECORD'

    def names(self) -> list[str]:
        """All files, in the order of the archive."""
        return [info.filename for info in self._zip.infolist() if not info.is_dir()]

    def read(self, name: str) -> bytes:
        with self._explained('read'):
            return self._zip.read(name)

    def starts_with(self, name: str, prefix: bytes) -> bool:
        """Whether a file starts so; does not decompress it all."""
        with self._explained('read'), self._zip.open(name) as file:
            return file.read(len(prefix)) == prefix

    def check_names(self) -> None:
        """Refuse an archive that writes outside of where it is unpacked, or that has two files of one name."""
        seen = set()
        for name in self._zip.namelist():
            if name.startswith(('/', '\\')) or ':' in name.split('/')[0] or '..' in name.replace('\\', '/').split('/'):
                raise ToolError(f'{self.path}: unsafe path in the wheel: {name}')
            if name in seen:
                raise ToolError(f'{self.path}: two files of one name in the wheel: {name}')
            seen.add(name)

    def rewrite(self, changes: Changes) -> None:
        """Replace the file by one with the changes made; the open archive still reads the old one."""
        record, record_data = self.record, self._new_record(changes)
        with self._explained('write'), _replacement(self.path) as file, zipfile.ZipFile(file, 'w') as target:
            for info in self._zip.infolist():
                if info.filename in changes.remove or info.filename in changes.added:
                    continue
                if info.filename == record:
                    # RECORD stays last, where it is written when all else is known.
                    for name, (data, like) in changes.added.items():
                        target.writestr(self._info_like(like, name), data)
                    data = record_data
                elif info.filename in changes.replace:
                    data = changes.replace[info.filename]
                else:
                    data = self._zip.read(info)
                target.writestr(copy.copy(info), data)

    def _info_like(self, model: str, name: str) -> zipfile.ZipInfo:
        info = copy.copy(self._zip.getinfo(model))
        info.filename = info.orig_filename = name
        info.extra, info.comment = b'', b''
        return info

    def _new_record(self, changes: Changes) -> bytes:
        record = self.record
        text = self.read(record).decode('utf-8')
        rows: list[list[str]] = []
        for row in csv.reader(io.StringIO(text, newline='')):
            if not row or row[0] in changes.remove or row[0] in changes.added:
                continue
            if row[0] == record:
                rows.extend(_record_row(name, data) for name, (data, _) in changes.added.items())
            rows.append(_record_row(row[0], changes.replace[row[0]]) if row[0] in changes.replace else row)
        target = io.StringIO()
        csv.writer(target, lineterminator='\r\n' if '\r\n' in text else '\n').writerows(rows)
        return target.getvalue().encode('utf-8')

    @contextlib.contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise ToolError(f'can not {verb} {self.path}: {exc.strerror or describe_os_error(exc)}') from exc
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, UnicodeDecodeError, KeyError) as exc:
            raise ToolError(f'can not {verb} {self.path}: {exc}') from exc


def _record_row(name: str, data: bytes) -> list[str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
    return [name, f'sha256={digest}', str(len(data))]


@contextlib.contextmanager
def _replacement(path: Path) -> Iterator[io.BufferedWriter]:
    """A new file that takes the place of the old one if all went well, and else leaves no trace."""
    descriptor, name = tempfile.mkstemp(prefix='.tramp-build-', suffix='.whl', dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, 'wb') as file:
            yield file
        new.chmod(path.stat().st_mode & 0o7777)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
