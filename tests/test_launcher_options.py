from __future__ import annotations

import re
from pathlib import Path

import pytest
from launcher_support import Sandbox

from tramp_build import paths

OPTIONS = Path(__file__).parent.parent / 'csrc' / 'launcher' / 'options.c'


def table() -> list[tuple[str, str, str]]:
    return re.findall(r'^    \{"([^"]+)", (\w+), (.*)\},$', OPTIONS.read_text(), re.MULTILINE)


def test_the_table_is_sorted_as_the_search_needs_it() -> None:
    names = [name.encode() for name, *_ in table()]
    assert len(names) > 100
    assert names == sorted(set(names))
    assert len(names) == OPTIONS.read_text().count('\n    {"')


TAKES_ARGUMENT = [
    '-o', '-I', '-isystem', '-iquote', '-idirafter', '-include', '-imacros', '-D', '-U', '-MT', '-MQ', '-arch', '-target', '-Xassembler',
    '-Xlinker', '-L', '-l', '-T', '-u', '-z', '-specs', '-B', '--param', '-wrapper', '-iprefix', '-iwithprefix', '-iwithprefixbefore',
    '-isysroot',
    '-imultilib', '-iframework', '-framework', '-mllvm', '-Xclang', '-Xpreprocessor', '-A', '-e', '-Xarch_host', '--sysroot',
    '-Xopenmp-target',
]  # fmt: skip


@pytest.mark.parametrize('option', TAKES_ARGUMENT)
def test_an_argument_that_looks_like_a_source_is_not_one(sandbox: Sandbox, fake: dict[str, Path], option: str) -> None:
    sandbox.write('a.c', 'int x;')
    assert sandbox.outcome(fake['gcc'], '-c', option, 'other.c', 'a.c') == 'no-tables'


def test_every_separate_option_of_the_table_swallows_the_next_word(sandbox: Sandbox, fake: dict[str, Path]) -> None:
    sandbox.write('a.c', 'int x;')
    wrong = []
    for name, shape, meaning in table():
        if shape not in ('SEPARATE', 'EITHER') or 'SEVERAL_INPUTS' in meaning:
            continue
        # With an argument that is not taken, there would be two inputs.
        if sandbox.outcome(fake['gcc'], '-c', name, '/nothing/b.c', 'a.c') == 'several-inputs':
            wrong.append(name)
    assert wrong == []


JOINED = [
    '-ofile.c', '-Idir.c', '-DX=y.c', '-Uy.c', '-include=x.c', '-std=c11', '-Wl,x.c', '-Wa,x.c', '-Wp,-DX', '-Lx.c', '-lx.c', '-xc',
    '-MTx.c', '-O2', '-Wall', '-g3', '-fPIC',
    '--param=x=1', '--sysroot=x', '--target=x86_64-linux-gnu', '-specs=x.c', '--coverage', '-isystemx.c', '-Wp,-MD,x.d', '-fno-modules',
    '-gno-x.c', '-stdlib=libstdc++',
    '-undef', '-pthread', '-pipe', '-fdiagnostics-format=text', '-fdiagnostics-color=auto', '-march=native', '-fdebug-prefix-map=a.c=b.c',
]  # fmt: skip


@pytest.mark.parametrize('word', JOINED)
def test_a_joined_argument_takes_no_other_word(sandbox: Sandbox, fake: dict[str, Path], word: str) -> None:
    sandbox.write('a.c', 'int x;')
    assert sandbox.outcome(fake['gcc'], '-c', word, 'a.c') == 'no-tables'
    assert sandbox.outcome(fake['gcc'], '-c', word, 'b.c', 'a.c') == 'several-inputs'


REFUSED = {
    '-E a.c': 'preprocess-only',
    '-c -E a.c': 'preprocess-only',
    '-S a.c': 'assemble-only',
    '-M a.c': 'dependencies-only',
    '-MM a.c -c': 'dependencies-only',
    '-fsyntax-only a.c -c': 'syntax-only',
    '--version': 'no-input',
    '-v': 'other-output',
    '-dumpversion': 'no-input',
    '-dumpmachine': 'no-input',
    '-print-search-dirs': 'no-input',
    '-### -c a.c': 'no-input',
    '-c a.c b.c': 'several-inputs',
    '-c a.c b.o': 'several-inputs',
    '-c -x c -': 'standard-input',
    '-c -o - a.c': 'standard-output',
    '-c -MD -MF - a.c': 'standard-output',
    '-c @missing.rsp a.c': 'several-inputs',
    '-c -save-temps a.c': 'save-temps',
    '-c -save-temps=obj a.c': 'save-temps',
    '-c --save-temps a.c': 'save-temps',
    '-c a.h': 'other-language',
    '-c a.s': 'other-language',
    '-c a.S': 'other-language',
    '-c a.i': 'other-language',
    '-c a.ii': 'other-language',
    '-c a.m': 'other-language',
    '-c a.f90': 'other-language',
    '-c a.cu': 'other-language',
    '-c a.unknown': 'other-language',
    '-c -x assembler a.c': 'other-language',
    '-c -x c-header a.c': 'other-language',
    '-c -xcpp-output a.c': 'other-language',
    '-x c++-header a.hpp': 'other-language',
    'a.h': 'other-language',
    '-c': 'no-input',
    '-c -x objective-c a.c': 'other-language',
    '-c -include-pch x.pch a.c': 'precompiled-header',
    '-c -fpch-preprocess a.c': 'precompiled-header',
    '-c -fmodules a.c': 'modules',
    '-c -fmodules-ts a.cc': 'modules',
    '-c -fmodule-file=x a.cc': 'modules',
    '-c -fpreprocessed a.c': 'preprocessed-input',
    '-c -fdirectives-only a.c': 'preprocessed-input',
    '-c -Wp,-fpreprocessed a.c': 'preprocessed-input',
    '-c -emit-llvm a.c': 'other-output',
    '-c -emit-ast a.c': 'other-output',
    '-c -aux-info x a.c': 'other-output',
    '-c -MJ x a.c': 'other-output',
    '-c -H a.c': 'other-output',
    '-c -fdiagnostics-format=json a.c': 'other-output',
    '-c -fdiagnostics-format=sarif-file a.c': 'other-output',
    '-c --serialize-diagnostics x a.c': 'other-output',
    '-c -working-directory x a.c': 'unusual-path',
    '-c -ivfsoverlay x a.c': 'unusual-path',
    '-c --unknown-long-option a.c': 'unknown-option',
    '-c -Xclang -emit-pch a.c': 'unknown-option',
    '-c -Xpreprocessor -MD a.c': 'unknown-option',
    '-cc1 a.c -c': 'unknown-option',
    '-c -I- a.c': 'unknown-option',
    '-c a.c -o': 'unknown-option',
    '-c -- a.c': 'unknown-option',
    '-c -traditional-cpp a.c': 'unknown-option',
    '-c -MD -MF x -MF y a.c': 'dependency-output',
    '-c -MD -Wp,-MD,x a.c': 'dependency-output',
    '-c -Wp,-MD,x,-MT,y a.c': 'dependency-output',
    '-c -Wp,-MF,x a.c': 'dependency-output',
    '-c -MD -dumpbase x a.c': 'dependency-output',
    '-c -MG -MD a.c': 'dependency-output',
    '-c nosuchfile.c': 'unreadable-source',
}  # fmt: skip


@pytest.mark.parametrize(('words', 'expected'), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_not_a_plain_compile_is_run_as_it_is(sandbox: Sandbox, fake: dict[str, Path], words: str, expected: str) -> None:
    # Routed, so that a call that is wrongly taken for a compile would show.
    for name in ('a.c', 'a.cc', 'b.c'):
        sandbox.route(name, language='c' if name.endswith('.c') else 'c++')
    assert sandbox.outcome(fake['gcc'], *words.split()) == expected


def test_dependencies_asked_for_by_the_environment(sandbox: Sandbox, fake: dict[str, Path]) -> None:
    sandbox.route('a.c')
    assert sandbox.outcome(fake['gcc'], '-c', 'a.c', DEPENDENCIES_OUTPUT='x') == 'dependency-output'
    assert sandbox.outcome(fake['gcc'], '-c', 'a.c', SUNPRO_DEPENDENCIES='x') == 'dependency-output'


STANDARDS = {
    'g++ -std=c++98': 'old-standard',
    'g++ -std=gnu++98': 'old-standard',
    'g++ -std=c++03': 'old-standard',
    'g++ -std=gnu++03': 'old-standard',
    'g++ -ansi': 'old-standard',
    'clang++ -stdlib=libc++': 'foreign-runtime',
    'clang++ --stdlib=libc++': 'foreign-runtime',
    'g++ -std=c++98 -std=c++17': 'no-tables',
    'g++ -stdlib=libstdc++': 'no-tables',
    'gcc -x c++ -std=c++98': 'old-standard',
    'x86_64-linux-gnu-g++-12 -std=c++98': 'old-standard',
    'gcc -std=c99': 'no-tables',
    'gcc -ansi': 'no-tables',
}


@pytest.mark.parametrize(('words', 'expected'), STANDARDS.items(), ids=STANDARDS.keys())
def test_old_standards_and_foreign_run_times(sandbox: Sandbox, fake: dict[str, Path], words: str, expected: str) -> None:
    sandbox.write('a.c', 'int x;')
    driver, *options = words.split()
    assert sandbox.outcome(fake[driver], *options, '-c', 'a.c') == expected


LANGUAGES = {
    'gcc a.c': 'c',
    'g++ a.c': 'c++',
    'clang++ a.c': 'c++',
    'c++ a.c': 'c++',
    'x86_64-linux-gnu-g++-12 a.c': 'c++',
    'gcc a.cc': 'c++',
    'gcc a.cpp': 'c++',
    'gcc a.C': 'c++',
    'gcc a.cxx': 'c++',
    'gcc a.c++': 'c++',
    'gcc -x c++ a.c': 'c++',
    'gcc -xc a.cc': 'c',
    'g++ -x c a.c': 'c',
    'gcc -x c++ -x none a.c': 'c',
    'gcc a.c -x c++': 'c',
    'ccache gcc a.c': 'c',
    'ccache g++ a.c': 'c++',
    'sccache g++ a.c': 'c++',
    'distcc g++ a.c': 'c++',
    'ccache distcc g++ a.c': 'c++',
    'ccache max_size=1 hash_dir=true g++ a.c': 'c++',
}


@pytest.mark.parametrize(('words', 'expected'), LANGUAGES.items(), ids=LANGUAGES.keys())
def test_the_language_of_a_source(sandbox: Sandbox, fake: dict[str, Path], words: str, expected: str) -> None:
    """A file that is plain in one language and unknown in the other."""
    first, rest = words.split(' -x')[0].split(), words.split()
    arguments = [fake[word] if word in first and word in fake else word for word in rest]
    path = sandbox.write(next(word for word in rest if word.startswith('a.')))
    sandbox.index(path, 'plain', language=expected)
    assert sandbox.outcome(*arguments, '-c') == 'plain'
    sandbox.state.dir.joinpath('index').unlink()
    sandbox.index(path, 'plain', language='c' if expected == 'c++' else 'c++')
    assert sandbox.outcome(*arguments, '-c') == 'prepare-failed'


def test_a_wrapper_that_is_called_for_its_own_sake(sandbox: Sandbox, fake: dict[str, Path]) -> None:
    assert sandbox.outcome(fake['ccache'], '--version') == 'no-input'
    assert sandbox.outcome(fake['ccache']) == 'no-input'


RESPONSE = {
    '-c a.c': 'no-tables',
    '"-c" \'a.c\'': 'no-tables',
    '-c\n\ta.c\r\n': 'no-tables',
    '-c a\\.c': 'no-tables',
    '-c "with space.c"': 'no-tables',
    '-c with\\ space.c': 'no-tables',
    "-c 'with space.c'": 'no-tables',
    '-c with" "space.c': 'no-tables',
    '-c -DX="a \\"b\\" c" a.c': 'no-tables',
    '-E a.c': 'preprocess-only',
    '@nested a.c': 'no-tables',
    '@self': 'response-file',
    '': 'no-input',
    '-c a.c ""': 'several-inputs',
    '-c "a.c': 'no-tables',
    '-c a.c \\': 'several-inputs',
}


@pytest.mark.parametrize(('text', 'expected'), RESPONSE.items(), ids=map(repr, RESPONSE))
def test_response_files(sandbox: Sandbox, fake: dict[str, Path], text: str, expected: str) -> None:
    sandbox.write('a.c', 'int x;')
    sandbox.write('with space.c', 'int x;')
    sandbox.write('nested', '-c')
    sandbox.write('self', '@self')
    sandbox.write('words.rsp', text)
    assert sandbox.outcome(fake['gcc'], '@words.rsp') == expected


def test_about_itself(sandbox: Sandbox) -> None:
    assert sandbox.plain(sandbox.launcher, '--version').stdout == f'tramp-cc {paths.version()}\n'
    assert 'usage: tramp-cc' in sandbox.plain(sandbox.launcher, '--help').stdout
    nothing = sandbox.plain(sandbox.launcher, check=False)
    assert nothing.returncode == 2
    assert 'usage: tramp-cc' in nothing.stderr
    assert sandbox.plain(sandbox.launcher, '--unknown', check=False).returncode == 2


@pytest.mark.parametrize('option', ['--version', '-v', '-dumpversion', '--help', '-print-search-dirs', '-dM'])
def test_detection_sees_the_compiler_untouched(sandbox: Sandbox, cc: str, option: str) -> None:
    stock = sandbox.plain(cc, option, check=False)
    ours = sandbox.run(cc, option, check=False)
    assert (ours.returncode, ours.stdout, ours.stderr) == (stock.returncode, stock.stdout, stock.stderr)


def test_a_compiler_that_is_not_there(sandbox: Sandbox) -> None:
    done = sandbox.run('/nonexistent/cc', '-c', 'a.c', check=False)
    assert done.returncode == 127
    assert done.stderr == 'tramp-build: error: /nonexistent/cc: No such file or directory\n'
    sandbox.write('not-executable')
    assert sandbox.run('./not-executable', '-c', 'a.c', check=False).returncode == 126
