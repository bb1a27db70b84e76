"""`tramp-build config`: the configuration in effect, and what other build systems need to know."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tramp_build import console
from tramp_build.cli.sources import add_setting_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tramp_build.config import Config, Resolved

_DESCRIPTION = """\
Print the configuration of a project with the origin of each value: the
default, pyproject.toml, a config setting or an environment variable. Or print
what other build systems need: a Meson native file, the place of tramp.h and
libtramp.
"""

_EPILOG = """\
examples:
  tramp-build config
  tramp-build config --native-file tramp.ini
  meson setup build --native-file tramp.ini
  cc -I"$(tramp-build config --include-dir)" ...
"""


def configure_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        'config', help='print the configuration in effect, or a Meson native file',
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument('directory', nargs='?', default='.', metavar='DIR', type=Path, help='the project (default: the current directory)')
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--json', action='store_true', help='print values and origins as JSON')
    what.add_argument(
        '--native-file', nargs='?', const='-', metavar='OUT',
        help='print a native file for plain Meson, or write it to OUT; it takes the compilers of CC and CXX',
    )  # fmt: skip
    what.add_argument('--include-dir', action='store_true', help='print the directory of tramp.h')
    what.add_argument('--library-dir', action='store_true', help='print the directory of libtramp')
    add_setting_option(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from tramp_build import paths

    if arguments.include_dir:
        console.output(f'{paths.include_dir()}\n')
    elif arguments.library_dir:
        console.output(f'{paths.library_dir()}\n')
    elif arguments.native_file:
        _native_file(arguments.native_file)
    else:
        _print_config(arguments)
    return 0


def _native_file(out: str) -> None:
    from tramp_build import meson_files, paths

    launcher = str(paths.launcher())
    text = meson_files.render(
        {'c': [launcher, *_compiler('CC', 'cc', os.environ)], 'cpp': [launcher, *_compiler('CXX', 'c++', os.environ)]}
    )
    if out == '-':
        console.output(text)
    else:
        Path(out).write_text(text, encoding='utf-8')


def _compiler(variable: str, default: str, env: Mapping[str, str]) -> list[str]:
    """The compiler of the environment; Meson reads that only where no native file names one."""
    from tramp_build.errors import ConfigError

    try:
        return shlex.split(env.get(variable, '')) or [default]
    except ValueError as exc:
        raise ConfigError(f'environment variable {variable}: {exc}: {env[variable]}') from exc


def _print_config(arguments: argparse.Namespace) -> None:
    from tramp_build import config
    from tramp_build.cli.sources import config_settings
    from tramp_build.errors import TrampError

    if not arguments.directory.is_dir():
        raise TrampError(f'{arguments.directory}: no such directory')
    resolved = config.resolve(arguments.directory, config_settings(arguments.settings))
    console.output(_json(resolved) if arguments.json else _toml(resolved))
    if config.is_off():
        console.note(f'{config.ENV_SWITCH} in the environment turns tramp-build off')


def _json(resolved: Resolved) -> str:
    from tramp_build.config import KEYS

    keys = {key: {'value': _plain(resolved.config, name), 'origin': resolved.origins[key]} for key, (name, _) in KEYS.items()}
    return json.dumps({'version': 1, 'table': resolved.has_table, 'keys': keys}, indent=2) + '\n'


def _toml(resolved: Resolved) -> str:
    from tramp_build.config import KEYS, TABLE

    lines = [f'[{TABLE}]' + ('' if resolved.has_table else '  # pyproject.toml has no such table')]
    values = [f'{key} = {_toml_value(_plain(resolved.config, name))}' for key, (name, _) in KEYS.items()]
    width = min(max(map(len, values)), 60)
    lines.extend(f'{value:<{width}}  # {console.escape(resolved.origins[key])}' for key, value in zip(KEYS, values, strict=True))
    return '\n'.join(lines) + '\n'


def _plain(config: Config, name: str) -> Any:
    """The value of a field in the types of TOML and JSON, in a fixed order."""
    value = getattr(config, name)
    if name == 'exceptions':
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        if not value:
            return '{}'
        return '{ ' + ', '.join(f'{json.dumps(key)} = {json.dumps(item)}' for key, item in value.items()) + ' }'
    return json.dumps(value, ensure_ascii=False)
