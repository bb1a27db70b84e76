"""The benchmark runs, and says what it is expected to say; its figures are nobody's test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from package_support import in_tree_env

sys.path.append(str(Path(__file__).resolve().parent.parent / 'bench'))

import calls
import outline
import run
import sizes
from catch_heavy import CHAINS, POSITIONS, Module, nanobind_source, pybind11_source
from common import BENCH, Budget, Options, Spread, Table


def bench(*arguments: object) -> str:
    command = [sys.executable, BENCH / 'run.py', '--quick', *map(str, arguments)]
    done = subprocess.run(command, env=in_tree_env(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text: str, title: str) -> dict[str, dict[str, str]]:
    """Read the table with this title: rows by their first cell, cells by the header (the first of two of one name)."""
    section = text.split(f'## {title}')[1].split('\n## ')[0]
    lines = [[cell.strip() for cell in line.strip('|').split('|')] for line in section.splitlines() if line.startswith('|')]
    header = lines[0]
    assert all(re.fullmatch('-+:?', cell) for cell in lines[1])
    assert {len(line) for line in lines} == {len(header)}
    return {line[0]: dict(reversed(list(zip(header, line, strict=True)))) for line in lines[2:]}


def test_call_table(tmp_path: Path) -> None:
    output = tmp_path / 'RESULTS.md'
    text = bench('--only', 'call', '--no-peers', '--output', output)
    for language, how in (('C', 'trampoline'), ('C++', 'barrier')):
        table = rows(text, f'Calls of a {language} module, ns')
        assert list(table) == list(calls.ROWS)
        for name, row in table.items():
            assert how in row['how'] or 'fastcall' in row['how'], name
            assert re.fullmatch(r'\d+\.\d \(\d+\.\d\.\.\d+\.\d\)', row['stock']), row
            assert re.search(r': (met|MISSED)\b', row['budget']), row
    assert output.read_text().strip() == text.strip()


def test_upgraded_calls_are_judged_by_their_kind() -> None:
    stock, routed = [100.0] * 4, [25.0] * 4
    theirs = {'Cython': [20.0] * 4, 'nanobind': [30.0] * 4}
    positional = calls._row('two ints', 'fastcall', {'stock': stock, 'routed': routed}, theirs, list(calls.peers.NAMES))
    assert positional[5:] == ['4.00 x', '20.0', '', '30.0', 'at least 3 x: met; faster than the others: MISSED (Cython)']
    named = calls._row('two ints named', 'fastcall', {'stock': stock, 'routed': routed}, {'nanobind': [30.0] * 4}, ['nanobind'])
    assert named[-1] == 'at least 5 x: MISSED; faster than the others: met'
    kept = calls._row('two ints', 'trampoline', {'stock': stock, 'routed': [101.0] * 4}, {}, [])
    assert kept[-1] == 'at most +1.5 ns: met; at least 3 x: MISSED (convention kept)'
    getter = calls._row('getter', 'trampoline', {'stock': stock, 'routed': [102.0] * 4}, {}, [])
    assert getter[-1] == 'at most +1.5 ns: MISSED'


def test_a_call_without_arguments_is_to_be_level() -> None:
    assert calls.against(10.0, {'Cython': 9.5}, level=True) == 'level with the others: met'
    assert calls.against(10.0, {'Cython': 9.5}, level=False) == 'faster than the others: MISSED (Cython)'
    assert calls.against(10.0, {'Cython': 9.0}, level=True) == 'level with the others: MISSED (Cython)'


def test_peers_have_every_function() -> None:
    """What a row calls is defined in each of the other languages."""
    for path in calls.peers.SOURCES.glob('calls_*'):
        text = path.read_text()
        for call in calls.CALLS.values():
            assert re.search(rf'"{call.function}"|^(def )?{call.function}\b', text, re.MULTILINE), (path.name, call.function)


def test_instructions() -> None:
    text = bench('--only', 'instructions')
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in text.splitlines() if line.startswith('| C')]
    assert len(lines) == 2 * len(calls.ROWS)
    for _, call, how, _, _, difference, budget in lines:
        if 'fastcall' in how:
            assert float(difference) < -100, call
        else:
            # A stub and a jump at least, on every call.
            assert float(difference) >= 4, call
            assert 'at most +12: ' in budget, call


def test_generated_modules_are_measured(tmp_path: Path) -> None:
    stock, routed, cleaned, bare = sizes.catch_heavy_sizes(8, 6, tmp_path)
    assert stock.total > routed.total > cleaned.total > bare.total
    assert set(stock.groups) == {'text', 'unwind', 'data', 'linking'}
    assert all(stock.groups.values())
    assert stock.total <= stock.file


def test_generated_chain_has_as_many_clauses_as_it_says() -> None:
    for position in POSITIONS:
        for clauses in (0, 3, 8):
            source = Module(clauses, methods=2, position=position).source()
            assert source.count('catch (') == 2 * clauses
            assert source.count('try {') == (2 if clauses else 0)


def test_outlining_is_measured(tmp_path: Path) -> None:
    """In a position where the chain's own function is called; the row says what the two builds have been."""
    stock, outlined = outline.compare(Module(8, 6, 'middle'), outline.Build('g++', '-Os'), tmp_path, rounds=1)
    assert 0 < outlined.size < stock.size
    assert min(*stock.times, *outlined.times) > 0
    row = outline._row('title', 8, outline.Outcome(1000, (2.0, 2.0)), outline.Outcome(460, (0.5, 0.7)))
    assert row == [
        *('title', '1000', '460', '46.0 %', 'at most 45 %: MISSED'),
        *('2.00', '0.60', '30.0 (27.5..32.5) %', 'at most 45 %: met'),
    ]


def test_others_have_as_many_functions() -> None:
    """And no chain, which is theirs to know."""
    assert set(outline.SIZE) == set(outline.TIME) == set(CHAINS)
    for text in (pybind11_source(5), nanobind_source(5)):
        assert (text.count('module.def('), text.count('catch')) == (5, 0)


def test_a_budget_is_judged_by_the_figure() -> None:
    assert Budget(1.5, 'at most 1.5').judge(1.5) == 'at most 1.5: met'
    assert Budget(1.5, 'at most 1.5').judge(1.51) == 'at most 1.5: MISSED'
    assert Budget(3, 'at least 3', at_least=True).judge(2.9) == 'at least 3: MISSED'
    assert Budget(3, 'at least 3', at_least=True).judge(3) == 'at least 3: met'


def test_spread() -> None:
    assert Spread.of([4.0, 1.0, 2.0, 3.0, 5.0]).text() == '3.0 (2.0..4.0)'
    assert Spread.of([2.0]).signed_mean() == '+2.00 (+2.00..+2.00)'
    assert Spread.of([-900.0, *[1.0, 2.0] * 4, 900.0]).mean == 1.5


def test_table_aligns_numbers_to_the_right() -> None:
    assert Table('T', ('name', 'n'), [['a', '1'], ['b', '-10']], ['A note.']).markdown() == (
        '## T\n\n| name |   n |\n| ---- | --: |\n| a    |   1 |\n| b    | -10 |\n\nA note.\n'
    )


def test_quick_is_quick() -> None:
    assert (Options(Path(), quick=True).pick(100, 1), Options(Path()).pick(100, 1)) == (1, 100)


def test_unknown_topic() -> None:
    done = subprocess.run(
        [sys.executable, BENCH / 'run.py', '--only', 'sizes'], env=in_tree_env(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert 'unknown topic sizes; there are call, real, instructions, size, build, outline, units, launcher' in done.stderr


def test_a_topic_that_fails_does_not_take_the_others_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: Options) -> list[Table]:
        raise SystemExit('bench: error: no such tool')

    monkeypatch.setitem(sys.modules, 'failing', SimpleNamespace(measure=fail))
    monkeypatch.setitem(sys.modules, 'working', SimpleNamespace(measure=lambda options: [Table('Works', ('a',), [['1']])]))
    monkeypatch.setattr(run, 'TOPICS', {'first': 'failing', 'second': 'working'})
    output = tmp_path / 'out.md'
    assert run.main(['--only', 'first,second', '--output', str(output)]) == 1
    assert '## first: not measured' in output.read_text()
    assert '## Works' in output.read_text()


def test_coverage_counts() -> None:
    """What needs nothing is covered, what is skipped is named with its number."""
    import scan_projects as topic

    def entry(reason: str | None, *how: str) -> dict[str, object]:
        return {'decision': 'skipped' if reason else 'routed', 'reason': reason, 'how': how}

    rows = [entry(None), entry(None, 'fastcall'), entry('cpython-function'), entry('macro-row'), entry('compared'), entry('macro-row')]
    report = {'files': [{'tables': [{'entries': rows[:2]}, {'entries': rows[2:]}]}]}
    count = topic.Count.of(report, unread=1)
    assert (count + topic.Count()).row('p') == ['p', '2', '6', '2', '1', '1', '3', '50.00', '1', 'macro-row 2, compared 1']
    name = topic.GOAL.split()[0]
    text = topic.document({name: count})
    assert f'| {name.replace("==", " ")} ' in text
    assert '| `macro-row` ' in text
    assert set(text.split('`')) >= {'macro-row', 'compared'}


def test_coverage_names_what_the_tests_build() -> None:
    """The documented goal has every project of the corpus, in the version that is tested."""
    import corpus_support
    import scan_projects as topic

    assert {f'{p.name}=={p.version}' for p in corpus_support.PROJECTS.values()} <= set(topic.GOAL.split())
