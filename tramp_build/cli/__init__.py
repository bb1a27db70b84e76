"""The command `tramp-build`: parser and dispatch.  Each verb is a module with `configure_parser` and `execute`.

Exit codes: 0 done, 1 an error that the message explains, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from tramp_build import __version__
from tramp_build.cli import config, diff, explain, report, scan
from tramp_build.errors import user_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a shell reports for a program that SIGPIPE or SIGINT ended.
EXIT_PIPE = 141
EXIT_INTERRUPT = 130

_DESCRIPTION = """\
Trampolines for the C and C++ extensions of Python, put in while they are
built.

tramp-build rewrites the tables of methods, getsets and slots, on the way to
the compiler, so that they go through the prebuilt library libtramp: a C++
exception then becomes a Python exception. The sources stay as they are. These
commands look at sources and builds; to build through it, see the README: one
line in pyproject.toml.
"""

_EPILOG = """\
examples:
  tramp-build scan .                    what would be routed, row by row
  tramp-build explain src/geo.cpp:120   why that row is routed or not
  tramp-build diff src/geo.cpp          what the compiler is given instead
  tramp-build report dist/geo-1.0.whl   what was routed in that wheel
  tramp-build config                    the configuration in effect

TRAMP_BUILD=off in the environment turns tramp-build off for one build.
Colour obeys NO_COLOR and FORCE_COLOR.
"""


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog='tramp-build', description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--version', action='version', version=f'tramp-build {__version__}')
    verbs = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    for verb in (scan, diff, explain, report, config):
        verb.configure_parser(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        with user_errors():
            code: int = arguments.execute(arguments)
            # Here, where a full disk is still an error that can be told.
            if sys.stdout is not None:
                sys.stdout.flush()
        return code
    except BrokenPipeError:
        _drop_output()
        return EXIT_PIPE
    except KeyboardInterrupt:
        return EXIT_INTERRUPT
    except SystemExit:
        _drop_output()
        raise


def _drop_output() -> None:
    """What is still in the buffer can not be written: keep the interpreter from trying again, and complaining, at exit."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        try:
            descriptor = os.open(os.devnull, os.O_WRONLY)
            os.dup2(descriptor, sys.stdout.fileno())
            os.close(descriptor)
        except (OSError, ValueError, AttributeError):
            pass
