"""Handlers that use variables of their functions are given them by reference, where nobody needs a compiler to know the type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rewrite_support import CASES, compile_module, rewritten_unit
from test_outline import copies, found, reasons
from test_rewrite_runs import CXX_WARNINGS

from tramp_build.config import Config
from tramp_build.outline import sites as package
from tramp_build.outline.handlers import Left
from tramp_build.project import Project

_FUNCTION = """\
static int NAME(
    int given, PyObject *const *given_list, const std::vector<int> &given_ref, T &&given_move, char given_text[], int given_fn(),
    mpz_t given_array, const vec3 given_const, const Py_ssize_t given_size, T *const given_pointer, std::string given_string = "x")
{
    LOCALS
    try { int inner; work(local); }
    catch (const std::bad_alloc &e) { USE }
    catch (const std::range_error &e) { PyErr_SetString(PyExc_IndexError, e.what()); return -1; }
    catch (const std::exception &e) { PyErr_SetString(PyExc_ValueError, e.what()); return -1; }
    return 0;
}
"""


def _text(declaration: str, use: str = 'report(VAR); return -1;', name: str = 'local') -> str:
    return copies(_FUNCTION.replace('LOCALS', declaration).replace('USE', use.replace('VAR', name)))


def _parameter(text: str) -> str | None:
    """Return what the outlined function takes."""
    outlined, after = found(text, is_macro=lambda name: name == 'real')
    if not outlined.edits:
        assert {stays.reason for stays in outlined.stays} == {Left.LOCALS}
        return None
    inner = after.partition('static tramp_exit_1 tramp_o_1(')[2].partition(') {')[0]
    names = re.findall(r'&(\w+) __attribute__', inner)
    assert after.count(f'tramp_o_1({", ".join(names)}); return -1; }}') == 16
    return inner.replace(' __attribute__((__unused__))', '')


@pytest.mark.parametrize(
    ('declaration', 'parameter'),
    [
        ('int local = 0;', 'int &local'),
        ('unsigned long local;', 'unsigned long &local'),
        ('volatile int local = 0;', 'volatile int &local'),
        ('static double local;', 'double &local'),
        ('PyObject *local = NULL;', 'PyObject *&local'),
        ('PyObject *other = NULL, *local(NULL);', 'PyObject *&local'),
        ('int other = f(1, 2), local;', 'int &local'),
        ('const char *other = "a", *local = "b", c;', 'const char *&local'),
        ('char const *const *local = 0;', 'char const *const *&local'),
        ('Py_ssize_t local{};', 'Py_ssize_t &local'),
        ('size_t local = 3;', 'size_t &local'),
        ('std::string local("text");', 'std::string &local'),
        ('std::vector<std::pair<int, Point *>> local;', 'std::vector<std::pair<int, Point *> > &local'),
        ('::geo::Point &local = *find();', '::geo::Point &local'),
        ('const geo::Point &local = find();', 'const geo::Point &local'),
        ('Point &other = f(), &local = other;', 'Point &local'),
        ('Table<int>::Row *local;', 'Table<int>::Row *&local'),
        ('{ int local; } long local = 1;', 'long &local'),
        ('for (int local = 0; local < 3; local++) { work(local); } long local = 1;', 'long &local'),
        ('long local = 1; auto other = [local](int x) { return local * x; };', 'long &local'),
        ('const std::vector<int> local = f();', 'const std::vector<int> &local'),
        ('const std::string local("text");', 'const std::string &local'),
        ('long local = 1; if (x && local) return 1; int y = x > local;', 'long &local'),
        ('long local = 1; if (x > local) return 1; y = (T *)local; f(2, -1 * local, &local, *local); z = x % local;', 'long &local'),
    ],
)
def test_what_is_handed_on(declaration: str, parameter: str) -> None:
    assert _parameter(_text(declaration)) == parameter


@pytest.mark.parametrize(
    ('name', 'parameter'),
    [
        ('given', 'int &given'),
        ('given_list', 'PyObject *const *&given_list'),
        ('given_ref', 'const std::vector<int> &given_ref'),
        ('given_move', 'T &given_move'),
        ('given_text', None),
        ('given_fn', None),
        ('given_array', None),
        ('given_const', None),
        ('given_size', 'const Py_ssize_t &given_size'),
        ('given_pointer', 'T *const &given_pointer'),
        ('given_string', 'std::string &given_string'),
    ],
)
def test_parameters_are_handed_on(name: str, parameter: str | None) -> None:
    """Those with a plain type and no brackets."""
    assert _parameter(_text('int local;', name=name)) == parameter


@pytest.mark.parametrize(
    'declaration',
    [
        'auto local = f();',
        'decltype(f()) local = f();',
        'int local[3];',
        'int (*local)(int) = f;',
        'struct Point *local = f();',
        'register int local = 0;',
        'extern int local;',
        'thread_local int local;',
        'const int local = 3;',
        'constexpr int local = 3;',
        'int *const local = &global;',
        'Point local(3);',
        'std::vector local{1, 2};',
        'auto [local, other] = f();',
        'typedef int Number; Number local = 3;',
        'using Number = int; Number *local = 0;',
        'struct Number {}; Number *local = 0;',
        'FLOAT *local = 0;',
        'real *local = 0;',
        'const std::size_t local = 3;',
        'DECLARE(int, local);',
        'struct { int a; } local;',
        'struct Local { int a; } *local = f();',
        'enum Local { one, local };',
        'enum { local };',
        'enum { local = 3, one };',
        'int local;\n#ifdef A\n#endif\n if (T *local = f()) { g(); }',
        '\n#ifdef A\nint local;\n#endif\n',
        'DECLARE(local);',
        'int local; DECLARE(int *local);',
        'int local; long local;',
        'enum { one }; int local;',
        'x = 3, *local = 4;',
        'case 1: int local;',
    ],
)
def test_what_is_not_certain(declaration: str) -> None:
    """Where more would have to be known than the text of the function says, the chain stays."""
    assert _parameter(_text(declaration)) is None


@pytest.mark.parametrize(
    'use',
    [
        'decltype(VAR) x = 3; report(x); return -1;',
        'report(typeid(VAR)); return -1;',
        'throw VAR;',
        'throw (VAR);',
        'int VAR = 3; report(VAR); return -1;',
        'for (long VAR = 0; VAR < 3; VAR++) report(VAR); return -1;',
    ],
)
def test_uses_that_would_tell(use: str) -> None:
    """Of a reference they would mean something else, or they mean another variable."""
    assert _parameter(_text('int local;', use)) is None


def test_other_scopes_are_not_reached() -> None:
    """A lambda has copies of its own, and a variable of the try block is gone: the name is the file's."""
    assert _parameter(_text('int local;', name='inner')) == ''
    inside = _text('int local = 0; auto call = [local]() -> int {').replace('return 0;', 'return 0; };')
    assert _parameter(inside) is None
    assert _parameter(_text('int other; auto call = [&]() -> int { int local;').replace('return 0;', 'return 0; };')) == 'int &local'
    assert (
        _parameter(_text('int local; if (x) { while (y) { do { if (z) f(); else {').replace('return 0;', '}}}} return 0;')) == 'int &local'
    )
    inside = _text('auto call = [given]() -> int {', name='given').replace('return 0;', 'return 0; };')
    assert _parameter(inside) is None
    assert _parameter(_text('int local; call({').replace('return 0;', '}); return 0;')) is None
    assert _parameter(_text('int local; FOREACH(x, y) {').replace('return 0;', '} return 0;')) is None


def test_the_same_type_makes_the_same_chain() -> None:
    """Several variables come in the order of their names; another type makes another chain."""
    one = _text('PyObject *ret = 0; int local;', 'report(ret, local); return -1;')
    other = _text('long x; int  local ; PyObject*ret;', 'report( ret,local); return -1;').replace('int f', 'int g')
    outlined, after = found(one + other)
    assert len(outlined.sites) == 32
    assert after.count('tramp_o_1(local, ret); return -1; }') == 32
    assert after.count('tramp_o_1(int &local __attribute__((__unused__)), PyObject *&ret __attribute__((__unused__))) {') == 1
    _, after = found(one + other.replace('PyObject*', 'PyListObject*'))
    assert after.count('tramp_o_2(local, ret); return -1; }') == 16
    _, after = found(one + other.replace('int  local', 'long local'))
    assert after.count('tramp_o_2(local, ret); return -1; }') == 16


def test_a_type_means_the_same_at_all_sites() -> None:
    first, second = _text('Point *local = 0;'), _text('Point *local = 0;').replace('int f', 'int g')
    assert 'tramp_o_2(' not in found(f'struct Point;\n{first}{second}')[1]
    assert 'tramp_o_2(local)' in found(f'struct Point;\n{first}using Point = Other;\n{second}')[1]
    heads = _text('int local;', name='given_move')
    assert 'tramp_o_2(' not in found(heads + heads.replace('int f', 'int g'))[1]
    for between in ('int T(int);', 'void h(struct T *);', 'int T::h() { return 1; }', 'namespace T { }'):
        assert 'tramp_o_2(' in found(f'{heads}{between}\n{heads.replace("int f", "int g")}')[1]


def test_members_know_no_types_of_the_class() -> None:
    member = _text('Point *local = 0;', 'PyErr_BadArgument(); work(local); return -1;').replace('static int f', 'int C::f')
    assert reasons(member) == {Left.CLASS_SCOPE}
    assert found(member.replace('Point', 'PyObject').replace('work', 'Py_XDECREF'))[0].sites


_ROWS = ''.join(f'    {{"f{number}", f{number}, METH_VARARGS, NULL}},\n' for number in range(16))
_METHOD = """\
static PyObject *NAME(PyObject *self, PyObject *args)
{
    int n;
    if (!PyArg_ParseTuple(args, "i", &n)) return NULL;
    try { return work(n); }
    catch (const std::bad_alloc &e) { PyErr_SetObject(PyExc_MemoryError, VAR); return NULL; }
    catch (const std::range_error &e) { PyErr_SetString(PyExc_IndexError, e.what()); return NULL; }
    catch (const std::exception &e) { PyErr_SetString(PyExc_ValueError, e.what()); return NULL; }
}
"""


def _outlined(tmp_path: Path, text: str) -> int:
    path = tmp_path / 'case.cpp'
    path.write_text(f'#include <Python.h>\n{text}static PyMethodDef methods[] = {{\n{_ROWS}    {{NULL}}\n}};\n')
    plan = Project(tmp_path, Config()).plan_file(path)
    assert plan
    assert not plan.answers
    return plan.chain_counts.outlined


def test_parameters_that_get_new_names(tmp_path: Path) -> None:
    """A function that takes a vector has its `self` as before, and no `args`."""
    assert _outlined(tmp_path, copies(_METHOD.replace('VAR', 'self'))) == 16
    tested = _METHOD.replace('VAR', 'args ? PyExc_OSError : PyExc_KeyError')
    assert _outlined(tmp_path, copies(tested)) == 0
    assert _outlined(tmp_path, copies(tested.replace('return work(n)', 'return work(n, args)'))) == 16


def test_friends_may_use_what_is_private(tmp_path: Path) -> None:
    """The outlined function is nobody's friend."""
    text = copies(_METHOD.replace('VAR', 'n > 0 ? self : self'))
    assert _outlined(tmp_path, text) == 16
    assert _outlined(tmp_path, f'class C {{ int x; friend PyObject *f1(PyObject *, PyObject *); }};\n{text}') == 15
    shared = text.replace('static ', '')
    (tmp_path / 'c.h').write_text('class C { int x; friend PyObject *f1(PyObject *, PyObject *); };\n')
    assert _outlined(tmp_path, shared) == 15
    assert _outlined(tmp_path, text) == 16


@pytest.mark.parametrize('compiler', ['g++', 'clang++'])
@pytest.mark.parametrize('standard', ['c++11', 'c++2b'])
def test_every_variable_without_warnings(compiler: str, standard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The references bind to what the functions have."""
    monkeypatch.setattr(package, 'pays', lambda *_: True)
    unit = rewritten_unit(CASES / 'chains_variables.cpp', tmp_path)
    assert unit.read_text().count('catch (...) { tramp_o_') + unit.read_text().count('tramp_exit = tramp_o_') == 8
    compile_module(unit, tmp_path / 'out', *CXX_WARNINGS, '-Wshadow', f'-std={standard}', '-O1', compiler=compiler)
