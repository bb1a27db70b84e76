"""`tramp-build explain`: why a row is routed or not, and what to do about it."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tramp_build import console
from tramp_build.cli.sources import add_setting_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tramp_build.cli.sources import Source
    from tramp_build.model import Entry, FilePlan, Kept, Row, Table

_DESCRIPTION = """\
Say for each row of the tables in a source how it is routed, or why it is not
and what to do about it. With a line, for the row on that line only.
"""

_EPILOG = """\
examples:
  tramp-build explain src/geo.cpp
  tramp-build explain src/geo.cpp:120
"""

_HOW: Final = {
    'barrier': 'a C++ exception that leaves the function becomes a Python exception',
    'fastcall': 'arguments come as a vector, without a tuple and dict for each call (METH_FASTCALL)',
    'outline': 'catch chains that are the same are shared',
}
_NO_BARRIER: Final = {
    'c': 'no exception barrier, as the unit is C; barrier = "always" puts one there (for C over a C++ library)',
    'c++': 'no exception barrier, as the configuration says barrier = "never"',
}
_NOEXCEPT: Final = 'the function is noexcept: an exception that would leave it ends the process before the barrier can see it'
_NEVER_THROWS: Final = re.compile(rb'\bnoexcept\b(?!\s*\((?!\s*true\s*\)))|\bthrow\s*\(\s*\)')
# Longer rows are cut: the place says where to look.
_EXCERPT_WIDTH: Final = 100


def configure_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        'explain', help='say why a row is routed or not, and what to do',
        description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument('place', metavar='FILE[:LINE]', help='a C or C++ source, and a line in it')
    add_setting_option(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    from tramp_build.cli.sources import check_file, find

    file, line = _split(arguments.place)
    check_file(Path(file))
    for source in find([file], arguments.settings):
        lines = [*_file(source, line), *_problems(source)]
        console.output('\n'.join(lines) + '\n')
    return 0


def _split(place: str) -> tuple[str, int | None]:
    """FILE, FILE:LINE or FILE:LINE:COLUMN; a file with such a name goes before."""
    match = re.fullmatch(r'(.+?):(\d+)(?::\d+)?:?', place)
    if match is None or Path(place).exists():
        return place, None
    return match[1], int(match[2])


def _file(source: Source, line: int | None) -> Iterator[str]:
    from tramp_build.errors import TrampError

    plan = source.project.decisions(source.path)
    tables = plan.tables if plan else ()
    decided = [(t.table, row, entry) for t in tables for row, entry in zip(t.table.rows, t.entries, strict=True)]
    if plan and line is None:
        yield from _shared(source, plan)
        yield from _chains(source, plan)
    if plan is None or not decided:
        as_it_is = '' if plan and plan.changes else '; compiled as it is'
        yield f'{console.escape(source.shown)}: no table of functions with a row{as_it_is}'
        return
    chosen = decided if line is None else [item for item in decided if _on_line(source, item[1], line)]
    if not chosen:
        known = ', '.join(str(number) for number in sorted({row.line for _, row, _ in decided}))
        raise TrampError(f'{source.shown}:{line}: no row of a table is on that line; there are rows on: {known}')
    for table, row, entry in chosen:
        yield from _row(source, plan, table, row, entry)


def _shared(source: Source, plan: FilePlan) -> Iterator[str]:
    """What is defined here and stands in tables of other files."""
    found = source.project.scan_file(source.path, plan.language)
    lines = {f.name: f.line for f in found.functions if f.body} if found else {}
    for name in sorted((name for name, upgrade in plan.upgrades.items() if upgrade.entry == 'shared'), key=lines.__getitem__):
        where = console.escape(f'{source.shown}:{lines[name]}')
        yield f'{where}: {console.escape(name)} takes its arguments as a vector, for a method table of another file'


def _chains(source: Source, plan: FilePlan) -> Iterator[str]:
    """The catch chains that are not outlined."""
    from tramp_build.cli.sources import place

    for left in plan.chains_left:
        where = console.escape(place(source, left.line, left.offset))
        yield f'{where} the catch chain stays, {left.reason}: {left.message}'


def _on_line(source: Source, row: Row, line: int) -> bool:
    text = source.project.source(source.path)[row.span.start : row.span.end]
    return row.line <= line <= row.line + text.count(b'\n')


def _row(source: Source, plan: FilePlan, table: Table, row: Row, entry: Entry) -> Iterator[str]:
    from tramp_build.cli.sources import place
    from tramp_build.reasons import SENTENCES

    where = console.paint(console.escape(place(source, row.line, row.span.start)), 'bold', stream=sys.stdout)
    name = f'"{console.escape(entry.name)}"' if entry.name is not None else 'a row'
    label = f'{where} {name} of {console.escape(table.name)} ({table.kind})'
    if entry.reason is None:
        yield f'{label}: {console.paint("routed", "green", stream=sys.stdout)}'
    else:
        yield f'{label}: {console.paint("skipped", "yellow", stream=sys.stdout)}, {entry.reason.value}'
    yield from _excerpt(source, row)
    if entry.reason is None:
        convention = f', convention {entry.convention}' if entry.convention else ''
        yield f'  function: {console.escape(entry.function or "?")}{convention}'
        yield from (f'  {how}: {_HOW.get(how, "")}' for how in entry.how)
        if 'barrier' in entry.how and _may_not_throw(source, plan, entry):
            yield f'  {_NOEXCEPT}'
        if entry.kept is not None:
            yield f'  not upgraded, {entry.kept.reason.value}: {SENTENCES[entry.kept.reason].cause} ({_kept_at(source, entry.kept)})'
        if not plan.barrier:
            yield f'  {_NO_BARRIER[plan.language]}'
    else:
        sentence = SENTENCES[entry.reason]
        yield f'  why: {sentence.cause}'
        yield f'  to do: {sentence.remedy or "nothing"}'
    yield ''


def _may_not_throw(source: Source, plan: FilePlan, entry: Entry) -> bool:
    project = source.project
    owner = project.tree.owner(source.path)
    found, text = project.scan_file(owner, plan.language), project.unit(owner).seen
    functions = [f for f in found.functions if f.name == entry.function] if found else []
    return any(
        _NEVER_THROWS.search(text, f.parameters[-1].span.end if f.parameters else f.name_span.end, f.body.start if f.body else f.span.end)
        for f in functions
    )


def _kept_at(source: Source, kept: Kept) -> str:
    return console.escape(f'{kept.path or source.shown}:{kept.line}')


def _excerpt(source: Source, row: Row) -> Iterator[str]:
    """The row's first line with a mark under the row, as compilers do."""
    from tramp_build.cli.sources import column_of, source_line

    data = source.project.source(source.path)
    column = column_of(data, row.span.start) - 1
    text = source_line(data, row.span.start).expandtabs(1)
    length = len(data[row.span.start : row.span.end].split(b'\n')[0].rstrip().decode('utf-8', 'replace'))
    number = f'{row.line:>7} | '
    if column > _EXCERPT_WIDTH:
        return
    yield number + console.escape(text[:_EXCERPT_WIDTH])
    yield ' ' * (len(number) - 2) + '| ' + ' ' * column + '^' + '~' * (min(length, _EXCERPT_WIDTH - column) - 1)


def _problems(source: Source) -> Iterator[str]:
    from tramp_build.cli.sources import place

    for problem in source.project.problems(source.path):
        where = console.escape(place(source, problem.line, problem.offset))
        yield f'{where} could not be read: {console.escape(problem.message)} ({problem.reason})'
