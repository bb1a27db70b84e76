"""What was found and decided, as version 1 of the JSON that `scan --json`, `report --json` and the wheel carry.

The shape is fixed by report.schema.json.  A file's part is made when it is planned (`file_record`) and travels through the
state directory as it is; a build adds what became of each file.  Everything here is pure but `read`.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from tramp_build.errors import TrampError
from tramp_build.model import Reason
from tramp_build.reasons import AS_IS, FALLBACK, NEEDS_NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tramp_build.model import Entry, FilePlan, Language, TablePlan

VERSION: Final = 1
WHEEL_MEMBER: Final = 'tramp-build.json'
SCHEMA: Final = Path(__file__).with_name('report.schema.json')

Report = dict[str, Any]
Record = dict[str, Any]

ROUTED: Final = 'routed'
# Prepared, and nothing in it to route.
PLAIN: Final = 'plain'
# The file could not even be looked at.
PREPARE_FAILED: Final = 'prepare-failed'
# Nobody wants these; the line at the end of a build counts them.
FAILED: Final = frozenset({FALLBACK, PREPARE_FAILED})
# Not worth a look.  What the configuration excludes is: it may exclude more than it was meant to.
_NEEDS_NOTHING: Final = frozenset(
    reason.value for reason in NEEDS_NOTHING - {Reason.EXCLUDED_FILE, Reason.EXCLUDED_FUNCTION, Reason.LANGUAGE_OFF}
)
# Compiler calls that make no object, as a build does beside the one that does.
_NO_OBJECT: Final = frozenset(
    {'none', 'user-error', 'interrupted', 'preprocess-only', 'syntax-only', 'dependencies-only', 'no-input', 'other-output'}
)
# The row's reason when its file was never rewritten for the compiler, but may be in the unit that includes it.
_INCLUDED: Final = 'included-file'


def file_record(path: str, language: Language, plan: FilePlan | None) -> Record:
    """One file of the report; `path` is posix, and the plan None where there was nothing to decide."""
    record: Record = {'path': path, 'language': language, 'tables': [_table(table) for table in plan.tables] if plan else []}
    if plan and plan.chain_counts.found:
        record['chains'] = asdict(plan.chain_counts)
    return record


def _table(plan: TablePlan) -> dict[str, Any]:
    entries = [_entry(entry) for entry in plan.entries]
    return {'kind': plan.table.kind, 'name': plan.table.name, 'line': plan.table.line, 'entries': entries}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        'name': entry.name,
        'function': entry.function,
        'line': entry.line,
        'convention': entry.convention,
        'decision': 'routed' if entry.routed else 'skipped',
        'how': list(entry.how) if entry.routed else [],
        'reason': entry.reason.value if entry.reason else None,
    }


def build_scan_report(plans: Iterable[tuple[str, Language, FilePlan | None]]) -> Report:
    """The report of what would be done, from (path, language, plan) of each file."""
    return _report([file_record(path, language, plan) for path, language, plan in plans])


def build_report(records: Iterable[Record], outcomes: Iterable[tuple[str, str, str]], messages: Mapping[str, str] | None = None) -> Report:
    """The report of a build.

    `records` have a `path` as it is shown and, where that is another one, the `source` that the log names; if that is not the file
    itself but one that includes it, `compiled` is.  `outcomes` are
    (outcome, source, output) in the order of the log: an output that was made again counts once.  `messages` say, by source,
    what a compiler had against the rewritten text.  A file that no compiler saw is not part of the build, and left out; one
    that another file includes is kept, since its rows are of interest.
    """
    latest = {(source, output): outcome for outcome, source, output in outcomes}
    by_source: dict[str, set[str]] = {}
    for (compiled, _), outcome in latest.items():
        if outcome not in _NO_OBJECT:
            by_source.setdefault(compiled, set()).add(outcome)
    files = []
    for record in records:
        source = str(record.get('compiled', record.get('source', record['path'])))
        if source in by_source:
            files.append(_with_outcome(record, _most_telling(by_source[source]), (messages or {}).get(source)))
        elif any(entry['reason'] == _INCLUDED for table in record['tables'] for entry in table['entries']):
            files.append(_with_outcome(record, _INCLUDED, None))
    return _report(files, build=True)


def _most_telling(outcomes: set[str]) -> str:
    """A file is compiled more than once in some builds: it counts as routed only if it was each time."""
    if FALLBACK in outcomes:
        return FALLBACK
    return next((outcome for outcome in sorted(outcomes) if outcome != ROUTED), ROUTED)


def _with_outcome(record: Record, outcome: str, message: str | None) -> Record:
    """The record with what happened to the file; rows that were to be routed are not, if another text was compiled."""
    tables = record['tables']
    if outcome != ROUTED:
        reason = FALLBACK if outcome == FALLBACK else AS_IS
        tables = [{**table, 'entries': [_not_routed(entry, reason) for entry in table['entries']]} for table in tables]
    result = {'path': record['path'], 'language': record['language'], 'tables': tables, 'outcome': outcome}
    if 'chains' in record:
        result['chains'] = record['chains'] if outcome == ROUTED else {**record['chains'], 'outlined': 0}
    message = message or record.get('message')
    return {**result, 'message': message} if message and outcome != ROUTED else result


def _not_routed(entry: dict[str, Any], reason: str) -> dict[str, Any]:
    return entry if entry['decision'] != 'routed' else {**entry, 'decision': 'skipped', 'how': [], 'reason': reason}


def _report(files: Iterable[Record], *, build: bool = False) -> Report:
    ordered = sorted(files, key=lambda file: str(file['path']))
    return {'version': VERSION, 'files': ordered, 'summary': _summary(ordered, build=build)}


def _summary(files: Sequence[Record], *, build: bool) -> dict[str, int]:
    entries = rows({'files': files})
    how = Counter(name for entry in entries for name in entry['how'])
    routed = sum(entry['decision'] == 'routed' for entry in entries)
    summary = {
        'files': len(files),
        'tables': sum(len(file['tables']) for file in files),
        'entries': len(entries),
        'routed': routed,
        'skipped': len(entries) - routed,
        'fastcall': how['fastcall'],
        'outlined': how['outline'],
    }
    return {**summary, 'fallbacks': sum(file.get('outcome') == FALLBACK for file in files)} if build else summary


def rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All entries of a report, in its order."""
    return [entry for file in report['files'] for table in file['tables'] for entry in table['entries']]


def chain_counts(report: Mapping[str, Any]) -> dict[str, int]:
    """The catch chains of all files: how many there are, how many different ones, how many are outlined."""
    counts = [file['chains'] for file in report['files'] if 'chains' in file]
    return {name: sum(count[name] for count in counts) for name in ('found', 'distinct', 'outlined')}


def skip_counts(report: Mapping[str, Any]) -> list[tuple[str, int]]:
    """(reason, number of rows), the most frequent first."""
    counts = Counter(entry['reason'] for entry in rows(report) if entry['decision'] == 'skipped')
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def dumps(report: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """The report as text; the same report gives the same bytes.  ASCII: a lone surrogate of a file name survives.

    Without `indent` it is on one line, which takes a tenth of the time: for a wheel, whose build waits for it.
    """
    return json.dumps(report, indent=indent) + '\n'


def summary_line(report: Mapping[str, Any], where: str | None = None) -> str:
    """What a build says at its end; `where` is what `tramp-build report` is to be called with."""
    summary = report['summary']
    failed = sum(file.get('outcome') in FAILED for file in report['files'])
    if not summary['entries'] and not failed:
        return 'no tables of functions found'
    parts = [_count(summary['files'], 'file'), f'{_count(summary["routed"], "row")} routed']
    nothing = sum(entry['reason'] in _NEEDS_NOTHING for entry in rows(report))
    if nothing:
        parts.append(f'{nothing} in no need of it')
    missing = summary['skipped'] - nothing
    parts.append(f'{missing} skipped')
    if failed:
        parts.append(f'{_count(failed, "file")} compiled without trampolines')
    why = f' (why: tramp-build report {where})' if where and (missing or failed) else ''
    return ', '.join(parts) + why


def _count(number: int, noun: str) -> str:
    return f'{number} {noun}' if number == 1 else f'{number} {noun}s'


def read(path: Path) -> Report:
    """The report that a wheel or a file has.  A build directory is `build.read_build`'s."""
    if path.suffix == '.whl' or zipfile.is_zipfile(path):
        return _loads(_wheel_member(path), path)
    return _loads(path.read_bytes(), path)


def _wheel_member(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as wheel:
            for name in wheel.namelist():
                directory, _, base = name.rpartition('/')
                if base == WHEEL_MEMBER and directory.endswith('.dist-info') and '/' not in directory:
                    return wheel.read(name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as exc:
        raise TrampError(f'{path}: not a wheel: {exc}') from exc
    raise TrampError(f'{path}: has no {WHEEL_MEMBER}: it was not built through tramp-build, or has nothing that it routes')


def _loads(data: bytes, path: Path) -> Report:
    try:
        report = json.loads(data)
    except ValueError as exc:
        raise TrampError(f'{path}: not a report of tramp-build: {exc}') from exc
    if not isinstance(report, dict) or 'version' not in report:
        raise TrampError(f'{path}: not a report of tramp-build')
    if report.get('version') != VERSION:
        raise TrampError(f'{path}: has version {report.get("version")!r} of the report; this tramp-build reads version {VERSION}')
    summary = report.get('summary')
    counts = isinstance(summary, dict) and all(isinstance(summary.get(key), int) for key in _summary((), build=False))
    if not counts or not isinstance(report.get('files'), list) or not all(map(is_record, report['files'])):
        raise TrampError(f'{path}: a damaged report of tramp-build')
    return report


def is_record(value: object) -> bool:
    """Whether this can be shown as one file of a report; what else there is in it is the schema's to say."""
    return _has(value, path=str, language=str, tables=list) and all(
        _has(table, kind=str, name=str, line=int, entries=list) and all(map(_is_entry, table['entries']))
        for table in cast('Record', value)['tables']
    )


def _is_entry(value: object) -> bool:
    text = (str, type(None))
    return _has(value, name=text, function=text, line=int, convention=text, decision=str, how=list, reason=text)


def _has(value: object, **types: type | tuple[type, ...]) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key, ...), kind) for key, kind in types.items())
