"""Formats that are parsed by functions of their own: which those are, that they parse by themselves, and that they compile anywhere."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest
from rewrite_support import compile_module, rewritten_unit
from runtime_support import Interpreter
from test_runtime_abi import STANDARDS

from tramp_build.rewrite.formats import functions, shape_of
from tramp_build.rewrite.prelude import prelude
from tramp_build.upgrade.formats import COMMON, Format, read

SOURCE = Path(__file__).resolve().parent / 'cases' / 'upgrade_formats.c'
CSRC = SOURCE.parents[2] / 'csrc'


@pytest.mark.parametrize(
    ('literals', 'units', 'required'),
    [
        ('"ii"', 'ii', 2),
        ('"dd:Context.move_to"', 'dd', 2),
        ('"i|ii;no type (T) here"', 'iii', 1),
        ('"|O!O"', 'TO', 0),
        ('"O!O!" "|s:f"', 'TTs', 2),
        ('"OOO|"', 'OOO', 3),
        ('""', '', 0),
        ('":f"', '', 0),
        ('"bBhHiIlk"', 'bBhHiIlk', 8),
        ('"LKndfUSpz"', None, 0),
        ('"s#"', None, 0),
        ('"y*"', None, 0),
        ('"O&"', None, 0),
        ('"(ii)"', None, 0),
        ('"i|i|i"', None, 0),
        ('"i$i"', None, 0),
        ('"T"', None, 0),
        ('"!"', None, 0),
        ('"i!"', None, 0),
        ('"e"', None, 0),
        ('"i i"', None, 0),
        ('"i\\0i"', None, 0),
        ('"i\\x69"', None, 0),
        ('u8"i"', None, 0),
        ('L"i"', None, 0),
    ],
)
def test_reading(literals: str, units: str | None, required: int) -> None:
    found = read([literal.encode() for literal in literals.replace('" "', '"\n"').split('\n')], keywords=False)
    assert found == (None if units is None else Format(False, units, required))


def test_without_parameters_keywords_are_not_plain() -> None:
    """CPython wants a list that has no entry, and says so for one that has."""
    assert read([b'""'], keywords=True) is None
    assert read([b'"|"'], keywords=True) is None


@pytest.mark.parametrize('keywords', [False, True])
@pytest.mark.parametrize(('units', 'required'), [('dd', 2), ('Tis', 1), ('Tis', 0), ('O', 1)])
def test_names_tell_formats(units: str, required: int, keywords: bool) -> None:
    found = Format(keywords, units, required)
    assert Format.of(found.name) == found
    assert found.name.isidentifier()
    assert Format.of('parse') is Format.of('tramp_parse') is None


ASKED = 'asked the parser'
# Takes the place of libtramp's, so that it shows what does not go on by itself.
PARSER = f"""
static int ask(void) {{ PyErr_SetString(PyExc_RuntimeError, "{ASKED}"); return 0; }}
int tramp_parse(PyObject *const *args, Py_ssize_t nargs, const char *format, ...)
{{ (void)args; (void)nargs; (void)format; return ask(); }}
int tramp_parse_keywords(PyObject *const *args, Py_ssize_t nargs, PyObject *names, const char *format, char *const *words, ...)
{{ (void)args; (void)nargs; (void)names; (void)format; (void)words; return ask(); }}
void tramp_look(void);
__attribute__((constructor)) static void look(void) {{ tramp_look(); }}
"""
# Calls that are done in line, and what they return; then those that are not.
CALLS = """
import case
def asks(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except RuntimeError as error:
        assert str(error) == 'asked the parser', error
    else:
        raise AssertionError((function, args, kwargs))

thing = object()
big = 2**30 - 1
assert case.whole(1, -2, 3, 0, 5, 6, 7, 8) == (1, 254, 3, 0, 5, 6, 7, 8)
assert case.whole(255, -1, -32768, -1, big, -1, -big, -1) == (255, 255, -32768, 65535, big, 2**32 - 1, -big, 2**64 - 1)
asks(case.whole, 256, 1, 1, 1, 1, 1, 1, 1)
asks(case.whole, -1, 1, 1, 1, 1, 1, 1, 1)
asks(case.whole, 1, 256, 1, 1, 1, 1, 1, 1)
asks(case.whole, 1, 1, 1, 65536, 1, 1, 1, 1)
asks(case.whole, 1, 1, 32768, 1, 1, 1, 1, 1)
asks(case.whole, 1, 1, -32769, 1, 1, 1, 1, 1)
asks(case.whole, 1, 1, 1, 1, big + 1, 1, 1, 1)
asks(case.whole, 1, 1, 1, 1, -big - 1, 1, 1, 1)
asks(case.whole, True, 1, 1, 1, 1, 1, 1, 1)
asks(case.whole, 1, 1, 1)
assert case.mixed(-7, 8, -9, 1.5, 2.5, thing, 'u\\xe9', b'b') == (-7, 8, 2**64 - 9, 1.5, 2.5, thing, 'u\\xe9', b'b')
asks(case.mixed, -7, 8, -9, '1', 2.5, thing, 'u', b'b')
asks(case.mixed, -7, 8, -9, 1.5, 2.5, thing, b'u', b'b')
asks(case.mixed, -7, 8, -9, 1.5, 2.5, thing, 'u', 'b')
assert case.optional(True, 's', None, [1]) == (1, 's', [1], None)
assert case.optional(None, 's', 'z') == (0, 's', None, 'z')
assert case.optional(False) == (0, 'default', None, 'default')
assert case.optional() == (5, 'default', None, 'default')
assert case.optional(z='z', p=True) == (1, 'default', None, 'z')
assert case.optional(t=[2], z=None) == (5, 'default', [2], None)
assert case.optional(True, 's', t=[2]) == (1, 's', [2], 'default')
assert case.optional(3) == (1, 'default', None, 'default')
asks(case.optional, [])
asks(case.optional, True, 'n\\0')
asks(case.optional, True, b's')
asks(case.optional, True, 's', '\\xe9')
asks(case.optional, True, 's', 'z', (1,))
asks(case.optional, True, 's', 'z', [1], 5)
asks(case.optional, q=1)
asks(case.optional, True, p=True)
assert case.nothing() == ()
asks(case.nothing, 1)
assert case.second(2) == (2, 9) and case.second(b=2, a=3) == (3, 2) and case.second(5, b=6) == (5, 6)
asks(case.second)
asks(case.second, b=1)
"""


def test_in_line(interpreter: Interpreter, tmp_path: Path) -> None:
    """What is plain is parsed without the parser that reads formats, on every version."""
    unit = rewritten_unit(SOURCE, tmp_path)
    assert b'tramp_p_ii' not in unit.read_bytes()
    unit.write_bytes(unit.read_bytes() + PARSER.encode())
    flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-Wno-cast-function-type', '-DTRAMP_STATIC', f'-I{CSRC}']
    parsers = [str(CSRC / f'parse_{part}.c') for part in ('shape', 'layout')]
    compile_module(unit, tmp_path, *flags, *parsers, include=str(interpreter.headers()))
    interpreter.check(CALLS, tmp_path)


@pytest.mark.parametrize('units', sorted(COMMON))
def test_common_formats_are_parsed_by_libtramp(units: str) -> None:
    """Those have functions of their own; with one unit optional, or as keywords, they are others."""
    name = Format(False, units, len(units)).name
    lines = functions([Format(False, units, len(units))], visible='', cxx=False)
    assert len(lines) == 1
    assert lines[0].endswith(';')
    assert f'int {name}(' in lines[0]
    for other in (Format(False, units, 0), Format(True, units, len(units))):
        assert any(f'{shape_of(other) & 0xFFFFFFFF:#x}U' in line for line in functions([other], visible='', cxx=False))


TOO_SMALL = """\
#include <Python.h>
int take(unsigned value);
static PyObject *narrow(PyObject *self, PyObject *args)
{
    unsigned value;
    (void)self;
    if (!PyArg_ParseTuple(args, "k", &value) || !take(value))
        return NULL;
    return PyLong_FromLong(1);
}
/* formats that make the line of declarations a long one */
static PyObject *many(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *words[] = {(char *)"a", (char *)"b", (char *)"c", NULL};
    PyObject *objects[3];
    const char *texts[3];
    double reals[3];
    int ints[3];
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Osd", words, &objects[0], &texts[0], &reals[0]) ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "O!zd", words, &PyList_Type, &objects[0], &texts[0], &reals[0]) ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "dUi|", words, &reals[0], &objects[1], &ints[0]) ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "i|Od", words, &ints[0], &objects[1], &reals[0]) ||
        !PyArg_ParseTuple(args, "siS", &texts[0], &ints[0], &objects[1]))
        return NULL;
    return PyLong_FromLong(1);
}
static PyMethodDef methods[] = {
    {"narrow", narrow, METH_VARARGS, NULL},
    {"many", (PyCFunction)(void (*)(void))many, METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};
PyMethodDef *all = methods;
"""


@pytest.mark.parametrize('compiler', ['gcc', 'clang', 'g++'])
def test_a_variable_that_is_too_small_is_not_told_of(compiler: str, tmp_path: Path) -> None:
    """It is the project's mistake (dbus-python 1.5.1 has it), but the stock build says nothing."""
    source = tmp_path / ('a.cpp' if compiler == 'g++' else 'a.c')
    source.write_text(TOO_SMALL)
    unit = rewritten_unit(source, tmp_path)
    text = unit.read_bytes()
    assert b'tramp_p_k' in text
    assert max(map(len, text.splitlines())) > 4096, 'gcc gives up counting columns there, and pragmas with them'
    include = sysconfig.get_path('include')
    command = [compiler, '-O2', '-fPIC', '-Wall', '-Wextra', '-Werror', f'-I{include}', '-c', unit, '-o', tmp_path / 'a.o']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


WARNINGS = [
    '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wsign-conversion', '-Wshadow', '-Wcast-qual', '-Wcast-align', '-Wundef',
    '-Wredundant-decls', '-Wnull-dereference', '-Wdouble-promotion', '-Wmissing-declarations', '-Werror',
]  # fmt: skip
WARNINGS_OF = {
    'c': ['-Wstrict-prototypes', '-Wmissing-prototypes', '-Wdeclaration-after-statement'],
    'c++': ['-Wold-style-cast', '-Wzero-as-null-pointer-constant'],
}
FORMATS = [Format(keywords, units, 1) for keywords in (False, True) for units in ('bBhHiIlk', 'LKndfOUS', 'pszT')]
FORMATS += [Format(False, units, len(units)) for units in sorted(COMMON)]


def uses(language: str) -> str:
    """Functions that parse by all units, and the line that goes in front of them."""
    cxx = language == 'c++'
    names = frozenset({'parse', 'parse_keywords', *(f.name for f in FORMATS)})
    lines = [prelude([], getset=False, barrier=cxx, cxx=cxx, exceptions=(), parsers=names).decode(), '#line 1 "uses"']
    given = 'struct _object *const *args, __PTRDIFF_TYPE__ nargs'
    lines.append(f'struct mine; extern {"const " if cxx else ""}char *words[9];')
    for f in FORMATS:
        parameters = [f'{_TYPES[letter]}*o{i}' for i, letter in enumerate(f.units)]
        outputs = [f'&o{i}[0], &o{i}[1]' if letter == 'T' else f'o{i}' for i, letter in enumerate(f.units)]
        names_, words = (', struct _object *names', 'names, ') if f.keywords else ('', '')
        fixed = f'args, nargs, {words}"{f.units}"{", words" if f.keywords else ""}'
        head = f'int use{f.name}({given}{names_}, {", ".join(parameters)})'
        lines.append(f'{head}; {head} {{ return {"::" if cxx else ""}{f.name}({fixed}, {", ".join(outputs)}); }}')
    return '\n'.join([*lines, ''])


_TYPES = {
    'b': 'unsigned char ', 'B': 'unsigned char ', 'h': 'short ', 'H': 'unsigned short ', 'i': 'int ', 'I': 'unsigned ', 'l': 'long ',
    'k': 'unsigned long ', 'L': '__INT64_TYPE__ ', 'K': '__UINT64_TYPE__ ', 'n': '__PTRDIFF_TYPE__ ', 'd': 'volatile double ',
    'f': 'float ', 'O': 'struct _object *', 'U': 'struct _object *', 'S': 'struct _object *', 'p': 'int ', 's': 'const char *',
    'z': 'char *', 'T': 'struct mine *',
}  # fmt: skip


@pytest.mark.parametrize(('language', 'compiler', 'standard'), STANDARDS)
def test_without_warnings(language: str, compiler: str, standard: str, tmp_path: Path) -> None:
    unit = tmp_path / ('uses.c' if language == 'c' else 'uses.cpp')
    unit.write_text(uses(language))
    more = ['-Wuseless-cast', '-Wlogical-op', '-Wstrict-aliasing=2'] if compiler == 'g++' else []
    command = [compiler, f'-std={standard}', '-O2', *WARNINGS, *WARNINGS_OF[language], *more, '-c', unit, '-o', tmp_path / 'uses.o']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
