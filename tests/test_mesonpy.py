"""The meson-python backend: whole builds of the projects in tests/packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

import mesonpy
import pytest
from mesonpy_support import C_LIBRARY, CXX_LIBRARY, RAISES, VERSION, build, in_package, needed, tree
from package_support import EXT_SUFFIX, ROOT, VEnv, check_record, copy_package, names_in, read_member, run

import tramp_build.mesonpy
from tramp_build import elf, paths

pytestmark = pytest.mark.usefixtures('scratch')

HOOKS = [
    f'{verb}{kind}'
    for verb in ('build_', 'get_requires_for_build_', 'prepare_metadata_for_build_')
    for kind in ('wheel', 'sdist', 'editable')
]


@pytest.mark.parametrize('name', HOOKS)
def test_has_exactly_the_hooks_of_mesonpy(name):
    assert hasattr(tramp_build.mesonpy, name) == hasattr(mesonpy, name)


@pytest.mark.parametrize('name', [name for name in HOOKS if name.startswith('get_requires')])
@in_package('meson-pure')
def test_requirements_are_those_of_mesonpy(package, name):
    if hasattr(mesonpy, name):
        assert getattr(tramp_build.mesonpy, name)({'tramp-build.strict': 'true'}) == getattr(mesonpy, name)()


@in_package('meson-cpp')
def test_wheel(package, tmp_path, venv, scratch, capfd):
    before = tree(package)
    wheel = build(tmp_path / 'dist')
    assert names_in(wheel) == {
        f'meson_cpp{EXT_SUFFIX}',
        # The barrier, and the argument parser.
        f'meson_cpp.libs/{CXX_LIBRARY}',
        f'meson_cpp.libs/{C_LIBRARY}',
        *(f'meson_cpp-1.0.dist-info/{name}' for name in ('METADATA', 'WHEEL', 'RECORD', 'tramp-build.json')),
    }
    check_record(wheel)
    venv.install(wheel)
    venv.run(RAISES)
    assert capfd.readouterr().err.splitlines()[-1] == 'tramp-build: 1 file, 2 rows routed, 0 skipped'
    assert tree(package) == before
    assert list(scratch.iterdir()) == []


@in_package('meson-cpp')
def test_the_stock_wheel_dies(package, tmp_path, venv):
    """What all of this is for: without it, the test above can not pass."""
    venv.install(build(tmp_path / 'dist', backend=mesonpy))
    result = venv.run('import meson_cpp; meson_cpp.check(-3)', check=False)
    assert result.returncode < 0
    assert 'terminate called' in result.stderr


@in_package('meson-nested')
def test_nested_packages(package, tmp_path, venv):
    wheel = build(tmp_path / 'dist')
    plain, thrower = f'nested/_plain{EXT_SUFFIX}', f'nested/deep/_thrower{EXT_SUFFIX}'
    assert {name for name in names_in(wheel) if '.so' in name} == {
        plain,
        thrower,
        f'meson_nested.libs/{C_LIBRARY}',
        f'meson_nested.libs/{CXX_LIBRARY}',
    }
    assert C_LIBRARY in needed(wheel, plain)
    assert CXX_LIBRARY in needed(wheel, thrower)
    check_record(wheel)
    venv.install(wheel)
    venv.run("""
from nested import _plain
from nested.deep import _thrower
assert _plain.word() == 'from-pyproject'
try:
    _thrower.fail('far')
except IndexError as exc:
    assert str(exc) == 'far'
else:
    raise SystemExit('nothing was raised')
""")


@in_package('meson-nested')
def test_a_c_module_needs_no_cxx_run_time(package, tmp_path):
    """Not itself, and not through the library that it loads."""
    wheel = build(tmp_path / 'dist')
    for name in (f'nested/_plain{EXT_SUFFIX}', f'meson_nested.libs/{C_LIBRARY}'):
        assert not [library for library in needed(wheel, name) if library.startswith(('libstdc++', 'libgcc_s', 'libtramp-cxx'))]


@in_package('meson-library')
def test_a_shared_library_of_the_project(package, tmp_path, venv):
    """mesonpy has patchelf rewrite the run path of both, for directories of its own and of the project."""
    wheel = build(tmp_path / 'dist')
    module = f'outer/_outer{EXT_SUFFIX}'
    library = '.meson_library.mesonpy.libs/libmethods.so'
    assert {CXX_LIBRARY, 'libmethods.so'} <= set(needed(wheel, module))
    assert CXX_LIBRARY in needed(wheel, library)
    (run_path,) = elf.read_dynamic(read_member(wheel, module)).run_paths
    assert '$ORIGIN/of-the-project' in run_path.text.split(':')
    check_record(wheel)
    venv.install(wheel)
    venv.run("""
from outer import _outer
for function, error, text in ((_outer.outer, IndexError, 'from the module'), (_outer.inner, ValueError, 'from the library')):
    try:
        function()
    except error as exc:
        assert str(exc) == text
    else:
        raise SystemExit('nothing was raised')
""")


@in_package('meson-nested')
def test_the_wheel_carries_the_report(package, tmp_path):
    report = json.loads(read_member(build(tmp_path / 'dist'), 'meson_nested-1.0.dist-info/tramp-build.json'))
    assert [file['path'] for file in report['files']] == ['nested/deep/thrower.cpp', 'nested/plain.c']
    assert report['summary']['routed'] == 4


@pytest.mark.parametrize('package', ['meson-pure', 'meson-tableless'], indirect=True)
def test_nothing_to_route_leaves_the_wheel_as_it_was(package, tmp_path):
    stock = build(tmp_path / 'stock', backend=mesonpy)
    ours = build(tmp_path / 'ours')
    assert ours.name == stock.name
    assert ours.read_bytes() == stock.read_bytes()


@in_package('meson-cpp')
def test_reproducible(package, tmp_path):
    assert build(tmp_path / 'a').read_bytes() == build(tmp_path / 'b').read_bytes()


@in_package('meson-cpp')
def test_off(package, tmp_path, monkeypatch, capfd):
    stock = build(tmp_path / 'stock', backend=mesonpy)
    monkeypatch.setenv('TRAMP_BUILD', 'off')
    capfd.readouterr()
    ours = build(tmp_path / 'ours', {'tramp-build.strict': 'true'})
    assert ours.read_bytes() == stock.read_bytes()
    said = capfd.readouterr()
    assert 'tramp' not in (said.out + said.err).replace('tramp_build', '')


@in_package('meson-cpp')
def test_free_threaded(package, tmp_path, monkeypatch, capfd):
    """Nothing is routed there, and that is said."""
    stock = build(tmp_path / 'stock', backend=mesonpy)
    known = sysconfig.get_config_var
    monkeypatch.setattr(sysconfig, 'get_config_var', lambda name: 1 if name == 'Py_GIL_DISABLED' else known(name))
    ours = build(tmp_path / 'ours')
    assert ours.read_bytes() == stock.read_bytes()
    assert 'tramp-build: nothing is routed: libtramp is not made for free-threaded CPython\n' in capfd.readouterr().err


@in_package('meson-cpp')
def test_static(package, tmp_path, venv):
    wheel = build(tmp_path / 'dist', {'tramp-build.link': 'static'})
    assert {name for name in names_in(wheel) if '.so' in name} == {f'meson_cpp{EXT_SUFFIX}'}
    assert 'meson_cpp-1.0.dist-info/tramp-build.json' in names_in(wheel)
    venv.install(wheel)
    venv.run(RAISES)


@in_package('meson-nested')
def test_config_settings_go_where_they_belong(package, tmp_path, venv):
    wheel = build(tmp_path / 'dist', {'setup-args': '-Dword=from-settings', 'tramp-build.exclude': 'nested/deep/*'})
    assert {name for name in names_in(wheel) if name.startswith('meson_nested.libs')} == {f'meson_nested.libs/{C_LIBRARY}'}
    venv.install(wheel)
    venv.run("from nested import _plain; assert _plain.word() == 'from-settings'")


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'tramp-build.strickt': 'true'}, 'tramp-build: error: config setting tramp-build.strickt: unknown key; did you mean'),
        ({'setup-arg': '-Dx=y'}, 'Unknown option "setup-arg". Did you mean "setup-args"'),
    ],
    ids=['ours', "mesonpy's"],
)
@in_package('meson-cpp')
def test_wrong_settings(package, tmp_path, capfd, settings, message):
    with pytest.raises(SystemExit):
        build(tmp_path / 'dist', settings)
    said = capfd.readouterr()
    assert message in said.out + said.err


@in_package('meson-cpp')
def test_a_failed_build_leaves_nothing_behind(package, tmp_path, scratch, capfd):
    package.joinpath('meson_cpp.cpp').write_text('static PyMethodDef methods[] = { not C++')
    with pytest.raises(SystemExit):
        build(tmp_path / 'dist')
    said = capfd.readouterr()
    assert 'meson_cpp.cpp:1:' in said.out
    assert list(scratch.iterdir()) == []
    assert sorted(path.name for path in package.iterdir()) == ['meson.build', 'meson_cpp.cpp', 'pyproject.toml']


@in_package('meson-cpp')
def test_a_full_disk_is_a_clear_error(package, tmp_path, monkeypatch, capfd):
    from tramp_build.state import State

    def full(self, *arguments):
        raise OSError(28, 'No space left on device', '/somewhere/bodies/x')

    monkeypatch.setattr(State, 'add_body', full)
    with pytest.raises(SystemExit) as ended:
        build(tmp_path / 'dist')
    assert ended.value.code == 1
    assert 'tramp-build: error: /somewhere/bodies/x: No space left on device' in capfd.readouterr().err


@in_package('meson-cpp')
def test_a_read_only_source_tree(package, tmp_path):
    for path in [*package.iterdir(), package]:
        path.chmod(path.stat().st_mode & ~0o222)
    before = tree(package)
    wheel = build(tmp_path / 'dist', {'build-dir': os.fspath(tmp_path / 'build')})
    assert f'meson_cpp.libs/{CXX_LIBRARY}' in names_in(wheel)
    assert tree(package) == before


@pytest.mark.parametrize('persistent', [False, True], ids=['scratch', 'build-dir'])
def test_paths_with_spaces_and_quotes(tmp_path, monkeypatch, venv, persistent):
    directory = tmp_path / """it's a "path" ü & (co)"""
    scratch = directory / 'scratch'
    scratch.mkdir(parents=True)
    monkeypatch.setattr(tempfile, 'tempdir', os.fspath(scratch))
    monkeypatch.chdir(copy_package('meson-cpp', directory))
    wheel = build(tmp_path / 'dist', {'build-dir': 'b u'} if persistent else None)
    venv.install(wheel)
    venv.run(RAISES)


@in_package('meson-cpp')
def test_sdist_is_that_of_mesonpy(package, tmp_path):
    for command in (['init', '-q'], ['add', '.'], ['-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-qm', 'x']):
        subprocess.run(['git', *command], check=True)
    sdists = []
    for backend, settings in ((mesonpy, None), (tramp_build.mesonpy, {'tramp-build.strict': 'true'})):
        directory = tmp_path / backend.__name__
        directory.mkdir()
        sdists.append(directory / backend.build_sdist(os.fspath(directory), settings))
    stock, ours = sdists
    assert ours.name == stock.name
    with tarfile.open(stock) as a, tarfile.open(ours) as b:
        assert [(m.name, m.mtime, m.mode, m.size) for m in a] == [(m.name, m.mtime, m.mode, m.size) for m in b]
        assert [a.extractfile(m).read() for m in a if m.isfile()] == [b.extractfile(m).read() for m in b if m.isfile()]


@in_package('meson-nested')
def test_auditwheel(package, tmp_path):
    """It finds everything that it would bring in, and what it repairs works."""
    wheel = build(tmp_path / 'dist')
    said = run(sys.executable, '-m', 'auditwheel', 'show', wheel).stdout
    assert 'manylinux' in said
    run(sys.executable, '-m', 'auditwheel', 'repair', '--wheel-dir', tmp_path / 'repaired', wheel)
    (repaired,) = tmp_path.joinpath('repaired').iterdir()
    venv = VEnv(tmp_path / 'venv')
    venv.install(repaired)
    venv.run("""
from nested.deep import _thrower
try:
    _thrower.fail('far')
except IndexError:
    raise SystemExit(0)
raise SystemExit('nothing was raised')
""")


@in_package('meson-cpp')
def test_isolated(package, offline, tmp_path, venv):
    """As a user does it: nothing of this checkout or environment is in reach."""
    run(sys.executable, '-m', 'build', '--wheel', '--outdir', tmp_path / 'dist', package)
    (wheel,) = tmp_path.joinpath('dist').iterdir()
    venv.install(wheel)
    venv.run(RAISES)


@pytest.fixture(scope='session')
def other_release(tmp_path_factory):
    """A build of libtramp and the launcher that calls itself 99.9."""
    directory = tmp_path_factory.mktemp('release')
    env = {**os.environ, 'PATH': os.pathsep.join((os.path.dirname(sys.executable), os.environ['PATH']))}
    run('meson', 'setup', directory, ROOT, '-Drelease=99.9', env=env)
    targets = [f'csrc/libtramp{kind}-99.9.so' for kind in ('', '-cxx')] + ['csrc/launcher/tramp-cc']
    run('ninja', '-C', directory, *targets, env=env)
    return directory


def test_two_releases_in_one_process(tmp_path, monkeypatch, venv, other_release):
    """Two wheels that bring different releases: each module uses its own."""
    monkeypatch.chdir(copy_package('meson-cpp', tmp_path))
    venv.install(build(tmp_path / 'dist'))
    monkeypatch.chdir(copy_package('meson-nested', tmp_path))
    monkeypatch.setattr(paths, '__version__', '99.9')
    monkeypatch.setattr(paths, '_PACKAGE', Path('/nowhere'))
    monkeypatch.setenv('TRAMP_BUILD_DEV', os.fspath(other_release))
    wheel = build(tmp_path / 'dist')
    assert 'meson_nested.libs/libtramp-cxx-99.9.so' in names_in(wheel)
    venv.install(wheel)
    venv.run(f"""
from nested.deep import _thrower
{RAISES}
try:
    _thrower.fail('far')
except IndexError as exc:
    assert str(exc) == 'far'
else:
    raise SystemExit('nothing was raised')
with open('/proc/self/maps') as file:
    loaded = {{line.split('/')[-1].strip() for line in file if 'libtramp' in line}}
assert {{'libtramp-cxx-{VERSION}.so', 'libtramp-cxx-99.9.so'}} <= loaded, loaded
""")
