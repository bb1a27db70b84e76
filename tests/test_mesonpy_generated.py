"""Sources that bison, flex and SWIG write during the build, with `#line`s that lead to what they were made of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile

import pytest
from mesonpy_support import build, in_package
from package_support import read_member

pytestmark = pytest.mark.usefixtures('scratch')

USE = r"""
import generated_sum, generated_words, shapes
assert generated_sum.add('1+20+300') == 321
assert generated_words.count('one, two; three') == 3
assert shapes.area(2, 3) == 6.0
for call, kind, text in (
    (lambda: generated_sum.add('999+2'), OverflowError, 'more than a thousand'),
    (lambda: generated_sum.add('1+'), ValueError, 'syntax error at line 12'),
    (lambda: generated_words.count('one', 'two'), TypeError, 'count() takes exactly 1 argument (2 given)'),
    (lambda: shapes.area(-1, 1), ValueError, 'negative'),
):
    try:
        call()
    except kind as exc:
        assert exc.args == (text,), exc
    else:
        raise SystemExit(f'no {kind}')
"""


@in_package('meson-generated')
def test_generated_sources(package, tmp_path, capfd):
    """They are routed like others, and a message of the compiler leads to the grammar."""
    wheel = build(tmp_path / 'dist')
    said = capfd.readouterr()
    said = said.out + said.err
    warnings = re.findall(r'^(\S+?):(\d+):\d+: warning: .*\[(-W[\w-]+)\]$', said, re.MULTILINE)
    assert [(path.rpartition('/')[2], int(line), flag) for path, line, flag in warnings] == [('words.l', 32, '-Wunused-variable')]
    names = zipfile.ZipFile(wheel).namelist()
    report = json.loads(read_member(wheel, next(name for name in names if name.endswith('tramp-build.json'))))
    files = {file['path'].rpartition('/')[2]: [entry for table in file['tables'] for entry in table['entries']] for file in report['files']}
    assert {name: all(entry['decision'] == 'routed' for entry in files[name]) for name in ('sum.cpp', 'words.c')} == {
        'sum.cpp': True, 'words.c': True,
    }  # fmt: skip
    assert {entry['name']: entry['how'] for entry in files['sum.cpp']}['add'] == ['barrier', 'fastcall']
    assert any(entry['name'] == 'area' and entry['decision'] == 'routed' for entry in files['shapes.cpp'])
    assert report['summary']['fallbacks'] == 0
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / 'used')
    done = subprocess.run([sys.executable, '-c', USE], cwd=tmp_path / 'used', capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
