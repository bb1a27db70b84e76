"""From the bytes of a C or C++ file to the tables and functions in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tramp_build.scan.scanner import Scanner

if TYPE_CHECKING:
    from tramp_build.model import Language, ScanResult

_TABLE_WORD = re.compile(rb'P(?<![\w$]P)y(?:MethodDef|GetSetDef)(?![\w$])')
_SCOPE = re.compile('::')
_CALL = re.compile(rb'([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)\s*\(')


def scan(source: bytes, language: Language) -> ScanResult:
    """Return all that matters in one file.  Never raises; what can not be read is left out, or a Problem."""
    return Scanner(source, language).scan()


def might_have_tables(source: bytes) -> bool:
    """Return False only if `scan` would find no table."""
    return _TABLE_WORD.search(source) is not None


def find_function_names(source: bytes, names: frozenset[str], language: Language) -> frozenset[str]:
    """Return those of `names`, plain or qualified, that the file declares or defines as functions."""
    called = {word.decode('utf-8', 'replace') for word in _CALL.findall(source)}
    wanted = [name for name in names if name.rpartition('::')[2] in called]
    if not wanted:
        return frozenset()
    found = {'::'.join((*function.scope.path, function.name)) for function in scan(source, language).functions}
    # A function is known by each end of its qualified name.
    ends = {full[at:] for full in found for at in (0, *(match.end() for match in _SCOPE.finditer(full)))}
    return frozenset(name for name in wanted if name in ends)
