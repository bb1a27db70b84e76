"""What the tests of the meson-python backend share."""

from __future__ import annotations

import os

import pytest
from package_support import read_member

import tramp_build.mesonpy
from tramp_build import elf, paths

VERSION = paths.version()
C_LIBRARY = f'libtramp-{VERSION}.so'
CXX_LIBRARY = f'libtramp-cxx-{VERSION}.so'


RAISES = """
import meson_cpp
assert meson_cpp.check(3) == 3
try:
    meson_cpp.check(-3)
except ValueError as exc:
    assert str(exc) == 'negative: -3'
else:
    raise SystemExit('nothing was raised')
"""


def in_package(name):
    return pytest.mark.parametrize('package', [name], indirect=True)


def build(directory, settings=None, backend=tramp_build.mesonpy):
    """Build a wheel of the current directory."""
    directory.mkdir(exist_ok=True)
    return directory / backend.build_wheel(os.fspath(directory), settings)


def needed(wheel, name):
    return elf.read_dynamic(read_member(wheel, name)).needed


def tree(directory):
    return {p.relative_to(directory): (p.stat().st_mtime_ns, p.read_bytes() if p.is_file() else None) for p in directory.rglob('*')}
