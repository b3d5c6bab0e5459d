"""Who was kept long enough is erased: counted from the end, when every case is past its term, and told in a list."""

from datetime import date
from uuid import UUID

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, select

from referral.cli import main
from referral.core.audit import AuditEntry
from referral.core.errors import Erased
from referral.core.work import Service
from referral.operations.retention import Destruction, list_due, run_retention
from referral.participants.models import Participant
from referral.referrals.models import Referral
from referral.referrals.retention import TERM_OF_STATUS, terms_by_status
from referral.referrals.workflow import Status
from tests.world import World


def due(service: Service) -> list[Destruction]:
    with service.work(read_only=True) as work:
        return [line for cases in list_due(work).values() for line in cases]


def quietly(_done: int, _total: int) -> None:
    """Show no progress."""


def run(service: Service) -> list[Destruction]:
    return list(run_retention(service, progress=quietly))


def name_of(world: World, reference: str) -> str:
    with world.service.work() as work:
        query = select(Participant).join(Referral).where(Referral.reference == reference)
        with work.reading(world.actor("privacy"), "rights"):
            return work.session.scalars(query).one().name or ""


def test_a_term_runs_from_the_day_the_case_ended(world: World) -> None:
    declined = world.bring_to("declined")
    world.clock.move(days=41)
    world.move("referrer", world.call("referrer", "GET", f"/v1/referrals/{declined['id']}").json, "add_note", note="Hm")
    assert due(world.service) == []
    world.clock.move(days=1)
    # The note of yesterday is the last edit; a term that ran from there would not be over.
    assert due(world.service) == [
        Destruction(
            declined["reference"],
            Status.DECLINED,
            date(2026, 11, 3),
            "broken_off_social",
            "8.4.1",
            date(2026, 12, 15),
        )
    ]


def test_each_way_to_end_has_its_own_term(world: World) -> None:
    closed, void = world.bring_to("closed"), world.bring_to("void")
    world.clock.move(days=364)
    assert due(world.service) == []
    world.clock.move(days=1)
    assert [line.reference for line in due(world.service)] == [void["reference"]]
    world.clock.move(days=9 * 365 + 2)
    assert [line.reference for line in due(world.service)] == [void["reference"]]
    world.clock.move(days=1)
    assert {line.reference for line in due(world.service)} == {void["reference"], closed["reference"]}


def test_a_person_with_another_case_that_must_be_kept_stays(world: World) -> None:
    short = world.bring_to("withdrawn")
    body = world.referral_body(participantId=short["participantId"], participant=..., submit=False)
    answer = world.call("referrer", "POST", "/v1/referrals", body)
    assert answer.status_code == 201, answer.json
    world.clock.move(days=100)
    assert run(world.service) == []
    assert name_of(world, short["reference"]) == "Deelnemer 1"


def test_who_is_erased_is_unreadable_and_recorded_and_the_others_are_not_touched(world: World) -> None:
    gone, kept = world.bring_to("withdrawn"), world.refer()
    world.clock.move(days=42)
    assert name_of(world, gone["reference"]) == "Deelnemer 1"
    seen: list[tuple[int, int]] = []
    lines = list(run_retention(world.service, progress=lambda done, total: seen.append((done, total))))
    assert [line.reference for line in lines] == [gone["reference"]]
    assert seen == [(1, 1)]
    with pytest.raises(Erased):
        name_of(world, gone["reference"])
    assert name_of(world, kept["reference"]) == "Deelnemer 2"
    with world.service.work() as work:
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "participant:erase")).one()
    assert entry.object_id == UUID(gone["participantId"])
    assert (entry.origin, entry.details["ground"]) == ("cli", "retention")
    assert entry.organisation_id == world.organisations["Gemeente Duinwijk"]
    assert run(world.service) == []


def test_a_case_that_was_begun_since_the_list_was_made_saves_its_person(world: World) -> None:
    first, second = world.bring_to("withdrawn"), world.bring_to("withdrawn")
    world.clock.move(days=42)
    ordered = [line.reference for line in due(world.service)]
    later = second if ordered[1] == second["reference"] else first
    lines = run_retention(world.service, progress=quietly)
    assert next(lines).reference == ordered[0]
    assert world.event("coordinator", later, "reopen", reason="priority_changed").status_code == 409
    world.refer(participant=..., participantId=later["participantId"])
    assert list(lines) == []
    assert name_of(world, later["reference"]).startswith("Deelnemer")


def test_a_dry_run_prints_the_list_and_writes_nothing(world: World, settings_of_command: dict[str, str]) -> None:
    gone = world.bring_to("withdrawn")
    world.clock.move(days=42)

    def entries() -> int:
        with world.service.work(read_only=True) as work:
            return work.session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    def command(*options: str) -> str:
        with time_machine.travel(world.clock.now, tick=False):
            result = CliRunner().invoke(main, ["retention", "run", *options], env=settings_of_command)
        assert result.exit_code == 0, result.output
        return result.stdout

    before = entries()
    listed = command("--dry-run")
    assert listed.splitlines() == [
        "reference,status,ended_on,term,selection_list,due_on",
        f"{gone['reference']},withdrawn,2026-11-03,broken_off_social,8.4.1,2026-12-15",
    ]
    assert entries() == before
    # The control: the same command without the option does write, and prints the same list.
    assert command() == listed
    assert entries() == before + 1


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({**TERM_OF_STATUS, Status.COMPLETED: "municipal_trajectory"}, "completed"),
        ({status: term for status, term in TERM_OF_STATUS.items() if status is not Status.VOID}, "void"),
        ({**TERM_OF_STATUS, Status.VOID: "for_ever"}, "for_ever"),
    ],
)
def test_a_table_that_covers_an_open_status_or_forgets_one_is_refused(table: dict[Status, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        terms_by_status(table)
    assert set(terms_by_status()) == set(TERM_OF_STATUS)
