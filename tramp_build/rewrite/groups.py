"""The stubs of C tables in groups, for which the compiler chooses between functions and assembly.

gcc takes about a millisecond for a function, however small, and nothing for three instructions.  A group is one function that never
runs, around the code of all its stubs.  Each stub's function and name are operands, so the compiler says by which symbol it knows the
function, checks its type and keeps it; `X` takes an address in position-independent code, where gcc 12 refuses `i`.  clang refuses
both; and where the launcher says nothing of TRAMP_ASSEMBLY (launcher/parse.c) the options of the call do not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.rewrite.prelude import LINE, trampoline
from tramp_build.signatures import SEND, VOID, Signature, impl_type, stub_type
from tramp_build.text import c_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Where the first arguments travel (x86-64 System V ABI, 3.2.3).
_REGISTERS: Final = ('rdi', 'rsi', 'rdx', 'rcx', 'r8', 'r9')
# gcc has `naked` on x86 since 8.
_CHOICE: Final = (
    '#if defined TRAMP_ASSEMBLY && defined __x86_64__ && defined __ELF__ && !defined __ILP32__ && __GNUC__ >= 8 '
    '&& !defined __clang__ && !defined __INTEL_COMPILER'
)
_ASSEMBLY: Final = (
    '#if defined __CET__ && __CET__ & 1',
    '#define TRAMP_TARGET "endbr64\\n\\t"',
    '#else',
    '#define TRAMP_TARGET',
    '#endif',
    '#define TRAMP_STORAGE extern __attribute__((unused, visibility("hidden")))',
    '#define TRAMP_STUBS(holder) __attribute__((cold, naked, noipa, used)) static void holder(void) {',
    '#define TRAMP_END }',
    '#define TRAMP_STUB(name, symbol, first, second, signature, impl, text) '
    '__asm__ volatile ('
    '#name ":\\n\\t" TRAMP_TARGET '
    '"mov %p0@GOTPCREL(%%rip), %%" first "\\n\\t'  # a linker makes it `lea`, of the same size, where the module has the function
    'lea %p1(%%rip), %%" second "\\n\\t'
    'jmp *" #symbol "@GOTPCREL(%%rip)\\n\\t'
    '.type " #name ", @function\\n\\t'
    '.size " #name ", .-" #name '
    ': : "X"(impl), "X"(text), "i"(sizeof ((signature){impl})))',
)
_FUNCTIONS: Final = (
    '#define TRAMP_STORAGE __attribute__((cold, unused)) static',
    '#define TRAMP_STUBS(holder)',
    '#define TRAMP_END',
)
# A macro is used where an `#if` of the source says so.
_QUIET: Final = ('#pragma GCC diagnostic push', '#pragma GCC diagnostic ignored "-Wunused-macros"')
_LOUD: Final = '#pragma GCC diagnostic pop'


@dataclass(frozen=True, slots=True)
class Grouped:
    """One stub of a group."""

    signature: Signature
    stub: str  # its identifier
    impl: str  # the function, of the type that the trampoline takes
    name: str  # for people


def fits(signature: Signature) -> bool:
    """Tell whether stubs of a signature can stand in a group; not where the type of the function or of its result has no name."""
    return not signature.boxed and signature.result != SEND and len(signature.parameters) + 2 <= len(_REGISTERS)


def text(stubs: Sequence[Grouped]) -> str:
    """Declare the stubs and define them."""
    declared = ' '.join(f'TRAMP_DECLARE_{stub.signature.name}({stub.stub});' for stub in stubs)
    defined = ' '.join(f'TRAMP_STUB_{stub.signature.name}({stub.stub}, {stub.impl}, {c_string(stub.name)});' for stub in stubs)
    return f'{declared} TRAMP_STUBS({stubs[0].stub}_) {defined} TRAMP_END'


def definitions(signatures: Iterable[Signature], *, barrier: bool) -> bytes:
    """Define the macros of the groups for these signatures, in front of a unit."""
    used = [signature for _, signature in sorted({s.name: s for s in signatures}.items())]
    if not used:
        return b''
    lines = [
        *_QUIET,
        *(_declare(signature) for signature in used),
        _CHOICE,
        *_ASSEMBLY,
        *(line for signature in used for line in _in_assembly(signature, barrier=barrier)),
        '#else',
        *_FUNCTIONS,
        *(_as_function(signature, barrier=barrier) for signature in used),
        '#endif',
        _LOUD,
    ]
    return b''.join(LINE + line.encode('ascii') for line in lines)


def _declare(signature: Signature) -> str:
    return f'#define TRAMP_DECLARE_{signature.name}(name) TRAMP_STORAGE {_head(signature)}'


def _head(signature: Signature) -> str:
    own = ', '.join(f'{stub_type(kind, cxx=False)}tramp_{name}' for kind, name in signature.parameters)
    return f'{stub_type(signature.result, cxx=False)}name({own})'


def _in_assembly(signature: Signature, *, barrier: bool) -> tuple[str, str]:
    first = len(signature.parameters)
    struct = f'struct tramp_{signature.name}_impl'
    symbol = trampoline(signature.name, barrier=barrier)
    registers = f'"{_REGISTERS[first]}", "{_REGISTERS[first + 1]}"'
    return (
        f'{struct} {{ {impl_type(signature, "impl", cxx=False)}; }};',
        f'#define TRAMP_STUB_{signature.name}(name, impl, text) TRAMP_STUB(name, {symbol}, {registers}, {struct}, impl, text)',
    )


def _as_function(signature: Signature, *, barrier: bool) -> str:
    arguments = ''.join(f'tramp_{name}, ' for _, name in signature.parameters)
    call = f'{trampoline(signature.name, barrier=barrier)}({arguments}impl, text);'
    body = call if signature.result == VOID else f'return {call}'
    # A declaration, for the semicolon that the macro is followed by.
    return f'#define TRAMP_STUB_{signature.name}(name, impl, text) TRAMP_STORAGE {_head(signature)} {{ {body} }} struct _object'
