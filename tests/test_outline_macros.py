"""Handlers with macros: what those stand for decides, where the text of the unit says it for certain."""

from __future__ import annotations

import pytest
from test_outline import copies, found

from tramp_build.outline.handlers import Left

_DEFINITIONS = """\
#define SET(type, text) PyErr_SetString(PyExc_##type, text)
#define REPORT(type, text) report(type, text)
#define BAIL goto failed
#define FAIL(type, text) do { REPORT(type, text); BAIL;; } while (0)
#define FAIL_IF(failed_so, text) if (failed_so) FAIL(1, text)
#define LEAVE(label) goto label
#define GIVE(value) return value
#define WHERE(text) report(__LINE__, text)
#define OWN(text) report(local, text)
#define CAUGHT(text) report(e.what(), text)
#define WORK more()
"""
_FUNCTION = """\
static PyObject *NAME(PyObject *given)
{
    int local = 0;
    if (!given) BAIL;
    try { work(local); }
    catch (const std::bad_alloc &e) { FIRST }
    catch (const std::range_error &e) { FAIL(3, e.what()); }
    catch (const std::exception &e) { FAIL(4, e.what()); }
    return given;
failed:
    return NULL;
}
"""


def outlined(first: str, definitions: str = _DEFINITIONS, **arguments: object) -> tuple[set[Left], str]:
    result, after = found(definitions + copies(_FUNCTION.replace('FIRST', first)), **arguments)
    return {stays.reason for stays in result.stays}, after


@pytest.mark.parametrize('first', ['FAIL(2, e.what());', 'report(2, "x"); BAIL;', 'FAIL(2, e.what());;'])
def test_a_hidden_jump_finds_a_label(first: str) -> None:
    """Nothing falls out, so the site jumps in any case."""
    reasons, after = outlined(first)
    assert not reasons
    assert after.count(' failed: return tramp_exit_1_0; }') == 1
    assert after.count('catch (...) { tramp_o_1(); goto failed; }') == 16


@pytest.mark.parametrize('first', ['FAIL_IF(2, e.what());', 'if (ready()) FAIL(1, "x");', 'FAIL(1, "x"); WORK;', 'if (ready()) { BAIL; }'])
def test_a_jump_that_something_decides_about(first: str) -> None:
    """The handler may fall out, and the site has to be told."""
    reasons, after = outlined(first)
    assert not reasons
    assert after.count('if (tramp_exit == tramp_exit_1_0) goto failed; }') == 16


@pytest.mark.parametrize(
    ('first', 'reason'),
    [
        ('SET(ValueError, "x"); BAIL;', Left.MACRO),
        ('LEAVE(failed);', Left.MACRO),
        ('GIVE(NULL);', Left.EXIT),
        ('WHERE("x"); BAIL;', Left.PLACE),
        ('OWN("x"); BAIL;', Left.LOCALS),
        ('CAUGHT("x"); BAIL;', Left.MACRO),
        ('UNKNOWN("x"); BAIL;', Left.MACRO),
    ],
)
def test_what_a_macro_must_not_bring(first: str, reason: Left) -> None:
    reasons, _ = outlined(first)
    assert reasons == {reason}


@pytest.mark.parametrize(
    'change',
    [
        ('#define BAIL goto failed', '#ifdef A\n#define BAIL goto failed\n#endif'),
        ('#define BAIL goto failed', '#define BAIL goto failed\n#undef BAIL'),
        ('#define BAIL goto failed', '#define BAIL goto failed\n#pragma push_macro("BAIL")'),
        ('#define BAIL goto failed', '#define BAIL goto failed\n#ifdef A\n#undef BAIL\n#define BAIL return NULL\n#endif'),
        ('#define BAIL goto failed', ''),
    ],
)
def test_a_macro_has_to_be_certain(change: tuple[str, str]) -> None:
    """Defined once, whatever the flags, and in front."""
    assert outlined('FAIL(2, "x");')[0] == set()
    assert Left.MACRO in outlined('FAIL(2, "x");', _DEFINITIONS.replace(*change))[0]


def test_other_files_may_define_it() -> None:
    assert Left.MACRO in outlined('FAIL(2, "x");', redefined=lambda name: name == 'REPORT')[0]
