"""An invented region: two municipalities that share it, an employer, one municipality far away; and the JSON door."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import request
from flask.testing import FlaskClient
from flask_smorest import Api

from referral.access import OPERATIONS
from referral.core.database import connect, new_id
from referral.core.encryption import FileKeys, KeyRing
from referral.core.http import Application, install
from referral.core.policy import Actor, Door, OrganisationKind, Role
from referral.core.work import Service, Work
from referral.identity.models import Organisation, Region, RegionKind, organisation_region
from referral.screenings.api import api
from referral.screenings.models import Screening
from referral.screenings.usecases import LogScreening, log_screening

KINDS = {
    "referrer": OrganisationKind.MUNICIPALITY,
    "neighbour": OrganisationKind.MUNICIPALITY,
    "employer": OrganisationKind.EMPLOYER,
    "stranger": OrganisationKind.MUNICIPALITY,
}


class Clock:
    """The instant that the test says it is."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Chain:
    """A service with one actor per organisation; all but the stranger share a region."""

    service: Service
    clock: Clock
    actors: dict[str, Actor]
    client: FlaskClient

    def work(self) -> AbstractContextManager[Work]:
        return self.service.work()

    def log(self, who: str = "referrer", **members: Any) -> Screening:
        with self.work() as work:
            return log_screening(a_screening(**members), actor=self.actors[who], work=work)

    def ask(self, method: str, path: str, who: str = "referrer", **options: Any) -> Any:
        return self.client.open(f"/v1/screenings{path}", method=method, headers={"Actor": who}, **options)


def a_screening(**members: Any) -> LogScreening:
    """An ordinary Taalmeter with an indication."""
    usual: dict[str, Any] = {
        "instrument": "taalmeter",
        "conducted_on": date(2026, 11, 2),
        "indication": "yes",
        "language_background": "nt1",
        "employment": "jobseeker",
        "age_band": "35-44",
        "municipality_code": "GM0453",
        "found_at": "benefit_intake",
    }
    return LogScreening(**{**usual, **members})


@pytest.fixture
def chain(database_url: str, tmp_path: Path) -> Iterator[Chain]:
    engine, keys, clock = connect(database_url), FileKeys(tmp_path / "keys"), Clock()
    keys.create()
    ring = KeyRing(engine, keys)
    ring.initialise()
    service = Service(engine=engine, key_ring=ring, clock=clock)
    actors = _settle(service)
    yield Chain(service, clock, actors, _door(service, lambda _work: actors.get(request.headers.get("Actor", ""))))
    engine.dispose()


def _settle(service: Service) -> dict[str, Actor]:
    with service.work() as work:
        region = Region(id=new_id(), kind=RegionKind.LABOUR_MARKET, code="AM01", name="Voorbeeldregio")
        organisations = {name: Organisation(id=new_id(), kind=kind, name=f"De {name}") for name, kind in KINDS.items()}
        work.session.add_all([region, *organisations.values()])
        work.session.flush()
        near = [{"organisation_id": each.id, "region_id": region.id} for name, each in organisations.items()][:3]
        work.session.execute(organisation_region.insert(), near)
        return {
            name: Actor(
                id=uuid4(),
                organisation_id=organisation.id,
                organisation_kind=organisation.kind,
                roles=frozenset({Role.REFERRER}),
                region_ids=frozenset({region.id} if name != "stranger" else ()),
            )
            for name, organisation in organisations.items()
        }


def _door(service: Service, authenticate: Callable[[Work], Actor | None]) -> FlaskClient:
    app = Application(__name__)
    app.config.update(
        API_TITLE="Test", API_VERSION="1.0.0", OPENAPI_VERSION="3.1.0", ALLOWED_ORIGINS=(), MAX_BODY_BYTES=65_536
    )
    Api(app).register_blueprint(api)
    install(app, service, OPERATIONS, {Door.API: authenticate})
    return app.test_client()
