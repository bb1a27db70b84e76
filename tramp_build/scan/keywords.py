"""Words that are no names, by what they tell about a declaration."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[bytes]:
    return frozenset(text.encode().split())


# Plain names in C: `PyObject *new`, `static PyObject *delete(...)`.
_CXX_ONLY: Final = _words(
    'using friend new delete concept namespace class typename operator try catch throw template virtual explicit mutable export'
)
STORAGE: Final = _words(
    'static extern inline __inline __inline__ __forceinline virtual explicit constexpr consteval constinit register _Noreturn'
    ' __extension__ template export thread_local _Thread_local __thread mutable'
)
QUALIFIERS: Final = _words('const volatile restrict __restrict __restrict__ __const __volatile__')
CLASS_KEYS: Final = _words('struct class union')
TAGS: Final = CLASS_KEYS | _words('enum typename')
ACCESS: Final = _words('public private protected signals Q_SIGNALS')
NULLS: Final = _words('NULL 0 nullptr Py_NULL __null 0L 0x0 nil')
# What may stand behind a parameter list.
TRAILING: Final = _words('const volatile override final try requires noexcept throw & && -> : = ,')

# A declaration with one of these is a statement, or names no function that could stand in a table.
_NOT_A_FUNCTION: Final = _words(
    'typedef using friend return if else while for do switch case goto break continue new delete sizeof concept static_assert'
    ' _Static_assert namespace'
)
_TYPES: Final = _words(
    'void char short int long float double signed unsigned bool _Bool _Complex wchar_t char8_t char16_t char32_t auto __signed__ __int64'
)
NEVER_NAMES_CXX: Final = (
    _NOT_A_FUNCTION | STORAGE | QUALIFIERS | TAGS | _TYPES | _words('decltype operator try catch throw defined alignof _Alignof size_t')
)
NEVER_NAMES_C: Final = NEVER_NAMES_CXX - _CXX_ONLY
NOT_A_FUNCTION_CXX: Final = _NOT_A_FUNCTION
NOT_A_FUNCTION_C: Final = _NOT_A_FUNCTION - _CXX_ONLY


def never_names(cxx: bool) -> frozenset[bytes]:
    """Return the words that are never the name of anything."""
    return NEVER_NAMES_CXX if cxx else NEVER_NAMES_C
