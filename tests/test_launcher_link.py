"""Links: libtramp is added where something uses it, and nothing is changed anywhere else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from launcher_support import CXX, SOURCE, Sandbox, as_nobody, make_sandbox

VERSION = '7.7'
ROUTED = SOURCE.replace('return 1;', 'return tramp_x();')
LINKERS = [name for name in ('bfd', 'gold', 'lld', 'mold') if shutil.which('ld.' + name) or shutil.which(name)]


@pytest.fixture(scope='session')
def made_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Libraries that are as libtramp's are: a symbol each, versioned names, static forms with hidden symbols."""
    sandbox = make_sandbox(tmp_path_factory.mktemp('libtramp'))
    for name, symbol in (('libtramp', 'tramp_x'), ('libtramp-cxx', 'tramp_cxx_x')):
        shared = f'{name}-{VERSION}.so'
        sandbox.write('shared.c', f'__attribute__((visibility("default"))) int {symbol}(void) {{ return 5; }}\n')
        sandbox.plain('gcc', '-shared', '-fPIC', f'-Wl,-soname,{shared}', '-o', shared, 'shared.c')
        sandbox.write('static.c', f'__attribute__((visibility("hidden"))) int {symbol}(void) {{ return 6; }}\n')
        sandbox.plain('gcc', '-fPIC', '-c', 'static.c')
        sandbox.plain('ar', 'crs', f'{name}.a', 'static.o')
    return sandbox.dir


@pytest.fixture
def library(sandbox: Sandbox, made_library: Path) -> Path:
    directory = sandbox.dir / 'lib dir'
    directory.mkdir()
    for path in made_library.glob('libtramp*'):
        shutil.copy2(path, directory)
    sandbox.configure(libdir=str(directory), version=VERSION)
    return directory


def needed(sandbox: Sandbox, file: str) -> set[str]:
    return set(re.findall(r'\(NEEDED\).*\[(.*)\]', sandbox.plain('readelf', '-dW', file).stdout))


def runpath(sandbox: Sandbox, file: str) -> list[str]:
    return re.findall(r'\((?:RUNPATH|RPATH)\).*\[(.*)\]', sandbox.plain('readelf', '-dW', file).stdout)


def use(sandbox: Sandbox, name: str, symbol: str = 'tramp_x', cc: str = 'gcc', *options: str) -> str:
    """An object that calls a symbol of libtramp."""
    sandbox.write(f'{name}.c', f'int {symbol}(void);\nint {name}(void) {{ return {symbol}(); }}\n')
    sandbox.plain(cc, '-fPIC', *options, '-c', '-o', f'{name}.o', f'{name}.c')
    return f'{name}.o'


def load(sandbox: Sandbox, file: str, name: str) -> str:
    """Call a function of a shared object and print what it says."""
    sandbox.write('load.py', f'import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).{name}())')
    return sandbox.plain('python3', 'load.py', sandbox.dir / file).stdout.strip()


@pytest.mark.parametrize('linker', LINKERS)
def test_a_module_that_uses_the_library_gets_it(sandbox: Sandbox, cc: str, library: Path, linker: str) -> None:
    use(sandbox, 'f')
    done = sandbox.run(cc, f'-fuse-ld={linker}', '-shared', '-o', 'out/../f.so', 'f.o', check=False)
    assert done.returncode != 0  # there is no directory out
    sandbox.run(cc, f'-fuse-ld={linker}', '-shared', '-o', 'f.so', 'f.o')
    assert needed(sandbox, 'f.so') & {f'libtramp-{VERSION}.so', f'libtramp-cxx-{VERSION}.so'} == {f'libtramp-{VERSION}.so'}
    path = runpath(sandbox, 'f.so')
    assert path == ['$ORIGIN' + '/' * 160]
    assert load(sandbox, 'f.so', 'f') == '5'
    assert sandbox.outcomes() == ['link-failed', 'linked']
    assert sandbox.dir.joinpath(f'libtramp-{VERSION}.so').is_file()
    assert not sandbox.dir.joinpath(f'libtramp-cxx-{VERSION}.so').exists()


@pytest.mark.parametrize('linker', LINKERS)
def test_each_library_only_where_it_is_used(sandbox: Sandbox, cc: str, library: Path, linker: str) -> None:
    use(sandbox, 'f', 'tramp_cxx_x')
    use(sandbox, 'g')
    sandbox.run(cc, f'-fuse-ld={linker}', '-shared', '-o', 'f.so', 'f.o')
    assert needed(sandbox, 'f.so') & {f'libtramp-{VERSION}.so', f'libtramp-cxx-{VERSION}.so'} == {f'libtramp-cxx-{VERSION}.so'}
    sandbox.run(cc, f'-fuse-ld={linker}', '-shared', '-o', 'fg.so', 'f.o', 'g.o', '-Wl,--no-as-needed', '-Wl,--no-undefined')
    assert needed(sandbox, 'fg.so') >= {f'libtramp-{VERSION}.so', f'libtramp-cxx-{VERSION}.so'}
    assert load(sandbox, 'f.so', 'f') == load(sandbox, 'fg.so', 'g') == '5'


@pytest.mark.parametrize('linker', LINKERS)
def test_a_link_without_a_use_is_byte_for_byte_what_it_was(sandbox: Sandbox, cc: str, library: Path, linker: str) -> None:
    sandbox.write('f.c', 'int f(void) { return 1; }\n')
    sandbox.write('g.c', 'const char *g(void) { return "tramp_line and tramp_oline"; }\n')
    for name in 'fg':
        sandbox.plain(cc, '-fPIC', '-c', f'{name}.c')
    for words, outcome in ((['f.o'], 'link-plain'), (['f.o', 'g.o'], 'link-unneeded')):
        options = [cc, f'-fuse-ld={linker}', '-shared', '-Wl,--build-id', '-o', 'x.so', *words]
        sandbox.plain(*options)
        stock = sandbox.dir.joinpath('x.so').read_bytes()
        done = sandbox.run(*options)
        assert (done.stdout, done.stderr) == ('', '')
        assert sandbox.dir.joinpath('x.so').read_bytes() == stock
        assert sandbox.outcomes()[-1] == outcome


def test_program(sandbox: Sandbox, cc: str, library: Path) -> None:
    sandbox.route('a.c', new='return tramp_x();', prelude='int tramp_x(void);')
    sandbox.run(cc, '-c', 'a.c')
    sandbox.run(cc, 'a.o')
    assert sandbox.plain('./a.out').stdout == '5 a.c 4\n'
    assert sandbox.outcomes() == ['routed', 'linked']


ARCHIVES = ['ar crs x.a f.o', 'ar crsT x.a f.o', 'ar crT x.a sub/a_name_that_is_longer_than_fifteen.o']


@pytest.mark.parametrize('command', ARCHIVES)
@pytest.mark.parametrize('how', ['path', 'other directory', 'library', 'whole'])
def test_uses_in_archives(sandbox: Sandbox, library: Path, command: str, how: str) -> None:
    use(sandbox, 'f')
    sandbox.write('sub/x', '')
    shutil.copy(sandbox.dir / 'f.o', sandbox.dir / 'sub/a_name_that_is_longer_than_fifteen.o')
    sandbox.plain(*command.replace('x.a', 'libx.a').split())
    words = {
        'path': ['libx.a'],
        'other directory': [f'{sandbox.dir}/libx.a'],
        'library': ['-L.', '-lx'],
        'whole': ['-Wl,--whole-archive,libx.a', '-Wl,--no-whole-archive'],
    }[how]
    sandbox.run('gcc', '-shared', '-u', 'f', '-o', 'x.so', *words)
    assert sandbox.outcomes() == ['linked']
    assert load(sandbox, 'x.so', 'f') == '5'


def test_an_archive_of_others_is_not_a_use(sandbox: Sandbox, library: Path) -> None:
    sandbox.write('f.c', 'int f(void) { return 1; }\n')
    sandbox.plain('gcc', '-fPIC', '-c', 'f.c')
    sandbox.plain('ar', 'crsT', 'x.a', 'f.o')
    sandbox.run('gcc', '-shared', '-o', 'x.so', 'x.a')
    assert sandbox.outcomes() == ['link-plain']


def test_damaged_archives_are_the_linkers_business(sandbox: Sandbox, library: Path, fake: dict[str, Path]) -> None:
    table = b'//                                              18        `\n'
    for text in (
        b'!<thin>\n',
        b'!<thin>\n' + b'x' * 59,
        b'!<thin>\n' + table,
        b'!<thin>\n' + b'/99999999999' + table[12:],
        b'!<thin>\n/0' + b' ' * 58,
    ):
        sandbox.write('x.a', text)
        assert sandbox.outcome(fake['gcc'], '-shared', 'x.a') == 'link-plain'
    sandbox.write('x.a', b'!<thin>\n' + b'x.a/'.ljust(48) + b'0         `\n')  # it names itself
    assert sandbox.outcome(fake['gcc'], '-shared', 'x.a') == 'link-plain'
    sandbox.write('y.a', b'!<thin>\n' + b'x.a/'.ljust(48) + b'0         `\n')  # in a circle
    sandbox.write('x.a', b'!<thin>\n' + b'y.a/'.ljust(48) + b'0         `\n')
    assert sandbox.outcome(fake['gcc'], '-shared', 'x.a') == 'link-plain'


def test_response_file(sandbox: Sandbox, cc: str, library: Path) -> None:
    use(sandbox, 'f')
    sandbox.write('x.rsp', '"f.o" -shared -Wl,--start-group -lm -Wl,--end-group')
    sandbox.run(cc, '-o', 'f.so', '@x.rsp')
    assert load(sandbox, 'f.so', 'f') == '5'


def test_lto_objects(sandbox: Sandbox, cc: str, library: Path) -> None:
    use(sandbox, 'f', 'tramp_x', cc, '-flto', '-O2')
    sandbox.run(cc, '-flto', *(['-fuse-ld=lld'] if cc == 'clang' else []), '-shared', '-o', 'f.so', 'f.o')
    assert load(sandbox, 'f.so', 'f') == '5'


def test_absolute(sandbox: Sandbox, cc: str, library: Path) -> None:
    sandbox.configure(rpath='absolute')
    use(sandbox, 'f')
    sandbox.run(cc, '-shared', '-o', 'f.so', 'f.o')
    assert runpath(sandbox, 'f.so') == [str(library)]
    assert not list(sandbox.dir.glob('libtramp*.so'))
    assert load(sandbox, 'f.so', 'f') == '5'


def test_static(sandbox: Sandbox, cc: str, library: Path) -> None:
    sandbox.configure(link='static')
    use(sandbox, 'f')
    use(sandbox, 'g', 'tramp_cxx_x')
    sandbox.run(cc, '-shared', '-o', 'f.so', 'f.o', 'g.o')
    assert not [name for name in needed(sandbox, 'f.so') if 'tramp' in name]
    assert runpath(sandbox, 'f.so') == []
    assert load(sandbox, 'f.so', 'f') == load(sandbox, 'f.so', 'g') == '6'
    assert 'tramp_x' not in sandbox.plain('nm', '-D', 'f.so').stdout
    assert sandbox.outcomes() == ['linked']


RUNTIMES = ['-static-libstdc++', '-l:libstdc++.a', '-Wl,-l:libstdc++.a', '{libstdcxx}', '-Wl,-Bstatic -lstdc++ -Wl,-Bdynamic']


@pytest.mark.parametrize('option', RUNTIMES)
def test_a_static_cxx_run_time_gets_the_static_barrier(sandbox: Sandbox, library: Path, option: str) -> None:
    use(sandbox, 'f')
    use(sandbox, 'g', 'tramp_cxx_x')
    sandbox.write('t.cc', '#include <stdexcept>\nvoid t() { throw std::runtime_error("t"); }\n')
    sandbox.plain('g++', '-fPIC', '-c', 't.cc')
    option = option.format(libstdcxx=sandbox.plain('gcc', '-print-file-name=libstdc++.a').stdout.strip())
    # Not g++, which would add -lstdc++ behind what is said here.
    sandbox.run('g++' if option == '-static-libstdc++' else 'gcc', '-shared', '-o', 'f.so', 'f.o', 'g.o', 't.o', *option.split())
    assert needed(sandbox, 'f.so') & {f'libtramp-{VERSION}.so', f'libtramp-cxx-{VERSION}.so'} == {f'libtramp-{VERSION}.so'}
    assert (load(sandbox, 'f.so', 'f'), load(sandbox, 'f.so', 'g')) == ('5', '6')
    assert sandbox.outcomes() == ['static-runtime']


def test_static_program(sandbox: Sandbox, library: Path) -> None:
    sandbox.route('a.c', new='return tramp_x();', prelude='int tramp_x(void);')
    sandbox.run('gcc', '-c', 'a.c')
    sandbox.run('gcc', '-static', 'a.o')
    assert sandbox.plain('./a.out').stdout == '6 a.c 4\n'


def test_relocatable_output_is_left_alone(sandbox: Sandbox, library: Path) -> None:
    use(sandbox, 'f')
    for option in ('-r', '-Wl,-r', '-Wl,--relocatable'):
        sandbox.run('gcc', '-nostdlib', '-no-pie', option, '-o', 'r.o', 'f.o')
    assert sandbox.outcomes() == ['link-plain'] * 3
    sandbox.run('gcc', '-shared', '-o', 'f.so', 'r.o')
    assert load(sandbox, 'f.so', 'f') == '5'


def test_compile_and_link_in_one_call(sandbox: Sandbox, cc: str, library: Path) -> None:
    sandbox.route('src/a.c', new='return tramp_x();', prelude='int tramp_x(void);')
    sandbox.write('b.c', 'int b;\n')
    done = sandbox.run(cc, '-g', '-Wall', 'src/a.c', 'b.c', '-o', 'program')
    assert (done.stdout, done.stderr) == ('', '')
    assert sandbox.plain('./program').stdout == '5 src/a.c 4\n'
    assert sandbox.outcomes() == ['routed', 'linked']


def test_compile_and_link_falls_back(sandbox: Sandbox, cc: str, library: Path) -> None:
    use(sandbox, 'f')
    sandbox.route('src/a.c', new='return no_such_name;')
    done = sandbox.run(cc, 'src/a.c', 'f.o', '-o', 'program')
    assert re.fullmatch(r'tramp-build: warning: src/a\.c: compiled without trampolines: src/a\.c:3:.*no_such_name.*\n', done.stderr)
    assert sandbox.plain('./program').stdout == '1 src/a.c 4\n'
    assert f'libtramp-{VERSION}.so' in needed(sandbox, 'program')
    sandbox.configure(strict=True)
    assert sandbox.run(cc, 'src/a.c', '-o', 'program', check=False).returncode == 1
    assert not sandbox.dir.joinpath('program').exists()


def test_compile_and_link_without_a_conf(sandbox: Sandbox, cc: str) -> None:
    sandbox.route('a.c')
    sandbox.state.dir.joinpath('conf').unlink()
    sandbox.run(cc, 'a.c', '-o', 'program')
    assert sandbox.plain('./program').stdout.startswith('1')
    assert sandbox.outcomes() == ['link-plain']
    assert not sandbox.dir.joinpath('.tramp-build').exists()


def test_compile_and_link_of_something_plain(sandbox: Sandbox, cc: str, library: Path) -> None:
    sandbox.write('a.c', SOURCE.replace('PyMethodDef', ''))
    sandbox.run(cc, 'a.c', '-o', 'program')
    assert sandbox.outcomes() == ['link-plain']


def test_users_own_run_path_and_libraries_stay(sandbox: Sandbox, cc: str, library: Path) -> None:
    use(sandbox, 'f')
    sandbox.run(cc, '-shared', '-o', 'f.so', 'f.o', '-Wl,-rpath,/opt/x', '-Wl,--no-as-needed', '-lm')
    assert runpath(sandbox, 'f.so') == ['/opt/x:$ORIGIN' + '/' * 160]
    assert 'libm.so.6' in needed(sandbox, 'f.so')


@pytest.mark.parametrize(
    'option',
    ['-Wl,--as-needed', '-Wl,--no-as-needed', '-Wl,-z,defs', '-Wl,--gc-sections', '-Wl,-Bsymbolic', '-s', '-nostdlib', '--coverage', '-v'],
)
def test_other_options_of_a_link(sandbox: Sandbox, cc: str, library: Path, option: str) -> None:
    use(sandbox, 'f')
    sandbox.run(cc, '-shared', '-o', 'f.so', 'f.o', option)
    assert load(sandbox, 'f.so', 'f') == '5'


def test_the_library_beside_the_output_is_brought_up_to_date(sandbox: Sandbox, library: Path) -> None:
    use(sandbox, 'f')
    beside = sandbox.dir / f'libtramp-{VERSION}.so'
    for text in ('torn', None):
        if text:
            beside.write_text(text)
        sandbox.run('gcc', '-shared', '-o', 'f.so', 'f.o')
        assert beside.read_bytes() == library.joinpath(beside.name).read_bytes()
    before = beside.stat()
    sandbox.run('gcc', '-shared', '-o', 'f.so', 'f.o')
    assert beside.stat().st_ino == before.st_ino


def test_a_failing_link_fails_as_it_would(sandbox: Sandbox, cc: str, library: Path) -> None:
    use(sandbox, 'f')
    words = [cc, '-shared', '-o', 'f.so', 'f.o', '-lno_such_library']
    stock, ours = sandbox.plain(*words, check=False), sandbox.run(*words, check=False)
    assert ours.returncode == stock.returncode != 0
    assert 'no_such_library' in ours.stderr
    assert sandbox.outcomes() == ['link-failed']


def test_without_a_conf_a_use_is_an_error_and_anything_else_is_not(sandbox: Sandbox, library: Path) -> None:
    use(sandbox, 'f')
    sandbox.write('g.c', 'int g;\n')
    sandbox.plain('gcc', '-fPIC', '-c', 'g.c')
    for damage in (lambda conf: conf.write_text('libdir'), Path.unlink):
        damage(sandbox.state.dir / 'conf')
        done = sandbox.run('gcc', '-shared', '-o', 'f.so', 'f.o', check=False)
        assert done.returncode == 1
        assert (
            done.stderr
            == f'tramp-build: error: f.so: uses libtramp, and {sandbox.state.dir}/conf, which says where that is, can not be read\n'
        )
        sandbox.run('gcc', '-shared', '-o', 'g.so', 'g.o')


def test_an_output_directory_that_takes_no_copy(sandbox: Sandbox, library: Path) -> None:
    use(sandbox, 'f')
    output = sandbox.write('out/f.so', '')
    output.chmod(0o666)
    sandbox.dir.joinpath('out').chmod(0o555)
    # bfd replaces its output, which it could not do there either.
    done = as_nobody(sandbox, 'gcc', '-fuse-ld=gold', '-shared', '-o', 'out/f.so', 'f.o')
    assert done.returncode == 0, done.stderr
    assert 'libtramp could not be put beside it: Permission denied' in done.stderr


def test_cxx_drivers(sandbox: Sandbox, cc: str, library: Path) -> None:
    sandbox.route('a.cc', new='return tramp_cxx_x();', prelude='extern "C" int tramp_cxx_x(void);', language='c++')
    sandbox.run(CXX[cc], '-c', 'a.cc')
    sandbox.run(CXX[cc], 'a.o', '-o', 'program')
    assert sandbox.plain('./program').stdout == '5 a.cc 4\n'
    assert f'libtramp-cxx-{VERSION}.so' in needed(sandbox, 'program')
