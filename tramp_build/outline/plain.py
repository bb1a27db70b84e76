"""Statements that can not throw and leave nothing to be destroyed: plain declarations, arithmetic, and calls of CPython that bring no code
of the project along.

CPython is C: what it calls back is behind a barrier, or ends the process as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tramp_build.outline.handlers import RETURNS
from tramp_build.outline.names import KEYWORDS, may_be_macro
from tramp_build.outline.types import SCALARS
from tramp_build.scan import lexer

if TYPE_CHECKING:
    from collections.abc import Sequence

_STORAGE: Final = frozenset({b'static', b'const', b'volatile', b'struct', b'register'})
_SCALARS: Final = SCALARS | frozenset(
    b'bool char double float int long short signed unsigned wchar_t char16_t char32_t '
    b'Py_ssize_t Py_hash_t Py_UCS4 Py_complex Py_buffer'.split()
)
_CASTS: Final = frozenset({b'static_cast', b'reinterpret_cast', b'const_cast'})
# Of the C API: what functions of a module read their arguments and make their results with.
_CALLS: Final = frozenset(
    b'PyArg_ParseTuple PyArg_ParseTupleAndKeywords PyArg_UnpackTuple Py_BuildValue Py_INCREF Py_DECREF Py_XINCREF Py_XDECREF Py_CLEAR '
    b'Py_NewRef Py_XNewRef Py_SIZE Py_TYPE Py_IS_TYPE Py_UNUSED '
    b'PyLong_FromLong PyLong_FromUnsignedLong PyLong_FromLongLong PyLong_FromUnsignedLongLong PyLong_FromSsize_t PyLong_FromSize_t '
    b'PyLong_AsLong PyLong_AsUnsignedLong PyLong_AsLongLong PyLong_AsUnsignedLongLong PyLong_AsSsize_t PyLong_AsSize_t PyLong_AsDouble '
    b'PyLong_AsLongAndOverflow PyLong_AsVoidPtr PyLong_FromVoidPtr PyLong_Check PyLong_CheckExact PyIndex_Check PyNumber_Check '
    b'PyNumber_AsSsize_t PyNumber_Index PyNumber_Long PyNumber_Float PyFloat_FromDouble PyFloat_AsDouble PyFloat_AS_DOUBLE PyFloat_Check '
    b'PyFloat_CheckExact PyBool_FromLong PyBool_Check PyComplex_FromDoubles PyComplex_Check PyUnicode_FromString '
    b'PyUnicode_FromStringAndSize PyUnicode_AsUTF8 PyUnicode_AsUTF8AndSize PyUnicode_Check PyUnicode_CheckExact PyUnicode_GetLength '
    b'PyUnicode_GET_LENGTH PyUnicode_READY PyUnicode_AsUTF8String PyBytes_FromString PyBytes_FromStringAndSize PyBytes_AsString '
    b'PyBytes_AS_STRING PyBytes_AsStringAndSize PyBytes_GET_SIZE PyBytes_Size PyBytes_Check PyBytes_CheckExact PyByteArray_Check '
    b'PyTuple_New PyTuple_Size PyTuple_GetItem PyTuple_SetItem PyTuple_GET_SIZE PyTuple_GET_ITEM PyTuple_SET_ITEM PyTuple_Pack '
    b'PyTuple_Check PyTuple_CheckExact PyList_New PyList_Size PyList_GetItem PyList_GET_SIZE PyList_GET_ITEM PyList_Check '
    b'PyList_CheckExact PyDict_New PyDict_Check PyDict_CheckExact PyDict_Size PyDict_GetItemString PySequence_Check PySequence_Size '
    b'PySequence_Fast PySequence_Fast_GET_SIZE PySequence_Fast_GET_ITEM PySequence_GetItem PyMapping_Check PyCallable_Check '
    b'PyObject_TypeCheck PyObject_IsTrue PyObject_IsInstance PyObject_GetBuffer PyBuffer_Release PyObject_CheckBuffer PyObject_Length '
    b'PyObject_Size PyObject_GetAttrString PyObject_Str PyObject_Repr PyCapsule_GetPointer PyCapsule_CheckExact PyErr_Occurred PyErr_Clear '
    b'PyErr_SetString PyErr_SetNone PyErr_SetObject PyErr_Format PyErr_NoMemory PyErr_BadArgument PyErr_BadInternalCall '
    b'PyErr_ExceptionMatches PyModule_GetState PyType_IsSubtype'.split()
)
_VALUES: Final = frozenset({b'NULL', b'nullptr', b'true', b'false', b'Py_None', b'Py_True', b'Py_False'})
_ERRORS: Final = b'PyExc_'
# Between operands that are scalars and pointers no operator is the project's.
_OPERATORS: Final = frozenset(b'+ - / % | ^ ~ ! == != <= >= && || << >> ? :'.split())
_PLAIN: Final = frozenset({b'*', b'&', b'(', b')', b'<', b'>', b',', b'{', b'}', b'::', b'-'}) | _OPERATORS
# Behind a `*` that is part of a type.
_BEHIND_STAR: Final = frozenset({b')', b'>', b'*', b'const'})


@dataclass(slots=True)
class Statements:
    """What stands in front of a `try` or behind its chain, statement by statement."""

    tokens: Sequence[lexer.Token]
    names: set[bytes]  # parameters, and variables of plain types

    def read(self) -> bool:
        """Tell whether nothing there throws, or has to be destroyed."""
        at: int | None = 0
        while at is not None and at < len(self.tokens):
            at = self._statement(at)
        return at is not None

    def _statement(self, at: int) -> int | None:
        """Return what is behind a statement."""
        word = self._text(at)
        if word == b'if':
            return self._condition(at)
        if word == b'return':
            end = self._end(at, b';')
            return end + 1 if self._is_plain(at + 1, end) else None
        if word in RETURNS:
            return at + 2 if self._text(at + 1) == b';' else None
        if word in _CALLS and self._text(at + 1) == b'(':
            end = self._closing(at + 1) + 1
            return end + 1 if self._text(end) == b';' and self._is_plain(at, end) else None
        return self._declaration(at)

    def _condition(self, at: int) -> int | None:
        """Read `if (...) return NULL;` or with a block, and return what is behind it."""
        if self._text(at + 1) != b'(':
            return None
        closing = self._closing(at + 1)
        if not self._is_plain(at + 2, closing):
            return None
        if self._text(closing + 1) == b'{':
            end = self._closing(closing + 1)
            # What it declares is gone behind it, and may hide what is not plain.
            block = Statements(self.tokens[closing + 2 : end], set(self.names))
            behind: int | None = end + 1 if end < len(self.tokens) and block.read() else None
        else:
            behind = self._statement(closing + 1) if self._text(closing + 1) in _CALLS | RETURNS | {b'return'} else None
        return behind if behind is None or self._text(behind) != b'else' else None

    def _text(self, index: int) -> bytes:
        return self.tokens[index][1] if index < len(self.tokens) else b''

    def _closing(self, at: int) -> int:
        """Return where the bracket at `at` closes."""
        depth = 0
        for index in range(at, len(self.tokens)):
            depth += (self._text(index) in lexer.OPENING) - (self._text(index) in lexer.CLOSING)
            if not depth:
                return index
        return len(self.tokens)

    def _end(self, at: int, *ends: bytes) -> int:
        """Return where one of `ends` stands outside of brackets."""
        while at < len(self.tokens) and self._text(at) not in ends:
            at = self._closing(at) + 1 if self._text(at) in lexer.OPENING else at + 1
        return at

    def _declaration(self, at: int) -> int | None:
        """Read a declaration of scalars and pointers, and return what is behind it."""
        end = self._end(at, b';')
        while self._text(at) in _STORAGE:
            at += 1
        scalar = self._text(at) in _SCALARS
        if scalar:
            while self._text(at) in _SCALARS or self._text(at) == b'const':
                at += 1
        else:
            at = self._type(at)
        while at < end:
            behind = self._declarator(at, end, scalar=scalar)
            if behind is None:
                return None
            at = behind
        return end + 1 if at == end + 1 and end < len(self.tokens) else None

    def _type(self, at: int) -> int:
        """Return what is behind the name of a type."""
        while self._kind(at) == lexer.WORD and self._text(at) not in KEYWORDS and self._text(at + 1) == b'::':
            at += 2
        if self._kind(at) != lexer.WORD or self._text(at) in KEYWORDS:
            return at
        return at + 2 if self._text(at + 1) == b'const' else at + 1

    def _kind(self, index: int) -> int:
        return self.tokens[index][0] if index < len(self.tokens) else lexer.HASH

    def _declarator(self, at: int, end: int, *, scalar: bool) -> int | None:
        """Read one name with its initialiser, and return what is behind the comma or the semicolon."""
        stars = at
        while self._text(at) in (b'*', b'const'):
            at += 1
        name = self._text(at)
        if self._kind(at) != lexer.WORD or name in KEYWORDS or may_be_macro(name) or not (scalar or self._text(stars) == b'*'):
            return None
        at += 1
        if self._text(at) == b'[':
            closing = self._closing(at)
            if any(token[0] != lexer.NUMBER for token in self.tokens[at + 1 : closing]):
                return None
            at = closing + 1
        stop = min(self._end(at, b',', b';'), end)
        if stop > at and (self._text(at) != b'=' or not self._is_plain(at + 1, stop)):
            return None
        self.names.add(name)
        return stop + 1

    def _is_plain(self, start: int, end: int) -> bool:
        """Tell whether an expression, or a list of them, calls nothing of the project's: names, constants, addresses, casts to pointers."""
        tokens = self.tokens[start:end]
        return bool(tokens) and all(self._is_plain_token(tokens, index) for index in range(len(tokens)))

    def _is_plain_token(self, tokens: Sequence[lexer.Token], index: int) -> bool:
        kind, text, _, _ = tokens[index]
        before = tokens[index - 1][1] if index else b''
        behind = tokens[index + 1][1] if index + 1 < len(tokens) else b''
        if kind == lexer.WORD:
            if behind == b'(':
                return text in _CALLS
            return self._is_value(text, before) or text in _CASTS or _in_type(text, behind)
        if kind == lexer.STRING:
            return b'&' not in text and text[:1] in b'"Lu'  # `O&`: a converter of the project
        if kind in (lexer.NUMBER, lexer.CHAR):
            return True
        if text == b'*':
            return behind in _BEHIND_STAR or (self._is_operand(tokens, index - 1) and self._is_operand(tokens, index + 1))
        if text == b'<':
            return before == b')' or before in _CASTS or self._is_operand(tokens, index - 1)
        return text in _PLAIN

    def _is_operand(self, tokens: Sequence[lexer.Token], index: int) -> bool:
        if not 0 <= index < len(tokens):
            return False
        return tokens[index][0] == lexer.NUMBER or tokens[index][1] in self.names

    def _is_value(self, name: bytes, before: bytes) -> bool:
        if (name in self.names and before != b'::') or name in _VALUES or name.startswith(_ERRORS):
            return True
        return before == b'&' and name not in KEYWORDS and not may_be_macro(name)


def _in_type(text: bytes, behind: bytes) -> bool:
    """Tell whether a word in a cast is one of the type's."""
    return behind in (b'*', b'::') or text in (b'const', b'struct') or (text in KEYWORDS | _SCALARS and behind in (b')', b'>'))
