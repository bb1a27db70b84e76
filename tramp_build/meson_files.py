"""Meson's machine files (`--native-file`, `--cross-file`): where they are, what their [binaries] say, and how to write one.

Read here and not through mesonbuild, which is not an API, and is another Python's where Meson comes from the system.
Everything that Meson itself would complain about is an `UnreadableError`, so that the caller leaves it to Meson to say it.
"""

from __future__ import annotations

import argparse
import configparser
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tramp_build.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Value = str | bool | int | list[Any]

_TOKEN = re.compile(
    r"""[ \t\n]+ | \#.*
    | f?'''(?P<long>(?:.|\n)*?)'''
    | f?'(?P<string>[^']*)'
    | (?P<number>0[bB][01]+|0[oO][0-7]+|0[xX][0-9a-fA-F]+|0|[1-9]\d*)
    | (?P<name>[_a-zA-Z][_0-9a-zA-Z]*|~)
    | (?P<mark>[][()+/,])""",
    re.VERBOSE,
)


class UnreadableError(ToolError):
    """Meson will not read it either."""


def named(arguments: Sequence[str], option: str, base: Path) -> list[Path]:
    """The files that setup arguments name by `option`, in their order; `base` is where Meson runs."""
    parser = _Parser(add_help=False)
    parser.add_argument('--native-file', action='append', default=[])
    parser.add_argument('--cross-file', action='append', default=[])
    options, _ = parser.parse_known_args(list(arguments))
    kind = option.removeprefix('--').removesuffix('-file')
    return [_find(name, kind, base) for name in vars(options)[f'{kind}_file']]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UnreadableError(message)


def _find(name: str, kind: str, base: Path) -> Path:
    """A path, or a name in Meson's data directories."""
    name = os.path.expanduser(os.path.expandvars(name))
    data_home = os.environ.get('XDG_DATA_HOME', os.path.expanduser('~/.local/share'))
    data_dirs = os.environ.get('XDG_DATA_DIRS', '/usr/local/share:/usr/share').split(':')
    # normpath: the build directory that a relative name starts from may not be there yet.
    candidates = [Path(os.path.normpath(base / name)), *(Path(d, 'meson', kind, name) for d in (data_home, *data_dirs))]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    # What is no regular file (a pipe) can be read only once, and Meson has to be the one.
    raise UnreadableError(f'{name}: no such file')


def read_binaries(files: Sequence[Path], source_dir: Path) -> dict[str, Value]:
    """The entries of [binaries] in all the files together; a later file wins, entry by entry."""
    parser = configparser.ConfigParser(delimiters=['='], interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    for file in files:
        try:
            text = file.read_text(encoding='utf-8')
            text = text.replace('@GLOBAL_SOURCE_ROOT@', str(source_dir)).replace('@DIRNAME@', str(file.parent))
            parser.read_string(text, str(file))
        except (OSError, UnicodeDecodeError, configparser.Error) as exc:
            raise UnreadableError(f'{file}: {exc}') from exc
    constants: dict[str, Value] = {'True': True, 'False': False, '~': str(Path.home())}
    constants.update(_section(parser, 'constants', constants))
    return _section(parser, 'binaries', constants)


def _section(parser: configparser.ConfigParser, name: str, constants: Mapping[str, Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if parser.has_section(name):
        for entry, text in parser.items(name):
            found[entry] = _Expression(text, {**constants, **found}).value()
    return found


class _Expression:
    """One value: strings, lists, names, `+` and `/`."""

    def __init__(self, text: str, names: Mapping[str, Value]) -> None:
        self._text = text
        self._names = names
        self._tokens = self._split()
        self._at = 0

    def value(self) -> Value:
        result = self._sum()
        if self._at != len(self._tokens):
            raise self._error()
        return result

    def _split(self) -> list[tuple[str, str]]:
        tokens = []
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise self._error()
            at = match.end()
            if match.lastgroup is not None:
                tokens.append((match.lastgroup, match[match.lastgroup]))
        return tokens

    def _sum(self) -> Value:
        left = self._path()
        while self._accept('+'):
            right = self._path()
            if isinstance(left, str) and isinstance(right, str):
                left = f'{left}{right}'
            elif isinstance(left, list) and isinstance(right, list):
                left = [*left, *right]
            else:
                raise self._error()
        return left

    def _path(self) -> Value:
        left = self._atom()
        while self._accept('/'):
            right = self._atom()
            if not (isinstance(left, str) and isinstance(right, str)):
                raise self._error()
            left = os.path.join(left, right)
        return left

    def _atom(self) -> Value:
        if self._at == len(self._tokens):
            raise self._error()
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == 'string':
            return text
        if kind == 'long':
            # Meson doubles every backslash first and then takes escapes out of plain strings only.
            return text.replace('\\', '\\\\')
        if kind == 'number':
            return int(text, 0)
        if kind == 'name' and text in ('true', 'false'):
            return text == 'true'
        if kind == 'name' and text in self._names:
            return self._names[text]
        if text == '(':
            inner = self._sum()
            self._expect(')')
            return inner
        if text == '[':
            return self._list()
        raise self._error()

    def _list(self) -> Value:
        items: list[Value] = []
        while not self._accept(']'):
            items.append(self._sum())
            if not self._accept(','):
                self._expect(']')
                break
        return items

    def _accept(self, mark: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == ('mark', mark)
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._error()

    def _error(self) -> UnreadableError:
        return UnreadableError(f'malformed value in a machine file: {self._text}')


def render(binaries: Mapping[str, Value]) -> str:
    """A machine file with these entries in [binaries]."""
    return '[binaries]\n' + ''.join(f'{name} = {_render(value)}\n' for name, value in binaries.items())


def _render(value: Value) -> str:
    if isinstance(value, list):
        return '[' + ', '.join(_render(item) for item in value) + ']'
    if isinstance(value, (bool, int)):
        return str(value).lower()
    return _quote(value)


def _quote(text: str) -> str:
    """Meson takes every backslash for itself, so a quote can stand only inside of `'''`: not at its end, no backslash beside it."""
    # Piece by piece: only one that holds a quote needs the long form.
    pieces = re.findall(r"[^'\\]*'{1,2}[^'\\]+|[^']+", text) or ['']
    if ''.join(pieces) != text or re.search('[\n\r\ud800-\udfff]', text):
        # Also a line break, and the bytes of a file name that are not UTF-8.
        raise ToolError(f'a Meson machine file can not hold this word: {text!r}')
    return ' + '.join(f"'''{piece}'''" if "'" in piece else f"'{piece}'" for piece in pieces)
