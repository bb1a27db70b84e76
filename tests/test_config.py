from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tramp_build import config
from tramp_build.config import Config
from tramp_build.errors import ConfigError
from tramp_build.model import Reason

DOCS = Path(__file__).parents[1] / 'docs'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(project: Path, text: str) -> None:
    (project / 'pyproject.toml').write_text(text, 'utf-8')


def read(project: Path, table: str, settings: Any = None, env: dict[str, str] | None = None) -> Config:
    write(project, '[tool.tramp-build]\n' + table)
    loaded = config.load(project, settings, env or {})
    assert loaded is not None
    return loaded


def fails(project: Path, table: str, settings: Any = None, env: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as info:
        read(project, table, settings, env)
    return str(info.value)


def test_no_file_and_no_table_are_no_configuration(project: Path) -> None:
    assert config.load(project, None, {}) is None
    write(project, '[project]\nname = "x"\n')
    assert config.load(project, None, {}) is None
    assert config.resolve(project, {'tramp-build.strict': 'true'}, {}).config.strict


def test_an_empty_table_is_the_defaults(project: Path) -> None:
    assert read(project, '') == Config()
    assert config.resolve(project, None, {}).has_table


def test_all_keys_of_the_file(project: Path) -> None:
    loaded = read(
        project,
        """
        include = ["src/**"]
        exclude = ["vendor", "src/gen_*.c"]
        languages = ["c++"]
        exclude-functions = ["jumper", "ns::Cls::run"]
        barrier = "always"
        fastcall = false
        outline = false
        slots = false
        link = "static"
        strict = true
        exceptions = { "z::E" = "ValueError", "::a::P<int, 3>" = "geo.errors.ParseError" }
        """,
    )
    assert loaded == Config(
        include=('src/**',),
        exclude=('vendor', 'src/gen_*.c'),
        languages=frozenset({'c++'}),
        exclude_functions=frozenset({'jumper', 'ns::Cls::run'}),
        barrier='always',
        fastcall=False,
        outline=False,
        slots=False,
        link='static',
        strict=True,
        exceptions=(('a::P<int, 3>', 'geo.errors.ParseError'), ('z::E', 'ValueError')),
    )
    # The order in the file says nothing, so it must not change what is built either.
    assert hash(loaded)


KEY = 'pyproject.toml: tool.tramp-build'


@pytest.mark.parametrize(
    ('table', 'message'),
    [
        ('excldue = []', f'{KEY}.excldue: unknown key; did you mean "exclude"?'),
        ('exclude_functions = []', f'{KEY}.exclude_functions: unknown key; did you mean "exclude-functions"?'),
        ('Strict = true', f'{KEY}.Strict: unknown key; did you mean "strict"?'),
        ('zzz = 1', f'{KEY}.zzz: unknown key'),
        ('strict = "true"', f'{KEY}.strict: must be true or false, not a string'),
        ('strict = 1', f'{KEY}.strict: must be true or false, not an integer'),
        ('strict = 2020-01-01', f'{KEY}.strict: must be true or false, not a date or time'),
        ('exclude = "vendor"', f'{KEY}.exclude: must be an array of strings, not a string; write ["vendor"]'),
        ('exclude = ["a", 2]', f'{KEY}.exclude[1]: must be a string, not an integer'),
        ('exclude = ["/abs"]', f'{KEY}.exclude[0]: is absolute; patterns are relative to the project: "/abs"'),
        ('barrier = "allways"', f'{KEY}.barrier: must be one of "auto", "always", "never", not "allways"; did you mean "always"?'),
        ('barrier = true', f'{KEY}.barrier: must be one of "auto", "always", "never", not a boolean'),
        ('link = "dynamic"', f'{KEY}.link: must be one of "shared", "static", not "dynamic"'),
        ('languages = ["cpp"]', f'{KEY}.languages[0]: must be "c" or "c++", not "cpp"; did you mean "c++"?'),
        ('languages = ["rust"]', f'{KEY}.languages[0]: must be "c" or "c++", not "rust"'),
        ('exclude-functions = ["f()"]', f'{KEY}.exclude-functions[0]: must be the name of a C or C++ function, not "f()"'),
        ('exceptions = []', f'{KEY}.exceptions: must be a table such as {{ "geo::ParseError" = "ValueError" }}, not an array'),
        ('exceptions = {E = "ValueEror"}', f'{KEY}.exceptions.E: "ValueEror" is not a built-in exception; did you mean "ValueError"?'),
        (
            'exceptions = {E = "ParseFailure"}',
            f'{KEY}.exceptions.E: "ParseFailure" is not a built-in exception; an exception of a module is written "module.ParseFailure"',
        ),
        (
            'exceptions = {"a::E" = "geo..E"}',
            f'{KEY}.exceptions."a::E": must be a Python exception such as "ValueError" or "geo.errors.ParseError", not "geo..E"',
        ),
        (
            'exceptions = {"a::E" = "geo.class.E"}',
            f'{KEY}.exceptions."a::E": must be a Python exception such as "ValueError" or "geo.errors.ParseError", not "geo.class.E"',
        ),
        ('exceptions = {"a::E" = 3}', f'{KEY}.exceptions."a::E": must be the name of a Python exception, not an integer'),
        ('exceptions.a.E = "x"', f'{KEY}.exceptions.a: must be the name of a Python exception, not a table (a C++ name needs quotes)'),
        ('exceptions = {"a:E" = "KeyError"}', f'{KEY}.exceptions."a:E": "a:E" is not the name of a C++ type such as "geo::ParseError"'),
        ('exceptions = {"" = "KeyError"}', f'{KEY}.exceptions."": "" is not the name of a C++ type such as "geo::ParseError"'),
        ('exceptions = {"::E" = "KeyError", E = "OSError"}', f'{KEY}.exceptions.E: names the C++ type E a second time'),
    ],
)
def test_what_is_wrong_in_the_file(project: Path, table: str, message: str) -> None:
    assert fails(project, table) == message


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('tool = 3', 'pyproject.toml: tool: must be a table, not an integer'),
        ('[tool]\ntramp-build = "x"', 'pyproject.toml: tool.tramp-build: must be a table, not a string'),
        ('[tool.tramp_build]', 'pyproject.toml: tool.tramp_build: unknown table; did you mean "tool.tramp-build"?'),
        ('[tool.TrampBuild]', 'pyproject.toml: tool.TrampBuild: unknown table; did you mean "tool.tramp-build"?'),
    ],
)
def test_what_is_wrong_around_the_table(project: Path, text: str, message: str) -> None:
    write(project, text)
    with pytest.raises(ConfigError) as info:
        config.load(project, None, {})
    assert str(info.value) == message


def test_a_syntax_error_has_line_and_column_and_shows_the_place(project: Path) -> None:
    write(project, '[tool.tramp-build]\nstrict = = true\n')
    with pytest.raises(ConfigError) as info:
        config.load(project, None, {})
    first, source, mark = str(info.value).split('\n')
    assert first.startswith('pyproject.toml:2:10: ')
    assert source == '  strict = = true'
    assert mark.index('^') == source.index('= true')


def test_a_syntax_error_at_the_end_has_a_place_too(project: Path) -> None:
    write(project, '[tool.tramp-build]\nexclude = ["a"')
    with pytest.raises(ConfigError, match=r'^pyproject\.toml:2:15: '):
        config.load(project, None, {})


def test_a_file_that_is_not_utf8(project: Path) -> None:
    (project / 'pyproject.toml').write_bytes(b'# one\n# \xe4\n')
    with pytest.raises(ConfigError, match=r'^pyproject\.toml:2:3: not UTF-8'):
        config.load(project, None, {})


def test_a_directory_in_place_of_the_file(project: Path) -> None:
    (project / 'pyproject.toml').mkdir()
    with pytest.raises(ConfigError, match=r'^can not read .*pyproject\.toml: '):
        config.load(project, None, {})


def test_a_file_elsewhere_is_named_in_full(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / 'elsewhere').mkdir()
    monkeypatch.chdir(project / 'elsewhere')
    assert fails(project, 'x = 1') == f'{project}/pyproject.toml: tool.tramp-build.x: unknown key'


def test_a_file_below_is_named_relative(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.parent)
    assert fails(project, 'x = 1').startswith(f'{project.name}/pyproject.toml: ')


@pytest.mark.parametrize(
    ('settings', 'field', 'value'),
    [
        ({'tramp-build.strict': 'true'}, 'strict', True),
        ({'tramp-build.strict': ''}, 'strict', True),
        ({'tramp-build.strict': True}, 'strict', True),
        ({'tramp-build.strict': None}, 'strict', True),
        ({'tramp-build.fastcall': 'OFF'}, 'fastcall', False),
        ({'tramp-build.fastcall': False}, 'fastcall', False),
        ({'tramp-build.fastcall': ['true', '0']}, 'fastcall', False),
        ({'tramp-build.barrier': 'never'}, 'barrier', 'never'),
        ({'tramp-build.exclude': 'a'}, 'exclude', ('a',)),
        ({'tramp-build.exclude': ' a ; b*.c;'}, 'exclude', ('a', 'b*.c')),
        ({'tramp-build.exclude': ['a', 'b;c']}, 'exclude', ('a', 'b', 'c')),
        ({'tramp-build.exclude': ''}, 'exclude', ()),
        ({'tramp-build.exceptions': 'a::E=ValueError;b::F<1>=x.Y'}, 'exceptions', (('a::E', 'ValueError'), ('b::F<1>', 'x.Y'))),
    ],
)
def test_config_settings_win_over_the_file(project: Path, settings: dict[str, Any], field: str, value: object) -> None:
    loaded = read(project, 'exclude = ["file"]\nfastcall = true\nbarrier = "auto"', settings)
    assert getattr(loaded, field) == value


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'tramp-build.strikt': '1'}, 'config setting tramp-build.strikt: unknown key; did you mean "tramp-build.strict"?'),
        ({'tramp-build': '1'}, 'config setting tramp-build: unknown key; write tramp-build.KEY=VALUE'),
        ({'tramp-build.strict': 'perhaps'}, 'config setting tramp-build.strict: must be true or false, not "perhaps"'),
        ({'tramp-build.barrier': True}, 'config setting tramp-build.barrier: must be one of "auto", "always", "never", not a boolean'),
        ({'tramp-build.strict': 3}, 'config setting tramp-build.strict: must be a string or a list of strings, not 3'),
        ({'tramp-build.exclude': []}, 'config setting tramp-build.exclude: must be a string or a list of strings, not []'),
        ({'tramp-build.exceptions': 'E'}, 'config setting tramp-build.exceptions: must be CXX_TYPE=PYTHON_EXCEPTION, not "E"'),
    ],
)
def test_what_is_wrong_in_config_settings(project: Path, settings: dict[str, Any], message: str) -> None:
    assert fails(project, '', settings) == message


def test_the_environment_wins_over_all(project: Path) -> None:
    settings = {'tramp-build.barrier': 'never', 'tramp-build.link': 'static'}
    loaded = read(
        project, 'barrier = "always"\nstrict = true', settings, {'TRAMP_BUILD_BARRIER': 'auto', 'TRAMP_BUILD_EXCLUDE_FUNCTIONS': 'f;g'}
    )
    assert (loaded.barrier, loaded.link, loaded.strict) == ('auto', 'static', True)
    assert loaded.exclude_functions == {'f', 'g'}


def test_other_variables_with_our_prefix_mean_nothing(project: Path) -> None:
    assert read(project, '', env={'TRAMP_BUILD_STATE': '/x', 'TRAMP_BUILD_DEV': 'y'}) == Config()


def test_what_is_wrong_in_the_environment(project: Path) -> None:
    assert fails(project, '', env={'TRAMP_BUILD_STRICT': 'x'}) == 'environment variable TRAMP_BUILD_STRICT: must be true or false, not "x"'
    assert fails(project, '', env={'TRAMP_BUILD': 'of'}) == 'environment variable TRAMP_BUILD: must be "on" or "off", not "of"'


@pytest.mark.parametrize(
    ('value', 'off'), [('off', True), ('OFF', True), (' 0', True), ('no', True), ('', False), ('on', False), ('x', False)]
)
def test_is_off(value: str, off: bool) -> None:
    assert config.is_off({'TRAMP_BUILD': value}) is off


def test_it_is_on_by_default() -> None:
    assert not config.is_off({})


def test_origins(project: Path) -> None:
    write(project, '[tool.tramp-build]\nstrict = true\nbarrier = "never"\nlink = "static"')
    origins = config.resolve(project, {'tramp-build.barrier': 'auto', 'tramp-build.link': 'static'}, {'TRAMP_BUILD_LINK': 'shared'}).origins
    assert list(origins) == list(config.KEYS)
    assert origins['strict'] == 'pyproject.toml'
    assert origins['barrier'] == 'config setting tramp-build.barrier'
    assert origins['link'] == 'environment variable TRAMP_BUILD_LINK'
    assert origins['include'] == 'default'


def test_split_settings() -> None:
    given = {'setup-args': ['-Dx=1'], 'tramp-build.strict': '1', 'tramp-builder': 'x', 'tramp-build': ''}
    assert config.split_settings(given) == ({'tramp-build.strict': '1', 'tramp-build': ''}, {'setup-args': ['-Dx=1'], 'tramp-builder': 'x'})
    assert config.split_settings(None) == ({}, {})


@pytest.mark.parametrize(
    ('configured', 'path', 'language', 'reason'),
    [
        (Config(), 'a.c', 'c', None),
        (Config(languages=frozenset({'c++'})), 'a.c', 'c', Reason.LANGUAGE_OFF),
        (Config(languages=frozenset({'c++'})), 'a.c', 'c++', None),
        (Config(exclude=('vendor',)), 'vendor/a.c', 'c', Reason.EXCLUDED_FILE),
        (Config(exclude=('vendor',)), 'src/a.c', 'c', None),
        (Config(include=('src/*.c',)), 'src/a.c', 'c', None),
        (Config(include=('src/*.c',)), 'a.c', 'c', Reason.EXCLUDED_FILE),
        (Config(include=('src',), exclude=('src/x.c',)), 'src/x.c', 'c', Reason.EXCLUDED_FILE),
    ],
)
def test_wants(configured: Config, path: str, language: Any, reason: Reason | None) -> None:
    assert configured.wants(path, language) is reason


def test_every_field_is_a_key_with_a_docstring_and_frozen() -> None:
    assert list(config.KEYS) == [field.name.replace('_', '-') for field in dataclasses.fields(Config)]
    assert set(generator().field_docs()) == {field.name for field in dataclasses.fields(Config)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().strict = True  # type: ignore[misc]


def generator() -> Any:
    spec = importlib.util.spec_from_file_location('make_configuration', DOCS / 'make_configuration.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_keys_is_what_the_dataclass_says() -> None:
    page = (DOCS / 'configuration.md').read_text('utf-8')
    assert generator().updated(page) == page, 'run docs/make_configuration.py'
    assert '| `exclude-functions` | array of strings | `[]` |' in page
