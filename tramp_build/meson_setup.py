"""A Meson setup whose compilers go through the launcher: which compilers Meson would take, and the machine file that says it.

Meson asks a machine file first, then the environment, then tries its own list, and puts a compiler cache in front of what
comes from that list only.  Our machine file comes after the user's own, so its entries win, and names what they would
have given, with the launcher in front.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tramp_build import console, meson_files
from tramp_build.meson_files import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tramp_build.meson_files import Value


class _Language(NamedTuple):
    variable: str
    defaults: tuple[str, ...]


# In Meson's order.  Fortran is there for its links: a module of C and Fortran objects may be linked by that compiler.
_LANGUAGES = {
    'c': _Language('CC', ('cc', 'gcc', 'clang', 'nvc', 'pgcc', 'icc', 'icx')),
    'cpp': _Language('CXX', ('c++', 'g++', 'clang++', 'nvc++', 'pgc++', 'icpc', 'icpx')),
    'fortran': _Language('FC', ('gfortran', 'flang-new', 'flang', 'nvfortran', 'pgfortran', 'ifort', 'ifx', 'g95')),
}
_CACHES = ('sccache', 'ccache')


class MachineFile(NamedTuple):
    """The file to pass to `meson setup`."""

    option: str  # --native-file or --cross-file
    text: str


def machine_file(launcher: Sequence[str], setup_arguments: Sequence[str], source_dir: Path, run_dir: Path) -> MachineFile | None:
    """The machine file that puts `launcher` in front of the compilers that Meson would take; None where there is none.

    `run_dir` is the directory in which Meson runs: relative file names in the arguments start there.
    """
    try:
        cross = meson_files.named(setup_arguments, '--cross-file', run_dir)
        files = cross or meson_files.named(setup_arguments, '--native-file', run_dir)
        binaries = meson_files.read_binaries(files, source_dir)
    except UnreadableError:
        # Meson will say what is wrong with it, in its own words.
        return None
    commands = _commands(binaries, os.environ, native=not cross)
    if not commands:
        return None
    wrapped: dict[str, Value] = {name: [*launcher, *command] for name, command in commands.items()}
    # The other entries are repeated as they come out: some may be made of those that change (`cpp = c + [...]`).
    kept = {name: value for name, value in binaries.items() if name not in wrapped and isinstance(value, (str, list))}
    return MachineFile('--cross-file' if cross else '--native-file', meson_files.render({**kept, **wrapped}))


def _commands(binaries: Mapping[str, Value], env: Mapping[str, str], *, native: bool) -> dict[str, list[str]]:
    """Language -> the compiler and its arguments, for each that is there; what is missing is left to Meson to miss."""
    found = {}
    for name, language in _LANGUAGES.items():
        command = _chosen(name, language, binaries, env)
        if command is None and native:
            command = _default(language)
        if command and shutil.which(command[0]):
            found[name] = command
    return found


def _chosen(name: str, language: _Language, binaries: Mapping[str, Value], env: Mapping[str, str]) -> list[str] | None:
    """What a machine file or the environment names; None where Meson would go on to its own list."""
    if name in binaries:
        value = binaries[name]
        words: list[str] = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    elif language.variable in env:
        text = env[language.variable]
        words = [text] if os.path.exists(text) else shlex.split(text)
    else:
        return None
    if not words or not all(isinstance(word, str) for word in words) or not words[0].strip():
        return None
    words = _without_launcher(words)
    # Meson drops a cache that is not installed.
    return words[1:] if words[0] in _CACHES and not shutil.which(words[0]) else words


def _without_launcher(words: list[str]) -> list[str]:
    """A command that goes through the launcher already (`CC="tramp-cc gcc"`) is not to go through it twice."""
    if Path(words[0]).name != 'tramp-cc':
        return words
    rest = words[1:]
    while rest and rest[0].startswith('--tramp-'):
        rest = rest[1:]
    return rest or words


def _default(language: _Language) -> list[str] | None:
    compiler = next((name for name in language.defaults if shutil.which(name)), None)
    if compiler is None:
        return None
    cache = next((name for name in _CACHES if shutil.which(name)), None)
    return [cache, compiler] if cache else [compiler]


def adopt(file: MachineFile | None, path: Path, build_dir: Path | None) -> list[str]:
    """Write the machine file to `path`, and return the setup arguments that name it.

    A build directory that was set up with other compilers keeps them through every reconfiguration, so it is set up anew.
    """
    text = file.text if file else ''
    if build_dir and _text_of(path) != text:
        forget_setup(build_dir)
    if file is None:
        path.unlink(missing_ok=True)
        return []
    path.write_text(text, encoding='utf-8')
    return [f'{file.option}={path}']


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding='utf-8')
    except OSError:
        return None


def forget_setup(build_dir: Path) -> None:
    """Have the next `meson setup` start from nothing; ninja then rebuilds what the new commands make differ.

    The presence of this file is how Meson, and meson-python, know that a directory is set up.
    """
    marker = build_dir / 'meson-private' / 'coredata.dat'
    if marker.is_file():
        console.note(f'{build_dir} was set up with other compilers; setting it up again')
        marker.unlink()
