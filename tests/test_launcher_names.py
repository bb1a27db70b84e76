"""Everything that names the source or is found from it: includes, macros, debug information, coverage, dependencies."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from launcher_support import SOURCE, Sandbox

IDENTITY = """\
/* PyMethodDef */
#include <assert.h>
#include <stdio.h>
#include "sibling.h"
  #  include  "sub/inner.h" /* spaced */
#include "../beside/outer.h"
#include "elsewhere.h"
#include <bracket.h>
#if __has_include("sibling.h") && !__has_include("nowhere.h")
#define HAS 1
#endif
static const char *raw = "\\n#include \\"sibling.h\\"\\n";
int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("%s %d %d\\n", __FILE__, __LINE__, HAS); puts("one");
    puts(sibling_file); puts(inner_file); puts(outer_file); puts(elsewhere_file); puts(bracket_file); puts(raw);
    printf("%d %d\\n", sibling_config, elsewhere_config);
    printf("%s %d\\n", __BASE_FILE__, __COUNTER__);
    assert(!"text of the assertion");
}
""".replace('__BASE_FILE__', '"no base file"')


def identity_tree(sandbox: Sandbox, prefix: str) -> None:
    header = 'static const char *{0}_file = __FILE__;\n'
    sandbox.write(f'{prefix}/sibling.h', '#include "config.h"\nstatic int sibling_config = CONFIG;\n' + header.format('sibling'))
    sandbox.write(f'{prefix}/config.h', '#define CONFIG 1\n')
    sandbox.write(f'{prefix}/sub/inner.h', '#include "../helper.h"\n' + header.format('inner'))
    sandbox.write(f'{prefix}/helper.h', '#pragma once\n')
    sandbox.write(f'{prefix}/../beside/outer.h', header.format('outer'))
    # Its config.h is the one of the include path: the source's own directory is not searched for it.
    sandbox.write(
        'include/elsewhere.h', '#undef CONFIG\n#include "config.h"\nstatic int elsewhere_config = CONFIG;\n' + header.format('elsewhere')
    )
    sandbox.write('other/config.h', '#define CONFIG 2\n')
    sandbox.write('quotes/quoted.h', '')
    sandbox.write('include/bracket.h', '#include "quoted.h"\n' + header.format('bracket'))


SPELLINGS = {
    'relative': ('src', '.', 'src/a.c'),
    'up': ('src', 'build', '../src/a.c'),
    'dotted': ('src', 'build', './.././src/a.c'),
    'here': ('src', 'src', 'a.c'),
    'here, dotted': ('src', 'src', './a.c'),
    'absolute': ('src', 'build', '{dir}/src/a.c'),
    'absolute, dotted': ('src', '.', '{dir}/build/../src/a.c'),
    'spaces': ('my src', '.', 'my src/a.c'),
    'spaces, absolute': ('my src', '.', '{dir}/my src/a.c'),
    'quotes': ('"a" b\'s', '.', '"a" b\'s/a.c'),
    'hash, dollar, percent': ('a#b$c%d', '.', 'a#b$c%d/a.c'),
    'utf-8': ('größe', '.', 'größe/a.c'),
    'plus': ('a+b,c', '.', 'a+b,c/a.c'),
    'link to the directory': ('real', '.', 'link/a.c'),
    'link to the file': ('real', '.', 'links/a.c'),
}


@pytest.mark.parametrize(('directory', 'cwd', 'spelled'), SPELLINGS.values(), ids=SPELLINGS.keys())
def test_names_includes_and_dependencies_are_those_of_the_source(sandbox: Sandbox, cc: str, directory: str, cwd: str, spelled: str) -> None:
    identity_tree(sandbox, directory)
    sandbox.route(f'{directory}/a.c', IDENTITY, 'puts("one")', 'puts("two")')
    sandbox.write('build/x')
    sandbox.dir.joinpath('link').symlink_to('real')
    if spelled == 'links/a.c':
        # Quote includes are found from where the link is, not from where the file is.
        shutil.copytree(sandbox.dir / 'real', sandbox.dir / 'links')
        sandbox.dir.joinpath('links/a.c').unlink()
        sandbox.dir.joinpath('links/a.c').symlink_to('../real/a.c')
    source = spelled.format(dir=sandbox.dir)
    root = os.path.relpath(sandbox.dir, sandbox.dir / cwd)
    words = ['-iquote', f'{root}/quotes', f'-I{root}/include', f'-I{root}/other', '-g', '-MD', '-c', source, '-o', 'a.o']
    results = []
    for run in (sandbox.plain, sandbox.run):
        done = run(cc, *words, cwd=cwd)
        sandbox.plain(cc, '-o', 'program', 'a.o', cwd=cwd)
        ran = sandbox.plain('./program', cwd=cwd, check=False)
        results.append((sandbox.dir.joinpath(cwd, 'a.d').read_text().replace('\\\n', '').split(), done.stderr, ran.stdout, ran.stderr))
    (dependencies, warnings, out, err), ours = results
    expected = out.replace('one', 'two')
    assert ours[1:] == (warnings, expected, err)
    assert ours[0] == dependencies
    assert sandbox.outcomes() == ['routed']


@pytest.mark.parametrize('spelled', ['src/a.c', '{dir}/src/a.c'])
def test_a_source_that_includes_itself(sandbox: Sandbox, cc: str, spelled: str) -> None:
    """What it would include is the original, and what was decided for the copy does not hold there."""
    sandbox.route('src/a.c', '#ifndef AGAIN\n#define AGAIN\n#include "a.c"\n#else\n' + SOURCE + '#endif\n')
    done = sandbox.run(cc, '-c', spelled.format(dir=sandbox.dir))
    assert 'compiled without trampolines: it includes itself' in done.stderr
    assert sandbox.answer() == '1'


def debug_names(sandbox: Sandbox, file: str, cwd: str = '.') -> set[str]:
    text = sandbox.plain('readelf', '--debug-dump=info,line', '-W', file, cwd=cwd).stdout
    producer = re.findall(r'DW_AT_producer .*: (.*)', text)
    names = re.findall(r'DW_AT_(?:name|comp_dir|decl_file|dwo_name|GNU_dwo_name) .*?([^\s()]*/[^\s()]*|\w+\.[ch])\s*$', text, re.MULTILINE)
    lines = re.findall(r'^\s+\d+\s+\d*\s*\(indirect line string, offset: \w+\): (.*)$', text, re.MULTILINE)
    return {*producer, *names, *lines}


@pytest.mark.parametrize('option', ['-g', '-g3', '-gdwarf-4', '-ggdb'])
@pytest.mark.parametrize('spelled', ['src/a.c', '{dir}/src/a.c'])
def test_debug_information_names_the_source(sandbox: Sandbox, cc: str, option: str, spelled: str) -> None:
    identity_tree(sandbox, 'src')
    sandbox.route('src/a.c', IDENTITY, 'puts("one")', 'puts("two")')
    words = ['-iquote', 'quotes', '-Iinclude', '-Iother', option, '-c', spelled.format(dir=sandbox.dir), '-o', 'a.o']
    sandbox.plain(cc, *words)
    stock = debug_names(sandbox, 'a.o'), sandbox.plain('readelf', '-sW', 'a.o').stdout
    assert any('a.c' in name for name in stock[0])
    sandbox.run(cc, *words)
    assert debug_names(sandbox, 'a.o') == stock[0]
    assert 'FILE    LOCAL  DEFAULT  ABS a.c' in sandbox.plain('readelf', '-sW', 'a.o').stdout
    assert b'.tramp-build' not in sandbox.dir.joinpath('a.o').read_bytes()


def test_split_debug_information(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c')
    words = ['-g', '-gsplit-dwarf', '-c', 'src/a.c', '-o', 'a.o']
    sandbox.plain(cc, *words)
    stock = debug_names(sandbox, 'a.o'), debug_names(sandbox, 'a.dwo')
    sandbox.dir.joinpath('a.dwo').unlink()
    sandbox.run(cc, *words)
    assert (debug_names(sandbox, 'a.o'), debug_names(sandbox, 'a.dwo')) == stock
    assert sandbox.program(cc, 'a.o').startswith('2')


@pytest.mark.parametrize('output', [['-o', 'objects/x.o'], []])
def test_coverage_counts_lines_of_the_source(sandbox: Sandbox, cc: str, output: list[str]) -> None:
    sandbox.write('objects/keep')
    sandbox.write('src/inline.h', 'static inline int twice(int x) {\n  return x + x;\n}\n')
    sandbox.route('src/a.c', '#include "inline.h"\n' + SOURCE.replace('answer(),', 'twice(answer()),'))
    sandbox.run(cc, '--coverage', '-c', 'src/a.c', *output)
    object_ = output[-1] if output else 'a.o'
    sandbox.plain(cc, '--coverage', '-o', 'program', object_)
    assert sandbox.plain('./program').stdout == '4 src/a.c 5\n'
    gcov = ['gcov'] if cc == 'gcc' else [shutil.which('llvm-cov-14') or 'llvm-cov', 'gcov']
    sandbox.plain(*gcov, Path(object_).with_suffix('.gcda'))
    counted = {path.name: path.read_text() for path in sandbox.dir.glob('*.gcov')}
    assert re.search(r'Source:src/a\.c\n', counted['a.c.gcov'])
    assert re.search(r' 1: +4:int answer', counted['a.c.gcov'])
    assert re.search(r'Source:src/inline\.h\n', counted['inline.h.gcov'])
    assert re.search(r' 1: +2:  return x', counted['inline.h.gcov'])


@pytest.mark.parametrize('flags', [[], ['-fsanitize=address'], ['--coverage']], ids=str)
def test_two_places_make_the_same(sandbox: Sandbox, cc: str, flags: list[str]) -> None:
    """With the map that a stock build needs for that too."""
    objects = []
    for place in ('one', 'another/place'):
        sandbox.write(f'{place}/src/b.h', 'static inline int b(void) { return 1; }\n')
        sandbox.route(f'{place}/src/a.c', '#include "b.h"\n' + SOURCE)
        sandbox.write(f'{place}/build/x', '')
        here = sandbox.dir / place
        sandbox.run(cc, '-g', f'-ffile-prefix-map={here}=.', *flags, '-c', '../src/a.c', '-o', 'a.o', cwd=f'{place}/build')
        objects.append(here.joinpath('build/a.o').read_bytes().replace(os.fsencode(here), b'HERE') if '--coverage' in flags else None)
        objects[-1] = objects[-1] or here.joinpath('build/a.o').read_bytes()
    assert sandbox.outcomes() == ['routed'] * 2
    if '--coverage' in flags:
        return  # gcc and clang write the place themselves, for the counters
    assert objects[0] == objects[1]
    assert os.fsencode(sandbox.dir) not in objects[0]


def test_a_users_own_prefix_maps_hold(sandbox: Sandbox, cc: str) -> None:
    identity_tree(sandbox, 'src')
    sandbox.route('src/a.c', IDENTITY, 'puts("one")', 'puts("two")')
    words = [
        '-iquote',
        'quotes',
        f'-I{sandbox.dir}/include',
        '-Iother',
        '-g',
        f'-ffile-prefix-map={sandbox.dir}=.',
        '-c',
        'src/a.c',
        '-o',
        'a.o',
    ]
    sandbox.run(cc, *words)
    out = sandbox.plain(cc, 'a.o', '-o', 'program') and sandbox.plain('./program', check=False).stdout
    assert './include/elsewhere.h\n' in out
    assert os.fsencode(sandbox.dir) not in sandbox.dir.joinpath('a.o').read_bytes()
    if cc == 'gcc':  # clang 14 tries the maps in alphabetical order, and the user's is the shorter one
        assert '\nsrc/sibling.h\n' in out


DEPENDENCIES = [
    '-MD -o a.o',
    '-MMD -o a.o',
    '-MD -MP -o a.o',
    '-MD',
    '-MD -o sub/x.y.obj',
    '-MD -o sub/noext',
    '-MD -o a.b/noext',
    '-MD -MF deps/f.d -o a.o',
    '-MD -MFdeps/f.d -o a.o',
    '-MF deps/f.d -MMD -o a.o',
    '-MD -MT target -o a.o',
    '-MD -MQ $t/x#y -MF f.d -o a.o',
    '-Wp,-MD,deps/f.d -o a.o',
    '-Wp,-MMD,deps/f.d -o a.o',
    '-Wp,-MD,f.d -Wp,-DX -o a.o',
    '-MF f.d -o a.o',
    '-MD -MF /dev/null -o a.o',
    '-MM -MD -o a.o',
]


@pytest.mark.parametrize('words', DEPENDENCIES)
@pytest.mark.parametrize('source', ['src/a.c', '{dir}/src/a.c', 'my src/a.c'])
def test_dependencies_are_written_where_and_as_the_compiler_would(sandbox: Sandbox, cc: str, words: str, source: str) -> None:
    """All the files that a call leaves behind, and what the dependency files say."""
    for directory in ('src', 'my src'):
        sandbox.route(f'{directory}/a.c', '#include "b.h"\n#include "b b.h"\n' + SOURCE)
        sandbox.write(f'{directory}/b.h', '')
        sandbox.write(f'{directory}/b b.h', '')
    seen = []
    for number, run in enumerate((sandbox.plain, sandbox.run)):
        cwd = f'cwd{number}/in'
        for name in ('sub/x', 'a.b/x', 'deps/x'):
            sandbox.write(f'{cwd}/{name}', '')
        shutil.copytree(sandbox.dir / 'src', sandbox.dir / cwd / 'src', copy_function=shutil.copy2)
        shutil.copytree(sandbox.dir / 'my src', sandbox.dir / cwd / 'my src', copy_function=shutil.copy2)
        for directory in ('src', 'my src'):
            path = sandbox.dir / cwd / directory / 'a.c'
            body = sandbox.state.add_body(b'extern int tramp_x;\n' + path.read_bytes().replace(b'return 1', b'return 2'))
            sandbox.index(path, 'routed', body)
        done = run(cc, *words.split(), '-c', source.format(dir=sandbox.dir), cwd=cwd, check=False)
        made = {str(p.relative_to(sandbox.dir / cwd)) for p in sandbox.dir.joinpath(cwd).rglob('*') if p.is_file()}
        files = {name for name in made if '.tramp-build/' not in name}
        assert files == made
        texts = {
            name: sandbox.dir.joinpath(cwd, name).read_text().replace('\\\n', '').split() for name in sorted(files) if name.endswith('.d')
        }
        seen.append((done.returncode, files, texts))
    assert seen[0] == seen[1]
    if seen[0][0] == 0 and '-MM ' not in words:
        assert sandbox.outcomes() == ['routed']


@pytest.mark.parametrize('sanitizer', ['address', 'undefined'])
def test_sanitizers_name_the_source(sandbox: Sandbox, cc: str, sanitizer: str) -> None:
    bad = (
        'volatile int big = 0x7fffffff; return big + 1;'
        if sanitizer == 'undefined'
        else 'volatile int i = 3; static int a[2]; return a[i];'
    )
    sandbox.route('src/a.c', new=bad)
    sandbox.run(cc, '-g', f'-fsanitize={sanitizer}', '-c', 'src/a.c', '-o', 'a.o')
    sandbox.plain(cc, f'-fsanitize={sanitizer}', '-o', 'program', 'a.o')
    message = sandbox.plain('./program', check=False).stderr
    assert re.search(r'src/a\.c:3', message), message
