"""Inputs that nobody would write, and what must hold of all that reads them: scanner, planner, rewriter, what macros make.

The pieces are windows of real sources around what matters (tables, functions that parse arguments, catch chains), so that most inputs get
as far as the rewriter, and all are small.
"""

from __future__ import annotations

import itertools
import random
import re
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scan_support import check

from tramp_build import expand_ask
from tramp_build.config import Config
from tramp_build.edits import apply
from tramp_build.errors import RewriteError
from tramp_build.model import FilePlan, Language
from tramp_build.project import Project
from tramp_build.rewrite import Rewritten
from tramp_build.scan import scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CASES = Path(__file__).resolve().parent / 'cases'
_SUFFIXES = ('.c', '.cc', '.cpp', '.cxx', '.h', '.hpp', '.inc')
_INTEREST = re.compile(
    rb'PyMethodDef|PyGetSetDef|PyTypeObject|PyType_Slot|PyModuleDef|PyNumberMethods|PyArg_\w+|METH_\w+|\bcatch\s*\(|PyInit_|#\s*define'
)
_TOKEN = re.compile(rb'[A-Za-z_]\w*|\d+|"(?:[^"\\\n]|\\.)*"|\s+|.', re.DOTALL)
_WORD = re.compile(rb'[A-Za-z_]\w*')
_CATCH = re.compile(rb'\bcatch\s*\(')
_WINDOW = 1200

PIECES = [
    b'{', b'}', b'(', b')', b'[', b']', b',', b';', b'<', b'>', b'"', b"'", b'\\\n', b'\\', b'/*', b'*/', b'//', b'\n', b'\r\n',
    b'\r', b'\x0c', b'\x00', b'\xff', b'#', b'##', b'::', b'->', b'...', b'=', b'&', b'*', b'#if A\n', b'#ifdef B\n',
    b'#else\n', b'#elif C\n', b'#endif\n', b'#if 0\n', b'#define f g\n', b'#define ROW(n) {#n, n, METH_VARARGS, 0},\n',
    b'#undef f\n', b'#include "other.c"\n', b'#include "rows.inc"\n', b'R"x(', b')x"', b'<%', b'%>', b'<:', b'??/', b"1'0",
    b'static ', b'extern ', b'const ', b'inline ', b'template<class T> ', b'typename ', b'namespace n {', b'extern "C" {',
    b'struct S {', b'class C : B {', b'operator()', b'[]() {', b'try {', b'catch (...) {', b'return NULL;', b'noexcept',
    b'throw;', b'goto x;', b'x:', b'PyObject *', b'args', b'kwargs', b'self', b'NULL', b'METH_VARARGS',
    b'METH_VARARGS|METH_KEYWORDS', b'METH_STATIC', b'METH_O', b'METH_NOARGS', b'METH_CLASS', b'(PyCFunction)',
    b'(PyCFunction)(void(*)(void))', b'(getter)', b'_PyCFunction_CAST(', b'{NULL, NULL, 0, NULL}', b'{0}',
    b'{"f", f, METH_VARARGS, "doc"},', b'{"f", (PyCFunction)f, METH_VARARGS | METH_KEYWORDS},', b'{Py_tp_new, (void *)f},',
    b'{Py_tp_dealloc, f},', b'.tp_new = f,', b'.ml_meth = f,', b'PyMODINIT_FUNC PyInit_m(void) {',
    b'PyArg_ParseTuple(args, "ii", &a, &b)', b'PyArg_ParseTupleAndKeywords(args, kwargs, "i|O", kw, &a, &b)',
    b'PyTuple_GET_SIZE(args)', b'PyArg_UnpackTuple(args, "f", 0, 2, &a, &b)',
    b'static PyObject *f(PyObject *self, PyObject *args) {', b'PyMethodDef m[] = {', b'__LINE__', b'__COUNTER__', b'ENTRY(f)',
    b'ROW(f)', b'sizeof', b'#pragma once\n', b'_Pragma("x")', b'\xef\xbb\xbf', b'\t', b' ', b'@', b'$', b'`',
]  # fmt: skip


class FoundError(AssertionError):
    """Something that must hold does not."""


class HangError(FoundError):
    """An input took longer than any of its size should."""


@dataclass(frozen=True)
class Seeds:
    """Pieces of real sources, file by file."""

    files: tuple[tuple[bytes, ...], ...]

    # Small sources of their own: a table, or a catch chain, with the functions that belong to it.
    wholes: tuple[bytes, ...]

    @classmethod
    def read(cls, places: Sequence[Path]) -> Seeds:
        files, wholes = [], []
        for place in places:
            for path in [place] if place.is_file() else sorted(place.rglob('*')):
                if path.suffix in _SUFFIXES and path.is_file():
                    source = path.read_bytes()
                    files += [windows] if (windows := _windows(source)) else []
                    wholes += _wholes(source, 'c' if path.suffix == '.c' else 'c++')
        assert wholes, f'no tables in {places}'
        return cls(tuple(files), tuple(dict.fromkeys(wholes)))


def _windows(source: bytes) -> tuple[bytes, ...]:
    """The stretches of a source around what matters, at most a few dozen."""
    found, end = [], 0
    for match in _INTEREST.finditer(source):
        if match.start() < end:
            continue
        start = max(end, source.rfind(b'\n\n', 0, match.start()) + 1, match.start() - _WINDOW // 2)
        end = source.find(b'\n}', match.end(), start + _WINDOW)
        end = start + _WINDOW if end < 0 else end + 3
        found.append(source[start:end])
        if len(found) == 60:
            break
    return tuple(found)


def _wholes(source: bytes, language: Language) -> Iterator[bytes]:
    found = scan(source, language)
    functions = {f.name.rpartition(':')[2]: source[f.span.start : f.span.end] for f in found.functions if f.body}
    for table in found.tables:
        text = source[table.span.start : table.span.end]
        listed = [body for word in dict.fromkeys(_WORD.findall(text)) if (body := functions.get(word.decode())) and len(body) < _WINDOW]
        # What all rows of a table have in common, three of them show.
        for row in table.rows[6:-1] if table.array and len(table.rows) > 8 else ():
            text = text.replace(source[row.span.start : row.span.end] + b',', b'', 1)
        if len(text) < 3 * _WINDOW:
            yield b'\n'.join([*listed[:5], text + b';\n'])
            yield b'\n'.join([*listed[5:9], text + b';\n', *listed[:2]])
    catching = [text for text in functions.values() if _CATCH.search(text) and len(text) < _WINDOW]
    for index in range(0, len(catching), 3):
        yield b'\n'.join([*catching[index : index + 3], b'static PyMethodDef all[] = {{"f", f, METH_O}};\n'])


@dataclass
class Mutator:
    """Makes inputs: each is files by name, of one small project."""

    seeds: Seeds
    rng: random.Random

    def project(self) -> dict[str, bytes]:
        suffix = self.rng.choice(['.c', '.c', '.cpp'])
        files = {f'unit{suffix}': self.source()}
        if self.rng.random() < 0.15:
            files[f'other{suffix}'] = self.source()
        if self.rng.random() < 0.1:
            files['rows.inc'] = self.source()
            name = next(iter(files))
            files[name] = self._insert(files[name], b'\n#include "rows.inc"\n')
        return files

    def source(self) -> bytes:
        rng = self.rng
        if rng.random() < 0.5:
            # Small and wild: most of these end in the scanner.
            return rng.choice([b'', b' ']).join(rng.choice(PIECES) for _ in range(rng.randrange(1, 40)))
        if self.seeds.files and rng.random() < 0.2:
            windows = rng.choice(self.seeds.files)
            start = rng.randrange(len(windows))
            text = b'\n'.join(windows[start : start + rng.choice([1, 2, 3])])
        else:
            text = rng.choice(self.seeds.wholes)
        if rng.random() < 0.1:
            text += b'\n' + rng.choice(self.seeds.wholes)
        for _ in range(rng.choice([0, 1, 1, 2, 3, 6])):
            text = self.mutate(text)
        return text

    def mutate(self, text: bytes) -> bytes:
        rng = self.rng
        if not text:
            return rng.choice(PIECES)
        at = rng.randrange(len(text))
        end = min(len(text), at + rng.choice([1, 1, 2, 5, 20, 100, 400]))
        kind = rng.randrange(8)
        if kind == 0:
            return text[:at] + text[end:]
        if kind == 1:
            return text[:end] + text[at:]
        if kind == 2:
            to = rng.randrange(len(text) + 1)
            return text[:to] + text[at:end] + text[to:]
        if kind == 3:
            return text[:at] + bytes([rng.randrange(256)]) + text[at + 1 :]
        if kind == 4:
            return self._insert(text, rng.choice(PIECES))
        if kind == 5:
            return text.replace(b'\n', b'\r\n') if rng.random() < 0.1 else self._swap_token(text)
        if kind == 6:
            return self._swap_token(text)
        return text[:at] + rng.choice(PIECES) + text[end:]

    def _insert(self, text: bytes, piece: bytes) -> bytes:
        at = self.rng.randrange(len(text) + 1)
        return text[:at] + piece + text[at:]

    def _swap_token(self, text: bytes) -> bytes:
        """A token for another one of the same text: what is called like something else, listed twice, cut in two."""
        at = self.rng.randrange(len(text))
        one, two = _TOKEN.search(text, at), _TOKEN.search(text, self.rng.randrange(len(text)))
        return text[: one.start()] + two[0] + text[one.end() :] if one and two else text


@dataclass
class Checker:
    """Reads the files of an input as one project, and checks what must hold."""

    root: Path
    config: Config = field(default_factory=Config)
    routed: int = 0
    rewritten: int = 0
    asked: int = 0

    def __post_init__(self) -> None:
        # The files are there and empty; what stands in them is given to the project directly.
        self.root.mkdir(parents=True, exist_ok=True)
        for name in ('unit.c', 'unit.cpp', 'other.c', 'other.cpp', 'rows.inc'):
            self.root.joinpath(name).touch()

    def project(self, files: dict[str, bytes]) -> Project:
        project = Project(self.root, self.config)
        paths = {self.root.resolve() / name: text for name, text in files.items()}
        project.tree._listing = tuple(sorted(paths))
        project.tree._sources.update(paths)
        return project

    def run(self, files: dict[str, bytes], rng: random.Random) -> None:
        """Raise FoundError, or whatever the package raises, where something does not hold."""
        for name, text in files.items():
            check(text, scan(text, 'c' if name.endswith('.c') else 'c++'))
        project = self.project(files)
        for path in project.files():
            language = project.language(path)
            if language and project.tree.is_unit(path):
                decided = self._unit(project, path, language)
                if decided and project.question(path, decided):
                    self._answer(files, path, language, rng)

    def _unit(self, project: Project, path: Path, language: Language) -> FilePlan | None:
        decided = project.plan_file(path, language, unit=True)
        if decided and decided.changes:
            try:
                result = project.rewrite_file(path, decided, unit=True)
            except RewriteError:
                # As in a build: what begins in one file and ends in another is read file by file.
                if not project.tree.separate(path):
                    raise
                project.forget(path)
                return self._unit(project, path, language)
            if result:
                self.rewritten += 1
                self.routed += decided.routed
                check_rewritten(project.unit(path).seen, decided, result)
        return decided

    def _answer(self, files: dict[str, bytes], path: Path, language: Language, rng: random.Random) -> None:
        """A preprocessor that says something: the text itself, or parts of it."""
        project = self.project(files)
        decided = project.plan_file(path, language, unit=True)
        question = project.question(path, decided) if decided else None
        if question is None:
            return
        self.asked += 1
        seen = project.unit(path).seen
        output = apply(seen, expand_ask.marks(seen, question))
        for _ in range(rng.choice([0, 1, 3])):
            output = (
                output.replace(b'_begin ', b'_begin ' + rng.choice(PIECES), 1)
                if rng.random() < 0.7
                else output[: rng.randrange(len(output) + 1)]
            )
        project.answer(path, language, output)
        self._unit(project, path, language)


def check_rewritten(source: bytes, decided: FilePlan, result: Rewritten) -> None:
    """What verify() says, in other words and by other means, and that edits are where the plan has them."""
    if result.text != apply(source, result.edits) or b'\n' in result.prelude:
        raise FoundError('the text is not what the edits make')
    for one, two in itertools.pairwise(result.edits):
        if one.span.end > two.span.start:
            raise FoundError(f'edits overlap: {one} {two}')
    if [line.count(b'\n') for line in (source, result.text)] != [source.count(b'\n')] * 2:
        raise FoundError('lines have moved')
    places = list(_places(decided))
    for edit in result.edits:
        span = edit.span
        if span.start != span.end and not any(start <= span.start and span.end <= end for start, end in places):
            raise FoundError(f'an edit where nothing is planned: {edit}')


def _places(decided: FilePlan) -> Iterator[tuple[int, int]]:
    """Where text may be replaced: in routed rows, and in the functions that are upgraded or have chains."""
    for table in decided.tables:
        for row, entry in zip(table.table.rows, table.entries, strict=True):
            if entry.routed:
                yield row.span.start, row.span.end
    for spans in decided.followed.values():
        yield from ((span.start, span.end) for span in spans)
    for upgrade in decided.upgrades.values():
        yield from ((edit.span.start, edit.span.end) for edit in upgrade.edits)
    yield from ((edit.span.start, edit.span.end) for edit in decided.chains)


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    """Raise HangError in what takes longer."""

    def ring(number: int, frame: object) -> None:
        raise HangError(f'took more than {seconds} seconds')

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
