"""What comes out of a compile: the right text compiled, and everything that names the source names the source."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from launcher_support import CXX, SOURCE, Sandbox


def program(sandbox: Sandbox, cc: str, *objects: str, cwd: str = '.') -> str:
    """Link the objects without the launcher and run the program."""
    sandbox.plain(cc, '-o', 'program', *objects, cwd=cwd)
    return sandbox.plain('./program', cwd=cwd).stdout


def test_the_rewritten_copy_is_compiled(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c')
    done = sandbox.run(cc, '-c', 'src/a.c', '-o', 'a.o', '-Wall', '-Wextra', '-Wpedantic', '-Werror')
    assert (done.stdout, done.stderr) == ('', '')
    assert program(sandbox, cc, 'a.o') == '2 src/a.c 4\n'
    entry = sandbox.log()[0]
    assert (entry.outcome, entry.source, entry.output) == ('routed', str(sandbox.dir / 'src/a.c'), str(sandbox.dir / 'a.o'))


def test_cxx(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.cc', language='c++')
    sandbox.run(CXX[cc], '-c', 'a.cc', '-o', 'a.o')
    assert program(sandbox, CXX[cc], 'a.o').startswith('2 ')


def test_without_an_output_the_object_is_named_after_the_source(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c')
    sandbox.write('build/x')
    sandbox.run(cc, '-c', '../src/a.c', cwd='build')
    assert program(sandbox, cc, 'a.o', cwd='build') == '2 ../src/a.c 4\n'


@pytest.mark.parametrize('action', ['plain', None])
def test_a_file_that_is_not_routed_gives_the_same_bytes(sandbox: Sandbox, cc: str, action: str | None) -> None:
    path = sandbox.write('a.c', SOURCE.replace('PyMethodDef', ''))
    if action:
        sandbox.index(path, action)
    options = ['-g', '-O2', '-MD', '-MF', 'a.d', '-c', 'a.c', '-o', 'a.o']
    sandbox.plain(cc, *options)
    stock = sandbox.dir.joinpath('a.o').read_bytes(), sandbox.dir.joinpath('a.d').read_bytes()
    sandbox.run(cc, *options)
    assert (sandbox.dir.joinpath('a.o').read_bytes(), sandbox.dir.joinpath('a.d').read_bytes()) == stock
    assert sandbox.outcomes() == ['plain' if action else 'no-tables']


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
    assert program(sandbox, cc, 'a.o').startswith('2')


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


BROKEN_MESSAGE = """\
/* PyMethodDef */
#include "broken.h"
int answer(void) { int unused; return 1; }
int other(void) { return undeclared_name; }
"""


def test_messages_name_the_source_and_its_lines(sandbox: Sandbox, cc: str) -> None:
    """Warnings that come from the rewritten copy, word for word and in the same places as from the original."""
    sandbox.write('src/noisy.h', 'static inline int noisy(void) { int in_header; return 0; }\n')
    text = SOURCE.replace('int answer(void) {', '#include "noisy.h"\nvoid loud(void) { int in_source; }\nint answer(void) {')
    for spelled in ('src/a.c', str(sandbox.dir / 'src/a.c')):
        sandbox.route('src/a.c', text)
        words = [cc, '-Wall', '-c', spelled, '-o', 'a.o']
        stock, ours = sandbox.plain(*words).stderr, sandbox.run(*words).stderr
        assert sandbox.outcomes()[-1] == 'routed'
        assert 'in_header' in stock
        assert ours == stock


def on_a_terminal(sandbox: Sandbox, *words: object, **env: str) -> str:
    """What a command writes to a terminal that is its stderr."""
    ours, its = os.openpty()
    with subprocess.Popen(list(map(str, words)), cwd=sandbox.dir, env={**sandbox.env, 'TERM': 'xterm', **env}, stderr=its) as process:
        os.close(its)
        text = b''
        with contextlib.suppress(OSError):  # how a terminal ends
            while part := os.read(ours, 4096):
                text += part
        assert process.wait() == 0
    os.close(ours)
    return text.decode()


@pytest.mark.parametrize('case', ['terminal', 'never', 'always', 'auto', 'dumb', 'GCC_COLORS'])
def test_messages_have_the_colours_that_they_would_have(sandbox: Sandbox, cc: str, case: str) -> None:
    text = SOURCE.replace('int answer(void) {', 'void loud(void) { int in_source; }\nint answer(void) {')
    sandbox.route('src/a.c', text)
    options = {option: [f'-fdiagnostics-color={option}'] for option in ('never', 'always', 'auto')}.get(case, [])
    env = {'dumb': {'TERM': 'dumb'}, 'GCC_COLORS': {'GCC_COLORS': ''}}.get(case, {})
    words = [cc, '-Wall', '-fno-diagnostics-show-caret', *options, '-c', 'src/a.c', '-o', 'a.o']
    if cc == 'clang':
        words.remove('-fno-diagnostics-show-caret')
    stock = on_a_terminal(sandbox, *words, **env)
    ours = on_a_terminal(sandbox, sandbox.launcher, f'--tramp-state={sandbox.state.dir}', *words, **env)
    assert sandbox.outcomes() == ['routed']
    if (cc, case) == ('clang', 'GCC_COLORS'):
        return  # that variable is gcc's, and clang is left without colours for it
    assert ('\x1b[' in stock) == (case in ('terminal', 'always', 'auto'))
    # Links behind option names are a terminal's alone, and not worth a question to the compiler.
    assert re.sub(r'\x1b\]8;;.*?\x1b\\', '', stock) == re.sub(r'\x1b\]8;;.*?\x1b\\', '', ours)


def test_the_users_own_error_is_told_once_and_as_it_is(sandbox: Sandbox, cc: str) -> None:
    sandbox.write('broken.h', '\n')
    sandbox.route('a.c', BROKEN_MESSAGE)
    words = [cc, '-Wall', '-c', 'a.c', '-o', 'a.o']
    stock, ours = sandbox.plain(*words, check=False), sandbox.run(*words, check=False)
    assert stock.returncode == ours.returncode != 0
    assert ours.stderr == stock.stderr
    assert sandbox.outcomes() == ['user-error']


def test_a_copy_that_does_not_compile(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c', new='return no_such_name;')
    done = sandbox.run(cc, '-c', 'src/a.c', '-o', 'a.o', '-MD')
    assert re.fullmatch(
        r'tramp-build: warning: src/a\.c: compiled without trampolines: src/a\.c:3:\d+: error: .*no_such_name.*\n', done.stderr
    )
    assert program(sandbox, cc, 'a.o').startswith('1 ')
    assert sandbox.dependencies('a.d')[:2] == ['a.o:', 'src/a.c']
    entry = sandbox.log()[0]
    assert entry.outcome == 'fallback'
    assert 'no_such_name' in entry.detail


def test_strict_makes_an_error_of_it(sandbox: Sandbox, cc: str) -> None:
    sandbox.configure(strict=True)
    for output in (['-o', 'x.o'], []):
        sandbox.route('src/a.c', new='return no_such_name;')
        done = sandbox.run(cc, '-c', 'src/a.c', *output, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith('tramp-build: error: src/a.c: compiled without trampolines: ')
        assert not sandbox.dir.joinpath('x.o').exists()
        assert not sandbox.dir.joinpath('a.o').exists()
    sandbox.route('src/a.c')
    sandbox.run(cc, '-c', 'src/a.c', '-o', 'x.o')
    assert program(sandbox, cc, 'x.o').startswith('2 ')


def test_a_warning_that_is_an_error_in_the_copy_only(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c', new='int unused; return 2;')
    done = sandbox.run(cc, '-Wall', '-Werror', '-c', 'a.c')
    assert 'compiled without trampolines: a.c:3' in done.stderr
    assert program(sandbox, cc, 'a.o').startswith('1 ')


@pytest.mark.parametrize('name', ['a=b/a.c', 'a\\b/a.c'])
def test_a_path_that_can_not_be_mapped(sandbox: Sandbox, cc: str, name: str) -> None:
    sandbox.route(name)
    done = sandbox.run(cc, '-c', name, '-o', 'a.o')
    assert 'there is a backslash or an equals sign in its path' in done.stderr
    assert program(sandbox, cc, 'a.o').startswith('1 ')
    assert sandbox.outcomes() == ['fallback']


def test_a_changed_source_is_looked_at_again(sandbox: Sandbox, cc: str) -> None:
    """Size and time have to be those of the index; the interpreter that would be asked is missing here."""
    path = sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c')
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    sandbox.run(cc, '-c', 'a.c')
    assert program(sandbox, cc, 'a.o').startswith('1 ')
    sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c')
    assert program(sandbox, cc, 'a.o').startswith('2 ')
    sandbox.index(path, 'plain')
    sandbox.run(cc, '-c', 'a.c')
    assert sandbox.outcomes() == ['routed', 'prepare-failed', 'routed', 'plain']


def test_off(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c', TRAMP_BUILD='off')
    assert program(sandbox, cc, 'a.o').startswith('1 ')
    assert sandbox.outcomes() == []


def test_a_launcher_inside_a_launcher(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(sandbox.launcher, f'--tramp-state={sandbox.state.dir}', cc, '-c', 'a.c')
    assert program(sandbox, cc, 'a.o').startswith('2 ')
    assert sandbox.outcomes() == ['routed']


def test_state_by_environment(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(cc, '-c', 'a.c', state=False, TRAMP_BUILD_STATE=str(sandbox.state.dir))
    assert program(sandbox, cc, 'a.o').startswith('2 ')


def test_a_response_file_with_the_source(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('my src/a.c')
    sandbox.write('x.rsp', '-c "my src/a.c" -DNAME=\\"x\\ y\\" -o a.o')
    sandbox.run(cc, '@x.rsp')
    assert program(sandbox, cc, 'a.o') == '2 my src/a.c 4\n'


def test_forced_language_and_odd_suffix(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.template', language='c++')
    sandbox.run(cc, '-x', 'c++', '-c', 'a.template', '-o', 'a.o')
    assert program(sandbox, cc, 'a.o').startswith('2 ')


def test_standards_and_pedantry(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    for standard in ('c89', 'c99', 'c11', 'gnu17'):
        sandbox.run(cc, f'-std={standard}', '-Wpedantic', '-Werror', '-c', 'a.c')
    assert sandbox.outcomes() == ['routed'] * 4


def test_the_time_of_the_source_is_kept(sandbox: Sandbox, cc: str) -> None:
    text = SOURCE.replace('__FILE__', '__TIMESTAMP__')
    path = sandbox.write('a.c', text)
    os.utime(path, (10**9, 10**9))
    body = sandbox.state.add_body(f'\n{text.replace("return 1", "return 2")}'.encode())
    sandbox.index(path, 'routed', body)
    sandbox.run(cc, '-c', 'a.c')
    assert program(sandbox, cc, 'a.o').startswith('2 Sun Sep  9 ')


def test_include_next_and_its_like_are_not_moved(sandbox: Sandbox) -> None:
    for text in (
        b'\n#include_next <x.h>\n',
        b'\n__BASE_FILE__\n',
        b'\n#include NAME\n',
        b'\n#pragma GCC dependency "x"\n',
        b'\n"tramp-build:x"\n',
    ):
        assert sandbox.state.add_body(text) is None


def test_parallel_compiles_of_one_source(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('src/a.c')
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda n: sandbox.run(cc, '-MD', '-c', 'src/a.c', '-o', f'{n}.o'), range(20)))
    assert all(d.stderr == '' for d in done)
    assert program(sandbox, cc, '7.o').startswith('2 ')
    assert len({sandbox.dir.joinpath(f'{n}.o').read_bytes() for n in range(20)}) == 1
    assert {sandbox.dependencies(f'{n}.d')[1] for n in range(20)} == {'src/a.c'}
    assert sandbox.outcomes() == ['routed'] * 20


def test_parallel_compiles_of_many_sources(sandbox: Sandbox) -> None:
    """They share a directory for their copies, which is removed whenever it is empty."""
    for number in range(40):
        sandbox.route(f'src/{number}.c')
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda n: sandbox.run('gcc', '-MD', '-c', f'src/{n % 40}.c', '-o', f'{n}.o'), range(120)))
    assert {d.stderr for d in done} == {''}
    assert sandbox.outcomes() == ['routed'] * 120
    assert not sandbox.dir.joinpath('.tramp-build').exists()


def test_lto(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.run(cc, '-flto', '-c', 'a.c')
    sandbox.plain(cc, '-flto', '-o', 'program', 'a.o')
    assert sandbox.plain('./program').stdout.startswith('2 ')


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
