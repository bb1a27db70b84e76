from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_support import GEO, NO_TABLES, tramp_build

from tramp_build import cli
from tramp_build.report import SCHEMA

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text('utf-8')))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / 'project'
    (root / 'src').mkdir(parents=True)
    (root / 'pyproject.toml').write_text('[tool.tramp-build]\n')
    (root / 'src' / 'geo.cpp').write_text(GEO)
    (root / 'src' / 'a.c').write_text(GEO)
    (root / 'src' / 'plain.c').write_text(NO_TABLES)
    monkeypatch.chdir(root)
    for name in ('NO_COLOR', 'FORCE_COLOR'):
        monkeypatch.delenv(name, raising=False)
    return root


def scan(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert cli.main(['scan', '--json', *map(str, words)]) == 0
    report = json.loads(capsys.readouterr().out)
    VALIDATOR.validate(report)
    return report


def error(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as exit_:
        cli.main(['scan', *map(str, words)])
    assert exit_.value.code == 1
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('tramp-build: error: ')
    return err.removeprefix('tramp-build: error: ').rstrip('\n')


def test_json_of_a_project(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = scan(capsys, '.')
    assert [file['path'] for file in report['files']] == ['src/a.c', 'src/geo.cpp']
    methods, getset = report['files'][1]['tables']
    assert (methods['kind'], methods['name'], methods['line']) == ('PyMethodDef', 'methods', 8)
    assert [(e['name'], e['function'], e['line'], e['convention'], e['decision'], e['reason']) for e in methods['entries']] == [
        ('area', 'area', 9, 'varargs', 'routed', None),
        ('get_type', 'PyObject_Type', 10, 'o', 'skipped', 'cpython-function'),
        (None, None, 11, None, 'skipped', 'macro-row'),
    ]
    assert [(e['name'], e['function'], e['convention']) for e in getset['entries']] == [('x', 'get_x', 'getset')]
    assert methods['entries'][0]['how'][0] == 'barrier'
    assert 'barrier' not in report['files'][0]['tables'][0]['entries'][0]['how']
    summary = report['summary']
    assert (summary['files'], summary['tables'], summary['entries'], summary['routed'], summary['skipped']) == (2, 4, 8, 4, 4)


def test_text_has_a_line_for_every_row(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(['scan', 'src/geo.cpp']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ['src/geo.cpp:9:', 'methods:', 'area', 'varargs', 'routed', '(barrier,', 'fastcall)']
    assert lines[1].split() == ['src/geo.cpp:10:', 'methods:', 'get_type', 'o', 'skipped', 'cpython-function']
    assert "1 skipped: cpython-function: the function is CPython's own and raises no C++ exception" in lines
    assert lines[-1] == '1 file, 2 rows routed, 1 in no need of it, 1 skipped'


def test_paths_are_below_what_was_given(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [file['path'] for file in scan(capsys, 'src')['files']] == ['src/a.c', 'src/geo.cpp']
    assert [file['path'] for file in scan(capsys, project / 'src' / 'a.c')['files']] == [f'{project}/src/a.c']
    assert [file['path'] for file in scan(capsys, './src/../src')['files']] == ['src/../src/a.c', 'src/../src/geo.cpp']


def test_a_file_is_there_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [file['path'] for file in scan(capsys, 'src/geo.cpp', '.', 'src')['files']] == ['src/a.c', 'src/geo.cpp']


def test_a_named_file_without_tables_is_shown_without_rows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(capsys, 'src/plain.c')['files'] == [{'path': 'src/plain.c', 'language': 'c', 'tables': []}]
    assert cli.main(['scan', 'src/plain.c']) == 0
    assert capsys.readouterr().out.startswith('src/plain.c: no tables of functions\n')


def test_the_configuration_of_the_project_counts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'pyproject.toml').write_text('[tool.tramp-build]\nexclude = ["src/a.c"]\nexclude-functions = ["area"]\n')
    first, second = scan(capsys, 'src/a.c', 'src/geo.cpp')['files']
    assert {e['reason'] for t in first['tables'] for e in t['entries'] if e['function']} == {'excluded-file'}
    assert second['tables'][0]['entries'][0]['reason'] == 'excluded-function'


def test_a_setting_can_be_tried(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = scan(capsys, 'src/a.c', '-C', 'barrier=always')['files']
    assert 'barrier' in file['tables'][0]['entries'][0]['how']
    (file,) = scan(capsys, 'src/a.c', '-Ctramp-build.languages=c++')['files']
    assert file['tables'][0]['entries'][0]['reason'] == 'language-off'
    assert error(capsys, '.', '-C', 'barier=always') == (
        'config setting tramp-build.barier: unknown key; did you mean "tramp-build.barrier"?'
    )
    assert error(capsys, '.', '-C', 'strict') == '-C strict: must be KEY=VALUE'


def test_a_wrong_configuration_is_an_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'pyproject.toml').write_text('[tool.tramp-build]\nexcldue = []\n')
    assert error(capsys, 'src/a.c') == 'pyproject.toml: tool.tramp-build.excldue: unknown key; did you mean "exclude"?'


def test_a_file_outside_of_any_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'geo.c').write_text(GEO)
    assert scan(capsys, 'geo.c')['summary']['routed'] == 2


def test_a_directory_without_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert scan(capsys, '.')['files'] == []


def test_a_directory_that_a_project_leaves_out_can_be_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'build').mkdir()
    (project / 'build' / 'gen.c').write_text(GEO)
    assert [file['path'] for file in scan(capsys, '.')['files']] == ['src/a.c', 'src/geo.cpp']
    assert [file['path'] for file in scan(capsys, 'build')['files']] == ['build/gen.c']


ODD: list[tuple[str, bytes, str]] = [
    ('nul.c', GEO.encode() + b'\0', 'nul.c: has NUL bytes, which no C or C++ source has'),
    ('wide.c', GEO.encode('utf-16'), 'wide.c: has NUL bytes, which no C or C++ source has (UTF-16? compilers want UTF-8)'),
    ('elf.c', b'\x7fELF\x02\x01\x01\0\0', 'elf.c: has NUL bytes, which no C or C++ source has'),
    ('x.py', b'import this\n', 'x.py: not a C or C++ source, by its name'),
]


@pytest.mark.parametrize(('name', 'data', 'message'), ODD, ids=[name for name, *_ in ODD])
def test_a_named_file_that_is_no_source(project: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes, message: str) -> None:
    (project / name).write_bytes(data)
    assert error(capsys, name) == message


@pytest.mark.parametrize(
    'data',
    [b'', b'\xff\xfe\xfd', b'// only a comment', b'/* never ends', b'"never ends', b'}}}}', b'{{{{', b'#if 1\n', b'PyMethodDef', b'\r\r\r'],
)
def test_an_odd_file_has_no_rows(project: Path, capsys: pytest.CaptureFixture[str], data: bytes) -> None:
    (project / 'odd.c').write_bytes(data)
    assert [file['tables'] for file in scan(capsys, 'odd.c')['files']] == [[]]


def test_latin_1_is_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'odd.c').write_bytes(GEO.replace('the area', 'die Fläche').encode('latin-1'))
    assert scan(capsys, 'odd.c')['summary']['routed'] == 2


def test_an_unfinished_table_is_no_traceback(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'odd.c').write_text(GEO[: GEO.index('{NULL')])
    assert len(scan(capsys, 'odd.c')['files']) == 1


def test_directories_devices_and_missing_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert error(capsys, 'no.c') == 'no.c: no such file or directory'
    assert error(capsys, '/dev/zero') == '/dev/zero: is not a regular file'
    os.mkfifo(project / 'pipe.c')
    assert error(capsys, 'pipe.c') == 'pipe.c: is not a regular file'
    assert error(capsys, '.', 'no') == 'no: no such file or directory'


def test_an_unreadable_file(project: Path) -> None:
    """root reads everything, so the error comes from a path that nobody can open."""
    (project / 'loop.c').symlink_to('loop.c')
    done = tramp_build('scan', 'loop.c', cwd=project)
    assert done.returncode == 1
    assert done.stderr.startswith(b'tramp-build: error: ')
    assert b'Traceback' not in done.stderr


def test_names_with_spaces_quotes_and_bytes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'src' / 'a "b\' c.c').write_text(GEO)
    Path(os.fsdecode(b'src/x\xff.c')).write_text(GEO)
    names = [file['path'] for file in scan(capsys, 'src')['files']]
    assert 'src/a "b\' c.c' in names
    assert 'src/x\udcff.c' in names
    done = tramp_build('scan', 'src', cwd=project)
    assert done.returncode == 0
    assert b'src/x\\xff.c:9:' in done.stdout


def test_control_characters_of_a_source_stay_in_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'odd.c').write_text(GEO.replace('"area"', '"ar\x1b[2Jea"'))
    assert cli.main(['scan', 'odd.c']) == 0
    assert 'ar\\x1b[2Jea' in capsys.readouterr().out


def test_the_sources_stay_as_they_are(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: (path.read_bytes() if path.is_file() else None) for path in project.rglob('*')}
    scan(capsys, '.')
    assert {path: (path.read_bytes() if path.is_file() else None) for path in project.rglob('*')} == before


@pytest.mark.slow
def test_a_generated_file_of_20_mb(project: Path) -> None:
    rows = ''.join(f'    {{"name{n}", area, METH_VARARGS, "{"x" * 60}"}},\n' for n in range(200_000))
    (project / 'big.c').write_text(GEO.replace('    ROW(area),\n', rows))
    assert (project / 'big.c').stat().st_size > 18_000_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = tramp_build('scan', '--json', 'big.c', cwd=project)
    assert json.loads(done.stdout)['summary']['routed'] == 200_002
    # Of processor time, since other tests run beside this one: what is not linear here takes hours.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 90
