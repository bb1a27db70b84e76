"""Whether it pays to outline a chain: bytes of text and unwind data, as gcc 12 makes them at -O2.

What the numbers were fitted to: objects of 2, 4, 8 and 14 functions with handlers of `PyErr_SetString(PyExc_X, e.what()); return NULL;`,
with and without an object to destroy. Outlined, a function takes 30 to 45 bytes less where the chain has one clause, 94 to 109 with two,
169 to 191 with three; all together take 190 to 290 more. clang 14 saves somewhat more, gcc with -Os somewhat less. Of 300 methods that are
a try block as a whole, one takes 626 bytes more with eight clauses than with none, and 243 with three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tramp_build.outline.handlers import Handler

_CLAUSE: Final = 38  # a row and a type in the table of the function, a test of the selector, begin and end of the catch
_TOKEN: Final = 3  # of what a handler says
_SITE: Final = 50  # a `catch (...)` that calls, in the place of all clauses
_EXIT: Final = 14  # telling one more exit from the others
_FUNCTION: Final = 110  # the outlined function by itself
_TRY: Final = 25  # a try block, besides its clauses
_ANSWER: Final = 60  # what a trampoline calls
_ANSWERED: Final = 8  # one more argument
_ARGUMENT: Final = 8  # a variable that is handed on, and stays in memory for that
_TEXT: Final = 7  # a text that the function is given


def pays(handlers: Sequence[Handler], exits: int, sites: int, answered: int = 0, texts: int = 0, variables: int = 0) -> bool:
    """Tell whether chains with these handlers take less room when they share one function.

    `sites` of them keep a `catch (...)`, `answered` leave it to the trampoline; each gives the function `texts`
    and `variables`.
    """
    chain = sum(_CLAUSE + _TOKEN * len(handler.body) for handler in handlers)
    site = _SITE + _EXIT * max(0, exits - 1) + _TEXT * texts + _ARGUMENT * variables
    shared = _FUNCTION + chain + sites * site + answered * _ANSWERED + _ANSWER * (answered if texts else min(answered, 1))
    return shared < (sites + answered) * chain + answered * _TRY
