"""A report for people: one line per row, then why rows were skipped, then the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tramp_build.console import escape, paint
from tramp_build.reasons import sentence
from tramp_build.report import PLAIN, ROUTED, chain_counts, rows, skip_counts, summary_line
from tramp_build.sizes import Comparison, Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

# Tables whose rows have a convention, known or not.
_WITH_CONVENTION: Final = frozenset({'PyMethodDef', 'PyGetSetDef'})


def render(report: Mapping[str, Any], stream: TextIO | None) -> str:
    """The report as text, in colour if `stream` takes it."""
    lines = [line for file in report['files'] for line in _file(file, stream)]
    if lines and rows(report):
        lines.append('')
    counts = skip_counts(report)
    width = max((len(str(count)) for _, count in counts), default=0)
    lines.extend(
        f'{count:>{width}} skipped: {paint(reason, "yellow", stream=stream)}: {sentence(reason).cause}' for reason, count in counts
    )
    chains = chain_counts(report)
    if chains['found']:
        lines.append(f'catch chains: {chains["found"]} found, {chains["distinct"]} of them different, {chains["outlined"]} outlined')
    lines.extend(_sizes([Comparison.of_record(record) for record in report.get('sizes', ())]))
    lines.append(paint(summary_line(report), 'bold', stream=stream))
    return '\n'.join(lines) + '\n'


def _file(file: Mapping[str, Any], stream: TextIO | None) -> Iterator[str]:
    path = escape(file['path'])
    outcome = file.get('outcome')
    if outcome not in (None, ROUTED, PLAIN) or file.get('message'):
        message = f': {escape(file["message"])}' if file.get('message') else ''
        yield f'{path}: {paint(outcome or PLAIN, "yellow", stream=stream)}{message}'
    table_rows = [(table, entry) for table in file['tables'] for entry in table['entries']]
    if not table_rows and outcome is None:
        yield f'{path}: {"no rows" if file["tables"] else "no tables of functions"}'
    places = [f'{path}:{entry["line"]}:' for _, entry in table_rows]
    names = [f'{escape(table["name"])}: {_row_name(entry)}' for table, entry in table_rows]
    place_width, name_width = max(map(len, places), default=0), min(max(map(len, names), default=0), 60)
    for (table, entry), place, name in zip(table_rows, places, names, strict=True):
        unknown = '?' if table['kind'] in _WITH_CONVENTION else ''
        yield f'{place:<{place_width}} {name:<{name_width}}  {entry["convention"] or unknown:<16}  {_decision(entry, stream)}'


def _sizes(found: list[Comparison]) -> Iterator[str]:
    """A line for each module, and one for all."""
    for one in found:
        yield f'{escape(one.module)}: {_difference(one.stock, one.built)}'
    if len(found) > 1:
        stock, built = (sum(sizes, Size(0, 0)) for sizes in ([one.stock for one in found], [one.built for one in found]))
        yield f'{len(found)} modules: {_difference(stock, built)}'


def _difference(stock: Size, built: Size) -> str:
    saved = stock.total - built.total
    share = f' ({100 * abs(saved) / stock.total:.1f} %)' if stock.total else ''
    parts = f'text {stock.text} to {built.text} bytes, unwind data {stock.unwind} to {built.unwind}'
    return f'{parts}: {abs(saved)} bytes{share} {"less" if saved >= 0 else "more"}'


def _row_name(entry: Mapping[str, Any]) -> str:
    """`"area"` of the row, or what else there is to know it by."""
    if entry['name'] is not None:
        return escape(entry['name'])
    return f'({escape(entry["function"])})' if entry['function'] else '(unnamed)'


def _decision(entry: Mapping[str, Any], stream: TextIO | None) -> str:
    if entry['decision'] == 'routed':
        how = f' ({", ".join(entry["how"])})' if entry['how'] else ''
        return paint('routed', 'green', stream=stream) + how
    return f'{paint("skipped", "yellow", stream=stream)} {entry["reason"]}'
