"""Every column that holds something about a participant is in the answer to access, or is exempt for a written reason.

The tables and columns come from the models, so that a new one fails here until somebody decides.
"""

import sys
from collections.abc import Mapping
from typing import Any

from referral.core.database import Base
from referral.privacy.schemas import members as of

SEALED = "_ct"
ITSELF = "leads from row to row and says nothing about the person"
COLLEAGUE = "the id of a colleague; who did what stands under readings and deeds"
COUNTER = "counts changes for programs"
CLOCK = "when the service reminds colleagues; what it counts to is dueOn"
NAMED = "shown by its name"
DERIVED = "follows from members that are shown"
HASH = "binds the row to the one before it"
INDEX = "a keyed fingerprint of the member beside it, to find it by"

SHOWN: Mapping[str, set[str]] = {
    "participant": {
        "name_ct", "phone_ct", "email_ct", "client_number_ct", "contact_person_ct", "preferred_channel_ct",
        "preferred_moment_ct", "birth_year_ct", "language_background_ct", "gender_ct",
        "statistics_secret_ct", "registered_at", "restricted_at",
        "organisation_id", "id",
    },
    "agreement": {*of.AGREEMENT},
    "disclosure": {*of.DISCLOSURE, "purpose_ct"},
    "referral": {*of.CASE, "learning_wish_ct", "barriers_ct", "purpose_ct", "screening_codes_ct"},
    "referral_event": {*of.EVENT, "words_ct"},
    "screening": {*of.SCREENING},
    "conversation": {*of.CONVERSATION},
    "privacy_request": {*of.REQUEST, "id", "wish_ct"},
    "privacy_decision": {*of.DECISION, "explanation_ct"},
    "notice": {"kind", "given_at"},
    "audit_entry": {"occurred_at", "action", "details"},
}  # fmt: skip
"""What the answer holds, by table; the members of `referral.privacy.schemas.members` are the tables it is made from."""

EXEMPT: Mapping[str, Mapping[str, str]] = {
    "participant": {
        "phone_bix": INDEX, "email_bix": INDEX, "client_number_bix": INDEX, "version": COUNTER,
        "erased_at": "who was erased gets no answer: there is nothing to give",
    },
    "agreement": {
        "id": ITSELF, "participant_id": ITSELF, "organisation_id": "whoever gives the answer; named on top",
        "told_by": "shown with each disclosure, by name", "recorded_by": COLLEAGUE, "withdrawal_recorded_by": COLLEAGUE,
    },
    "disclosure": {
        "id": ITSELF, "participant_id": ITSELF, "referral_id": ITSELF, "agreement_id": ITSELF,
        "organisation_id": NAMED, "user_id": COLLEAGUE,
    },
    "referral": {
        "id": ITSELF, "participant_id": ITSELF, "agreement_id": ITSELF, "previous_id": ITSELF, "trajectory_id": NAMED,
        "origin_id": ITSELF, "offered_template": "what the trajectory was then; it is named",
        "offered_course_kind": "what the trajectory was then; it is named",
        "offered_course_type": "what the trajectory was then; it is named",
        "alternative_trajectory_id": NAMED, "source_organisation_id": NAMED, "receiver_organisation_id": NAMED,
        "escalation_organisation_id": "who convenes in the region, the same for everybody there",
        "referrer_id": COLLEAGUE, "coach_id": COLLEAGUE, "last_actor_id": COLLEAGUE, "ball_user_id": COLLEAGUE,
        "ball_organisation_id": DERIVED, "ball_party": DERIVED, "remind_on": CLOCK, "escalate_on": CLOCK,
        "escalate_region_on": CLOCK, "end_on": CLOCK, "changed_at": DERIVED, "last_sequence": COUNTER,
        "last_event": DERIVED, "last_event_at": DERIVED, "version": COUNTER,
        "restricted_at": "shown with the participant, whose it is",
    },
    "referral_event": {
        "id": ITSELF, "referral_id": ITSELF, "participant_id": ITSELF, "organisation_id": NAMED,
        "actor_id": COLLEAGUE, "client_id": COLLEAGUE,
        "before": "the state that the rows before it tell, kept to undo a step",
    },
    "screening": {
        "id": ITSELF, "organisation_id": "the same as that of the referral or of a partner; the outcome is what counts",
        "source_kind": DERIVED, "instrument_year": "the year of the code list", "conversation_due_on": CLOCK,
        "conversation_escalate_on": CLOCK,
        "conversation_count": DERIVED, "version": COUNTER,
    },
    "conversation": {"id": ITSELF, "screening_id": ITSELF, "sequence": COUNTER},
    "privacy_request": {
        "participant_id": ITSELF, "organisation_id": "whoever gives the answer; named on top",
        "recorded_by": COLLEAGUE, "remind_on": CLOCK, "version": COUNTER,
    },
    "privacy_decision": {
        "id": ITSELF, "request_id": ITSELF, "participant_id": ITSELF, "decided_by": COLLEAGUE,
    },
    "notice": {
        "id": ITSELF, "referral_id": NAMED, "organisation_id": NAMED, "due_on": CLOCK, "role": DERIVED,
        "reference": "only of who was erased, and who was erased gets no answer",
    },
    "audit_entry": {
        "id": ITSELF, "object_id": ITSELF, "object_type": DERIVED, "actor_id": NAMED, "organisation_id": NAMED,
        "client_id": COLLEAGUE, "origin": "the address of a colleague's computer", "trace_id": "joins log lines",
        "span_id": "joins log lines", "operation": DERIVED, "chain_id": HASH, "sequence": HASH, "previous_hash": HASH,
        "entry_hash": HASH,
        "result": "only what was done is about the person; refusals are about who tried",
    },
}  # fmt: skip

ELSEWHERE: Mapping[str, str] = {
    "subject_key": "keys, which open what is shown",
    "wrapping_key": "keys of keys",
    "idempotency_record": "answers that were given before, sealed, gone after 72 hours; the same data as are shown",
    "outbox_message": "ids of what stands in the history",
    "digest": "that a colleague got a mail",
    "digest_line": "which notice stood in which mail",
    "organisation": "about organisations",
    "organisation_region": "about organisations",
    "region": "about regions",
    "user_account": "about colleagues",
    "membership": "about colleagues",
    "login_session": "about colleagues",
    "sign_in_attempt": "about colleagues",
    "access_token": "about colleagues and programs",
    "authenticator": "about colleagues",
    "recovery_code": "about colleagues",
    "referral_draft": "what its writer still types, nobody's file yet, gone with its term (config/terms.toml)",
    "trajectory": "the catalogue",
    "trajectory_start": "the catalogue",
    "outcome_tally": "numbers that lead to nobody",
    "processing_record": "the same deeds and readings as the audit log, without who did them",
    "erasure_request": "who was erased gets no answer: there is nothing to give",
    "annual_text": "what a region publishes; it is checked for whatever names somebody",
    "journey": "the days and codes of the case, which is shown; from them the figures are made",
    "fact_change": "codes and numbers that lead to nobody",
    "figure_cell": "sums that lead to nobody",
    "frozen_report": "counts of a reference date that lead to nobody",
    "crypto_job": "how far a rotation of keys has come",
    "retired_wrapping_key": "keys of keys",
    "audit_leaf": "hashes of the audit log",
    "audit_checkpoint": "hashes of the audit log",
    "audit_chain": "hashes of the audit log",
    "audit_unsealed": "which rows of the audit log wait to be sealed",
    "anonymous_refusal": "how often somebody unknown was refused",
    "webhook": "about programs of organisations",
    "webhook_delivery": "ids of what stands in the history",
}
"""The tables in which nothing about one participant stands in a form of its own."""


UNSHOWN = {"processing_record": {"subject_ct"}, "referral_draft": {"answers_ct"}}
"""Sealed, and no more than whose row it is; or typed by a colleague about somebody who is no participant yet."""


def columns_of(table: str, metadata: Any = Base.metadata) -> list[str]:
    """The names of the columns of a table."""
    return [column.name for column in metadata.tables[table].columns]


def undecided(metadata: Any = Base.metadata) -> set[str]:
    """The tables and columns that nobody decided about."""
    unknown = {table.name for table in metadata.sorted_tables} - set(SHOWN) - set(ELSEWHERE)
    for name in SHOWN:
        columns = set(columns_of(name, metadata))
        unknown |= {f"{name}.{column}" for column in columns - SHOWN[name] - set(EXEMPT[name])}
    return unknown


def test_every_table_and_column_is_shown_or_exempt_for_a_reason() -> None:
    assert undecided() == set()
    counts = sum(map(len, SHOWN.values())), sum(map(len, EXEMPT.values())), len(ELSEWHERE)
    sys.stdout.write("{} columns shown, {} exempt, {} tables elsewhere\n".format(*counts))


def test_no_list_names_what_is_not_there_or_shows_what_is_exempt() -> None:
    for name in SHOWN:
        columns = set(columns_of(name))
        assert SHOWN[name] <= columns, name
        assert set(EXEMPT[name]) <= columns, name
        assert not SHOWN[name] & set(EXEMPT[name]), name
    assert set(ELSEWHERE) <= set(Base.metadata.tables)


def test_nothing_sealed_is_exempt() -> None:
    """What was worth sealing is about the person."""
    sealed = {f"{name}.{column}" for name in EXEMPT for column in EXEMPT[name] if column.endswith(SEALED)}
    assert sealed == set()
    for name in Base.metadata.tables:
        sealed_here = {column for column in columns_of(name) if column.endswith(SEALED)} - UNSHOWN.get(name, set())
        assert sealed_here <= SHOWN.get(name, set()), name


def test_a_new_column_is_noticed() -> None:
    """The control: the same question of models with one column, one sealed column and one table more."""
    without = {name: columns - {"name_ct"} for name, columns in SHOWN.items()}
    assert "participant.name_ct" in {
        f"participant.{column}"
        for column in set(columns_of("participant")) - without["participant"] - set(EXEMPT["participant"])
    }
    assert {table.name for table in Base.metadata.sorted_tables} - (set(SHOWN) - {"agreement"}) - set(ELSEWHERE) == {
        "agreement"
    }
