"""The catalogue through its use cases and its door: who may change what, and that the last place goes once."""

from datetime import date
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from referral.core.audit import AuditEntry
from referral.core.errors import Invalid, NotAllowed, NotFound, Stale
from referral.trajectories.matching import Profile
from referral.trajectories.models import Trajectory
from referral.trajectories.usecases import (
    ChangeTrajectory,
    ListTrajectories,
    MatchTrajectories,
    change_trajectory,
    find_trajectory,
    list_trajectories,
    match_trajectories,
    occupy,
    show_trajectory,
)
from tests.trajectories.conftest import Chain

TRAJECTORY = {
    "name": "Taal op het werk",
    "description": "U leert beter lezen en schrijven.",
    "template": "A",
    "skills": ["reading"],
    "levels": ["1F"],
    "languageBackgrounds": ["nt1"],
    "courseKind": "formal",
    "courseType": "language",
    "places": 12,
    "municipalityCode": "GM0392",
    "delivery": "on_site",
    "fundingSource": "web",
}


def wrong(refusal: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(error.pointer, error.code) for error in refusal.value.errors}


def test_a_municipality_offers_no_trajectories(chain: Chain) -> None:
    with pytest.raises(NotAllowed):
        chain.add("municipality")


def test_adding_leaves_one_audit_row(chain: Chain) -> None:
    trajectory = chain.add()
    with chain.work() as work:
        entry = work.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_id) == ("trajectory:add", trajectory.id)


def test_the_entry_knows_its_provider_and_its_next_start(chain: Chain) -> None:
    trajectory = chain.add()
    with chain.work() as work:
        entry = show_trajectory(trajectory.id, work=work)
    assert entry.provider_name == "De provider"
    assert list(entry.start_dates) == [date(2026, 9, 7), date(2027, 1, 11)]
    assert entry.next_start_on == date(2027, 1, 11)


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"minimum_age": 30, "maximum_age": 18}, ("/eligibility/maximumAge", "range")),
        ({"minimum_group_size": 13}, ("/minimumGroupSize", "range")),
        ({"last_checked_on": date(2026, 11, 4)}, ("/lastCheckedOn", "future")),
        ({"region_id": uuid4()}, ("/regionId", "unknown")),
        ({"successor_id": uuid4()}, ("/successorId", "unknown")),
    ],
)
def test_a_rule_over_two_facts_holds_for_adding_and_changing(
    chain: Chain, facts: dict[str, Any], error: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        chain.add(**facts)
    assert wrong(refusal) == {error}
    trajectory = chain.add()
    with pytest.raises(Invalid) as refusal, chain.work() as work:
        change_trajectory(ChangeTrajectory(trajectory.id, 1, facts), actor=chain.actors["provider"], work=work)
    assert wrong(refusal) == {error}


def test_a_trajectory_cannot_follow_itself(chain: Chain) -> None:
    trajectory = chain.add()
    command = ChangeTrajectory(trajectory.id, 1, {"successor_id": trajectory.id})
    with pytest.raises(Invalid), chain.work() as work:
        change_trajectory(command, actor=chain.actors["provider"], work=work)


def test_only_the_provider_changes_its_trajectory(chain: Chain) -> None:
    trajectory = chain.add()
    command = ChangeTrajectory(trajectory.id, 1, {"places": 1})
    with pytest.raises(NotAllowed), chain.work() as work:
        change_trajectory(command, actor=chain.actors["library"], work=work)


def test_a_change_of_an_older_version_is_refused(chain: Chain) -> None:
    trajectory, actor = chain.add(), chain.actors["provider"]
    with chain.work() as work:
        change_trajectory(ChangeTrajectory(trajectory.id, 1, {"places": 14}), actor=actor, work=work)
    with pytest.raises(Stale), chain.work() as work:
        change_trajectory(ChangeTrajectory(trajectory.id, 1, {"places": 13}), actor=actor, work=work)


def test_new_start_dates_alone_are_a_new_version(chain: Chain) -> None:
    trajectory = chain.add()
    command = ChangeTrajectory(trajectory.id, 1, {"start_dates": [date(2027, 3, 1)]})
    with chain.work() as work:
        entry = change_trajectory(command, actor=chain.actors["provider"], work=work)
    assert (entry.trajectory.version, list(entry.start_dates)) == (2, [date(2027, 3, 1)])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"a", "b", "c"}),
        ({"skill": "digital"}, {"b"}),
        ({"skill": "reading"}, {"a", "b", "c"}),
        ({"municipality_code": "GM0363"}, {"b"}),
        ({"template": "C"}, {"c"}),
        ({"course_kind": "formal"}, {"b"}),
        ({"active": False}, {"c"}),
        ({"active": True, "skill": "digital"}, {"b"}),
        ({"mine": True}, {"a", "b"}),
        ({"sector_code": "F"}, {"a", "b"}),
        ({"sector_code": "I"}, {"a"}),
    ],
)
def test_the_catalogue_can_be_narrowed(chain: Chain, filters: dict[str, Any], found: set[str]) -> None:
    chain.add(name="a")
    chain.add(
        name="b", skills=["reading", "digital"], municipality_code="GM0363", course_kind="formal", sector_codes=["F"]
    )
    chain.add("library", name="c", template="C", active=False, sector_codes=["C", "G"])
    with chain.work() as work:
        page = list_trajectories(ListTrajectories(**filters), actor=chain.actors["provider"], work=work)
    assert {entry.trajectory.name for entry in page.items} == found


def test_a_trajectory_that_is_not_there_is_not_found(chain: Chain) -> None:
    with pytest.raises(NotFound), chain.work() as work:
        find_trajectory(uuid4(), work=work)


def test_the_best_comes_first_and_what_does_not_fit_last(chain: Chain) -> None:
    chain.add(name="far", municipality_code="GM0344")
    chain.add(name="near")
    chain.add(name="not for nt1", language_backgrounds=["nt2"])
    chain.add(name="gone", active=False)
    profile = Profile(("reading",), municipality_code="GM0392", language_background="nt1")
    with chain.work() as work:
        offers = match_trajectories(MatchTrajectories(profile), work=work)
        fewer = match_trajectories(MatchTrajectories(profile, limit=1), work=work)
    assert [offer.entry.trajectory.name for offer in offers] == ["near", "far", "not for nt1"]
    assert [offer.match.eligible for offer in offers] == [True, True, False]
    assert [offer.entry.trajectory.name for offer in fewer] == ["near"]


# Places


def test_places_are_taken_until_there_are_none(chain: Chain) -> None:
    trajectory = chain.add(places=2)
    with chain.work() as work:
        assert occupy(work, trajectory.id, 1, 0, allow_over=False)
        assert occupy(work, trajectory.id, 1, 1, allow_over=False)
        assert not occupy(work, trajectory.id, 1, 0, allow_over=False)
        assert occupy(work, trajectory.id, 1, -1, allow_over=True)
    with chain.work() as work:
        found = find_trajectory(trajectory.id, work=work)
        assert (found.places_taken, found.waiting, found.version) == (3, 0, 1)
        assert occupy(work, trajectory.id, -1, 0, allow_over=False)
        assert found.places_taken == 2


def test_two_coaches_cannot_take_the_last_place(chain: Chain) -> None:
    """A check before the update would let both pass, since neither sees what the other has not committed."""
    trajectory = chain.add(places=1)
    start, taken = Barrier(2), []

    def accept() -> None:
        start.wait()
        with chain.work() as work:
            taken.append(occupy(work, trajectory.id, 1, 0, allow_over=False))

    threads = [Thread(target=accept) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False, True]


def test_taking_a_place_does_not_spoil_the_edit_of_the_provider(chain: Chain) -> None:
    trajectory = chain.add()
    with chain.work() as work:
        occupy(work, trajectory.id, 1, 0, allow_over=False)
    command = ChangeTrajectory(trajectory.id, 1, {"places": 20})
    with chain.work() as work:
        entry = change_trajectory(command, actor=chain.actors["provider"], work=work)
    assert entry.free_places == 19


@pytest.mark.parametrize(
    "facts",
    [{"places": -1}, {"template": "D"}, {"minimum_age": 30, "maximum_age": 18}, {"places_taken": -1}, {"waiting": -1}],
)
def test_the_database_is_the_last_guard(chain: Chain, facts: dict[str, Any]) -> None:
    trajectory = chain.add()
    with pytest.raises(IntegrityError), chain.work() as work:
        work.session.execute(update(Trajectory).where(Trajectory.id == trajectory.id).values(facts))


# The door


def test_the_door_adds_shows_and_changes(chain: Chain) -> None:
    made = chain.ask("POST", "", json={**TRAJECTORY, "eligibility": {"minimumAge": 23}, "startDates": ["2027-01-11"]})
    assert made.status_code == 201, made.json
    path = made.headers["Location"].removeprefix("/v1/trajectories")
    shown = chain.ask("GET", path, who="municipality")
    assert shown.json == made.json
    assert shown.json == {
        **TRAJECTORY,
        "id": made.json["id"],
        "provider": {"id": str(chain.actors["provider"].organisation_id), "name": "De provider"},
        "components": [],
        "sectorCodes": [],
        "minimumGroupSize": None,
        "startDates": ["2027-01-11"],
        "nextStartOn": "2027-01-11",
        "regionId": None,
        "eligibility": {
            "minimumAge": 23,
            "maximumAge": None,
            "regionOnly": False,
            "civicIntegrationAllowed": False,
            "meansAllowed": False,
        },
        "successorId": None,
        "lastCheckedOn": "2026-11-03",
        "active": True,
        "freePlaces": 12,
        "waiting": 0,
        "needsChecking": False,
        "version": 1,
    }
    changed = chain.ask("PATCH", path, version=1, json={"places": 14, "eligibility": {"meansAllowed": True}})
    assert changed.status_code == 200, changed.json
    assert changed.headers["ETag"] == '"2"'
    assert (changed.json["places"], changed.json["eligibility"]["minimumAge"]) == (14, 23)
    assert changed.json["eligibility"]["meansAllowed"] is True
    assert changed.json["startDates"] == ["2027-01-11"]
    meant = chain.ask("PATCH", path, version=2, json={"sectorCodes": ["F", "N"]}).json
    assert (meant["sectorCodes"], meant["places"]) == (["F", "N"], 14)
    wrong = chain.ask("PATCH", path, version=3, json={"sectorCodes": ["F", "Z"]})
    assert [(each["pointer"], each["code"]) for each in wrong.json["errors"]] == [("/sectorCodes/1", "unknown_code")]


def test_the_door_asks_for_the_version_that_was_read(chain: Chain) -> None:
    path = f"/{chain.add().id}"
    assert chain.ask("PATCH", path, json={"places": 1}).status_code == 428
    assert chain.ask("PATCH", path, version=7, json={"places": 1}).status_code == 412


def test_the_door_names_every_wrong_member(chain: Chain) -> None:
    answer = chain.ask(
        "POST", "", json={**TRAJECTORY, "template": "Z", "places": -1, "eligibility": {"minimumAge": "x"}}
    )
    assert answer.status_code == 400
    assert {each["pointer"] for each in answer.json["errors"]} == {"/template", "/places", "/eligibility/minimumAge"}


def test_the_door_lists_the_catalogue(chain: Chain) -> None:
    chain.add(name="a")
    chain.add("library", name="b")
    first = chain.ask("GET", "?limit=1&active=true&skill=reading")
    rest = chain.ask("GET", f"?limit=1&active=true&skill=reading&cursor={first.json['next']}")
    assert [page.json["items"][0]["name"] for page in (first, rest)] == ["b", "a"]
    assert [item["name"] for item in chain.ask("GET", "?mine=true").json["items"]] == ["a"]


def test_the_door_advises_with_reasons(chain: Chain) -> None:
    chain.add()
    answer = chain.ask("POST", "/_match", who="municipality", json={"skills": ["reading"], "ageBand": "35-44"})
    assert answer.status_code == 200, answer.json
    assert "geen besluit" in answer.json["advice"]
    (offer,) = answer.json["items"]
    assert (offer["eligible"], offer["freePlaces"], offer["nextStartOn"]) == (True, 12, "2027-01-11")
    assert {"code": "free_places", "label": "Er is plaats.", "positive": True} in offer["reasons"]
    assert offer["trajectory"]["name"] == "Taal op het werk"


def test_a_profile_holds_no_person(chain: Chain) -> None:
    answer = chain.ask("POST", "/_match", json={"skills": ["reading"], "name": "Iemand"})
    assert answer.status_code == 400
    assert b"Iemand" not in answer.data
