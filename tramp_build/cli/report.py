"""`tramp-build report`: what a build did."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tramp_build import console

_DESCRIPTION = """\
Show what a build through tramp-build did: the rows that are routed, those that
are not and why, and the files whose original was compiled because the
rewritten text failed; with a stock build at hand, what became of the
size of its modules.
"""

_EPILOG = """\
examples:
  tramp-build report dist/geo-1.0-cp312-cp312-linux_x86_64.whl
  tramp-build report build/          a build directory
  tramp-build report build/ --json   for a program
  tramp-build report dist/geo.whl --against stock/geo.whl

The shape of the JSON is in tramp_build/report.schema.json.
"""


def configure_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        'report', help='show what a build did',
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument('path', metavar='BUILD_DIR_OR_WHEEL', type=Path, help='a wheel, a build directory, or a report that was saved')
    parser.add_argument(
        '--against', metavar='STOCK', type=Path,
        help='compare text and unwind data of the modules with those of a wheel, directory or module that is built without tramp-build',
    )  # fmt: skip
    parser.add_argument('--json', action='store_true', help='print version 1 of the JSON report')
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from tramp_build.build_report import read
    from tramp_build.report import dumps
    from tramp_build.report_text import render

    report = read(arguments.path)
    if arguments.against:
        from tramp_build.sizes import compare

        report['sizes'] = [comparison.record() for comparison in compare(arguments.path, arguments.against)]
    console.output(dumps(report) if arguments.json else render(report, sys.stdout))
    return 0
