"""A new organisation: only the administrator of a region enters it, in its own regions, and hands it over at once."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from referral.core.errors import Conflict, Invalid, NotAllowed, NotFound
from referral.core.policy import OrganisationKind, Role, system_actor
from referral.identity.models import Membership, Organisation, Region, RegionKind, User
from referral.identity.usecases import (
    InviteFirstAdministrator,
    RegisterOrganisation,
    RegisterRegion,
    invite_first_administrator,
    register_organisation,
    register_region,
    show_organisation,
)
from tests.administration.test_invitations import SECRET, accept, links
from tests.identity.doors import HTML, sign_in
from tests.pages import MOST_QUERIES, Person, counting
from tests.world import World, give_role

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LIST = "/administration/organisations"
NEW = f"{LIST}/new"
FORM = {
    "kind": "library",
    "name": "Bibliotheek Golf",
    "municipalityCode": "GM0453",
    "administrator/name": "Noor Nieuw",
    "administrator/email": "noor@demo.example",
}


@pytest.fixture
def keeper(world: World) -> Person:
    """The administrator of Regio Kustrand."""
    give_role(world, "region", Role.ADMIN)
    return Person(world, "region")


def regions(world: World) -> dict[str, object]:
    with world.service.work(read_only=True) as work:
        return {name: key for name, key in work.session.execute(select(Region.name, Region.id))}


def sizes(world: World) -> list[int | None]:
    """How many organisations, accounts and roles there are."""
    with world.service.work(read_only=True) as work:
        return [
            work.session.scalar(select(func.count()).select_from(each)) for each in (Organisation, User, Membership)
        ]


def test_a_region_enters_an_organisation_and_its_first_administrator_takes_over(
    world: World, keeper: Person, tmp_path: Path
) -> None:
    with counting(world) as asked:
        page = keeper.open(NEW)
    assert len(asked) <= MOST_QUERIES, asked
    assert "Kustrand (nu 5)" in page.text
    assert "Ver Weg" not in page.text
    assert "De eerste beheerder krijgt een account en een mail" in page.text
    assert keeper.fill(page, NEW)["regionIds"] == str(regions(world)["Kustrand"]), "the only one is ticked"
    sent = keeper.submit(NEW, **FORM)
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{LIST}?done=register")
    listed = keeper.open(sent.headers["Location"]).text
    assert "De organisatie staat in de lijst." in listed
    assert "Bibliotheek Golf" in listed
    assert "Kustrand (nu 6)" in keeper.open(NEW).text
    assert accept(world, links(tmp_path)[-1]) == 200
    client = world.client
    assert sign_in(client, SECRET, "noor@demo.example").status_code == 303
    page = client.get("/administration/organisation", headers=HTML).text
    assert "Bibliotheek Golf" in page
    assert "Kustrand" in page
    with world.service.work(read_only=True) as work:
        noor = work.session.scalars(select(User).where(User.email == "noor@demo.example")).one()
    assert keeper.open(f"/administration/people/{noor.id}").status_code == 404, "the region has no say there"


@ON_SQLITE
def test_what_is_missing_or_taken_comes_back_filled_in_and_nothing_is_written(
    world: World, keeper: Person, tmp_path: Path
) -> None:
    before = sizes(world)
    for changes, status, words in (
        ({"regionIds": []}, 400, "Dit veld is verplicht."),
        ({"regionIds": [str(regions(world)["Ver Weg"])]}, 400, "niet van uw organisatie"),
        ({"kind": "region"}, 400, "Kies een van de antwoorden."),
        ({"administrator/email": "geen adres"}, 400, "Dit is geen e-mailadres"),
        ({"administrator/email": "coach@demo.example"}, 409, "Er is al een account met dit e-mailadres."),
        ({"name": "taalhuis zilt"}, 409, "Er is al een organisatie met deze naam."),
    ):
        page = keeper.submit(NEW, **FORM | changes)
        assert (page.status_code, words in page.text) == (status, True), changes
        assert keeper.fill(page, NEW)["administrator/name"] == "Noor Nieuw"
    empty = keeper.submit(NEW, **dict.fromkeys(FORM, ""))
    assert empty.text.count('href="#') - keeper.open(NEW).text.count('href="#') == 4, "all that is missing, at once"
    (tmp_path / "mail").write_text("this is no folder")
    assert keeper.submit(NEW, **FORM).status_code == 503
    assert sizes(world) == before


@ON_SQLITE
def test_the_administrator_of_any_other_organisation_enters_none(world: World, keeper: Person) -> None:
    admin = Person(world, "admin")
    assert admin.open(NEW).status_code == 403
    assert NEW not in admin.open(LIST).text
    assert NEW in keeper.open(LIST).text
    form = keeper.fill(keeper.open(NEW), NEW, **FORM)
    form["csrf_token"] = admin.fill(admin.open("/administration/people/new"), "/people/new")["csrf_token"]
    assert admin.send(NEW, form).status_code == 403


@ON_SQLITE
def test_the_rule_holds_wherever_it_is_asked_from(world: World, keeper: Person) -> None:
    """Wrong build: every administrator registers organisations, everywhere. The control: in the own region it works."""
    assert keeper
    region, admin, own = world.actor("region"), world.actor("admin"), regions(world)
    before = sizes(world)
    here = RegisterOrganisation(OrganisationKind.LIBRARY, "Bibliotheek Golf", None, [own["Kustrand"]])
    for command, actor, refusal in (
        (here, admin, NotAllowed),
        (here, replace(region, roles=region.roles - {Role.ADMIN}), NotAllowed),
        (replace(here, region_ids=[own["Kustrand"], own["Ver Weg"]]), region, Invalid),
        (replace(here, region_ids=[]), region, Invalid),
        (replace(here, kind=OrganisationKind.REGION), region, Invalid),
        (replace(here, name="BAKKERIJ KRUIM"), region, Conflict),
    ):
        with pytest.raises(refusal), world.service.work() as work:
            register_organisation(command, actor=actor, work=work)
    with pytest.raises(NotAllowed), world.service.work() as work:
        register_region(RegisterRegion(RegionKind.WEB, "Nieuw"), actor=region, work=work)
    assert sizes(world) == before
    with world.service.work() as work:
        made = register_organisation(here, actor=region, work=work)
        assert [each.id for each in show_organisation(made.id, work=work).regions] == [own["Kustrand"]]


@ON_SQLITE
def test_a_region_names_an_administrator_only_where_nobody_works_yet(world: World, keeper: Person) -> None:
    """Wrong build: a region names an administrator in any organisation, and so reads its cases."""
    assert keeper
    region = world.actor("region")
    for name, actor, refusal in (
        ("Gemeente Duinwijk", region, Conflict),
        ("Gemeente Ver Weg", region, NotFound),
        ("Gemeente Duinwijk", world.actor("admin"), NotAllowed),
        ("Gemeente Duinwijk", system_actor("test"), Conflict),
    ):
        command = InviteFirstAdministrator(world.organisations[name], "noor@demo.example", "Noor Nieuw")
        with pytest.raises(refusal), world.service.work() as work:
            invite_first_administrator(command, actor=actor, work=work)
