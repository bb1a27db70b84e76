"""One project on disk: what stands in its files and what is decided about them.  Reads, never writes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tramp_build import expand_ask, includes, made
from tramp_build.edits import apply
from tramp_build.expand import Expander
from tramp_build.headers import Headers
from tramp_build.model import FilePlan, Reason, ScanResult, Upgrade
from tramp_build.plan import Policy, plan
from tramp_build.rewrite import Rewritten, rewrite
from tramp_build.said import Listed, Said
from tramp_build.scan import function_names, might_declare, might_have_tables, scan
from tramp_build.slotplan import Uses, is_mentioned, known_places, last_component, lists_in_slots
from tramp_build.tree import Tree
from tramp_build.units import localise, localise_problems
from tramp_build.upgrade import offers
from tramp_build.upgrade.blocks import Makers
from tramp_build.upgrade.entries import listed
from tramp_build.upgrade.mentions import Mentions
from tramp_build.upgrade.parameters import is_plain
from tramp_build.upgrade.project import Surroundings
from tramp_build.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from tramp_build.config import Config
    from tramp_build.expand import Macro
    from tramp_build.model import Edit, Kept, Language, Problem
    from tramp_build.units import Unit
    from tramp_build.upgrade.pastes import Definition


# What may be the call of a macro that defines something: at the beginning of a line, and as much of it as names what.
_CALL: Final = re.compile(rb'^\w+[ \t]*\((?=([^;{}]{0,400}))', re.MULTILINE)
_WORDS: Final = re.compile(rb'[\w$]+')
_MAX_NESTED: Final = 5  # macros that make macros that make rows


def _arguments(source: bytes) -> frozenset[bytes]:
    """Return the words that stand where a macro may be given them, to define a function of that name."""
    return frozenset(word for match in _CALL.finditer(source) for word in _WORDS.findall(match[1]))


@dataclass(slots=True)
class Project:
    """The sources below `root`, seen through `config`."""

    root: Path
    config: Config
    tree: Tree = field(init=False, repr=False)
    _scans: dict[Path, ScanResult] = field(default_factory=dict, repr=False)
    _tabled: dict[Path, bool] = field(default_factory=dict, repr=False)
    _known: dict[str, bool] = field(default_factory=dict, repr=False)
    _listed: Listed | None = field(default=None, repr=False)
    _names: dict[Path, frozenset[str]] = field(default_factory=dict, repr=False)
    _offers: dict[Path, dict[str, Upgrade | Kept]] = field(default_factory=dict, repr=False)
    _mentions: dict[Path, Mentions] = field(default_factory=dict, repr=False)
    _movable: dict[Path, bool] = field(default_factory=dict, repr=False)
    _said: Said = field(init=False, repr=False)
    _makers: Makers | None = field(default=None, repr=False)
    _entered: dict[Path, frozenset[Path]] = field(default_factory=dict, repr=False)  # headers that the preprocessor has read
    _headers: dict[Path, Headers] = field(default_factory=dict, repr=False)
    _defining: dict[bytes, tuple[Definition, ...]] | None = field(default=None, repr=False)
    _units: dict[Path, Unit] = field(default_factory=dict, repr=False)
    _made: dict[Path, frozenset[str]] = field(default_factory=dict, repr=False)  # functions that macros define
    _plans: dict[tuple[Path, Language, bool | None, bool], FilePlan | None] = field(default_factory=dict, repr=False)
    # The project without the unit that puts sources together, and which files are not in it what they are here.
    _alone: Project | None = field(default=None, repr=False)
    _together: frozenset[Path] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        self.tree = Tree(self.root, self.config)
        self._said = Said(self.tree, self._adds_words)

    def beside(self, path: Path) -> Project | None:
        """Return this project with a unit that only puts sources together, None where `path` is none such.

        Every other file is in it what it is here, and is read once.
        """
        project = Project(self.root, self.config, _alone=self)
        project.tree = self.tree.beside()
        project._together = frozenset({path, *project.tree.adopt(path)})
        project._said = Said(project.tree, project._adds_words, self._said, project._together)
        return project if len(project._together) > 1 else None

    def _elsewhere(self, path: Path) -> Project | None:
        """Return the project that this one is beside if that reads a file, None where this one does."""
        return None if path in self._together else self._alone

    def files(self) -> Iterator[Path]:
        """Yield the C and C++ files of the project, absolute and sorted."""
        return self.tree.files()

    def language(self, path: Path) -> Language | None:
        """Return the language of a file by its suffix, None where it is neither C nor C++."""
        return self.tree.language(path)

    def is_unit(self, path: Path) -> bool:
        """Tell whether a compiler is given the file itself, as far as its name and the other files say."""
        return self.tree.is_unit(path)

    def source(self, path: Path) -> bytes:
        """Return the bytes of a file, read once.  Raises OSError."""
        return self.tree.source(path)

    def unit(self, path: Path) -> Unit:
        """Return a source with the project's files that are read with it, and with what macros make.  Raises OSError."""
        if path not in self._units:
            alone = self._elsewhere(path)
            self._units[path] = alone.unit(path) if alone else self._expanded(self.tree.unit(path), path)
        return self._units[path]

    def _expanded(self, unit: Unit, path: Path) -> Unit:
        """Return a unit with the rows that simple macros make, from one macro to the next."""
        language = self.language(path) or 'c'
        if not (b'define' in unit.text and might_have_tables(unit.text)):
            return unit
        parts = {part.path for part in unit.parts}
        expander = Expander(lambda name: self._redefined(name, parts), self._is_defined)
        for _ in range(_MAX_NESTED):
            found = scan(unit.seen, language)
            edits = expander.edits(unit.seen, found)
            if not edits:
                self._scans[path] = found
                return unit
            unit = unit.expand(edits)
        return unit

    def _adds_words(self, path: Path) -> bool:
        """Tell whether macros may make words of a unit that are not in it: the preprocessor has said so, or there are some that paste."""
        if path not in self._units and b'##' not in self.tree.unit(path).text:
            return False
        return bool(self.unit(path).made)

    def _is_defined(self, name: bytes) -> bool:
        """Tell whether a file of the project defines a macro of that name."""
        pattern = re.compile(rb'\bdefine[ \t]+' + name + rb'\b')
        texts = (self.tree.readable(path) for path in self.files())
        return any(name in text and pattern.search(text) for text in texts)

    def _redefined(self, name: bytes, parts: Set[Path]) -> bool:
        """Tell whether a file that a unit may include defines or removes a macro."""
        pattern = re.compile(rb'\b(?:define|undef)\b[ \t]*' + name + rb'\b')
        others = (other for other in self.files() if other not in parts and not self.is_unit(other))
        return any(name in self.tree.readable(other) and pattern.search(self.tree.readable(other)) for other in others)

    def scan_file(self, path: Path, language: Language | None = None) -> ScanResult | None:
        """Return what stands in a file, None where there is neither a table nor a function that another file's table names."""
        language = language or self.language(path)
        if language is None or not (self._has_tables(path) or self._defines_listed(path)):
            return None
        return self._scan(path, language)

    def _has_tables(self, path: Path) -> bool:
        if path not in self._tabled:
            alone = self._elsewhere(path)
            self._tabled[path] = alone._has_tables(path) if alone else might_have_tables(self._text(path))
        return self._tabled[path]

    def _text(self, path: Path) -> bytes:
        """Return what a compiler that is given a file sees of the project.  Raises OSError."""
        return self.unit(path).seen

    def _readable(self, path: Path) -> bytes:
        """Return the same of a file that is looked at for the sake of another; nothing where it can not be read."""
        return self._text(path) if self.tree.readable(path) else b''

    def _outside(self, path: Path) -> Iterator[Path]:
        """Yield the files that are not read with `path`."""
        mine = {part.path for part in self.unit(path).parts}
        return (other for other in self.files() if other not in mine)

    def _others(self, path: Path, name: str) -> Iterator[Path]:
        """Yield the files that may have a word and are not read with `path`, and not with one that is yielded."""
        mine = [part.path for part in self.unit(path).parts]
        return (other for other in self._said.with_word(name) if other not in mine and self.tree.owner(other) == other)

    def _scan(self, path: Path, language: Language) -> ScanResult:
        if path not in self._scans or self._scans[path].language != language:
            alone = self._elsewhere(path)
            self._scans[path] = alone._scan(path, language) if alone else scan(self._readable(path), language)
        return self._scans[path]

    def _defines_listed(self, path: Path) -> bool:
        """Tell whether a unit may define what tables of other files name: it has the word."""
        if not self.config.fastcall or not self.is_unit(path):
            return False
        return not self._all_listed().words.isdisjoint(self._said.of_unit(path).words)

    def _listed_elsewhere(self, path: Path) -> Mapping[str, frozenset[str | None]]:
        """Return what the method tables of other files name and do not define: the conventions by function."""
        return self._all_listed().but(path)

    def _all_listed(self) -> Listed:
        if self._listed is None:
            owners = (path for path in self.files() if self.tree.owner(path) == path)
            self._listed = Listed({path: names for path in owners if (names := self._listed_in(path))})
        return self._listed

    def _listed_in(self, path: Path) -> dict[str, frozenset[str | None]]:
        language = self.language(path)
        if language is None or not (self.tree.readable(path) and self._has_tables(path)):
            return {}
        found = self._scan(path, language)
        own = {f.name for f in found.functions if f.body} | self.config.exclude_functions
        return {name: conventions for name, conventions in listed(self._readable(path), found).items() if name not in own}

    def _offer_elsewhere(self, name: str, path: Path) -> Upgrade | Kept | None:
        """Return what becomes of the function that a table in `path` names and another file defines."""
        found: list[Upgrade | Kept] = []
        for other in self._others(path, name):
            language = self.language(other)
            if language is None:
                continue
            functions = [f for f in self._scan(other, language).functions if last_component(f.name) == name]
            if any(f.scope.path or f.name != name for f in functions):
                return None  # the row may mean the one in a namespace
            if not any(f.body for f in functions):
                continue
            if not self.is_unit(other):
                return None  # `path` may include it
            if self._refuse(other, language, unit=True) is None and (outcome := self._offers_of(other, language).get(name)):
                found.append(outcome)
        return next((o for o in found if isinstance(o, Upgrade)), found[0] if found else None)

    def _offers_of(self, path: Path, language: Language) -> dict[str, Upgrade | Kept]:
        if path not in self._offers:
            found = offers(self._scan(path, language), self._surroundings(path), self._mentions_in(path, language))
            place = self.tree.relative(path)
            self._offers[path] = {name: o if isinstance(o, Upgrade) else o._replace(path=place) for name, o in found.items()}
        return self._offers[path]

    def _mentions_in(self, path: Path, language: Language) -> Mentions:
        if path not in self._mentions or self._mentions[path].language != language:
            alone, found = self._elsewhere(path), self._scan(path, language)
            self._mentions[path] = alone._mentions_in(path, language) if alone else Mentions.of(self._readable(path), found)
        return self._mentions[path]

    def forget(self, path: Path) -> None:
        """Forget what was read from a unit that has been taken apart."""
        self._units.pop(path, None)
        self._forget(path)

    def _forget(self, path: Path) -> None:
        self._scans.pop(path, None)
        self._tabled.pop(path, None)
        self._said.forget(path)
        self._mentions.pop(path, None)
        self._headers.pop(path, None)
        self._plans = {key: decided for key, decided in self._plans.items() if key[0] != path}

    def problems(self, path: Path) -> tuple[Problem, ...]:
        """Return what the scanner could not read of a file."""
        owner = self.tree.owner(path)
        found = self.scan_file(owner)
        return localise_problems(found.problems, self.unit(owner), path) if found else ()

    def decisions(self, path: Path) -> FilePlan | None:
        """Return the decisions for the rows of a file in its own lines, whatever unit they are made with."""
        owner = self.tree.owner(path)
        decided = self.plan_file(owner)
        return localise(decided, self.unit(owner), path, self.tree.relative) if decided else None

    def policy(self, path: Path, language: Language, *, unit: bool | None = None, limited: bool = False) -> Policy:
        """Return what the planner has to know about a file."""
        config = self.config
        return Policy(
            barrier=config.barrier == 'always' or (config.barrier == 'auto' and language == 'c++'),
            exclude_functions=config.exclude_functions,
            refuse=self._refuse(path, language, unit=self.is_unit(path) if unit is None else unit),
            known_elsewhere=lambda name: self._known_elsewhere(name, path) or self._is_made(name, path, language),
            declared_plainly=lambda name, count: self._declared_plainly(name, count, path),
            surroundings=self._surroundings(path, limited=limited),
            slots=config.slots,
            uses_elsewhere=lambda name: self._uses_elsewhere(name, path),
            outline=config.outline,
        )

    def _uses_elsewhere(self, name: str, path: Path) -> Uses:
        """Return what the files that are not read with `path` do with a function."""
        listed: set[Language] = set()
        other = defined = False
        for file in self._others(path, name):
            language = self.language(file)
            if language is None:
                continue
            source, found = self._readable(file), self._scan(file, language)
            if lists_in_slots(source, found, name):
                listed.add(language)
                other = other or self._refuse(file, language, unit=self.is_unit(file)) is not None
            other = other or is_mentioned(self._mentions_in(file, language), known_places(found), name)
            defined = defined or any(f.body and last_component(f.name) == name for f in found.functions)
        return Uses(frozenset(listed), other, defined)

    def _surroundings(self, path: Path, *, limited: bool = False) -> Surroundings:
        return Surroundings(
            here=self._said.of_unit(path),
            others=lambda: (self._said.of(other) for other in self._outside(path)),
            everywhere=lambda: self._said.everywhere(path),
            enabled=self.config.fastcall,
            limited=limited or self._is_limited(path),
            source=self._text(path),
            listed_elsewhere=lambda: self._listed_elsewhere(path),
            offer_elsewhere=lambda name: self._offer_elsewhere(name, path),
            chain_makers=self._chain_makers,
            header_macro=lambda name: self._header_macro(path, name),
        )

    def _is_limited(self, path: Path) -> bool:
        """Tell whether a source or a header that it may include asks for a limited API without METH_FASTCALL."""
        if self._said.of_unit(path).limited:
            return True
        parts = [part.path for part in self.unit(path).parts]
        headers = (header for header in self._said.limited_headers() if header not in parts)
        return any(self.tree.may_include(part, header) for header in headers for part in parts)

    def _chain_makers(self) -> Makers:
        if self._makers is None:
            self._makers = Makers.of(self._said.everywhere().macros.definitions)
        return self._makers

    def _header_macro(self, path: Path, name: bytes) -> Macro | None:
        if path not in self._headers:
            mine = {part.path for part in self.unit(path).parts}
            shared = [other for other in self.files() if other in mine or not self.is_unit(other)]
            entered = self._entered.get(path, frozenset())
            self._headers[path] = Headers(path, self.tree.readable, frozenset(self.files()), shared, entered)
        found = self._headers[path].macro(name)
        return found.macro if found else None

    def relied_on(self, path: Path) -> frozenset[Path]:
        """Return the headers that have to stay as they are for the decisions about a source to be right."""
        return self._headers[path].relied_on() if path in self._headers else frozenset()

    def question(self, path: Path, decided: FilePlan) -> expand_ask.Question | None:
        """Return what the preprocessor has to be asked about a unit, None where nothing is open."""
        may_be_made = self._surroundings(path).may_be_pasted
        text = self._text(path)
        if self._refuse(path, decided.language, unit=True):
            return None
        arguments: list[frozenset[bytes]] = []

        def is_argument(name: str) -> bool:
            if not arguments:
                arguments.append(_arguments(text))
            return name.encode() in arguments[0]

        open_ = self._headers[path].open if path in self._headers else frozenset()
        headers = not open_.isdisjoint(self._chain_makers().catching)
        return expand_ask.question(text, decided, lambda name: may_be_made(name) or is_argument(name), headers=headers)

    def asked(self, path: Path, question: expand_ask.Question) -> dict[int, list[Edit]]:
        """Return the edits of each part of a unit that make the text which the preprocessor is asked about."""
        return self.unit(path).split(expand_ask.marks(self._text(path), question))

    def answer(self, path: Path, language: Language, output: bytes, *, limited: bool = False) -> None:
        """Take what the preprocessor has said about a unit that it was asked about."""
        policy = self.policy(path, language, unit=True, limited=limited)
        found = self._scan(path, language)
        # Which rows are open does not depend on what else becomes of the others.
        policy = policy._replace(surroundings=replace(policy.surroundings, enabled=False))
        question = self.question(path, plan(self._text(path), found, policy))
        if question is None:
            return
        macros = self._said.everywhere().macros
        edits = expand_ask.answers(self._text(path), question, output, lambda name: name.encode() in macros.definitions)
        self._units[path] = self.unit(path).expand(edits)
        self._forget(path)
        self._entered[path] = frozenset(Path(os.path.realpath(name)) for name in expand_ask.own_files(output, self.tree.is_own))
        own = expand_ask.own_text(output, self.tree.is_own)
        self._made[path] = function_names(scan(own, language))

    def _refuse(self, path: Path, language: Language, *, unit: bool) -> Reason | None:
        if reason := self.tree.unwanted(path, language):
            return reason
        if not unit:
            return Reason.INCLUDED_FILE
        if path not in self._movable:
            self._movable[path] = not includes.refusal(self.source(path))
        return None if self._movable[path] else Reason.NEEDS_ORIGINAL

    def _known_elsewhere(self, name: str, path: Path) -> bool:
        if name not in self._known:
            self._look_up(name, path)
        return self._known[name]

    def _look_up(self, name: str, path: Path) -> None:
        """One pass over the project per name; the search for the name keeps it cheap."""
        others = (other for other in self._said.with_word(last_component(name)) if other != path)
        self._known[name] = any(might_declare(self._readable(other), name) and name in self._names_of(other) for other in others)

    def _is_made(self, name: str, path: Path, language: Language) -> bool:
        """Tell whether macros define a function in a unit: as the preprocessor has said, else as the project's own macros say."""
        if path not in self._made and name.startswith(('Py', '_Py')):
            return False  # spares reading all for what CPython defines
        if path not in self._made:
            if self._defining is None:
                self._defining = made.defining(self._said.everywhere().macros.definitions)
            self._made[path] = made.functions(self._text(path), self._defining, language)
        return name in self._made[path]

    def _declared_plainly(self, name: str, count: int, path: Path) -> bool:
        found = False
        mine = [part.path for part in self.unit(path).parts]
        for other in (path, *(other for other in self._said.with_word(name) if other not in mine)):
            text, language = self._readable(other), self.language(other)
            if language is None or not might_declare(text, name):
                continue
            functions = [f for f in self._scan(other, language).functions if last_component(f.name) == name]
            if name.encode() in self._said.of_unit(other).macros or not all(is_plain(text, f, count) for f in functions):
                return False
            found = found or bool(functions)
        return found

    def _names_of(self, path: Path) -> frozenset[str]:
        if path not in self._names:
            alone = self._elsewhere(path)
            self._names[path] = alone._names_of(path) if alone else function_names(self._scan(path, self.language(path) or 'c'))
        return self._names[path]

    def plan_file(
        self, path: Path, language: Language | None = None, *, unit: bool | None = None, limited: bool = False
    ) -> FilePlan | None:
        """Return the decisions for a file, None where there is nothing to decide."""
        found = self.scan_file(path, language)
        if found is None:
            return None
        key = (path, found.language, unit, limited)
        if key not in self._plans:
            self._plans[key] = self._plan(path, found, unit=unit, limited=limited)
        return self._plans[key]

    def _plan(self, path: Path, found: ScanResult, *, unit: bool | None, limited: bool) -> FilePlan | None:
        decided = plan(self._text(path), found, self.policy(path, found.language, unit=unit, limited=limited))
        return decided if decided.tables or decided.upgrades else None

    def rewrite_file(self, path: Path, decided: FilePlan, *, unit: bool | None = None, limited: bool = False) -> Rewritten | None:
        """Return the verified rewritten file, None where nothing changes.  Raises RewriteError."""
        found = self.scan_file(path, decided.language)
        assert found is not None
        source = self._text(path)
        result = rewrite(source, found, decided, self.config.exceptions)
        if result is not None:
            verify(source, decided, self.policy(path, decided.language, unit=unit, limited=limited), result)
            self.unit(path).split(result.edits)
        return result

    def rewritten(self, path: Path) -> bytes | None:
        """Return what a file becomes in the unit that it is compiled with, without the prelude; None where that is the file itself."""
        owner = self.tree.owner(path)
        decided = self.plan_file(owner)
        result = self.rewrite_file(owner, decided) if decided else None
        if result is None:
            return None
        unit = self.unit(owner)
        number = next((n for n, part in enumerate(unit.parts) if part.path == path), 0)
        edits = unit.split(result.edits).get(number)
        return apply(self.source(path), edits) if edits else None
