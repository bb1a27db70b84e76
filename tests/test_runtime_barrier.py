"""What the barrier makes of a C++ exception: points 2 to 5 of the design, translators and the table of a project."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from runtime_support import case

if TYPE_CHECKING:
    from pathlib import Path

    from runtime_support import Interpreter, Modules


METHODS = {'throw_': 'o', 'nested': 'o', 'nested_flat': 'o', 'machinery': 'noargs'}
CATCH = """
import throwing, sys
def caught(call, *args):
    try: result = call(*args)
    except BaseException as error:
        assert throwing.machinery() == 0, 'an exception is still on its way'
        return error
    raise AssertionError(result)
def throw(kind): return caught(throwing.throw_, kind)
def notes(error): return getattr(error, '__notes__', [])
"""


@pytest.fixture(scope='session')
def throwing(modules: Modules) -> Path:
    """The directory of the module `throwing`."""
    # what() is noexcept in the standard library, and overriders with it, unless the compiler is told not to care.
    return modules.build('throwing', METHODS, case('throwing.cpp'), '-fno-enforce-eh-specs')


def test_type_table(interpreter: Interpreter, throwing: Path) -> None:
    """Point 3: the types of the standard library."""
    code = """
        table = dict(
            bad_alloc=MemoryError, bad_array_new_length=MemoryError, bad_cast=TypeError, bad_typeid=TypeError,
            invalid_argument=ValueError, domain_error=ValueError, length_error=ValueError, out_of_range=IndexError, code=IndexError,
            overflow_error=OverflowError, range_error=ArithmeticError, underflow_error=ArithmeticError,
            generic_error=FileNotFoundError, system_error=PermissionError, other_category=OSError, ios_failure=OSError,
            filesystem_error=FileNotFoundError, logic_error=RuntimeError, runtime_error=RuntimeError, exception=RuntimeError,
            future_error=RuntimeError, int=RuntimeError, struct=RuntimeError, parse_error=RuntimeError)
        for kind, expected in table.items():
            error = throw(kind)
            assert type(error) is expected, (kind, error)
            assert error.__cause__ is None and error.__context__ is None, kind
        assert str(throw('invalid_argument')) == 'text'
        assert str(throw('parse_error')) == 'text'
        assert str(throw('long')) == 'x' * 100000
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_other_types_are_named(interpreter: Interpreter, throwing: Path) -> None:
    code = """
        assert str(throw('int')) == "C++ exception of type 'int'"
        assert str(throw('struct')) == "C++ exception of type 'geo::Point'"
        assert str(throw('text_pointer')) == "C++ exception of type 'char const*'"
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_errno_and_paths(interpreter: Interpreter, throwing: Path) -> None:
    """Point 3: OSError has what it has elsewhere."""
    code = """
        error = throw('generic_error')
        assert (error.errno, error.filename, error.strerror) == (2, None, 'text: No such file or directory')
        assert throw('system_error').errno == 13
        error = throw('other_category')
        assert error.errno is None and 'No associated state' in str(error)
        import os
        error = throw('filesystem_error')
        assert (error.errno, error.filename, error.filename2) == (2, os.fsdecode(b'/no/such\\xff'), None)
        error = throw('filesystem_two')
        assert (error.errno, error.filename, error.filename2) == (2, '/no/such', '/no/other')
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_old_string_abi(interpreter: Interpreter, modules: Modules) -> None:
    """Point 3: in a module of the old ABI `ios_base::failure` has another name and no errno."""
    body = '#include <ios>\nstatic PyObject *throw_(PyObject *, PyObject *) { throw std::ios_base::failure("old"); }\n'
    directory = modules.build('old_abi', {'throw_': 'noargs'}, body, '-D_GLIBCXX_USE_CXX11_ABI=0')
    code = """
        import old_abi
        try: old_abi.throw_()
        except OSError as error: assert str(error) == 'old'
    """
    interpreter.check(code, directory)


def test_pending_error_wins(interpreter: Interpreter, throwing: Path) -> None:
    """Point 2."""
    code = """
        have_notes = sys.version_info >= (3, 11)
        error = throw('pending')
        assert type(error) is KeyError and error.args == ('set before',)
        assert notes(error) == (['thrown after'] if have_notes else [])
        error = throw('pending_same')
        assert type(error) is KeyError and notes(error) == []
        error = throw('pending_int')
        assert type(error) is KeyError and notes(error) == []
        try:
            raise LookupError('being handled')
        except LookupError as handled:
            assert throw('pending').__context__ is handled
            assert throw('runtime_error').__context__ is handled
    """
    interpreter.check(CATCH + dedent(code), throwing)


@pytest.mark.parametrize('how', ['nested', 'nested_flat'])
def test_nested_exceptions_become_causes(interpreter: Interpreter, throwing: Path, how: str) -> None:
    """Point 4: to depth 1000 all of them, beyond that it ends somewhere and well."""
    code = f"""
        def chain(error):
            found = [error]
            while found[-1].__cause__ is not None:
                found.append(found[-1].__cause__)
            return found
        for depth in 1, 2, 1000:
            found = chain(caught(throwing.{how}, depth))
            assert [str(e) for e in found] == [f'level {{n}}' for n in range(depth, -1, -1)]
            assert all(e.__suppress_context__ for e in found[:-1])
            assert type(found[-1]) is ValueError and type(found[0]) is RuntimeError
            del found
        found = chain(caught(throwing.{how}, 5000))
        assert 1000 < len(found) < 5000
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_exception_nested_in_itself(interpreter: Interpreter, throwing: Path) -> None:
    """Point 4: the guard.  Without it Python would be given a cycle, or the handler would not end."""
    code = """
        error = throw('circle')
        assert (type(error), str(error), error.__cause__) == (RuntimeError, 'round', None)
        error = throw('circle_of_two')
        assert (str(error), str(error.__cause__), error.__cause__.__cause__) == ('one', 'two', None)
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_hostile_what(interpreter: Interpreter, throwing: Path) -> None:
    """Point 5: NULL, not UTF-8, throwing, leaving a Python error."""
    code = r"""
        assert str(throw('null_what')) == "C++ exception of type 'NullWhat'"
        assert str(throw('bytes')) == r'caf\xe9 \xff'
        for kind in 'throwing_what', 'armed_what':
            error = throw(kind)
            assert type(error) is RuntimeError and 'its what() threw' in str(error), error
        assert str(throw('python_what')) == 'asked'
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_throwing_destructor(interpreter: Interpreter, throwing: Path) -> None:
    """Point 5: the exception object throws when it is destroyed, and that one when it is destroyed, and so on."""
    code = """
        for _ in range(3):
            error = throw('loud')
            assert str(error) == "C++ exception of type 'Loud'"
            assert notes(error) == (['from the destructor'] if sys.version_info >= (3, 11) else [])
            assert str(throw('louder')) == "C++ exception of type 'Louder'"
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_foreign_exception_ends_the_process(interpreter: Interpreter, throwing: Path) -> None:
    """It can not be translated, and it must not go through the frames of CPython."""
    done = interpreter.run(CATCH + 'throw("foreign")', throwing)
    assert done.returncode == -6
    assert done.stderr.startswith('tramp-build: fatal: an exception that is not one of this C++ run time left a method\n')


def test_nothing_leaks(interpreter: Interpreter, throwing: Path) -> None:
    """Objects of C++ and of Python; those of `loud` and its like are kept on purpose."""
    code = """
        import gc, resource
        kinds = ('bad_alloc generic_error filesystem_two ios_failure int parse_error null_what bytes throwing_what '
                 'pending pending_int').split()
        def churn(times):
            for _ in range(times):
                for kind in kinds: throw(kind)
                caught(throwing.nested, 20)
                throw('long')
            gc.collect()
            with open('/proc/self/statm') as file: return int(file.read().split()[1]) * resource.getpagesize()
        churn(20)
        before = churn(20)
        growth = churn(150) - before
        assert growth < 1 << 19, growth
    """
    interpreter.check(CATCH + dedent(code), throwing)


def test_without_memory(interpreter: Interpreter, throwing: Path) -> None:
    """What the handler itself needs may not be there: there is a Python exception all the same."""
    code = """
        import resource
        throw('bad_alloc'), throw('int')
        with open('/proc/self/statm') as file: pages = int(file.read().split()[0])
        limit = (pages + 200) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        blocks = []
        size = 1 << 20
        while size > 64:
            try: blocks.append(bytearray(size))
            except MemoryError: size //= 2
        kinds = [type(throw(kind)) for kind in ('bad_alloc', 'int', 'runtime_error')]
        blocks.clear()
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        assert all(issubclass(kind, (MemoryError, RuntimeError)) for kind in kinds), kinds
    """
    interpreter.check(CATCH + dedent(code), throwing)
