"""What the tests of the scanner share: findings as short text."""

from __future__ import annotations

import itertools

from tramp_build.model import Condition, Function, Row, ScanResult, Span, Table


def text(source: bytes, span: Span | None) -> str | None:
    return None if span is None else source[span.start : span.end].decode('utf-8', 'replace')


def under(condition: Condition) -> str:
    return ''.join(f' ?{number}.{branch}' for number, branch in condition)


def show_row(source: bytes, row: Row) -> str:
    if row.problem:
        return f'{row.name} !{row.problem}{under(row.condition)}'
    fields = ' | '.join(' '.join((text(source, span) or '-').split()) for span in row.fields[1:] or row.fields)
    return f'{row.name}: {fields}{under(row.condition)}'


def show_function(function: Function) -> str:
    """`static C::f(a, -) {}` with the scope in front and the condition behind."""
    words = ['static'] if function.static else []
    names = ', '.join(parameter.name or '-' for parameter in function.parameters)
    path = '.'.join(name or '-' for name in function.scope.path)
    words += [f'[{path}]'] if path else []
    words += [f'{function.name}({names})', '{}' if function.body else ';']
    return ' '.join(words) + (' varies' if function.varies else '') + under(function.scope.condition)


def show_table(table: Table) -> str:
    words = ['static'] if table.static else []
    words += [table.kind, table.name + ('[]' if table.array else ''), table.scope.kind.value]
    path = '.'.join(name or '-' for name in table.scope.path)
    words += [f'[{path}]'] if path else []
    return ' '.join(words) + under(table.scope.condition)


def show(source: bytes, result: ScanResult) -> list[str]:
    """All findings, one a line."""
    lines = [show_function(function) for function in result.functions]
    for table in result.tables:
        lines.append(show_table(table))
        lines += [f'  {show_row(source, row)}' for row in table.rows]
    return lines + [f'problem {problem.reason} {problem.line}' for problem in result.problems]


def spans(result: ScanResult) -> list[Span]:
    """Every span of a result."""
    found = []
    for table in result.tables:
        found.append(table.span)
        for row in table.rows:
            found += [row.span, *(span for span in row.fields if span)]
    for function in result.functions:
        found += [function.span, function.name_span, *(parameter.span for parameter in function.parameters)]
        found += [function.body] if function.body else []
    return found


def check(source: bytes, result: ScanResult) -> None:
    """What holds for every result, whatever the source."""
    for span in spans(result):
        assert 0 <= span.start < span.end <= len(source), span
    for table in result.tables:
        assert table.outer_start <= table.span.start
        assert source.count(b'\n', 0, table.span.start) < table.line <= source.count(b'\n', 0, table.span.end) + 1
        ends = table.span.start
        for row in table.rows:
            assert ends <= row.span.start, 'rows overlap or are out of order'
            assert row.span.end <= table.span.end
            ends = row.span.end
            inner = sorted((span for span in row.fields if span), key=lambda span: span.start)
            assert all(row.span.start <= span.start and span.end <= row.span.end for span in inner)
            assert all(one.end <= two.start for one, two in itertools.pairwise(inner))
            assert row.line == source.count(b'\n', 0, row.span.start) + 1
            assert len(row.fields) == {'PyMethodDef': 4, 'PyGetSetDef': 5}.get(table.kind, 1) or row.problem
    for function in result.functions:
        assert function.span.start <= function.name_span.start < function.name_span.end <= function.span.end
        assert function.line == source.count(b'\n', 0, function.name_span.start) + 1
        if function.body:
            assert function.name_span.end <= function.body.start < function.body.end == function.span.end
        else:
            assert source[function.span.end - 1 : function.span.end] == b';'
