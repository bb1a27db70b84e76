"""pycairo, the C module that size and build time are measured with: fetched once, built as its users build it."""

from __future__ import annotations

import os
import resource
import sys
import time
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common import ROOT, cache_dir, progress, run

sys.path.append(str(ROOT / 'tests'))
import corpus_support

VARIANTS = ('stock', 'routed')
_PROJECT = corpus_support.PROJECTS['pycairo']


@dataclass(frozen=True, slots=True)
class Build:
    """One finished build."""

    wheel: Path
    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Pycairo:
    """The unpacked source twice: as it comes, and with the edit of pyproject.toml that the README asks for."""

    work: Path

    @classmethod
    def unpack(cls, work: Path) -> Pycairo:
        """Fetch (the first time) and unpack."""
        unpack(_PROJECT, work)
        return cls(work)

    def build(self, variant: str) -> Build:
        """Build a wheel by the front end and the hook; without isolation, for installing the tools is nobody's measure."""
        (source,) = (path for path in (self.work / variant).iterdir() if path.name != 'dist')
        out = self.work / variant / 'dist'
        path = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get('PATH', os.defpath)))
        before, started = cpu_of_children(), time.perf_counter()
        run(
            sys.executable, '-m', 'build', '--wheel', '--no-isolation', '--skip-dependency-check', '--outdir', out, source,
            # Meson would put a compiler cache in front.
            env={'PATH': path, 'CCACHE_DISABLE': '1', 'SCCACHE_DISABLE': '1'},
        )  # fmt: skip
        wall, cpu = time.perf_counter() - started, cpu_of_children() - before
        (wheel,) = out.glob('*.whl')
        return Build(wheel, wall, cpu)

    def wheel(self, variant: str) -> Path:
        """Return a wheel, built now if none is there."""
        made = next((self.work / variant / 'dist').glob('*.whl'), None)
        return made or self.build(variant).wheel


def unpack(project: corpus_support.Project, work: Path) -> dict[str, Path]:
    """Fetch a project the first time, and unpack it twice: as it comes, and with the edit that the README asks for."""
    downloads = cache_dir() / f'{project.name}-{project.version}'
    sdist = next(downloads.glob('*.tar.gz'), None)
    if sdist is None:
        progress(f'fetching {project.name}')
        try:
            sdist = corpus_support.fetch(project, downloads)
        except AssertionError as exc:
            raise SystemExit(f'bench: error: {project.name} is not to be had: {exc}') from None
    sources = {variant: corpus_support.unpack(sdist, work / variant) for variant in VARIANTS}
    corpus_support.add_tramp_build(sources['routed'], project.backend, 'tramp-build')
    return sources


@cache
def pycairo(work: Path) -> Pycairo:
    """Return the sources in a work directory; all topics of one run share them."""
    return Pycairo.unpack(work / 'pycairo')


def extract(wheel: Path, directory: Path, wanted: str) -> Path:
    """Unpack the one file of a wheel whose name contains `wanted`."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if wanted in name)
        return Path(archive.extract(name, directory))


def cpu_of_children() -> float:
    """Return the CPU time of all commands that were run so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
