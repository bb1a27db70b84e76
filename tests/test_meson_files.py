"""Meson machine files, and which compilers Meson would take.  Meson itself is asked where there is a doubt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tramp_build import meson_files, meson_setup
from tramp_build.errors import ToolError
from tramp_build.meson_files import UnreadableError

LAUNCHER = ['/x/tramp-cc', '--tramp-state=/s']


def meson_reads(*files):
    """What Meson makes of machine files."""
    machinefile = pytest.importorskip('mesonbuild.machinefile')
    return machinefile.parse_machine_files([os.fspath(file) for file in files], '/project').get('binaries', {})


def write(path, text):
    path.write_text(text, encoding='utf-8')
    return path


LAYERED = (
    """
[constants]
root = '/opt/x'
flags = ['-m64', '-O1']
[binaries]
c = [root / 'bin' / 'cc', ] + flags
ar = 'ar'
""",
    """
[constants]
root = '/opt/y'  # also for what the first file says
[properties]
c = 'not a binary'
[binaries]
cpp = c + ['-x', 'c++',
  '-DQUOTED="a b"', '-DPATH=C:\\dir']
strip = ('st' + 'rip')
home = ~ / 'bin'
here = '@DIRNAME@' / 'cc'
project = '@GLOBAL_SOURCE_ROOT@/cc'
long = '''it's'''
number = 0x10
boolean = true
empty = []
""",
)


def test_reads_what_meson_reads(tmp_path):
    files = [write(tmp_path / f'{index}.ini', text) for index, text in enumerate(LAYERED)]
    binaries = meson_files.read_binaries(files, Path('/project'))
    assert binaries == meson_reads(*files)
    assert binaries['cpp'][:3] == ['/opt/y/bin/cc', '-m64', '-O1']
    assert binaries['home'] == f'{Path.home()}/bin'
    assert binaries['here'] == f'{tmp_path}/cc'


@pytest.mark.parametrize(
    'text',
    [
        "c = 'gcc",
        'c = gcc',
        "c = ['gcc'",
        "c = 'a' + ['b']",
        'c = 1 + 1',
        'c =',
        "c = 'gcc' 'x'",
        "c = 'gcc'\nc = 'clang'",
        'c',
        'c = "gcc"',
    ],
)
def test_refuses_what_meson_refuses(tmp_path, text):
    """But for `'gcc' 'x'`, whose end Meson does not look at."""
    file = write(tmp_path / 'x.ini', f'[binaries]\n{text}\n')
    with pytest.raises(UnreadableError):
        meson_files.read_binaries([file], Path('/project'))


@pytest.mark.parametrize(
    'word',
    ['gcc', 'a b', "it's", "''x", "a''b'c", "ab\\c'd", "a'b\\c", '100%', '#x', ';x', '-DX="y"', 'Zürich', "'lead", '$HOME', '~'],
)
def test_what_is_written_is_read_back(tmp_path, word):
    file = write(tmp_path / 'x.ini', meson_files.render({'c': [word, '-m64'], 'ar': word}))
    expected = {'c': [word, '-m64'], 'ar': word}
    assert meson_reads(file) == expected
    assert meson_files.read_binaries([file], Path('/project')) == expected


@pytest.mark.parametrize('word', ["tail'", "'''", "'\\", 'a\nb', 'a\udcff'])
def test_what_meson_has_no_spelling_for_is_an_error(word):
    with pytest.raises(ToolError, match='machine file can not hold'):
        meson_files.render({'c': word})


def test_named_files(tmp_path, monkeypatch):
    native = write(tmp_path / 'native.ini', '')
    other = write(tmp_path / 'other.ini', '')
    shared = tmp_path / 'data' / 'meson' / 'native' / 'shared'
    shared.parent.mkdir(parents=True)
    write(shared, '')
    monkeypatch.setenv('XDG_DATA_HOME', os.fspath(tmp_path / 'data'))
    monkeypatch.setenv('WHERE', os.fspath(tmp_path))
    arguments = [
        '-Dx=y',
        '--native-file',
        '../native.ini',
        '--buildtype',
        'debug',
        '--native-file=$WHERE/other.ini',
        '--native-file=shared',
    ]
    assert meson_files.named(arguments, '--native-file', tmp_path / 'build') == [native, other, shared]
    assert meson_files.named(arguments, '--cross-file', tmp_path / 'build') == []


@pytest.mark.parametrize('arguments', [['--native-file=missing.ini'], ['--native-file']])
def test_named_files_that_meson_will_complain_about(tmp_path, arguments):
    with pytest.raises(UnreadableError):
        meson_files.named(arguments, '--native-file', tmp_path)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Put programs of these names, and no others, on PATH."""

    def make(*names):
        directory = tmp_path / 'bin'
        directory.mkdir()
        for name in names:
            directory.joinpath(name).write_text('#!/bin/sh\n')
            directory.joinpath(name).chmod(0o755)
        monkeypatch.setenv('PATH', os.fspath(directory))

    for name in ('CC', 'CXX', 'FC'):
        monkeypatch.delenv(name, raising=False)
    return make


def wrapped(tmp_path, *arguments):
    """The entries of our machine file, without the launcher."""
    file = meson_setup.machine_file(LAUNCHER, arguments, tmp_path, tmp_path)
    if file is None:
        return None
    binaries = meson_files.read_binaries([write(tmp_path / 'ours.ini', file.text)], tmp_path)
    for name in ('c', 'cpp', 'fortran'):
        if name in binaries:
            assert binaries[name][:2] == LAUNCHER
            binaries[name] = binaries[name][2:]
    return file.option, binaries


@pytest.mark.parametrize(
    ('available', 'expected'),
    [
        (('cc', 'gcc', 'clang', 'c++', 'g++'), {'c': ['cc'], 'cpp': ['c++']}),
        (('gcc', 'clang', 'clang++'), {'c': ['gcc'], 'cpp': ['clang++']}),
        (('cc', 'gfortran'), {'c': ['cc'], 'fortran': ['gfortran']}),
        (('cc', 'ccache'), {'c': ['ccache', 'cc']}),
        (('cc', 'c++', 'ccache', 'sccache'), {'c': ['sccache', 'cc'], 'cpp': ['sccache', 'c++']}),
    ],
)
def test_default_compilers(tmp_path, programs, available, expected):
    programs(*available)
    assert wrapped(tmp_path) == ('--native-file', expected)


def test_no_compiler_is_for_meson_to_say(tmp_path, programs):
    programs('ccache')
    assert wrapped(tmp_path) is None


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        ('gcc', ['gcc']),
        ('ccache gcc -m64', ['ccache', 'gcc', '-m64']),
        ('gcc "-DX=a b"', ['gcc', '-DX=a b']),
        ('sccache gcc', ['gcc']),
        ('', ['ccache', 'cc']),
        ('tramp-cc gcc', ['gcc']),
        ('/opt/tramp-cc --tramp-state=/other gcc -m32', ['gcc', '-m32']),
        ('missing-compiler', None),
    ],
)
def test_compiler_of_the_environment(tmp_path, programs, monkeypatch, value, expected):
    """No cache goes in front of it; one that is named and not installed goes away, as with Meson."""
    programs('cc', 'gcc', 'ccache', 'tramp-cc')
    monkeypatch.setenv('CC', value)
    assert wrapped(tmp_path) == (None if expected is None else ('--native-file', {'c': expected}))


def test_a_compiler_path_with_spaces_in_the_environment(tmp_path, programs, monkeypatch):
    programs('cc')
    compiler = tmp_path / 'my compilers' / "it's gcc"
    compiler.parent.mkdir()
    write(compiler, '').chmod(0o755)
    monkeypatch.setenv('CC', os.fspath(compiler))
    assert wrapped(tmp_path) == ('--native-file', {'c': [os.fspath(compiler)]})


def test_a_machine_file_wins_over_the_environment(tmp_path, programs, monkeypatch):
    programs('cc', 'gcc', 'c++', 'g++')
    monkeypatch.setenv('CC', 'cc -from-environment')
    monkeypatch.setenv('CXX', 'c++ -from-environment')
    write(tmp_path / 'user.ini', "[binaries]\nc = ['gcc', '-from-file']\n")
    assert wrapped(tmp_path, '--native-file=user.ini') == (
        '--native-file',
        {'c': ['gcc', '-from-file'], 'cpp': ['c++', '-from-environment']},
    )


def test_an_empty_entry_hides_the_environment(tmp_path, programs, monkeypatch):
    programs('cc', 'gcc')
    monkeypatch.setenv('CC', 'gcc')
    write(tmp_path / 'user.ini', "[binaries]\nc = ''\n")
    assert wrapped(tmp_path, '--native-file=user.ini') == ('--native-file', {'c': ['cc']})


def test_entries_that_build_on_the_compiler_keep_their_value(tmp_path, programs):
    programs('gcc', 'g++')
    user = write(tmp_path / 'user.ini', "[binaries]\nc = 'gcc'\nar = c + '-ar'\ncpp = 'g++'\n")
    file = meson_setup.machine_file(LAUNCHER, ['--native-file=user.ini'], tmp_path, tmp_path)
    binaries = meson_reads(user, write(tmp_path / 'ours.ini', file.text))
    assert binaries == {'c': [*LAUNCHER, 'gcc'], 'cpp': [*LAUNCHER, 'g++'], 'ar': 'gcc-ar'}


def test_a_cross_build_wraps_the_compilers_for_the_host_machine(tmp_path, programs, monkeypatch):
    programs('cc', 'gcc', 'arm-gcc', 'c++', 'arm-g++')
    write(tmp_path / 'native.ini', "[binaries]\nc = 'gcc'\n")
    write(tmp_path / 'cross.ini', "[binaries]\nc = 'arm-gcc'\n")
    monkeypatch.setenv('CXX', 'arm-g++')
    found = wrapped(tmp_path, '--native-file=native.ini', '--cross-file', 'cross.ini')
    assert found == ('--cross-file', {'c': ['arm-gcc'], 'cpp': ['arm-g++']})


def test_a_cross_build_has_no_default_compilers(tmp_path, programs):
    programs('cc', 'c++')
    write(tmp_path / 'cross.ini', "[binaries]\nar = 'arm-ar'\n")
    assert wrapped(tmp_path, '--cross-file=cross.ini') is None


@pytest.mark.parametrize('text', ["[binaries]\nc = 'gcc\n", 'no section'])
def test_an_unreadable_file_is_for_meson_to_report(tmp_path, programs, text):
    programs('gcc')
    write(tmp_path / 'user.ini', text)
    assert wrapped(tmp_path, '--native-file=user.ini') is None
    assert wrapped(tmp_path, '--native-file=missing.ini') is None


def test_meson_takes_what_we_think_it_takes(tmp_path, monkeypatch):
    """The precedence, asked of Meson itself: machine file over environment over its own list."""
    for name, compiler in (('from-file', 'gcc'), ('from-env', 'gcc'), ('from-env++', 'g++')):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\nexec {compiler} "$@"\n')
        script.chmod(0o755)
    write(
        tmp_path / 'meson.build',
        "project('x', 'c', 'cpp')\nforeach l : ['c', 'cpp']\n  message(l, meson.get_compiler(l).cmd_array())\nendforeach\n",
    )
    write(tmp_path / 'user.ini', f"[binaries]\nc = ['{tmp_path}/from-file', '-DA']\n")
    env = {**os.environ, 'CC': f'{tmp_path}/from-env -DB', 'CXX': f'{tmp_path}/from-env++ -DB'}
    for name in ('CC', 'CXX'):
        monkeypatch.setenv(name, env[name])
    ours = meson_setup.machine_file([], ['--native-file=user.ini'], tmp_path, tmp_path)
    binaries = meson_files.read_binaries([write(tmp_path / 'ours.ini', ours.text)], tmp_path)
    meson = (sys.executable, '-m', 'mesonbuild.mesonmain', 'setup')
    said = subprocess.run([*meson, 'build', '--native-file=user.ini'], cwd=tmp_path, env=env, text=True, capture_output=True, check=True)
    for language in ('c', 'cpp'):
        assert f'Message: {language} [{", ".join(repr(word) for word in binaries[language])}]' in said.stdout
