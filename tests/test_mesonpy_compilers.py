"""The meson-python backend and the compilers that a user names."""

from __future__ import annotations

import os
import shutil

import pytest
from mesonpy_support import CXX_LIBRARY, build, in_package
from package_support import names_in

pytestmark = pytest.mark.usefixtures('scratch')


def compiler_script(directory, name, compiler):
    """A compiler that writes down that it was called."""
    script = directory / name
    script.write_text(f'#!/bin/sh\necho "$@" >> "{directory}/calls"\nexec {compiler} "$@"\n')
    script.chmod(0o755)
    return script


def calls(directory):
    return [line for line in directory.joinpath('calls').read_text().splitlines() if 'meson_cpp' in line]


@pytest.mark.parametrize('where', ['settings', 'pyproject'])
@in_package('meson-cpp')
def test_native_file_of_the_user(package, tmp_path, where):
    """Relative to where mesonpy runs Meson: a directory below the project."""
    script = compiler_script(tmp_path, 'my-c++', 'g++')
    package.joinpath('native.ini').write_text(f"[constants]\nflags = ['-DOWN=1']\n[binaries]\ncpp = ['{script}'] + flags\n")
    if where == 'pyproject':
        with package.joinpath('pyproject.toml').open('a') as file:
            file.write("[tool.meson-python.args]\nsetup = ['--native-file=../native.ini']\n")
    wheel = build(tmp_path / 'dist', {'setup-args': ['--native-file', '../native.ini']} if where == 'settings' else None)
    assert f'meson_cpp.libs/{CXX_LIBRARY}' in names_in(wheel)
    assert len(calls(tmp_path)) == 2
    assert all(line.startswith('-DOWN=1') for line in calls(tmp_path))


@in_package('meson-cpp')
def test_cross_file_of_the_user(package, tmp_path):
    script = compiler_script(tmp_path, 'cross-c++', 'g++')
    machine = "[host_machine]\nsystem = 'linux'\ncpu_family = 'x86_64'\ncpu = 'x86_64'\nendian = 'little'\n"
    package.joinpath('cross.ini').write_text(f"[binaries]\ncpp = '{script}'\n{machine}")
    wheel = build(tmp_path / 'dist', {'setup-args': f'--cross-file={package}/cross.ini'})
    assert f'meson_cpp.libs/{CXX_LIBRARY}' in names_in(wheel)
    assert calls(tmp_path)


@in_package('meson-cpp')
def test_compiler_of_the_environment(package, tmp_path, monkeypatch):
    script = compiler_script(tmp_path, 'my-c++', 'g++')
    monkeypatch.setenv('CXX', f'{script} -DOWN=1')
    wheel = build(tmp_path / 'dist')
    assert f'meson_cpp.libs/{CXX_LIBRARY}' in names_in(wheel)
    assert all(line.startswith('-DOWN=1') for line in calls(tmp_path))


@in_package('meson-cpp')
def test_a_missing_compiler_is_reported_by_meson(package, tmp_path, monkeypatch, capfd):
    directory = tmp_path / 'bin'
    directory.mkdir()
    for name in ('meson', 'ninja'):
        directory.joinpath(name).symlink_to(shutil.which(name))
    monkeypatch.setenv('PATH', os.fspath(directory))
    with pytest.raises(SystemExit) as ended:
        build(tmp_path / 'dist')
    assert ended.value.code
    said = capfd.readouterr()
    assert 'Unknown compiler(s)' in said.out
    assert 'tramp' not in said.err
