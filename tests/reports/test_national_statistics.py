"""The yearly export to CBS: exactly its set, under a number that stays with a person and leads nowhere."""

import csv
import io
import sys
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from referral.core.encryption import open_reading
from referral.core.policy import OrganisationKind, system_actor
from referral.core.work import drain
from referral.identity.models import RegionKind, organisation_region
from referral.identity.usecases import RegisterRegion, register_region
from referral.participants.models import Participant
from referral.participants.usecases import administration_number
from referral.participants.usecases.completing import destroy_decided
from tests.accountability.logs import entries, records
from tests.world import World

SET = {"gender", "birthYear", "motherTongue", "municipalityCode", "courseKind", "courseType", "administrationNumber"}
HEAD = ["Geslacht", "Geboortejaar", "Moedertaal", "Woongemeente", "Soort cursus", "Type cursus", "Administratienummer"]


def ask(world: World, who: str = "coordinator", year: int = 2026, **headers: str) -> Any:
    return world.call(who, "GET", f"/v1/reports/national-statistics?year={year}", **headers)


def numbers(world: World, **query: Any) -> list[str]:
    answer = ask(world, **query)
    assert answer.status_code == 200, answer.json
    return [row["administrationNumber"] for row in answer.json["rows"]]


def learner(world: World, **members: Any) -> dict[str, Any]:
    """Somebody who started a course today."""
    body = world.referral_body()["participant"]
    return world.bring_to("in_trajectory", participant={**body, **members})


def test_the_set_is_exactly_what_cbs_asks(world: World) -> None:
    learner(world, gender="female", languageBackground="nt2")
    answer = ask(world)
    (row,) = answer.json["rows"]
    assert set(row) == SET
    number = row.pop("administrationNumber")
    assert row == {
        "gender": "female",
        "birthYear": 1985,
        "motherTongue": "other",
        "municipalityCode": "GM0453",
        "courseKind": "formal",
        "courseType": "language",
    }
    lines = list(csv.reader(io.StringIO(ask(world, Accept="text/csv").get_data().decode("utf-8-sig")), delimiter=";"))
    assert lines == [HEAD, ["Vrouw", "1985", "Anders", "GM0453", "Formeel", "Taal", number]]
    for told in ("Deelnemer", "K-", "0630", "participant"):
        assert told not in answer.text


def test_what_is_not_known_is_said(world: World) -> None:
    learner(world, birthYear=None, languageBackground=None)
    row = ask(world).json["rows"][0]
    assert (row["gender"], row["birthYear"], row["motherTongue"]) == ("unknown", None, "unknown")


def test_one_person_has_one_number_in_each_course_and_year(world: World) -> None:
    first = learner(world)
    body = world.referral_body(participantId=first["participantId"], trajectoryId=world.other_trajectory_id)
    second = world.call(
        "referrer", "POST", "/v1/referrals", {name: value for name, value in body.items() if name != "participant"}
    ).json
    for event, members in (
        ("accept", {}),
        ("confirm_handover", {"heldOn": "2026-11-03", "mode": "three_way", "participantPresent": True}),
        ("start_intake", {"intakeOn": "2026-11-03"}),
        ("start_trajectory", {"startedOn": "2026-11-03", "goals": [{"description": "Lezen"}]}),
    ):
        second = world.move("other_coach", second, event, **members)
    learner(world)
    this_year = numbers(world)
    assert len(this_year) == 3
    assert len(set(this_year)) == 2
    world.clock.move(days=100)
    assert sorted(numbers(world, year=2027)) == sorted(this_year)
    assert numbers(world, year=2025) == []


def test_the_number_stays_through_every_rotation_of_keys(world: World) -> None:
    learner(world)
    before, fingerprint = numbers(world), under_the_index(world)
    for kind in ("kek", "data", "index"):
        rotate(world, kind)
    assert numbers(world) == before
    assert under_the_index(world) != fingerprint, "control: a number under the root of the indexes is another one now"


def under_the_index(world: World) -> bytes:
    with world.service.work() as work:
        person = work.session.scalars(select(Participant.id)).one()
        return world.service.key_ring.fingerprint(work.session, "administration", person.bytes)


def rotate(world: World, kind: str) -> None:
    """A new key of this kind, past the minutes in which processes forget the old one."""
    while (until := world.service.key_ring.rotate(kind, clock=world.clock).until) is not None:
        world.clock.now = until


def test_an_erased_person_is_in_no_statistics_and_its_number_is_gone(world: World) -> None:
    erased, living = learner(world), learner(world)
    both = numbers(world)
    path = f"/v1/participants/{erased['participantId']}/erasures"
    assert world.call("privacy", "POST", path, {"ground": "request"}).status_code == 201
    answer = ask(world)
    assert answer.json["leftOut"] == {"erased": 1}
    assert [row["administrationNumber"] for row in answer.json["rows"]] == [
        number for number in both if number == number_of(world, living)
    ]
    destroy_decided(world.service)
    with world.service.work() as work:
        row = work.session.get_one(Participant, UUID(erased["participantId"]))
        with pytest.raises(Exception, match="erased"), open_reading(work.session, "rights"):
            _ = row.statistics_secret


def test_the_person_itself_learns_its_number(world: World) -> None:
    case = learner(world)
    answer = world.call("privacy", "POST", f"/v1/participants/{case['participantId']}/access-requests", {})
    assert answer.json["participant"]["administrationNumbers"] == {"Kustrand": numbers(world)[0]}


def number_of(world: World, referral: dict[str, Any]) -> str:
    """The number by hand, of who may open everything."""
    with world.service.work() as work:
        (region,) = world.actor("coordinator").region_ids
        row = work.session.get_one(Participant, UUID(referral["participantId"]))
        with open_reading(work.session, "rights"):
            return administration_number(row.statistics_secret or "", region)


def test_two_regions_and_two_people_share_no_number() -> None:
    secrets, regions = [uuid4().hex for _ in range(300)], [uuid4() for _ in range(10)]
    made = {administration_number(secret, region) for secret in secrets for region in regions}
    sys.stdout.write(f"{len(made)} numbers\n")
    assert len(made) == 3_000
    assert {len(number) for number in made} == {13}
    # The wrong build: a number of the person alone is the same in every region.
    assert len({administration_number(secret, regions[0]) for secret in secrets for _ in regions}) == 300


def test_an_organisation_in_two_regions_names_one(world: World) -> None:
    learner(world)
    mine = numbers(world)
    with world.service.work() as work:
        other = register_region(RegisterRegion(RegionKind.WEB, "Achterland"), actor=system_actor("test"), work=work)
        work.session.execute(
            organisation_region.insert().values(
                organisation_id=world.organisations["Gemeente Duinwijk"], region_id=other.id
            )
        )
    problem = ask(world)
    assert [(each["pointer"], each["code"]) for each in problem.json["errors"]] == [("/regionId", "required")]
    elsewhere = world.call("coordinator", "GET", f"/v1/reports/national-statistics?year=2026&regionId={other.id}")
    assert [row["administrationNumber"] for row in elsewhere.json["rows"]] != mine


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("", "/year", "required"),
        ("year=2027", "/year", "future"),
        ("year=1999", "/year", "range"),
        ("year=dit", "/year", "type"),
        (f"year=2026&regionId={UUID(int=1)}", "/regionId", "not_found"),
        ("year=2026&sector=I", "/sector", "unknown"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(world: World, query: str, pointer: str, code: str) -> None:
    answer = world.call("coordinator", "GET", f"/v1/reports/national-statistics?{query}")
    assert answer.status_code == 400
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [(pointer, code)]


def test_only_who_registered_the_person_gets_the_row(world: World) -> None:
    learner(world)
    assert len(numbers(world)) == 1
    assert numbers(world, who="receiving_coordinator") == []
    assert numbers(world, who="stranger") == []
    for who in ("region", "referrer", "coach", "privacy", "admin"):
        assert ask(world, who).status_code == 403, who


def test_an_employer_gets_none(world: World) -> None:
    with world.service.work() as work:
        organisation = Participant.metadata.tables["organisation"]
        kind = update(organisation).where(organisation.c.id == world.organisations["Gemeente Duinwijk"])
        work.session.execute(kind.values(kind=OrganisationKind.EMPLOYER))
    assert ask(world).status_code == 403


def test_whose_data_are_only_kept_and_whoever_is_no_adult_is_left_out(world: World) -> None:
    kept, child = learner(world), learner(world, birthYear=2009)
    assert child["status"] == "in_trajectory"
    path = f"/v1/participants/{kept['participantId']}/restrictions"
    assert world.call("privacy", "POST", path, {"ground": "accuracy_contested"}).status_code == 201
    answer = ask(world)
    assert (answer.json["rows"], answer.json["leftOut"]) == ([], {"restricted": 1, "too_young": 1})


def test_who_never_started_or_was_entered_in_error_is_in_no_statistics(world: World) -> None:
    world.bring_to("intake")
    error = learner(world)
    answer = world.event("coordinator", error, "void", reason="entered_in_error")
    assert answer.status_code == 201, answer.json
    assert ask(world).json == {"year": 2026, "regionId": ask(world).json["regionId"], "rows": [], "leftOut": {}}


def test_who_was_registered_without_a_secret_gets_one_that_stays(world: World) -> None:
    case = learner(world)
    with world.service.work() as work:
        work.session.get_one(Participant, UUID(case["participantId"])).statistics_secret = None
    first = numbers(world)
    assert len(first) == 1
    assert numbers(world) == first


def test_the_course_is_the_one_that_was_offered(world: World) -> None:
    learner(world)
    version = world.call("coach", "GET", f"/v1/trajectories/{world.trajectory_id}").json["version"]
    change = {"courseType": "digital", "courseKind": "non_formal_volunteer"}
    answer = world.call("coach", "PATCH", f"/v1/trajectories/{world.trajectory_id}", change, version=version)
    assert answer.status_code == 200, answer.json
    row = ask(world).json["rows"][0]
    assert (row["courseKind"], row["courseType"]) == ("formal", "language")


def test_it_is_in_the_audit_log_and_in_the_records_of_each_person(world: World) -> None:
    people = {UUID(learner(world)["participantId"]) for _ in range(2)}
    drain(world.service)
    answer = ask(world, Accept="text/csv")
    trace = answer.headers["Trace-Id"]
    actions = [row.action for row in entries(world, trace_id=trace)]
    assert sorted(actions) == ["participant:read"] * 2 + ["report:export", "report:national_statistics"]
    named = [line for line in records(world, trace_id=trace) if line.record.action == "report:national_statistics"]
    assert {line.subject_id for line in named} == people
    assert {line.record.activity for line in named} == {"national_statistics"}
    export = next(row for row in entries(world, trace_id=trace) if row.action == "report:export")
    assert export.details == {"report": "national_statistics", "mediaType": "text/csv"}
