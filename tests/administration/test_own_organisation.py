"""The own organisation: name, gemeente and retention periods, with what each change does told before it is done."""

import re
from uuid import uuid4

import pytest

from referral.core.errors import NotAllowed, NotFound, Stale
from referral.core.policy import system_actor
from referral.identity.models import Organisation
from referral.identity.usecases import ChangeOrganisation, SetRetention, change_organisation, set_retention
from referral.operations.retention import list_destructions
from tests.pages import MOST_QUERIES, Person, counting
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/administration/organisation"
SOCIAL = f"{PAGE}/retention/broken_off_social"
TWO_WEEKS = {"whose": "own", "period/number": "14", "period/unit": "D"}


def own(world: World) -> Organisation:
    with world.service.work(read_only=True) as work:
        return work.session.get_one(Organisation, world.organisations["Gemeente Duinwijk"])


def check(person: Person, path: str = SOCIAL, **given: str) -> str:
    """The sentences of the check page."""
    answer = person.client.get(f"{path}/check", query_string=TWO_WEEKS | given, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def destroyed(world: World) -> int:
    """How many cases a run would destroy now."""
    with world.service.work(read_only=True) as work:
        return sum(line.record == "referral" for line in list_destructions(work))


def test_a_new_name_says_first_where_it_will_stand_and_then_stands_there(world: World) -> None:
    case = world.refer()
    world.refer("employer", legalBasis="contract")
    admin = Person(world, "admin")
    with counting(world) as asked:
        page = admin.open(PAGE).text
    assert len(asked) <= MOST_QUERIES, asked
    assert "De naam staat bij de ene zaak van uw organisatie" in page
    assert "Alleen de beheerder van de dienst past ze aan." in page
    assert admin.submit(PAGE, name="Duinwijk aan Zee", municipalityCode="GM0392").status_code == 303
    assert (own(world).name, own(world).municipality_code) == ("Duinwijk aan Zee", "GM0392")
    assert "Duinwijk aan Zee" in Person(world, "coach").open(f"/referrals/{case['id']}").text
    assert admin.submit(PAGE, municipalityCode="").status_code == 303
    assert own(world).municipality_code is None


@ON_SQLITE
def test_what_is_wrong_with_a_name_comes_back_as_it_was_typed(world: World) -> None:
    admin, before = Person(world, "admin"), own(world).version
    empty = admin.submit(PAGE, name=" ")
    taken = admin.submit(PAGE, name="gemeente ver weg")
    assert (empty.status_code, taken.status_code) == (400, 409)
    assert "Er is al een organisatie met deze naam." in taken.text
    assert admin.fill(taken, PAGE)["name"] == "gemeente ver weg"
    assert own(world).version == before


@ON_SQLITE
def test_two_administrators_at_once_see_both_names_and_choose(world: World) -> None:
    """Wrong build: whoever sends last wins, and nobody knows."""
    admin = Person(world, "admin")
    form = admin.fill(admin.open(PAGE), PAGE, name="Mijn naam")
    assert admin.submit(PAGE, name="Hun naam").status_code == 303
    refused = admin.send(PAGE, form)
    assert refused.status_code == 412
    shown = refused.text.partition("<table")[2].partition("</table>")[0]
    assert ("Hun naam" in shown, "Mijn naam" in shown) == (True, True)
    assert own(world).name == "Hun naam"
    assert admin.send(PAGE, admin.fill(refused, PAGE)).status_code == 303
    assert own(world).name == "Mijn naam"


@ON_SQLITE
def test_a_program_changes_a_name_with_the_version_it_read(world: World) -> None:
    path = f"/v1/organisations/{world.organisations['Gemeente Duinwijk']}"
    listed = world.call("admin", "GET", "/v1/organisations").json["items"]
    version = next(each["version"] for each in listed if each["name"] == "Gemeente Duinwijk")
    assert world.call("admin", "PATCH", path, {"name": "Duinwijk"}).status_code == 428
    assert world.call("admin", "PATCH", path, {"name": "Duinwijk"}, version=version + 1).status_code == 412
    changed = world.call("admin", "PATCH", path, {"name": "Duinwijk"}, version=version)
    assert (changed.status_code, changed.json["name"], changed.json["municipalityCode"]) == (200, "Duinwijk", "GM0453")
    assert (changed.json["version"], changed.headers["ETag"]) == (version + 1, f'"{version + 1}"')
    assert len(changed.json["regions"]) == 1
    wrong = world.call("admin", "PATCH", path, {"name": "Duinwijk", "kind": "region"}, version=version + 1)
    assert [error["pointer"] for error in wrong.json["errors"]] == ["/kind"]
    elsewhere = f"/v1/organisations/{world.organisations['Taalhuis Zilt']}"
    assert world.call("admin", "PATCH", elsewhere, {"name": "Van ons"}, version=1).status_code == 403
    assert world.call("admin", "PATCH", f"/v1/organisations/{uuid4()}", {"name": "X"}, version=1).status_code == 404


@ON_SQLITE
def test_no_administrator_changes_another_organisation_whatever_the_deed(world: World) -> None:
    """Wrong build: any administrator sets the retention of every organisation. The control: the own one works."""
    admin, service = world.actor("admin"), system_actor("test")
    here, there = (world.organisations[name] for name in ("Gemeente Duinwijk", "Taalhuis Zilt"))

    def both(place, version=None, actor=admin):
        with world.service.work() as work:
            set_retention(SetRetention(place, "broken_off_social", "P7D", version), actor=actor, work=work)
        with world.service.work() as work:
            version = work.session.get_one(Organisation, place).version
            change_organisation(ChangeOrganisation(place, version, {"name": str(place)}), actor=actor, work=work)

    for place, actor, refusal in (
        (there, admin, NotAllowed),
        (here, world.actor("coordinator"), NotAllowed),
        (uuid4(), service, NotFound),
    ):
        with pytest.raises(refusal):
            both(place, actor=actor)
    with pytest.raises(Stale):
        both(here, version=99)
    both(here)
    both(there, actor=service)


def test_a_shorter_period_says_first_how_many_records_fall_past_it_and_then_holds(world: World) -> None:
    for _ in range(2):
        world.bring_to("declined")
    world.bring_to("submitted")
    world.clock.move(days=20)
    world.bring_to("declined")
    admin = Person(world, "admin")
    with counting(world) as asked:
        page = check(admin)
    assert len(asked) <= MOST_QUERIES, asked
    assert "is nu 42 dagen en wordt 14 dagen" in page
    assert "vandaag 0 deelnemers met 0 zaken." in page
    assert "vandaag 2 deelnemers met 2 zaken." in page
    assert "2 deelnemers bij om te wissen" in page
    assert (own(world).retention, destroyed(world)) == (None, 0), "nothing is done yet"
    assert "vandaag 2" not in check(Person(world, "provider_admin")), "the control: they are not of that organisation"
    sent = admin.send(SOCIAL, admin.fill(admin.client.get(f"{SOCIAL}/check", query_string=TWO_WEEKS), SOCIAL))
    assert (sent.status_code, own(world).retention) == (303, {"broken_off_social": "P14D"})
    assert destroyed(world) == 2, "as many as the page said"
    assert "De bewaartermijn is gezet." in admin.open(sent.headers["Location"]).text
    longer = check(admin, whose="service")
    assert "2 deelnemers minder" in longer
    back = admin.client.get(f"{SOCIAL}/check", query_string={"whose": "service"})
    assert admin.send(SOCIAL, admin.fill(back, SOCIAL)).status_code == 303
    assert own(world).retention is None


@ON_SQLITE
def test_a_period_that_makes_no_sense_is_refused_at_its_field(world: World) -> None:
    admin = Person(world, "admin")
    for given, words in (
        ({"whose": "own"}, "Vul in hoe lang u deze gegevens bewaart."),
        ({**TWO_WEEKS, "period/number": "6"}, "van een week tot honderd jaar"),
        ({**TWO_WEEKS, "period/number": "101", "period/unit": "Y"}, "van een week tot honderd jaar"),
        ({**TWO_WEEKS, "period/number": "veel"}, "Hier hoort een geheel getal."),
    ):
        page = admin.client.get(f"{SOCIAL}/check", query_string=given, headers={"Accept": "text/html"})
        assert (page.status_code, words in page.text) == (400, True), given
    for term in ("log_in", "service_elsewhere", "niets"):
        assert admin.open(f"{PAGE}/retention/{term}").status_code == 404, term


@ON_SQLITE
def test_two_administrators_at_once_see_both_periods_and_choose(world: World) -> None:
    admin = Person(world, "admin")
    form = admin.fill(admin.client.get(f"{SOCIAL}/check", query_string=TWO_WEEKS), SOCIAL)
    with world.service.work() as work:
        command = SetRetention(world.organisations["Gemeente Duinwijk"], "broken_off_social", "P3M")
        set_retention(command, actor=system_actor("test"), work=work)
    refused = admin.send(SOCIAL, form)
    assert refused.status_code == 412
    rows = re.findall(r"<td[^>]*>([^<]*)</td>", refused.text)
    assert rows == ["3", "14", "maanden", "dagen"]
    assert own(world).retention == {"broken_off_social": "P3M"}
    assert admin.send(SOCIAL, admin.fill(refused, SOCIAL)).status_code == 303
    assert own(world).retention == {"broken_off_social": "P14D"}
