"""Fixtures that many tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Fixtures of one topic live beside it; they are made known here.
pytest_plugins = ['launcher_support', 'package_support', 'runtime_support', 'parse_support']


@pytest.fixture(scope='session')
def own_wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel of this checkout: the one that `./dev` has built, else one made now."""
    made = os.environ.get('TRAMP_BUILD_WHEELS')
    if made:
        assert list(Path(made).glob('tramp_build-*.whl')), f'TRAMP_BUILD_WHEELS={made} has no wheel'
        return Path(made)
    directory = tmp_path_factory.mktemp('own-wheels')
    subprocess.run([sys.executable, '-m', 'build', '--wheel', '--outdir', directory, ROOT], check=True, capture_output=True)
    return directory


def pytest_report_header() -> list[str]:
    """Say what the tests run with."""
    from runtime_support import interpreters

    import tramp_build

    found = ', '.join(map(str, interpreters()))
    return [f'tramp-build {tramp_build.__version__} from {Path(tramp_build.__file__).parent}', f'interpreters: {found}']
