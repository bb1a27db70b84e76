"""Functions that keep their convention, each with the nearest one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tramp_build.config import Config
from tramp_build.model import Kept, Upgrade
from tramp_build.project import Project

UNIT = """
#include <Python.h>
{before}
static PyObject *f(PyObject *self, PyObject *args, PyObject *kwargs)
{{
    {body}
    Py_RETURN_NONE;
}}
static PyMethodDef methods[] = {{
    {{"f", (PyCFunction)(void (*)(void))f, METH_VARARGS | METH_KEYWORDS, NULL}}, {rows}
    {{NULL, NULL, 0, NULL}}
}};
{behind}
"""


def outcome(root: Path, *, name: str = 'f', suffix: str = '.c', files: dict[str, str] | None = None, **parts: str) -> str:
    """Return what becomes of a function: the reason, or which entry takes the vector."""
    unit = root / f'unit{suffix}'
    unit.write_text(UNIT.format(**{'before': '', 'body': '', 'rows': '', 'behind': ''} | parts))
    for path, text in (files or {}).items():
        (root / path).write_text(text)
    plan = Project(root, Config()).plan_file(unit)
    assert plan
    entry = next(e for t in plan.tables for e in t.entries if e.function == name)
    found: Upgrade | Kept | None = plan.upgrades.get(name, entry.kept)
    assert found
    return found.entry if isinstance(found, Upgrade) else found.reason.value


BODIES = [
    ('PyObject *x = PyTuple_GET_ITEM(args, 0);', 'same'),
    ('PyObject **x = &PyTuple_GET_ITEM(args, 0);', 'args-escape'),
    ('if (!args) return NULL;', 'same'),
    ('if (!args->ob_type) return NULL;', 'args-escape'),
    ('if (args) return NULL;', 'same'),
    ('if (self == args) return NULL;', 'args-escape'),
    ('int x = args == NULL;', 'same'),
    ('PyObject *x = args;', 'args-escape'),
    ('PyObject *x = args ? self : NULL;', 'same'),
    ('PyObject *x = self ? args : NULL;', 'args-escape'),
    ('args = PyTuple_GetSlice(args, 0, 1);', 'args-escape'),
    ('if (PyTuple_Check(args)) return NULL;', 'same'),
    # A C caller may pass an instance of a subclass of tuple.
    ('if (PyTuple_CheckExact(args)) return NULL;', 'args-escape'),
    ('{ PyObject *args = NULL; f2(args); }', 'same'),
    ('{ PyObject *x = args; }', 'args-escape'),
    ('#if X\n{ PyObject *args = NULL;\n#else\n{\n#endif\nf2(args); }', 'args-escape'),
    ('self->args = NULL;', 'same'),
    # An empty dict and none can not be told apart by a vector.
    ('if (kwargs == NULL) return NULL;', 'kwargs-escape'),
    ('if (kwargs) return NULL;', 'kwargs-escape'),
    ('if (kwargs && PyDict_Size(kwargs)) return NULL;', 'kwargs-escape'),
    ('return PyObject_Call(self, args, kwargs);', 'args-escape'),
    ('self->PyTuple_GET_SIZE(args);', 'args-escape'),
]


@pytest.mark.parametrize(('body', 'expected'), BODIES)
def test_bodies(body: str, expected: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, body=body) == expected


HELPER = 'static int h(PyObject *args, int n, PyObject *kwargs) { return PyArg_ParseTuple(args, "i", &n); }'
HELPERS = [
    ({'before': HELPER}, 'same'),
    ({'before': HELPER.replace('static ', '')}, 'same'),
    ({'before': HELPER.replace('PyArg_ParseTuple(args, "i", &n)', 'g(args)')}, 'args-escape'),
    ({'before': HELPER.replace('PyObject *kwargs', 'PyObject *kwargs, ...')}, 'args-escape'),
    ({'before': HELPER.replace('PyObject *args', 'void *args')}, 'args-escape'),
    ({'before': HELPER.replace('PyObject *kwargs', 'int kwargs')}, 'args-escape'),
    # Somebody else has a real tuple for it.
    ({'before': HELPER, 'behind': 'int user(PyObject *tuple) { return h(tuple, 0, NULL); }'}, 'args-escape'),
    ({'before': HELPER, 'behind': 'int (*pointer)(PyObject *, int, PyObject *) = h;'}, 'args-escape'),
    ({'before': HELPER, 'behind': '#define USER h(args, 0, 0)'}, 'args-escape'),
    # A name is not a mention where it is another thing's.
    ({'before': HELPER, 'behind': 'int user(int h) { return h; }'}, 'same'),
    ({'before': HELPER, 'behind': 'int user(void) { int h = 1; return h; }'}, 'same'),
    ({'before': HELPER, 'behind': 'int user(void) { { int h = 1; } return h(0, 0, 0); }'}, 'args-escape'),
    ({'before': HELPER, 'behind': 'struct h { int h; }; int user(struct h *s) { return s->h; }'}, 'same'),
    ({'before': HELPER + '\n#define CAT(a, b) a##b\n', 'behind': 'int CAT(o, h)(void) { return 0; }'}, 'args-escape'),
    ({'before': HELPER + '\n#define CAT(a, b) a##b\n', 'behind': 'int CAT(o, g)(void) { return 0; }'}, 'same'),
    ({'before': HELPER + '\n#define CALL(x) x##h(0, 0, 0)\n', 'behind': 'int user(void) { return CALL(); }'}, 'args-escape'),
]


@pytest.mark.parametrize(('parts', 'expected'), HELPERS)
def test_helpers(parts: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, body='h(args, 1, kwargs);', **parts) == expected


def test_helper_of_another_file(tmp_path: Path) -> None:
    """A helper that another file may call takes tuples."""
    before = HELPER.replace('static ', '')
    files = {'other.c': 'int h(void *, int, void *); int user(void *tuple) { return h(tuple, 0, 0); }'}
    assert outcome(tmp_path, before=before, body='h(args, 1, kwargs);', files=files) == 'args-escape'


@pytest.mark.parametrize('call', ['h(args, 1)', 'h(self, 1, kwargs)', 'h(args, 1, self)', 'x.h(args, 1, kwargs)', '(h)(args, 1, kwargs)'])
def test_calls_of_a_helper_that_do_not_fit(call: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, before=HELPER, body=f'h(args, 1, kwargs); {call};').endswith('escape')


SECOND = '(void)PyTuple_GET_SIZE(args);'
CALLER = 'PyObject *user(PyObject *tuple) { return f(NULL, tuple, NULL); }'


@pytest.mark.parametrize(
    ('body', 'expected'),
    [
        (SECOND, 'static'),
        # A caller may pass NULL, and the body tells.
        ('if (args == NULL) return NULL;', 'called-directly'),
        ('if (!PyTuple_Check(args)) return NULL;', 'called-directly'),
    ],
)
def test_second_entries(body: str, expected: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, body=body, behind=CALLER) == expected


def test_result_that_is_no_object(tmp_path: Path) -> None:
    """libtramp hands objects through; another type keeps its function."""
    found = outcome(tmp_path, behind='#define thing PyObject', body=SECOND)
    assert found == 'same'
    text = (tmp_path / 'unit.c').read_text().replace('static PyObject *f(', 'static thing *f(') + CALLER
    (tmp_path / 'unit.c').write_text(text)
    plan = Project(tmp_path, Config()).plan_file(tmp_path / 'unit.c')
    assert plan
    assert 'f' not in plan.upgrades


LIMITED = '#define Py_LIMITED_API 0x03060000\n'


@pytest.mark.parametrize(
    ('files', 'expected'),
    [
        ({'other.c': LIMITED}, 'same'),
        # test_units.py has headers that are included.
        ({'other.h': LIMITED}, 'same'),
        ({'other.c': LIMITED, 'more.c': '#include "other.c"\n'}, 'same'),
        ({'other.c': f'/* Generated by Cython 3 */\n{LIMITED}'}, 'same'),
        ({'other.c': 'void x(PyMethodDef *m) { for (; m->ml_meth; m++) add(m); }'}, 'same'),
        ({'other.c': 'int x(PyMethodDef *m) { if (!m->ml_meth) return 1; return m->ml_meth == y; }'}, 'same'),
        ({'other.c': 'int x(PyObject *m) { return PyCFunction_GetFunction(m) == (PyCFunction)y; }'}, 'same'),
        ({'other.c': 'PyCFunction x(PyMethodDef *m) { return m->ml_meth; }'}, 'reads-ml-meth'),
        ({'other.c': 'void x(PyMethodDef *m) { y(m->ml_meth); }'}, 'reads-ml-meth'),
        ({'other.c': 'void x(PyMethodDef *m) { m->ml_meth(0, 0); }'}, 'reads-ml-meth'),
        ({'other.c': 'int x(PyMethodDef *m) { return m->ml_flags == METH_VARARGS; }'}, 'reads-ml-meth'),
        ({'other.c': 'int x(PyObject *m) { PyCFunction f = PyCFunction_GetFunction(m); return f == y; }'}, 'reads-ml-meth'),
    ],
)
def test_other_files(files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, files=files) == expected


@pytest.mark.parametrize(
    ('path', 'expected', 'helped'),
    [
        # A header may declare it, in the text that the compiler sees and we do not.
        ('other.h', 'static', 'args-escape'),
        ('words.h', 'same', 'same'),
        # Another unit has one of its own.
        ('other.c', 'same', 'same'),
    ],
)
def test_internal_names_in_other_files(path: str, expected: str, helped: str, tmp_path: Path) -> None:
    files = {path: 'static PyObject *f(PyObject *, PyObject *, PyObject *);\nstatic int h(PyObject *, int, PyObject *);\n'}
    if path == 'words.h':
        files = {path: '/* f */ int f;\n/* h and more */\n'}
    assert outcome(tmp_path, body=SECOND, files=files) == expected
    files = {path: files[path].splitlines()[1]}
    assert outcome(tmp_path, before=HELPER, body='h(args, 1, kwargs);', files=files) == helped
