"""The build backend for CMake projects: `build-backend = "tramp_build.scikit_build_core"`.

The same hooks and config settings as `scikit_build_core.build`; each does what it does there, with the compilers behind the launcher.
A front end tells by its presence whether a hook is there, so each optional one is here exactly if scikit-build-core has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scikit_build_core import build as theirs

from tramp_build.config import split_settings

Settings = dict[str, Any] | None


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Build a wheel that brings libtramp with it."""
    from tramp_build import cmake_build

    with cmake_build.start(config_settings) as build:
        name = theirs.build_wheel(wheel_directory, build.settings, metadata_directory)
        build.finish(Path(wheel_directory, name))
    return name


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Build the sdist that scikit-build-core builds."""
    return theirs.build_sdist(sdist_directory, _theirs(config_settings))


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """As scikit-build-core."""
    return theirs.get_requires_for_build_sdist(_theirs(config_settings))


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """As scikit-build-core: CMake and ninja, where they are not installed; CMake as well where that one is too old for the launcher."""
    from tramp_build import cmake_build

    return cmake_build.with_cmake(theirs.get_requires_for_build_wheel(_theirs(config_settings)))


if hasattr(theirs, 'build_editable'):

    def build_editable(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
        """Install for development; every later rebuild goes through the launcher as well."""
        from tramp_build import cmake_build

        with cmake_build.start(config_settings, editable=True) as build:
            name = theirs.build_editable(wheel_directory, build.settings, metadata_directory)
            build.finish(Path(wheel_directory, name))
        return name


if hasattr(theirs, 'get_requires_for_build_editable'):

    def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
        """As for a wheel."""
        from tramp_build import cmake_build

        return cmake_build.with_cmake(theirs.get_requires_for_build_editable(_theirs(config_settings)))


if hasattr(theirs, 'prepare_metadata_for_build_wheel'):

    def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
        """As scikit-build-core."""
        return theirs.prepare_metadata_for_build_wheel(metadata_directory, _theirs(config_settings))


if hasattr(theirs, 'prepare_metadata_for_build_editable'):

    def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Settings = None) -> str:
        """As scikit-build-core."""
        return theirs.prepare_metadata_for_build_editable(metadata_directory, _theirs(config_settings))


def _theirs(config_settings: Settings) -> dict[str, Any]:
    return split_settings(config_settings)[1]
