"""What is said in two places is the same in both."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import tramp_build


ROOT = Path(__file__).resolve().parent.parent


def test_every_module_is_installed() -> None:
    """meson.build names exactly the files of the package."""
    named = set(re.findall(r"'(tramp_build/[^']+\.(?:py|json))'", (ROOT / 'meson.build').read_text()))
    there = {p.relative_to(ROOT).as_posix() for p in (ROOT / 'tramp_build').rglob('*') if p.suffix in ('.py', '.json')}
    assert named == there


def test_version() -> None:
    """The package and the project have one version."""
    assert f"version: '{tramp_build.__version__}'" in (ROOT / 'meson.build').read_text()


def test_architecture_has_a_line_for_every_file() -> None:
    """A newcomer finds every file of the package and of the C sources in ARCHITECTURE.md."""
    text = (ROOT / 'ARCHITECTURE.md').read_text()
    files = subprocess.run(['git', 'ls-files', 'tramp_build', 'csrc'], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    missing = [f for f in files if Path(f).suffix in ('.py', '.c', '.cpp', '.h', '.def') and f'`{Path(f).name}`' not in text]
    missing = [f for f in missing if not (f.endswith('.h') and f'`{Path(f).stem}.c' in text)]
    assert [f for f in missing if Path(f).name != '__init__.py'] == []


def test_python_and_c_know_the_same_signatures() -> None:
    """`signatures.py` mirrors `signatures.def`."""
    from tramp_build.signatures import METHODS

    defined = re.findall(r'^TRAMP_SIGNATURE\((\w+)', (ROOT / 'csrc' / 'signatures.def').read_text(), re.MULTILINE)
    if not defined:
        pytest.fail('signatures.def has no TRAMP_SIGNATURE rows')
    assert {s.name for s in METHODS} <= set(defined)
