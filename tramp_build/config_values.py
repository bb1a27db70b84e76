"""The kinds of value that a configuration key takes: how each is read from TOML and from text, and what it refuses.

A kind raises `BadValueError` with the end of a sentence ("must be true or false, not a string"); who calls knows the key.
"""

from __future__ import annotations

import builtins
import difflib
import keyword
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tramp_build import globs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


# Between the items of a list that is given as text; a comma may stand in a C++ type.
SEPARATOR = ';'


class BadValueError(Exception):
    """The end of a sentence that starts with the key; `item` is what to add to the key (an index, a name)."""

    def __init__(self, message: str, item: str = '') -> None:
        super().__init__(message)
        self.item = item


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`; did you mean "..."?`, or nothing when nothing is near."""
    names = {name.casefold().replace('_', '-'): name for name in known}
    near = difflib.get_close_matches(given.casefold().replace('_', '-'), names, n=1, cutoff=0.6)
    return f'; did you mean "{names[near[0]]}"?' if near else ''


def type_name(value: object) -> str:
    """A TOML value's type in the words of TOML."""
    names: dict[type, str] = {
        bool: 'a boolean', int: 'an integer', float: 'a float', str: 'a string', list: 'an array', dict: 'a table',
    }  # fmt: skip
    return names.get(type(value), 'a date or time')


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    toml_type = 'boolean'

    def from_toml(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise BadValueError(f'must be true or false, not {type_name(value)}')
        return value

    def from_text(self, texts: list[str]) -> bool:
        text = texts[-1].strip().casefold()
        # A front end passes `-C key` without a value as an empty one.
        if text in ('', '1', 'on', 'true', 'yes'):
            return True
        if text in ('0', 'off', 'false', 'no'):
            return False
        raise BadValueError(f'must be true or false, not "{texts[-1]}"')


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few strings."""

    choices: tuple[str, ...]

    toml_type = 'string'

    def from_toml(self, value: Any) -> str:
        if not isinstance(value, str):
            raise BadValueError(f'must be one of {self._all()}, not {type_name(value)}')
        if value not in self.choices:
            raise BadValueError(f'must be one of {self._all()}, not "{value}"{did_you_mean(value, self.choices)}')
        return value

    def from_text(self, texts: list[str]) -> str:
        return self.from_toml(texts[-1].strip())

    def _all(self) -> str:
        return ', '.join(f'"{choice}"' for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Strings:
    """An array of strings; `check` normalises one or refuses it, `build` makes the field's type of all."""

    check: Callable[[str], str]
    build: Callable[[list[str]], Any]

    toml_type = 'array of strings'

    def from_toml(self, value: Any) -> Any:
        if not isinstance(value, list):
            hint = f'; write ["{value}"]' if isinstance(value, str) else ''
            raise BadValueError(f'must be an array of strings, not {type_name(value)}{hint}')
        return self.build([self._item(item, number) for number, item in enumerate(value)])

    def from_text(self, texts: list[str]) -> Any:
        return self.from_toml([part.strip() for text in texts for part in text.split(SEPARATOR) if part.strip()])

    def _item(self, item: object, number: int) -> str:
        if not isinstance(item, str):
            raise BadValueError(f'must be a string, not {type_name(item)}', f'[{number}]')
        try:
            return self.check(item)
        except BadValueError as exc:
            raise BadValueError(str(exc), f'[{number}]') from None


@dataclass(frozen=True, slots=True)
class Exceptions:
    """A table from C++ type to Python exception."""

    toml_type = 'table of strings'

    def from_toml(self, value: Any) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, dict):
            raise BadValueError(f'must be a table such as {{ "geo::ParseError" = "ValueError" }}, not {type_name(value)}')
        pairs: dict[str, str] = {}
        for key, python in value.items():
            item = f'.{key}' if re.fullmatch(r'[\w-]+', key) else f'."{key}"'
            if not isinstance(python, str):
                hint = ' (a C++ name needs quotes)' if isinstance(python, dict) else ''
                raise BadValueError(f'must be the name of a Python exception, not {type_name(python)}{hint}', item)
            try:
                name = cxx_type(key)
                if name in pairs:
                    raise BadValueError(f'names the C++ type {name} a second time')
                pairs[name] = python_exception(python)
            except BadValueError as exc:
                raise BadValueError(str(exc), item) from None
        return tuple(sorted(pairs.items()))

    def from_text(self, texts: list[str]) -> tuple[tuple[str, str], ...]:
        pairs: dict[str, str] = {}
        for part in (part.strip() for text in texts for part in text.split(SEPARATOR)):
            if not part:
                continue
            cxx, equals, python = part.rpartition('=')
            if not equals:
                raise BadValueError(f'must be CXX_TYPE=PYTHON_EXCEPTION, not "{part}"')
            pairs[cxx.strip()] = python.strip()
        return self.from_toml(pairs)


def glob_pattern(text: str) -> str:
    problem = globs.problem(text)
    if problem:
        raise BadValueError(f'{problem}: "{text}"')
    return text


def language(text: str) -> str:
    if text in ('c', 'c++'):
        return text
    # Edit distance does not see these.
    near = {'c': 'c', 'cpp': 'c++', 'cxx': 'c++', 'cc': 'c++', 'c++': 'c++'}.get(text.casefold().strip())
    hint = f'; did you mean "{near}"?' if near else ''
    raise BadValueError(f'must be "c" or "c++", not "{text}"{hint}')


def c_function(text: str) -> str:
    if not re.fullmatch(r'[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*', text, re.ASCII):
        raise BadValueError(f'must be the name of a C or C++ function, not "{text}"')
    return text


def cxx_type(text: str) -> str:
    """A type as the demangler writes it, without a leading `::`."""
    name = text.strip().removeprefix('::')
    if not re.fullmatch(r'[A-Za-z_][\w:<>,*&()\[\] -]*', name, re.ASCII) or re.search(r'(?<!:):(?!:)|:::|:$', name):
        raise BadValueError(f'"{text}" is not the name of a C++ type such as "geo::ParseError"')
    return name


# What this Python knows, and what others know: the extension may be built for another one.
_BUILTIN_EXCEPTIONS = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)}
_BUILTIN_EXCEPTIONS |= {'BaseExceptionGroup', 'EncodingWarning', 'ExceptionGroup', 'PythonFinalizationError'}


def python_exception(text: str) -> str:
    """`ValueError` or `package.module.Error`: what a barrier imports when the C++ exception arrives."""
    parts = text.split('.')
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        raise BadValueError(f'must be a Python exception such as "ValueError" or "geo.errors.ParseError", not "{text}"')
    if len(parts) == 1 and text not in _BUILTIN_EXCEPTIONS:
        hint = did_you_mean(text, _BUILTIN_EXCEPTIONS) or f'; an exception of a module is written "module.{text}"'
        raise BadValueError(f'"{text}" is not a built-in exception{hint}')
    return text
