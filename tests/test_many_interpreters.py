"""Wheels for several interpreters from one checkout, one after the other, as cibuildwheel makes them."""

from __future__ import annotations

import os
import sys

import pytest
from package_support import ROOT, VEnv, check_record, copy_package, names_in, run
from runtime_support import interpreters

from tramp_build import paths

OLDEST = (3, 10)  # that tramp-build runs on
BUILD = 'import sys, setuptools.build_meta as b; print(b.build_wheel(sys.argv[1]))'
RAISES = """
import setuptools_cpp
assert setuptools_cpp.check(3) == 3
try:
    setuptools_cpp.check(-3)
except ValueError as exc:
    assert str(exc) == 'negative: -3'
else:
    raise SystemExit('nothing was raised')
"""


@pytest.fixture(scope='module')
def environment(tmp_path_factory):
    """What an isolated build would install, for any interpreter: pure wheels, and this checkout with its entry point."""
    site = tmp_path_factory.mktemp('site')
    pure = ['--only-binary', ':all:', '--python-version', '3.10', '--implementation', 'py', '--abi', 'none', '--platform', 'any']
    names = ['setuptools>=75', 'packaging', 'tomli']
    run(sys.executable, '-m', 'pip', 'install', '-q', '--no-deps', '--disable-pip-version-check', '--target', site, *pure, *names)
    info = site / f'tramp_build-{paths.version()}.dist-info'
    info.mkdir()
    info.joinpath('METADATA').write_text(f'Metadata-Version: 2.1\nName: tramp-build\nVersion: {paths.version()}\n')
    info.joinpath('entry_points.txt').write_text(
        '[setuptools.finalize_distribution_options]\ntramp-build = tramp_build.setuptools_plugin:finalize_distribution_options\n'
    )
    clean = {name: value for name, value in os.environ.items() if name not in ('CC', 'CXX', 'CFLAGS', 'TRAMP_BUILD')}
    return {**clean, 'PYTHONPATH': os.pathsep.join((os.fspath(site), os.fspath(ROOT))), 'SOURCE_DATE_EPOCH': '1700000000'}


def test_one_checkout(tmp_path, environment):
    package = copy_package('setuptools-cpp', tmp_path)

    def wheel_for(interpreter):
        out = tmp_path / 'dist' / str(interpreter)
        out.mkdir(parents=True, exist_ok=True)
        name = run(interpreter.executable, '-c', BUILD, out, cwd=package, env=environment).stdout.splitlines()[-1]
        return out / name

    builders = [found for found in interpreters() if found.version >= OLDEST]
    assert builders
    wheels = {interpreter: wheel_for(interpreter) for interpreter in builders}
    # What the others have left in the checkout changes nothing.
    before = wheels[builders[0]].read_bytes()
    assert wheel_for(builders[0]).read_bytes() == before
    for interpreter, wheel in wheels.items():
        assert f'-{interpreter}-{interpreter}-' in wheel.name
        assert len([name for name in names_in(wheel) if 'libtramp' in name]) == 2
        check_record(wheel)
        venv = VEnv(tmp_path / f'venv-{interpreter}', os.fspath(interpreter.executable))
        venv.install(wheel)
        venv.run(RAISES)
