"""The scikit-build-core backend: whole builds of tests/packages/scikit-cpp."""

from __future__ import annotations

import json
import os
import sys

import pytest
from mesonpy_support import C_LIBRARY, CXX_LIBRARY, build, in_package, needed, tree
from package_support import EXT_SUFFIX, check_record, names_in, read_member, run
from scikit_build_core import build as stock

import tramp_build.scikit_build_core as ours
from tramp_build import cmake_build

pytestmark = [pytest.mark.usefixtures('scratch'), in_package('scikit-cpp')]

CORE, PLAIN = f'scikit_cpp/_core{EXT_SUFFIX}', f'scikit_cpp/_plain{EXT_SUFFIX}'
RUNS = """
from scikit_cpp import _core, _plain
assert (_core.check(3), _core.ask(), _plain.word()) == (3, 42, '{word}')
try:
    _core.check(-3)
except ValueError as exc:
    assert str(exc) == 'negative: -3'
else:
    raise SystemExit('nothing was raised')
"""
HOOKS = [
    f'{verb}{kind}'
    for verb in ('build_', 'get_requires_for_build_', 'prepare_metadata_for_build_')
    for kind in ('wheel', 'sdist', 'editable')
]


@pytest.fixture(autouse=True)
def _no_arguments(package, monkeypatch):
    monkeypatch.delenv('CMAKE_ARGS', raising=False)
    monkeypatch.delenv('CMAKE_GENERATOR', raising=False)


def wheel_of(tmp_path, settings=None, backend=ours):
    tmp_path.mkdir(exist_ok=True)
    return build(tmp_path / 'dist', settings, backend)


def libraries(wheel):
    return {name for name in names_in(wheel) if 'libtramp' in name}


def test_has_exactly_the_hooks_of_scikit_build_core(package):
    assert [hasattr(ours, name) for name in HOOKS] == [hasattr(stock, name) for name in HOOKS]


def test_wheel(package, tmp_path, venv, scratch, capfd):
    before = tree(package)
    wheel = wheel_of(tmp_path)
    assert libraries(wheel) == {f'scikit_cpp.libs/{C_LIBRARY}', f'scikit_cpp.libs/{CXX_LIBRARY}'}
    assert {CXX_LIBRARY, 'libthrower.so.1'} <= set(needed(wheel, CORE))
    assert not [name for name in needed(wheel, PLAIN) if 'stdc++' in name or 'cxx' in name]
    report = json.loads(read_member(wheel, 'scikit_cpp-1.0.dist-info/tramp-build.json'))
    assert [file['path'] for file in report['files']] == ['answer.c', 'core.cpp', 'plain/plain.c']
    check_record(wheel)
    venv.install(wheel)
    venv.run(RUNS.format(word='from-pyproject'))
    assert capfd.readouterr().err.splitlines()[-1] == 'tramp-build: 3 files, 5 rows routed, 0 skipped'
    assert tree(package) == before
    assert list(scratch.iterdir()) == []
    assert 'CMAKE_ARGS' not in os.environ


def test_settings_go_where_they_belong(package, tmp_path, monkeypatch, venv):
    monkeypatch.setenv('CMAKE_ARGS', '-DWORD=from-environment')
    wheel = wheel_of(tmp_path, {'tramp-build.exclude': '*.cpp', 'cmake.build-type': 'Debug'})
    assert libraries(wheel) == {f'scikit_cpp.libs/{C_LIBRARY}'}
    assert os.environ['CMAKE_ARGS'] == '-DWORD=from-environment'
    venv.install(wheel)
    venv.run("from scikit_cpp import _plain; assert _plain.word() == 'from-environment'")


def test_off(package, tmp_path, monkeypatch, capfd):
    expected = wheel_of(tmp_path / 'a', backend=stock)
    monkeypatch.setenv('TRAMP_BUILD', 'off')
    capfd.readouterr()
    wheel = wheel_of(tmp_path / 'b', {'tramp-build.strict': 'true'})
    assert names_in(wheel) == names_in(expected)
    # The other one has a build id that goes by the name of the build directory, with and without us.
    assert read_member(wheel, PLAIN) == read_member(expected, PLAIN)
    said = capfd.readouterr()
    assert 'tramp' not in (said.out + said.err).replace('tramp_build', '')


def test_a_launcher_that_the_project_sets(package, tmp_path, scratch):
    """Many projects put ccache in front of their compilers; it goes behind ours, however it is asked for."""
    lists = package / 'CMakeLists.txt'
    calls = tmp_path / 'calls'
    script = tmp_path / 'ccache'
    script.write_text(f'#!/bin/sh\necho "$@" >> {calls}\nexec "$@"\n')
    script.chmod(0o755)
    included = tmp_path / 'before.cmake'
    included.write_text(f'set(CMAKE_CXX_COMPILER_LAUNCHER {script})\n')
    lists.write_text(lists.read_text() + f'set_target_properties(answer PROPERTIES RULE_LAUNCH_COMPILE {script})\n')
    wheel = wheel_of(tmp_path, {'cmake.define.CMAKE_PROJECT_INCLUDE': os.fspath(included)})
    words = [line.split() for line in calls.read_text().splitlines()]
    assert sorted(os.path.basename(line[line.index('-c') + 1]) for line in words) == ['answer.c', 'core.cpp', 'thrower.cpp']
    assert len(libraries(wheel)) == 2


def test_unity(package, tmp_path, venv, capfd):
    """Sources that CMake puts together, in a file of its build directory."""
    lists, core = package / 'CMakeLists.txt', package / 'core.cpp'
    lists.write_text(lists.read_text().replace('core.cpp', 'check.cpp core.cpp'))
    text = core.read_text()
    start, end = text.index('static PyObject *check_number'), text.index('static PyMethodDef methods')
    declared = 'extern PyObject *check_number(PyObject *, PyObject *);\n'
    core.write_text(text[:start] + declared + text[end:])
    (package / 'check.cpp').write_text(text[:start] + declared + text[start:end].replace('static ', ''))
    wheel = wheel_of(tmp_path, {'cmake.define.CMAKE_UNITY_BUILD': 'ON'})
    venv.install(wheel)
    venv.run(RUNS.format(word='from-pyproject'))
    assert 'unity_0_cxx.cxx' in str(capfd.readouterr())
    report = json.loads(read_member(wheel, 'scikit_cpp-1.0.dist-info/tramp-build.json'))
    summary = report['summary']
    assert (summary['routed'], summary['skipped'], summary['fallbacks'], summary['fastcall']) == (5, 0, 0, 2)


class TestBuildDirectory:
    """`build-dir`: what was built is used again, unless it would be wrong."""

    @pytest.fixture
    def rebuild(self, package, tmp_path):
        def rebuild(**settings):
            """Build; return the wheel, and the names of the objects that were made."""
            before = self.objects(package)
            wheel = wheel_of(tmp_path, {'build-dir': 'out/{wheel_tag}', **settings})
            return wheel, {name for name, when in self.objects(package).items() if before.get(name) != when}

        return rebuild

    @staticmethod
    def objects(package):
        return {path.name: path.stat().st_mtime_ns for path in package.rglob('*.o')}

    ALL = frozenset({'answer.c.o', 'core.cpp.o', 'plain.c.o', 'thrower.cpp.o'})

    @pytest.mark.parametrize('generator', ['Ninja', 'Unix Makefiles'])
    def test_again_and_otherwise(self, package, rebuild, monkeypatch, generator):
        monkeypatch.setenv('CMAKE_GENERATOR', generator)
        monkeypatch.setenv('TRAMP_BUILD', 'off')
        assert libraries(rebuild()[0]) == set()
        monkeypatch.delenv('TRAMP_BUILD')
        wheel, made = rebuild()
        assert (len(libraries(wheel)), made) == (2, self.ALL)
        first = wheel.read_bytes()
        wheel, made = rebuild()
        assert (wheel.read_bytes(), made) == (first, set())
        if generator == 'Ninja':
            wheel, made = rebuild(**{'tramp-build.exclude': 'core.cpp'})
            assert (libraries(wheel), made) == ({f'scikit_cpp.libs/{C_LIBRARY}'}, self.ALL)
        monkeypatch.setenv('TRAMP_BUILD', 'off')
        wheel, made = rebuild()
        assert (libraries(wheel), made) == (set(), self.ALL)
        assert not [path for path in package.rglob('*') if 'tramp' in path.name and 'libtramp' not in path.name]


def test_editable_that_rebuilds(package, tmp_path, venv, scratch):
    """Nothing of the environment that it was installed from is needed by then: tools and state lie in the build directory."""
    settings = {'build-dir': 'out', 'editable.rebuild': 'true', 'editable.mode': 'redirect'}
    wheel = build(tmp_path / 'dist', settings, EditableBackend)
    venv.install(wheel)
    env = {**venv.env, 'PATH': os.pathsep.join((os.path.dirname(sys.executable), venv.env['PATH']))}
    check = RUNS.format(word='from-pyproject')
    run(venv.python, '-c', check, cwd=venv.directory, env=env)
    source = package / 'core.cpp'
    source.write_text(source.read_text().replace('check(number);\n    return', 'check(number + 1 - 1);\n    return'))
    run(venv.python, '-c', check, cwd=venv.directory, env=env)
    assert list(scratch.iterdir()) == []


def test_editable_in_place(package, tmp_path, venv):
    there = {'cmake.define.CMAKE_LIBRARY_OUTPUT_DIRECTORY': os.fspath(package / 'src' / 'scikit_cpp')}
    venv.install(build(tmp_path / 'dist', {'editable.mode': 'inplace', **there}, EditableBackend))
    venv.run(RUNS.format(word='from-pyproject'))


class EditableBackend:
    """As `build` of the other tests calls it."""

    build_wheel = staticmethod(lambda *arguments: ours.build_editable(*arguments))


def test_sdist_is_untouched(package, tmp_path):
    for backend, name in ((ours, 'ours'), (stock, 'stock')):
        tmp_path.joinpath(name).mkdir()
        backend.build_sdist(os.fspath(tmp_path / name), {'tramp-build.strict': 'true'} if backend is ours else None)
    (one,), (two,) = (list(tmp_path.joinpath(name).iterdir()) for name in ('ours', 'stock'))
    assert (one.name, one.read_bytes()) == (two.name, two.read_bytes())


def test_wrong_settings(package, tmp_path, capfd):
    with pytest.raises(SystemExit):
        wheel_of(tmp_path, {'tramp-build.strickt': 'true'})
    assert 'config setting tramp-build.strickt: unknown key; did you mean' in capfd.readouterr().err


@pytest.mark.parametrize(('version', 'added'), [('3.18.4', ['cmake>=3.19']), ('3.19.0', []), ('4.1.2', [])])
def test_a_cmake_that_is_too_old(package, tmp_path, monkeypatch, version, added):
    fake = tmp_path / 'bin' / 'cmake'
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho cmake version {version}\n')
    fake.chmod(0o755)
    monkeypatch.setenv('PATH', os.fspath(fake.parent), prepend=os.pathsep)
    assert cmake_build.with_cmake(['ninja']) == ['ninja', *added]
    assert cmake_build.with_cmake(['cmake>=3.15']) == ['cmake>=3.15']
