"""Slots: what a C++ exception becomes in each, by way of CPython and called directly; points 1, 2, 6 and 7 of the design.

One module has every slot of `signatures.def`; it is compiled for each CPython and for both libraries.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from runtime_support import CASES, Interpreter, case, compile_and_link

from tramp_build import paths, slots

CSRC = Path(__file__).resolve().parent.parent / 'csrc'
SETUP = 'import sys, gc\nsys.dont_write_bytecode = True\nimport slots\nfrom slot_calls import *\n'
_made: dict[tuple[Interpreter, bool], Path] = {}


def build(factory: pytest.TempPathFactory, interpreter: Interpreter, *, plain: bool) -> Path:
    """Return the directory of the module, compiled once a session."""
    if (interpreter, plain) not in _made:
        directory = factory.mktemp('slots')
        options = ['-O1', '-I', str(CSRC), '-Wno-missing-field-initializers', '-pthread', *(['-DPLAIN'] if plain else [])]
        compile_and_link(case('slots.cpp'), directory / 'slots.so', *options, headers=interpreter.headers())
        _made[interpreter, plain] = directory
    return _made[interpreter, plain]


@pytest.fixture
def cxx(interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module with the barrier."""
    return build(tmp_path_factory, interpreter, plain=False)


@pytest.fixture(params=['libtramp', 'libtramp-cxx'])
def either(request: pytest.FixtureRequest, interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module with and without the barrier."""
    return build(tmp_path_factory, interpreter, plain=request.param == 'libtramp')


def check(interpreter: Interpreter, code: str, directory: Path, env: dict[str, str] | None = None) -> str:
    return interpreter.check(SETUP + code, directory, CASES, env=env)


def failures(interpreter: Interpreter) -> dict[str, str]:
    """What each slot of that version returns after an exception, by the list; printed as the module prints it."""
    routed = {s.name: s.signature for s in (*slots.BY_MEMBER.values(), *slots.MODULE_SLOTS) if s.since <= interpreter.version}
    return {name: signature.failure for name, signature in routed.items() if signature}


def raising(interpreter: Interpreter) -> dict[str, str]:
    """Those of them that raise."""
    rules = {s.name: s.signature.rule for s in (*slots.BY_MEMBER.values(), *slots.MODULE_SLOTS) if s.signature}
    return {name: value for name, value in failures(interpreter).items() if rules[name] == 'raises'}


def test_every_slot_is_there(interpreter: Interpreter, cxx: Path) -> None:
    """The module and the list have the same slots, and all but those that need more than that have a way to be reached."""
    names = check(interpreter, 'print(*sorted(slots.names()))', cxx).split()
    assert names == sorted(failures(interpreter))
    reached = check(interpreter, 'print(*TRIGGERS, *TYPE_TRIGGERS, *QUIET_TRIGGERS)', cxx).split()
    beyond = {'am_send', 'tp_traverse', *(name for name in names if name.startswith(('m_', 'Py_mod_')))}
    assert set(names) - set(reached) <= (beyond | {'tp_vectorcall'} if interpreter.version < (3, 9) else beyond)


def test_thrown_by_way_of_cpython(interpreter: Interpreter, cxx: Path) -> None:
    """Static types and heap types, each with one slot that throws."""
    code = """
for name, cls in types(TRIGGERS):
    t = cls()
    tell('throws', name)
    for _ in range(3):
        error = caught(TRIGGERS[name], t)
        assert type(error) is ValueError and str(error) == name, (name, cls, error)
        assert error.__context__ is None, name
    tell('passes')
for name, cls in types(TYPE_TRIGGERS):
    tell('throws', name)
    error = caught(TYPE_TRIGGERS[name], cls)
    assert type(error) is ValueError and str(error) == name, (name, cls, error)
"""
    check(interpreter, code, cxx)


def test_failure_values(interpreter: Interpreter, cxx: Path) -> None:
    """Point 7, without a CPython that would make up for a wrong one."""
    code = f"""
for name, value in {raising(interpreter)!r}.items():
    result, error, reports, _ = raw('throws', name)
    assert str(result) == value, (name, result)
    assert type(error) is ValueError and str(error) == name, (name, error)
    assert not reports, name
    if name == 'bf_getbuffer': assert slots.left() == (0, 1)
    if name == 'am_send': assert slots.left() == (1, 0)
"""
    check(interpreter, code, cxx)


def test_set_error_wins(interpreter: Interpreter, cxx: Path) -> None:
    """Point 2: an error that the slot has set is what it raises."""
    code = f"""
for name, value in {raising(interpreter)!r}.items():
    result, error, reports, _ = raw('sets', name)
    assert not reports and str(result) == value and type(error) is KeyError and error.args == (name,), (name, error)
    if sys.version_info >= (3, 11): assert error.__notes__ == ['thrown after'], name
"""
    check(interpreter, code, cxx)


def test_what_can_not_raise_reports(interpreter: Interpreter, cxx: Path) -> None:
    """The type where the object lives, the name where it does not."""
    code = """
for name, cls in types(QUIET_TRIGGERS):
    # object_dealloc of a static type calls neither.
    if name in ('tp_del', 'tp_finalize') and not cls.__flags__ & 1 << 9: continue
    for call in range(3):
        tell('throws', name)
        with Unraisable() as reports: QUIET_TRIGGERS[name](cls)
        (error, context), = reports
        assert type(error) is ValueError and str(error) == name and error.__context__ is None, (name, error)
        assert context == (name if name in ('tp_dealloc', 'tp_del') else cls), (name, context)
        assert slots.called() == 1, name
"""
    # Freed memory is overwritten: nothing may be read there.
    check(interpreter, code, cxx, {'PYTHONMALLOC': 'debug'})


def test_report_on_stderr(interpreter: Interpreter, cxx: Path) -> None:
    done = interpreter.run(SETUP + "tell('throws', 'tp_dealloc')\nslots.static_type('tp_dealloc')()", cxx, CASES)
    assert done.returncode == 0
    assert re.fullmatch(r"Exception ignored in: 'tp_dealloc'\n(.*\n)*ValueError: tp_dealloc\n", done.stderr), done.stderr


def test_pending_error_is_kept(interpreter: Interpreter, cxx: Path) -> None:
    """It was there before, and comes out as it was; the exception is reported beside it."""
    code = """
for name in QUIET + ('m_clear', 'm_free'):
    for before in False, True:
        result, error, reports, t = raw('throws', name, before)
        assert str(result) in ('', '0'), (name, result)
        assert (type(error), error and error.args) == ((LookupError, ('before',)) if before else (type(None), None)), (name, error)
        (reported, context), = reports
        assert type(reported) is ValueError and str(reported) == name and reported.__context__ is None, (name, reported)
        if name == 'm_clear': assert context is t, context
"""
    check(interpreter, code, cxx)


def test_own_error_of_what_can_not_raise(interpreter: Interpreter, cxx: Path) -> None:
    """It can not be told from one that was there before: it stays."""
    code = """
for name in QUIET:
    result, error, reports, _ = raw('sets', name)
    assert type(error) is KeyError and error.args == (name,), (name, error)
    assert [str(reported) for reported, _ in reports] == ['thrown after'], name
"""
    check(interpreter, code, cxx)


def test_dealloc_while_an_exception_is_on_its_way(interpreter: Interpreter, cxx: Path) -> None:
    code = """
def frame():
    t = cls()
    tell('throws', 'tp_dealloc')
    raise LookupError('on its way')
for _, cls in types(['tp_dealloc']):
    with Unraisable() as reports:
        try: frame()
        except LookupError as error: error.__traceback__ = None
    assert [str(error) for error, _ in reports] == ['tp_dealloc'], reports
"""
    check(interpreter, code, cxx)


@pytest.mark.parametrize('module_slot', [False, True], ids=['tp_traverse', 'm_traverse'])
def test_traverse_ends_the_process(interpreter: Interpreter, cxx: Path, module_slot: bool) -> None:
    """What was not visited would be taken for unused."""
    name = 'm_traverse' if module_slot else 'tp_traverse'
    make = "load('run')" if module_slot else "slots.heap_type('tp_traverse')()"
    done = interpreter.run(SETUP + f"t = {make}\ntell('throws', '{name}')\ngc.collect()\nprint('survived')", cxx, CASES)
    assert done.returncode == -6, done
    assert done.stdout == ''
    what = f"C++ exception of type 'std::invalid_argument' in the middle of a garbage collection: {name}"
    assert done.stderr.startswith(f'tramp-build: fatal: method {name}: {what}\n'), done.stderr


def test_thrown_without_the_gil(interpreter: Interpreter, cxx: Path) -> None:
    """Point 6, for everything but the traverse functions."""
    code = f"""
for name, value in {failures(interpreter)!r}.items():
    if name.endswith('traverse'): continue
    for before in False, True:
        result, error, reports, _ = raw('detached', name, before)
        quiet = name in QUIET or name[:2] == 'm_' or name in ('Py_mod_state_clear', 'Py_mod_state_free')
        assert str(result) == value, (name, result)
        assert type(error) is (LookupError if before else type(None) if quiet else ValueError), (name, error)
        assert [str(reported) for reported, _ in reports] == ([name] if quiet else []), (name, reports)
"""
    check(interpreter, code, cxx)


def test_forced_unwinding_passes(interpreter: Interpreter, cxx: Path) -> None:
    """Point 1, traverse functions included: the thread ends, and nothing is said."""
    code = f"""
import _thread, time
for name in {sorted(failures(interpreter))!r}:
    t = subject(name)
    tell('leaves', name)
    with Unraisable() as reports:
        _thread.start_new_thread(lambda: (slots.raw(name, t, False), print('survived')), ())
        while not slots.called(): time.sleep(0)
        time.sleep(0.001)
    assert reports == []
tell('passes')
print('end')
"""
    done = interpreter.run(SETUP + code, cxx, CASES)
    assert (done.returncode, done.stdout, done.stderr) == (0, 'end\n', '')


def test_modules(interpreter: Interpreter, cxx: Path) -> None:
    """PyInit_*, Py_mod_create, Py_mod_exec; m_clear and m_free report."""
    code = """
for name, module in ('PyInit_made', 'made'), ('Py_mod_create', 'made'), ('Py_mod_exec', 'run'):
    for how, kind in ('throws', ValueError), ('sets', KeyError), ('detached', ValueError):
        tell(how, name)
        error = caught(load, module)
        assert type(error) is kind and error.args == (name,), (name, how, error)
tell('passes')
assert load('made') is answer
for name in 'm_clear', 'm_free':
    module = load('run')
    gc.collect()
    # Younger than the module, so that the module is cleared first.
    holder = [module]
    holder.append(holder)
    identity = id(module)
    tell('throws', name)
    with Unraisable() as reports:
        del module, holder
        gc.collect()
    (error, context), = reports
    assert str(error) == name
    assert context == 'm_free' if name == 'm_free' else id(context) == identity
"""
    check(interpreter, code, cxx)


def test_arguments_and_results(interpreter: Interpreter, either: Path) -> None:
    """Both libraries hand everything on, errors that are no exceptions of C++ too."""
    code = f"""
# It would call m_traverse, and to take notes there is to change what it counts.
gc.disable()
views = 'void *'
arguments = {{'o': answer, 't': type(answer), 'v': answer, 'n': 7, 'i': 7, 'z': 1, 's': 'attribute', 'r': 'PyObject **',
             'f': 'visitproc', 'd': 'PyModuleDef', 'b': views, 'c': views}}
results = {{'o': answer, '0': ''}}
subjects = {{name: subject(name) for name in {sorted(failures(interpreter))!r}}}
kinds = {{name: (result, kinds) for name, result, kinds in {kinds(interpreter)!r}}}
for name, failure in {failures(interpreter)!r}.items():
    result, parameters = kinds[name]
    for how in 'passes', 'fails':
        t, seen = subjects[name], []
        slots.keep(answer, seen)
        returned, error, _, _ = raw(how, name, t=t)
        slots.keep(answer, None)
        expected = [f'argument {{n}}' if n and kind == 'o' else arguments[kind] for n, kind in enumerate(parameters)]
        expected = [t if value is answer else value for value in expected]
        if name != 'tp_dealloc': assert seen == [[name] + expected], (name, seen)
        if how == 'passes':
            assert returned == results.get(result, 0) and error is None, (name, returned)
        else:
            # Functions that can not fail have no failure value, but may leave an error.
            assert str(returned) in (failure, '-1') and type(error) is KeyError and error.args == (name,), (name, returned, error)
"""
    check(interpreter, code, either)


def kinds(interpreter: Interpreter) -> list[tuple[str, str, str]]:
    """The kinds of the result and of the parameters of each slot."""
    every = [s for s in (*slots.BY_MEMBER.values(), *slots.MODULE_SLOTS) if s.since <= interpreter.version]
    return [(s.name, s.signature.result, ''.join(kind for kind, _ in s.signature.parameters)) for s in every if s.signature]


def test_iternext_may_end_without_an_error(interpreter: Interpreter, either: Path) -> None:
    code = """
for _, cls in types(['tp_iternext']):
    tell('ends', 'tp_iternext')
    assert next(cls(), 'the end') == 'the end'
"""
    check(interpreter, code, either)


def test_nothing_leaks(interpreter: Interpreter, cxx: Path) -> None:
    """References, blocks of Python, and memory of C++."""
    code = f"""
import resource
names = [name for name in {sorted(failures(interpreter))!r} if not name.endswith('traverse')]
objects = {{name: subject(name) for name in names}}
dealloc = objects['tp_dealloc']
def resident():
    with open('/proc/self/statm') as file: return int(file.read().split()[1]) * resource.getpagesize()
def churn(times):
    for _ in range(times):
        for how in 'throws', 'sets', 'detached':
            for name in names: raw(how, name, False, objects[name])
    gc.collect()
    return sys.getallocatedblocks(), resident(), sys.getrefcount(answer), sys.getrefcount(dealloc), sys.getrefcount(ValueError)
churn(20)
before = churn(20)
after = churn(100)
growth = [b - a for a, b in zip(before, after)]
assert growth[0] < 100 and growth[1] < 1 << 19 and [abs(n) < 3 for n in growth[2:]] == [True] * 3, growth
"""
    check(interpreter, code, cxx)


def test_nothing_leaks_by_way_of_cpython(interpreter: Interpreter, cxx: Path) -> None:
    """As Python code sees it: no object is left of an exception, by tracemalloc."""
    code = """
import tracemalloc
made = [(name, TRIGGERS[name], cls()) for name, cls in types(TRIGGERS)]
made += [(name, TYPE_TRIGGERS[name], cls) for name, cls in types(TYPE_TRIGGERS)]
quiet = [(name, cls) for name, cls in types(QUIET_TRIGGERS) if name not in ('tp_del', 'tp_finalize') or cls.__flags__ & 1 << 9]
def churn(times):
    for _ in range(times):
        for name, function, thing in made:
            tell('throws', name)
            error = caught(function, thing)
            assert str(error) == name, (name, error)
        for name, cls in quiet:
            tell('throws', name)
            with Unraisable() as reports: QUIET_TRIGGERS[name](cls)
            assert len(reports) == 1, name
    del error, reports
    tell('passes')
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
tracemalloc.start()
churn(20)
totals = [churn(10) for _ in range(5)]
# Tables of CPython grow now and then; a leak grows each time, by an exception in each call.
growth = [after - before for before, after in zip(totals, totals[1:])]
assert min(growth) < 10 * 48, growth
"""
    check(interpreter, code, cxx)


@pytest.mark.parametrize(('library', 'prefix', 'most'), [('libtramp', 'tramp', 1), ('libtramp-cxx', 'tramp_cxx', 7)])
def test_instructions_of_a_trampoline(library: str, prefix: str, most: int) -> None:
    """A slot costs what a method does; getbuffer, send and those that report with a type keep one word more."""
    path = paths.library_dir() / f'{library}-{paths.version()}.so'
    listing = subprocess.run(['objdump', '-d', '--no-show-raw-insn', path], capture_output=True, text=True, check=True).stdout
    if 'x86-64' not in listing.split('\n\n')[0]:
        pytest.skip('counted for x86-64')
    counts = {}
    for name in slots.BY_NAME:
        body = re.search(rf'<{prefix}_{name}>:\n(.*?)\n\n', listing + '\n\n', re.DOTALL)
        assert body, name
        instructions = [line.split('\t')[-1].split()[0] for line in body[1].splitlines()]
        counts[name] = next(i for i, text in enumerate(instructions, 1) if text.startswith(('ret', 'jmp')))
    assert max(counts.values()) <= most, counts


def test_no_trampoline_crosses_a_cache_line() -> None:
    """What runs on every call, up to its return, is fetched at once."""
    path = paths.library_dir() / f'libtramp-cxx-{paths.version()}.so'
    listing = subprocess.run(['objdump', '-d', '--no-show-raw-insn', path], capture_output=True, text=True, check=True).stdout
    for name in ('noargs', 'fastcall', 'get', 'set', *slots.BY_NAME):
        body = re.search(rf'<tramp_cxx_{name}>:\n((?:.*\n)*?.*\tret)', listing)
        assert body, name
        addresses = [int(line.split(':')[0], 16) for line in body[1].splitlines()]
        assert addresses[0] // 64 == addresses[-1] // 64, name
