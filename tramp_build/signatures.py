"""The method conventions of the C-API and the trampoline that serves each; those of slots are in `slots.py`.

Mirrors `csrc/signatures.def`; a test holds the two together.
Facts: CPython `Include/methodobject.h`, `Include/descrobject.h`, PEP 590, PEP 573.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OBJECT: Final = 'o'  # PyObject *
VECTOR: Final = 'v'  # PyObject *const *
SIZE: Final = 'n'  # Py_ssize_t
CLASS: Final = 't'  # PyTypeObject *
CLOSURE: Final = 'c'  # void *
# Of slots only.
VOID: Final = '0'
INT: Final = 'i'
COUNT: Final = 'z'  # size_t
NAME: Final = 's'  # char *
RESULT: Final = 'r'  # PyObject **
VISIT: Final = 'f'  # visitproc
DEFINITION: Final = 'd'  # PyModuleDef *
VIEW: Final = 'b'  # Py_buffer *
SEND: Final = 'e'  # PySendResult

# Where the first arguments travel (x86-64 System V ABI, 3.2.3).
REGISTERS: Final = ('rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9')


@dataclass(frozen=True, slots=True)
class Signature:
    """One trampoline: `tramp_<name>` in libtramp, `tramp_cxx_<name>` in libtramp-cxx.

    Its own parameters are `parameters` and then the function and a name for messages.
    """

    name: str
    convention: str  # as the JSON report spells it
    parameters: tuple[tuple[str, str], ...]  # (kind, name) of the method's own parameters
    plain: bool  # the method has the type PyCFunction, so that a table takes it without a cast
    taken: int | None = None  # how many of the parameters the method itself takes, None: all
    boxed: bool = False  # impl and name travel behind one pointer, where two more arguments would not fit the registers
    result: str = OBJECT  # a kind
    rule: str = 'raises'  # what the barrier does with an exception, in the words of signatures.def
    failure: str = 'NULL'  # what is returned then


def _signature(
    name: str, convention: str, kinds: str, names: str, *, plain: bool = False, taken: int | None = None, boxed: bool = False
) -> Signature:
    return Signature(name, convention, tuple(zip(kinds, names.split(), strict=True)), plain, taken, boxed)


METHODS: Final = (
    _signature('noargs', 'noargs', 'oo', 'self ignored', plain=True),
    _signature('o', 'o', 'oo', 'self arg', plain=True),
    _signature('varargs', 'varargs', 'oo', 'self args', plain=True),
    _signature('keywords', 'varargs|keywords', 'ooo', 'self args kwargs'),
    _signature('fastcall', 'fastcall', 'ovn', 'self args nargs'),
    _signature('fastcall_keywords', 'fastcall|keywords', 'ovno', 'self args nargs kwnames'),
    _signature('method', 'method|fastcall|keywords', 'otvno', 'self cls args nargs kwnames', boxed=True),
)

# A METH_VARARGS method that takes a vector from now on; no source has this convention.
POSITIONAL: Final = _signature('positional', 'positional', 'ovno', 'self args nargs kwnames', taken=3)

BY_CONVENTION: Final = {s.convention: s for s in (*METHODS, POSITIONAL)}

_CONVENTION_FLAGS: Final = {
    frozenset({'METH_NOARGS'}): 'noargs',
    frozenset({'METH_O'}): 'o',
    frozenset({'METH_VARARGS'}): 'varargs',
    frozenset({'METH_VARARGS', 'METH_KEYWORDS'}): 'varargs|keywords',
    frozenset({'METH_FASTCALL'}): 'fastcall',
    frozenset({'METH_FASTCALL', 'METH_KEYWORDS'}): 'fastcall|keywords',
    frozenset({'METH_METHOD', 'METH_FASTCALL', 'METH_KEYWORDS'}): 'method|fastcall|keywords',
}

# Include/methodobject.h
_VALUES: Final = {'METH_VARARGS': 0x1, 'METH_KEYWORDS': 0x2, 'METH_NOARGS': 0x4, 'METH_O': 0x8, 'METH_FASTCALL': 0x80, 'METH_METHOD': 0x200}
# The flags that say how a method is called.
CALLING: Final = sum(_VALUES.values())

# They say where a method is bound or what it may shadow, not how it is called.
_BINDING_FLAGS: Final = frozenset({'METH_CLASS', 'METH_STATIC', 'METH_COEXIST'})


def convention_of(flags: frozenset[str] | None) -> str | None:
    """Return the calling convention that a set of METH_ names means, None where it means none that CPython has.

    METH_KEYWORDS alone was an alias of METH_VARARGS|METH_KEYWORDS until CPython 3.8 refused it, so it is not taken for either.
    """
    if flags is None:
        return None
    return _CONVENTION_FLAGS.get(flags - _BINDING_FLAGS)


def flags_of(convention: str) -> int:
    """Return the value of the flags that mean a convention, of those in CALLING."""
    names = next(names for names, found in _CONVENTION_FLAGS.items() if found == convention)
    return sum(_VALUES[name] for name in names)


def c_type(kind: str, *, cxx: bool) -> str:
    """Spell a parameter type so that it needs no Python.h and can not be shadowed by a project's own names.

    A VIEW and a SEND have no such name: where they come, the trampoline and the function have types that differ, see `stub_type`.
    """
    struct = '::' if cxx else 'struct '
    return {
        OBJECT: f'{struct}_object *',
        VECTOR: f'{struct}_object *const *',
        SIZE: '__PTRDIFF_TYPE__ ',
        CLASS: f'{struct}_typeobject *',
        CLOSURE: 'void *',
        VOID: 'void ',
        INT: 'int ',
        COUNT: '__SIZE_TYPE__ ',
        NAME: 'char *',
        RESULT: f'{struct}_object **',
        VISIT: f'int (*)({struct}_object *, void *)',
        DEFINITION: f'{struct}PyModuleDef *',
        VIEW: 'void *',
        SEND: 'int ',
    }[kind]


def stub_type(kind: str, *, cxx: bool) -> str:
    """Spell a type for what stands in a slot, behind Python.h: exactly the type that CPython declares."""
    return {VIEW: 'Py_buffer *', SEND: 'PySendResult ', VISIT: 'visitproc '}.get(kind) or c_type(kind, cxx=cxx)


def impl_type(signature: Signature, declarator: str, *, cxx: bool) -> str:
    """Declare a pointer to the function, as the trampoline takes it: `PyObject *(*declarator)(...)`."""
    kinds = [c_type(kind, cxx=cxx).strip() for kind, _ in signature.parameters[: signature.taken]]
    return f'{c_type(signature.result, cxx=cxx)}(*{declarator})({", ".join(kinds) or "void"})'


def cast(target: str, expression: str, *, cxx: bool) -> str:
    """Cast a function pointer to another type, with no compiler having an opinion.

    From clang 16 on, -Wcast-function-type means every cast of one, that to `void (*)(void)` too; -Wpedantic, all by way of `void *`.
    """
    if cxx:
        return f'__extension__ reinterpret_cast< {target}>(reinterpret_cast<void *>({expression}))'
    return f'__extension__ ({target})(void *)({expression})'
