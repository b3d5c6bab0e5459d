"""The catalogue on pages: filters in the address, room and groups in words, edited by its own provider only."""

import re

import pytest
from werkzeug.datastructures import MultiDict

from tests.pages import Person
from tests.world import World, trajectory_body

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TWO_STARTS = {"startDates": ["2026-12-07", "2026-12-14"]}
NAMES = re.compile(r'/trajectories/[0-9a-f-]{36}">([^<]+)</a>')


def offer(world: World, name: str, who: str = "coach", **changes: object) -> str:
    """A trajectory of this person's organisation; its id."""
    answer = world.call(who, "POST", "/v1/trajectories", trajectory_body(name, world.clock.today, **changes))
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def form_of(world: World, who: str, path: str) -> tuple[Person, MultiDict[str, str]]:
    person = Person(world, who)
    return person, person.fill(person.open(path), path)


def test_each_filter_in_the_address_leaves_only_what_fits_and_stays_chosen(world: World) -> None:
    offer(
        world, "Rekenen", skills=["numeracy"], levels=["2F"], languageBackgrounds=["nt1"], template="C",
        sectorCodes=["I"],
    )  # fmt: skip
    offer(world, "Ver weg", municipalityCode="GM0453", courseKind="non_formal_volunteer", languageBackgrounds=["nt1"])
    offer(world, "Voorbij", active=False)
    referrer = Person(world, "referrer")
    now = {"Lezen op het werk", "Digitaal op weg", "Rekenen", "Ver weg"}
    assert set(NAMES.findall(referrer.open("/trajectories").text)) == now
    for query, expected in {
        "skill=digital": now - {"Rekenen"},
        "level=2F": {"Rekenen"},
        "languageBackground=nt2": {"Lezen op het werk", "Digitaal op weg"},
        "municipalityCode=GM0453": {"Ver weg"},
        "template=C": {"Rekenen"},
        "courseKind=non_formal_volunteer": {"Ver weg"},
        "sectorCode=F": now - {"Rekenen"},
        "active=false": {"Voorbij"},
        "active=": {*now, "Voorbij"},
        "skill=numeracy&level=2F": {"Rekenen"},
        "skill=digital&level=2F": set(),
    }.items():
        page = referrer.open(f"/trajectories?{query}")
        assert set(NAMES.findall(page.text)) == expected, query
        if query.endswith("2F"):
            assert '<option value="2F" selected>' in page.text
    assert set(NAMES.findall(Person(world, "coach").open("/trajectories?mine=true").text)) == now - {"Digitaal op weg"}
    assert referrer.open("/trajectories?skill=vliegen").status_code == 400


@ON_SQLITE
def test_room_groups_and_age_of_the_description_stand_there_in_words(world: World) -> None:
    small = offer(world, "Kleine groep", places=1, minimumGroupSize=1)
    forming = offer(world, "Groep in vorming", places=12, minimumGroupSize=8)
    world.move("coach", world.refer(trajectoryId=small), "accept")
    waiting = world.refer(trajectoryId=small)
    world.move("coach", waiting, "waitlist", kind="capacity", reviewOn=world.clock.today.isoformat())
    world.move("coach", world.refer(trajectoryId=forming), "accept")
    page = Person(world, "referrer").open("/trajectories").text
    for words in ("Vol</span>", "1 op de wachtlijst", "11 van 12 vrij", "start bij 8, nu 1"):
        assert words in page
    assert "Nagekeken op" not in page
    world.clock.move(days=190)
    assert Person(world, "referrer").open("/trajectories").text.count("Nagekeken op 03-11-2026") == 4
    path = f"/trajectories/{forming}"
    assert "Vraag de aanbieder of alles nog klopt." in Person(world, "referrer").open(path).text
    coach = Person(world, "coach")
    assert coach.submit(path, f"{path}/checked").headers["Location"].endswith("?done=checked")
    assert "meer dan een half jaar" not in coach.open(path).text


@ON_SQLITE
def test_a_provider_adds_a_trajectory_and_what_is_missing_comes_back_with_what_was_typed(world: World) -> None:
    coach, form = form_of(world, "coach", "/trajectories/new")
    form["name"], form["description"], form["places"] = "Samen lezen", "U leest samen.", "veel"
    form["startDates"] = "3-12-2026\r\n31-2-2027"
    page = coach.send("/trajectories/new", form)
    assert page.status_code == 400
    assert "Hier hoort een geheel getal." in page.text
    assert "Dit is geen bestaande datum. Schrijf hem als dag-maand-jaar" in page.text
    form = coach.fill(page, "/trajectories/new")
    assert (form["name"], form["places"], form["startDates"]) == ("Samen lezen", "veel", "3-12-2026\r\n31-2-2027")
    form.update({"template": "A", "courseKind": "formal", "courseType": "language", "delivery": "on_site"})
    form.update({"skills": "reading", "levels": "1F", "languageBackgrounds": "nt1", "fundingSource": "web"})
    form["places"], form["startDates"] = "9", "3-12-2026\r\n15-2-2027"
    done = coach.send("/trajectories/new", form)
    assert done.status_code == 303
    assert coach.send("/trajectories/new", form).headers["Location"] == done.headers["Location"], "a double click"
    shown = world.call("referrer", "GET", f"/v1{done.headers['Location'].partition('?')[0]}").json
    assert (shown["places"], shown["startDates"]) == (9, ["2026-12-03", "2027-02-15"])
    assert shown["eligibility"]["minimumAge"] == 18


@ON_SQLITE
def test_the_edit_form_changes_what_was_changed_empties_what_was_emptied_and_leaves_the_rest(world: World) -> None:
    id = offer(world, "Groep", minimumGroupSize=6, startDates=["2026-12-01"], components=["basic_skills"])
    path = f"/trajectories/{id}/edit"
    before = world.call("coach", "GET", f"/v1/trajectories/{id}").json
    coach, form = form_of(world, "coach", path)
    form["places"], form["minimumGroupSize"], form["startDates"] = "20", "", ""
    form.setlist("sectorCodes", ["C", "H"])
    assert coach.send(path, form).status_code == 303
    after = world.call("coach", "GET", f"/v1/trajectories/{id}").json
    changed = {name for name in after if after[name] != before[name]}
    written = {"places", "minimumGroupSize", "startDates", "sectorCodes", "version"}
    assert changed == {*written, "freePlaces", "nextStartOn"}
    assert "Industrie; Vervoer en opslag" in coach.open(f"/trajectories/{id}").text
    assert (after["minimumGroupSize"], after["startDates"]) == (None, [])


def test_a_trajectory_changed_by_a_colleague_shows_both_and_lets_the_provider_choose(world: World) -> None:
    path = f"/trajectories/{world.trajectory_id}/edit"
    world.call("coach", "PATCH", path.replace("/edit", "").replace("/t", "/v1/t"), TWO_STARTS, version=1)
    coach, form = form_of(world, "coach", path)
    form["description"] = "Mijn tekst."
    form["startDates"] = "07-12-2026\r\n14-12-2026"  # As a browser sends what it got with other line ends.
    theirs = {"description": "De tekst van een collega."}
    assert (
        world.call("second_coach", "PATCH", f"/v1/trajectories/{world.trajectory_id}", theirs, version=2).status_code
        == 200
    )
    page = coach.send(path, form)
    assert page.status_code == 412
    table = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "De tekst van een collega." in table
    assert "Mijn tekst." in table
    assert table.count("<tr>") == 1, "only what differs"
    assert "Houd wat nu in het aanbod staat" in page.text
    mine = coach.fill(page, path)
    assert mine["description"] == "Mijn tekst."
    assert coach.send(path, mine).status_code == 303
    assert "Mijn tekst." in coach.open(f"/trajectories/{world.trajectory_id}").text


@ON_SQLITE
def test_something_wrong_beside_a_change_of_a_colleague_does_not_hide_that_change(world: World) -> None:
    """Wrong build: the form that is drawn again carries the newest version, and overwrites unseen."""
    path = f"/trajectories/{world.trajectory_id}/edit"
    coach, form = form_of(world, "coach", path)
    form["places"] = "veel"
    world.call("second_coach", "PATCH", f"/v1/trajectories/{world.trajectory_id}", {"places": 7}, version=1)
    page = coach.send(path, form)
    assert page.status_code == 400
    form = coach.fill(page, path)
    form["places"] = "9"
    assert coach.send(path, form).status_code == 412


@ON_SQLITE
def test_only_the_own_provider_edits_and_only_who_offers_adds(world: World) -> None:
    path = f"/trajectories/{world.trajectory_id}"
    for who, edits, adds in (
        ("coach", 200, 200), ("receiving_coordinator", 200, 200), ("provider_admin", 200, 200),
        ("other_coach", 403, 200), ("coordinator", 403, 403), ("referrer", 403, 403), ("employer", 403, 403),
        ("privacy", 403, 403),
    ):  # fmt: skip
        person = Person(world, who)
        page = person.open(path)
        assert page.status_code == 200, who
        assert ("/edit" in page.text) == (edits == 200), who
        assert ("/trajectories/new" in person.open("/trajectories").text) == (adds == 200), who
        assert (person.open(f"{path}/edit").status_code, person.open("/trajectories/new").status_code) == (edits, adds)
    other = Person(world, "other_coach")
    form = {"csrf_token": other.fill(other.open("/account"), "sign-out")["csrf_token"], "version": "1"}
    assert other.client.post(f"{path}/checked", data=form, headers={"Accept": "text/html"}).status_code == 403
