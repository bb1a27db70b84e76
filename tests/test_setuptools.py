"""The setuptools plugin: whole builds of the projects in tests/packages, each in a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tarfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from package_support import EXT_SUFFIX, check_record, in_tree_env, names_in, read_member, run

from tramp_build import backend, elf, paths, setuptools_build
from tramp_build.config import Config

ABI3_SUFFIX = next(suffix for suffix in EXTENSION_SUFFIXES if '.abi3' in suffix)
VERSION = paths.version()
C_LIBRARY = f'libtramp-{VERSION}.so'
CXX_LIBRARY = f'libtramp-cxx-{VERSION}.so'

RAISES = """
import {0}
assert {0}.check(3) == {1}
try:
    {0}.check(-3)
except ValueError as exc:
    assert str(exc) == 'negative: -3'
else:
    raise SystemExit('nothing was raised')
"""
MANY = """
import many._plain, many._stable, many.deep._thrower
assert (many._plain.word(), many._stable.word()) == ('many', 'stable')
try:
    many.deep._thrower.fail('far')
except IndexError as exc:
    assert str(exc) == 'far'
else:
    raise SystemExit('nothing was raised')
"""


def in_package(*names):
    return pytest.mark.parametrize('package', names, indirect=True)


@pytest.fixture(scope='session')
def plugin_path(tmp_path_factory):
    """A directory that makes this checkout look installed: its entry point is what setuptools goes by."""
    directory = tmp_path_factory.mktemp('plugin')
    info = directory / f'tramp_build-{VERSION}.dist-info'
    info.mkdir()
    info.joinpath('METADATA').write_text(f'Metadata-Version: 2.1\nName: tramp-build\nVersion: {VERSION}\n')
    info.joinpath('entry_points.txt').write_text(
        '[setuptools.finalize_distribution_options]\ntramp-build = tramp_build.setuptools_plugin:finalize_distribution_options\n'
    )
    return directory


@pytest.fixture
def env(plugin_path):
    env = in_tree_env(SOURCE_DATE_EPOCH='1700000000')
    for name in ('CC', 'CXX', 'CFLAGS'):
        env.pop(name, None)
    return {**env, 'PYTHONPATH': os.pathsep.join((os.fspath(plugin_path), env['PYTHONPATH']))}


@pytest.fixture
def setup(package, env):
    """Run setup.py; returns what it said."""

    def setup(*arguments, check=True, **extra):
        return run(sys.executable, 'setup.py', '-q', *arguments, cwd=package, env={**env, **extra}, check=check)

    return setup


@pytest.fixture
def pep517(package, env):
    """Call a hook of setuptools.build_meta, as a front end does; returns the path of the result."""

    def call(hook, *arguments, **extra):
        code = 'import sys, json, setuptools.build_meta as b; print(getattr(b, sys.argv[1])(*json.loads(sys.argv[2])))'
        result = run(sys.executable, '-c', code, hook, json.dumps(arguments), cwd=package, env={**env, **extra})
        return package / arguments[0] / result.stdout.splitlines()[-1]

    return call


@pytest.fixture
def wheel(package, pep517):
    """Build a wheel into a directory of its own."""

    def wheel(directory='dist', **extra):
        package.joinpath(directory).mkdir()
        return pep517('build_wheel', directory, **extra)

    return wheel


def disable(package):
    """Take the table out: what is built now is what anybody builds without tramp-build."""
    file = package / 'pyproject.toml'
    file.write_text(file.read_text().replace('[tool.tramp-build]', '').replace(', "tramp-build"', ''))


def needed(wheel, name):
    return elf.read_dynamic(read_member(wheel, name)).needed


@in_package('setuptools-cpp')
def test_wheel(wheel, venv):
    path = wheel()
    assert {name for name in names_in(path) if '.dist-info' not in name} == {
        f'setuptools_cpp{EXT_SUFFIX}',
        f'setuptools_cpp.libs/{CXX_LIBRARY}',
        f'setuptools_cpp.libs/{C_LIBRARY}',
    }
    report = json.loads(read_member(path, 'setuptools_cpp-1.0.dist-info/tramp-build.json'))
    assert report['summary']['routed'] == 2
    check_record(path)
    venv.install(path)
    venv.run(RAISES.format('setuptools_cpp', 3))


READERS = """
import json, readers
counter, seen = readers.Counter(), []
for call in (lambda name, *args: readers.by_table(counter, name, *args), lambda name, *args: getattr(counter, name)(*args)):
    for words in (
        ('add', 1, 2), ('scale', 1.5), ('scale', 1.5, 4.0), ('itself',), ('add', 'x', 1), ('add',), ('add', 1, -2), ('scale', 1, 0),
    ):
        try:
            seen.append(repr(call(*words)))
        except Exception as exc:
            seen.append(f'{type(exc).__name__}: {exc}')
print(json.dumps(seen))
"""


@in_package('setuptools-readers')
def test_methods_that_the_project_calls_by_their_table(package, wheel, venv):
    """Convention and flags stay; what the project finds in its tables is guarded as well."""
    path = wheel()
    report = json.loads(read_member(path, 'setuptools_readers-1.0.dist-info/tramp-build.json'))
    rows = {e['name']: e for f in report['files'] for t in f['tables'] for e in t['entries']}
    for name, convention in {'add': 'varargs', 'scale': 'varargs|keywords', 'itself': 'noargs', 'by_table': 'varargs'}.items():
        assert (rows[name]['convention'], rows[name]['decision'], rows[name]['how']) == (convention, 'routed', ['barrier']), name
    said = run(sys.executable, '-m', 'tramp_build', 'explain', 'readers.cpp:31', cwd=package, env=in_tree_env()).stdout
    assert 'not upgraded, reads-ml-meth: ' in said
    venv.install(path)
    by_table, called = (lambda seen: (seen[:8], seen[8:]))(json.loads(venv.run(READERS).stdout))
    assert by_table == called
    assert by_table[:4] == ['3', '3.0', '6.0', "<class 'readers.Counter'>"]
    assert by_table[6:] == ['IndexError: less than nothing', 'ValueError: nothing left']


@in_package('setuptools-cpp')
def test_setup_py_bdist_wheel(package, setup):
    said = setup('bdist_wheel')
    assert said.stderr.splitlines()[-1] == 'tramp-build: 1 file, 2 rows routed, 0 skipped'
    (path,) = package.joinpath('dist').glob('*.whl')
    assert f'setuptools_cpp.libs/{CXX_LIBRARY}' in names_in(path)
    # A second run finds everything up to date, and the wheel is the same.
    before = path.read_bytes()
    setup('bdist_wheel')
    assert path.read_bytes() == before


@in_package('setuptools-many')
def test_several_extensions_in_nested_packages(wheel, venv):
    path = wheel()
    plain, stable, thrower = f'many/_plain{EXT_SUFFIX}', f'many/_stable{ABI3_SUFFIX}', f'many/deep/_thrower{EXT_SUFFIX}'
    assert {name for name in names_in(path) if '.so' in name} == {
        plain,
        stable,
        thrower,
        f'setuptools_many.libs/{C_LIBRARY}',
        f'setuptools_many.libs/{CXX_LIBRARY}',
    }
    assert C_LIBRARY in needed(path, plain)
    assert CXX_LIBRARY in needed(path, thrower)
    assert not [library for library in (*needed(path, plain), *needed(path, stable)) if 'stdc++' in library or 'cxx' in library]
    check_record(path)
    venv.install(path)
    venv.run(MANY)


@in_package('setuptools-many')
def test_parallel_and_in_place(package, setup, env):
    setup('build_ext', '--inplace', '-j', '3')
    found = {os.fspath(path.relative_to(package / 'src')) for path in package.rglob('src/**/*.so')}
    assert found == {
        f'many/_plain{EXT_SUFFIX}',
        f'many/_stable{ABI3_SUFFIX}',
        f'many/deep/_thrower{EXT_SUFFIX}',
        f'many/{C_LIBRARY}',
        f'many/deep/{CXX_LIBRARY}',
    }
    # The copies in the source tree are whole: nothing in build/ is needed.
    shutil.rmtree(package / 'build')
    run(sys.executable, '-c', MANY, cwd=package / 'src', env={k: v for k, v in env.items() if k != 'PYTHONPATH'})


@in_package('setuptools-many')
def test_a_wheel_after_an_in_place_build_has_no_second_copy(package, setup, wheel):
    with package.joinpath('setup.py').open('a') as file:
        file.write('\n')
    package.joinpath('MANIFEST.in').write_text('recursive-include src *.so\n')
    file = package / 'setup.py'
    file.write_text(file.read_text().replace("packages=['many'", "include_package_data=True, packages=['many'"))
    setup('build_ext', '--inplace')
    assert {name for name in names_in(wheel()) if 'libtramp' in name} == {
        f'setuptools_many.libs/{C_LIBRARY}',
        f'setuptools_many.libs/{CXX_LIBRARY}',
    }


@in_package('setuptools-commands')
def test_commands_of_the_project(wheel, venv):
    path = wheel()
    assert path.name.startswith('setuptools_commands-1.0-7-')
    assert f'setuptools_commands.libs/{CXX_LIBRARY}' in names_in(path)
    check_record(path)
    venv.install(path)
    venv.run(RAISES.format('commands', 1003))


@in_package('setuptools-library')
def test_a_static_library_of_the_project(wheel, venv):
    path = wheel()
    assert f'setuptools_library.libs/{C_LIBRARY}' in names_in(path)
    venv.install(path)
    venv.run('import library; assert library.ask() == 42')


@in_package('setuptools-pure', 'setuptools-tableless')
def test_nothing_to_route_leaves_the_wheel_as_it_was(package, wheel):
    ours = wheel('ours').read_bytes()
    shutil.rmtree(package / 'build')
    disable(package)
    assert wheel('stock').read_bytes() == ours


@pytest.mark.parametrize('how', ['no-table', 'off'])
@in_package('setuptools-cpp')
def test_inactive(package, setup, how):
    """Not a word, not a file, not an import: as if tramp-build were not installed."""
    if how == 'no-table':
        disable(package)
    extra = {'TRAMP_BUILD': 'off'} if how == 'off' else {}
    said = setup('bdist_wheel', **extra)
    assert 'tramp' not in said.stdout + said.stderr
    (path,) = package.joinpath('dist').glob('*.whl')
    assert not [name for name in names_in(path) if 'tramp' in name]
    assert not [name for name in package.rglob('*') if 'tramp' in name.name]


@in_package('setuptools-cpp')
def test_free_threaded(package, setup, env, tmp_path):
    """Nothing is routed there, and that is said."""
    code = 'import sysconfig\nknown = sysconfig.get_config_var\n'
    code += "sysconfig.get_config_var = lambda name: 1 if name == 'Py_GIL_DISABLED' else known(name)\n"
    tmp_path.joinpath('sitecustomize.py').write_text(code)
    said = setup('bdist_wheel', PYTHONPATH=f'{tmp_path}{os.pathsep}{env["PYTHONPATH"]}')
    assert said.stderr.count('tramp-build: nothing is routed: libtramp is not made for free-threaded CPython\n') == 1
    (path,) = package.joinpath('dist').glob('*.whl')
    assert not [name for name in names_in(path) if 'tramp' in name]


@in_package('setuptools-cpp')
def test_inactive_costs_nothing(package, env):
    disable(package)
    code = """
import sys, setuptools
before = set(sys.modules)
sys.argv = ['setup.py', '--version']
setuptools.setup()
print(sorted(name for name in set(sys.modules) - before if name.startswith('tramp_build')))
"""
    said = run(sys.executable, '-c', code, cwd=package, env=env)
    assert said.stdout.splitlines()[-1] == "['tramp_build', 'tramp_build.setuptools_plugin']"


@in_package('setuptools-cpp')
def test_a_project_without_pyproject_toml(package, setup):
    package.joinpath('pyproject.toml').unlink()
    setup('build_ext', '--inplace')
    assert not [name for name in package.rglob('*') if 'tramp' in name.name]


@in_package('setuptools-cpp')
def test_wrong_configuration(package, setup):
    with package.joinpath('pyproject.toml').open('a') as file:
        file.write('strickt = true\n')
    said = setup('bdist_wheel', check=False)
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1].startswith(
        'tramp-build: error: pyproject.toml: tool.tramp-build.strickt: unknown key; did you mean'
    )


@in_package('setuptools-cpp')
def test_configuration_of_the_environment(wheel):
    """A PEP 517 front end's settings do not reach a setuptools plugin; the environment does."""
    path = wheel(TRAMP_BUILD_LINK='static')
    assert not [name for name in names_in(path) if 'libtramp' in name]
    assert 'setuptools_cpp-1.0.dist-info/tramp-build.json' in names_in(path)


@in_package('setuptools-many')
def test_the_report_it_names_is_there(package, env):
    """setuptools moves the wheel to its place after the last command has run."""
    code = 'import sys, setuptools.build_meta as b; b.build_wheel("dist")'
    said = run(sys.executable, '-c', code, cwd=package, env={**env, 'TRAMP_BUILD_EXCLUDE_FUNCTIONS': 'fail'}).stderr
    where = re.search(r'\d+ rows routed, 1 skipped \(why: tramp-build report (.+)\)', said)[1]
    assert where.startswith('dist/setuptools_many-')
    assert (package / where).is_file()


@in_package('setuptools-cpp')
def test_what_was_built_otherwise_is_built_again(package, setup):
    """distutils goes by times only: a module that was built before the table was there counts as up to date."""

    def is_routed():
        module = next(package.glob(f'build/lib*/setuptools_cpp{EXT_SUFFIX}'))
        return CXX_LIBRARY in elf.read_dynamic(module.read_bytes()).needed

    setup('build_ext', TRAMP_BUILD='off')
    assert not is_routed()
    setup('build_ext')
    assert is_routed()
    setup('build_ext', TRAMP_BUILD_EXCLUDE='*.cpp')
    assert not is_routed()
    setup('build_ext')
    assert is_routed()
    setup('build_ext', TRAMP_BUILD='off')
    assert not is_routed()
    assert not [path for path in package.rglob('*') if 'tramp' in path.name]


@in_package('setuptools-cpp')
def test_what_is_up_to_date_is_not_built_again(package, setup):
    setup('build_ext')
    module = next(package.glob(f'build/lib*/setuptools_cpp{EXT_SUFFIX}'))
    before = module.stat().st_mtime_ns
    setup('build_ext')
    assert module.stat().st_mtime_ns == before


def test_what_was_decided_before_is_decided_again_first(tmp_path, monkeypatch):
    """A build that failed leaves decisions: nothing is to be compiled by them while those of this build are made."""
    early = []
    monkeypatch.setattr(backend.Routing, 'start', lambda *_args, **options: early.append(options['early']))
    for build_temp in (tmp_path / 'new', tmp_path / 'old'):
        tmp_path.joinpath('old', setuptools_build.STATE).mkdir(parents=True, exist_ok=True)
        setuptools_build.Session(tmp_path, Config()).start(str(build_temp))
    assert early == [True, False]


@pytest.mark.parametrize('mode', ['lenient', 'strict'])
@in_package('setuptools-many')
def test_editable(package, pep517, venv, tmp_path, mode):
    tmp_path.joinpath('wheels').mkdir()
    path = pep517('build_editable', os.fspath(tmp_path / 'wheels'), {'editable_mode': mode})
    venv.install(path)
    venv.run(MANY)


@in_package('setuptools-cpp')
def test_sdist_is_untouched(package, pep517):
    def contents(path):
        with tarfile.open(path) as archive:
            return {m.name: archive.extractfile(m).read() for m in archive if m.isfile() and not m.name.endswith('pyproject.toml')}

    for directory in ('stock', 'ours'):
        package.joinpath(directory).mkdir()
    ours = contents(pep517('build_sdist', 'ours'))
    disable(package)
    assert contents(pep517('build_sdist', 'stock')) == ours


@in_package('setuptools-cpp')
def test_compiler_with_arguments(package, setup, tmp_path):
    script = tmp_path / 'my compiler'
    script.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/calls"\nexec g++ "$@"\n')
    script.chmod(0o755)
    setup('build_ext', '--inplace', CXX=f"'{script}' -DOWN=1", CC=f"'{script}' -DOWN=1")
    calls = tmp_path.joinpath('calls').read_text().splitlines()
    assert len([line for line in calls if line.startswith('-DOWN=1')]) >= 1
    assert package.joinpath(CXX_LIBRARY).is_file()


@in_package('setuptools-cpp')
def test_isolated(package, offline, tmp_path, venv):
    """As a user does it: nothing of this checkout or environment is in reach."""
    run(sys.executable, '-m', 'build', '--outdir', tmp_path / 'dist', package)
    (path,) = tmp_path.joinpath('dist').glob('*.whl')
    venv.install(path)
    venv.run(RAISES.format('setuptools_cpp', 3))


@pytest.mark.parametrize(
    ('directory', 'moved'), [('.tmp-x1', True), ('tmpab_c9xyz', True), ('tmp', False), ('dist', False), ('temporary', False)]
)
def test_where_a_wheel_ends_up(directory, moved):
    made = Path('/out', directory, 'x.whl')
    assert setuptools_build._destination(made) == (Path('/out/x.whl') if moved else made)
