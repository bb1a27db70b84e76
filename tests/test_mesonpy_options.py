"""The meson-python backend with Meson's options, the linkers, and every compiler that is here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from mesonpy_support import CXX_LIBRARY, build, in_package, needed
from package_support import EXT_SUFFIX, read_member

pytestmark = pytest.mark.usefixtures('scratch')

MODULES = {'c': f'meson_options_c{EXT_SUFFIX}', 'c++': f'meson_options_cxx{EXT_SUFFIX}'}
# Of those that can be installed beside each other, the ones that are.
COMPILERS = [name for kind in ('gcc', 'clang') for n in range(11, 30) if shutil.which(name := f'{kind}-{n}')]
USE = """
import meson_options_c, meson_options_cxx
assert (meson_options_c.twice(2), meson_options_c.is_set()) == ((2.0, 2.0), True)
assert (meson_options_cxx.check(3), meson_options_cxx.look(at=4, where='')) == (3, 4)
for call, expected in (lambda: meson_options_cxx.check(-1), ValueError), (lambda: meson_options_cxx.look('there', 12), IndexError):
    try: call()
    except expected as exc: assert exc.args in (('negative',), ('there',)), exc
    else: raise SystemExit('nothing was raised')
"""


def use(wheel, directory, **env):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    done = subprocess.run([sys.executable, '-c', USE], cwd=directory, env={**os.environ, **env}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def check(wheel, directory, capfd, **env):
    """All rows go through, all that can take vectors do, nothing was said, and the modules do what they should."""
    said = capfd.readouterr()
    said = said.out + said.err
    assert ', 0 skipped' in said, said
    assert not re.findall(r'^(?!WARNING: Need).*\b(?:warning|error): .*$', said, re.MULTILINE | re.IGNORECASE)
    name = next(n for n in zipfile.ZipFile(wheel).namelist() if n.endswith('tramp-build.json'))
    summary = json.loads(read_member(wheel, name))['summary']
    assert (summary['routed'], summary['fallbacks'], summary['fastcall']) == (6, 0, 3)
    use(wheel, directory / 'used', **env)


@pytest.mark.parametrize(
    'option',
    [
        '-Db_lto=true', '-Db_coverage=true', '-Db_ndebug=true', '-Db_asneeded=false', '-Dbuildtype=debug',
        '-Dc_std=c2x -Dcpp_std=c++20', '-Dc_std=c99 -Dcpp_std=c++11',
    ],
)  # fmt: skip
@in_package('meson-options')
def test_options(package, tmp_path, capfd, option):
    wheel = build(tmp_path / 'dist', {'setup-args': option.split()})
    check(wheel, tmp_path, capfd)
    assert CXX_LIBRARY in needed(wheel, MODULES['c++'])


@in_package('meson-options')
def test_sanitizer(package, tmp_path, capfd):
    """As its manual says: without undefined symbols is not to be had then."""
    wheel = build(tmp_path / 'dist', {'setup-args': ['-Db_sanitize=address,undefined', '-Db_lundef=false']})
    runtime = subprocess.run(['gcc', '-print-file-name=libasan.so'], capture_output=True, text=True, check=True).stdout.strip()
    cxx = subprocess.run(['gcc', '-print-file-name=libstdc++.so.6'], capture_output=True, text=True, check=True).stdout.strip()
    check(wheel, tmp_path, capfd, LD_PRELOAD=f'{runtime} {cxx}', ASAN_OPTIONS='detect_leaks=0', UBSAN_OPTIONS='halt_on_error=1')


@in_package('meson-options')
def test_unity(package, tmp_path, capfd):
    """Sources that Meson puts together, in a file of its build directory."""
    check(build(tmp_path / 'dist', {'setup-args': ['--unity=on']}), tmp_path, capfd)


@pytest.mark.parametrize(('compiler', 'linker'), [('gcc', 'gold'), ('gcc', 'lld'), ('gcc', 'mold'), ('clang', 'lld'), ('clang', 'mold')])
@in_package('meson-options')
def test_linkers(package, tmp_path, capfd, monkeypatch, compiler, linker):
    monkeypatch.setenv('CC', compiler)
    monkeypatch.setenv('CXX', {'gcc': 'g++', 'clang': 'clang++'}[compiler])
    monkeypatch.setenv('CC_LD', linker)
    monkeypatch.setenv('CXX_LD', linker)
    check(build(tmp_path / 'dist'), tmp_path, capfd)


@pytest.mark.parametrize('compiler', COMPILERS)
@in_package('meson-options')
def test_compilers(package, tmp_path, capfd, monkeypatch, compiler):
    """Every version that is here, with what it has for a default."""
    monkeypatch.setenv('CC', compiler)
    monkeypatch.setenv('CXX', compiler.replace('clang', 'clang++').replace('gcc', 'g++'))
    check(build(tmp_path / 'dist', {'setup-args': ['-Dc_std=none', '-Dcpp_std=none']}), tmp_path, capfd)


@in_package('meson-options')
def test_static_run_time(package, tmp_path, capfd):
    """The barrier goes into a module that has libstdc++ of its own."""
    wheel = build(tmp_path / 'dist', {'setup-args': ['-Dcpp_link_args=-static-libstdc++']})
    check(wheel, tmp_path, capfd)
    assert not {CXX_LIBRARY, 'libstdc++.so.6'} & set(needed(wheel, MODULES['c++']))
