from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cli_support import GEO, NO_TABLES

from tramp_build import build_report, cli
from tramp_build.errors import TrampError
from tramp_build.report import SCHEMA, dumps, file_record
from tramp_build.state import Conf, State

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text('utf-8')))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """A state directory with the records of a project, as a build hook leaves it before the first compile."""
    from tramp_build.config import Config
    from tramp_build.project import Project

    root = tmp_path / 'project'
    root.mkdir()
    for name, text in {'geo.cpp': GEO, 'ä.c': GEO, 'windows.c': GEO, 'plain.c': NO_TABLES}.items():
        (root / name).write_text(text)
    made = State.create(tmp_path / 'build' / 'cp311' / 'state', Conf('python', '', '/lib', '1.0'))
    made.dir.joinpath('project.json').write_text(json.dumps({'root': str(root)}))
    project = Project(root, Config())
    for path in project.files():
        plan = project.plan_file(path)
        if plan:
            made.add_record(path, file_record(path.name, plan.language, plan))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('FORCE_COLOR', raising=False)
    return made


def log(state: State, *entries: tuple[str, str, str, str]) -> None:
    root = state.dir.parents[2] / 'project'
    lines = [
        f'{outcome}\t{root / source if source != "-" else source}\t{output}\t{detail}\n' for outcome, source, output, detail in entries
    ]
    with open(state.dir / 'log', 'a', encoding='utf-8') as file:
        file.writelines(lines)


def report(capsys: pytest.CaptureFixture[str], path: Path | str) -> dict[str, Any]:
    assert cli.main(['report', '--json', str(path)]) == 0
    made = json.loads(capsys.readouterr().out)
    VALIDATOR.validate(made)
    return made


def test_a_build(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    log(
        state,
        ('no-input', '-', '-', '-'),
        ('routed', 'geo.cpp', '/b/geo.o', '-'),
        ('fallback', 'ä.c', '/b/ä.o', "ä.c:9:1: error: 'x' undeclared"),
        ('plain', 'plain.c', '/b/plain.o', '-'),
        ('linked', '-', '/b/geo.so', '-'),
    )
    for path in ('build', 'build/cp311', state.dir):
        made = report(capsys, path)
        assert [(f['path'], f['outcome'], f.get('message')) for f in made['files']] == [
            ('geo.cpp', 'routed', None),
            ('ä.c', 'fallback', "ä.c:9:1: error: 'x' undeclared"),
        ]
        assert made['summary']['routed'] == 2
        assert made['summary']['fallbacks'] == 1


def test_as_text(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    log(state, ('fallback', 'geo.cpp', '/b/geo.o', 'geo.cpp:9:1: error: no\x1b[2J'))
    assert cli.main(['report', 'build']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'geo.cpp: fallback: geo.cpp:9:1: error: no\\x1b[2J'
    assert lines[1].split() == ['geo.cpp:9:', 'methods:', 'area', 'varargs', 'skipped', 'fallback']
    assert lines[-1] == '1 file, 0 rows routed, 1 in no need of it, 3 skipped, 1 file compiled without trampolines'


def test_a_build_that_has_not_begun(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(capsys, 'build')['files'] == []
    assert cli.main(['report', 'build']) == 0
    assert capsys.readouterr().out == 'no tables of functions found\n'


def test_the_later_call_counts(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    log(state, ('fallback', 'geo.cpp', '/b/geo.o', 'x'), ('routed', 'geo.cpp', '/b/geo.o', '-'))
    (file,) = report(capsys, 'build')['files']
    assert (file['outcome'], file.get('message')) == ('routed', None)


def test_a_detail_of_another_outcome_is_no_message(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    log(state, ('fallback', 'geo.cpp', '/b/geo.o', 'the compiler said no'), ('user-error', 'geo.cpp', '/b/geo.o', 'a typing error'))
    log(state, ('fallback', 'geo.cpp', '/b/geo.o', 'the compiler said no'), ('old-standard', 'geo.cpp', '/b/x.o', '-std=c++98'))
    (file,) = report(capsys, 'build')['files']
    assert (file['outcome'], file.get('message')) == ('fallback', 'the compiler said no')


def test_a_source_that_the_build_reached_through_a_link(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    (state.dir.parents[2] / 'link').symlink_to(state.dir.parents[2] / 'project')
    log(state, ('routed', '../link/geo.cpp', '/b/geo.o', '-'))
    assert [f['path'] for f in report(capsys, 'build')['files']] == ['geo.cpp']


def test_a_file_that_could_not_be_prepared_is_not_passed_over(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    log(state, ('prepare-failed', 'plain.c', '/b/plain.o', '-'), ('prepare-failed', 'gen/x.cc', '/b/x.o', '-'))
    made = report(capsys, 'build')
    assert [(f['path'], f['language'], f['outcome'], f['tables']) for f in made['files']] == [
        ('gen/x.cc', 'c++', 'prepare-failed', []),
        ('plain.c', 'c', 'prepare-failed', []),
    ]
    assert cli.main(['report', 'build']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        'gen/x.cc: prepare-failed',
        'plain.c: prepare-failed',
        '2 files, 0 rows routed, 0 skipped, 2 files compiled without trampolines',
    ]


def test_damaged_records_and_lines_are_left_out(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    log(state, ('routed', 'geo.cpp', '/b/geo.o', '-'))
    with open(state.dir / 'log', 'ab') as file:
        file.write(b'routed\t/x\n\xff\t\xff\t\xff\t\xff\nrouted\t/torn')
    for name, data in {'a': b'{', 'b': b'[]', 'c': b'{}', 'd': b'{"path": "x", "language": "c", "tables": [3]}'}.items():
        (state.dir / 'files' / f'{name}.json').write_bytes(data)
    assert [f['path'] for f in report(capsys, 'build')['files']] == ['geo.cpp']


def test_a_wheel(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log(state, ('routed', 'geo.cpp', '/b/geo.o', '-'))
    made = build_report.from_state(state)
    with zipfile.ZipFile(tmp_path / 'geo-1-py3-none-any.whl', 'w') as wheel:
        wheel.writestr('geo-1.dist-info/tramp-build.json', dumps(made))
    assert report(capsys, 'geo-1-py3-none-any.whl') == made
    assert str(tmp_path) not in dumps(made)


def test_an_installed_distribution(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = build_report.from_state(state)
    (tmp_path / 'geo-1.dist-info').mkdir()
    (tmp_path / 'geo-1.dist-info' / 'tramp-build.json').write_text(dumps(made))
    assert report(capsys, 'geo-1.dist-info') == made


def test_a_directory_without_a_build(state: State, tmp_path: Path) -> None:
    with pytest.raises(TrampError, match=r'project: no build through tramp-build has been here'):
        build_report.read(tmp_path / 'project')


def other_state(state: State, root: Path) -> State:
    other = State.create(state.dir.parents[1] / 'sub' / 'x.p' / '.tramp-build', Conf('python', '', '/lib', '1.0'))
    other.dir.joinpath('project.json').write_text(json.dumps({'root': str(root)}))
    return other


def test_each_output_directory_may_have_a_state_of_its_own(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    root = state.dir.parents[2] / 'project'
    other = other_state(state, root)
    (record,) = (r for r in state.records() if r['path'] == 'windows.c')
    other.add_record(root / 'windows.c', record)
    log(state, ('routed', 'geo.cpp', '/b/geo.o', '-'))
    (other.dir / 'log').write_text(f'routed\t{root}/windows.c\t/b/w.o\t-\nrouted\t{root}/geo.cpp\t/b/geo2.o\t-\n')
    assert [(f['path'], f['outcome']) for f in report(capsys, 'build')['files']] == [('geo.cpp', 'routed'), ('windows.c', 'routed')]
    assert [f['path'] for f in report(capsys, state.dir)['files']] == ['geo.cpp']


def test_builds_of_several_projects_have_to_be_told_apart(state: State, tmp_path: Path) -> None:
    other_state(state, tmp_path)
    with pytest.raises(TrampError, match=r'build: has builds of several projects; name one of them: .*cp311/state, .*x\.p/\.tramp-build'):
        build_report.read(tmp_path / 'build')


@pytest.mark.parametrize('data', ['', '{', '[]', '{}', '{"root": 3}'])
def test_a_state_without_its_project(state: State, data: str) -> None:
    state.dir.joinpath('project.json').write_text(data)
    with pytest.raises(TrampError, match='not a state directory of tramp-build, or a damaged one'):
        build_report.read(state.dir)
