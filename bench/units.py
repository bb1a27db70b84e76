"""Outlined catch chains in what projects have: a wrapper that SWIG makes, and single units of matplotlib and SciPy."""

from __future__ import annotations

import sys
import sysconfig
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import peers
from common import BENCH, Budget, Options, Table, cache_dir, progress, run
from modules import FLAGS, launcher_of, make_state

if TYPE_CHECKING:
    from pathlib import Path

SWIG = Budget(93, 'at most 93 %')
INTERFACE = BENCH / 'sources' / 'swig' / 'containers.i'
_FAKES = BENCH / 'sources' / 'sdist'
_HEADER = ('unit', 'chains', 'bytes', 'outlined', 'to stock', 'budget')
_SECTIONS = ('.text', '.eh_frame', '.gcc_except_table')


@dataclass(frozen=True, slots=True)
class Unit:
    """A source in a source distribution, and what it needs of it to be compiled."""

    project: str
    version: str
    source: str
    directories: tuple[str, ...]  # searched for headers
    also: tuple[str, ...] = ()  # what is reached from there

    def unpack(self, work: Path) -> Path:
        """Return the root of what is needed, unpacked."""
        name = f'{self.project}-{self.version}'
        wanted = {self.source.rpartition('/')[0], *(self.also or self.directories)}
        with tarfile.open(fetch(self.project, self.version)) as archive:
            found = [m for m in archive.getmembers() if any(m.name.startswith(f'{name}/{d}/') for d in wanted) and m.isfile()]
            for member in found:
                member.mode = 0o644
                archive.extract(member, work)
        return work / name


_MATPLOTLIB = ('matplotlib', '3.5.3')
_AGG = ('src', 'extern/agg24-svn/include')
_SCIPY = ('scipy', '1.17.1')
_FITPACK = (('scipy/interpolate',), ('scipy/_build_utils/src',))
UNITS = (
    Unit(*_MATPLOTLIB, 'src/_path_wrapper.cpp', _AGG),
    Unit(*_MATPLOTLIB, 'src/_backend_agg_wrapper.cpp', _AGG),
    Unit(*_MATPLOTLIB, 'src/_image_wrapper.cpp', _AGG),
    Unit(*_SCIPY, 'scipy/_lib/_uarray/_uarray_dispatch.cxx', ()),
    Unit(*_SCIPY, 'scipy/_lib/_uarray/vectorcall.cxx', ()),
    Unit(*_SCIPY, 'scipy/interpolate/src/_dierckxmodule.cc', *_FITPACK),
    Unit(*_SCIPY, 'scipy/interpolate/src/__fitpack.cc', *_FITPACK),
)


def measure(options: Options) -> list[Table]:
    """Return the table of all units; nothing where nothing is to be fetched."""
    if not options.peers:
        return []
    work = options.work / 'units'
    rows = [_swig_row(work, exceptions=True), _swig_row(work, exceptions=False)]
    numpy = peers.install() / 'numpy' / '_core' / 'include'
    rows += [_unit_row(unit, work / str(number), numpy) for number, unit in enumerate(UNITS)]
    notes = (
        'Objects as g++ -O2 makes them. Bytes: text and unwind data. Chains: how many have become a '
        f'function that several others share. {peers.versions("swig", "numpy")}.',
    )
    return [Table('Outlined catch chains in real units', _HEADER, rows, notes)]


def fetch(project: str, version: str) -> Path:
    """Return a source distribution, fetched the first time.

    pip asks the build system of whatever it fetches for metadata; a stand-in gives it those that are there, and nothing is built.
    """
    directory = cache_dir() / f'{project}-{version}'
    if not any(directory.glob('*.tar.gz')):
        progress(f'fetching {project} {version}')
        pip = (sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '--no-build-isolation', '--use-pep517')
        run(*pip, '--no-binary', project, '-d', directory, f'{project}=={version}', env={'PYTHONPATH': str(_FAKES)})
    (sdist,) = directory.glob('*.tar.gz')
    return sdist


def wrapper(work: Path, *, exceptions: bool = True) -> Path:
    """Return the wrapper that SWIG makes; its Python half lies beside it.  Without `exceptions`: the same without a chain."""
    tools = peers.install()
    work.mkdir(parents=True)
    text = INTERFACE.read_text()
    if not exceptions:
        start = text.index('%exception {')
        text = text[:start] + text[text.index('\n}\n', start) + 3 :]
    (work / INTERFACE.name).write_text(text)
    swig = (sys.executable, '-c', 'import sys, swig; sys.exit(swig.swig())', '-c++', '-python')
    run(*swig, INTERFACE.name, cwd=work, env={'PYTHONPATH': str(tools)})
    return work / 'containers_wrap.cxx'


def _swig_row(work: Path, *, exceptions: bool) -> list[str]:
    progress(f'SWIG wrapper, {"with" if exceptions else "without"} %exception')
    source = wrapper(work / f'swig-{exceptions}', exceptions=exceptions)
    title = f'SWIG containers, {"%exception of four clauses" if exceptions else "no %exception"}'
    return row(title, source.parent, source, (), SWIG if exceptions else None)


def _unit_row(unit: Unit, work: Path, numpy: Path) -> list[str]:
    title = f'{unit.project} {unit.version} {unit.source.rpartition("/")[2]}'
    progress(title)
    root = unit.unpack(work)
    flags = [f'-I{root / directory}' for directory in unit.directories]
    return row(title, root, root / unit.source, (*flags, f'-I{numpy}', '-std=c++17'), None)


def row(title: str, root: Path, source: Path, flags: tuple[str, ...], budget: Budget | None) -> list[str]:
    """Compile a unit of the project below `root` stock and through the launcher, and compare the objects."""
    state = make_state(root, root.parent / f'{source.stem}-state')
    objects = {}
    for name, launcher in (('stock', ()), ('outlined', launcher_of(state))):
        objects[name] = root.parent / f'{source.stem}-{name}.o'
        done = run(*launcher, 'g++', *FLAGS, *flags, '-isystem', sysconfig.get_path('include'), '-c', source, '-o', objects[name])
        if 'tramp-build' in done.stderr:
            progress(done.stderr.strip())
    stock, outlined = map(text_and_unwind, objects.values())
    ratio = 100 * outlined / stock
    judged = budget.judge(ratio) if budget else ''
    return [title, str(_outlined(objects['outlined'])), str(stock), str(outlined), f'{ratio:.1f} %', judged]


def text_and_unwind(module: Path) -> int:
    """Return the bytes of text with unwind data of an object."""
    lines = [line.split() for line in run('size', '-A', '-d', module).stdout.splitlines() if line.startswith(_SECTIONS)]
    return sum(int(words[1]) for words in lines)


def _outlined(module: Path) -> int:
    symbols = run('nm', '-C', module).stdout
    return sum(words[2].startswith('tramp_o_') for line in symbols.splitlines() if len(words := line.split(maxsplit=2)) == 3)
