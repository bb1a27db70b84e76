"""What is said in two places is the same in both."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import tramp_build

ROOT = Path(__file__).resolve().parent.parent


def test_every_module_is_installed() -> None:
    """meson.build names exactly the files of the package."""
    named = set(re.findall(r"'(tramp_build/[^']+\.(?:py|json|cmake))'", (ROOT / 'meson.build').read_text()))
    there = {p.relative_to(ROOT).as_posix() for p in (ROOT / 'tramp_build').rglob('*') if p.suffix in ('.py', '.json', '.cmake')}
    assert named == there


def test_version() -> None:
    """The package and the project have one version."""
    assert f"version: '{tramp_build.__version__}'" in (ROOT / 'meson.build').read_text()


def test_architecture_names_every_file() -> None:
    """A newcomer finds every file of the package and of the C sources in ARCHITECTURE.md; a header goes with its source."""
    named = set(re.findall(r'[`/]([\w.]+\.(?:py|c|cpp|h|def))`', (ROOT / 'ARCHITECTURE.md').read_text()))
    files = subprocess.run(['git', 'ls-files', 'tramp_build', 'csrc'], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    sources = [Path(f) for f in files if Path(f).suffix in ('.py', '.c', '.cpp', '.h', '.def') and Path(f).name != '__init__.py']
    described = {p.name for p in sources if p.suffix == '.h' and {f'{p.stem}.c', f'{p.stem}.cpp'} & named}
    assert {p.name for p in sources} - described <= named
    assert named <= {p.name for p in sources}


def test_python_and_c_know_the_same_formats() -> None:
    from tramp_build.upgrade.formats import COMMON

    rows = re.findall(r'^TRAMP_FORMAT_\d\((.+)\)$', (ROOT / 'csrc' / 'formats.def').read_text(), re.MULTILINE)
    assert {row.replace(', ', '') for row in rows} == COMMON


def test_python_and_c_know_the_same_signatures() -> None:
    """`signatures.py` mirrors `signatures.def`: the same methods with the same parameters."""
    from tramp_build.signatures import METHODS

    text = (ROOT / 'csrc' / 'signatures.def').read_text()
    rows = re.findall(r'^TRAMP_METHOD\((\w+),\s*\w+,\s*\([^)]*\),\s*\(([^)]*)\)\)', text, re.MULTILINE)
    assert {name: re.split(r',\s*', names) for name, names in rows} == {
        s.name: [n for _, n in s.parameters] for s in METHODS if not s.boxed
    }
    assert [s.name for s in METHODS if s.boxed] == ['method']
