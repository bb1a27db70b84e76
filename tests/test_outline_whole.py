"""Bodies that stand in a try block as a whole leave their chain to the trampoline, and nobody can tell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rewrite_support import compile_module, rewritten_unit
from whole_support import SLOTS, THROWS, module

from tramp_build.config import Config
from tramp_build.project import Project

_DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import case

def outcome(call, names):
    try:
        return repr(eval(call, names))
    except BaseException as exc:
        return f'{exc!r} {exc.__cause__!r} {getattr(exc, "__notes__", None)}'

calls, results = json.load(open(sys.argv[2])), {}
for number in range(int(sys.argv[3])):
    for name, call in calls.items():
        if number == FOREIGN and not name.strip().endswith('all'):
            continue  # ends the process
        names = {'case': case, 't': getattr(case, f'type_{name.strip()}', None)}
        case.choose(0)
        names['x'] = names['t']() if names['t'] else None
        case.choose(number)
        results[f'{name} {number}'] = [outcome(call, names), case.trace()]
print(json.dumps(results))
""".replace('FOREIGN', str(len(THROWS) - 1))
_FLAGS = ['-std=c++14', '-Werror', '-Wreturn-type', '-Wunused-function']


def _outcomes(directory: Path, calls: dict[str, str]) -> dict[str, list[str]]:
    listed = directory / 'calls.json'
    listed.write_text(json.dumps(calls))
    command = [sys.executable, '-c', _DRIVER, directory, listed, str(len(THROWS))]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize(('compiler', 'optimize'), [('g++', '-O2'), ('clang++', '-O2'), ('g++', '-O0')])
def test_every_trampoline_answers_as_the_chain_did(compiler: str, optimize: str, tmp_path: Path) -> None:
    """Every signature with everything that can be thrown, outlined and not: the same error, the same trace, the same result."""
    text, calls = module()
    source = tmp_path / 'case.cpp'
    source.write_text(text)
    unit = rewritten_unit(source, tmp_path / 'unit')
    assert 'catch (...) { tramp_o_' not in unit.read_text()
    assert unit.read_text().count('::tramp_a_') == (len(SLOTS) + 6 + 2) * 3
    as_it_is = rewritten_unit(source, tmp_path / 'plain', Config(outline=False))
    compile_module(as_it_is, tmp_path / 'stock', optimize, *_FLAGS, compiler=compiler)
    compile_module(unit, tmp_path / 'outlined', optimize, *_FLAGS, compiler=compiler)
    stock, outlined = (_outcomes(tmp_path / name, calls) for name in ('stock', 'outlined'))
    assert {key: (stock[key], value) for key, value in outlined.items() if stock[key] != value} == {}
    assert "OSError('all')" in stock['tp_repr_all 10'][0]


_CLAUSES = (
    'catch (const std::bad_alloc &e) { PyErr_SetString(PyExc_MemoryError, e.what()); return NULL; }'
    ' catch (const std::range_error &e) { PyErr_SetString(PyExc_ValueError, e.what()); return NULL; }'
    ' catch (...) { PyErr_SetString(PyExc_RuntimeError, "unknown"); }'
)
_FUNCTION = (
    'static PyObject *NAME(PyObject *self, PyObject *args)\n{\n    FRONT\n    try { return work(self, args); }\n    CHAIN\n    REST\n}\n'
)
_OTHERS = [f'g{number}' for number in range(9)]
_ROWS = ''.join(f'    {{"{name}", {name}, METH_VARARGS, NULL}},\n' for name in ('f', *_OTHERS))


def _answered(
    tmp_path: Path, *changes: tuple[str, str], front: str = '', rest: str = 'return NULL;', all_of_them: bool = False
) -> set[str]:
    """Return whether a function, and its likes, leave their chain to the trampoline after changes of its text, or of all."""
    plain = _FUNCTION.replace('REST', rest).replace('CHAIN', _CLAUSES)
    first = plain.replace('FRONT', front).replace('NAME', 'f')
    others = ''.join(plain.replace('FRONT', '').replace('NAME', name) for name in _OTHERS)
    for change in changes:
        assert change[0] in first
        first = first.replace(*change, 1)
        others = others.replace(*change) if all_of_them else others
    text = f'#include <Python.h>\n{first}{others}static PyMethodDef methods[] = {{\n{_ROWS}    {{NULL}}\n}};\n'
    (tmp_path / 'case.cpp').write_text(text)
    plan = Project(tmp_path, Config()).plan_file(tmp_path / 'case.cpp')
    assert plan
    return set(plan.answers) & {'f', 'g1'}


@pytest.mark.parametrize(
    'front',
    [
        '',
        'int number = -1; double *values = NULL; const char *a, *b = "text", c = 0;',
        'static char *names[] = {(char *)"a", const_cast<char *>("b"), NULL};',
        'geo::Point *point = (geo::Point *)self; PyObject *const object = args;',
        'unsigned long flags = 0x10; Py_buffer view;',
        'if (!PyArg_ParseTuple(args, "O!i:name", &PyList_Type, &self)) return NULL;',
        'int n; if (!PyArg_ParseTupleAndKeywords(args, self, "i|", names, &n)) { return NULL; }',
        'const long number = PyLong_AsLong(args); if (number == -1 && PyErr_Occurred()) return NULL;',
        'if (PyTuple_GET_SIZE(args) < 2 || !PyLong_Check(args)) { PyErr_SetString(PyExc_TypeError, "two"); return NULL; }',
        'Py_ssize_t n = PyTuple_GET_SIZE(args), m = 2 * n + 1; if (n % 2) Py_RETURN_NONE;',
        'if (self == Py_None) { int n = 1; if (n) return PyLong_FromLong(n); } Py_INCREF(self);',
    ],
)
def test_what_may_stand_in_front(front: str, tmp_path: Path) -> None:
    """Declarations of what has no destructor, and the parser."""
    front = front.replace('self, "i|", names', 'self, "i|", NULL')
    assert _answered(tmp_path, front=front) == {'f', 'g1'}


@pytest.mark.parametrize(
    'front',
    [
        'std::string text;',
        'Point point;',
        'int number = compute();',
        'int number = *shared;',
        'int number = global_number;',
        'double *values = new double[3];',
        'auto value = self;',
        'work(self, args);',
        'LOCK();',
        'int n = MAXIMUM;',
        'start();',
        'std::vector<int> *items = NULL;',
        'Point &point = *self;',
        'if (!PyArg_ParseTuple(args, "O&", convert, &self)) return NULL;',
        'if (!PyArg_ParseTuple(args, FORMAT, &self)) return NULL;',
        'if (!PyArg_ParseTuple(args, "O", find(self))) return NULL;',
        'if (!PyArg_ParseTuple(args, "O", &self)) return work(self, args);',
        'if (!PyArg_ParseTuple(args, "O", &self)) { clean(); return NULL; }',
        'if (!PyArg_ParseTuple(args, "O", &self)) { Guard guard; return NULL; }',
        'if (!self) return NULL; else work(self, args);',
        'if (!self) { return NULL; } else { work(self, args); }',
        'if (self) { int n = 1; } return PyLong_FromLong(n);',
        'int n = 1; int m = geo::n;',
        'long n = PyLong_AsLong(find(args));',
        'long n = PyFoo_AsLong(args);',
        'long n = (Point)*self;',
        'long n = shared * 2;',
        'bool n = a < b;',
        'Py_INCREF(self), work(self, args);',
        'while (PyErr_Occurred()) work(self, args);',
        'number = 1;',
        'self->count + 1;',
        'if (!check(args)) return NULL;',
        '#ifdef A\n    int number;\n#endif',
    ],
)
def test_what_must_not_stand_in_front(front: str, tmp_path: Path) -> None:
    """It could throw, or would be destroyed before the handler runs."""
    assert _answered(tmp_path, front=front) == {'g1'}


@pytest.mark.parametrize(
    ('rest', 'whole'), [('Py_RETURN_NONE;', True), ('return work(self, args);', False), ('clean(); return NULL;', False)]
)
def test_what_follows_a_handler_that_falls_out(rest: str, whole: bool, tmp_path: Path) -> None:
    assert _answered(tmp_path, rest=rest) == ({'f', 'g1'} if whole else set())


def test_what_may_follow_where_none_falls_out(tmp_path: Path) -> None:
    """Results that CPython makes of plain values."""
    returns = ('"unknown"); }', '"unknown"); return NULL; }')
    tried = ('return work(self, args); }', 'work(self, args); }')
    value = 'return Py_BuildValue("(Oi)", self, 3);'
    more = f'if (PyErr_Occurred()) return NULL; long n = 3 * 4; {value}'
    assert _answered(tmp_path, returns, tried, rest=more, all_of_them=True) == {'f', 'g1'}
    assert _answered(tmp_path, returns, tried, rest=value, all_of_them=True) == {'f', 'g1'}
    assert _answered(tmp_path, tried, rest=value, all_of_them=True) == set()
    for old, new in (('3);', 'three());'), ('"(Oi)"', '"(O&i)"'), ('Py_BuildValue', 'build')):
        assert _answered(tmp_path, returns, tried, rest=value.replace(old, new), all_of_them=True) == set()


@pytest.mark.parametrize(
    'change',
    [
        ('PyObject *args)', 'PyObject *args) noexcept'),
        ('return NULL;\n}', 'return NULL;\n}\nstatic PyObject *other(PyObject *s) { return f(s, s); }\n'),
        ('return work(self, args);', 'return self ? f(NULL, args) : NULL;'),
        ('return NULL;\n}', 'return NULL;\n}\nstatic PyCFunction other = f;\n'),
        ('return NULL;\n}', 'return NULL;\n}\nstatic PyMethodDef more[] = {{"f", f, METH_STRANGE, NULL}, {NULL}};\n'),
        ('return NULL;\n}', 'return NULL;\n}\n#define OTHER f(NULL, NULL)\n'),
        (
            'static PyObject *f',
            'static PyObject *f(PyObject *, PyObject *);\nstatic PyMethodDef one = {"f", f, METH_VARARGS, NULL};\nstatic PyObject *f',
        ),
        ('static PyObject *f', '#ifdef A\nstatic PyObject *f(PyObject *s, PyObject *) { return s; }\n#else\n#endif\nstatic PyObject *f'),
        ('(...) {', '(...) { if (work(NULL, NULL)) throw;'),
        ('const std::bad_alloc &e', 'abi::__forced_unwind &e'),
        ('return NULL; }', 'goto out; }'),
        ('return NULL;\n}', 'return NULL;\n#ifdef A\n    return self;\n#endif\n}'),
    ],
)
def test_when_the_chain_stays_at_the_site(change: tuple[str, str], tmp_path: Path) -> None:
    """Others call the function, or the trampoline could not do the same."""
    assert _answered(tmp_path, change) == {'g1'}


def test_handlers_may_return_what_they_like(tmp_path: Path) -> None:
    """Where the trampoline returns it: a call, but none of what the function has."""
    old = 'return NULL; } catch (const std::range'
    for value, whole in (('translate(e)', True), ('self', False), ('translate(args)', False), ('this', False)):
        change = (old, f'return {value}; }} catch (const std::range')
        assert _answered(tmp_path, change, all_of_them=True) == ({'f', 'g1'} if whole else set())
    mixed = [(old, 'return translate(e); } catch (const std::range'), ('"unknown");', '"unknown"); goto out;')]
    assert _answered(tmp_path, *mixed, all_of_them=True) == set()
    assert _answered(tmp_path, mixed[0], front='work(self, args);', all_of_them=True) == {'g1'}


def test_a_function_has_to_return_what_trampolines_do(tmp_path: Path) -> None:
    """Behind a cast a row may have a function of any type."""
    assert _answered(tmp_path, ('PyObject *f', 'PyListObject *f')) == {'g1'}


def test_functions_that_other_files_call_keep_their_chain(tmp_path: Path) -> None:
    (tmp_path / 'other.cpp').write_text('extern PyObject *f(PyObject *, PyObject *); PyObject *h() { return f(0, 0); }\n')
    assert _answered(tmp_path, ('static PyObject *f', 'PyObject *f')) == {'g1'}
    assert _answered(tmp_path) == {'f', 'g1'}


def test_without_the_barrier_there_is_nobody_to_answer(tmp_path: Path) -> None:
    _answered(tmp_path)
    plan = Project(tmp_path / 'case.cpp', Config(barrier='never')).plan_file(tmp_path / 'case.cpp')
    assert plan
    assert not plan.answers
