"""Where in the chain a case stands: a pure function of its facts, for every status and every early end."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from referral.core.codelists import labels
from referral.referrals.phase import OF_STATUS, Phase, furthest, phase_of
from referral.referrals.workflow import FINAL, Status

THEN, DAY = datetime(2026, 11, 3, tzinfo=UTC), date(2026, 11, 3)


@dataclass
class Case:
    """The facts of a case, and nothing else."""

    status: Status = Status.DRAFT
    screened_on: date | None = None
    conversation_held_on: date | None = None
    submitted_at: datetime | None = None
    intake_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None


def test_the_phases_are_those_of_the_list() -> None:
    assert [phase.value for phase in Phase] == list(labels("phase"))


def test_every_status_has_a_phase_by_itself_or_by_its_facts() -> None:
    by_itself = {status: phase_of(Case(status)) for status in OF_STATUS}
    assert by_itself == dict(OF_STATUS)
    assert set(Status) - set(OF_STATUS) == {Status.DRAFT, *FINAL} - {Status.CLOSED}


@pytest.mark.parametrize(("facts", "phase"), [
    ({}, Phase.RECOGNISED),
    ({"screened_on": DAY}, Phase.SCREENED),
    ({"screened_on": DAY, "conversation_held_on": DAY}, Phase.DISCUSSED),
    ({"submitted_at": THEN}, Phase.REFERRED),
    ({"submitted_at": THEN, "intake_at": THEN}, Phase.INTAKE),
    ({"intake_at": THEN, "started_at": THEN}, Phase.IN_TRAJECTORY),
    ({"started_at": THEN, "completed_at": THEN}, Phase.COMPLETED),
])  # fmt: skip
@pytest.mark.parametrize("status", [Status.DRAFT, Status.WITHDRAWN, Status.STOPPED_EARLY, Status.EXPIRED])
def test_a_concept_and_an_early_end_tell_how_far_it_came(status: Status, facts: dict, phase: Phase) -> None:
    assert phase_of(Case(status, **facts)) is phase


def test_of_a_participant_the_furthest_open_case_counts() -> None:
    """Control: the furthest of all would say closed while somebody is still learning."""
    closed = Case(Status.CLOSED, submitted_at=THEN, ended_at=THEN)
    running, sent = Case(Status.INTAKE, submitted_at=THEN), Case(Status.SUBMITTED, submitted_at=THEN)
    assert furthest([closed, sent, running]) is Phase.INTAKE
    assert max((phase_of(case) for case in [closed, running]), key=list(Phase).index) is Phase.CLOSED
    assert furthest([closed]) is Phase.CLOSED
    assert furthest([]) is Phase.RECOGNISED
