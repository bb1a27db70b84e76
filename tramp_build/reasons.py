"""The sentences for people behind the stable ids: why a row is not routed, and what became of a file in a build."""

from __future__ import annotations

from typing import Final, NamedTuple

from tramp_build.model import Reason


class Sentence(NamedTuple):
    """What is the case, and what a user can do about it ('' where nothing is amiss)."""

    cause: str
    remedy: str = ''


SENTENCES: Final[dict[Reason, Sentence]] = {
    Reason.EXTERNAL_DEFINITION: Sentence(
        'no source of the project declares or defines the function; where a macro may, a build asks the preprocessor',
        'Declare it in the file of the table, or in a header of the project; a function of another library keeps its own error handling.',
    ),
    Reason.MACRO_ROW: Sentence(
        'a macro makes the row; a build asks the preprocessor what it is with the flags of the compile',
        'The report of the build says what has become of it; where it stays, write the row out as {"name", function, flags, doc}.',
    ),
    Reason.MACRO_FUNCTION: Sentence(
        'a macro makes the name of the function; a build asks the preprocessor which it is',
        "The report of the build says what has become of it; where it stays, write the function's own name in the row.",
    ),
    Reason.CONDITIONAL_ROW: Sentence(
        'an #if begins or ends inside the row',
        'Put the whole row inside the #if, once for each branch.',
    ),
    Reason.CONDITIONAL_FUNCTION: Sentence(
        'the row stands under an #if of its own, and no place was found where the function is declared under the same condition',
        'Declare the function before the table, outside of #if or under the same one as its definition.',
    ),
    Reason.FLAT_ROW: Sentence(
        'the fields of the row have no braces of their own',
        'Put braces around each row of the table.',
    ),
    Reason.UNKNOWN_FLAGS: Sentence(
        "the flags of the row do not tell the function's calling convention",
        'Write the flags with the METH_ names of Python.h, or as a macro that is defined once, in the same file.',
    ),
    Reason.NOT_A_FUNCTION: Sentence(
        'what stands in place of the function is not the plain name of one',
        'Name the function itself in the row, with a cast if need be.',
    ),
    Reason.CPYTHON_FUNCTION: Sentence(
        "the function is CPython's own and raises no C++ exception",
    ),
    Reason.DECLARED_LATER: Sentence(
        'the table stands inside a function, and its method is declared only after that',
        'Declare the method before the function that has the table.',
    ),
    Reason.LOCAL_TABLE: Sentence(
        'the table stands inside a function or class, and the row uses what is known only there',
        'Move the table to file scope and make it static.',
    ),
    Reason.EXCLUDED_FILE: Sentence(
        'the configuration leaves the file alone',
        'Change "include" or "exclude" in [tool.tramp-build].',
    ),
    Reason.EXCLUDED_FUNCTION: Sentence(
        'the configuration leaves the function alone',
        'Change "exclude-functions" in [tool.tramp-build].',
    ),
    Reason.LANGUAGE_OFF: Sentence(
        'the configuration leaves sources in this language alone',
        'Change "languages" in [tool.tramp-build].',
    ),
    Reason.INCLUDED_FILE: Sentence(
        'the file is not compiled by itself but included by another one, and included files are left as they are',
        'Move the table to the file that is compiled.',
    ),
    Reason.NEEDS_ORIGINAL: Sentence(
        'the source means something else when a copy of it is compiled (__BASE_FILE__, #include_next, an #include that a macro names)',
        'Move the table to a file that does without.',
    ),
    Reason.UNREADABLE: Sentence(
        'the source could not be read or taken apart far enough to change it safely',
        '"tramp-build explain FILE" names the place where reading stopped.',
    ),
    Reason.NOTHING_TO_ROUTE: Sentence(
        'the row has no function, or one that goes through a trampoline already',
    ),
    Reason.COMPARED: Sentence(
        'other code refers to the function and might compare it with what the slot holds (Py_TRASHCAN_BEGIN does), or another slot that '
        'holds it can not be routed',
        'Name the function in slots and calls only.',
    ),
    Reason.NO_TRAMPOLINE: Sentence(
        'the slot belongs to the memory management (tp_alloc, tp_free, tp_is_gc), and no trampoline serves it',
    ),
    Reason.UNKNOWN_SLOT: Sentence(
        'the id of the slot is not one of those of CPython that hold a function',
    ),
    Reason.SAYS_ITS_NAME: Sentence(
        'the function says its own name (__func__, assert), and would get another one',
        'Do in another function what says the name.',
    ),
    Reason.OVERLOADED: Sentence(
        'there are several functions of that name, and a slot does not tell which',
        'Give the function of the slot a name of its own.',
    ),
    Reason.ARGS_ESCAPE: Sentence(
        'the function uses its argument tuple for more than a parse call, its size or its items, so it keeps METH_VARARGS',
        'Give the tuple to one of the PyArg_ parsers only, or to a static function of the same file that does so.',
    ),
    Reason.KWARGS_ESCAPE: Sentence(
        'the function uses its dictionary of keyword arguments for more than a parse call, so it keeps METH_VARARGS',
        'Give the dictionary to PyArg_ParseTupleAndKeywords only.',
    ),
    Reason.CALLED_DIRECTLY: Sentence(
        'other C code calls the function with a tuple, so it keeps METH_VARARGS',
        'Let both call a function that takes the parsed arguments.',
    ),
    Reason.REFERENCED: Sentence(
        'something other than a row of a method table refers to the function, so it keeps METH_VARARGS',
        'Refer to it from method tables only.',
    ),
    Reason.EXTERNAL_LINKAGE: Sentence(
        'the function is not static and another file of the project mentions its name, so it keeps METH_VARARGS',
        'Make it static, or put it into the file of its table.',
    ),
    Reason.MAY_BE_PASTED: Sentence(
        'a macro with ## could refer to the function, so it keeps METH_VARARGS',
        'Name it so that no macro can put the name together.',
    ),
    Reason.SIGNATURE: Sentence(
        'the function does not take (PyObject *, PyObject *), or not as many as its flags say, so it keeps METH_VARARGS',
        'Declare its arguments as PyObject *.',
    ),
    Reason.READS_ML_METH: Sentence(
        'the project reads ml_meth, ml_flags or PyCFunction_GetFunction itself, so the row keeps what it has',
        'Nothing; this is what keeps such code right.',
    ),
    Reason.LIMITED_API: Sentence(
        'there is no METH_FASTCALL in the limited API before 3.10, so the function keeps METH_VARARGS',
        'Define Py_LIMITED_API as 0x030A0000 or later.',
    ),
    Reason.FASTCALL_OFF: Sentence(
        'the configuration keeps METH_VARARGS as it is',
        'Change "fastcall" in [tool.tramp-build].',
    ),
}

# Rows for which nothing is missing: they need no trampoline, or the project says that they shall have none.
NEEDS_NOTHING: Final = frozenset(
    {
        Reason.CPYTHON_FUNCTION,
        Reason.NOTHING_TO_ROUTE,
        Reason.NO_TRAMPOLINE,
        Reason.UNKNOWN_SLOT,
        Reason.EXCLUDED_FILE,
        Reason.EXCLUDED_FUNCTION,
        Reason.LANGUAGE_OFF,
    }
)

# What a build adds to the reasons: the row was to be routed, and its file was compiled as it is all the same.
FALLBACK: Final = 'fallback'
AS_IS: Final = 'compiled-as-is'

BUILD_SENTENCES: Final[dict[str, Sentence]] = {
    FALLBACK: Sentence(
        'the rewritten source did not compile, so the original was compiled',
        'Name the file in "exclude" of [tool.tramp-build] to silence the warning, and please report the message of the compiler.',
    ),
    AS_IS: Sentence(
        'the original was compiled, for a reason that has to do with the whole file or with how the compiler was called',
        'The outcome of the file says which.',
    ),
}

REASON_IDS: Final = (*(reason.value for reason in Reason), *BUILD_SENTENCES)


def sentence(reason: str) -> Sentence:
    """The sentence for an id, also for one that a newer release wrote."""
    if reason in BUILD_SENTENCES:
        return BUILD_SENTENCES[reason]
    try:
        return SENTENCES[Reason(reason)]
    except ValueError:
        return Sentence(f'{reason} (this release of tramp-build has no sentence for it)')
