"""Module sizes: text, unwind data, data and what the dynamic linker reads, per variant and per method."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catch_heavy import METHODS, Module
from common import Budget, Options, Table, progress, run
from modules import build_module, launcher_of, make_state
from pycairo import VARIANTS, extract, pycairo
from real import install

if TYPE_CHECKING:
    from pathlib import Path

C_ONLY = Budget(106, 'at most 106 %')
CATCH_HEAVY = Budget(65, 'at most 65 %')
# Modules of types: most of what they hand to Python are slots.  By project: the module, its language, and what it is held to.
_TYPES = {'bitarray': ('_bitarray', 'C', C_ONLY), 'wrapt': ('_wrappers', 'C', C_ONLY), 'kiwisolver': ('_cext', 'C++', None)}
_GROUPS = {
    'text': ('.text', '.plt', '.init', '.fini'),
    'unwind': ('.eh_frame', '.eh_frame_hdr', '.gcc_except_table'),
    'data': ('.rodata', '.data', '.bss', '.data.rel.ro', '.init_array', '.fini_array', '.tm_clone_table'),
}
_HEADER = ('module', 'text', 'unwind', 'data', 'linking', 'sum', 'per method', 'to stock', 'stripped file', 'to stock', 'budget')
_NOTE = (
    'Bytes. Unwind: .eh_frame, .eh_frame_hdr, .gcc_except_table. Linking: symbols, strings, relocations, GOT. Sum: all of these. '
    'A stripped file has its segments padded to whole pages, so its size moves in steps.'
)


@dataclass(frozen=True, slots=True)
class Size:
    """The sizes of one module."""

    title: str
    groups: dict[str, int]
    file: int
    methods: int

    @property
    def total(self) -> int:
        return sum(self.groups.values())

    def row(self, stock: Size, budget: Budget | None) -> list[str]:
        """Return the row of the table; what is not judged says nothing."""
        ratios = (100 * self.total / stock.total, 100 * self.file / stock.file)
        verdict = ''
        if budget:
            verdict = '; '.join(f'{what} {budget.judge(ratio)}' for what, ratio in zip(('sum', 'file'), ratios, strict=True))
        to_stock = ['', ''] if self is stock else [f'{ratio:.1f} %' for ratio in ratios]
        return [
            self.title,
            *(str(self.groups[name]) for name in ('text', 'unwind', 'data', 'linking')),
            str(self.total),
            f'{self.total / self.methods:.0f}',
            to_stock[0],
            str(self.file),
            to_stock[1],
            verdict,
        ]


def measure(options: Options) -> list[Table]:
    """Return the tables of pycairo and of the generated modules."""
    work = options.work / 'sizes'
    work.mkdir()
    methods = options.pick(METHODS, 20)
    return [_pycairo(options), _types(options), *(_catch_heavy(clauses, methods, work) for clauses in (8, 3))]


def read_size(title: str, module: Path, methods: int) -> Size:
    """Strip a copy of a module and measure it."""
    stripped = module.with_suffix('.stripped')
    run('strip', '-o', stripped, module)
    group_of = {section: group for group, sections in _GROUPS.items() for section in sections}
    groups = dict.fromkeys(('text', 'unwind', 'data', 'linking'), 0)
    for line in run('size', '-A', '-d', stripped).stdout.splitlines():
        if line.startswith('.'):
            name, size = line.split()[:2]
            base = name if name in group_of else f'.{name.split(".")[1]}'  # .plt.got as .plt
            groups[group_of.get(base, 'linking')] += int(size)
    return Size(title, groups, stripped.stat().st_size, methods)


def _pycairo(options: Options) -> Table:
    progress('size of pycairo')
    project = pycairo(options.work)
    wheels = {variant: project.wheel(variant) for variant in VARIANTS}
    report = json.loads(extract(wheels['routed'], options.work / 'sizes', 'tramp-build.json').read_text('utf-8'))
    methods = report['summary']['routed']
    stock, routed = (
        read_size(f'pycairo, {variant}', extract(wheels[variant], options.work / 'sizes' / variant, '/_cairo.'), methods)
        for variant in VARIANTS
    )
    library = extract(wheels['routed'], options.work / 'sizes', '/libtramp-')
    return Table(
        'Size of a C module',
        _HEADER,
        [stock.row(stock, None), routed.row(stock, C_ONLY)],
        (
            f'{methods} rows routed. {_NOTE}',
            f'The wheel also carries {library.name}, {library.stat().st_size} bytes, once for all its modules.',
        ),
    )


def _types(options: Options) -> Table:
    rows, counts = [], []
    for name, (module, language, budget) in _TYPES.items():
        progress(f'size of {name}')
        found = install(name, options.work / 'real' / name)
        (report,) = found['routed'].glob('*.dist-info/tramp-build.json')
        kinds = [
            table['kind']
            for file in json.loads(report.read_text('utf-8'))['files']
            for table in file['tables']
            for entry in table['entries']
            if entry['decision'] == 'routed'
        ]
        slots = sum(kind not in ('PyMethodDef', 'PyGetSetDef') for kind in kinds)
        counts.append(f'{name}: {len(kinds)} rows routed, {slots} of them slots')
        stock, routed = (
            read_size(f'{name} ({language}), {variant}', next(found[variant].rglob(f'{module}.*.so')), len(kinds)) for variant in VARIANTS
        )
        rows += [stock.row(stock, None), routed.row(stock, budget)]
    return Table('Size of modules with slots', _HEADER, rows, (f'{"; ".join(counts)}. {_NOTE}',))


def catch_heavy_sizes(clauses: int, methods: int, work: Path) -> tuple[Size, Size, Size, Size]:
    """Build the generated module in its variants and measure them, in the order of the table."""
    titles = ('stock, with its chains', 'routed, chains outlined', 'routed, chains taken out by hand', 'stock, chains taken out by hand')

    def size(number: int, chain: int, *, routed: bool) -> Size:
        module = _build(Module(chain, methods), work / f'{clauses}-{number}', routed=routed)
        return read_size(titles[number], module, methods)

    return size(0, clauses, routed=False), size(1, clauses, routed=True), size(2, 0, routed=True), size(3, 0, routed=False)


def _catch_heavy(clauses: int, methods: int, work: Path) -> Table:
    progress(f'size of {methods} methods with {clauses} catch clauses each')
    stock, routed, cleaned, bare = catch_heavy_sizes(clauses, methods, work)
    return Table(
        f'Size of a C++ module of {methods} methods with {clauses} catch clauses each',
        _HEADER,
        [stock.row(stock, None), routed.row(stock, CATCH_HEAVY), cleaned.row(stock, CATCH_HEAVY), bare.row(stock, None)],
        (
            f'{_NOTE} A module whose chains are taken out leaves its exceptions to the barrier. '
            'The last row dies by its first exception, and only shows what a stub costs.',
        ),
    )


def _build(module: Module, work: Path, *, routed: bool) -> Path:
    source = work / 'source' / 'heavy.cpp'
    source.parent.mkdir(parents=True)
    source.write_text(module.source())
    output = work / 'out' / 'heavy.so'
    build_module(source, 'c++', output, launcher_of(make_state(source.parent, work / 'state')) if routed else ())
    return output
