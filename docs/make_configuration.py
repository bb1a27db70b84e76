"""Write the table of keys in configuration.md from the docstrings of `tramp_build.config.Config`.

python docs/make_configuration.py
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

from tramp_build.config import KEYS, Config

PAGE = Path(__file__).with_name('configuration.md')
BEGIN = '<!-- keys: made by docs/make_configuration.py from tramp_build/config.py, DO NOT EDIT -->\n'
END = '<!-- end of keys -->\n'


def field_docs() -> dict[str, str]:
    """The string under each field, on one line."""
    body = ast.parse(inspect.getsource(Config)).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            docs[field.target.id] = ' '.join(ast.literal_eval(text.value).split())
    return docs


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return f'`{str(value).lower()}`'
    if isinstance(value, str):
        return f'`"{value}"`'
    return '`[' + ', '.join(f'"{item}"' for item in sorted(value)) + ']`'


def table() -> str:
    """The table of keys in Markdown."""
    lines = ['| key | type | default | meaning |', '| --- | --- | --- | --- |']
    docs = field_docs()
    for key, (name, kind) in KEYS.items():
        default = '`{}`' if key == 'exceptions' else _default(getattr(Config(), name))
        lines.append(f'| `{key}` | {kind.toml_type} | {default} | {docs[name]} |')
    return '\n'.join(lines) + '\n'


def updated(page: str) -> str:
    """The page with the table as it should be."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f'{head}{BEGIN}\n{table()}\n{END}{tail}'


if __name__ == '__main__':
    PAGE.write_text(updated(PAGE.read_text('utf-8')), 'utf-8')
