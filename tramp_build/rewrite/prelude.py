"""What stands in front of a rewritten unit: the declarations of what its stubs use.

They are written out instead of included, so that a build depends on no header of ours: dependency files name only what the
project itself has, and an editable install that compiles again next year needs nothing but the compiler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.rewrite import formats
from tramp_build.signatures import BY_CONVENTION, CLOSURE, DEFINITION, OBJECT, SIZE, VECTOR, Signature, c_type, impl_type
from tramp_build.text import c_string
from tramp_build.upgrade import entries
from tramp_build.upgrade.formats import Format

if TYPE_CHECKING:
    from collections.abc import Iterable

# `-fvisibility=hidden` spares declarations, a surrounding `#pragma GCC visibility push(hidden)` of `-include` files does not.
# Every call is one into libtramp: without a jump by way of the procedure linkage table it costs one branch less.
# clang does not know the attribute.
_QUIET: Final = r'_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wattributes\"")'
_LOUD: Final = '_Pragma("GCC diagnostic pop")'
VISIBLE: Final = '__attribute__((__noplt__, __visibility__("default")))'
# What stands for a line end in front of a unit: a body has all of that on its first line.  White space to every reader.
LINE: Final = b'\f'


# The second entry of a function serves the units of one module.
_HIDDEN: Final = '__attribute__((__visibility__("hidden")))'
# Weak: the unit that defines the function may have been compiled as it is.
# gold gives a weak symbol that is hidden and not there the address of the module; nobody else defines it, since where it is, it is hidden.
_WEAK: Final = '__attribute__((__weak__, __visibility__("default")))'


@dataclass(frozen=True, slots=True)
class Outside:
    """The second entry of a function that other files share."""

    function: str
    keywords: bool
    elsewhere: bool  # it is another file's


def trampoline(name: str, *, barrier: bool) -> str:
    """Return the symbol of a trampoline: the library with the barrier has names of its own, so that `--as-needed` can choose."""
    return f'tramp_cxx_{name}' if barrier else f'tramp_{name}'


def declaration(signature: Signature, *, barrier: bool, cxx: bool) -> str:
    """Declare the trampoline of a method convention or a slot."""
    parameters = [c_type(kind, cxx=cxx).strip() for kind, _ in signature.parameters]
    if signature.boxed:
        parameters.append(f'const {"::" if cxx else "struct "}tramp_{signature.name}_def *')
    else:
        parameters += [impl_type(signature, '', cxx=cxx), 'const char *']
    return f'{VISIBLE} {c_type(signature.result, cxx=cxx)}{trampoline(signature.name, barrier=barrier)}({", ".join(parameters)});'


def _box(signature: Signature, *, cxx: bool) -> str:
    return f'struct tramp_{signature.name}_def {{ {impl_type(signature, "impl", cxx=cxx)}; const char *name; }};'


def _getset(*, barrier: bool, cxx: bool) -> list[str]:
    obj, closure = c_type(OBJECT, cxx=cxx), c_type(CLOSURE, cxx=cxx)
    getter, setter = f'{obj}(*get)({obj}, {closure})', f'int (*set)({obj}, {obj}, {closure})'
    return [
        f'struct tramp_getset {{ {getter}; {setter}; void *closure; const char *name; }};',
        f'{VISIBLE} {obj}{trampoline("get", barrier=barrier)}({obj}, {closure});',
        f'{VISIBLE} int {trampoline("set", barrier=barrier)}({obj}, {obj}, {closure});',
    ]


def _exceptions(exceptions: tuple[tuple[str, str], ...]) -> str:
    """The configured exceptions of this extension, registered when it is loaded and taken back when it is unloaded."""
    rows = ', '.join(f'{{{c_string(cxx)}, {c_string(python)}}}' for cxx, python in exceptions)
    return (
        'struct tramp_exception { const char *type; const char *python; }; '
        f'extern "C" {{ {VISIBLE} void tramp_cxx_register(const void *, const ::tramp_exception *); '
        f'{VISIBLE} void tramp_cxx_unregister(const void *); }} '
        f'static const ::tramp_exception tramp_exceptions[] = {{{rows}, {{nullptr, nullptr}}}}; '
        '__attribute__((__constructor__)) static void tramp_enter() { ::tramp_cxx_register(tramp_exceptions, tramp_exceptions); } '
        '__attribute__((__destructor__)) static void tramp_leave() { ::tramp_cxx_unregister(tramp_exceptions); }'
    )


def _parsers(names: frozenset[str], *, cxx: bool) -> list[str]:
    """Declare the parsers in use, and the struct that tells how PyArg_ParseTuple is spelled behind PY_SSIZE_T_CLEAN."""
    vector, size, obj = c_type(VECTOR, cxx=cxx), c_type(SIZE, cxx=cxx), c_type(OBJECT, cxx=cxx)
    parts = []
    if names & {'parse', 'parse_keywords'}:
        members = ('PyArg_ParseTuple', 'PyArg_ParseTupleAndKeywords')
        parts.append('struct tramp_spelling { ' + ' '.join(f'char {m}[1]; char _{m}_SizeT[2];' for m in members) + ' };')
    for twin in ('', '_sizet'):
        if 'parse' in names:
            parts.append(f'{VISIBLE} int tramp_parse{twin}({vector}, {size}, const char *, ...);')
        if 'parse_keywords' in names:
            words = formats.keyword_list(cxx=cxx)
            parts.append(f'{VISIBLE} int tramp_parse_keywords{twin}({vector}, {size}, {obj}, const char *, {words}, ...);')
    if 'unpack' in names:
        parts.append(f'{VISIBLE} int tramp_unpack({vector}, {size}, const char *, {size}, {size}, ...);')
    if 'item' in names:
        parts.append(f'{VISIBLE} {obj}tramp_item({vector}, {size}, {size});')
    parts += formats.functions((f for name in names if (f := Format.of(name))), visible=VISIBLE, cxx=cxx)
    for suffix, kwargs, kwnames in (('', '', ''), ('_keywords', f', {obj}', f', {obj}')):
        impl = f'{obj}(*)({obj}, {vector}, {size}{kwnames})'
        if f'by_vector{suffix}' in names:
            parts.append(f'{VISIBLE} {obj}tramp_by_vector{suffix}({obj}, {obj}{kwargs}, {impl});')
        if f'by_tuple{suffix}' in names:
            old = f'{obj}(*{{}})({obj}, {obj}{kwargs})'
            route = f'{obj}(*route)({obj}, {obj}{kwargs}, {old.format("")}, const char *)'
            parts.append(f'struct tramp_by_tuple{suffix}_def {{ {old.format("impl")}; {route}; const char *name; }};')
            box = f'const {"::" if cxx else "struct "}tramp_by_tuple{suffix}_def *'
            parts.append(f'{VISIBLE} {obj}tramp_by_tuple{suffix}({obj}, {vector}, {size}, {obj}, {box});')
    return parts


def _entry(outside: Outside, *, cxx: bool) -> str:
    attributes = _WEAK if outside.elsewhere else _HIDDEN
    types = entries.parameters(keywords=outside.keywords, cxx=cxx)
    return f'{attributes} {c_type(OBJECT, cxx=cxx)}{entries.name_of(outside.function)}({types});'


def prelude(
    conventions: Iterable[str],
    *,
    getset: bool,
    barrier: bool,
    cxx: bool,
    exceptions: tuple[tuple[str, str], ...],
    parsers: frozenset[str] = frozenset(),
    outside: tuple[Outside, ...] = (),
    slots: Iterable[Signature] = (),
    templates: Iterable[str] = (),
    chains: Iterable[str] = (),
) -> bytes:
    """Return the line, without its line end; `conventions` are the names that the JSON report uses.

    `templates` is what else stands in front of a C++ unit, `chains` declares the trampolines that take a catch chain.
    """
    parts = _parsers(parsers, cxx=cxx)
    signatures = [*(BY_CONVENTION[name] for name in sorted(set(conventions))), *slots]
    parts += [_box(s, cxx=cxx) for s in signatures if s.boxed]
    parts += [declaration(s, barrier=barrier, cxx=cxx) for s in signatures]
    parts += [_entry(found, cxx=cxx) for found in outside]
    parts += chains
    if getset:
        parts += _getset(barrier=barrier, cxx=cxx)
    opening = 'struct _object; struct _typeobject; '
    if any(kind == DEFINITION for s in signatures for kind, _ in s.parameters):
        opening += 'struct PyModuleDef; '
    text = f'extern "C" {{ {" ".join(parts)} }}' if cxx else ' '.join(parts)
    text = ' '.join([text, *templates])
    if exceptions and barrier and cxx:
        text = f'{text} {_exceptions(exceptions)}'
    return f'{opening}{_QUIET} {text} {_LOUD}'.encode('ascii')
