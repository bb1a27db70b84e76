"""The text that stands for a routed method: a stub, or in C++ a lambda within the row.

A stub is a tail call with two more arguments.  It is marked cold: that gives it no alignment (19 bytes instead of 32 with gcc 12 on
x86-64) and keeps it out of the way of the code that does the work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tramp_build.rewrite import groups
from tramp_build.rewrite.prelude import trampoline
from tramp_build.signatures import CALLING, OBJECT, c_type, cast, flags_of, impl_type
from tramp_build.text import c_string

if TYPE_CHECKING:
    from tramp_build.signatures import Signature

# Rows of one convention and one body may share a stub, and a stub under an `#if` may find no row that wants it.
_ATTRIBUTES: Final = '__attribute__((__cold__, __unused__))'


@dataclass(frozen=True, slots=True)
class Old:
    """The entry of another file's function that is called where that has no other."""

    signature: Signature
    impl: str  # as the row names it


@dataclass(frozen=True, slots=True)
class Method:
    """One routed method."""

    signature: Signature
    impl: str  # the function as the row names it, casts included, on one line
    name: str  # for people: the name in Python
    stub: str  # the identifier of the stub
    cxx: bool
    barrier: bool
    old: Old | None = None
    through: str = ''  # what it calls instead of the trampoline


def _own(name: str) -> str:
    """A parameter name that neither a macro of the project nor an outer variable is likely to have (-Wshadow)."""
    return f'tramp_{name}'


def _parameters(method: Method) -> str:
    return ', '.join(f'{c_type(kind, cxx=method.cxx)}{_own(name)}' for kind, name in method.signature.parameters)


def _impl(method: Method) -> str:
    """The method with its own type; a plain one already has the type of `ml_meth`, so the compiler checks it."""
    if method.signature.plain:
        return method.impl
    return cast(impl_type(method.signature, '', cxx=method.cxx), method.impl, cxx=method.cxx)


def _call(method: Method) -> str:
    symbol = trampoline(method.signature.name, barrier=method.barrier)
    scope = '::' if method.cxx else ''
    called = method.through or f'{scope}{symbol}'
    arguments = ', '.join(_own(name) for _, name in method.signature.parameters)
    if method.old:
        return _either(method, method.old, f'{called}({arguments}, {method.impl}, {c_string(method.name)})', arguments)
    if not method.signature.boxed:
        return f'return {called}({arguments}, {_impl(method)}, {c_string(method.name)});'
    struct = f'{scope or "struct "}tramp_{method.signature.name}_def'
    box = f'static const {struct} tramp_def = {{{_impl(method)}, {c_string(method.name)}}};'
    return f'{box} return {called}({arguments}, &tramp_def);'


def _either(method: Method, old: Old, call: str, arguments: str) -> str:
    """Call the new entry, or the old one where the unit that defines the function was compiled as it is: the symbol is weak."""
    scope = '::' if method.cxx else ''
    helper = 'tramp_by_tuple' if old.signature.plain else f'tramp_by_tuple_{old.signature.name}'
    impl = _impl(replace(method, signature=old.signature, impl=old.impl))
    route = f'{scope}{trampoline(old.signature.name, barrier=method.barrier)}'
    box = f'static const {scope or "struct "}{helper}_def tramp_old = {{{impl}, {route}, {c_string(method.name)}}};'
    return f'{box} return {method.impl} ? {call} : {scope}{helper}({arguments}, &tramp_old);'


def declaration(method: Method) -> str:
    """Declare the stub without its semicolon."""
    return f'{_ATTRIBUTES} static {c_type(OBJECT, cxx=method.cxx)}{method.stub}({_parameters(method)})'


def definition(method: Method) -> str:
    """Define the stub."""
    return f'{declaration(method)} {{ {_call(method)} }}'


def grouped(method: Method) -> groups.Grouped | None:
    """Return the stub as one of a group, None where it can not be."""
    if method.old:
        return None
    return groups.grouped(method.signature, method.stub, _impl(method), method.name, cxx=method.cxx, through=method.through)


def declared(method: Method, function: str, convention: Signature) -> str:
    """Define the stub behind a declaration of what it calls.

    Inline, since gcc without optimisation would else keep one that no row wants, and with it the name of a function that is not there.
    """
    obj = c_type(OBJECT, cxx=method.cxx)
    objects = ', '.join(obj.strip() for _ in convention.parameters)
    quiet = r'_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wredundant-decls\"")'
    own = f'{quiet} {obj}{function}({objects}); _Pragma("GCC diagnostic pop")'
    return f'{own} {declaration(method).replace(" static ", " static __inline__ ", 1)} {{ {_call(method)} }}'


def reference(method: Method) -> str:
    """What the row names instead of the function: the stub, with the type of `ml_meth`."""
    return _as_row(method, method.stub)


def chosen(choices: dict[str, str], flags: str, impl: str) -> str:
    """What the row names where `flags` decide when it is compiled: the one of `choices` with that convention, else the function."""
    # Without `==`, about which compilers have an opinion.
    tests = ''.join(f'!((({flags}) & {CALLING}) ^ {flags_of(convention)}) ? {text} : ' for convention, text in choices.items())
    return f'({tests}{impl})'


def lambda_(method: Method) -> str:
    """The stub as a lambda, which may name whatever the row may: private members, template arguments."""
    return _as_row(method, f'+[]({_parameters(method)}) -> {c_type(OBJECT, cxx=True)}{{ {_call(method)} }}')


def _as_row(method: Method, expression: str) -> str:
    if method.signature.plain:
        return expression
    plain = f'{c_type(OBJECT, cxx=method.cxx)}(*)({c_type(OBJECT, cxx=method.cxx)}, {c_type(OBJECT, cxx=method.cxx)})'
    return cast(plain, expression, cxx=method.cxx)
