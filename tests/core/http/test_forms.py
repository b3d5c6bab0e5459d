"""A form becomes the members that the API's schema reads, and every refusal finds its field again."""

import re
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from referral.core.errors import FieldError, Invalid
from referral.core.http import Form, ask
from referral.core.http.sentences import PAGE_DETAILS, PAGE_PROBLEMS, PAGE_SENTENCES, page_sentence
from referral.referrals.schemas.events import DEEDS
from referral.referrals.schemas.requests import CreateReferralSchema
from referral.referrals.submission import SUBMIT_RULES
from referral.referrals.workflow import EventName
from referral.screenings.schemas import LogConversationSchema, LogScreeningSchema

E = EventName
MEMBER = re.compile(r"[a-z][A-Z]|_[a-z]|waiver|exception")


def form(schema: Any, **data: Any) -> Form:
    return Form(schema, MultiDict({name.replace("__", "/"): value for name, value in data.items()}))


@pytest.mark.parametrize(("typed", "read"), [
    ("3-11-2026", "2026-11-03"), ("03-11-2026", "2026-11-03"), ("3/11/2026", "2026-11-03"),
    ("2026-11-03", "2026-11-03"), ("31-2-2026", "2026-02-31"), ("morgen", "morgen"), ("3-11", "3-11"),
])  # fmt: skip
def test_a_day_is_read_as_people_write_it_and_judged_by_the_schema(typed: str, read: str) -> None:
    assert form(LogConversationSchema(), heldOn=typed).members == {"heldOn": read}


def test_numbers_flags_lists_and_empty_fields_become_what_the_schema_reads() -> None:
    assert form(LogScreeningSchema(), score=" 9 ", block="", skills=["reading", ""]).members == {
        "score": 9,
        "skills": ["reading"],
    }
    assert form(LogScreeningSchema(), score="negen").members == {"score": "negen"}
    assert form(LogConversationSchema(), held="false").members == {"held": False}
    assert form(LogConversationSchema(), held="misschien").members == {"held": "misschien"}
    codes = form(CreateReferralSchema(), screeningCodes="S-1\r\nS-2, S-3;")
    assert codes.members == {"screeningCodes": ["S-1", "S-2", "S-3"]}
    assert form(CreateReferralSchema(), participant__contactPerson__name="An").members == {
        "participant": {"contactPerson": {"name": "An"}}
    }


def test_a_moment_is_read_by_the_dutch_clock() -> None:
    schema = DEEDS[E.PLAN_HANDOVER][0]
    both = form(schema, plannedAt="3-7-2026", plannedAt__time="14:05").members["plannedAt"]
    assert both == "2026-07-03T14:05:00+02:00"
    for day, hour in (("3-7-2026", ""), ("", "14:00"), ("31-2-2026", "14:00"), ("3-7-2026", "25:00"), ("x", "y")):
        wrong = form(schema, event="plan_handover", mode="three_way", plannedAt=day, plannedAt__time=hour)
        with pytest.raises(Invalid) as refusal:
            wrong.load()
        assert [error.pointer for error in refusal.value.errors] == ["/plannedAt"]
    assert form(schema, plannedAt="", plannedAt__time="").members == {}


def test_an_error_in_a_list_stands_at_the_row_that_was_typed_not_the_one_that_was_sent() -> None:
    schema, _ = DEEDS[E.START_TRAJECTORY]
    typed = form(schema, goals__0__description="", goals__2__description="x" * 600)
    assert typed.members == {"goals": [{"description": "x" * 600}]}
    names = [f"goals/{row}/description" for row in range(4)]
    assert typed.field_of(FieldError("/goals/0/description", "too_long", ""), names) == "goals/2/description"


@pytest.mark.parametrize(("pointer", "field"), [
    ("/heldOn", "heldOn"), ("/screeningCodes/0", "screeningCodes"), ("/participant", "participant/name"),
    ("/nergens", None), ("/", None),
])  # fmt: skip
def test_an_error_finds_its_field_or_the_nearest(pointer: str, field: str | None) -> None:
    names = ["heldOn", "screeningCodes", "participant/name"]
    assert form(CreateReferralSchema()).field_of(FieldError(pointer, "x", ""), names) == field


def test_every_member_that_a_page_can_ask_has_its_words() -> None:
    asked = sum(len(ask(schema, event.value, but=("event",))) for event, (schema, _) in DEEDS.items())
    asked += len(ask(LogScreeningSchema(), "log_screening")) + len(ask(LogConversationSchema(), "log_conversation"))
    assert asked > 80
    with pytest.raises(KeyError):  # The control: a member without words is noticed.
        ask(DEEDS[E.ACCEPT][0], "accept")


def test_no_sentence_of_a_page_names_a_member_of_the_api() -> None:
    rules = [FieldError(pointer, code, detail) for pointer, code, detail, _ in SUBMIT_RULES]
    pages = [page_sentence(error) for error in rules]
    pages += [
        *PAGE_SENTENCES.values(),
        *PAGE_DETAILS.values(),
        *(text for pair in PAGE_PROBLEMS.values() for text in pair),
    ]
    assert [sentence for sentence in pages if MEMBER.search(sentence)] == []
    assert [error.detail for error in rules if MEMBER.search(error.detail)], "the control: the API's own do"
