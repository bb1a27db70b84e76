"""Functions that parse by one format each, for the formats that a unit has as literals.

They take what most calls pass, in exact types, and leave the whole call to libtramp's parser at the first doubt.  That stores again what
they have stored, the same values, so nothing tells that they have tried.

libtramp has those for the commonest formats: they are small for what a call needs, and large for what a module would bring along.  For
each of the others a unit has a function; the compiler decides which of them it takes into their callers.  They read objects as libtramp has
found them to be laid out at run time (csrc/parse_layout.c): nothing depends on headers, the limited API or the version of CPython.  As
long as that is not known, `tramp_plain` has no types and no object is of one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.upgrade.formats import TYPED, Format

if TYPE_CHECKING:
    from collections.abc import Iterable

_INLINE: Final = 'static __inline__ __attribute__((always_inline, unused))'
# Units that an int of one digit, which has less than 31 bits, converts to: the type that is stored, and what is tested.
_INTS: Final = {
    'b': ('unsigned char', ('value >= 0', 'value <= 255')),
    'B': ('unsigned char', ('value >= -128', 'value <= 255')),  # 3.15 warns of others, as of those of H
    'h': ('short', ('value >= -32768', 'value <= 32767')),
    'H': ('unsigned short', ('value >= -32768', 'value <= 65535')),
    'i': ('int', ()),
    'I': ('unsigned', ()),
    'l': ('long', ()),
    'k': ('unsigned long', ()),
    'L': ('__INT64_TYPE__', ()),
    'K': ('__UINT64_TYPE__', ()),
    'n': ('__PTRDIFF_TYPE__', ()),
}
_FLOATS: Final = {'d': 'double', 'f': 'float'}
_OUT: Final = 'volatile void *out'


@dataclass(frozen=True, slots=True)
class _Text:
    """C or C++: both without a warning, whatever the compiler is asked to warn about.

    There is no `if`: gcc would say that it can not judge the indentation of one so far to the right.
    """

    cxx: bool

    def cast(self, target: str, expression: str, source: str = '') -> str:
        if target == source:
            return expression
        return f'static_cast<{target}>({expression})' if self.cxx else f'({target})({expression})'

    def at(self, struct: str) -> str:
        """An object as a struct of ours."""
        return f'static_cast<const ::{struct} *>(arg)' if self.cxx else f'(const struct {struct} *)arg'

    @property
    def keywords(self) -> str:
        # C++ takes `const char **` since 3.13 (PY_CXX_CONST); of all older headers this is the superset.
        return 'const char *const *' if self.cxx else 'char *const *'

    @property
    def target(self) -> str:
        """Where to store, in a way that the compiler can not follow.

        A caller whose variable is not as large as its format says would get a warning of ours, and be compiled as one that can not do
        what it does (dbus-python parses `k` into 32 bits).  An option against the warning comes too late for gcc: a pragma and the
        code behind it stand on one line, whose columns gcc gives up counting when it is long.
        """
        out = 'const_cast<void *>(out)' if self.cxx else '(void *)(__UINTPTR_TYPE__)out'
        return f'void *target = {out}; __asm__("" : "+r"(target));'

    def store(self, value: str, *conditions: str) -> str:
        """Store a variable if the conditions hold; tell whether they do."""
        return f'{self.target} return {" && ".join([*conditions, _copied(value)])};'

    def is_of(self, kind: str) -> str:
        return f'({self.at("tramp_value")})->type == {_known(kind)}'

    def unit(self, letter: str) -> str:
        """The body of the function that converts by a unit."""
        if letter in _INTS:
            kind, tests = _INTS[letter]
            set_result = f'(result = {self.cast(kind, "value", "int")}, 1)'
            return f'int value; {kind} result; {self.store("result", "tramp_int(arg, &value)", *tests, set_result)}'
        if letter in _FLOATS:
            kind = _FLOATS[letter]
            value = self.cast(kind, f'({self.at("tramp_float")})->value', 'double')
            return f'{kind} result; {self.store("result", self.is_of("float_type"), f"(result = {value}, 1)")}'
        if letter == 'p':
            known = ' || '.join(f'arg == {_known(name)}' for name in ('true_object', 'false_object', 'none_object'))
            return f'int result = arg == {_known("true_object")}; {self.store("result", f"({known})")}'
        if letter == 's':
            return 'return tramp_parse_text(arg, out);'
        if letter == 'z':
            choice = f'arg == {_known("none_object")} ? {_copied("text")} : tramp_parse_text(arg, out)'
            return f'const char *text = {"nullptr" if self.cxx else "0"}; {self.target} return {choice};'
        if letter == TYPED:
            return self.store('arg', _known('int_type'), f'({self.at("tramp_value")})->type == type')
        return self.store('arg', *{'O': (), 'U': (self.is_of('str_type'),), 'S': (self.is_of('bytes_type'),)}[letter])


def _copied(value: str) -> str:
    return f'(__builtin_memcpy(target, &{value}, sizeof {value}), 1)'


def _known(member: str) -> str:
    return f'__atomic_load_n(&tramp_plain.{member}, __ATOMIC_ACQUIRE)'


_PLAIN: Final = (
    'struct tramp_plain { const void *int_type, *float_type, *str_type, *bytes_type, *none_object, *true_object, *false_object; '
    '__SIZE_TYPE__ bias, limit; int mask, factor, offset; };'
)
_LAYOUTS: Final = (
    'struct tramp_value { __PTRDIFF_TYPE__ references; const void *type; __SIZE_TYPE__ head; unsigned digit; } '
    '__attribute__((may_alias)); '
    'struct tramp_float { __PTRDIFF_TYPE__ references; const void *type; double value; } __attribute__((may_alias));'
)


def _int(text: _Text) -> str:
    """The value of an int of one digit: parse_layout.c says how its sign is written."""
    return (
        f'{_INLINE} int tramp_int(const void *arg, int *value) {{ '
        f'const {"::" if text.cxx else "struct "}tramp_value *at = {text.at("tramp_value")}; '
        f'return at->type == {_known("int_type")} && at->head + tramp_plain.bias <= tramp_plain.limit && '
        f'(*value = (({text.cast("int", "at->head")} & tramp_plain.mask) * tramp_plain.factor + tramp_plain.offset)'
        f' * {text.cast("int", "at->digit")}, 1); }}'
    )


def functions(formats: Iterable[Format], *, visible: str, cxx: bool) -> list[str]:
    """Return the declarations and definitions for these formats."""
    found = sorted(formats, key=lambda f: f.name)
    parts = [
        f'{visible} int {f.name}({", ".join(["struct _object *const *", "__PTRDIFF_TYPE__", "const char *", *_types(f)])});'
        for f in found
        if f.is_common
    ]
    return parts + _own([f for f in found if not f.is_common], visible=visible, cxx=cxx)


def _own(formats: list[Format], *, visible: str, cxx: bool) -> list[str]:
    if not formats:
        return []
    text = _Text(cxx)
    letters = {letter for f in formats for letter in f.units}
    parts = [_PLAIN, f'extern {visible.replace("noplt, ", "")} {"::" if cxx else "struct "}tramp_plain tramp_plain;', _LAYOUTS]
    if letters & set('sz'):
        parts.append(f'{visible} int tramp_parse_text(const void *, volatile void *);')
    if any(f.keywords for f in formats):
        parts.append(
            f'{visible} struct _object *const *tramp_arrange(struct _object *const *, __PTRDIFF_TYPE__, struct _object *, '
            f'{text.keywords}, unsigned, struct _object **);'
        )
    if letters & _INTS.keys():
        parts.append(_int(text))
    for letter in sorted(letters):
        kind = ', const void *type' if letter == TYPED else ''
        parts.append(f'{_INLINE} int tramp_u_{letter}(const void *arg{kind}, {_OUT}) {{ {text.unit(letter)} }}')
    return [*parts, *(_function(f, text) for f in formats)]


def _types(found: Format) -> list[str]:
    """The types of what comes behind the format."""
    return [kind for letter in found.units for kind in (['const void *'] if letter == TYPED else []) + ['volatile void *']]


def _function(found: Format, text: _Text) -> str:
    count = len(found.units)
    types = {i for i, letter in enumerate(found.units) if letter == TYPED}
    given = [name for i in range(count) for name in ([f'type{i}'] if i in types else []) + [f'out{i}']]
    parameters = [f'{"const" if name.startswith("type") else "volatile"} void *{name}' for name in given]
    source = 'vector' if found.keywords else 'args'

    def convert(i: int) -> str:
        call = f'tramp_u_{found.units[i]}({source}[{i}], {f"type{i}, " if i in types else ""}out{i})'
        if i < found.required:
            return call
        return f'(!vector[{i}] || {call})' if found.keywords else f'(nargs <= {i} || {call})'

    # CPython looks for a type as it comes to it, so one that is missing is not its business.
    tests = [convert(i) for i in range(count)]
    head = f'static __attribute__((unused)) int {found.name}('
    vector = 'struct _object *const *'
    fixed = [f'{vector}args', '__PTRDIFF_TYPE__ nargs']
    if found.keywords:
        fixed += ['struct _object *kwnames', 'const char *format', f'{text.keywords}keywords']
        opening = (
            f'struct _object *buffer[{count}]; {vector}vector = tramp_arrange(args, nargs, kwnames, keywords, '
            f'{found.required << 8 | count}, buffer); '
        )
        condition, parser = ' && '.join(['vector', *tests]), 'tramp_parse_keywords(args, nargs, kwnames, format, keywords'
    else:
        fixed.append('const char *format')
        opening, parser = '', 'tramp_parse(args, nargs, format'
        bounds = [f'nargs == {count}'] if found.required == count else [f'nargs >= {found.required}'] * (found.required > 0)
        bounds += [f'nargs <= {count}'] * (found.required < count)
        condition = ' && '.join([*bounds, *tests])
    return (
        f'{head}{", ".join([*fixed, *parameters])}) {{ {opening}return __builtin_expect({condition}, 1) ? 1 : '
        f'{", ".join([parser, *given])}); }}'
    )
