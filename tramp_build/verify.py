"""Prove after each rewrite what a reader of the build relies on: lines stay, only planned places change, a second pass finds nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tramp_build.errors import RewriteError
from tramp_build.plan import plan
from tramp_build.scan import scan

if TYPE_CHECKING:
    from tramp_build.model import FilePlan, ScanResult
    from tramp_build.plan import Policy
    from tramp_build.rewrite import Rewritten


def verify(source: bytes, first: FilePlan, policy: Policy, rewritten: Rewritten) -> None:
    """Raise RewriteError unless `rewritten` differs from `source` in the planned places alone and needs no second pass."""
    _only_planned(source, rewritten)
    if source.count(b'\n') != rewritten.text.count(b'\n'):
        raise RewriteError('lines have moved')
    again = scan(rewritten.text, first.language)
    # Conventions are settled by now, and nothing asks for them again.
    second = plan(rewritten.text, again, policy._replace(surroundings=replace(policy.surroundings, enabled=False)))
    if second.routed:
        raise RewriteError('a second pass would route rows again')
    if first.chains and _has_chains(rewritten.text, again, policy):
        raise RewriteError('a second pass would outline catch chains again')
    before = [(t.table.kind, t.table.name, t.table.line, len(t.entries)) for t in first.tables]
    after = [(t.table.kind, t.table.name, t.table.line, len(t.entries)) for t in second.tables]
    if before != after:
        raise RewriteError('the tables of the rewritten source are not those of the original')


def _has_chains(text: bytes, scan: ScanResult, policy: Policy) -> bool:
    from tramp_build.chainmacros import outline_all

    return bool(outline_all(text, scan, policy.exclude_functions, policy.surroundings).edits)


def _only_planned(source: bytes, rewritten: Rewritten) -> None:
    """Walk both texts along the edits: everything between two of them must be the same."""
    old = new = 0
    for edit in rewritten.edits:
        gap = edit.span.start - old
        if source[old : edit.span.start] != rewritten.text[new : new + gap] or not rewritten.text.startswith(edit.text, new + gap):
            raise RewriteError(f'the text around byte {edit.span.start} is not what was planned')
        old, new = edit.span.end, new + gap + len(edit.text)
    if source[old:] != rewritten.text[new:]:
        raise RewriteError('the text behind the last edit is not that of the original')
