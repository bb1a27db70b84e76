"""The functions between a stub and a trampoline that hands a catch chain on: one for each chain and signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tramp_build.rewrite.prelude import VISIBLE, trampoline
from tramp_build.signatures import CLOSURE, INT, OBJECT, REGISTERS, Signature, c_type, impl_type

if TYPE_CHECKING:
    from tramp_build.model import Answer

GETTER: Final = Signature('get', 'getset', ((OBJECT, 'self'), (CLOSURE, 'closure')), plain=False)
SETTER: Final = Signature(
    'set', 'getset', ((OBJECT, 'self'), (OBJECT, 'value'), (CLOSURE, 'closure')), plain=False, result=INT, failure='-1'
)


def symbol(signature: Signature) -> str:
    """Return the trampoline that takes a chain."""
    return trampoline(f'chain_{signature.name}', barrier=True)


def declared(signature: Signature) -> str:
    """Declare the trampoline that takes a chain."""
    types = [c_type(kind, cxx=True).strip() for kind, _ in signature.parameters]
    if signature.boxed:
        types.append(f'const ::tramp_{signature.name}_def *')
    elif signature not in (GETTER, SETTER):
        types += [impl_type(signature, '', cxx=True), 'const char *']
    result = c_type(signature.result, cxx=True)
    return f'{VISIBLE} {result}{symbol(signature)}({", ".join(types)}, {result}(*)());'


def name_of(answer: Answer, signature: Signature) -> str:
    """Return what stubs call in place of the trampoline."""
    return f'{answer.name}_{signature.name}'


def definition(answer: Answer, signature: Signature) -> str:
    """Define it, for the place that the answer is declared from."""
    own = [_parameter(kind, name) for kind, name in signature.parameters]
    names = [f'tramp_{name}' for _, name in signature.parameters]
    if signature.boxed:
        own.append(f'const ::tramp_{signature.name}_def *tramp_def')
        names.append('tramp_def')
    elif signature not in (GETTER, SETTER):
        own += [impl_type(signature, 'tramp_impl', cxx=True), 'const char *tramp_name']
        names += ['tramp_impl', 'tramp_name']
    # No more can be added in a jump.
    inlined = len(names) < len(REGISTERS)
    head = '__attribute__((__always_inline__, __unused__)) static inline' if inlined else '__attribute__((__noinline__, __unused__)) static'
    local, chain = (spelled.rpartition('::')[2] for spelled in (name_of(answer, signature), answer.name))
    call = f'::{symbol(signature)}({", ".join(names)}, {chain})'
    return f'{head} {c_type(signature.result, cxx=True)}{local}({", ".join(own)}) {{ return {call}; }}'


def _parameter(kind: str, name: str) -> str:
    spelled = c_type(kind, cxx=True)
    return spelled.replace('(*)', f'(*tramp_{name})', 1) if '(*)' in spelled else f'{spelled}tramp_{name}'
