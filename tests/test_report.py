from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from plan_support import file, routed, skipped, table

from tramp_build import report
from tramp_build.errors import TrampError
from tramp_build.model import Chains, Reason
from tramp_build.report_text import render
from tramp_build.signatures import METHODS

VALIDATOR = jsonschema.Draft202012Validator(json.loads(report.SCHEMA.read_text('utf-8')))

PLAN = file(
    table('methods', 3, routed('one', 4, how=('barrier', 'fastcall', 'outline')), skipped(None, 5)),
    table('getset', 9, routed('x', 10, 'getset'), kind='PyGetSetDef'),
)
C_PLAN = file(table('m', 1, routed('z', 2, 'noargs', how=())), language='c')


def check(made: report.Report) -> report.Report:
    """What goes out is what the schema says, and survives being written."""
    VALIDATOR.validate(made)
    assert json.loads(report.dumps(made)) == made
    return made


def scan_report() -> report.Report:
    return check(report.build_scan_report([('src/z.cpp', 'c++', PLAN), ('a.c', 'c', C_PLAN)]))


def record(path: str, plan: Any = PLAN, **more: str) -> report.Record:
    return report.file_record(path, 'c++', plan) | more


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)


def test_scan_report_as_a_whole() -> None:
    made = scan_report()
    assert [f['path'] for f in made['files']] == ['a.c', 'src/z.cpp']
    assert made['files'][1] == {
        'path': 'src/z.cpp',
        'language': 'c++',
        'tables': [
            {
                'kind': 'PyMethodDef', 'name': 'methods', 'line': 3,
                'entries': [
                    {
                        'name': 'one', 'function': 'c_one', 'line': 4, 'convention': 'varargs',
                        'decision': 'routed', 'how': ['barrier', 'fastcall', 'outline'], 'reason': None,
                    },
                    {
                        'name': None, 'function': None, 'line': 5, 'convention': None,
                        'decision': 'skipped', 'how': [], 'reason': 'macro-row',
                    },
                ],
            },
            {
                'kind': 'PyGetSetDef', 'name': 'getset', 'line': 9,
                'entries': [
                    {
                        'name': 'x', 'function': 'c_x', 'line': 10, 'convention': 'getset',
                        'decision': 'routed', 'how': ['barrier'], 'reason': None,
                    },
                ],
            },
        ],
    }  # fmt: skip
    assert made['summary'] == {'files': 2, 'tables': 3, 'entries': 4, 'routed': 3, 'skipped': 1, 'fastcall': 1, 'outlined': 1}
    assert list(made) == ['version', 'files', 'summary']


def test_catch_chains_are_counted() -> None:
    """Of each file that has any, and of those that were compiled from the original none is outlined."""
    plan = replace(PLAN, chain_counts=Chains(9, 3, 7))
    scanned = check(report.build_scan_report([('a.cpp', 'c++', plan), ('b.cpp', 'c++', plan), ('c.c', 'c', C_PLAN)]))
    assert [one.get('chains') for one in scanned['files']] == [{'found': 9, 'distinct': 3, 'outlined': 7}] * 2 + [None]
    assert 'catch chains: 18 found, 6 of them different, 14 outlined\n' in render(scanned, None)
    assert 'catch chains' not in render(scan_report(), None)
    outcomes = [('routed', 'a.cpp', 'a.o'), ('fallback', 'b.cpp', 'b.o')]
    built = check(report.build_report([record('a.cpp', plan), record('b.cpp', plan)], outcomes))
    assert report.chain_counts(built) == {'found': 18, 'distinct': 6, 'outlined': 7}


def test_a_file_without_a_plan_has_no_tables() -> None:
    made = check(report.build_scan_report([('a.cpp', 'c++', None)]))
    assert made['files'] == [{'path': 'a.cpp', 'language': 'c++', 'tables': []}]
    assert made['summary']['files'] == 1


def test_nothing_at_all() -> None:
    made = check(report.build_scan_report([]))
    assert made['summary']['files'] == 0
    assert 'fallbacks' not in made['summary']
    assert report.summary_line(made) == 'no tables of functions found'


@pytest.mark.parametrize('reason', list(Reason), ids=lambda reason: reason.value)
def test_every_reason_is_valid_in_the_json(reason: Reason) -> None:
    made = check(report.build_scan_report([('a.c', 'c', file(table('m', 1, skipped('x', 2, reason))))]))
    assert report.skip_counts(made) == [(reason.value, 1)]


@pytest.mark.parametrize('convention', [*(s.convention for s in METHODS), 'getset'])
def test_every_convention_is_valid_in_the_json(convention: str) -> None:
    check(report.build_scan_report([('a.c', 'c', file(table('m', 1, routed('x', 2, convention))))]))


@pytest.mark.parametrize(
    'damage',
    [
        lambda r: r.update(version=2),
        lambda r: r.update(more=1),
        lambda r: r['files'][0].update(more=1),
        lambda r: r['files'][0].update(language='rust'),
        lambda r: r['files'][0]['tables'][0].update(line=0),
        lambda r: r['files'][0]['tables'][0]['entries'][0].update(reason='macro-row'),
        lambda r: r['files'][0]['tables'][0]['entries'][0].update(convention='stdcall'),
        lambda r: r['files'][0]['tables'][0]['entries'][0].pop('how'),
        lambda r: r['files'][1]['tables'][0]['entries'][1].update(reason=None),
        lambda r: r['files'][1]['tables'][0]['entries'][1].update(how=['barrier']),
        lambda r: r['summary'].pop('routed'),
        lambda r: r['summary'].update(routed=-1),
    ],
)
def test_the_schema_refuses_what_is_no_report(damage: Any) -> None:
    made = scan_report()
    damage(made)
    assert not VALIDATOR.is_valid(made)


def test_build_report_has_outcomes() -> None:
    made = check(report.build_report([record('b.cpp'), record('a.cpp')], [('routed', 'a.cpp', 'a.o'), ('routed', 'b.cpp', 'b.o')]))
    assert [(f['path'], f['outcome']) for f in made['files']] == [('a.cpp', 'routed'), ('b.cpp', 'routed')]
    assert made['summary']['routed'] == 4
    assert made['summary']['fallbacks'] == 0


def test_a_fallback_routes_nothing_and_says_why() -> None:
    made = check(report.build_report([record('a.cpp')], [('fallback', 'a.cpp', 'a.o')], {'a.cpp': 'a.cpp:4:1: error: no'}))
    (entry,) = made['files']
    assert entry['message'] == 'a.cpp:4:1: error: no'
    assert entry['outcome'] == 'fallback'
    assert [(row['decision'], row['reason'], row['how']) for row in report.rows(made)] == [
        ('skipped', 'fallback', []),
        ('skipped', 'macro-row', []),
        ('skipped', 'fallback', []),
    ]
    assert made['summary'] == {
        'files': 1, 'tables': 2, 'entries': 3, 'routed': 0, 'skipped': 3, 'fastcall': 0, 'outlined': 0, 'fallbacks': 1,
    }  # fmt: skip


def test_a_record_is_not_changed_by_its_fate() -> None:
    given = record('a.cpp')
    report.build_report([given], [('fallback', 'a.cpp', 'a.o')])
    assert given == record('a.cpp')


@pytest.mark.parametrize(
    ('outcomes', 'expected'),
    [
        ([('routed', 'x.o')], 'routed'),
        ([('fallback', 'x.o'), ('routed', 'x.o')], 'routed'),
        ([('routed', 'x.o'), ('fallback', 'x.o')], 'fallback'),
        ([('routed', 'x.o'), ('fallback', 'y.o')], 'fallback'),
        ([('routed', 'x.o'), ('old-standard', 'y.o')], 'old-standard'),
        ([('compile-and-link', 'x'), ('fallback', 'y.o')], 'fallback'),
        ([('routed', 'x.o'), ('preprocess-only', 'x.i'), ('dependencies-only', '-')], 'routed'),
        ([('user-error', 'x.o'), ('routed', 'x.o')], 'routed'),
    ],
)
def test_several_calls_for_one_file(outcomes: list[tuple[str, str]], expected: str) -> None:
    made = check(report.build_report([record('x.cpp')], [(outcome, 'x.cpp', output) for outcome, output in outcomes]))
    assert made['files'][0]['outcome'] == expected
    assert made['summary']['routed'] == (2 if expected == 'routed' else 0)


def test_a_file_that_was_compiled_as_it_is_routes_nothing() -> None:
    made = check(report.build_report([record('x.cpp', message='edits overlap')], [('plain', 'x.cpp', 'x.o')]))
    assert made['files'][0]['message'] == 'edits overlap'
    assert report.skip_counts(made) == [('compiled-as-is', 2), ('macro-row', 1)]


def test_what_was_not_compiled_is_not_part_of_the_build() -> None:
    windows = record('windows.cpp')
    broken = record('broken.cpp')
    included = record('table.inc', file(table('m', 1, skipped('x', 2, Reason.INCLUDED_FILE))))
    made = check(report.build_report([windows, included, broken], [('user-error', 'broken.cpp', 'b.o'), ('routed', 'other.cpp', 'o.o')]))
    assert [(f['path'], f['outcome']) for f in made['files']] == [('table.inc', 'included-file')]


def test_the_log_names_the_source_its_own_way() -> None:
    given = record('src/a.cpp', source='/home/x/src/a.cpp')
    made = check(report.build_report([given], [('routed', '/home/x/src/a.cpp', 'a.o')]))
    assert made['files'][0]['path'] == 'src/a.cpp'
    assert '/home' not in report.dumps(made)


@pytest.mark.parametrize(
    ('outcome', 'where', 'line'),
    [
        ('routed', None, '1 file, 2 rows routed, 1 skipped'),
        ('routed', 'build', '1 file, 2 rows routed, 1 skipped (why: tramp-build report build)'),
        ('fallback', 'x.whl', '1 file, 0 rows routed, 3 skipped, 1 file compiled without trampolines (why: tramp-build report x.whl)'),
    ],
)
def test_summary_line(outcome: str, where: str | None, line: str) -> None:
    made = report.build_report([record('a.cpp')], [(outcome, 'a.cpp', 'a.o')])
    assert report.summary_line(made, where) == line


def test_summary_line_has_no_why_when_all_is_routed() -> None:
    made = report.build_scan_report([('a.c', 'c', C_PLAN), ('b.c', 'c', C_PLAN)])
    assert report.summary_line(made, 'build') == '2 files, 2 rows routed, 0 skipped'


def test_summary_line_tells_what_needs_nothing_from_what_is_missing() -> None:
    plan = file(table('m', 1, skipped('x', 2, Reason.CPYTHON_FUNCTION), skipped('y', 3, Reason.MACRO_ROW)))
    made = report.build_scan_report([('a.c', 'c', plan)])
    assert report.summary_line(made) == '1 file, 0 rows routed, 1 in no need of it, 1 skipped'


def test_summary_line_has_no_why_for_what_needs_nothing() -> None:
    plan = file(table('m', 1, skipped('x', 2, Reason.CPYTHON_FUNCTION)))
    made = report.build_scan_report([('a.c', 'c', plan)])
    assert report.summary_line(made, 'build') == '1 file, 0 rows routed, 1 in no need of it, 0 skipped'


def test_text() -> None:
    text = render(scan_report(), io.StringIO())
    assert text.splitlines() == [
        'a.c:2: m: z  noargs            routed',
        'src/z.cpp:4:  methods: one        varargs           routed (barrier, fastcall, outline)',
        'src/z.cpp:5:  methods: (unnamed)  ?                 skipped macro-row',
        'src/z.cpp:10: getset: x           getset            routed (barrier)',
        '',
        '1 skipped: macro-row: a macro makes the row; a build asks the preprocessor what it is with the flags of the compile',
        '2 files, 3 rows routed, 1 skipped',
    ]


def test_text_of_a_fallback_has_the_message() -> None:
    made = report.build_report([record('a.cpp')], [('fallback', 'a.cpp', 'a.o')], {'a.cpp': 'no\x1b[2J'})
    assert render(made, None).startswith('a.cpp: fallback: no\\x1b[2J\n')


def test_text_escapes_what_sources_say() -> None:
    nasty = file(table('m\x1b]0;x\x07', 1, routed('a\nb\u202e', 2)))
    text = render(report.build_scan_report([('x\x1b.cpp', 'c++', nasty)]), None)
    assert '\x1b' not in text
    assert 'a\\nb\\u202e' in text


def test_text_of_a_file_without_rows() -> None:
    made = report.build_scan_report([('a.cpp', 'c++', None), ('b.c', 'c', file(table('m', 1), language='c'))])
    assert render(made, None).splitlines() == [
        'a.cpp: no tables of functions',
        'b.c: no rows',
        'no tables of functions found',
    ]


def test_text_in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.setenv('FORCE_COLOR', '1')
    assert '\x1b[32mrouted\x1b[0m' in render(scan_report(), io.StringIO())


def wheel(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, 'w') as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_read_a_wheel(tmp_path: Path) -> None:
    made = report.dumps(scan_report())
    members = {'sub/x.dist-info/tramp-build.json': '{}', 'pkg/tramp-build.json': '{}', 'x-1.dist-info/tramp-build.json': made}
    assert report.read(wheel(tmp_path / 'x-1-py3-none-any.whl', members)) == scan_report()


def test_read_a_wheel_without_a_report(tmp_path: Path) -> None:
    with pytest.raises(TrampError, match=r'x\.whl: has no tramp-build\.json: it was not built through tramp-build'):
        report.read(wheel(tmp_path / 'x.whl', {'x-1.dist-info/METADATA': ''}))


@pytest.mark.parametrize(
    ('name', 'data', 'message'),
    [
        ('x.whl', b'not a zip', 'not a wheel'),
        ('x.json', b'{', 'not a report of tramp-build'),
        ('x.json', b'\xff', 'not a report of tramp-build'),
        ('x.json', b'[]', 'not a report of tramp-build'),
        ('x.json', b'{"version": 1, "files": []}', 'a damaged report'),
        ('x.json', b'{"version": 1, "files": [], "summary": {"files": 0}}', 'a damaged report'),
        ('x.json', report.dumps(report.build_scan_report([])).replace('[]', '[3]').encode(), 'a damaged report'),
        ('x.json', report.dumps(report.build_scan_report([('a.c', 'c', C_PLAN)])).replace('"how"', '"hwo"').encode(), 'a damaged report'),
        ('x.json', b'{"version": 2, "files": [], "summary": {}}', 'has version 2 of the report; this tramp-build reads version 1'),
    ],
)
def test_read_what_is_no_report(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TrampError, match=message):
        report.read(tmp_path / name)


def test_read_a_saved_report(tmp_path: Path) -> None:
    (tmp_path / 'x.json').write_text(report.dumps(scan_report()), 'utf-8')
    assert report.read(tmp_path / 'x.json') == scan_report()
