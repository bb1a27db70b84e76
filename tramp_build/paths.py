"""Where libtramp, tramp.h and tramp-cc live: beside the installed package, or in the build directory of a checkout."""

from __future__ import annotations

import os
from pathlib import Path

from tramp_build import __version__
from tramp_build.errors import ToolError

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE.parent


def version() -> str:
    """Return the release that libtramp's file names and symbol versions carry."""
    return __version__


def library_dir() -> Path:
    """Return the directory of libtramp in all its forms, shared and static."""
    return _find('libtramp', _PACKAGE / 'lib', _build_dir() / 'csrc', f'libtramp-{version()}.so')


def include_dir() -> Path:
    """Return the directory of tramp.h."""
    return _find('tramp.h', _PACKAGE / 'include', _ROOT / 'csrc', 'tramp.h')


def launcher() -> Path:
    """Return the compiler launcher."""
    return _find('tramp-cc', _PACKAGE / 'bin', _build_dir() / 'csrc' / 'launcher', 'tramp-cc') / 'tramp-cc'


def python_path() -> str:
    """Return what a bare interpreter needs on its path to import this package; empty where it is installed."""
    return str(_ROOT) if _ROOT.joinpath('meson.build').is_file() else ''


def _build_dir() -> Path:
    return Path(os.environ.get('TRAMP_BUILD_DEV') or _ROOT / 'build' / 'dev').resolve()


def _find(what: str, installed: Path, in_tree: Path, file: str) -> Path:
    for directory in (installed, in_tree):
        if directory.joinpath(file).is_file():
            return directory
    raise ToolError(
        f'{what} is missing: neither {installed / file} nor {in_tree / file} is there. '
        'Reinstall tramp-build or, in a checkout, run: meson setup build/dev && ninja -C build/dev'
    )
