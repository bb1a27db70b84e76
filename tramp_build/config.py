"""The configuration: `[tool.tramp-build]` in pyproject.toml, config settings of the front end, environment.

The environment wins over config settings, these win over the file.  What comes out is frozen and valid; what is wrong is
a `ConfigError` that names the file and the dotted key.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from tramp_build import globs
from tramp_build.config_values import (
    BadValueError,
    Choice,
    Exceptions,
    Flag,
    Strings,
    c_function,
    did_you_mean,
    glob_pattern,
    language,
    type_name,
)
from tramp_build.errors import ConfigError, describe_os_error

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tramp_build.model import Language, Reason


TABLE = 'tool.tramp-build'
SETTING_PREFIX = 'tramp-build.'
ENV_SWITCH = 'TRAMP_BUILD'
_ENV_PREFIX = 'TRAMP_BUILD_'
_OFF = ('off', '0', 'false', 'no')
_ON = ('', 'on', '1', 'true', 'yes')

# What PEP 517 front ends pass.
Settings = dict[str, Any]


class Kind(Protocol):
    """How a key's value is read; see `config_values`."""

    @property
    def toml_type(self) -> str: ...

    def from_toml(self, value: Any) -> Any: ...

    def from_text(self, texts: list[str]) -> Any: ...


@dataclass(frozen=True, slots=True)
class Config:
    """What to route and how.  The text under each field is its documentation; docs/configuration.md is made of it."""

    include: tuple[str, ...] = field(default=(), metadata={'kind': Strings(glob_pattern, tuple)})
    """
    Glob patterns of the sources that may be routed, relative to the project. Empty: all.
    """

    exclude: tuple[str, ...] = field(default=(), metadata={'kind': Strings(glob_pattern, tuple)})
    """
    Glob patterns of the sources that are left alone, relative to the project; they win over `include`.
    """

    languages: frozenset[str] = field(default=frozenset({'c', 'c++'}), metadata={'kind': Strings(language, frozenset)})
    """
    Which units are routed: `"c"`, `"c++"` or both.
    """

    exclude_functions: frozenset[str] = field(default=frozenset(), metadata={'kind': Strings(c_function, frozenset)})
    """
    C names that are never touched: users of setjmp/longjmp, functions that switch stacks.
    """

    barrier: Literal['auto', 'always', 'never'] = field(default='auto', metadata={'kind': Choice(('auto', 'always', 'never'))})
    """
    `"auto"`: functions of C++ units go through the exception barrier. `"always"`: those of C units too (a C module over
    a C++ library). `"never"`: none do.
    """

    fastcall: bool = field(default=True, metadata={'kind': Flag()})
    """
    Upgrade the argument parsing of METH_VARARGS functions to the vectorcall convention.
    """

    outline: bool = field(default=True, metadata={'kind': Flag()})
    """
    Outline duplicate catch chains.
    """

    slots: bool = field(default=True, metadata={'kind': Flag()})
    """
    Route type slots, suites, module slots and `PyInit_*`.
    """

    link: Literal['shared', 'static'] = field(default='shared', metadata={'kind': Choice(('shared', 'static'))})
    """
    `"shared"`: the modules load libtramp, which the wheel carries. `"static"`: each module has a copy linked in.
    """

    strict: bool = field(default=False, metadata={'kind': Flag()})
    """
    A row that is not routed, or a fallback to the original source, fails the build.
    """

    exceptions: tuple[tuple[str, str], ...] = field(default=(), metadata={'kind': Exceptions()})
    """
    C++ type to Python exception: `"geo::ParseError" = "ValueError"`, or `"geo.errors.ParseError"` for one of a module.
    Types that derive from it go with it.
    """

    def wants(self, relative_path: str, language: Language) -> Reason | None:
        """None if the source may be routed, else why not.  The path is posix and relative to the project."""
        # Here, because a hook that leaves the preparing to another process has no use for the model.
        from tramp_build.model import Reason

        if language not in self.languages:
            return Reason.LANGUAGE_OFF
        return Reason.EXCLUDED_FILE if self.excludes(relative_path) else None

    def excludes(self, relative_path: str) -> bool:
        """Tell whether `include` and `exclude` leave a source out, whatever its language."""
        if any(globs.matches(pattern, relative_path) for pattern in self.exclude):
            return True
        return bool(self.include) and not any(globs.matches(pattern, relative_path) for pattern in self.include)


# Key as it is written -> (field, kind), in the order of the fields.
KEYS: dict[str, tuple[str, Kind]] = {f.name.replace('_', '-'): (f.name, f.metadata['kind']) for f in fields(Config)}


class Resolved(NamedTuple):
    """A configuration and where it comes from."""

    config: Config
    # Key as written -> 'default', 'pyproject.toml', 'config setting ...' or 'environment variable ...'.
    origins: dict[str, str]
    # Whether pyproject.toml has the table, be it empty.
    has_table: bool


def load(project_dir: Path, config_settings: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None) -> Config | None:
    """The configuration of a project, or None if its pyproject.toml has no `[tool.tramp-build]` table.

    Who works without the table as well (the command line, a backend that was named) asks `resolve`.
    """
    if _read_table(project_dir / 'pyproject.toml') is None:
        return None
    return resolve(project_dir, config_settings, env).config


def resolve(project_dir: Path, config_settings: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None) -> Resolved:
    """The configuration of a project, table or not, with the origin of each value."""
    env = os.environ if env is None else env
    path = project_dir / 'pyproject.toml'
    table = _read_table(path)
    config, origins = Config(), dict.fromkeys(KEYS, 'default')
    layers: list[tuple[dict[str, Any], Callable[[str], str]]] = [
        (_toml_values(table or {}, _shown(path)), lambda key: 'pyproject.toml'),
        (_setting_values(split_settings(config_settings)[0]), lambda key: f'config setting {SETTING_PREFIX}{key}'),
        (_env_values(env), lambda key: f'environment variable {_env_name(key)}'),
    ]
    for values, origin in layers:
        config = replace(config, **{KEYS[key][0]: value for key, value in values.items()})
        origins.update({key: origin(key) for key in values})
    _check_switch(env)
    return Resolved(config, origins, table is not None)


def is_off(env: Mapping[str, str] | None = None) -> bool:
    """Whether TRAMP_BUILD=off turns all of it off; never fails."""
    return (os.environ if env is None else env).get(ENV_SWITCH, '').strip().casefold() in _OFF


def split_settings(config_settings: Mapping[str, Any] | None) -> tuple[Settings, Settings]:
    """The config settings that are ours, and the rest for the wrapped backend, each in the order given."""
    ours: Settings = {}
    rest: Settings = {}
    for key, value in (config_settings or {}).items():
        (ours if key == SETTING_PREFIX.rstrip('.') or key.startswith(SETTING_PREFIX) else rest)[key] = value
    return ours, rest


def _read_table(path: Path) -> dict[str, Any] | None:
    """[tool.tramp-build] as it stands in the file; None if it, or the file, is not there."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise ConfigError(f'can not read {describe_os_error(exc)}') from exc
    tool = _parse(data, _shown(path)).get('tool', {})
    if not isinstance(tool, dict):
        raise ConfigError(f'{_shown(path)}: tool: must be a table, not {type_name(tool)}')
    for name in tool:
        # With such a name nothing would happen, and nothing would say so.
        if name != 'tramp-build' and re.sub(r'[-_. ]', '', name).casefold() == 'trampbuild':
            raise ConfigError(f'{_shown(path)}: tool.{name}: unknown table; did you mean "{TABLE}"?')
    if 'tramp-build' not in tool:
        return None
    table = tool['tramp-build']
    if not isinstance(table, dict):
        raise ConfigError(f'{_shown(path)}: {TABLE}: must be a table, not {type_name(table)}')
    return table


def _parse(data: bytes, name: str) -> dict[str, Any]:
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as exc:
        line = data.count(b'\n', 0, exc.start) + 1
        column = exc.start - (data.rfind(b'\n', 0, exc.start) + 1) + 1
        raise ConfigError(f'{name}:{line}:{column}: not UTF-8, as TOML has to be') from exc
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(_syntax_error(str(exc), text, name)) from exc


def _syntax_error(message: str, text: str, name: str) -> str:
    """`file:line:column: what`, then the line with a mark under the place."""
    match = re.fullmatch(r'(.*) \(at (?:line (\d+), column (\d+)|end of document)\)', message, re.DOTALL)
    if match is None:
        return f'{name}: {message}'
    lines = text.split('\n')
    line, column = (int(match[2]), int(match[3])) if match[2] else (len(lines), len(lines[-1]) + 1)
    source = lines[line - 1].rstrip('\r') if line <= len(lines) else ''
    mark = re.sub(r'[^\t]', ' ', source[: column - 1]) + '^'
    return f'{name}:{line}:{column}: {match[1]}\n  {source}\n  {mark}'


def _toml_values(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in KEYS:
            raise ConfigError(f'{name}: {TABLE}.{key}: unknown key{did_you_mean(key, KEYS)}')
        try:
            values[key] = KEYS[key][1].from_toml(value)
        except BadValueError as exc:
            raise ConfigError(f'{name}: {TABLE}.{key}{exc.item}: {exc}') from None
    return values


def _setting_values(settings: Settings) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for setting, value in settings.items():
        key = setting.removeprefix(SETTING_PREFIX)
        if key not in KEYS:
            raise ConfigError(f'config setting {setting}: unknown key{_setting_hint(setting)}')
        kind = KEYS[key][1]
        try:
            if isinstance(value, bool):
                values[key] = kind.from_toml(value)
            else:
                values[key] = kind.from_text(_texts(value))
        except BadValueError as exc:
            raise ConfigError(f'config setting {setting}: {exc}') from None
    return values


def _setting_hint(setting: str) -> str:
    if not setting.startswith(SETTING_PREFIX):
        return f'; write {SETTING_PREFIX}KEY=VALUE'
    return did_you_mean(setting, [SETTING_PREFIX + key for key in KEYS])


def _texts(value: object) -> list[str]:
    """Front ends pass a string, a list where a setting is repeated, or nothing."""
    if value is None:
        return ['']
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not texts or not all(isinstance(text, str) for text in texts):
        raise BadValueError(f'must be a string or a list of strings, not {value!r}')
    return list(texts)


def _env_values(env: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, (_, kind) in KEYS.items():
        text = env.get(_env_name(key))
        if text is None:
            continue
        try:
            values[key] = kind.from_text([text])
        except BadValueError as exc:
            raise ConfigError(f'environment variable {_env_name(key)}: {exc}') from None
    return values


def _env_name(key: str) -> str:
    return _ENV_PREFIX + key.upper().replace('-', '_')


def _check_switch(env: Mapping[str, str]) -> None:
    value = env.get(ENV_SWITCH, '')
    if value.strip().casefold() not in (*_ON, *_OFF):
        raise ConfigError(f'environment variable {ENV_SWITCH}: must be "on" or "off", not "{value}"')


def _shown(path: Path) -> str:
    """The file as a user would name it: relative where that is shorter to read."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (ValueError, OSError):
        return str(path)
