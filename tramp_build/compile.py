"""Prepare sources for the launcher: all of a project from a build hook, or the one that `tramp-cc` met and did not know.

python -m tramp_build.compile --state DIR --language L [--gate FD] -- SOURCE
python -m tramp_build.compile --state DIR --language L@KEY --answer FILE -- SOURCE
python -m tramp_build.compile --init DIR
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tramp_build import console, paths, unity
from tramp_build.config import resolve
from tramp_build.edits import apply
from tramp_build.errors import RewriteError, TrampError, user_errors
from tramp_build.includes import COPY
from tramp_build.project import Project
from tramp_build.state import State
from tramp_build.state_project import create_state, read_project
from tramp_build.units import localise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tramp_build.config import Config
    from tramp_build.model import Edit, FilePlan, Language
    from tramp_build.rewrite import Rewritten
    from tramp_build.state import Action
    from tramp_build.units import Unit

_ROOT_MARKS: Final = ('pyproject.toml', 'meson.build', 'setup.py', '.git')
# What the launcher puts behind the language of a unit that defines Py_LIMITED_API below 3.10.
_LIMITED: Final = '-limited'
# What the index calls a way to compile a source: the language, and whether it is limited.
_KEYS: Final[dict[str, tuple[Language, bool]]] = {
    'c': ('c', False), 'c++': ('c++', False), f'c{_LIMITED}': ('c', True), f'c++{_LIMITED}': ('c++', True),
}  # fmt: skip
# And behind that, where the preprocessor was asked, with the sum of what it has said; with nothing behind it: it said nothing of use.
_ANSWERED: Final = '@'
_PROGRESS_AFTER: Final = 1.0  # seconds


class Prepared(NamedTuple):
    """What became of one source."""

    path: Path
    plan: FilePlan | None
    routed: bool
    problem: str | None


def load_project(state: State) -> Project:
    """Return the project that a state directory was made for."""
    return Project(*read_project(state))


def prepare_project(root: Path, config: Config, state: State) -> None:
    """Decide about every source of the project before the first compile.  Raises TrampError in strict mode."""
    prepare_files(Project(root, config), state)


def prepare_files(project: Project, state: State) -> None:
    """Decide about every source of a project.  Raises TrampError in strict mode."""
    started, said = time.monotonic(), False
    for number, path in enumerate(project.files(), 1):
        prepare(path, state, project)
        if not said and time.monotonic() - started > _PROGRESS_AFTER:
            console.note(f'reading the sources of {project.tree.root.name} (file {number})')
            said = True
    _prepare_again(project, state)


def _prepare_again(project: Project, state: State) -> None:
    """Decide once more about what puts sources together, of a build before this one: what is decided in one file depends on others."""
    for path, key in sorted(state.indexed() - {(path, key) for path in project.files() for key in _KEYS}):
        if key in _KEYS and path.is_file() and (other := project.beside(path)):
            language, limited = _KEYS[key]
            prepare(path, state, other, language, limited=limited)


class Answer(NamedTuple):
    """What the preprocessor has said about a source in one compile, and the sum that the launcher knows it by."""

    output: bytes
    key: str


@dataclass(frozen=True, slots=True)
class _Job:
    """One source as it is compiled."""

    path: Path
    state: State
    project: Project
    language: Language
    unit: bool
    limited: bool
    answer: Answer | None
    adopted: tuple[Path, ...]  # the sources that it only puts together

    @property
    def key(self) -> str:
        """What the index calls this way to compile the source."""
        return f'{self.language}{_LIMITED}' if self.limited else self.language

    def add_index(self, key: str, action: Action, body: str | None) -> None:
        status = self.path.stat()
        self.state.add_index(self.path, status.st_size, status.st_mtime_ns, key, action, body)


def prepare(
    path: Path, state: State, project: Project, language: Language | None = None, *, limited: bool = False, answer: Answer | None = None
) -> Prepared:
    """Decide about one source, store what is to be compiled and the record for the report.

    `limited`: it is compiled against a limited API without METH_FASTCALL.

    A source that can not be read or rewritten is compiled as it is; that is never an error here, except in strict mode.
    """
    # A file that the launcher was given is a unit, whatever its name says.
    unit = True if language else project.tree.is_unit(path)
    language = language or project.language(path)
    if language is None:
        return Prepared(path, None, routed=False, problem=None)
    adopted = project.tree.adopt(path) if unit else ()
    job = _Job(path, state, project, language, unit, limited, answer, adopted)
    prepared, rewritten = _prepare(job)
    name = _store(job, rewritten.prelude, project.unit(path).split(rewritten.edits), project.relied_on(path)) if rewritten else None
    question = _ask(job) if unit and not answer and prepared.problem is None else None
    _add_record(job, prepared)
    if project.config.strict and not question and (prepared.problem or (unit and _skips(job))):
        raise TrampError(f'{path}: strict = true, and not every row is routed; tramp-build explain {path} says why')
    if unit:
        _add_index(job, name, question)
    return prepared


def _add_record(job: _Job, prepared: Prepared) -> None:
    """Store what the report says of a source; of all that is compiled with it where that was not known before."""
    project, path = job.project, prepared.path
    if (prepared.plan is not None and prepared.plan.tables) or prepared.problem:
        owner = job.path if path in job.adopted else project.tree.owner(path)
        with_unit = {} if owner == path or (path == job.path and job.unit) else {'unit': project.tree.relative(owner)}
        job.state.add_record(path, _record(project, prepared, job.language) | with_unit)
    else:
        job.state.remove_record(path)
    if path == job.path and (job.answer or job.adopted) and not prepared.problem:
        for part, plan in _parts(job):
            _add_record(job, Prepared(part, plan, routed=False, problem=None))


def _parts(job: _Job) -> Iterator[tuple[Path, FilePlan | None]]:
    """Yield the other files of a unit, and what is decided about each."""
    project, path = job.project, job.path
    unit, decided = project.unit(path), project.plan_file(path, job.language, unit=True, limited=job.limited)
    for part in dict.fromkeys((*(part.path for part in unit.parts[1:]), *job.adopted)):
        if decided and project.tree.owner(part) == path:
            yield part, localise(decided, unit, part, project.tree.relative)
        elif part in job.adopted:
            yield part, project.decisions(part)


def _add_index(job: _Job, name: str | None, question: str | None) -> None:
    """Say what is to be compiled in place of a unit, or what the preprocessor is to be asked about before that is known."""
    action: Action = 'routed' if name else 'plain'
    if job.answer:
        job.add_index(f'{job.key}{_ANSWERED}{job.answer.key}', action, name)
        return
    if question:
        # Without an answer, the rows that are plain are routed all the same.
        job.add_index(f'{job.key}{_ANSWERED}', action, name)
    job.add_index(job.key, 'ask' if question else action, question or name)


def _ask(job: _Job) -> str | None:
    """Store the text that the preprocessor is to be asked about, and return its name; None where nothing is open."""
    project, path = job.project, job.path
    decided = project.plan_file(path, job.language, unit=True, limited=job.limited)
    question = project.question(path, decided) if decided else None
    if question is None:
        return None
    return _store(job, b'', project.asked(path, question))


def _prepare(job: _Job) -> tuple[Prepared, Rewritten | None]:
    path, project = job.path, job.project
    decided = None
    try:
        if not job.unit:
            return Prepared(path, project.decisions(path), routed=False, problem=None), None
        if job.answer:
            project.answer(path, job.language, job.answer.output, limited=job.limited)
        decided, rewritten = _decide(path, project, job.language, limited=job.limited)
    except OSError as exc:
        return Prepared(path, None, routed=False, problem=exc.strerror or str(exc)), None
    except Exception as exc:
        # A bug of ours, a RewriteError among them, must not break somebody's build: the original compiles.
        problem = str(exc) if isinstance(exc, RewriteError) else f'{type(exc).__name__}: {exc}'
        console.warn(f'{path}: left as it is, an internal error of tramp-build: {problem}; please report this with the source')
        return Prepared(path, decided, routed=False, problem=problem), None
    mine = localise(decided, project.unit(path), path, project.tree.relative) if decided else None
    return Prepared(path, mine, routed=rewritten is not None, problem=None), rewritten


def _decide(path: Path, project: Project, language: Language, *, limited: bool) -> tuple[FilePlan | None, Rewritten | None]:
    decided = project.plan_file(path, language, unit=True, limited=limited)
    try:
        return decided, project.rewrite_file(path, decided, unit=True, limited=limited) if decided and decided.changes else None
    except RewriteError:
        # A declaration may begin in one file and end in another: then each file is looked at by itself.
        if not project.tree.separate(path):
            raise
    project.forget(path)
    return _decide(path, project, language, limited=limited)


def _store(job: _Job, prelude: bytes, edits: dict[int, list[Edit]], relied_on: Iterable[Path] = ()) -> str | None:
    """Store what is compiled in place of each file of a unit, with `edits` in each, and return the name of the unit's own text.

    None: one of them can not be compiled from another place.
    """
    unit = job.project.unit(job.path)
    parts = {part.path for part in unit.parts}
    others = tuple(_as_it_is(path) for path in sorted(relied_on) if path not in parts)
    return _Store(job.state, unit, prelude, edits, job.project.source, others).add(0)


def _as_it_is(path: Path) -> str:
    status = path.stat()
    return f'{status.st_size}:{status.st_mtime_ns}{path}'


@dataclass(slots=True)
class _Store:
    """Writes the files of a unit to the state directory."""

    state: State
    unit: Unit
    prelude: bytes
    edits: dict[int, list[Edit]]
    read: Callable[[Path], bytes]
    relied_on: tuple[str, ...]  # what else has to be as it is now
    # What stands for a part in the files that include it; None while it is being made, for files that include each other.
    copies: dict[int, str | None] = field(default_factory=dict)

    def add(self, number: int) -> str | None:
        """Store a part behind those that it includes."""
        self.copies[number] = None
        names = {}
        for (includer, name), target in self.unit.included.items():
            if includer == number and (copy := self._copy(target)):
                names[name] = copy
        part = self.unit.parts[number]
        text = apply(self.read(part.path), self.edits.get(number, ()))
        return self.state.add_body(
            (b'' if number else self.prelude) + b'\n' + text, os.path.dirname(part.spelled), names, () if number else self.relied_on
        )

    def _copy(self, number: int) -> str | None:
        if number not in self.copies and (name := self.add(number)):
            part = self.unit.parts[number]
            status = part.path.stat()
            self.copies[number] = f'{COPY}{name}:{status.st_size}:{status.st_mtime_ns}/{part.spelled}'
        return self.copies[number]


def _skips(job: _Job) -> bool:
    """Tell whether a row of a unit, in whichever of its files, is not routed that ought to be."""
    from tramp_build.reasons import NEEDS_NOTHING

    decided = job.project.plan_file(job.path, job.language, unit=True, limited=job.limited)
    entries = (entry for table in (decided.tables if decided else ()) for entry in table.entries)
    return any(entry.reason is not None and entry.reason not in NEEDS_NOTHING for entry in entries)


def _record(project: Project, prepared: Prepared, language: Language) -> dict[str, Any]:
    from tramp_build.report import file_record

    record = file_record(project.tree.relative(prepared.path), language, prepared.plan)
    return record | {'message': prepared.problem} if prepared.problem else record


def find_root(source: Path) -> Path:
    """Return the project that a source belongs to: the nearest directory above it that looks like one, else its own."""
    for directory in source.resolve().parents:
        if any((directory / mark).exists() for mark in _ROOT_MARKS):
            return directory
    return source.resolve().parent


def init(directory: Path) -> State:
    """Make a state directory for a build that no hook of ours drives; the modules find libtramp where tramp-build is installed."""
    paths.library_dir()
    root = find_root(Path.cwd() / 'x')
    config = resolve(root, None, os.environ).config
    return create_state(directory, root, config, rpath='absolute')


def main(argv: Sequence[str] | None = None, project: Project | None = None) -> int:
    """Serve the launcher; exit code 0 when the index has an answer.  `project`: that of the state directory, if it has been read."""
    parser = argparse.ArgumentParser(prog='python -m tramp_build.compile', description=__doc__)
    parser.add_argument('--state', type=Path)
    parser.add_argument('--init', type=Path)
    parser.add_argument('--language')
    parser.add_argument('--answer', type=Path)
    parser.add_argument('--gate', type=int)
    parser.add_argument('source', nargs='?', type=Path)
    arguments = parser.parse_args(argv)
    with user_errors():
        if arguments.init:
            init(arguments.init)
            return 0
        state = State.open(arguments.state)
        key, _, answered = arguments.language.partition(_ANSWERED)
        if key not in _KEYS:
            parser.error(f'--language {arguments.language}')
        language, limited = _KEYS[key]
        answer = Answer(arguments.answer.read_bytes(), answered) if arguments.answer else None
        path = Path(os.path.abspath(arguments.source))
        project = project or load_project(state)
        turns = unity.take_turns(project, state, path, arguments.gate) if arguments.gate is not None else {}
        prepare(path, state, project.beside(path) or project, language, limited=limited, answer=answer)
        unity.prepare_others(project, state, turns, lambda p, other: prepare(p, state, other, project.language(p), limited=limited))
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
