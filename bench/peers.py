"""The functions of the call table in Cython, pybind11 and nanobind: written as their users write them, built with their flags."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from typing import TYPE_CHECKING

from common import BENCH, cache_dir, progress, run
from modules import FLAGS

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = BENCH / 'sources' / 'peers'
REQUIREMENTS = BENCH / 'requirements.txt'
NAMES = ('Cython', 'pybind11', 'nanobind')
_INCLUDE = f'-I{sysconfig.get_path("include")}'


def build_peers(work: Path) -> dict[str, Path]:
    """Return a module of each, built now."""
    tools = install()
    work.mkdir(parents=True)
    progress('building with Cython, pybind11 and nanobind')
    return {'Cython': _cython(tools, work), 'pybind11': _pybind11(tools, work), 'nanobind': _nanobind(tools, work)}


def versions(*names: str) -> str:
    """Say which were measured: all, or those named."""
    tools = cache_dir() / 'peers'
    found = {path.name.partition('-')[0].lower(): path.name.split('-')[1] for path in tools.glob('*.dist-info')}
    return ', '.join(f'{name} {found[name.lower()].removesuffix(".dist")}' for name in names or NAMES)


def install() -> Path:
    """Install all of the requirements outside of every environment: nothing but measurements needs them."""
    tools = cache_dir() / 'peers'
    stamp = tools / 'requirements.txt'
    if not stamp.exists() or stamp.read_bytes() != REQUIREMENTS.read_bytes():
        progress('installing Cython, pybind11, nanobind, SWIG and NumPy')
        shutil.rmtree(tools, ignore_errors=True)
        run(sys.executable, '-m', 'pip', 'install', '-q', '--target', tools, '-r', REQUIREMENTS)
        shutil.copyfile(REQUIREMENTS, stamp)
    return tools


def _cython(tools: Path, work: Path) -> Path:
    source, module = work / 'calls_cython.c', work / 'calls_cython.so'
    run(sys.executable, '-m', 'cython', '-3', SOURCES / 'calls_cython.pyx', '-o', source, env={'PYTHONPATH': str(tools)})
    run('gcc', *FLAGS, _INCLUDE, '-shared', source, '-o', module)
    return module


def _pybind11(tools: Path, work: Path) -> Path:
    module = work / 'calls_pybind11.so'
    flags = ('-std=c++17', '-fvisibility=hidden', _INCLUDE, f'-I{tools / "pybind11" / "include"}')
    run('g++', *FLAGS, *flags, '-shared', SOURCES / 'calls_pybind11.cpp', '-o', module)
    return module


def _nanobind(tools: Path, work: Path) -> Path:
    cmake = shutil.which('cmake') or tools / 'bin' / 'cmake'
    path = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get('PATH', os.defpath)))
    env = {'PYTHONPATH': str(tools), 'PATH': path}
    run(
        cmake, '-S', SOURCES, '-B', work / 'nanobind', '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release',
        f'-DPython_EXECUTABLE={sys.executable}', f'-Dnanobind_DIR={tools / "nanobind" / "cmake"}', env=env,
    )  # fmt: skip
    run(cmake, '--build', work / 'nanobind', env=env)
    (module,) = (work / 'nanobind').glob('calls_nanobind*.so')
    return module
