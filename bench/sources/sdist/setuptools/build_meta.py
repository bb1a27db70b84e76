"""As ../mesonpy.py, for projects that are built by setuptools."""

import sys

from mesonpy import build_wheel as build_wheel
from mesonpy import get_requires_for_build_wheel as get_requires_for_build_wheel
from mesonpy import prepare_metadata_for_build_wheel as prepare_metadata_for_build_wheel

__legacy__ = sys.modules[__name__]
