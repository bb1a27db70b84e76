"""Stands in for a build system while pip fetches a source distribution: pip asks it for metadata, which are there already."""

import shutil
from pathlib import Path


def get_requires_for_build_wheel(config_settings: object = None) -> list[str]:
    """Nothing is built."""
    return []


def prepare_metadata_for_build_wheel(directory: str, config_settings: object = None) -> str:
    """Take what the source distribution says of itself."""
    info = Path(directory, 'sdist.dist-info')
    info.mkdir()
    shutil.copyfile('PKG-INFO', info / 'METADATA')
    return info.name


def build_wheel(directory: str, config_settings: object = None, metadata: object = None) -> str:
    """Nothing is built, but a backend has to have this."""
    raise NotImplementedError
