"""Small sources and a runner for tests of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

GEO = """\
#include <Python.h>

static PyObject *area(PyObject *self, PyObject *args) { return PyLong_FromLong(1); }
static PyObject *get_x(PyObject *self, void *closure) { return PyLong_FromLong(2); }

#define ROW(name, ...) {#name, name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    {"area", area, METH_VARARGS, "the area"},
    {"get_type", PyObject_Type, METH_O, NULL},
    ROW(area),
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef getset[] = {
    {"x", get_x, NULL, NULL, NULL},
    {NULL},
};
"""

NO_TABLES = 'int f(void) { return 1; }\n'


def environment() -> dict[str, str]:
    """The environment without what would change the command: its own variables, colour, and how Python writes."""
    drop = ('NO_COLOR', 'FORCE_COLOR', 'PYTHONUNBUFFERED', 'PYTHONIOENCODING', 'PYTHONUTF8')
    return {k: v for k, v in os.environ.items() if not k.startswith('TRAMP_BUILD') and k not in drop} | {'PYTHONPATH': str(ROOT)}


def tramp_build(*words: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a user would."""
    return subprocess.run(
        [sys.executable, '-m', 'tramp_build', *(os.fspath(w) if isinstance(w, os.PathLike) else str(w) for w in words)],
        cwd=cwd, capture_output=True, check=False, timeout=400, env={**environment(), **(env or {})},
    )  # fmt: skip
