"""From the bytes of a C or C++ file to the tables and functions in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tramp_build.scan import lexer
from tramp_build.scan.assignments import assigned
from tramp_build.scan.scanner import Scanner
from tramp_build.slots import ENTRIES

if TYPE_CHECKING:
    from tramp_build.model import Language, ScanResult

# All of it begins with the letter that `re` searches for.
_TABLE_OR_ENTRY = re.compile(lexer.TABLE_TYPE + rb'(?![\w$])|P(?<![\w$]P)(?:' + '|'.join(name[1:] for name in ENTRIES).encode() + rb')\w')
_SCOPE = re.compile('::')


def scan(source: bytes, language: Language) -> ScanResult:
    """Return all that matters in one file.  Never raises; what can not be read is left out, or a Problem."""
    return Scanner(source, language).scan()


def might_have_tables(source: bytes) -> bool:
    """Return False only if `scan` would find no table."""
    return _TABLE_OR_ENTRY.search(source) is not None or any(True for _ in assigned(source))


def function_names(found: ScanResult) -> frozenset[str]:
    """Return the functions that a file declares or defines, by each end of their qualified names."""
    whole = {'::'.join((*function.scope.path, function.name)) for function in found.functions}
    return frozenset(full[at:] for full in whole for at in (0, *(match.end() for match in _SCOPE.finditer(full))))


def might_declare(source: bytes, name: str) -> bool:
    """Return False only if `scan` would find no function of that name."""
    word = name.rpartition('::')[2].encode()
    return word in source and re.search(rb'(?<![\w$])' + re.escape(word) + rb'\s*\(', source) is not None
