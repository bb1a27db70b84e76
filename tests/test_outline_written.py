"""Catch chains that macros make: which are written out, and that the module does the same, line by line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from place_support import Place

from tramp_build import paths
from tramp_build.config import Config
from tramp_build.model import Chains
from tramp_build.project import Project

COPIES = 12
HEADER = r"""
#ifndef EXC_H
#define EXC_H
#include <new>
#include <stdexcept>
#define REPORT(type, text) PyErr_SetString(type, text)
#define CALL_FULL(name, a, cleanup, result)                              \
    try                                                                  \
    {                                                                    \
        a; /* what may throw */                                          \
    }                                                                    \
    catch (const std::bad_alloc &)                                       \
    {                                                                    \
        PyErr_Format(PyExc_MemoryError, "In %s: out of memory", (name)); \
        {                                                                \
            cleanup;                                                     \
        }                                                                \
        return (result);                                                 \
    }                                                                    \
    catch (const std::exception &e)                                      \
    {                                                                    \
        PyErr_Format(PyExc_RuntimeError, "In %s: %s", (name), e.what()); \
        {                                                                \
            cleanup;                                                     \
        }                                                                \
        return (result);                                                 \
    }
#define CALL(name, a) CALL_FULL(name, a, , NULL)
#define CALL_CLEANUP(name, a, cleanup) CALL_FULL(name, a, cleanup, NULL)
#define BEGIN try {
#define END_RET(result) \
    } catch (const std::bad_alloc &) { REPORT(PyExc_MemoryError, "memory"); return result; } \
    catch (const std::length_error &e) { REPORT(PyExc_ValueError, e.what()); return result; } \
    catch (const std::exception &e) { REPORT(PyExc_RuntimeError, e.what()); return result; }
#define END END_RET(NULL)
#endif
"""
_HEAD = '#include <Python.h>\n#include "all.h"\n'
_TAIL = """
static PyMethodDef methods[] = {ROWS {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "case", NULL, -1, methods, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_case(void) { return PyModule_Create(&definition); }
"""
CALL = """\
static PyObject *NAME(PyObject *, PyObject *given)
{
    long value = 0;
    CALL("NAME", (value = work(given)));
    return PyLong_FromLong(value);
}
"""
PAIR = """\
static PyObject *NAME(PyObject *, PyObject *given)
{
    BEGIN
    return PyLong_FromLong(work(given));
    END
}
"""
WORK = 'long work(PyObject *);\n'


def unit(*functions: str, work: str = WORK) -> str:
    """A source with some copies of each function."""
    names = [f'f{number}' for number in range(COPIES * len(functions))]
    copies = [functions[number // COPIES].replace('NAME', name) for number, name in enumerate(names)]
    rows = ' '.join(f'{{"{name}", {name}, METH_O, NULL}},' for name in names)
    return _HEAD + work + '\n'.join(copies) + _TAIL.replace('ROWS', rows)


def outlined(directory: Path, source: str, **files: str) -> tuple[Chains, set[str], str]:
    """Return the counts, why chains stay, and the text that is compiled; `files` with an underscore for the dot."""
    texts = {'case.cpp': source, 'all.h': '#pragma once\n#include "exc.h"\n', 'exc.h': HEADER}
    for name, text in (texts | {name.replace('_', '.'): text for name, text in files.items()}).items():
        path = directory / name.replace('sub.', 'sub/')
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    project = Project(directory, Config())
    path = directory.resolve() / 'case.cpp'
    plan = project.plan_file(path)
    assert plan
    result = project.rewrite_file(path, plan)
    assert result
    assert result.text.count(b'\n') == source.count('\n')
    return plan.chain_counts, {left.reason for left in plan.chains_left}, result.text.decode()


def test_a_try_block_by_a_macro(tmp_path: Path) -> None:
    """By way of another macro, of a header that a header includes; the name goes to the function."""
    counts, reasons, text = outlined(tmp_path, unit(CALL))
    assert counts == Chains(COPIES, 1, COPIES)
    assert not reasons
    assert text.count('tramp_o_1(const char *tramp_text_0) {') == 1
    assert ' '.join(text.split()).count('try { (value = work(given)) ; } catch (...) { tramp_o_1("f3"); return ( NULL ); } ;') == 1


def test_halves_of_a_chain(tmp_path: Path) -> None:
    """What is at the beginning stays a macro where it needs no change; a macro in a handler always does."""
    own = PAIR.replace('{\n', '{\n    work(given);\n')
    counts, reasons, text = outlined(tmp_path, unit(own))
    assert (counts, reasons) == (Chains(COPIES, 1, COPIES), set())
    assert (
        ' '.join(text.split()).count('BEGIN return PyLong_FromLong(work(given)); } catch (...) { tramp_o_1(); return NULL; } }') == COPIES
    )
    assert 'REPORT(PyExc_ValueError, e.what());' in text


def test_a_body_that_is_in_the_block_as_a_whole(tmp_path: Path) -> None:
    """Then the trampoline has the chain."""
    counts, _, text = outlined(tmp_path, unit(PAIR))
    assert counts == Chains(COPIES, 1, COPIES)
    assert 'catch (...)' not in text
    assert 'tramp_a_1' in text
    assert 'BEGIN' not in text


@pytest.mark.parametrize('value', ['-1', '(NULL)', 'local', ''])
def test_results_may_differ(tmp_path: Path, value: str) -> None:
    """The site says what it returns."""
    other = f'static int g_NAME(PyObject *given) {{ int local = 0; BEGIN local = work(given); END_RET({value}) return local; }}\n'
    other += 'static PyObject *NAME(PyObject *, PyObject *given) { g_NAME(given); Py_RETURN_NONE; }\n'
    guarded = PAIR.replace('{\n', '{\n    work(given);\n')
    counts, _, text = outlined(tmp_path, unit(guarded, other))
    assert counts == Chains(2 * COPIES, 1, 2 * COPIES)
    assert ''.join(text.split()).count(f'tramp_o_1();return{value};}}') == COPIES


def test_a_macro_may_take_any_number_of_arguments(tmp_path: Path) -> None:
    """As many as it names are no other case; other numbers are left alone."""
    header = HEADER.replace(
        '#define CALL(name, a) CALL_FULL(name, a, , NULL)', '#define CALL(name, ...) CALL_FULL(name, __VA_ARGS__, , NULL)'
    )
    assert outlined(tmp_path, unit(CALL), exc_h=header)[0] == Chains(COPIES, 1, COPIES)
    counts, reasons, _ = outlined(tmp_path, unit(CALL.replace('work(given))', 'work(given)), work(given)')), exc_h=header)
    assert (counts.outlined, reasons) == (0, {'chain-macro'})


def test_macros_of_the_source_itself(tmp_path: Path) -> None:
    counts, _, _ = outlined(
        tmp_path, unit(CALL, work=re.sub('#(ifndef|define|endif).*EXC_H|#endif', '', HEADER) + WORK), all_h='#pragma once\n', exc_h=''
    )
    assert counts == Chains(COPIES, 1, COPIES)


def test_arguments_stay_on_their_lines(tmp_path: Path) -> None:
    own = CALL.replace('("NAME", (value = work(given)))', '("NAME", // the name\n   (value = /* , */\n   work(given) // and )\n  )\n )')
    _, _, text = outlined(tmp_path, unit(own))
    kept = 'try {  // the name\n   (value = /* , */\n   work(given) // and )\n  )\n   ; }'
    assert f'{kept} catch (...) {{ tramp_o_1("f0"); return ( NULL ); }} ;\n' in text


def test_a_macro_that_is_not_outlined_stays(tmp_path: Path) -> None:
    """So does one that has a chain of its own in the same function."""
    once = CALL.replace('NAME', 'once').replace('CALL("once", ', 'CALL_CLEANUP("once", ').replace(')));', ')), throw 3);')
    source = unit(CALL, work=WORK + once)
    counts, reasons, text = outlined(tmp_path, source)
    assert (counts, reasons) == (Chains(COPIES + 1, 2, COPIES), {'chain-not-worth-it'})
    assert 'CALL_CLEANUP("once", (value = work(given)), throw 3);' in text
    assert text.count('CALL(') == 0


_GUARD = 'work(given);\n'


@pytest.mark.parametrize(
    'change',
    [
        {'exc_h': HEADER.replace('#define BEGIN', '#ifdef A\n#define BEGIN').replace('#define END_', '#endif\n#define END_')},
        {'exc_h': HEADER.replace('#endif', '#define MORE\n#undef END\n#define END END_RET(0)\n#endif')},
        {'other_h': '#undef END\n#define END } catch (int) { return 0; }\n'},
        {'other_h': '#pragma push_macro("END")\n'},
        {'other_h': '#define EXC_H\n'},
        {'all_h': '#ifdef A\n#include "exc.h"\n#endif\n'},
        {'all_h': '#include "sub/../exc.h"\n', 'sub_exc.h': HEADER.replace('EXC_H', 'SUB_H')},
        {'all_h': '#include <exc.h>\n'},
        {'all_h': '#include "inc/exc.h"\n'},
        {'exc_h': HEADER.replace('#define END END_RET(NULL)', '#define END END_RET(NULL) /* */ a##b')},
        {'exc_h': HEADER.replace('#define END_RET(result)', '#define END_RET(result, ...)')},
        {'exc_h': HEADER.replace('#define END END_RET(NULL)', '#define END END_RET(NULL, 1)')},
        {'exc_h': HEADER.replace('#define END END_RET(NULL)', '#define END END END_RET(NULL)')},
        {'exc_h': HEADER.replace('#define BEGIN try {', '#define BEGIN try { {')},
    ],
)
def test_which_macro_that_is_has_to_be_certain(tmp_path: Path, change: dict[str, str]) -> None:
    """Defined once, whatever the flags, where the compiler looks first, and in a way that can be written out."""
    own = PAIR.replace('{\n', '{\n    ' + _GUARD)
    assert outlined(tmp_path, unit(own))[0].outlined == COPIES
    counts, reasons, text = outlined(tmp_path, unit(own), **change)
    assert (counts.found, counts.outlined) == (COPIES, 0)
    assert reasons == {'chain-macro'}
    assert text.count('    END\n') == COPIES


@pytest.mark.parametrize(
    'change',
    [
        ('(value = work(given))', 'value = work(given), 1'),
        ('CALL("NAME", (value = work(given)));', 'pass(CALL("NAME", (value = work(given))));'),
        ('(value = work(given))', '\n#ifdef A\n(value = 1)\n#else\n(value = 2)\n#endif\n'),
        ('CALL("NAME", (value = work(given)));', 'CALL_CLEANUP("NAME", (value =\n work(given)), WHERE());'),
        ('CALL("NAME", (value = work(given)));', 'BEGIN CALL("NAME", (value = work(given)));'),
        ('CALL("NAME", (value = work(given)));', '#ifdef A\nBEGIN\n#endif\nvalue = work(given); END'),
    ],
)
def test_a_use_has_to_be_plain(tmp_path: Path, change: tuple[str, str]) -> None:
    counts, reasons, text = outlined(tmp_path, unit(CALL.replace(*change)))
    assert (counts.outlined, reasons) == (0, {'chain-macro'})
    assert text.count('catch (...)') == 0


def test_a_macro_may_close_what_is_in_front_of_a_function(tmp_path: Path) -> None:
    """Nothing can be put between the two."""
    front = 'static PyObject *front(PyObject *given)\nBEGIN work(given); return NULL; END\n'
    plain = CALL.replace('CALL("NAME", (value = work(given)));', 'try { value = work(given); } CHAIN')
    chain = ' '.join(f'catch (const {kind} &) {{ PyErr_SetString(PyExc_KeyError, "x"); return NULL; }}' for kind in ('A', 'B', 'C'))
    source = unit(plain.replace('CHAIN', chain), work=WORK + front)
    counts, reasons, text = outlined(tmp_path, source)
    assert (counts, reasons) == (Chains(COPIES, 1, COPIES - 1), {'chain-macro'})
    assert 'END\nstatic PyObject *f0' in text


def test_half_a_block_keeps_all_of_the_function(tmp_path: Path) -> None:
    """Another macro that makes a whole try block does not."""
    bad = 'CALL_CLEANUP("bad", work(given),\n WHERE());\n    CALL('
    counts, reasons, _ = outlined(tmp_path, unit(CALL.replace('CALL(', bad)))
    assert (counts, reasons) == (Chains(2 * COPIES, 1, COPIES), {'chain-macro'})
    counts, reasons, _ = outlined(tmp_path, unit(CALL.replace('CALL(', 'BEGIN work(given); END_RET(WHERE(1));\n    CALL(')))
    assert (counts.outlined, reasons) == (COPIES, {'chain-exit'})
    counts, reasons, _ = outlined(tmp_path, unit(CALL.replace('CALL(', 'BEGIN work(given); END_RET(\nWHERE(1));\n    CALL(')))
    assert (counts.outlined, reasons) == (0, {'chain-macro'})


_NESTED = r"""
#pragma once
#define HANDLE_ERRORS \
    try {             \
        own::Warnings warnings; \
        try {
#define _CATCH(Type, python_type, statement) \
    catch (const own::Type &e) { auto text = own::told() ? e.what() : e.plain(); PyErr_SetString(python_type, text); statement; }
#define CATCH_OWN(statement)                                     \
    catch (own::python_error & e) { e.restore(); statement; } \
    _CATCH(IndexError, PyExc_IndexError, statement)              \
    _CATCH(ValueError, PyExc_ValueError, statement)
#define END_HANDLE_ERRORS_RET(value) \
    } catch (...) { warnings.in_exception(); throw; } \
    } CATCH_OWN(return value) \
    catch (const std::exception &e) { PyErr_SetString(PyExc_RuntimeError, own::told(e.what())); return value; }
#define END_HANDLE_ERRORS END_HANDLE_ERRORS_RET(nullptr)
"""


def test_macros_within_macros(tmp_path: Path) -> None:
    """As PyTorch 1 has them: a statement is an argument, and there is a block within the block."""
    source = unit(re.sub('(BEGIN|END)', lambda match: {'BEGIN': 'HANDLE_ERRORS', 'END': 'END_HANDLE_ERRORS'}[match[0]], PAIR))
    counts, reasons, text = outlined(tmp_path, source, exc_h=_NESTED)
    assert (counts, reasons) == (Chains(2 * COPIES, 1, COPIES), {'chain-uses-locals'})
    text = ' '.join(text.split())
    assert (
        'catch (const own:: ValueError &e) { auto text = own::told() ? e.what() : e.plain(); PyErr_SetString( PyExc_ValueError , text)'
        in text
    )
    assert text.count('} catch (...) { warnings.in_exception(); throw; } }') == COPIES


def test_an_argument_that_another_macro_takes(tmp_path: Path) -> None:
    """It would get what is written, and not what that stands for."""
    header = HEADER.replace('a; /* what', 'check(a); /* what')
    counts, reasons, _ = outlined(tmp_path, unit(CALL), exc_h=header)
    assert (counts.outlined, reasons) == (COPIES, set())
    counts, reasons, _ = outlined(tmp_path, unit(CALL.replace('work(given)', 'WORK(given)')), exc_h=header)
    assert (counts.outlined, reasons) == (0, {'chain-macro'})


_WORK = r"""
#include <string>
static long lines;
struct Noisy { Noisy() { lines = lines * 10 + 1; } ~Noisy() { lines = lines * 10 + 2; } };
static long at(long line) { lines = line; return 0; }
#define HERE at(__LINE__)
static long work(PyObject *given)
{
    Noisy noisy;
    switch (PyLong_AsLong(given)) {
    case 0: throw std::bad_alloc();
    case 1: throw std::length_error("length");
    case 2: throw std::runtime_error("runtime");
    case 3: PyErr_SetString(PyExc_KeyError, "set"); throw std::logic_error("logic");
    default: return lines;
    }
}
static PyObject *last(PyObject *, PyObject *) { return PyLong_FromLong(lines); }
static PyMethodDef more[] = {{"last", last, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
"""
_SEVERAL = """\
static PyObject *NAME(PyObject *, PyObject *given)
{
    long value = 0, other = 0;
    CALL("NAME first",
         (other = HERE + __LINE__,
          value = work(
              given) + HERE));
    PyObject *held = PyList_New(0);
    if (given != Py_None)
        CALL_CLEANUP("NAME second", { std::string text = "a"; value += work(given) + (long)text.size(); }, Py_DECREF(held))
    else
        value = -1;
    BEGIN
    value += HERE;
    value += work(given);
    END
    Py_DECREF(held);
    return Py_BuildValue("lll", value, lines, other);
}
"""
_SCRIPT = """
import case
def outcome(call):
    try:
        return repr(call())
    except Exception as exc:
        return f'{type(exc).__name__}: {exc}'
print([(outcome(lambda: getattr(case, name)(n)), case.last()) for name in dir(case) if name[0] == 'f' for n in range(6)])
"""
_WARNINGS = ('-std=c++14', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-Wshadow', '-Wno-cast-function-type')


def _place(tmp_path: Path) -> Place:
    source = unit(_SEVERAL, CALL, PAIR, work=_WORK).replace('methods[] = {', 'methods[] = {{"last", last, METH_NOARGS, NULL}, ')
    files = {'src/case.cpp': source.replace('static PyMethodDef more', 'PyMethodDef more'), 'src/all.h': '#include "sub/exc.h"\n'}
    return Place.with_files(tmp_path, files | {'src/sub/exc.h': HEADER}, _SCRIPT)


def _run(place: Place, objects: str, compiler: str) -> str:
    library = paths.library_dir() / f'libtramp-cxx-{paths.version()}.so'
    command = [compiler, '-shared', objects, '-o', 'case.so', library, f'-Wl,-rpath,{library.parent}']
    subprocess.run(command, cwd=place.dir, check=True)
    return subprocess.run([sys.executable, '-c', place.script], cwd=place.dir, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize('compiler', ['g++', 'clang++'])
def test_the_module_does_the_same(tmp_path: Path, compiler: str) -> None:
    """`__LINE__` in the arguments too; without a warning."""
    place = _place(tmp_path)
    said = [place.compile(compiler, 'src/case.cpp', 'a.o', *_WARNINGS, stock=True)]
    stock = _run(place, 'a.o', compiler)
    said.append(place.compile(compiler, 'src/case.cpp', 'a.o', *_WARNINGS))
    assert place.outcomes() == ['routed']
    assert said[0] == said[1]
    assert len(re.findall(r' tramp_o_', place.symbols('a.o').replace('_ZL9', ' '))) >= 3
    assert _run(place, 'a.o', compiler) == stock
    assert 'In f3 second' in stock or 'In f3 first: length' in stock


def test_a_header_that_changes_is_read_again(tmp_path: Path) -> None:
    """Though the source has not changed; a header on the way to it as well."""
    place = _place(tmp_path)
    place.compile('g++', 'src/case.cpp', 'a.o')
    assert 'MemoryError: In f20: out of memory' in _run(place, 'a.o', 'g++')
    header = place.dir / 'src/sub/exc.h'
    header.write_text(HEADER.replace('out of memory', 'none is left'))
    place.compile('g++', 'src/case.cpp', 'a.o')
    assert 'MemoryError: In f20: none is left' in _run(place, 'a.o', 'g++')
    (place.dir / 'src/all.h').write_text('#include "exc.h"\n')
    (place.dir / 'src/exc.h').write_text(HEADER.replace('out of memory', 'another header'))
    place.compile('g++', 'src/case.cpp', 'a.o')
    assert 'MemoryError: In f20: another header' in _run(place, 'a.o', 'g++')
    assert place.outcomes() == ['routed'] * 3


def _with_include_path(tmp_path: Path) -> Place:
    """The header lies where the flags say."""
    files = {'src/case.cpp': unit(CALL, work=_WORK).replace('"all.h"', '"exc.h"'), 'inc/exc.h': HEADER}
    return Place.with_files(tmp_path / 'project', files, _SCRIPT.replace(', case.last()', ''))


@pytest.mark.parametrize('compiler', ['g++', 'clang++'])
def test_the_preprocessor_says_which_headers_there_are(tmp_path: Path, compiler: str) -> None:
    place = _with_include_path(tmp_path)
    for flag in ('-Iinc', '-Isrc/../inc'):
        place.compile(compiler, 'src/case.cpp', 'a.o', flag)
        assert 'tramp_o_1' in place.symbols('a.o')
        assert 'MemoryError: In f2: out of memory' in _run(place, 'a.o', compiler)
    header = place.dir / 'inc/exc.h'
    header.write_text(HEADER.replace('out of memory', 'none is left'))
    place.compile(compiler, 'src/case.cpp', 'a.o', '-Iinc')
    assert 'MemoryError: In f2: none is left' in _run(place, 'a.o', compiler)
    os.utime(header, (1, 1))
    place.compile(compiler, 'src/case.cpp', 'a.o', '-Iinc')
    assert place.outcomes() == ['routed'] * 4


def test_system_headers_stay(tmp_path: Path) -> None:
    """A compiler is quiet about what their macros make."""
    place = _with_include_path(tmp_path)
    place.compile('g++', 'src/case.cpp', 'a.o', '-isystem', 'inc')
    assert place.outcomes() == ['routed']
    assert 'tramp_o_1' not in place.symbols('a.o')


def test_another_header_with_these_macros_is_another_one(tmp_path: Path) -> None:
    """The project has one of that name, but the flags name another directory."""
    place = _with_include_path(tmp_path)
    tmp_path.joinpath('other').mkdir()
    tmp_path.joinpath('other/exc.h').write_text(HEADER.replace('out of memory', 'of another project'))
    place.compile('g++', 'src/case.cpp', 'a.o', '-I../other', '-Iinc')
    assert place.outcomes() == ['routed']
    assert 'tramp_o_1' not in place.symbols('a.o')
    assert 'MemoryError: In f2: of another project' in _run(place, 'a.o', 'g++')
