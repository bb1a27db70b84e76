"""The setuptools plugin: acts where pyproject.toml has `[tool.tramp-build]`, and nowhere else.

setuptools loads this module in every build of an environment that has tramp-build, so it imports nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setuptools import Distribution


def finalize_distribution_options(distribution: Distribution) -> None:
    """Route the extensions of a project that asks for it; the entry point for setuptools."""
    if not _may_ask():
        return
    from tramp_build import setuptools_build

    setuptools_build.activate(distribution)


# After the plugins that bring commands of their own (cffi, setuptools-rust): theirs are to be wrapped as well.
finalize_distribution_options.order = 1000  # type: ignore[attr-defined]


def _may_ask() -> bool:
    """Whether it is worth a closer look: reading TOML costs more than most setuptools runs without extensions."""
    try:
        with open('pyproject.toml', 'rb') as file:
            data = file.read()
    except OSError:
        return False
    # Any spelling: the configuration says so where it is a wrong one.
    return b'tramp' in data.lower()
