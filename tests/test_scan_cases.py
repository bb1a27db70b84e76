"""Whole files and all that is found in them: `cases/scan/*.c` and `*.cpp`, each with a `.txt` of what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest
from scan_support import check, show

from tramp_build.scan import scan

DIRECTORY = Path(__file__).parent / 'cases' / 'scan'


def test_every_case_has_an_expectation():
    sources = {path.stem for path in DIRECTORY.iterdir() if path.suffix != '.txt'}
    assert sources == {path.stem for path in DIRECTORY.glob('*.txt')}
    assert len(sources) == 5


@pytest.mark.parametrize('path', sorted(DIRECTORY.glob('*.c*')), ids=lambda path: path.name)
def test_case(path):
    source = path.read_bytes()
    result = scan(source, 'c' if path.suffix == '.c' else 'c++')
    check(source, result)
    assert '\n'.join(show(source, result)) + '\n' == path.with_suffix('.txt').read_text()
