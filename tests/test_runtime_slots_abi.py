"""The list of slots: in C, in Python, in the header, and as every CPython declares it."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from runtime_support import Interpreter

from tramp_build import paths, slots
from tramp_build.signatures import CLASS, COUNT, OBJECT, SIZE, VIEW, VISIT, Signature, c_type, impl_type, stub_type

ROOT = Path(__file__).resolve().parent.parent
DEFINITIONS = (ROOT / 'csrc' / 'signatures.def').read_text()
# As signatures.def spells kinds that have another spelling in front of Python.h.
SPELLED = {OBJECT: 'PyObject *', CLASS: 'PyTypeObject *', SIZE: 'tramp_ssize ', COUNT: 'tramp_size ', VISIT: 'tramp_visitproc *'}


def spelled(kind: str) -> str:
    """Spell a type as signatures.def does."""
    return (SPELLED.get(kind) or c_type(kind, cxx=False).replace('struct _object', 'PyObject')).strip()


def parameters(text: str) -> list[tuple[str, str]]:
    """Split `PyObject *self, int op` into types and names."""
    matches = [re.fullmatch(r'(.*?)(\w+)', parameter.strip()) for parameter in text.split(',')]
    return [(match[1].strip(), match[2]) for match in matches if match]


def compiles(source: Path, *options: str | Path) -> None:
    command = ['g++' if source.suffix == '.cpp' else 'gcc', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', *options, source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_signatures_agree() -> None:
    """signatures.def and slots.py have the same signatures, in the same order, with the same rules and failure values."""
    plain = re.findall(
        r'^TRAMP_SLOT\((\w+), ([^,]+), \w+,\s*\((.*?)\), \((.*?)\), (\w+), ([^\n]*)\)$', DEFINITIONS, re.MULTILINE | re.DOTALL
    )
    void = re.findall(r'^TRAMP_SLOT_VOID\((\w+), \w+, \((.*?)\), \((.*?)\), (\w+)\)$', DEFINITIONS, re.MULTILINE)
    found = [*plain, *((name, 'void', takes, passes, rule, '') for name, takes, passes, rule in void)]
    values = {'nullptr': 'NULL', 'no_buffer(view)': '-1', 'nothing_sent(sent)': '-1'}
    assert [(name, result, parameters(takes), passes.split(', '), rule, values.get(failure, failure)) for
            name, result, takes, passes, rule, failure in found] == [
        (s.name, spelled(s.result), [(spelled(k), n) for k, n in s.parameters], [n for _, n in s.parameters], s.rule, s.failure)
        for s in slots.SIGNATURES
    ]  # fmt: skip


def test_slots_agree() -> None:
    """They have the same members, ids and exported functions."""
    members = re.findall(r'^TRAMP_MEMBER\((\w+), (\w+), (\w+), (\w+), (\w+)\)$', DEFINITIONS, re.MULTILINE)
    ids = re.findall(r'^TRAMP_ID\((\w+), (\w+), (\w+)\)$', DEFINITIONS, re.MULTILINE)
    entries = re.findall(r'^TRAMP_ENTRY\((\w+), (\w+)\)$', DEFINITIONS, re.MULTILINE)

    def name(slot: slots.Slot) -> str:
        return slot.signature.name if slot.signature else 'alone'

    def version(since: tuple[int, int]) -> str:
        return f'0x{since[0]:02x}{since[1]:02x}'

    expected = [(s.struct, s.name, name(s), version(s.since), version(s.id_since) if s.id else '0') for s in slots.BY_MEMBER.values()]
    assert members == expected
    assert ids == [(s.id, name(s), version(s.since)) for s in slots.MODULE_SLOTS]
    assert entries == [(prefix, version(since)) for prefix, since in slots.ENTRIES.items()]


def declaration(signature: Signature, prefix: str, *, cxx: bool) -> str:
    """Declare a trampoline from what slots.py says."""
    own = [c_type(kind, cxx=cxx) for kind, _ in signature.parameters]
    takes = ', '.join([*own, impl_type(signature, '', cxx=cxx), 'const char *'])
    return f'{c_type(signature.result, cxx=cxx)}{prefix}_{signature.name}({takes});\n'


@pytest.mark.parametrize('cxx', [False, True], ids=['c', 'c++'])
def test_header_agrees(cxx: bool, tmp_path: Path) -> None:
    """Both declarations in one unit are of one function; each fits the registers of a tail call on x86-64."""
    source = tmp_path / ('use.cpp' if cxx else 'use.c')
    every = ''.join(declaration(s, prefix, cxx=cxx) for s in slots.BY_NAME.values() for prefix in ('tramp', 'tramp_cxx'))
    opening = 'struct _object; struct _typeobject; struct PyModuleDef;\n'
    source.write_text(f'{opening}extern "C" {{\n{every}}}\n#include "tramp.h"\n' if cxx else f'{opening}{every}#include "tramp.h"\n')
    compiles(source, '-I', paths.include_dir())
    header = (paths.include_dir() / 'tramp.h').read_text()
    assert all(f'{prefix}_{name}(' in header for name in slots.BY_NAME for prefix in ('tramp', 'tramp_cxx'))
    assert max(len(s.parameters) for s in slots.SIGNATURES) + 2 <= 6


def test_types_of_members(interpreter: Interpreter, tmp_path: Path) -> None:
    """A stub has exactly the type of its slot in that version, in C++, where nothing else would do."""
    lines = ['#include <Python.h>\n#include <type_traits>\n']
    for slot in slots.BY_MEMBER.values():
        if slot.signature and slot.since <= interpreter.version:
            takes = ', '.join(stub_type(kind, cxx=True) for kind, _ in slot.signature.parameters)
            stub = f'{stub_type(slot.signature.result, cxx=True)}(*)({takes})'
            lines.append(f'static_assert(std::is_same<decltype({slot.struct}::{slot.name}), {stub}>::value, "");\n')
    source = tmp_path / 'types.cpp'
    source.write_text(''.join(lines))
    compiles(source, '-std=c++17', '-isystem', interpreter.headers())


def test_a_stub_in_c_and_cxx(interpreter: Interpreter, tmp_path: Path) -> None:
    """What slots.py says is enough to write stubs that compile without a warning, and fill their slots without a cast."""
    for cxx in False, True:
        lines = ['struct _object; struct _typeobject; struct PyModuleDef;\n']
        lines += ['extern "C" {\n', *(declaration(s, 'tramp', cxx=cxx) for s in slots.BY_NAME.values()), '}\n']
        lines += ['#include <Python.h>\n']
        for signature in slots.SIGNATURES:
            if signature.name == 'send' and interpreter.version < (3, 10):
                continue
            result = stub_type(signature.result, cxx=cxx)
            takes = ', '.join(f'{stub_type(kind, cxx=cxx)}{name}_' for kind, name in signature.parameters)
            passes = ''.join(f'{name}_, ' for _, name in signature.parameters)
            target = impl_type(signature, '', cxx=cxx)
            impl = f'reinterpret_cast<{target}>(impl_{signature.name})' if cxx else f'({target})(void (*)(void))impl_{signature.name}'
            call = f'tramp_{signature.name}({passes}{impl}, "name")'
            back = f'return static_cast<{result}>({call});' if cxx else f'return {call};' if result != 'void ' else f'{call};'
            lines.append(f'{result}impl_{signature.name}({takes});\n')
            lines.append(f'static {result}stub_{signature.name}({takes}) {{ {back} }}\n')
        stubs = ((s.struct, s.name, s.signature.name) for s in slots.BY_MEMBER.values() if s.signature and s.since <= interpreter.version)
        lines += [
            f'void fill_{member}({struct} *there); void fill_{member}({struct} *there) {{ there->{member} = stub_{name}; }}\n'
            for struct, member, name in stubs
        ]
        keep = ', '.join(f'(void *)stub_{name}' for name in ('module_create', 'module_exec'))
        lines.append(f'extern void *keep[]; void *keep[] = {{{keep}}};\n')
        source = tmp_path / ('stubs.cpp' if cxx else 'stubs.c')
        text = ''.join(lines)
        source.write_text(text if cxx else text.replace('extern "C" {\n', '', 1).replace('}\n#include', '#include', 1))
        compiles(source, '-std=c++17' if cxx else '-std=c11', '-isystem', interpreter.headers())


def test_layouts(interpreter: Interpreter, tmp_path: Path) -> None:
    """The members of each struct stand in that order, with nothing between them, for positional initialisers."""
    lines = ['#include <Python.h>\n#include <stddef.h>\n']
    for struct, members in slots.LAYOUTS.items():
        present = [m for m in members if m not in slots.BY_MEMBER or slots.BY_MEMBER[m].since <= interpreter.version]
        for before, after in pairwise(present):
            end = f'offsetof({struct}, {before}) + sizeof((({struct} *)0)->{before})'
            lines.append(f'_Static_assert(offsetof({struct}, {after}) - ({end}) < sizeof(void *), "{before}, {after}");\n')
        # Behind these PyTypeObject has what is CPython's own.
        if struct != 'PyTypeObject':
            lines.append(f'_Static_assert(sizeof({struct}) == offsetof({struct}, {present[-1]}) + sizeof(void *), "{struct}");\n')
    head = {'PyTypeObject': 'PyVarObject', 'PyModuleDef': 'PyModuleDef_Base'}
    for struct, members in slots.LAYOUTS.items():
        size = f'sizeof({head[struct]})' if struct in head else '0'
        lines.append(f'_Static_assert(offsetof({struct}, {members[0]}) == {size}, "{struct}");\n')
    source = tmp_path / 'layouts.c'
    source.write_text(''.join(lines))
    compiles(source, '-std=c11', '-isystem', interpreter.headers())


def test_no_slot_is_missing(interpreter: Interpreter) -> None:
    """What the headers declare is in the list: every member that is a function, every id, each from its version on."""
    headers = interpreter.headers()
    text = ''.join(
        path.read_text()
        for name in ('object.h', 'moduleobject.h', 'typeslots.h', 'slots_generated.h', 'pybuffer.h')
        for path in headers.glob(f'**/{name}')
        if 'internal' not in path.parts
    )
    declared = set(re.findall(r'^\s+\w*(?:func|proc|inquiry|destructor) ((?:tp|nb|sq|mp|am|bf|m)_\w+);', text, re.MULTILINE))
    assert declared == {s.name for s in slots.BY_MEMBER.values() if s.since <= interpreter.version}
    ids = set(re.findall(r'^#\s*define (Py_(?:tp|nb|sq|mp|am|bf)_\w+) +[\d_]', text, re.MULTILINE)) - slots.NO_FUNCTIONS
    assert ids == {s.id for s in slots.BY_MEMBER.values() if s.id and s.id_since <= interpreter.version}
    module_ids = set(re.findall(r'^#\s*define (Py_mod_\w+) +[\d_]', text, re.MULTILINE)) - slots.NO_FUNCTIONS
    assert module_ids == {s.id for s in slots.MODULE_SLOTS if s.since <= interpreter.version}


def test_kinds_without_a_name() -> None:
    """The two whose stub and trampoline differ are named as such in the documentation of the header."""
    differing = {kind for s in slots.SIGNATURES for kind, _ in s.parameters if stub_type(kind, cxx=False) != c_type(kind, cxx=False)}
    assert differing == {VIEW, VISIT}
    assert [s.name for s in slots.SIGNATURES if stub_type(s.result, cxx=False) != c_type(s.result, cxx=False)] == ['send']
