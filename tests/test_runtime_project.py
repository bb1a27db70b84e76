"""A project's own exceptions: the `exceptions` table of the configuration and C++ translators, per module."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from runtime_support import case

from tramp_build import paths

if TYPE_CHECKING:
    from pathlib import Path

    from runtime_support import Interpreter, Modules


METHODS = {'throw_': 'o'}
BODY = case('translating.cpp')
CATCH = """
def throw(kind):
    try: result = module.throw_(kind)
    except BaseException as error: return error
    raise AssertionError(result)
def notes(error): return getattr(error, '__notes__', [])
"""


def table(rows: dict[str, str]) -> str:
    """Return the registration of a table as the rewriter puts it in front of each unit."""
    lines = ', '.join(f'{{{json.dumps(cxx)}, {json.dumps(python)}}}' for cxx, python in rows.items())
    return f"""
static const tramp_exception table[] = {{{lines + ', ' if lines else ''}{{nullptr, nullptr}}}};
__attribute__((constructor)) static void enter() {{ tramp_cxx_register(table, table); }}
__attribute__((destructor)) static void leave() {{ tramp_cxx_unregister(table); }}
"""


def check(interpreter: Interpreter, modules: Modules, name: str, body: str, code: str, *path: Path) -> None:
    """Build a module whose methods throw, and run `code` on it."""
    directory = modules.build(name, METHODS, BODY + body)
    interpreter.check(f'import {name} as module, sys\n' + CATCH + dedent(code), directory, *path)


def test_table(interpreter: Interpreter, modules: Modules) -> None:
    """Derived types are meant, the most derived row wins; names as people write them."""
    rows = {
        'geo::Error': 'LookupError',
        '::geo::ParseError': 'ValueError',
        'geo::Of< geo::Of<unsigned int> >': 'KeyError',
        'geo::Plain': 'EOFError',
    }
    rows['std::string'] = 'UserWarning'
    code = """
        for kind, expected in dict(error=LookupError, parse=ValueError, deeper=ValueError, both=ValueError, of=KeyError).items():
            error = throw(kind)
            assert type(error) is expected and error.args == ('text',), (kind, error)
        assert repr(throw('plain')) == '''EOFError("C++ exception of type 'geo::Plain'")'''
        assert type(throw('string')) is UserWarning
        assert type(throw('hidden')) is RuntimeError, 'a private base is no base to others'
        assert type(throw('range')) is IndexError
    """
    check(interpreter, modules, 'table', table(rows), code)


def test_table_before_standard_types(interpreter: Interpreter, modules: Modules) -> None:
    """A row for a standard base wins over the table for standard types; an OSError gets its errno."""
    rows = {'std::exception': 'ArithmeticError', 'std::system_error': 'ConnectionError', 'geo::Disk': 'OSError'}
    code = """
        assert type(throw('range')) is ArithmeticError
        error = throw('failure')
        assert type(error) is ConnectionError and error.errno == 2
        error = throw('disk')
        assert type(error) is FileNotFoundError and error.errno == 2
    """
    check(interpreter, modules, 'before', table(rows), code)


def test_dotted_paths(interpreter: Interpreter, modules: Modules, tmp_path: Path) -> None:
    """Imported when the exception comes, not before; classes in classes too."""
    package = tmp_path / 'shapes'
    package.mkdir()
    package.joinpath('__init__.py').write_text('class Outer:\n    class Error(Exception): pass\n')
    package.joinpath('errors.py').write_text('class ParseError(ValueError): pass\n')
    rows = {'geo::ParseError': 'shapes.errors.ParseError', 'geo::Error': 'shapes.Outer.Error'}
    code = """
        assert 'shapes' not in sys.modules
        error = throw('error')
        assert 'shapes.errors' not in sys.modules
        import shapes.errors
        assert type(error) is shapes.Outer.Error and error.__context__ is None
        assert type(throw('parse')) is shapes.errors.ParseError and str(throw('deeper')) == 'text'
        shapes.errors.ParseError = KeyError
        assert type(throw('parse')) is KeyError, 'looked up each time, for each interpreter has its own'
    """
    check(interpreter, modules, 'dotted', table(rows), code, tmp_path)


def test_python_exceptions_that_can_not_be_had(interpreter: Interpreter, modules: Modules, tmp_path: Path) -> None:
    """The built-in exception comes out, and the reason is its context."""
    tmp_path.joinpath('broken.py').write_text('raise KeyError("on import")\n')
    tmp_path.joinpath('odd.py').write_text(
        'number = 1\n'
        'class Two(Exception):\n    def __init__(self, a, b): pass\n'
        'class New(Exception):\n    def __new__(cls, *args): return 1\n'
    )
    rows = {'geo::Deeper': 'broken.Error', 'geo::ParseError': 'no.such.Module', 'geo::Error': 'odd.number', 'std::string': 'odd.Two'}
    rows |= {'geo::Plain': 'odd.New', 'std::out_of_range': 'NoSuchError', 'std::system_error': 'broken.errors.Deep'}
    code = """
        for kind, expected, context in [
            ('deeper', RuntimeError, KeyError), ('parse', RuntimeError, ImportError), ('error', RuntimeError, TypeError),
            ('string', RuntimeError, TypeError), ('plain', RuntimeError, TypeError), ('range', IndexError, AttributeError),
            ('failure', FileNotFoundError, KeyError),
        ]:
            error = throw(kind)
            assert type(error) is expected and isinstance(error.__context__, context), (kind, repr(error), repr(error.__context__))
        assert 'odd.number' in str(throw('error').__context__)
    """
    check(interpreter, modules, 'absent', table(rows), code, tmp_path)


def test_translators(interpreter: Interpreter, modules: Modules) -> None:
    """They come before the table, the newest first; one that sets nothing or throws has not been there."""
    rows = {'geo::Translated': 'EOFError', 'geo::Silent': 'EOFError', 'geo::ParseError': 'ValueError'}
    code = """
        for _ in range(2):
            assert repr(throw('translated')) == "LookupError('translated: text')"
            assert repr(throw('shadowed')) == "BufferError('shadowed: text')"
            assert repr(throw('silent')) == "EOFError('text')"
            assert repr(throw('hostile')) == "RuntimeError('text')"
            assert repr(throw('escaping')) == "RuntimeError('text')"
            error = throw('nested')
            assert repr(error) == "ValueError('outer')" and repr(error.__cause__) == "LookupError('translated: inner')"
    """
    check(interpreter, modules, 'translators', case('translators.cpp') + table(rows), code)


def test_translators_rest_in_a_stock_build(interpreter: Interpreter, modules: Modules) -> None:
    body = '#include "tramp.h"\n' + BODY + case('translators.cpp')
    directory = modules.build('stock', METHODS, body, routed=False)
    assert interpreter.check('import stock; print(stock.throw_("x"))', directory) == 'nothing thrown\n'


def test_modules_do_not_share(interpreter: Interpreter, modules: Modules) -> None:
    """Two extensions map the same type differently, a third one not at all."""
    first = modules.build('first', METHODS, BODY + table({'geo::ParseError': 'KeyError'}))
    second = modules.build('second', METHODS, BODY + table({'geo::ParseError': 'EOFError'}) + case('translators.cpp'))
    third = modules.build('third', METHODS, BODY)
    code = """
        import sys, os
        sys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)
        import first, second, third
        def throw(module, kind):
            try: module.throw_(kind)
            except BaseException as error: return type(error)
        for _ in range(2):
            assert [throw(m, 'parse') for m in (first, second, third)] == [KeyError, EOFError, RuntimeError]
            assert [throw(m, 'translated') for m in (first, second, third)] == [RuntimeError, LookupError, RuntimeError]
    """
    interpreter.check(code, first, second, third)


def test_many_units_one_table(interpreter: Interpreter, modules: Modules) -> None:
    """Each unit of a module registers the table and takes it back on unloading; another module at that address has none of it."""
    again = ''.join(
        f'static const tramp_exception table{i}[] = {{{{"geo::Error", "KeyError"}}, {{nullptr, nullptr}}}};\n'
        f'__attribute__((constructor)) static void enter{i}() {{ tramp_cxx_register(table{i}, table{i}); }}\n'
        for i in range(300)
    )
    code = """
        import _ctypes, os, shutil, tempfile
        assert type(throw('error')) is KeyError
        directory = tempfile.mkdtemp()
        for n in range(20):
            copy = os.path.join(directory, f'copy{n}.so')
            shutil.copy(module.__file__, copy)
            _ctypes.dlclose(_ctypes.dlopen(copy, 2))
            assert type(throw('parse')) is KeyError
        shutil.rmtree(directory)
    """
    check(interpreter, modules, 'units', again, code)


@pytest.mark.parametrize('unload', ['unregistered', 'forgotten'])
def test_unloading(interpreter: Interpreter, modules: Modules, unload: str) -> None:
    """What is loaded at the address of a module that is gone does not get its table, whether that said goodbye or not."""
    # Of one size, so that the second one is put where the first one was, and has at that address what the first one had there.
    declared = 'extern const tramp_exception table[2], other[2];\n'
    other = declared + 'const tramp_exception other[] = {{"geo::Error", "EOFError"}, {nullptr, nullptr}};\n'
    first = other + table({'geo::Error': 'KeyError'}).replace('static const', 'const')
    second = first.replace('tramp_cxx_register(table, table)', 'tramp_cxx_register(other, other + 1)')
    if unload == 'forgotten':
        first, second = (text[: text.index('__attribute__((destructor))')] for text in (first, second))
    gone, after = (modules.build('again', METHODS, BODY + text) for text in (first, second))
    barrier = paths.library_dir() / f'libtramp-cxx-{paths.version()}.so'
    code = f"""
        import _ctypes
        def base(directory):
            with open('/proc/self/maps') as maps:
                return next((line.split('-')[0] for line in maps if directory in line), None)
        _ctypes.dlopen({str(barrier)!r}, 2)  # for without a module it would be gone as well
        handle = _ctypes.dlopen({str(gone / 'again.abi3.so')!r}, 2)
        before = base({str(gone)!r})
        _ctypes.dlclose(handle)
        assert base({str(gone)!r}) is None
        import again
        print('same address' if base({str(after)!r}) == before else 'another address')
        try: again.throw_('error')
        except RuntimeError: pass
    """
    # The kernel may choose another one; that would prove nothing, but is no error either.
    assert interpreter.check(code, after).endswith(' address\n')


def test_taken_back(interpreter: Interpreter, modules: Modules) -> None:
    """A module may take its table and its translators back, and give others."""
    body = """
        using Translator = tramp::translator<geo::Translated>;
        static void as_buffer_error(const geo::Translated &) { PyErr_SetString(PyExc_BufferError, "taken"); }
        alignas(Translator) static unsigned char place[sizeof(Translator)];
        static auto *translator = new (place) Translator(as_buffer_error);
        static PyObject *take_back(PyObject *, PyObject *) { leave(); translator->~Translator(); return PyLong_FromLong(0); }
        static PyObject *give(PyObject *, PyObject *) { enter(); new (place) Translator(as_buffer_error); return PyLong_FromLong(0); }
    """
    rows = table({'geo::Error': 'KeyError'})
    directory = modules.build('taken', {**METHODS, 'take_back': 'noargs', 'give': 'noargs'}, BODY + rows + dedent(body))
    code = """
        def now(): return [type(throw(kind)) for kind in ('error', 'translated')]
        for _ in range(3):
            assert now() == [KeyError, BufferError], now()
            module.take_back()
            assert now() == [RuntimeError, RuntimeError]
            module.give()
    """
    interpreter.check('import taken as module\n' + CATCH + dedent(code), directory)
