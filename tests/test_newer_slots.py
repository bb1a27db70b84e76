"""What came with CPython 3.15: arrays of PySlot for types and modules, and modules that export one (PEP 793, PEP 820)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rewrite_support import compile_module, rewritten_unit
from runtime_support import Interpreter

from tramp_build.scan import scan

# Versions before 3.15 have the same in other types.
MODULE = """
#include <Python.h>
#include <stdlib.h>
#include <string.h>
#ifdef __cplusplus
#include <stdexcept>
#define FAIL(name) if (const char *wanted = getenv("FAILING")) if (strcmp(wanted, name) == 0) throw std::invalid_argument(name);
#else
#define FAIL(name)
#endif
static PyObject *make(void);
static PyObject *text(PyObject *self)
{
    (void)self;
    FAIL("text")
    return PyUnicode_FromString("thing");
}
static Py_hash_t number(PyObject *self)
{
    (void)self;
    FAIL("number")
    return 12;
}
static int fill(PyObject *module)
{
    FAIL("fill")
    PyObject *type = make();
    if (type == NULL || PyModule_AddObject(module, "Thing", type) < 0)
        return -1;
    return 0;
}
static PyObject *twice(PyObject *self, PyObject *args)
{
    double value;
    (void)self;
    return PyArg_ParseTuple(args, "d", &value) ? PyFloat_FromDouble(2 * value) : NULL;
}
static PyMethodDef methods[] = {{"twice", twice, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
#if PY_VERSION_HEX >= 0x030F0000
static PySlot type_slots[] = {
    PySlot_PTR_STATIC(Py_tp_name, (void *)"case.Thing"),
    PySlot_UINT64(Py_tp_flags, Py_TPFLAGS_DEFAULT),
    PySlot_FUNC(Py_tp_repr, text),
    {Py_tp_hash, PySlot_INTPTR, {0}, {(void *)number}},
    PySlot_END,
};
static PyObject *make(void)
{
    return PyType_FromSlots(type_slots);
}
PyABIInfo_VAR(abi_info);
PyMODEXPORT_FUNC PyModExport_case(void)
{
    FAIL("export")
    static PySlot slots[] = {
        PySlot_PTR_STATIC(Py_mod_abi, &abi_info),
        PySlot_PTR_STATIC(Py_mod_name, (void *)"case"),
        PySlot_PTR_STATIC(Py_mod_methods, methods),
        {.sl_id = Py_mod_exec, .sl_func = (_Py_funcptr_t)fill},
        PySlot_END
    };
    return slots;
}
#else
static PyType_Slot type_slots[] = {{Py_tp_repr, (void *)text}, {Py_tp_hash, (void *)number}, {0, NULL}};
static PyType_Spec spec = {"case.Thing", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, type_slots};
static PyObject *make(void)
{
    return PyType_FromSpec(&spec);
}
static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", NULL, 0, methods, slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void)
{
    FAIL("export")
    return PyModuleDef_Init(&definition);
}
#endif
"""
USE = """
import os
def outcome(call):
    try:
        return call()
    except Exception as error:
        return f'{type(error).__name__}: {error}'
failing = os.environ.get('FAILING')
try:
    import case
except Exception as error:
    print(outcome(lambda: __import__('case')))
else:
    thing = case.Thing()
    print(outcome(lambda: repr(thing)), outcome(lambda: hash(thing)), case.twice(2), outcome(lambda: case.twice('x')))
"""


@pytest.mark.parametrize('suffix', ['c', 'cpp'])
def test_a_module(interpreter: Interpreter, suffix: str, tmp_path: Path) -> None:
    """It behaves as the stock one, but for exceptions that would have ended the process."""
    source, headers = tmp_path / f'case.{suffix}', str(interpreter.headers())
    source.write_text(MODULE)
    flags = ['-O1', '-Wall', '-Wextra', '-Werror', *(['-std=c++20', '-Wno-missing-field-initializers'] if suffix == 'cpp' else [])]
    compile_module(source, tmp_path / 'stock', *flags, barrier_library=False, include=headers)
    unit = rewritten_unit(source, tmp_path / 'unit')
    compile_module(unit, tmp_path / 'routed', *flags, include=headers)
    stock = interpreter.check(USE, tmp_path / 'stock')
    assert stock.startswith('thing 12 4.0 TypeError: ')
    assert interpreter.check(USE, tmp_path / 'routed') == stock
    symbols = subprocess.run(['nm', '-C', tmp_path / 'routed' / 'case.so'], capture_output=True, text=True, check=True).stdout
    assert 'module_init' in symbols
    for name in ('text', 'number', 'fill', 'export') if suffix == 'cpp' else ():
        assert f'ValueError: {name}' in interpreter.check(USE, tmp_path / 'routed', env={'FAILING': name})


def kinds(rows: str, language: str = 'c') -> list[tuple[str | None, str | None]]:
    """Return the ids of the rows of an array, and what is wrong with them."""
    (table,) = scan(f'static PySlot s[] = {{{rows}}};'.encode(), 'c' if language == 'c' else 'c++').tables
    return [(row.name, row.problem) for row in table.rows]


@pytest.mark.parametrize(
    'row',
    [
        'PySlot_FUNC(Py_tp_repr, f)', 'PySlot_DATA(Py_tp_repr, f)', 'PySlot_PTR(Py_tp_repr, (void *)f)', '{.sl_id=Py_tp_repr, .sl_func=f}',
        '{.sl_id = Py_tp_repr, .sl_flags = PySlot_INTPTR, .sl_ptr = (void *)f}', '{Py_tp_repr, 0, {0}, {(void *)f}}',
        'PySlot_PTR_STATIC(Py_tp_repr, f)', 'PySlot_STATIC_DATA(Py_tp_repr, f)',
    ],
)  # fmt: skip
def test_rows(row: str) -> None:
    for end in ('PySlot_END', '{0}', '{0, 0, {0}, {NULL}}'):
        text = f'PySlot_STATIC_DATA(Py_tp_name, "x"), {row}, PySlot_UINT64(Py_tp_flags, A | B), {end}'
        assert kinds(text) == [('Py_tp_repr', None)]
    source = f'static PySlot s[] = {{{row}}};'.encode()
    (table,) = scan(source, 'c++').tables
    span = table.rows[0].fields[0]
    assert span
    assert source[span.start : span.end] in (b'f', b'(void *)f')


@pytest.mark.parametrize(
    ('rows', 'expected'),
    [
        ('PySlot_FUNC(Py_tp_repr), PySlot_END', [(None, 'macro-row')]),
        ('MAKE(Py_tp_repr, f), PySlot_END', [(None, 'macro-row')]),
        ('PySlot_FUNC(Py_tp_other, f), PySlot_END', [('Py_tp_other', 'unknown-slot')]),
        ('PySlot_FUNC(66, f)', [(None, 'macro-row')]),
        ('{Py_tp_repr, f}', [(None, 'macro-row')]),
        ('PySlot_FUNC(Py_tp_repr, NULL), {.sl_id=Py_tp_flags, .sl_uint64=1}, PySlot_FUNC(Py_tp_str, f)', [('Py_tp_str', None)]),
    ],
)
def test_other_rows(rows: str, expected: list[tuple[str | None, str | None]]) -> None:
    assert kinds(rows) == expected
