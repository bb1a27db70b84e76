from __future__ import annotations

from pathlib import Path

import pytest
from cli_support import GEO, NO_TABLES, tramp_build

from tramp_build import cli
from tramp_build.config import Config
from tramp_build.errors import RewriteError
from tramp_build.project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / 'pyproject.toml').write_text('[tool.tramp-build]\n')
    (tmp_path / 'geo.cpp').write_text(GEO)
    (tmp_path / 'plain.c').write_text(NO_TABLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_labels_and_lines(project: Path) -> None:
    done = tramp_build('diff', 'geo.cpp', cwd=project)
    assert (done.returncode, done.stderr) == (0, b'')
    lines = done.stdout.decode().splitlines()
    assert lines[:2] == ['--- a/geo.cpp', '+++ b/geo.cpp']
    removed = [line for line in lines[2:] if line.startswith('-')]
    added = [line for line in lines[2:] if line.startswith('+')]
    assert '-    {"area", area, METH_VARARGS, "the area"},' in removed
    # Every line stays where it was.
    assert len(removed) == len(added)
    assert any('tramp_' in line for line in added)


def test_the_diff_is_what_the_project_says(project: Path) -> None:
    done = tramp_build('diff', 'geo.cpp', cwd=project)
    changed = Project(project, Config()).rewritten(project / 'geo.cpp')
    assert changed is not None
    context_and_new = [line[1:] for line in done.stdout.splitlines()[2:] if line[:1] in b' +']
    assert set(context_and_new) <= set(changed.splitlines())


def test_prelude(project: Path) -> None:
    plain = tramp_build('diff', 'geo.cpp', cwd=project).stdout
    full = tramp_build('diff', '--prelude', 'geo.cpp', cwd=project).stdout
    assert b'+#line 1 "geo.cpp"\n' in full
    assert b'#line' not in plain
    assert b'tramp_cxx_positional' in full.split(b'+#line')[0]


def test_a_directory_shows_what_changes(project: Path) -> None:
    done = tramp_build('diff', '.', cwd=project)
    assert done.stdout.count(b'--- a/') == 1
    assert done.stderr == b''


def test_a_named_file_that_does_not_change_says_so(project: Path) -> None:
    done = tramp_build('diff', 'plain.c', cwd=project)
    assert (done.returncode, done.stdout) == (0, b'')
    assert done.stderr == b'tramp-build: plain.c: compiled as it is (why: tramp-build explain plain.c)\n'


def test_an_absolute_path_has_a_label_that_patch_takes(project: Path) -> None:
    done = tramp_build('diff', project / 'geo.cpp', cwd=project)
    assert done.stdout.startswith(b'--- a/' + str(project).encode().lstrip(b'/') + b'/geo.cpp\n')


def test_other_encodings_come_out_as_they_are(project: Path) -> None:
    (project / 'geo.cpp').write_bytes(GEO.replace('the area', 'die Fläche').encode('latin-1').replace(b'\n', b'\r\n'))
    done = tramp_build('diff', 'geo.cpp', cwd=project)
    assert b'-    {"area", area, METH_VARARGS, "die Fl\xe4che"},\r\n' in done.stdout


def test_in_colour_nothing_reaches_the_terminal(project: Path) -> None:
    (project / 'geo.cpp').write_text(GEO.replace('the area', 'the \x1b[2J area'))
    done = tramp_build('diff', 'geo.cpp', cwd=project, env={'FORCE_COLOR': '1'})
    assert b'\x1b[1m--- a/geo.cpp\x1b[0m\n' in done.stdout
    assert b'\x1b[2J' not in done.stdout
    assert b'\\x1b[2J' in done.stdout


def test_a_rewrite_that_fails_keeps_the_others(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    (project / 'bad.cpp').write_text(GEO)
    real = Project.rewritten

    def rewritten(self: Project, path: Path) -> bytes | None:
        if path.name == 'bad.cpp':
            raise RewriteError('edits overlap')
        return real(self, path)

    monkeypatch.setattr(Project, 'rewritten', rewritten)
    assert cli.main(['diff', '.']) == 1
    out, err = capfd.readouterr()
    assert 'tramp-build: error: bad.cpp: edits overlap' in err
    assert '--- a/geo.cpp' in out
