"""Who was kept long enough is let go: counted from the end, when everything is past its term, and told in a list."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, select

from referral.cli import main
from referral.core.audit import AuditEntry
from referral.core.codelists import parse_period, retention_records, retention_terms
from referral.core.encryption import open_reading
from referral.core.errors import Erased, GuardRefused, Invalid
from referral.core.policy import system_actor
from referral.core.work import Service
from referral.identity.models import LoginSession, Organisation
from referral.identity.usecases import SetRetention, set_retention
from referral.operations.retention import list_destructions, run_retention
from referral.operations.sealing import seal_log
from referral.operations.verification import verify_record
from referral.participants.models import Agreement, Participant
from referral.participants.usecases import EraseParticipant, erase_participant
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.retention import RESULTS, check_retention
from referral.referrals.usecases.retaining import Destruction
from referral.referrals.workflow import FOLLOW_UP
from referral.reports.models import Journey
from referral.reports.usecases import GroupKey, ShowFunnel, rebuild_facts, show_funnel
from tests.world import World

PERSON = {"name": "Los", "phone": "06 12 34 56 78"}


def due(service: Service) -> list[Destruction]:
    with service.work(read_only=True) as work:
        return list_destructions(work)


def quietly(_done: int, _total: int) -> None:
    """Show no progress."""


def run(service: Service) -> list[Destruction]:
    return list(run_retention(service, progress=quietly))


def name_of(world: World, person: str) -> str:
    with world.service.work() as work, open_reading(work.session, "rights"):
        return work.session.get_one(Participant, UUID(person)).name or ""


def funnel(world: World, who: str = "coordinator") -> list[object]:
    """Every figure, days and losses included: divided once (from the sums) and twice (from what is left of cases)."""
    found: list[object] = []
    for keys in ((GroupKey.MONTH,), (GroupKey.AGE_BAND, GroupKey.PARTNER)):
        with world.service.work() as work:
            query = ShowFunnel(date(2026, 11, 1), date(2026, 11, 30), keys)
            found += show_funnel(query, actor=world.actor(who), work=work).rows
    return found


def test_a_term_runs_from_the_day_the_case_ended(world: World) -> None:
    declined = world.bring_to("declined")
    world.clock.move(days=41)
    world.move("referrer", world.call("referrer", "GET", f"/v1/referrals/{declined['id']}").json, "add_note", note="Hm")
    assert due(world.service) == []
    world.clock.move(days=1)
    # The note of yesterday is the last edit; a term that ran from there would not be over.
    assert due(world.service) == [
        Destruction(
            "referral", declined["reference"], "declined", date(2026, 11, 3), "broken_off_social", "8.4.1",
            date(2026, 12, 15),
        )
    ]  # fmt: skip


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


@pytest.mark.parametrize("status", sorted(FOLLOW_UP))
def test_a_task_that_nobody_ends_keeps_nobody(world: World, status: str) -> None:
    case = world.bring_to(status)
    world.clock.move(days=42)
    assert [line.reference for line in run(world.service)] == [case["reference"]]


def test_who_never_got_a_case_falls_due_too(world: World) -> None:
    known = world.call("referrer", "POST", "/v1/participants", PERSON).json
    world.clock.move(days=364)
    assert due(world.service) == []
    world.clock.move(days=1)
    (line,) = run(world.service)
    assert (line.record, line.reference, line.result, line.selection_list) == (
        "participant", known["id"], "without_case", "5.4",
    )  # fmt: skip
    with pytest.raises(Erased):
        name_of(world, known["id"])
    assert run(world.service) == []


def test_a_person_with_another_case_that_must_be_kept_stays(world: World) -> None:
    short = world.bring_to("withdrawn")
    world.refer(participantId=short["participantId"], participant=..., submit=False)
    world.clock.move(days=100)
    assert run(world.service) == []
    assert name_of(world, short["participantId"]) == "Deelnemer 1"


def test_what_is_left_are_figures_by_the_month_and_nothing_that_leads_to_the_person(world: World) -> None:
    gone, kept = world.bring_to("stopped_early"), world.refer()
    before = [funnel(world, who) for who in ("coordinator", "receiving_coordinator")]
    with world.service.work(read_only=True) as work:
        journeys = select(Journey).where(Journey.subject_id == UUID(gone["id"]))
        known = {each.id for each in work.session.scalars(journeys)}
    assert len(known) == 2, "one for the sender, one for the receiver"
    world.clock.move(days=42)
    assert name_of(world, gone["participantId"]) == "Deelnemer 1"
    seen: list[tuple[int, int]] = []
    lines = list(run_retention(world.service, progress=lambda done, total: seen.append((done, total))))
    assert ([line.reference for line in lines], seen) == ([gone["reference"]], [(1, 1)])
    with pytest.raises(Erased):
        name_of(world, gone["participantId"])
    assert name_of(world, kept["participantId"]) == "Deelnemer 2"
    person = UUID(gone["participantId"])
    seal_log(world.service)
    with world.service.work(read_only=True) as work:
        for model in (Referral, ReferralEvent, Agreement):
            of_person = model.participant_id == person
            assert work.session.scalar(select(func.count()).select_from(model).where(of_person)) == 0
            assert work.session.scalar(select(func.count()).select_from(model)) > 0, "the control: others stay"
        left = work.session.scalars(select(Journey).where(Journey.is_erased)).all()
        for fact in left:
            assert (fact.reached["referred"], fact.reached["started"], fact.loss) == (
                "2026-11", "2026-11", "client_moved",
            )  # fmt: skip
            assert fact.counted_on == date(2026, 11, 1)
            assert {fact.id.version, fact.subject_id.version} == {4}, "no moment in its ids"
            of_case = {gone["id"], str(person), gone["reference"], *map(str, known)}
            assert {str(value) for value in vars(fact).values()} & of_case == set()
        assert len({fact.subject_id for fact in left}) == 2, "and nothing joins what is left"
        assert verify_record(work.session, now=work.now).faults == []
    assert [funnel(world, who) for who in ("coordinator", "receiving_coordinator")] == before
    assert rebuild_facts(world.service).is_equal
    assert [funnel(world, who) for who in ("coordinator", "receiving_coordinator")] == before
    assert world.call("referrer", "GET", f"/v1/referrals/{gone['id']}").status_code == 404
    assert run(world.service) == []


def test_every_thing_that_is_destroyed_has_its_row_in_the_audit_log(world: World) -> None:
    gone = world.bring_to("withdrawn")
    world.clock.move(days=42)
    run(world.service)
    with world.service.work() as work:
        wanted = AuditEntry.action.in_(("participant:erase", "referral:destroy"))
        entries = {each.action: each for each in work.session.scalars(select(AuditEntry).where(wanted))}
    assert entries["participant:erase"].object_id == UUID(gone["participantId"])
    assert entries["participant:erase"].details["ground"] == "retention"
    assert entries["referral:destroy"].object_id == UUID(gone["id"])
    assert {each.origin for each in entries.values()} == {"cli"}
    assert {each.organisation_id for each in entries.values()} == {world.organisations["Gemeente Duinwijk"]}


def test_who_was_erased_on_request_leaves_a_case_that_falls_due_by_its_own_term(world: World) -> None:
    case = world.bring_to("withdrawn")
    actor, command = world.actor("privacy"), EraseParticipant(UUID(case["participantId"]), "request")
    with world.service.work() as work:
        erase_participant(command, actor=actor, work=work)
    assert due(world.service) == []
    world.clock.move(days=42)
    assert [line.reference for line in run(world.service)] == [case["reference"]]
    assert due(world.service) == []


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
    assert name_of(world, later["participantId"]).startswith("Deelnemer")


def test_whoever_must_be_kept_is_neither_listed_nor_erased(world: World) -> None:
    """The control is the same person before the restriction, and after it was lifted."""
    case = world.bring_to("withdrawn")
    person = UUID(case["participantId"])
    world.clock.move(days=42)
    assert len(due(world.service)) == 1
    for restricted_at, left in ((world.clock.now, 0), (None, 1)):
        with world.service.work() as work:
            work.session.get_one(Participant, person).restricted_at = restricted_at
        assert len(due(world.service)) == left
    with world.service.work() as work:
        work.session.get_one(Participant, person).restricted_at = world.clock.now
    assert run(world.service) == []
    actor, command = world.actor("privacy"), EraseParticipant(person, "error")
    with world.service.work() as work, pytest.raises(GuardRefused):
        erase_participant(command, actor=actor, work=work)


def test_an_organisation_may_have_a_period_of_its_own(world: World, settings_of_command: dict[str, str]) -> None:
    case = world.bring_to("withdrawn")
    arguments = ["retention", "set", "--organisation", "Gemeente Duinwijk", "--term", "broken_off_social", "--period"]
    assert CliRunner().invoke(main, [*arguments, "P84D"], env=settings_of_command).exit_code == 0
    world.clock.move(days=83)
    assert due(world.service) == []
    world.clock.move(days=1)
    assert [line.reference for line in due(world.service)] == [case["reference"]]
    for wrong in ("P1D", "P0D", "P200Y", "ooit"):
        refused = CliRunner().invoke(main, [*arguments, wrong], env=settings_of_command)
        assert (refused.exit_code, "broken_off_social" in refused.output) == (1, True), refused.output
    with world.service.work() as work:
        row = work.session.get_one(Organisation, world.organisations["Gemeente Duinwijk"])
        row.retention = {"for_ever": "P1Y", "broken_off_social": "P1D"}
    with pytest.raises(ValueError, match="for_ever") as refusal:
        run(world.service)
    assert "broken_off_social" in str(refusal.value)
    with world.service.work() as work, pytest.raises(Invalid):
        set_retention(SetRetention(row.id, "log_in", "P6M"), actor=system_actor(), work=work)


def test_old_sessions_go_as_well(world: World) -> None:
    with world.service.work() as work:
        for number in range(2):
            moment = work.now
            work.session.add(
                LoginSession(
                    token_hash=bytes([number]) * 32, user_id=world.users["coach"], created_at=moment,
                    organisation_id=world.organisations["Taalhuis Zilt"], last_seen_at=moment, auth_method="password",
                )
            )  # fmt: skip
    world.clock.move(days=180)
    assert [line.record for line in due(world.service)] == []
    world.clock.move(days=3)
    assert [(line.record, line.reference) for line in run(world.service)] == [("login_session", "2x")]
    assert due(world.service) == []


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
        "record,reference,result,ended_on,term,selection_list,due_on",
        f"referral,{gone['reference']},withdrawn,2026-11-03,broken_off_social,8.4.1,2026-12-15",
    ]
    assert entries() == before
    # The control: the same command without the option does write, and prints the same list.
    assert command() == listed
    assert entries() == before + 3, "the person, the case, and that its receiver was told"


def test_a_table_that_would_destroy_what_is_open_or_makes_no_sense_is_refused_with_every_fault() -> None:
    check_retention()
    good = {kind: dict(results) for kind, results in retention_records().items()}
    assert {kind: frozenset(results) for kind, results in good.items()} == RESULTS
    wrong = {**good, "referral": {**good["referral"], "intake": "broken_off_social", "void": "for_ever"}, "cat": {}}
    del wrong["referral"]["closed"]
    wrong["participant"] = {"at_lunch": "log_in"}
    terms = dict(retention_terms())
    terms["log_in"] = replace(terms["log_in"], period="P1D", span=parse_period("P1D"))
    with pytest.raises(ValueError, match=r"retention\.toml") as refusal:
        check_retention(wrong, terms)
    faults = str(refusal.value).splitlines()[1:]
    assert [fault.partition(":")[0] for fault in faults] == [
        "records.cat", "records.participant.without_case", "records.participant.at_lunch", "records.referral.closed",
        "records.referral.void", "records.referral.intake", "log_in",
    ]  # fmt: skip
    assert any("nog open" in fault for fault in faults)
