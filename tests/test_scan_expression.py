"""What the fields of a row refer to."""

from __future__ import annotations

import pytest

from tramp_build.model import Span
from tramp_build.scan.expression import Form, flags_of, function_of


def reference(source: str) -> tuple[str, str | None, str | None]:
    # Something before and behind, as a field is a part of a file.
    raw = f'x({source}) y'.encode()
    found = function_of(raw, Span(2, 2 + len(source.encode())))
    return found.form.value, found.name, raw[found.span.start : found.span.end].decode() if found.span else None


@pytest.mark.parametrize(
    'source',
    [
        'f',
        '&f',
        '(f)',
        '(PyCFunction)f',
        '(PyCFunction) f',
        '(PyCFunction)&f',
        '(PyCFunction)(f)',
        '((PyCFunction)f)',
        '(PyCFunction)(void(*)(void))f',
        '(PyCFunction)(void (*)(void)) f',
        '(PyCFunction)(void *)f',
        '(void *)(PyCFunction)(f)',
        '_PyCFunction_CAST(f)',
        '(PyCFunction)_PyCFunction_CAST(f)',
        '(PyObject *(*)(PyObject *, PyObject *))f',
        '(::PyCFunction)f',
        'reinterpret_cast<PyCFunction>(f)',
        'reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)(void)>(f))',
        'static_cast<PyCFunction>(&f)',
        '(PyCFunction)\n/* c */ f',
        'std::bit_cast<PyCFunction>(f)',
        '__extension__ (PyCFunction)f',
        '*f',
        '(getter)f',
        '(PyCFunction) (void (*) (void)) (f)',
        '(PyCFunction)\\\nf',
    ],
)
def test_a_plain_function(source):
    assert reference(source) == ('name', 'f', 'f')


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('C::f', ('qualified', 'C::f', 'C::f')),
        ('(PyCFunction)&a::C::f', ('qualified', 'a::C::f', 'a::C::f')),
        ('::f', ('qualified', 'f', '::f')),
        ('f<int>', ('template', 'f', 'f<int>')),
        ('(PyCFunction)C<A, B<C>>::f', ('template', 'C::f', 'C<A, B<C>>::f')),
        ('&C::template f<int>', ('template', 'C::f', 'C::template f<int>')),
        ('static_cast<PyCFunction>(w<&C::f>)', ('template', 'w', 'w<&C::f>')),
        ('NULL', ('null', None, None)),
        ('0', ('null', None, None)),
        ('nullptr', ('null', None, None)),
        ('(getter)NULL', ('null', None, None)),
        ('((void *)0)', ('null', None, None)),
        ('static_cast<getter>(nullptr)', ('null', None, None)),
        ('FOO(x)', ('macro', 'FOO', 'FOO(x)')),
        ('(PyCFunction)FOO(x, y)', ('macro', 'FOO', 'FOO(x, y)')),
        ('[](PyObject *a) { return a; }', ('lambda', None, None)),
        ('+[](PyObject *a, PyObject *) -> PyObject * { return a; }', ('lambda', None, None)),
        ('(PyCFunction)+[] { }', ('lambda', None, None)),
        ('a ? f : g', ('other', None, None)),
        ('t[0]', ('other', None, None)),
        ('s.f', ('other', None, None)),
        ('s->f', ('other', None, None)),
        ('f + 1', ('other', None, None)),
        ('a b', ('other', None, None)),
        ('"f"', ('other', None, None)),
        ('17', ('other', None, None)),
        ('sizeof(f)', ('other', None, None)),
        ('f::', ('other', None, None)),
        ('(', ('other', None, None)),
        ('()', ('other', None, None)),
        ('', ('other', None, None)),
        ('(' * 1000 + 'f' + ')' * 1000, ('other', None, None)),
    ],
)
def test_other_expressions(source, expected):
    assert reference(source) == expected


MACROS = {
    'BOTH': '(METH_VARARGS|METH_KEYWORDS)',
    'TWICE': 'BOTH | METH_CLASS',
    'LOOP': 'LOOP',
    'FORTH': 'BACK',
    'BACK': 'FORTH',
    'EMPTY': '',
    'NUMBER': '0x80',
    'CALL': 'f(1)',
}


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('METH_VARARGS', 'VARARGS'),
        ('METH_VARARGS | METH_KEYWORDS', 'VARARGS KEYWORDS'),
        ('METH_VARARGS|METH_VARARGS', 'VARARGS'),
        ('METH_VARARGS + METH_KEYWORDS', 'VARARGS KEYWORDS'),
        ('(METH_FASTCALL | METH_KEYWORDS) | METH_CLASS', 'FASTCALL KEYWORDS CLASS'),
        ('METH_METHOD|METH_FASTCALL|METH_KEYWORDS', 'METHOD FASTCALL KEYWORDS'),
        ('METH_NOARGS | METH_STATIC', 'NOARGS STATIC'),
        ('METH_O/* c */| METH_COEXIST', 'O COEXIST'),
        ('1', 'VARARGS'),
        ('3', 'VARARGS KEYWORDS'),
        ('0x0004', 'NOARGS'),
        ('010', 'O'),
        ('8u', 'O'),
        ('0x80 | 2', 'FASTCALL KEYWORDS'),
        ('0x200L', 'METHOD'),
        ('(int)METH_O', 'O'),
        ('(int)(METH_O)', 'O'),
        ('((METH_O))', 'O'),
        ('BOTH', 'VARARGS KEYWORDS'),
        ('TWICE', 'VARARGS KEYWORDS CLASS'),
        ('BOTH | NUMBER', 'VARARGS KEYWORDS FASTCALL'),
        ('0', ''),
        ('METH_OLDARGS', ''),
        ('UNKNOWN', None),
        ('METH_VARARGS | UNKNOWN', None),
        ('0x400', None),
        ('-1', None),
        ('METH_VARARGS & METH_KEYWORDS', None),
        ('METH_VARARGS METH_KEYWORDS', None),
        ('METH_VARARGS |', None),
        ('| METH_O', None),
        ('f(METH_O)', None),
        ('a ? METH_O : METH_NOARGS', None),
        ('1.5', None),
        ('09', None),
        ('LOOP', None),
        ('FORTH', None),
        ('EMPTY', None),
        ('CALL', None),
        ('"1"', None),
        ('', None),
        ('(' * 1000 + '1' + ')' * 1000, None),
    ],
)
def test_flags(source, expected):
    raw = f'x {source} y'.encode()
    found = flags_of(raw, Span(2, 2 + len(source)), MACROS)
    assert found == (None if expected is None else frozenset(f'METH_{word}' for word in expected.split()))


def test_every_form_is_tested():
    forms = {'name'} | {expected[0] for _, expected in test_other_expressions.pytestmark[0].args[1]}
    assert forms == {form.value for form in Form}
