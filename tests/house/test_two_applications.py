"""Two applications in one process have nothing in common: not a key, a token, a cookie, a policy or an outbox."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

from config.settings import load
from referral.app import create_app, create_service
from referral.core.encryption import SERVICE_SUBJECT, KeyRing, WrongKey
from referral.core.errors import KeyMissing, Tampered
from referral.core.idempotency import LABEL
from referral.core.outbox import OutboxMessage
from referral.core.policy import system_actor
from referral.core.work import Service, Work, drain
from referral.identity.usecases import SetPassword, set_password
from referral.participants.models import Participant
from referral.referrals.usecases.moving import ReferralMoved
from tests.house.calls import CALLS
from tests.identity.doors import HTML, cookie_of, sign_in
from tests.world import Clock, World, build_world

PASSWORD = "correct-paard-batterij"


def open_house(name: str, migrated: Path, folder: Path) -> World:
    """An installation of its own, with the same invented people in it."""
    (folder / name / "db").mkdir(parents=True)
    database = shutil.copyfile(migrated, folder / name / "db" / "referral.db")
    settings = load(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": f"sqlite:///{database}",
            "KEY_DIRECTORY": str(folder / name / "keys"),
            "MAIL_SINK_DIRECTORY": str(folder / name / "mail"),
            "CHECKPOINT_DIRECTORY": str(folder / name / "checkpoints"),
            "SECRET_KEY": f"een-geheim-voor-{name}-0123456789",
            "COOKIE_SECURE": "no",
            "SECOND_FACTOR": "optional",
        }
    )
    clock = Clock()
    service = create_service(settings, clock=clock)
    service.key_ring.initialise()
    return build_world(create_app(settings, service=service), clock)


@pytest.fixture
def houses(migrated_sqlite: Path, tmp_path: Path) -> Iterator[tuple[World, World]]:
    houses = open_house("north", migrated_sqlite, tmp_path), open_house("south", migrated_sqlite, tmp_path)
    yield houses
    for house in houses:
        house.service.engine.dispose()


def events(service: Service) -> int:
    """How many events wait or were handled."""
    with service.work(read_only=True) as work:
        return int(work.session.scalar(select(func.count()).select_from(OutboxMessage)) or 0)


def test_both_work_side_by_side(houses: tuple[World, World]) -> None:
    """The control of all the others: the same requests, in turns, do everything in both."""
    for prepare in CALLS.values():
        for house in houses:
            answer = prepare(house).send(house)
            assert answer.status_code in (200, 201, 204), answer.text


def test_a_token_of_one_is_nobody_in_the_other(houses: tuple[World, World]) -> None:
    north, south = houses
    assert set(north.tokens.values()).isdisjoint(south.tokens.values())
    proof = {"Authorization": f"Bearer {north.tokens['referrer']}"}
    assert north.client.get("/v1/me", headers=proof).status_code == 200
    assert south.client.get("/v1/me", headers=proof).status_code == 401


def test_a_cookie_of_one_is_nobody_in_the_other(houses: tuple[World, World]) -> None:
    north, south = houses
    with north.service.work() as work:
        set_password(SetPassword(north.users["referrer"], PASSWORD), actor=system_actor("test"), work=work)
    browser, other = north.client, south.client
    sign_in(browser, PASSWORD, "referrer@demo.example")
    assert browser.get("/", headers=HTML).status_code == 200
    other.set_cookie("session", cookie_of(browser))
    assert other.get("/", headers=HTML).status_code == 401


def test_what_one_has_sealed_the_other_cannot_open(houses: tuple[World, World]) -> None:
    north, south = houses
    with north.service.work() as work:
        sealed = north.service.key_ring.seal(work.session, LABEL, UUID(int=1), SERVICE_SUBJECT, b"geheim")
        assert opened(north.service.key_ring, work, sealed) == b"geheim"
    with south.service.work() as work, pytest.raises((WrongKey, Tampered, KeyMissing)):
        opened(south.service.key_ring, work, sealed)


def opened(ring: KeyRing, work: Work, sealed: bytes) -> bytes:
    return bytes(ring.unseal(work.session, LABEL, UUID(int=1), SERVICE_SUBJECT, sealed))


def test_one_number_has_another_fingerprint_in_each(houses: tuple[World, World]) -> None:
    prints = []
    for house in houses:
        with house.service.work() as work:
            prints.append([house.service.key_ring.fingerprint(work.session, "health", b"x") for _ in range(2)])
    assert prints[0][0] == prints[0][1] != prints[1][0]


def test_a_person_copied_to_the_other_database_stays_sealed(houses: tuple[World, World]) -> None:
    north, south = houses
    case = north.refer()
    with north.service.work(read_only=True) as work:
        row = dict(work.session.execute(select(Participant.__table__)).mappings().one())
    row["organisation_id"] = south.organisations["Gemeente Duinwijk"]
    with south.service.work() as work:
        work.session.execute(insert(Participant.__table__).values(row))
    path = f"/v1/participants/{case['participantId']}?purpose=intake"
    assert north.call("referrer", "GET", path).json["name"] == "Deelnemer 1"
    answer = south.call("referrer", "GET", path)
    assert answer.status_code in (500, 503)
    assert "Deelnemer" not in answer.text


def test_a_policy_of_one_is_not_that_of_the_other(houses: tuple[World, World]) -> None:
    north, south = houses
    south.app.operations = {name: row for name, row in south.app.operations.items() if name != "identity.show_me"}
    assert north.call("referrer", "GET", "/v1/me").status_code == 200
    assert south.call("referrer", "GET", "/v1/me").status_code == 404


def test_an_event_in_one_is_no_event_in_the_other(houses: tuple[World, World]) -> None:
    north, south = houses
    north.refer()
    assert (events(north.service), events(south.service)) == (2, 0)
    assert drain(south.service) == 0
    assert drain(north.service) == 2
    assert len(north.call("referrer", "GET", "/v1/events").json["items"]) == 2
    assert south.call("referrer", "GET", "/v1/events").json["items"] == []


def test_a_reaction_of_one_does_not_run_in_the_other(houses: tuple[World, World]) -> None:
    north, south = houses
    heard: list[UUID] = []
    listening = Service(
        engine=north.service.engine,
        key_ring=north.service.key_ring,
        clock=north.clock,
        settings=north.service.settings,
        now_reactions={ReferralMoved: [lambda event, _work: heard.append(event.object_id)]},
    )
    north.app.service = listening
    south.refer()
    assert heard == []
    case = north.refer()
    assert {str(each) for each in heard} == {case["id"]}


def test_each_has_its_own_time(houses: tuple[World, World]) -> None:
    north, south = houses
    north.clock.move(days=366)
    assert north.call("referrer", "GET", "/v1/me").status_code == 401
    assert south.call("referrer", "GET", "/v1/me").status_code == 200


def test_both_publish_the_same_document(houses: tuple[World, World]) -> None:
    """The doors are registered twice; the second registration adds nothing to the first."""
    north, south = (house.call(None, "GET", "/v1/openapi.json").json for house in houses)
    assert north == south
    assert len(north["paths"]) > 20
