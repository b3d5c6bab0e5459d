"""Who received data of a participant hears what became of them (AVG art. 19): never a value, never sight given back."""

from pathlib import Path
from typing import Any

import pytest

from referral.notifications.usecases import forget_told, rights
from referral.operations.retention import run_retention
from referral.participants.models import Disclosure
from tests.privacy.asking import asked, decided, mails
from tests.world import World


def change(world: World, case: dict[str, Any], **members: Any) -> None:
    path = f"/v1/participants/{case['participantId']}"
    version = world.call("referrer", "GET", f"{path}?purpose=rights").json["version"]
    assert world.call("referrer", "PATCH", path, members, version=version).status_code == 200


def test_a_correction_is_told_to_who_received_it_and_to_nobody_else(world: World, tmp_path: Path) -> None:
    case = world.bring_to("accepted")
    other = world.refer(trajectoryId=world.other_trajectory_id)
    declined = world.bring_to("declined")
    change(world, declined, email="nieuw@voorbeeld.example")
    change(world, case, phone="06 55 66 77 88")
    change(world, other, clientNumber="K-9999", birthYear=1990)
    told = mails(world, tmp_path / "mail")
    assert "Gegevens zijn verbeterd" in told["coach"]
    assert case["reference"] in told["coach"]
    assert declined["reference"] in told["coach"], "also who had the data before"
    assert "other_coach" not in told or "verbeterd" not in told["other_coach"], "its scope holds neither member"
    assert not [mail for mail in told.values() if "55 66" in mail or "nieuw@" in mail]


def test_a_restriction_and_its_end_are_told_to_the_receiver(world: World, tmp_path: Path) -> None:
    case = world.bring_to("accepted")
    request = asked(world, case["participantId"], "restrictions")
    assert "Gebruik de gegevens nu niet" in mails(world, tmp_path / "one")["coach"]
    world.clock.move(days=1)
    decided(world, request, "refused", reason="no_ground", explanation="Nee.")
    assert "De gegevens mogen weer gebruikt worden" in mails(world, tmp_path / "two")["coach"]


def erase(world: World, case: dict[str, Any], ground: str = "request") -> None:
    path = f"/v1/participants/{case['participantId']}/erasures"
    assert world.call("privacy", "POST", path, {"ground": ground}).status_code == 201


def moved_on(world: World) -> dict[str, Any]:
    """A case that was sent to one organisation, taken back and sent to another: the first one sees nothing more."""
    draft = world.move("referrer", world.move("referrer", world.bring_to("draft"), "submit"), "undo")
    path, elsewhere = f"/v1/referrals/{draft['id']}", {"trajectoryId": world.other_trajectory_id}
    changed = world.call("referrer", "PATCH", path, elsewhere, version=draft["version"])
    assert changed.status_code == 200, changed.json
    return world.move("referrer", dict(changed.json), "submit")


def test_an_erasure_is_told_to_whoever_had_the_data_also_when_the_sight_ended_long_ago(
    world: World, tmp_path: Path
) -> None:
    declined, running, untouched = world.bring_to("declined"), world.bring_to("accepted"), world.bring_to("accepted")
    world.clock.move(days=1)
    mails(world, tmp_path / "before")
    world.clock.move(days=1)
    for case in (declined, running):
        erase(world, case)
    told = mails(world, tmp_path / "mail")
    assert "Gewist: vernietig uw kopie (2)" in told["coach"]
    for case in (declined, running):
        assert told["coach"].count(case["reference"]) == 1
    assert untouched["reference"] not in told["coach"].partition("Gewist")[2].partition("\n\n")[0]
    assert "Het delen is gestopt (1)" in told["referrer"], "only of what was still shared"
    for mail in told.values():
        assert "Deelnemer" not in mail.replace("gegevens van deelnemers", "")
    world.clock.move(days=1)
    assert "Gewist" not in mails(world, tmp_path / "after").get("coach", ""), "once"
    for case in (declined, running):
        assert world.call("coach", "GET", f"/v1/participants/{case['participantId']}?purpose=contact").status_code in (
            404, 410,
        )  # fmt: skip


def test_a_case_that_is_destroyed_with_its_person_is_told_by_its_number(world: World, tmp_path: Path) -> None:
    """Retention takes the case away in the same transaction; whoever declined it 42 days ago destroys its copy too."""
    case = world.bring_to("declined")
    world.clock.move(days=60)
    list(run_retention(world.service, progress=lambda _done, _all: None))
    assert world.call("coach", "GET", f"/v1/referrals/{case['id']}").status_code == 404
    told = mails(world, tmp_path / "mail")["coach"]
    chapter = told.partition("Gewist: vernietig uw kopie (1)")[2]
    assert case["reference"] in chapter
    assert "http" not in chapter.partition("U krijgt")[0], "no link, no status: only the number and what to do"
    world.clock.move(days=91)
    with world.service.work() as work:
        assert forget_told(work) == 1


def test_every_organisation_that_had_the_case_is_told_and_hears_nothing_of_the_other(
    world: World, tmp_path: Path
) -> None:
    case = moved_on(world)
    request = asked(world, case["participantId"], "restrictions")
    told = mails(world, tmp_path / "restricted")
    for who in ("coach", "other_coach"):
        assert "Gebruik de gegevens nu niet (1)" in told[who], who
    line = told["coach"].partition(case["reference"])[2].partition("\n\n")[0]
    assert "Gemeente Duinwijk" in line, "whom to ask is who sent it"
    assert not [word for word in ("Leerhuis Anker", "/referrals/", "uiterlijk", "Verstuurd") if word in line]
    world.clock.move(days=1)
    decided(world, request, "refused", reason="no_ground", explanation="Nee.")
    world.clock.move(days=1)
    erase(world, case)
    told = mails(world, tmp_path / "erased")
    for who in ("coach", "other_coach"):
        assert "Gewist: vernietig uw kopie (1)" in told[who], who
        assert case["reference"] in told[who]


def test_telling_only_who_sees_the_person_now_would_miss_who_had_the_data(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a build that tells the disclosures that run, of which a declined case has none."""
    monkeypatch.setattr(rights, "true", lambda: Disclosure.ended_at.is_(None))
    erase(world, world.bring_to("declined"))
    assert "Gewist" not in mails(world, tmp_path / "mail").get("coach", "")
