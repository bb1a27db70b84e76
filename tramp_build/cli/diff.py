"""`tramp-build diff`: what the compiler is given instead of a source."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tramp_build import console
from tramp_build.cli.sources import add_setting_option

if TYPE_CHECKING:
    from tramp_build.cli.sources import Source

_DESCRIPTION = """\
Show how sources are rewritten on their way to the compiler, as a unified diff.
The files stay as they are.

Line numbers are the same on both sides, so messages of the compiler and a
debugger fit the original.
"""

_EPILOG = """\
examples:
  tramp-build diff src/geo.cpp
  tramp-build diff . | less -R
  tramp-build diff --prelude src/geo.cpp   with the lines that are put in front
"""


def configure_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        'diff', help='show how a source is rewritten',
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument('paths', nargs='+', metavar='PATH', help='a C or C++ source, or a directory with some')
    parser.add_argument('--prelude', action='store_true', help='with the line of declarations that is put in front')
    add_setting_option(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from tramp_build.cli.sources import find, skip_unreadable
    from tramp_build.errors import EXIT_ERROR, RewriteError

    code = 0
    for source in find(arguments.paths, arguments.settings):
        try:
            changed = _changed(source, prelude=arguments.prelude)
        except OSError as exc:
            skip_unreadable(source, exc)
            continue
        except RewriteError as exc:
            # A build compiles the original of this file, and so do the others.
            console.error(f'{source.shown}: {exc}')
            code = EXIT_ERROR
            continue
        if changed is not None:
            _show(source, changed)
        elif source.explicit:
            console.info(f'{source.shown}: compiled as it is (why: tramp-build explain {source.shown})')
    return code


def _changed(source: Source, *, prelude: bool) -> bytes | None:
    if not prelude:
        return source.project.rewritten(source.path)
    plan = source.project.plan_file(source.path)
    result = source.project.rewrite_file(source.path, plan) if plan else None
    if result is None:
        return None
    return result.head() + b'\n#line 1 "' + source.shown.encode('utf-8', 'surrogateescape') + b'"\n' + result.text


def _show(source: Source, changed: bytes) -> None:
    from tramp_build.unified import unified

    lines = unified(source.project.source(source.path), changed, source.shown.lstrip('/'))
    if console.use_color(sys.stdout) or sys.stdout is None or not hasattr(sys.stdout, 'buffer'):
        console.output(''.join(_painted(line) for line in lines))
        return
    # Another program reads it: the bytes of the sources, whatever their encoding.
    sys.stdout.flush()
    sys.stdout.buffer.writelines(lines)


def _painted(line: bytes) -> str:
    text = console.escape(line.decode('utf-8', 'surrogateescape').rstrip('\n').replace('\t', '    '))
    styles: dict[str, tuple[console.Style, ...]] = {'---': ('bold',), '+++': ('bold',), '@@': ('cyan',), '+': ('green',), '-': ('red',)}
    style = next((style for start, style in styles.items() if text.startswith(start)), ())
    return console.paint(text, *style, stream=sys.stdout) + '\n'
