"""Which catch chains are outlined, and why the others stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from rewrite_support import CASES, compile_module, rewritten_unit
from test_rewrite_runs import CXX_WARNINGS

from tramp_build.config import Config
from tramp_build.edits import apply
from tramp_build.model import Chains
from tramp_build.outline import sites as package
from tramp_build.outline.handlers import SENTENCES, Left
from tramp_build.outline.sites import Outlined, outline
from tramp_build.project import Project
from tramp_build.scan import scan

_COPIES = 16
_FUNCTION = 'static int NAME(int given)\n{\n    int local = 0;\n    try { work(local); }\n    CHAIN\n    return local;\n}\n'
_CHAIN = (
    'catch (const std::bad_alloc &e) { FIRST } catch (const std::exception &e) { PyErr_SetString(PyExc_ValueError, e.what()); return -1; }'
)
_PLAIN = 'PyErr_SetString(PyExc_MemoryError, "no memory"); return -1;'


def found(text: str, **arguments: object) -> tuple[Outlined, str]:
    source = text.encode()
    outlined = outline(source, scan(source, 'c++'), **arguments)  # type: ignore[arg-type]
    return outlined, apply(source, outlined.edits).decode()


def copies(function: str, count: int = _COPIES) -> str:
    return '\n'.join(function.replace('NAME', f'f{number}') for number in range(count))


def chain(first: str = _PLAIN) -> str:
    return _FUNCTION.replace('CHAIN', _CHAIN.replace('FIRST', first))


def reasons(text: str, **arguments: object) -> set[Left]:
    outlined, _ = found(text, **arguments)
    assert not outlined.edits
    return {stays.reason for stays in outlined.stays}


def test_a_chain_becomes_one_function() -> None:
    """In front of the first function that has it; lines stay."""
    text = '#include <new>\n' + copies(chain())
    outlined, after = found(text)
    assert outlined.sites == {f'f{number}' for number in range(_COPIES)}
    assert after.count('try { const ::tramp_thrower tramp_thrown; throw; }') == 1
    assert after.count('catch (...) { tramp_o_1(); return -1; }') == _COPIES
    assert after.index('tramp_o_1() {') < after.index('static int f0')
    assert after.count('\n') == text.count('\n')


def test_spelling_does_not_matter() -> None:
    """White space, comments, the name of the variable, and what a `return` that all handlers share says."""
    other = chain().replace('&e)', '& error) // why').replace('e.what()', 'error . what()').replace('{ work', '{\n /* x */ work')
    outlined, after = found(copies(chain(), 3) + copies(other.replace('// why', '/* why */').replace('NAME', 'gNAME'), 13))
    assert len(outlined.sites) == _COPIES
    assert after.count(' tramp_o_1() {') == 1
    shared = copies(chain(), 13) + copies(chain().replace('-1', '-2').replace('NAME', 'gNAME'), 3)
    assert found(shared)[1].count('catch (...) { tramp_o_1(); return -2; }') == 3


@pytest.mark.parametrize('tokens', ['e.what() + 1', 'e . what () +1'])
def test_tokens_matter(tokens: str) -> None:
    """`a + +b` is not `a++b`; a string is not another one."""
    assert found(copies(chain(f'use({tokens}); return 1;')))[0].sites
    one, two = chain('x = y >> 1; z = y > 2; w = "a"; return 1;'), chain('x = y >> 1; z = y > 2; w = "b"; return 1;')
    assert found(one.replace('NAME', 'a') + two.replace('NAME', 'b') + copies(one))[0].sites == {'a', *(f'f{n}' for n in range(_COPIES))}


def test_the_estimate_decides() -> None:
    """One use never pays, and neither do small handlers."""
    assert reasons(copies(chain(), 1)) == {Left.NOT_WORTH_IT}
    one = _FUNCTION.replace('CHAIN', _CHAIN.partition('} ')[2])
    assert reasons(copies(one, 6)) == {Left.NOT_WORTH_IT}
    assert len(found(copies(one, 10))[0].sites) == 10
    assert reasons(copies('static int NAME(int given)\n{ try { work(); } catch (int) { return -1; } return 0; }\n')) == {Left.NOT_WORTH_IT}


@pytest.mark.parametrize(
    ('first', 'reason'),
    [
        ('use(__LINE__); return -1;', Left.PLACE),
        ('use(__func__); return -1;', Left.PLACE),
        ('assert(ready()); return -1;', Left.PLACE),
        ('static int count; count++; return -1;', Left.PLACE),
        ('call([] { return 1; }); return -1;', Left.PLACE),
        ('call(this); return -1;', Left.PLACE),
        ('RELEASE_LOCK(); return -1;', Left.MACRO),
        ('release(); return -1;', Left.PLACE),
        ('report(); return -1;', Left.MACRO),
        ('return given;', Left.EXIT),
        ('return translate(e);', Left.EXIT),
        ('for (int i = 0; i < 2; i++) break; return -1;', Left.EXIT),
        ('if (ready()) return 1; else return 2;', Left.EXIT),
        ('if (ready()) { return 1; }', Left.EXIT),
        ('again: if (ready()) goto again; return 1;', Left.EXIT),
        ('Py_FatalError("never");', Left.EXIT),
        ('tramp_o_1(); tramp_o_2(); tramp_o_3(); return 1;', Left.EXCLUDED),
    ],
)
def test_what_a_handler_must_not_do(first: str, reason: Left) -> None:
    """Each of these would mean something else, or could, in a function of its own."""
    text = '#define release() unlock(__LINE__)\n' + copies(chain(first))
    assert reason in reasons(text, is_macro=lambda name: name == 'report')


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (('static int', 'template <class T> static int'), Left.TEMPLATE),
        (('static int', 'static constexpr int'), Left.PLACE),
        (('(int given)', '(int given) noexcept'), Left.NOEXCEPT),
        (('int local = 0;', 'int local = 0, PyExc_ValueError[1];'), Left.LOCALS),
        (('int local = 0;', 'int local = 0; use(1); Other a, PyExc_ValueError, b;'), Left.LOCALS),
        (('int local = 0;', 'int local = 0; using other::std;'), Left.LOCALS),
        (('int local = 0;', 'int local = 0; using namespace other;'), Left.LOCALS),
        (('int local = 0;', 'int local = 0; auto [a, std] = pair();'), Left.LOCALS),
        (('    catch', '#ifdef A\n    catch'), Left.CONDITIONAL),
        (('    try', '#ifdef A\n    try'), Left.CONDITIONAL),
        (('int given)', 'int given\n#ifdef A\n, int more\n#endif\n)'), Left.CONDITIONAL),
        (('{ work(local); }', '{ work(local);\n#ifdef A\n }\n#else\n more(); }\n#endif\n'), Left.TORN),
    ],
)
def test_where_a_chain_must_not_stand(change: tuple[str, str], reason: Left) -> None:
    """Templates, `noexcept`, names of the function, and `#if`s."""
    old, new = change
    text = chain().replace(old, new, 1)
    if reason is Left.CONDITIONAL and 'given\n' not in new:
        text = text.replace('    return local;', '#endif\n    return local;')
    assert reason in reasons(copies(text))


def test_noexcept_with_a_handler_for_all_is_outlined() -> None:
    """Nothing can leave it."""
    text = chain().replace('(int given)', '(int given) noexcept').replace('const std::exception &e', '...').replace('e.what()', '"any"')
    assert found(copies(text))[0].sites


def test_members_use_known_names_only() -> None:
    """A name could be a member's."""
    member = copies(chain()).replace('static int f', 'int C::f')
    assert len(found('struct C;\n' + member)[0].sites) == _COPIES
    assert reasons(copies(chain('report(e); return -1;')).replace('static int f', 'int C::f')) == {Left.CLASS_SCOPE}


@pytest.mark.parametrize(
    'between',
    ['void report(int);', 'using namespace other;', '#undef report', 'namespace n {', '#ifdef A', 'struct report;'],
)
def test_a_name_means_the_same_at_all_sites(between: str) -> None:
    """Behind another declaration the chain has a function of its own."""
    ends = {'namespace n {': '}', '#ifdef A': '#endif'}
    first = copies(chain('report(1); return -1;'))
    text = f'{first}\n{between}\n{first.replace("f", "g").replace("ig", "if")}\n{ends.get(between, "")}\n'
    text = text.replace('#igdeg', '#ifdef')
    _, after = found(f'void report(long);\n{text}')
    assert after.count(' tramp_o_1() {') == 1
    assert after.count(' tramp_o_2() {') == 1


def test_nested_chains_do_not_overlap() -> None:
    """Of a chain within the handler of another only one is taken; one in a try block is taken as well."""
    inner = 'try { again(); } ' + _CHAIN.replace('FIRST', _PLAIN).replace('&e', '&n').replace('e.what', 'n.what')
    _, after = found(copies(chain(f'{inner} return -1;')))
    assert after.count('tramp_o_1(); return -1; }') == _COPIES
    _, after = found(copies(chain().replace('work(local);', f'{inner}')))
    assert after.count('catch (...) { tramp_o_1(); return -1; }') == 2 * _COPIES


def test_chains_are_counted() -> None:
    """Those that stay too, and those that are within the handlers of others."""
    inner = 'try { again(); } ' + _CHAIN.replace('FIRST', _PLAIN).replace('&e', '&n').replace('e.what', 'n.what')
    text = copies(chain(f'{inner} return -1;')) + copies(chain('LOCK(); return -1;').replace('NAME', 'gNAME'), 3)
    assert found(text)[0].counts == Chains(found=2 * _COPIES + 3, distinct=2, outlined=_COPIES)


def test_macros_declare_no_names_of_cpython() -> None:
    """`CHECK(given, PyExc_ValueError)` only mentions it."""
    checked = 'int local = 0; CHECK(given, PyExc_ValueError); CHECK(PyExc_ValueError, std);'
    assert len(found(copies(chain().replace('int local = 0;', checked)))[0].sites) == _COPIES
    assert reasons(copies(chain('report(e); return -1;').replace('int local = 0;', 'CHECK(given, report);'))) == {Left.LOCALS}


def test_excluded_functions_stay() -> None:
    text = copies(chain())
    outlined, _ = found(text, excluded=frozenset({'f1'}))
    assert outlined.sites == {f'f{number}' for number in range(_COPIES)} - {'f1'}


def test_exits_that_differ_are_told_apart() -> None:
    """The last one needs no test where none falls out."""
    _, after = found(copies(chain('PyErr_NoMemory(); use("it and more of it", 1, 2, 3); return 3;')))
    assert after.count('if (tramp_exit == tramp_exit_1_0) return 3; return -1; }') == _COPIES
    _, after = found(copies(chain('PyErr_NoMemory(); use("it and more of it", 1, 2, 3);')))
    assert after.count('const tramp_exit_1 tramp_exit = tramp_o_1(); if (tramp_exit == tramp_exit_1_1) return -1; }') == _COPIES


@pytest.mark.parametrize('value', ['(3)', '((PyObject *)NULL)', '( -1)', '(local)'])
def test_brackets_around_a_constant(value: str) -> None:
    _, after = found(copies(chain(f'PyErr_NoMemory(); use("it and more of it", 1, 2, 3); return {value};')))
    assert ''.join(after.split()).count(f'tramp_exit_1_0)return{"".join(value.split())};') == _COPIES
    assert Left.EXIT in reasons(copies(chain(f'return {value}(3);')))


def test_handlers_that_only_throw() -> None:
    text = chain('throw 1;').replace('return -1;', 'throw;')
    _, after = found(copies(text))
    assert after.count('catch (...) { tramp_o_1(); }') == _COPIES
    assert '__attribute__((__noreturn__)) static void tramp_o_1()' in after


@pytest.mark.parametrize('compiler', ['g++', 'clang++'])
@pytest.mark.parametrize('standard', ['c++11', 'c++14', 'c++17', 'c++20', 'c++2b'])
def test_every_exit_without_warnings(compiler: str, standard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is inserted is clean, if every chain is outlined that can be."""
    monkeypatch.setattr(package, 'pays', lambda *_: True)
    unit = rewritten_unit(CASES / 'chains.cpp', tmp_path)
    assert unit.read_text().count('{ const tramp_exit_') == 2
    assert unit.read_text().count('tramp_a_') > 3
    compile_module(unit, tmp_path / 'out', *CXX_WARNINGS, f'-std={standard}', '-O1', compiler=compiler)
    compile_module(unit, tmp_path / 'plain', *CXX_WARNINGS, f'-std={standard}', '-O1', '-fno-rtti', compiler=compiler)


def test_rows_say_so(tmp_path: Path) -> None:
    """`how` has "outline" for the rows whose functions have a chain less."""
    project = Project(CASES / 'chains.cpp', Config())
    plan = project.plan_file(next(project.files()))
    assert plan
    how = {entry.name: 'outline' in entry.how for table in plan.tables for entry in table.entries}
    assert how | {'fifth': True, 'sixth': True, 'first': True, 'third': False} == how


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Left)
    assert reasons('template <class T> int f() { return 0; } // catch\n') == set()


def named(call: str) -> str:
    """Functions of which each tells CPython its own name."""
    return '\n'.join(chain(call.replace('TEXT', f'"f{n}"') + ' return -1;').replace('NAME', f'f{n}') for n in range(_COPIES))


@pytest.mark.parametrize(
    'call',
    [
        'PyErr_SetString(PyExc_KeyError, TEXT);',
        'PyErr_SetString(PyExc_KeyError, ((TEXT)));',
        'PyErr_Format(PyExc_KeyError, "%s: %s", (TEXT), e.what());',
        'if (PyErr_Occurred()) PyErr_SetFromErrnoWithFilename(PyExc_OSError, TEXT);',
    ],
)
def test_texts_that_only_cpython_is_told(call: str) -> None:
    """Each site gives its own to the function that they share."""
    _, after = found(named(call))
    assert after.count(' tramp_o_1(const char *tramp_text_0) {') == 1
    assert all(after.count(f'catch (...) {{ tramp_o_1("f{n}"); return -1; }}') == 1 for n in range(_COPIES))


@pytest.mark.parametrize(
    'call',
    [
        'report(TEXT);',
        'e.PyErr_SetString(PyExc_KeyError, TEXT);',
        'PyErr_Format(PyExc_KeyError, TEXT, e.what());',
        'PyErr_Format(PyExc_KeyError, "%s", TEXT "more");',
        'PyErr_Format(PyExc_KeyError, "%s", of(1, 2, TEXT));',
        'PyErr_Format(PyExc_KeyError, "%d", sizeof(TEXT));',
        'std::string s = TEXT;',
    ],
)
def test_texts_that_have_to_be_literals(call: str) -> None:
    """What else takes it may tell a literal from a pointer."""
    assert reasons(named(call)) == {Left.NOT_WORTH_IT}


def test_texts_that_are_always_the_same_are_one_parameter() -> None:
    call = 'PyErr_SetString(PyExc_KeyError, TEXT); PyErr_Format(PyExc_KeyError, "%s %s %s", TEXT, "own", ("own"));'
    _, after = found(named(call) + named(call).replace('"own")', '"other")').replace('int f', 'int g'))
    assert ' tramp_o_1(const char *tramp_text_0, const char *tramp_text_1) {' in after
    assert 'PyErr_Format(PyExc_KeyError, "%s %s %s", tramp_text_0, "own", (tramp_text_1))' in after
    assert 'tramp_o_1("f3", "other"); return -1; }' in after
