from __future__ import annotations

import random
import time

import pytest

from tramp_build.includes import MARK, mark, refusal

MARKED = [
    b'#include "a.h"',
    b'  #  include  "a.h"  // comment',
    b'#include"a.h"',
    b'#include/**/"a.h"',
    b'/* first */ # /* second */ include /* third */ "a.h"',
    b'#\\\ninclude "a.h"',
    b'#include \\\n "a.h"',
    b'#include \\\r\n "a.h"',
    b'#import "a.h"',
    b'#embed "a.h"',
    b'#if __has_include("a.h")',
    b'#if defined(X) && __has_include ( "a.h" )',
    b'#elif !__has_include("a.h")',
    b'#if __has_embed("a.h" limit(1))',
    b'x\n#include "a.h"\r\ny',
    b'#include "../b/a.h"',
    b'int x = 1\'000\'000;\n#include "a.h"\nchar c = \'"\';',
    b'// a comment with an apostrophe: don\'t\n#include "a.h"',
    b'#error don\'t\n#include "a.h"',
    b"#if 0\nit's broken\n#endif\n#include \"a.h\"",
    b'char c = \'\\\'\';\n#include "a.h"',
    b'const char *s = "\\"";\n#include "a.h"',
    b'/* unbalanced " */\n#include "a.h"',
    b'auto s = R"x(\n")x";\n#include "a.h"',
    b'int FOOR; char *s = FOOR"(";\n#include "a.h"',
]  # fmt: skip


@pytest.mark.parametrize('source', MARKED, ids=repr)
def test_marked(source: bytes) -> None:
    assert refusal(source) is None
    marked = mark(source)
    assert marked.count(MARK) == 1
    assert marked.replace(MARK, b'') == source
    assert b'"' + MARK + (b'../b/' if b'../b' in source else b'') + b'a.h"' in marked


UNMARKED = [
    b'',
    b'#include <a.h>',
    b'#if __has_include(<a.h>)',
    b'#include "/usr/include/a.h"',
    b'// #include "a.h"',
    b'// continued \\\n#include "a.h"',
    b'/*\n#include "a.h"\n*/',
    b'/* unfinished\n#include "a.h"\n',
    b'const char *s = R"(\n#include "a.h"\n)";',
    b'const char *s = u8R"delimiter(\n)" \n#include "a.h"\n)delimiter";',
    b'const char *s = R"(unfinished\n#include "a.h"\n',
    b'const char *s = "\\\n#include \\"a.h\\"\\\n";',
    b'int include = 1; x #include "a.h"',
    b'#define INCLUDE include "a.h"',
    b'#define S #include "a.h"',
    b'#include ""',
]


@pytest.mark.parametrize('source', UNMARKED, ids=repr)
def test_unmarked(source: bytes) -> None:
    assert refusal(source) is None
    assert mark(source) == source


REFUSED = {
    b'#include NAME': 'computed-include',
    b'#include NAME(x)': 'computed-include',
    b'# include __FILE__': 'computed-include',
    b'#include': 'computed-include',
    b'#include_next <a.h>': 'place-dependent',
    b'#include_next "a.h"': 'place-dependent',
    b'puts(__BASE_FILE__);': 'place-dependent',
    b'#if __has_include_next(<a.h>)': 'place-dependent',
    b'#pragma GCC dependency "a.y"': 'place-dependent',
    b'x = "tramp-build:";': 'include-mark',
    b'int x;\n %:include "a.h"': 'place-dependent',
    b'??=include "a.h"': 'place-dependent',
    b'// __BASE_FILE__': 'place-dependent',  # not worth a lexer
}


@pytest.mark.parametrize(('source', 'reason'), REFUSED.items(), ids=map(repr, REFUSED))
def test_refused(source: bytes, reason: str) -> None:
    assert refusal(source) == reason


@pytest.mark.parametrize(
    'source',
    [b'"' * 1_000_000, b"'" * 1_000_000, b'/*' * 500_000, b'R"(' * 300_000, b'#' * 1_000_000, b'# /*' * 250_000, b'\\\n' * 500_000,
    b' ' * 1_000_000, b'# \\\n' * 250_000,
     b'#include "' + b'a' * 1_000_000, b'1' * 1_000_000, b"1'" * 500_000, b'R"' + b'a' * 1_000_000, b'x' * 1_000_000,
     b'#include ' + b'/**/' * 250_000, b'\n /**/' * 160_000,
     b'\n' + b'/**/ ' * 200_000],
    ids=lambda source: repr(source[:12]),
)  # fmt: skip
def test_no_input_takes_long(source: bytes) -> None:
    started = time.process_time()
    refusal(source)
    mark(source)
    assert time.process_time() - started < 10


def test_any_bytes_can_be_marked() -> None:
    rng = random.Random(5)
    pieces = [
        b'#',
        b'include',
        b'"',
        b"'",
        b'a.h',
        b'\n',
        b'\\',
        b'\\\n',
        b'/*',
        b'*/',
        b'//',
        b'R"(',
        b')"',
        b' ',
        b'1',
        b'\xff',
        b'__has_include(',
        b'<',
    ]
    for _ in range(3000):
        source = b''.join(rng.choice(pieces) for _ in range(rng.randrange(20)))
        marked = mark(source)
        assert marked.replace(MARK, b'') == source
        refusal(source)
