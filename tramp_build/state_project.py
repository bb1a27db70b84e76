"""What a state directory says of its project: where that is, and how it is configured."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tramp_build.config import Config
from tramp_build.state import Conf, State

_FILE: Final = 'project.json'


def create_state(directory: Path, root: Path, config: Config, *, rpath: str = 'origin') -> State:
    """Make a state directory for a build of `root`; `rpath` is 'origin' (a hook bundles libtramp) or 'absolute' (nobody does)."""
    state = State.create(directory, conf_of(config, rpath=rpath))
    (directory / _FILE).write_text(json.dumps({'root': os.fspath(root.resolve()), 'config': _config_json(config)}), 'utf-8')
    return state


def conf_of(config: Config, *, rpath: str) -> Conf:
    """Return what the launcher has to know of a configuration."""
    return Conf.for_build(link=config.link, rpath=rpath, strict=config.strict)


def _config_json(config: Config) -> dict[str, Any]:
    return {key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(config).items()}


def _config_from_json(data: dict[str, Any]) -> Config:
    kinds = {key: type(value) for key, value in asdict(Config()).items()}
    values = {key: kinds[key](value) for key, value in data.items() if key in kinds}
    return Config(**(values | {'exceptions': tuple((str(a), str(b)) for a, b in data['exceptions'])}))


def read_project(state: State) -> tuple[Path, Config]:
    """Return the root and the configuration of the project that a state directory was made for."""
    data = json.loads((state.dir / _FILE).read_text('utf-8'))
    return Path(data['root']), _config_from_json(data['config'])
