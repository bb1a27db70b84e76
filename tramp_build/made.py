"""Names of functions that macros of the project define: `GETTER(width)` where `GETTER(name)` stands for `PyObject *get_##name(...) {...}`.

Only names: the functions themselves stay the preprocessor's, and a name that is not there after all makes a text that does not compile,
so that the original is taken.  What is found here, nobody has to be asked about in a build.  Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tramp_build.scan import function_names, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tramp_build.model import Language
    from tramp_build.upgrade.pastes import Definition

# At the start of a line, or behind what may be another one.
_INVOCATION: Final = re.compile(rb'(?:^|[);}])[ \t]*([A-Za-z_]\w*)[ \t]*(?=\()', re.MULTILINE)
_CALL: Final = re.compile(rb'\b([A-Za-z_]\w*)\s*(?=\()')
# The parameters of a function, and what follows.
_BODY: Final = re.compile(rb'\)(?:\s|\\\r?\n|/\*[^*]*\*+/)*\{')
_WORD: Final = re.compile(rb'[A-Za-z_]\w*')
_PASTE: Final = re.compile(rb'\s*##\s*')
_SPLICE: Final = re.compile(rb'\\\r?\n|/\*.*?\*/|//[^\n]*', re.DOTALL)
_PARTS: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[(),]')
_MAX_NESTED: Final = 5
_MAX_TEXT: Final = 1_000_000
_MAX_ARGUMENTS: Final = 10_000


def defining(definitions: Mapping[bytes, tuple[Definition, ...]]) -> dict[bytes, tuple[Definition, ...]]:
    """Return the macros that may stand for a function, by themselves or by way of others."""
    found = {name for name, all_ in definitions.items() if any(_BODY.search(one.replacement) for one in all_)}
    calls = {name: {word for one in all_ for word in _WORD.findall(one.replacement)} for name, all_ in definitions.items()}
    while more := {name for name, words in calls.items() if name not in found and words & found}:
        found |= more
    return {name: tuple(one for one in definitions[name] if one.parameters) for name in found}


def functions(source: bytes, definitions: Mapping[bytes, tuple[Definition, ...]], language: Language) -> frozenset[str]:
    """Return the names of functions that invocations at the start of a line make; `definitions` are those of `defining`."""
    found: frozenset[str] = frozenset()
    left = _MAX_TEXT
    for match in _INVOCATION.finditer(source):
        if match[1] not in definitions:
            continue
        for text in _expanded(source, match, definitions, _MAX_NESTED):
            left -= len(text)
            # One by one: the braces of a macro that is a part of a statement need not match.
            if b'{' in text and left > 0:
                found |= function_names(scan(text, language))
    return found


def _expanded(text: bytes, call: re.Match[bytes], definitions: Mapping[bytes, tuple[Definition, ...]], depth: int) -> Iterator[bytes]:
    """Yield what an invocation may stand for, by each definition of its macro."""
    found = definitions.get(call[1], ())
    arguments = _arguments(text, call.end()) if found and depth else []
    for one in found:
        if len(arguments) >= len(one.parameters):
            yield _with_nested(_replaced(one, arguments), definitions, depth - 1)


def _with_nested(text: bytes, definitions: Mapping[bytes, tuple[Definition, ...]], depth: int) -> bytes:
    pieces, position = [], 0
    for match in _CALL.finditer(text):
        if match.start() < position or match[1] not in definitions:
            continue
        inner = next(_expanded(text, match, definitions, depth), None)
        if inner is not None and b'{' in inner:
            pieces += [text[position : match.start()], inner]
            position = _end(text, match.end())
    return b''.join([*pieces, text[position:]])


def _replaced(definition: Definition, arguments: list[bytes]) -> bytes:
    given = dict(zip(definition.parameters, arguments, strict=False))
    if definition.parameters[-1] == b'__VA_ARGS__':
        given[b'__VA_ARGS__'] = b', '.join(arguments[len(definition.parameters) - 1 :])
    text = _SPLICE.sub(b' ', definition.replacement)
    return _PASTE.sub(b'', _WORD.sub(lambda word: given.get(word[0], word[0]), text))


def _arguments(text: bytes, start: int) -> list[bytes]:
    """Return what stands between the parentheses that open at `start`; nothing where they do not close soon."""
    depth, position = 0, start + 1
    arguments: list[bytes] = []
    for match in _PARTS.finditer(text, start, start + _MAX_ARGUMENTS):
        depth += (match[0] == b'(') - (match[0] == b')')
        if depth == 0 or (depth == 1 and match[0] == b','):
            arguments.append(_SPLICE.sub(b' ', text[position : match.start()]).strip())
            position = match.end()
        if depth == 0:
            return arguments
    return []


def _end(text: bytes, start: int) -> int:
    depth = 0
    for match in _PARTS.finditer(text, start):
        depth += (match[0] == b'(') - (match[0] == b')')
        if depth == 0:
            return match.end()
    return len(text)
