"""Bundling, on wheels that are put together here: small modules that need a stand-in for libtramp."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import tempfile
import zipfile

import pytest
from package_support import VEnv, check_record, names_in, read_member, run

from tramp_build import elf, wheel
from tramp_build.errors import ToolError
from tramp_build.wheel import PLACEHOLDER, Bundled

C_LIBRARY = 'libtramp-1.2.so'
CXX_LIBRARY = 'libtramp-cxx-1.2.so'

MODULE = """
#include <Python.h>
int tramp_stand_in(void);
static PyObject *call(PyObject *self, PyObject *ignored) { return PyLong_FromLong(tramp_stand_in()); }
static PyMethodDef methods[] = {{"call", call, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "mod", NULL, 0, methods};
PyMODINIT_FUNC PyInit_mod(void) { return PyModule_Create(&module); }
"""


@pytest.fixture(scope='session')
def libraries(tmp_path_factory):
    """Stand-ins for the two libraries; the C++ one needs the other."""
    directory = tmp_path_factory.mktemp('lib')
    directory.joinpath('c.c').write_text('int tramp_stand_in(void) { return 42; }')
    directory.joinpath('cxx.c').write_text('int tramp_stand_in(void); int tramp_cxx(void) { return tramp_stand_in(); }')
    link('-Wl,-soname,' + C_LIBRARY, directory / 'c.c', output=directory / C_LIBRARY)
    link('-Wl,-soname,' + CXX_LIBRARY, directory / 'cxx.c', directory / C_LIBRARY, output=directory / CXX_LIBRARY)
    return directory


def link(*arguments, output):
    subprocess.run(['gcc', '-shared', '-fPIC', '-Wl,--no-as-needed', '-o', output, *arguments], check=True)
    return output


@pytest.fixture(scope='session')
def build_module(tmp_path_factory, libraries):
    """A function that links a module: which library it needs, and its run path."""
    from sysconfig import get_path

    def build(library=C_LIBRARY, run_path=PLACEHOLDER):
        directory = tmp_path_factory.mktemp('module')
        directory.joinpath('mod.c').write_text(MODULE)
        needed = [libraries / library, f'-Wl,-rpath-link,{libraries}', libraries / C_LIBRARY] if library else []
        source = [f'-I{get_path("include")}', directory / 'mod.c'] if library else [directory / 'plain.c']
        directory.joinpath('plain.c').write_text('int x;')
        return link(*source, *needed, *([f'-Wl,-rpath,{run_path}'] if run_path else []), output=directory / 'mod.so').read_bytes()

    return build


@pytest.fixture(scope='session')
def module(build_module):
    return build_module()


def make_wheel(directory, files, name='my_pkg-1.0-cp311-cp311-linux_x86_64.whl', dist_info='my_pkg-1.0.dist-info'):
    """A wheel with these files, in this order, and a RECORD."""
    from tramp_build.archive import _record_row

    path = directory / name
    tag = name.removesuffix('.whl').split('-', 2)[2]
    metadata = {
        f'{dist_info}/METADATA': b'Metadata-Version: 2.1\nName: my-pkg\nVersion: 1.0\n',
        f'{dist_info}/WHEEL': f'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n'.encode(),
    }
    everything = {**files, **metadata}
    rows = [','.join(_record_row(n, d)) for n, d in everything.items()] + [f'{dist_info}/RECORD,,']
    everything[f'{dist_info}/RECORD'] = ('\n'.join(rows) + '\n').encode()
    with zipfile.ZipFile(path, 'w') as archive:
        for index, (member, data) in enumerate(everything.items()):
            info = zipfile.ZipInfo(member, (2001, 2, 3, 4, 5, 2 * index))
            info.compress_type = zipfile.ZIP_DEFLATED if index % 2 else zipfile.ZIP_STORED
            info.external_attr = (0o100755 if member.endswith('.so') else 0o100644) << 16
            archive.writestr(info, data)
    return path


def run_path(path, name):
    return [r.text for r in elf.read_dynamic(read_member(path, name)).run_paths]


def test_bundles(tmp_path, module, libraries):
    path = make_wheel(tmp_path, {'my/__init__.py': b'', 'my/mod.so': module})
    before = names_in(path)
    done = wheel.bundle(path, libraries, b'{}\n')
    assert done == Bundled(('my/mod.so',), (f'my_pkg.libs/{C_LIBRARY}',))
    assert names_in(path) - before == {f'my_pkg.libs/{C_LIBRARY}', 'my_pkg-1.0.dist-info/tramp-build.json'}
    assert run_path(path, 'my/mod.so') == ['$ORIGIN/../my_pkg.libs']
    assert read_member(path, f'my_pkg.libs/{C_LIBRARY}') == (libraries / C_LIBRARY).read_bytes()
    check_record(path)


def test_the_installed_wheel_works(tmp_path, module, libraries):
    tag = f'cp{sys.version_info[0]}{sys.version_info[1]}'
    files = {'mod.so': module, 'a/b/c/mod.so': module, 'a/mod.so': module}
    path = make_wheel(tmp_path, files, name=f'my_pkg-1.0-{tag}-{tag}-linux_x86_64.whl')
    wheel.bundle(path, libraries)
    venv = VEnv(tmp_path / 'venv')
    venv.install(path)
    venv.run('import mod, a.mod, a.b.c.mod; assert mod.call() == a.mod.call() == a.b.c.mod.call() == 42')


@pytest.mark.parametrize(
    ('name', 'library', 'expected'),
    [
        ('mod.so', 'my_pkg.libs', '$ORIGIN/my_pkg.libs'),
        ('a/b/mod.so', 'my_pkg.libs', '$ORIGIN/../../my_pkg.libs'),
        ('.my_pkg.mesonpy.libs/libx.so', 'my_pkg.libs', '$ORIGIN/../my_pkg.libs'),
        ('my_pkg-1.0.data/platlib/a/mod.so', 'my_pkg-1.0.data/platlib/my_pkg.libs', '$ORIGIN/../my_pkg.libs'),
        ('my_pkg-1.0.data/purelib/mod.so', 'my_pkg-1.0.data/purelib/my_pkg.libs', '$ORIGIN/my_pkg.libs'),
        ('my_pkg-1.0.data/data/lib/mod.so', 'my_pkg-1.0.data/data/lib', PLACEHOLDER),
        ('/'.join('x' * 60) + '/mod.so', '/'.join('x' * 60), PLACEHOLDER),
    ],
    ids=['top', 'nested', 'mesonpy-libs', 'platlib', 'purelib', 'data', 'too-deep'],
)
def test_where_the_library_goes(tmp_path, module, libraries, name, library, expected):
    path = make_wheel(tmp_path, {name: module})
    assert wheel.bundle(path, libraries).libraries == (f'{library}/{C_LIBRARY}',)
    assert run_path(path, name) == [expected]
    check_record(path)


def test_one_copy_for_all_modules_and_no_strays(tmp_path, module, libraries):
    stray = (libraries / C_LIBRARY).read_bytes()
    path = make_wheel(tmp_path, {'a/mod.so': module, f'a/{C_LIBRARY}': stray, 'b/mod.so': module, f'b/{C_LIBRARY}': stray})
    wheel.bundle(path, libraries)
    assert [name for name in names_in(path) if name.endswith(C_LIBRARY)] == [f'my_pkg.libs/{C_LIBRARY}']
    check_record(path)


def test_a_library_brings_what_it_needs(tmp_path, build_module, libraries):
    path = make_wheel(tmp_path, {'mod.so': build_module(CXX_LIBRARY)})
    assert wheel.bundle(path, libraries).libraries == (f'my_pkg.libs/{C_LIBRARY}', f'my_pkg.libs/{CXX_LIBRARY}')


def test_a_library_of_an_earlier_release_comes_from_beside_the_module(tmp_path, module, libraries):
    path = make_wheel(tmp_path, {'a/mod.so': module, f'a/{C_LIBRARY}': (libraries / C_LIBRARY).read_bytes()})
    wheel.bundle(path, tmp_path)
    assert f'my_pkg.libs/{C_LIBRARY}' in names_in(path)


def test_a_missing_library_is_an_error(tmp_path, module):
    path = make_wheel(tmp_path, {'a/mod.so': module})
    before = path.read_bytes()
    with pytest.raises(ToolError, match=r'a/mod\.so loads libtramp-1\.2\.so, which is not in'):
        wheel.bundle(path, tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize('run_path', [None, '/usr/lib/x', '$ORIGIN/../../x'], ids=['none', 'absolute', 'outside'])
def test_a_lost_run_path_is_an_error(tmp_path, build_module, libraries, run_path):
    path = make_wheel(tmp_path, {'a/mod.so': build_module(run_path=run_path)})
    with pytest.raises(ToolError, match=r'a/mod\.so loads libtramp and its run path \(.+\) was changed'):
        wheel.bundle(path, libraries)


@pytest.mark.parametrize(
    ('run_path', 'directory'),
    [
        ('$ORIGIN', 'a/b/'),
        ('/x:$ORIGIN/.', 'a/b/'),
        ('$ORIGIN/../.own.libs:$ORIGIN', 'a/b/'),
        ('$ORIGIN/../../.own.libs', '.own.libs/'),
        ('$ORIGIN/../..', ''),
    ],
)
def test_a_run_path_that_another_tool_made(tmp_path, build_module, libraries, run_path, directory):
    """mesonpy before 0.17 does so, where a project has shared libraries of its own."""
    path = make_wheel(tmp_path, {'a/b/mod.so': build_module(run_path=run_path)})
    assert wheel.bundle(path, libraries).libraries == (f'{directory}{C_LIBRARY}',)
    check_record(path)


def test_an_own_run_path_stays(tmp_path, build_module, libraries):
    path = make_wheel(tmp_path, {'a/mod.so': build_module(run_path=f'/opt/x:{PLACEHOLDER}')})
    wheel.bundle(path, libraries)
    assert run_path(path, 'a/mod.so') == ['/opt/x:$ORIGIN/../my_pkg.libs']


def test_untouched_without_users(tmp_path, build_module, libraries):
    path = make_wheel(tmp_path, {'a.py': b'x', 'mod.so': build_module(library=None, run_path=None), 'broken.so': b'\x7fELF'})
    before = (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
    assert wheel.bundle(path, libraries) == Bundled()
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_static_modules_bring_only_the_report(tmp_path, build_module, libraries):
    path = make_wheel(tmp_path, {'mod.so': build_module(library=None)})
    assert wheel.bundle(path, libraries, b'{}') == Bundled()
    assert 'my_pkg-1.0.dist-info/tramp-build.json' in names_in(path)
    check_record(path)


def test_the_same_input_gives_the_same_wheel(tmp_path, module, libraries):
    wheels = []
    for directory in (tmp_path / 'a', tmp_path / 'b'):
        directory.mkdir()
        path = make_wheel(directory, {'my/mod.so': module, 'my/other.so': module})
        wheel.bundle(path, libraries, b'{}')
        wheels.append(path.read_bytes())
    assert wheels[0] == wheels[1]


def test_bundling_twice_changes_nothing(tmp_path, module, libraries):
    path = make_wheel(tmp_path, {'my/mod.so': module})
    wheel.bundle(path, libraries, b'{}')
    before = path.read_bytes()
    wheel.bundle(path, libraries, b'{}')
    assert path.read_bytes() == before


def test_what_is_not_changed_keeps_everything(tmp_path, module, libraries):
    path = make_wheel(tmp_path, {'a.py': b'a', 'my/mod.so': module, 'z.py': b'z' * 100})
    os.chmod(path, 0o640)

    def facts():
        with zipfile.ZipFile(path) as archive:
            return {i.filename: (i.date_time, i.external_attr, i.compress_type, i.create_system) for i in archive.infolist()}

    before = facts()
    wheel.bundle(path, libraries, b'{}')
    after = facts()
    assert {name: after[name] for name in before} == before
    assert [name for name in after if name in before] == list(before)
    assert after[f'my_pkg.libs/{C_LIBRARY}'] == before['my/mod.so']
    assert list(after)[-1] == 'my_pkg-1.0.dist-info/RECORD'
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize('name', ['../x.py', '/etc/x', 'a/../../x', 'C:/x', '\\x', 'a\\..\\..\\x'])
def test_unsafe_names_are_refused(tmp_path, module, libraries, name):
    path = make_wheel(tmp_path, {'my/mod.so': module, name: b''})
    before = path.read_bytes()
    with pytest.raises(ToolError, match='unsafe path in the wheel'):
        wheel.bundle(path, libraries)
    assert path.read_bytes() == before


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_two_files_of_one_name_are_refused(tmp_path, module, libraries):
    path = make_wheel(tmp_path, {'my/mod.so': module, 'a.py': b''})
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr('a.py', b'x')
    with pytest.raises(ToolError, match=r'two files of one name in the wheel: a\.py'):
        wheel.bundle(path, libraries)


@pytest.mark.parametrize('damage', ['not-zip', 'truncated', 'no-record'])
def test_a_damaged_wheel_is_a_clear_error(tmp_path, module, libraries, damage):
    path = make_wheel(tmp_path, {'my/mod.so': module})
    if damage == 'not-zip':
        path.write_bytes(b'text')
    elif damage == 'truncated':
        path.write_bytes(path.read_bytes()[:-30])
    else:
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('my/mod.so', module)
    with pytest.raises(ToolError, match=str(path)):
        wheel.bundle(path, libraries)


def test_a_full_disk_leaves_the_old_wheel(tmp_path, module, libraries, monkeypatch):
    path = make_wheel(tmp_path, {'my/mod.so': module})
    before = path.read_bytes()

    def full(prefix, suffix, dir):  # noqa: A002 - the name that the caller passes
        file = dir / 'new'
        file.symlink_to('/dev/full')
        return os.open(file, os.O_RDWR), os.fspath(file)

    monkeypatch.setattr(tempfile, 'mkstemp', full)
    with pytest.raises(ToolError, match=f'can not write {path}: {os.strerror(errno.ENOSPC)}'):
        wheel.bundle(path, libraries)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_crlf_in_record_stays(tmp_path, module, libraries):
    path = make_wheel(tmp_path, {'my/mod.so': module})
    record = 'my_pkg-1.0.dist-info/RECORD'
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, 'w') as archive:
        for name, data in members.items():
            archive.writestr(name, data.replace(b'\n', b'\r\n') if name == record else data)
    wheel.bundle(path, libraries)
    text = read_member(path, record).decode()
    assert text.count('\n') == text.count('\r\n') == 5
    check_record(path)


def test_auditwheel_accepts_and_repairs(tmp_path, build_module, libraries):
    """auditwheel has the same directory for what it brings in itself."""
    tag = f'cp{sys.version_info[0]}{sys.version_info[1]}'
    name = f'my_pkg-1.0-{tag}-{tag}-linux_x86_64.whl'
    path = make_wheel(tmp_path, {'my/__init__.py': b'', 'my/mod.so': build_module(CXX_LIBRARY)}, name=name)
    wheel.bundle(path, libraries)
    auditwheel = (sys.executable, '-m', 'auditwheel')
    env = {**os.environ, 'PATH': os.pathsep.join((os.path.dirname(sys.executable), os.environ['PATH']))}
    assert 'manylinux' in run(*auditwheel, 'show', path, env=env).stdout
    run(*auditwheel, 'repair', '--wheel-dir', tmp_path / 'repaired', path, env=env)
    (repaired,) = tmp_path.joinpath('repaired').iterdir()
    assert {n for n in names_in(repaired) if n.endswith('.so')} == {n for n in names_in(path) if n.endswith('.so')}
    venv = VEnv(tmp_path / 'venv')
    venv.install(repaired)
    venv.run('import my.mod; assert my.mod.call() == 42')


def test_reads_only_what_it_has_to(tmp_path, libraries, monkeypatch):
    """A wheel with no ELF file is not decompressed."""
    path = make_wheel(tmp_path, {'data.bin': os.urandom(1000)})
    monkeypatch.setattr(zipfile.ZipFile, 'read', lambda *arguments: io.UnsupportedOperation)
    assert wheel.bundle(path, libraries) == Bundled()
