"""From the bytes of a C or C++ file to the tables and functions in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tramp_build.scan.scanner import Scanner

if TYPE_CHECKING:
    from tramp_build.model import Language, ScanResult

_TABLE_WORD = re.compile(rb'P(?<![\w$]P)y(?:MethodDef|GetSetDef)(?![\w$])')
_CALL = re.compile(rb'([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)\s*\(')


def scan(source: bytes, language: Language) -> ScanResult:
    """Everything that matters in one file.  Never raises; what can not be read is left out or a Problem."""
    return Scanner(source, language).scan()


def might_have_tables(source: bytes) -> bool:
    """False only if `scan` would find no table."""
    return _TABLE_WORD.search(source) is not None


def find_function_names(source: bytes, names: frozenset[str], language: Language) -> frozenset[str]:
    """Those of `names` that the file declares or defines as functions, by plain or qualified name."""
    lasts = {name.rpartition('::')[2].encode(): name for name in names}
    if not any(word in lasts for word in _CALL.findall(source)):
        return frozenset()
    found: set[str] = set()
    for function in scan(source, language).functions:
        full = '::'.join((*function.scope.path, function.name))
        found.update(name for name in names if full == name or full.endswith('::' + name))
    return frozenset(found)
