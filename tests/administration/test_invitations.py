"""Inviting a colleague: a mail with a link that only the colleague gets, works once, and not for ever."""

import email
import email.policy
import re
from pathlib import Path

import pytest

from tests.identity.doors import HTML, form_secret, sign_in
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINK = re.compile(r"http://[^\s]+(/welcome\?invitation=\S+)")
NEW = {"name": "Noor Nieuw", "email": "Noor@demo.example", "roles": ["referrer", "coordinator"]}
SECRET = "een-lange-zin-om-te-onthouden"


def invite(world: World, tmp_path: Path) -> str:
    """Invite a colleague; the link of the mail."""
    assert Person(world, "admin").submit("/administration/people/new", **NEW).status_code == 303
    return links(tmp_path)[-1]


def links(tmp_path: Path) -> list[str]:
    """The links of all mails so far, the newest last."""
    found = []
    for file in sorted((tmp_path / "mail").glob("*.eml")):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert mail["To"] == "Noor Nieuw <noor@demo.example>"
        found += LINK.findall(mail.get_content())
    return found


def accept(world: World, link: str, password: str = SECRET, again: str = SECRET) -> int:
    client = world.client
    form = {"csrf_token": form_secret(client), "invitation": link.partition("=")[2].replace("%3D", "=")}
    answer = client.post("/welcome", data={**form, "password": password, "again": again}, headers=HTML)
    return int(answer.status_code)


@ON_SQLITE
def test_a_colleague_is_invited_chooses_a_password_and_works_in_the_given_roles(world: World, tmp_path: Path) -> None:
    link = invite(world, tmp_path)
    page = world.client.get(link, headers=HTML)
    assert "Welkom, Noor Nieuw" in page.text
    assert accept(world, link) == 200
    client = world.client
    assert sign_in(client, SECRET, "noor@demo.example").status_code == 303
    account = client.get("/account", headers=HTML).text
    assert "Coördinator, Verwijzer" in account
    assert "Gemeente Duinwijk" in account


def test_a_link_works_once_and_seven_days_and_only_as_it_was_made(world: World, tmp_path: Path) -> None:
    link = invite(world, tmp_path)
    assert accept(world, link[:-6] + "AAAA==") == 404
    assert accept(world, link, password="kort", again="kort") == 400
    assert accept(world, link, again="iets-heel-anders") == 400
    assert accept(world, link) == 200
    assert accept(world, link, password="gestolen-wachtwoord", again="gestolen-wachtwoord") == 404
    used = world.client.get(link, headers=HTML)
    assert (used.status_code, "werkt niet meer" in used.text) == (404, True)


@ON_SQLITE
def test_a_link_ends_and_another_can_be_sent_as_long_as_there_is_no_password(world: World, tmp_path: Path) -> None:
    link = invite(world, tmp_path)
    world.clock.move(days=7)
    assert accept(world, link) == 404
    admin = Person(world, "admin")
    [path] = re.findall(r'/administration/people/[0-9a-f-]{36}(?=">Noor)', admin.open("/administration").text)
    assert admin.submit(path, f"{path}/invite").status_code == 303
    form = admin.fill(admin.open(path), f"{path}/invite")
    assert accept(world, next(each for each in links(tmp_path) if each != link)) == 200
    assert "heeft nog geen wachtwoord" not in admin.open(path).text
    assert admin.send(f"{path}/invite", form).status_code == 409


@ON_SQLITE
def test_somebody_who_left_before_accepting_cannot_come_in(world: World, tmp_path: Path) -> None:
    link = invite(world, tmp_path)
    admin = Person(world, "admin")
    [path] = re.findall(r'/administration/people/[0-9a-f-]{36}(?=">Noor)', admin.open("/administration").text)
    assert admin.submit(path, f"{path}/leave").status_code == 303
    assert accept(world, link) == 404


@ON_SQLITE
def test_what_is_wrong_comes_back_and_no_mail_goes_out(world: World, tmp_path: Path) -> None:
    admin = Person(world, "admin")
    page = admin.submit("/administration/people/new", name="Noor", email="geen adres")
    assert page.status_code == 400
    assert "Dit veld is verplicht." in page.text
    page = admin.submit("/administration/people/new", **NEW | {"email": "geen adres"})
    assert "Dit is geen e-mailadres" in page.text
    known = admin.submit("/administration/people/new", **NEW | {"email": "coach@demo.example"})
    assert known.status_code == 409
    assert "Er is al een account met dit e-mailadres." in known.text
    assert admin.fill(known, "/people/new")["name"] == "Noor Nieuw"
    assert links(tmp_path) == []


@ON_SQLITE
def test_without_mail_nobody_is_registered(world: World, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("this is no folder")
    admin = Person(world, "admin")
    assert admin.submit("/administration/people/new", **NEW).status_code == 503
    assert "Noor" not in admin.open("/administration").text
