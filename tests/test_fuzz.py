"""A small budget of what `python tests/fuzz.py` does at length, and what it has found."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from fuzz import batch
from fuzz_support import CASES, Checker, FoundError, HangError, Seeds, check_rewritten, limit

from tramp_build.edits import apply
from tramp_build.model import Edit, Span
from tramp_build.project import Project
from tramp_build.rewrite import Rewritten

# The first input that failed, made small, for each finding.
FINDINGS = {
    'a struct that ends in one branch': {'unit.c': b'PySequenceMethods m = {f,\n#if A\ng,\n#else\nx;\n#endif\n};'},
    'a table that ends in one branch': {'unit.cpp': b'PyGetSetDef t[]{{""}\n#if A\n;\n#else\n{""},\n#endif'},
    'a row within one that ends later': {'unit.c': b'PyGetSetDef t[]{{\n#ifdef A\n#else\n}l,\n#endif\nr'},
    'a string without an end': {'unit.cpp': b'*get();PyGetSetDef _{"",get,,""{""("")},"""'},
    'nothing behind a table': {'unit.c': b'PyTypeObject _{),(){};'},
    'a row that ends in another file': {
        'unit.c': b'PyMethodDef\ns[]{{"",()f,METH_NOARGS,""}{"\n#include"rows.inc"\n"()\n""};f(){',
        'rows.inc': b'{""(PyCFunction)}',
    },
    'blocks behind a table': {'unit.cpp': b'PyMethodDef m{""},(){""},{'},
    'a row that ends in two branches': {'unit.c': b'PyGetSetDef t[]{{()}d\n#ifdef\n,\n#else'},
    'brackets of another kind': {'unit.cpp': b'PyGetSetDef t[]{{"",function,NULL,){()}e;*function();'},
    'a body behind half a bracket': {'unit.cpp': b')PyInit_s(void){'},
    'a body behind brackets': {'unit.cpp': b'(())PyInit_s(void){'},
    'a body behind a number': {'unit.cpp': b'0 PyInit_m(void){'},
    'a body behind a comma': {'unit.cpp': b'#include "rows.inc"\n', 'rows.inc': b'Py_tp_i, PyInit_c(void) {'},
    'a body torn by branches': {'unit.c': b'_(){#if \n{\n#if\n#else\nf#endif\n}\n#endif\n}PyType_Slot s[]{{Py_tp_dealloc,()_'},
    'a name that is no text': {'unit.cpp': b'd t(){try{()()}catch(){(\xa9)()}}*two(()){PyMethodDef m{"",two,METH_VARARGS'},
}


@pytest.mark.parametrize('files', FINDINGS.values(), ids=FINDINGS)
def test_findings(tmp_path: Path, files: dict[str, bytes]) -> None:
    Checker(tmp_path / 'project').run(files, random.Random(1))


def test_mutated_sources() -> None:
    """Most get as far as the rewriter, or the test means nothing."""
    result = batch(Seeds.read([CASES]), 20261122, 700)
    assert result.failures == {}
    assert result.rewritten > 100
    assert result.asked > 10


def test_the_checks_can_fail(tmp_path: Path) -> None:
    source = b'PyMethodDef m[] = {{"f", f, METH_O}};\nstatic PyObject *f(PyObject *self, PyObject *o) { return o; }\n'
    path = tmp_path / 'unit.c'
    path.write_bytes(source)
    project = Project(path, Checker(tmp_path / 'project').config)
    plan = project.plan_file(path)
    result = project.rewrite_file(path, plan)
    check_rewritten(source, plan, result)
    stray = Edit(Span(0, 3), b'Pz')
    for edits, text in (
        (result.edits, result.text.replace(b'return o', b'return 0')),
        ((*result.edits, stray), b'Pz' + result.text[3:]),
        ((stray,), apply(source, [stray])),
    ):
        with pytest.raises(FoundError):
            check_rewritten(source, plan, Rewritten(result.prelude, text, edits))


def test_a_hang_is_noticed() -> None:
    with pytest.raises(HangError), limit(1):
        threading.Event().wait()
