"""Correcting a participant on a page: only what changed, seen by who received it, and both sides of a conflict."""

from typing import Any

import pytest

from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ZUS = {"name": "An", "phone": "06 44 33 22 11", "relation": None}


def read(world: World, case: dict[str, Any]) -> dict[str, Any]:
    answer = world.call("referrer", "GET", f"/v1/participants/{case['participantId']}?purpose=rights")
    assert answer.status_code == 200
    return dict(answer.json)


def test_a_correction_changes_what_was_changed_and_tells_who_received_it(world: World) -> None:
    person = {**world.referral_body()["participant"], "contactPerson": ZUS}
    case = world.refer(participant=person)
    before, path = read(world, case), f"/referrals/{case['id']}/person/edit"
    referrer = Person(world, "referrer")
    done = referrer.submit(path, phone="06 55 66 77 88", preferredMoment="")
    assert done.headers["Location"].endswith("?corrected=yes")
    assert "De gegevens zijn verbeterd." in referrer.open(done.headers["Location"]).text
    after = read(world, case)
    assert {name for name in after if after[name] != before[name]} == {"phone", "preferredMoment", "version"}
    assert after["preferredMoment"] is None
    disclosures = world.call("privacy", "GET", f"/v1/participants/{case['participantId']}/disclosures").json["items"]
    assert [each["correctedAt"] for each in disclosures] == ["2026-11-03T09:00:00Z"]


@ON_SQLITE
def test_a_form_that_changes_nothing_tells_nobody_of_a_correction(world: World) -> None:
    case = world.refer(participant={**world.referral_body()["participant"], "contactPerson": ZUS})
    assert Person(world, "referrer").submit(f"/referrals/{case['id']}/person/edit").status_code == 303
    disclosures = world.call("privacy", "GET", f"/v1/participants/{case['participantId']}/disclosures").json["items"]
    assert [each["correctedAt"] for each in disclosures] == [None]


@ON_SQLITE
def test_what_is_wrong_comes_back_with_what_was_typed(world: World) -> None:
    case = world.refer()
    path = f"/referrals/{case['id']}/person/edit"
    referrer = Person(world, "referrer")
    page = referrer.submit(path, name="", phone="bel maar", birthYear="1850")
    assert page.status_code == 400
    assert "Dit is geen telefoonnummer dat wij kunnen lezen." in page.text
    assert "Dit veld mag niet leeg zijn." in page.text
    assert referrer.fill(page, path)["phone"] == "bel maar"


@ON_SQLITE
def test_a_number_of_somebody_else_asks_whether_it_is_another_person(world: World) -> None:
    taken = world.referral_body()
    world.call("referrer", "POST", "/v1/referrals", taken)
    case = world.refer()
    path = f"/referrals/{case['id']}/person/edit"
    referrer = Person(world, "referrer")
    assert "allowDuplicate" not in referrer.open(path).text
    page = referrer.submit(path, phone=taken["participant"]["phone"])
    assert page.status_code == 409
    assert "Dit is iemand anders met hetzelfde telefoonnummer" in page.text
    assert referrer.send(path, referrer.fill(page, path, allowDuplicate="true")).status_code == 303


@ON_SQLITE
def test_a_person_changed_by_a_colleague_shows_both(world: World) -> None:
    case = world.refer()
    path = f"/referrals/{case['id']}/person/edit"
    referrer = Person(world, "referrer")
    form = referrer.fill(referrer.open(path), path, preferredMoment="woensdag")
    theirs = {"preferredMoment": "vrijdag"}
    version = read(world, case)["version"]
    world.call("second_referrer", "PATCH", f"/v1/participants/{case['participantId']}", theirs, version=version)
    page = referrer.send(path, form)
    assert page.status_code == 412
    table = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "woensdag" in table
    assert "vrijdag" in table
    assert table.count("<tr>") == 1
    assert referrer.send(path, referrer.fill(page, path)).status_code == 303
    assert read(world, case)["preferredMoment"] == "woensdag"


@ON_SQLITE
def test_only_the_organisation_that_registered_the_person_corrects(world: World) -> None:
    case = world.bring_to("accepted")
    path = f"/referrals/{case['id']}/person/edit"
    for who, status in (("coach", 403), ("coordinator", 403), ("employer", 404), ("stranger", 404)):
        assert Person(world, who).open(path).status_code == status, who
    referrer = Person(world, "referrer")
    case_path = f"/referrals/{case['id']}"
    assert path not in referrer.open(case_path).text
    assert path in referrer.submit(case_path, f"{case_path}/person", purpose="contact").text
