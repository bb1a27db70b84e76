"""`tramp-build scan`: which rows of which tables would be routed."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tramp_build import console
from tramp_build.cli.sources import add_setting_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tramp_build.model import FilePlan, Language

_DESCRIPTION = """\
List the rows of all tables of functions (methods, getsets, slots), and for
each the decision: routed through a trampoline, or skipped and why. Nothing
is compiled and nothing is written.
"""

_EPILOG = """\
examples:
  tramp-build scan .                     all sources of the project
  tramp-build scan src/geo.cpp           one file
  tramp-build scan . --json              for a program
  tramp-build scan . -C barrier=always   with another setting

The words in brackets are what the trampoline does: "barrier" turns C++
exceptions into Python exceptions.  "tramp-build explain FILE:LINE" says more
about one row.  The shape of the JSON is in tramp_build/report.schema.json.
"""


def configure_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        'scan', help='list what would be routed, and what not and why',
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument('paths', nargs='+', metavar='PATH', help='a C or C++ source, or a directory with some')
    parser.add_argument('--json', action='store_true', help='print version 1 of the JSON report')
    add_setting_option(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from tramp_build.report import build_scan_report, dumps
    from tramp_build.report_text import render

    report = build_scan_report(_plans(arguments))
    console.output(dumps(report) if arguments.json else render(report, sys.stdout))
    return 0


def _plans(arguments: argparse.Namespace) -> Iterator[tuple[str, Language, FilePlan | None]]:
    """Every file that was named, and of the others those that have a table."""
    from tramp_build.cli.sources import find, place, skip_unreadable

    for source in find(arguments.paths, arguments.settings):
        try:
            plan = source.project.decisions(source.path)
            problems = source.project.problems(source.path)
        except OSError as exc:
            skip_unreadable(source, exc)
            continue
        for problem in problems:
            console.warn(f'{place(source, problem.line, problem.offset)} {problem.message}')
        if plan is not None or source.explicit:
            yield source.shown, source.language, plan
