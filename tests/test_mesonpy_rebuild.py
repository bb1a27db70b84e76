"""The meson-python backend in a build directory that stays: `-Cbuild-dir` and editable installs."""

from __future__ import annotations

import os

import mesonpy
import pytest
from mesonpy_support import CXX_LIBRARY, RAISES, build, in_package
from package_support import ROOT, names_in

import tramp_build.mesonpy
from tramp_build import ahead, backend, paths
from tramp_build.state import State

pytestmark = pytest.mark.usefixtures('scratch')


class TestBuildDirectory:
    """`-Cbuild-dir`: what was built is used again, unless it would be wrong."""

    @pytest.fixture
    def rebuild(self, tmp_path, capfd):
        def rebuild(**settings):
            capfd.readouterr()
            wheel = build(tmp_path / 'dist', {'build-dir': 'build/x', **{k.replace('_', '-'): v for k, v in settings.items()}})
            out = capfd.readouterr().out
            assert ('no work to do' in out) != ('Compiling' in out)
            return wheel, 'Compiling' in out

        return rebuild

    @in_package('meson-cpp')
    def test_again(self, package, rebuild):
        first, compiled = rebuild()
        assert compiled
        before = first.read_bytes()
        again, compiled = rebuild()
        assert not compiled
        assert again.read_bytes() == before
        assert package.joinpath('build/x/.gitignore').read_text().splitlines()[-1] == '*'

    @in_package('meson-cpp')
    def test_another_configuration(self, package, rebuild):
        rebuild()
        wheel, compiled = rebuild(**{'tramp-build.exclude': '*.cpp'})
        assert compiled
        assert not [name for name in names_in(wheel) if '.libs' in name]
        wheel, compiled = rebuild()
        assert compiled
        assert f'meson_cpp.libs/{CXX_LIBRARY}' in names_in(wheel)

    @in_package('meson-cpp')
    def test_off_and_on_again(self, package, rebuild, monkeypatch):
        rebuild()
        monkeypatch.setenv('TRAMP_BUILD', 'off')
        wheel, compiled = rebuild()
        assert compiled
        assert not [name for name in names_in(wheel) if '.libs' in name]
        assert 'tramp' not in package.joinpath('build/x/build.ninja').read_text()
        assert rebuild()[1] is False
        monkeypatch.delenv('TRAMP_BUILD')
        wheel, compiled = rebuild()
        assert compiled
        assert f'meson_cpp.libs/{CXX_LIBRARY}' in names_in(wheel)

    @in_package('meson-cpp')
    def test_set_up_by_mesonpy_itself(self, package, rebuild, tmp_path):
        build(tmp_path / 'dist', {'build-dir': 'build/x'}, backend=mesonpy)
        wheel, compiled = rebuild()
        assert compiled
        assert f'meson_cpp.libs/{CXX_LIBRARY}' in names_in(wheel)

    @in_package('meson-cpp')
    def test_another_file_changes_the_decision(self, package, rebuild):
        """A table of functions that are defined elsewhere: whether it is routed depends on the other file alone."""
        table = package / 'meson_cpp.cpp'
        text = table.read_text()
        start, end = text.index('static PyObject *check'), text.index('static PyMethodDef')
        prologue = text[:start]
        declaration = 'extern "C" PyObject *check(PyObject *, PyObject *);\n'
        other = package / 'other.cpp'
        other.write_text(prologue + declaration + text[start:end].replace('static ', ''))
        table.write_text(prologue + declaration + text[end:])
        package.joinpath('meson.build').write_text(
            package.joinpath('meson.build').read_text().replace("'meson_cpp.cpp'", "'meson_cpp.cpp', 'other.cpp'")
        )
        rebuild()
        state = next(package.glob('build/x/tramp-build/state-*'))
        before = _body_of(state, table)
        other.write_text(prologue + declaration)
        (objects,) = package.glob('build/x/*.p')
        routing = backend.Routing(package, None, State.open(state), None, ahead.Preparing())
        backend.remove_stale_objects(routing, {os.fspath(table): before + 'x'})
        assert [path.name for path in objects.glob('*.o')] == ['other.cpp.o']


def _body_of(state, source):
    return backend.bodies(state)[os.fspath(source)]


class TestEditable:
    @pytest.fixture
    def install(self, tmp_path, venv):
        def install(settings=None):
            name = tramp_build.mesonpy.build_editable(os.fspath(tmp_path), settings)
            venv.install('--force-reinstall', tmp_path / name)
            return venv

        return install

    @in_package('meson-cpp')
    def test_rebuilds_are_routed(self, package, install):
        venv = install()
        venv.run(RAISES)
        source = package / 'meson_cpp.cpp'
        source.write_text(source.read_text().replace('negative', 'below zero'))
        venv.run(RAISES.replace('negative', 'below zero'))
        (state,) = package.glob('build/*/tramp-build/state-*')
        assert [line for line in state.joinpath('log').read_text().splitlines() if line.startswith(('routed', 'fallback'))] == [
            line for line in state.joinpath('log').read_text().splitlines() if line.startswith('routed')
        ]

    @in_package('meson-cpp')
    def test_everything_that_is_named_stays(self, package, install):
        """An isolated environment is gone by then, and with it our installation."""
        install()
        (build_dir,) = package.glob('build/*')
        assert build_dir.name == mesonpy._tags.get_abi_tag()
        named = build_dir.joinpath('build.ninja').read_text() + ''.join(
            path.read_text() for path in build_dir.glob('tramp-build/state-*/conf')
        )
        assert os.fspath(ROOT / 'tramp_build') not in named
        assert os.fspath(paths.launcher()) not in named
        assert os.fspath(paths.library_dir()) not in named

    @in_package('meson-cpp')
    def test_settings_of_the_front_end_are_not_changed(self, package, tmp_path):
        settings = {'tramp-build.strict': 'false', 'build-dir': 'b'}
        tramp_build.mesonpy.build_editable(os.fspath(tmp_path), settings)
        assert settings == {'tramp-build.strict': 'false', 'build-dir': 'b'}
