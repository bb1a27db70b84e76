"""The launcher under AddressSanitizer and UBSan, fed with commands that nobody has thought of."""

from __future__ import annotations

import os
import platform
import random
import re
import subprocess
from pathlib import Path

import pytest
from launcher_support import COMPILERS, SOURCE, Sandbox, make_sandbox
from test_launcher_frames import PRELUDE, STUBS

from tramp_build import paths

ROOT = Path(__file__).parent.parent
LAUNCHER = ROOT / 'csrc' / 'launcher'
SANITIZE = [
    '-g',
    '-O1',
    '-std=c11',
    '-D_GNU_SOURCE',
    f'-DTRAMP_VERSION="{paths.version()}"',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
]
# The launcher frees nothing: it ends.
ENVIRONMENT = {**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0:abort_on_error=1'}
COMMANDS = int(os.environ.get('TRAMP_BUILD_FUZZ', '30000'))


@pytest.fixture(scope='session')
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launcher, and its parser as a program of its own, with sanitizers."""
    directory = tmp_path_factory.mktemp('sanitized')
    sources = sorted(LAUNCHER.glob('*.c'))
    parts = [path for path in sources if path.name != 'main.c']
    subprocess.run(['gcc', *SANITIZE, '-o', directory / 'tramp-cc', *sources], check=True)
    subprocess.run(['gcc', *SANITIZE, f'-I{LAUNCHER}', '-o', directory / 'fuzz', ROOT / 'tests' / 'launcher_fuzz.c', *parts], check=True)
    return directory


def options() -> list[str]:
    return re.findall(r'^    \{"([^"]+)", ', LAUNCHER.joinpath('options.c').read_text(), re.MULTILINE)


WORDS = [
    'a.c', 'b.cc', 'dir/c.cpp', 'x.o', 'y.a', 'h.h', 's.S', '-', '@rsp', '@missing', '@', '', ' ', 'a b.c', '"', "'", '\\', 'noext', '.c',
    'c', 'c++', 'none', 'assembler',
    '-Wall', '-O2', '-g', '-fPIC', '-shared', '-pthread', '-Wp,-MD,x.d', '-Wp,', '-Wp,-MD,', '-Wl,', '-Wl,,', '-Wl,-r,x', '-Wl,a.o',
    '-lx', '-l:x.a', '-l', '-L.', '-std=c++98',
    '-std=', '-x', '-xc', '-xc++', '-fdiagnostics-color', '-fdiagnostics-color=auto', '-fdiagnostics-format=', '--unknown', '-MD', '-MMD',
    '-MF', '-MFx', '-MT', '-o', '-oout.o', '-c', '-c', '-c',
    '-E', '-S', '-M', '-ansi', 'x' * 5000, '-' + 'x' * 5000, '\xff\xfe', 'a\tb.c', 'a\nb.c', '$(id)', '`id`', ';', '|', '*',
]  # fmt: skip


def commands(rng: random.Random, count: int) -> list[list[str]]:
    table = options()
    drivers = ['gcc', 'g++', 'clang', 'clang++', '/usr/bin/x86_64-linux-gnu-g++-12', 'cc', 'c++', '']
    made = []
    for _ in range(count):
        words = [rng.choice(['ccache', 'distcc', 'sccache', 'tramp-cc', 'A=b']) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
        words.append(rng.choice(drivers))
        for _ in range(rng.randrange(12)):
            kind = rng.random()
            if kind < 0.45:
                words.append(rng.choice(WORDS))
            elif kind < 0.85:
                words.append(rng.choice(table) + rng.choice(['', '', '', 'x', '=x', ',x', '=', '-']))
            else:
                word = rng.choice(table)
                cut = rng.randrange(len(word) + 1)
                words.append(word[:cut] + rng.choice(['', '-', '\x7f', 'c']) + word[cut:][: rng.randrange(4)])
        made.append(words)
    return made


def test_the_parser(sanitized: Path, tmp_path: Path) -> None:
    tmp_path.joinpath('rsp').write_text('-c "a b.c" \'x\\y\' -o')
    rng = random.Random(1)
    left = COMMANDS
    while left > 0:
        batch = commands(rng, min(left, 20000))
        data = b''.join(b''.join(word.encode('utf-8', 'surrogateescape') + b'\0' for word in words if word) + b'\0' for words in batch)
        done = subprocess.run([sanitized / 'fuzz'], input=data, cwd=tmp_path, env=ENVIRONMENT, capture_output=True)
        assert done.returncode == 0, done.stderr[-3000:].decode(errors='replace')
        outcomes = {line.split()[0] for line in done.stdout.decode().splitlines()}
        assert {'none', 'several-inputs', 'unknown-option', 'standard-input', 'old-standard'} <= outcomes
        left -= len(batch)


def test_damaged_objects(sanitized: Path, sandbox: Sandbox) -> None:
    """Every offset, size and index of an object is only what somebody has written there."""
    rng = random.Random(4)
    sandbox.write('a.c', f'{PRELUDE}\n{STUBS}')
    sandbox.plain('gcc', '-O2', '-fPIC', '-c', 'a.c')
    good = sandbox.dir.joinpath('a.o').read_bytes()
    # Where it matters: the header, the section headers at the end, .eh_frame and relocations in front of them.
    names = []
    for number in range(1000):
        data = bytearray(good[: rng.randrange(len(good))] if number % 10 == 0 else good)
        for _ in range(rng.choice([0, 1, 1, 2, 5])):
            place = rng.choice([rng.randrange(64), rng.randrange(len(good) // 2, len(good)), rng.randrange(len(good))])
            if place < len(data):
                data[place] = rng.choice([0, 1, 0x7F, 0xFF, rng.randrange(256)])
        names.append(sandbox.write(f'{number}.o', bytes(data)))
    done = sandbox.plain(sanitized / 'fuzz', sandbox.dir / 'a.o', *names, check=False, **ENVIRONMENT)
    assert done.returncode == 0, done.stderr[-3000:]
    assert sandbox.dir.joinpath('a.o').read_bytes() != good or platform.machine() != 'x86_64'


def test_the_whole(sanitized: Path, tmp_path: Path, fake: dict[str, Path]) -> None:
    """The program itself, on files that are there, with damaged state in between."""
    rng = random.Random(2)
    sandbox = make_sandbox(tmp_path / 'box')
    sandbox.env.update(ENVIRONMENT)
    for name in ('a.c', 'a b.c'):
        sandbox.route(name, SOURCE)
    index = sandbox.state.dir / 'index'
    good = index.read_bytes()
    sandbox.write('rsp', '-c "a b.c" \'x\\y\' -o')
    sandbox.write('y.a', b'!<thin>\n/0' + b' ' * 46 + b'99999999' + b'`\n')
    for words in commands(rng, 250):
        data = bytearray(good)
        for _ in range(rng.choice([0, 0, 1, 5])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        index.write_bytes(bytes(data))
        words = [str(fake.get(word, fake['gcc'])) if n == 0 else word for n, word in enumerate(words)]
        done = sandbox.plain(sanitized / 'tramp-cc', f'--tramp-state={sandbox.state.dir}', *words, check=False)
        assert 'Sanitizer' not in done.stderr, (words, done.stderr)
        assert 'runtime error' not in done.stderr, (words, done.stderr)


def test_real_compiles(sanitized: Path, sandbox: Sandbox) -> None:
    """The ways that the generated commands seldom take to their end."""
    sandbox.env.update(ENVIRONMENT)
    sandbox.launcher = sanitized / 'tramp-cc'
    sandbox.write('src/b.h', '')
    sandbox.route('src/a.c', '#include "b.h"\n' + SOURCE)
    sandbox.run('gcc', '-MD', '-Wall', '-c', 'src/a.c', '-o', 'a.o')
    sandbox.run('gcc', 'src/a.c', '-o', 'program')
    sandbox.route('src/c.c', new='return no_such_name;')
    assert 'compiled without trampolines' in sandbox.run('gcc', '-c', 'src/c.c', '-o', 'c.o').stderr
    sandbox.write('u.c', 'int tramp_x(void); int u(void) { return tramp_x(); }\n')
    sandbox.run('gcc', '-fPIC', '-c', 'u.c')
    assert sandbox.run('gcc', '-shared', 'u.o', '-o', 'u.so', check=False).returncode != 0  # no such library
    # Without a library to link, the second call had to fall back too.
    assert sandbox.outcomes() == ['routed', 'fallback', 'fallback', 'no-tables', 'link-failed']


SAFE = [
    '-Wall', '-O2', '-g', '-fPIC', '-I', '-Iinc', '-DX', '-D', '-U', '-include', '-isystem', '-std=c11', '-x', 'c', 'c++', 'none', '-o',
    'out.o', '-MD', '-MF', 'f.d', '-MT', 'a.c', 'b.c', '-c', '-E',
    '-S', '-M', '-MMD', '-fsyntax-only', '-L', '-lm', '-Wl,-z,now', '-Xlinker', '-Wa,-x', '-u', '-z', '--param', '-iquote', '-save-temps',
    '-', '-T', '-B', '-wrapper', '-ansi',
]  # fmt: skip


@pytest.mark.parametrize('cc', COMPILERS)
def test_what_is_routed_is_what_the_compiler_would_compile(sandbox: Sandbox, fake: dict[str, Path], cc: str) -> None:
    """The compiler's own parser has the last word: what we take for the one source, it takes for that too."""
    rng = random.Random(3)
    for name in ('a.c', 'b.c'):
        path = sandbox.route(name)
        sandbox.index(path, 'routed', sandbox.state.add_body(b'\n' + path.read_bytes()), 'c++')
    routed = 0
    for _ in range(150):
        words = ['-c', *[rng.choice(SAFE) for _ in range(rng.randrange(6))], rng.choice(['a.c', 'b.c'])]
        rng.shuffle(words)
        before = len(sandbox.log())
        sandbox.run(fake[cc], *words, check=False)
        entry = sandbox.log()[before]
        if entry.outcome != 'routed':
            continue
        plan = sandbox.plain(cc, '-###', *words, check=False)
        if plan.returncode != 0:
            continue  # an error with the unit and with the source
        runs = [line for line in plan.stderr.splitlines() if re.search(r'"?-cc1"? |/cc1(plus)? ', line)]
        assert len(runs) == 1, (words, plan.stderr)
        assert re.search(rf'[ "]{re.escape(Path(entry.source).name)}["\s]', runs[0]), (words, runs)
        language = re.search(r'"-x" "(\S+)"', runs[0]).group(1) if cc == 'clang' else ('c++' if '/cc1plus ' in runs[0] else 'c')
        assert language in ('c', 'c++')
        routed += 1
    assert routed > 15
