"""The stubs of tables in groups, for which the compiler chooses between functions and assembly.

gcc takes about a millisecond for a function, however small, and nothing for three instructions.  A group is one function that never
runs, around the code of all its stubs.  Each stub's function and name are operands, so the compiler says by which symbol it knows the
function, checks its type and keeps it; `X` takes an address in position-independent code, where gcc 12 refuses `i`.  clang refuses
both; and where the launcher says nothing of TRAMP_ASSEMBLY (launcher/parse.c) the options of the call do not fit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tramp_build.rewrite.prelude import LINE, trampoline
from tramp_build.signatures import REGISTERS, SEND, VOID, Signature, impl_type, stub_type
from tramp_build.text import c_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# gcc has `naked` on x86 since 8.
_CHOICE: Final = (
    '#if defined TRAMP_ASSEMBLY && defined __x86_64__ && defined __ELF__ && !defined __ILP32__ && __GNUC__ >= 8 '
    '&& !defined __clang__ && !defined __INTEL_COMPILER'
)
# Of the load a linker makes `lea`, of the same size, where the module has the function; and of such a jump a direct one.
_ASSEMBLY: Final = (
    '#if defined __CET__ && __CET__ & 1',
    '#define TRAMP_TARGET "endbr64\\n\\t"',
    '#else',
    '#define TRAMP_TARGET',
    '#endif',
    '#define TRAMP_STUBS(holder) __attribute__((__cold__, __naked__, __noipa__, __used__)) static void holder(void) {',
    '#define TRAMP_END }',
    '#define TRAMP_CODE(name, symbol, first, second, impl, text, other) '
    '__asm__ volatile (#name ":\\n\\t" TRAMP_TARGET '
    '"mov %p0@GOTPCREL(%%rip), %%" first "\\n\\t'
    'lea %p1(%%rip), %%" second "\\n\\t'
    'jmp *" symbol "@GOTPCREL(%%rip)\\n\\t'
    '.type " #name ", @function\\n\\t'
    '.size " #name ", .-" #name : : "X"(impl), "X"(text), other)',
)
_FUNCTIONS: Final = (
    '#define TRAMP_STORAGE __attribute__((__cold__, __unused__)) static',
    '#define TRAMP_STUBS(holder)',
    '#define TRAMP_END',
)
_STORAGE: Final = '#define TRAMP_STORAGE extern {}__attribute__((__unused__, __visibility__("hidden")))'
# A macro is used where an `#if` of the source says so.
_QUIET: Final = ('#pragma GCC diagnostic push', '#pragma GCC diagnostic ignored "-Wunused-macros"')
_LOUD: Final = '#pragma GCC diagnostic pop'

# A function by its name, or by a cast: what else a row may say in C++ need not be constant without optimisation.
_NAMED: Final = re.compile(r'(?:::\s*)?[A-Za-z_]\w*(?:\s*::\s*\w+)*(?:\s*<.*>)?', re.DOTALL)
_CAST: Final = re.compile(r'\(\s*PyCFunction\s*\)|__extension__ |(?:reinterpret|static)_cast\b')


class Grouped(NamedTuple):
    """One stub of a group."""

    signature: Signature
    stub: str  # its identifier
    impl: str  # the function, of the type that the trampoline takes
    name: str  # for people
    through: str  # a function that hands a catch chain on, called in place of the trampoline; or empty

    @property
    def macro(self) -> str:
        """The macro that makes it."""
        return f'TRAMP_{"THROUGH" if self.through else "STUB"}_{self.signature.name}'

    def text(self) -> str:
        """Use the macro."""
        words = (self.stub, self.impl, c_string(self.name), self.through)
        return f'{self.macro}({", ".join(filter(None, words))});'


def grouped(signature: Signature, stub: str, impl: str, name: str, *, cxx: bool, through: str = '') -> Grouped | None:
    """Return a stub as one of a group, None where it can not be: where the type of the function or of its result has no name."""
    if signature.boxed or signature.result == SEND or len(signature.parameters) + 2 > len(REGISTERS):
        return None
    if cxx and _NAMED.fullmatch(impl):
        # It may be overloaded.
        impl = f'static_cast< ::tramp_{signature.name}_impl>({impl})'
    elif cxx and _CAST.match(impl):
        # In a template's arguments, a comma would end the macro's.
        impl = f'({impl})'
    elif cxx:
        return None
    return Grouped(signature, stub, impl, name, through)


def text(stubs: Sequence[Grouped]) -> str:
    """Declare the stubs and define them."""
    declared = ' '.join(f'TRAMP_DECLARE_{stub.signature.name}({stub.stub});' for stub in stubs)
    return f'{declared} TRAMP_STUBS({stubs[0].stub}_) {" ".join(stub.text() for stub in stubs)} TRAMP_END'


def definitions(stubs: Iterable[Grouped], *, barrier: bool, cxx: bool) -> bytes:
    """Define the macros of the groups of these stubs, in front of a unit."""
    macros = [stub for _, stub in sorted({stub.macro: stub for stub in stubs}.items())]
    if not macros:
        return b''
    used = [signature for _, signature in sorted({stub.signature.name: stub.signature for stub in macros}.items())]
    lines = [
        *_QUIET,
        *(_type(signature, cxx=cxx) for signature in used),
        *(f'#define TRAMP_DECLARE_{signature.name}(name) TRAMP_STORAGE {_head(signature, cxx=cxx)}' for signature in used),
        _CHOICE,
        *_ASSEMBLY,
        _STORAGE.format('"C" ' if cxx else ''),
        *(_in_assembly(stub, barrier=barrier, cxx=cxx) for stub in macros),
        '#else',
        *_FUNCTIONS,
        *(_as_function(stub, barrier=barrier, cxx=cxx) for stub in macros),
        '#endif',
        _LOUD,
    ]
    return b''.join(LINE + line.encode('ascii') for line in lines)


def _type(signature: Signature, *, cxx: bool) -> str:
    """Name the type of the function; in C, that of a struct with one, for an initialiser to be checked by."""
    if cxx:
        return f'typedef {impl_type(signature, f"tramp_{signature.name}_impl", cxx=True)};'
    return f'struct tramp_{signature.name}_impl {{ {impl_type(signature, "impl", cxx=False)}; }};'


def _head(signature: Signature, *, cxx: bool) -> str:
    own = ', '.join(f'{stub_type(kind, cxx=cxx)}tramp_{name}' for kind, name in signature.parameters)
    return f'{stub_type(signature.result, cxx=cxx)}name({own})'


def _define(stub: Grouped) -> str:
    return f'#define {stub.macro}(name, impl, text{", through" if stub.through else ""})'


def _in_assembly(stub: Grouped, *, barrier: bool, cxx: bool) -> str:
    signature = stub.signature
    first, second = REGISTERS[len(signature.parameters) : len(signature.parameters) + 2]
    symbol = f'"{trampoline(signature.name, barrier=barrier)}"'
    other = '"i"(0)' if cxx else f'"i"(sizeof ((struct tramp_{signature.name}_impl){{impl}}))'
    if stub.through:
        symbol, other = '"%p2"', '"X"(through)'
    return f'{_define(stub)} TRAMP_CODE(name, {symbol}, "{first}", "{second}", impl, text, {other})'


def _as_function(stub: Grouped, *, barrier: bool, cxx: bool) -> str:
    signature = stub.signature
    arguments = ''.join(f'tramp_{name}, ' for _, name in signature.parameters)
    scope = '::' if cxx else ''
    called = 'through' if stub.through else f'{scope}{trampoline(signature.name, barrier=barrier)}'
    call = f'{called}({arguments}impl, text);'
    body = call if signature.result == VOID else f'return {call}'
    # A declaration, for the semicolon that the macro is followed by.
    return f'{_define(stub)} TRAMP_STORAGE {_head(signature, cxx=cxx)} {{ {body} }} struct _object'
