"""The parameters that `args` and `kwargs` come by, and those that a vector comes by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tramp_build.model import Edit, Span
from tramp_build.signatures import OBJECT, SIZE, VECTOR, c_type
from tramp_build.upgrade.uses import ARGS, KWNAMES, NARGS, Forward

if TYPE_CHECKING:
    from tramp_build.model import Function, Parameter

# Where a method has them.
VARARGS: Final = Forward(args=1, kwargs=None, count=2)
KEYWORDS: Final = Forward(args=1, kwargs=2, count=3)

# Py_UNUSED(args), NPY_UNUSED(args): the body can not use it, or does so under a name that does not compile.
_UNUSED: Final = re.compile(rb'\b\w*(?:UNUSED|unused)\w*\s*\(\s*(\w+)\s*\)')
# `PyObject *args` in the ways it is written; a parameter of another type is not for us.
_OBJECT_PARAMETER: Final = re.compile(
    rb'(?:(?:const|register|struct)\s+)?(?:::\s*)?(?:PyObject|_object)\s*\*(?:\s*(?:const|restrict))?\s*(\w*)\Z'
)
_OBJECT_RESULT: Final = re.compile(rb'\bPyObject\s*\*[\s\w()]*\Z')
_INLINE: Final = re.compile(rb'\b(?:__)?inline(?:__)?\b')
_ATTRIBUTES: Final = re.compile(rb'__attribute__\s*\(\(.*?\)\)|\[\[.*?\]\]|/\*.*?\*/|//[^\n]*', re.DOTALL)


def names(text: bytes, function: Function, place: Forward) -> tuple[bytes | None, bytes | None] | None:
    """Return the names of `args` and `kwargs` (None: it has none), or None where these are not two objects."""
    if function.varies or len(function.parameters) != place.count:
        return None
    found = [_name(text, function.parameters[at]) for at in (place.args, place.kwargs) if at is not None]
    if any(name is None for name in found):
        return None
    return found[0] or None, (found[1] or None) if place.kwargs is not None else None


def _name(text: bytes, parameter: Parameter) -> bytes | None:
    """Return the name of an object parameter, empty where it can not be used; None where it is no object."""
    spelled = _ATTRIBUTES.sub(b' ', text[parameter.span.start : parameter.span.end]).strip()
    unused = _UNUSED.search(spelled)
    if unused:
        spelled = spelled[: unused.start()].rstrip()
    match = _OBJECT_PARAMETER.match(spelled)
    if not match:
        return None
    return b'' if unused else match[1]


def is_plain(text: bytes, function: Function, count: int) -> bool:
    """Tell whether a function is everybody's and of so many objects, and gives an object."""
    result = _ATTRIBUTES.sub(b' ', text[function.span.start : function.name_span.start])
    return (
        not (function.varies or function.static or function.scope.path or '::' in function.name)
        and len(function.parameters) == count
        and all(_name(text, parameter) is not None for parameter in function.parameters)
        and _OBJECT_RESULT.search(result) is not None
        and _INLINE.search(result) is None
    )


def edits(text: bytes, function: Function, place: Forward, *, cxx: bool) -> list[Edit]:
    """Return the edits that make the parameters a vector's."""
    # `(void)args;` and a lone GET_SIZE use one of the two; the other must not warn.
    unused = ' __attribute__((__unused__))' if function.body else ''
    args = f'{c_type(VECTOR, cxx=cxx)}{ARGS}{unused}, {c_type(SIZE, cxx=cxx)}{NARGS}{unused}'
    found = [_edit(text, function.parameters[place.args].span, args)]
    if place.kwargs is not None:
        kwnames = f'{c_type(OBJECT, cxx=cxx)}{KWNAMES}{unused}'
        found.append(_edit(text, function.parameters[place.kwargs].span, kwnames))
    return found


def _edit(text: bytes, span: Span, replacement: str) -> Edit:
    return Edit(span, replacement.encode() + b'\n' * text.count(b'\n', span.start, span.end))
