from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tramp_build import cli, paths
from tramp_build.config import KEYS, Config, load


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith('TRAMP_BUILD')]:
        monkeypatch.delenv(name)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(['config', *words]) == 0
    return capsys.readouterr().out


def test_values_and_origins(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'pyproject.toml').write_text('[tool.tramp-build]\nstrict = true\nexceptions = { "a::E" = "ValueError" }\n')
    monkeypatch.setenv('TRAMP_BUILD_LINK', 'static')
    lines = run(capsys, '-C', 'barrier=never').splitlines()
    assert lines[0] == '[tool.tramp-build]'
    assert [' '.join(line.split()) for line in lines if not line.endswith('# default')][1:] == [
        'barrier = "never" # config setting tramp-build.barrier',
        'link = "static" # environment variable TRAMP_BUILD_LINK',
        'strict = true # pyproject.toml',
        'exceptions = { "a::E" = "ValueError" } # pyproject.toml',
    ]
    assert len(lines) == len(KEYS) + 1


def test_without_a_table_it_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys).startswith('[tool.tramp-build]  # pyproject.toml has no such table\n')


def test_what_is_printed_can_be_read_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = Config(exclude=('ä "x"',), languages=frozenset({'c'}), exceptions=(('a::E', 'x.Y'),), strict=True)
    (project / 'pyproject.toml').write_text(
        '[tool.tramp-build]\nexclude = [\'ä "x"\']\nlanguages = ["c"]\nexceptions = {"a::E" = "x.Y"}\nstrict = true\n', 'utf-8'
    )
    text = run(capsys)
    (project / 'pyproject.toml').write_text(text, 'utf-8')
    assert load(project, None, {}) == first
    (project / 'pyproject.toml').write_text('[tool.tramp-build]\n')
    (project / 'pyproject.toml').write_text(run(capsys))
    assert load(project, None, {}) == Config()


def test_another_directory(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'sub').mkdir()
    (project / 'sub' / 'pyproject.toml').write_text('[tool.tramp-build]\nfastcall = false\n')
    assert 'fastcall = false' in run(capsys, 'sub')
    assert 'fastcall = true' in run(capsys)


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / 'pyproject.toml').write_text('[tool.tramp-build]\nstrict = true\n')
    data = json.loads(run(capsys, '--json'))
    assert (data['version'], data['table']) == (1, True)
    assert data['keys']['strict'] == {'value': True, 'origin': 'pyproject.toml'}
    assert data['keys']['languages'] == {'value': ['c', 'c++'], 'origin': 'default'}
    assert data['keys']['exceptions'] == {'value': {}, 'origin': 'default'}
    assert list(data['keys']) == list(KEYS)


def test_off_is_said(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv('TRAMP_BUILD', 'off')
    assert cli.main(['config']) == 0
    assert 'turns tramp-build off' in capsys.readouterr().err


def test_directories(monkeypatch: pytest.MonkeyPatch, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(paths, 'include_dir', lambda: Path('/inc'))
    monkeypatch.setattr(paths, 'library_dir', lambda: Path('/lib'))
    assert run(capsys, '--include-dir') == '/inc\n'
    assert run(capsys, '--library-dir') == '/lib\n'


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, 'launcher', lambda: Path("/o'brien/tramp-cc"))
    monkeypatch.delenv('CC', raising=False)
    monkeypatch.delenv('CXX', raising=False)


def test_native_file(project: Path, launcher: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from tramp_build.meson_files import read_binaries

    monkeypatch.setenv('CXX', 'ccache clang++ -m64')
    text = run(capsys, '--native-file')
    assert run(capsys, '--native-file', 'sub.ini') == ''
    assert (project / 'sub.ini').read_text() == text
    assert read_binaries([project / 'sub.ini'], project) == {
        'c': ["/o'brien/tramp-cc", 'cc'],
        'cpp': ["/o'brien/tramp-cc", 'ccache', 'clang++', '-m64'],
    }


def test_native_file_that_can_not_be_written(project: Path, launcher: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(['config', '--native-file', 'no/x.ini'])
    assert exit_.value.code == 1
    assert capsys.readouterr().err == 'tramp-build: error: no/x.ini: No such file or directory\n'


def test_a_compiler_variable_with_an_open_quote(
    project: Path, launcher: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv('CC', "gcc 'x")
    with pytest.raises(SystemExit):
        cli.main(['config', '--native-file'])
    assert 'environment variable CC: No closing quotation' in capsys.readouterr().err
