"""What the libraries offer and need, and the header: pinned, for compiled modules rely on it."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tramp_build import paths, signatures
from tramp_build.rewrite.prelude import prelude
from tramp_build.upgrade.formats import COMMON

ROOT = Path(__file__).resolve().parent.parent
METHODS = {'noargs', 'o', 'varargs', 'keywords', 'fastcall', 'fastcall_keywords', 'positional', 'method', 'get', 'set'}
SLOTS = {
    'unary', 'iternext', 'binary', 'ternary', 'richcmp', 'ssizearg', 'getattr', 'new', 'vectorcall', 'len', 'inquiry', 'objobj',
    'objobjarg', 'ssizeobjarg', 'setattr', 'getbuffer', 'releasebuffer', 'send', 'dealloc', 'finalize', 'traverse', 'clear',
    'module_init', 'module_create', 'module_exec', 'module_free',
}  # fmt: skip
PARSER = {
    'tramp_parse', 'tramp_parse_sizet', 'tramp_parse_keywords', 'tramp_parse_keywords_sizet', 'tramp_unpack', 'tramp_args_tuple',
    'tramp_by_vector', 'tramp_by_vector_keywords', 'tramp_by_tuple', 'tramp_by_tuple_keywords', 'tramp_item', 'tramp_parse_plain',
    'tramp_parse_plain_keywords',
}  # fmt: skip
# A chain answers for what can raise; the entry of a module is only one.
CHAIN = METHODS | SLOTS - {'releasebuffer', 'dealloc', 'finalize', 'traverse', 'clear', 'module_free', 'module_init'}
DATA = {'libtramp': set[str](), 'libtramp-cxx': set[str]()}
EXPORTED = {
    'libtramp': {f'tramp_{name}' for name in METHODS | SLOTS} | PARSER | {f'tramp_p_{units}' for units in COMMON},
    'libtramp-cxx': {f'tramp_cxx_{name}' for name in METHODS | SLOTS}
    | {f'tramp_cxx_chain_{name}' for name in CHAIN}
    | {'tramp_cxx_register', 'tramp_cxx_translator', 'tramp_cxx_unregister'},
}
# Split off by C libraries before glibc 2.34.
C_LIBRARY = ('libc.', 'libdl.', 'libpthread.', 'ld-linux')


def library(name: str) -> Path:
    return paths.library_dir() / f'{name}-{paths.version()}.so'


def tool(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize('name', EXPORTED)
def test_exported_symbols(name: str) -> None:
    """Each carries the release, so that two releases never serve each other's modules."""
    node = f'TRAMP_{paths.version()}'
    lines = [line.split()[1:] for line in tool('nm', '-D', '--defined-only', library(name)).splitlines()]
    assert sorted(symbol for kind, symbol in lines if kind == 'T') == sorted(f'{symbol}@@{node}' for symbol in EXPORTED[name])
    assert sorted(symbol for kind, symbol in lines if kind == 'B') == sorted(f'{symbol}@@{node}' for symbol in DATA[name])
    assert [symbol for kind, symbol in lines if kind not in 'BT'] == [node]


@pytest.mark.parametrize('name', EXPORTED)
def test_soname_and_needed(name: str) -> None:
    """A C module must gain no dependency on the C++ run time; Python comes from the process."""
    dynamic = tool('readelf', '-d', library(name))
    assert re.findall(r'\(SONAME\).*\[(.*)\]', dynamic) == [f'{name}-{paths.version()}.so']
    needed = re.findall(r'\(NEEDED\).*\[(.*)\]', dynamic)
    beyond = sorted(n for n in needed if not n.startswith(C_LIBRARY))
    assert beyond == ([] if name == 'libtramp' else ['libgcc_s.so.1', 'libstdc++.so.6'])
    assert not re.search(r'\((RPATH|RUNPATH|TEXTREL)\)', dynamic)


@pytest.mark.parametrize('name', EXPORTED)
def test_python_symbols_are_of_the_limited_api(name: str) -> None:
    """One binary for all versions: nothing private but what the headers of the limited API use themselves."""
    undefined = {line.split()[-1].split('@')[0] for line in tool('nm', '-D', '--undefined-only', library(name)).splitlines()}
    private = {symbol for symbol in undefined if symbol.startswith('_Py')}
    of_headers = {'_Py_NoneStruct', '_Py_TrueStruct', '_Py_FalseStruct', '_Py_Dealloc'}
    assert private <= of_headers | {symbol for symbol in private if symbol.endswith('_SizeT')}
    unknown = {symbol for symbol in undefined if symbol.startswith(('_PyThreadState', 'PyInterpreterState', 'PyGILState_Check'))}
    assert not unknown


@pytest.mark.parametrize('name', EXPORTED)
def test_static_archives_export_nothing(name: str) -> None:
    """What a module takes in, it must not offer to others."""
    table = tool('readelf', '-sW', paths.library_dir() / f'{name}.a')
    symbols = re.findall(r'(FUNC|OBJECT) +(GLOBAL|WEAK) +(\w+) +(\w+) (\S+)', table)
    defined = {symbol for _, _, _, section, symbol in symbols if section != 'UND'}
    visible = {symbol for _, _, visibility, section, symbol in symbols if section != 'UND' and visibility != 'HIDDEN'}
    assert EXPORTED[name] <= defined
    assert not visible


HEADER_USES = '#include "tramp.h"\nint after;\n'
STANDARDS = [
    *(('c', compiler, standard) for compiler in ('gcc', 'clang') for standard in ('c99', 'gnu99', 'c11', 'c17', 'c2x')),
    *(
        ('c++', compiler, standard)
        for compiler in ('g++', 'clang++')
        for standard in ('c++11', 'gnu++11', 'c++14', 'c++17', 'c++20', 'c++2b')
    ),
]
PRELUDES = {
    language: prelude(
        list(signatures.BY_CONVENTION),
        getset=True,
        barrier=language == 'c++',
        cxx=language == 'c++',
        exceptions=(('geo::Error', 'ValueError'),),
    ).decode()
    for language in ('c', 'c++')
}


@pytest.mark.parametrize(('language', 'compiler', 'standard'), STANDARDS)
def test_header_is_clean(language: str, compiler: str, standard: str, tmp_path: Path) -> None:
    """Alone, with the structures, twice, after what the rewriter inserts, before Python.h and after it."""
    extra = [] if language == 'c' else ['-Wold-style-cast', '-Wuseless-cast'] if compiler == 'g++' else ['-Wold-style-cast']
    warnings = ['-Wall', '-Wextra', '-Wconversion', '-Wpedantic', '-Wshadow', '-Wundef', '-Werror', *extra]
    texts = [
        HEADER_USES,
        f'#define TRAMP_ABI\n{HEADER_USES}#include "tramp.h"\n'
        'struct tramp_getset row; struct tramp_method_def def; struct tramp_exception exception;\n',
        f'{PRELUDES[language]}\n#line 1 "after"\n{HEADER_USES}',
        f'#pragma GCC visibility push(hidden)\n{HEADER_USES}',
    ]
    # The headers of Python are long, one standard is enough for them.
    texts += [f'{HEADER_USES}#include <Python.h>\n', f'#include <Python.h>\n{HEADER_USES}'] if standard.endswith(('c11', 'c++17')) else []
    sources = []
    for number, text in enumerate(texts):
        sources.append(tmp_path / f'use{number}.{"c" if language == "c" else "cpp"}')
        sources[-1].write_text(text)
    include = ['-I', paths.include_dir(), '-isystem', sysconfig.get_path('include')]
    command = [compiler, f'-std={standard}', *warnings, *include, '-fsyntax-only', *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_header_without_exceptions(tmp_path: Path) -> None:
    """Many C++ extensions are built without them, or without RTTI."""
    source = tmp_path / 'use.cpp'
    source.write_text(HEADER_USES)
    tool('g++', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Werror', '-I', paths.include_dir(), '-fsyntax-only', source)


def test_header_includes_nothing() -> None:
    assert '#include' not in re.sub(r'/\*.*?\*/', '', (paths.include_dir() / 'tramp.h').read_text(), flags=re.DOTALL)


def test_signatures_agree() -> None:
    """The rewriter, the definitions and the header have the same conventions with the same parameters."""
    defined = (ROOT / 'csrc' / 'signatures.def').read_text()
    header = re.sub(r'\s+', ' ', (paths.include_dir() / 'tramp.h').read_text())
    found = re.findall(r'^TRAMP_METHOD\((\w+), (\w+),\s*\(([^)]*)\), \(([^)]*)\)\)', defined, re.MULTILINE)
    assert [name for name, *_ in found] == [s.name for s in signatures.METHODS if not s.boxed]
    for name, _, parameters, arguments in found:
        signature = next(s for s in signatures.METHODS if s.name == name)
        types = [signatures.c_type(kind, cxx=False).strip().replace('struct _object', 'PyObject') for kind, _ in signature.parameters]
        written = [p.strip().rsplit(' ', 1)[0] + ' *' * (p.rsplit(' ', 1)[1].count('*')) for p in parameters.split(',')]
        assert [t.replace('tramp_ssize', '__PTRDIFF_TYPE__') for t in written] == [re.sub(r' ?\*', ' *', t) for t in types], name
        assert arguments.split(', ') == [n for _, n in signature.parameters], name
        for prefix in 'tramp', 'tramp_cxx':
            assert f'TRAMP_API struct _object *{prefix}_{name}(' in header
