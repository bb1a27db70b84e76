from __future__ import annotations

import json

import pytest

from tramp_build import reasons
from tramp_build.model import Reason
from tramp_build.report import SCHEMA


@pytest.mark.parametrize('reason', list(Reason), ids=lambda reason: reason.value)
def test_every_reason_has_a_sentence_for_people(reason: Reason) -> None:
    sentence = reasons.SENTENCES[reason]
    # It goes behind "skipped, macro-row: ", so it starts small; a remedy stands by itself.
    assert sentence.cause
    assert sentence.cause[0].islower()
    assert not sentence.cause.endswith('.')
    assert not sentence.remedy or (sentence.remedy[0] in '"' or sentence.remedy[0].isupper())
    assert not sentence.remedy or sentence.remedy.endswith('.')


def test_what_needs_no_trampoline_is_no_shortcoming() -> None:
    assert Reason.NOTHING_TO_ROUTE in reasons.NEEDS_NOTHING
    assert Reason.MACRO_ROW not in reasons.NEEDS_NOTHING
    # Whatever lacks a remedy needs none.
    assert {reason for reason, sentence in reasons.SENTENCES.items() if not sentence.remedy} <= reasons.NEEDS_NOTHING


def test_ids_are_unique_and_the_schema_has_them_all() -> None:
    ids = reasons.REASON_IDS
    assert len(set(ids)) == len(ids)
    schema = json.loads(SCHEMA.read_text('utf-8'))
    assert schema['$defs']['entry']['properties']['reason']['enum'] == [*sorted(ids), None]


def test_an_unknown_id_is_shown_as_it_is() -> None:
    assert 'of-a-newer-release' in reasons.sentence('of-a-newer-release').cause
    assert reasons.sentence('macro-row') is reasons.SENTENCES[Reason.MACRO_ROW]
    assert reasons.sentence('fallback') is reasons.BUILD_SENTENCES['fallback']
