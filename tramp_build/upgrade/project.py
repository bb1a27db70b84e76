"""What the rest of a project says about a function that is to change its signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tramp_build.model import Reason
from tramp_build.upgrade.blocks import Makers
from tramp_build.upgrade.pastes import Pastes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Set

    from tramp_build import expand
    from tramp_build.model import Kept, Upgrade
    from tramp_build.upgrade.facts import Everywhere, Facts


@dataclass(slots=True)
class Surroundings:
    """The project around one file.  What all files say is only asked for when it matters."""

    here: Facts
    others: Callable[[], Iterable[Facts]]  # the files that are not read with this one
    everywhere: Callable[[], Everywhere]
    enabled: bool
    limited: bool
    source: bytes
    # What method tables of other files name and do not define: the conventions by function.
    listed_elsewhere: Callable[[], Mapping[str, frozenset[str | None]]]
    # What becomes of a function that another file defines, None where it is not certain which function that is.
    offer_elsewhere: Callable[[str], Upgrade | Kept | None]
    # The macros of the project that make parts of blocks, and what headers define for certain.
    chain_makers: Callable[[], Makers] = Makers
    header_macro: Callable[[bytes], expand.Macro | None] = lambda _: None
    _pastes: Pastes | None = field(default=None)
    _others: tuple[Facts, ...] | None = field(default=None)

    def _elsewhere(self) -> tuple[Facts, ...]:
        if self._others is None:
            self._others = tuple(self.others())
        return self._others

    def refuses(self, name: str) -> Reason | None:
        """Return why nothing of the file is upgraded."""
        del name
        if not self.enabled:
            return Reason.FASTCALL_OFF
        if self.limited:
            return Reason.LIMITED_API
        return Reason.READS_ML_METH if self.everywhere().calls_tables else None

    def reads_functions(self) -> bool:
        """Tell whether the project asks a table or a function object for the C function."""
        return self.everywhere().reads_tables

    def mentioned_elsewhere(self, name: str, *, internal: bool = False) -> bool:
        """Tell whether another file has the word; an `internal` function matters only to one that may be included here, and declare it."""
        word = name.encode()
        return any(word in (facts.declares if internal else facts.words) for facts in self._elsewhere())

    def macros_with(self, names: Set[bytes]) -> frozenset[bytes]:
        """Return the macros whose replacement brings one of the names along."""
        return self.everywhere().macros_with(names)

    def macros_bringing(self, names: frozenset[bytes]) -> frozenset[bytes]:
        """Return the macros that bring one of the names along, directly or by way of others."""
        return self.everywhere().macros_bringing(names)

    def has_word(self, words: Set[bytes]) -> bool:
        """Tell whether the file has one of the words."""
        return not words.isdisjoint(self.here.words)

    def quoting(self) -> frozenset[bytes]:
        """Return the macros that may make a string or another name of what they are given, by themselves or by way of others."""
        return self.everywhere().quoting

    def discarding(self) -> frozenset[bytes]:
        """Return the macros that do no more than `(void)` to what they are given."""
        return self.everywhere().discarding

    def is_macro(self, name: str) -> bool:
        """Tell whether a macro of that name is defined anywhere."""
        return name.encode() in self.everywhere().macro_names

    def is_macro_elsewhere(self, name: str) -> bool:
        """Tell whether another file that may be included here could define a macro of that name, or remove it."""
        word = name.encode('utf-8', 'surrogateescape')
        return any(facts.shared and word in facts.words for facts in self._elsewhere())

    def may_be_pasted(self, name: str) -> bool:
        """Tell whether a macro that is used here could put the name together, where no search for the name would find it."""
        if self._pastes is None:
            self._pastes = Pastes(self.everywhere().macros, self.source)
        return self._pastes.may_make(name.encode())
