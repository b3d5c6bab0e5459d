"""An invented region with a municipality and two providers; and the JSON door."""

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
from referral.identity.models import Organisation, Region, RegionKind
from referral.trajectories.api import api
from referral.trajectories.models import Trajectory
from referral.trajectories.usecases import AddTrajectory, add_trajectory

KINDS = {
    "municipality": OrganisationKind.MUNICIPALITY,
    "provider": OrganisationKind.PROVIDER,
    "library": OrganisationKind.LIBRARY,
}
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@dataclass
class Chain:
    """A service with one actor per organisation."""

    service: Service
    actors: dict[str, Actor]
    client: FlaskClient

    def work(self) -> AbstractContextManager[Work]:
        return self.service.work()

    def add(self, who: str = "provider", **facts: Any) -> Trajectory:
        with self.work() as work:
            return add_trajectory(AddTrajectory(some_facts(**facts)), actor=self.actors[who], work=work).trajectory

    def ask(self, method: str, path: str, who: str = "provider", version: int | None = None, **options: Any) -> Any:
        headers = {"Actor": who, **({"If-Match": f'"{version}"'} if version is not None else {})}
        return self.client.open(f"/v1/trajectories{path}", method=method, headers=headers, **options)


def some_facts(**facts: Any) -> dict[str, Any]:
    """An ordinary reading course in Haarlem and its surroundings (GM0392), with 12 places."""
    usual: dict[str, Any] = {
        "name": "Taal op het werk",
        "description": "U leert beter lezen en schrijven.",
        "template": "A",
        "components": ["basic_skills"],
        "skills": ["reading"],
        "levels": ["1F"],
        "language_backgrounds": ["nt1"],
        "course_kind": "non_formal_professional",
        "course_type": "language",
        "places": 12,
        "minimum_group_size": None,
        "start_dates": [date(2027, 1, 11), date(2026, 9, 7)],
        "municipality_code": "GM0392",
        "region_id": None,
        "delivery": "on_site",
        "minimum_age": 18,
        "maximum_age": None,
        "region_only": False,
        "civic_integration_allowed": False,
        "means_allowed": False,
        "funding_source": "web",
        "successor_id": None,
        "active": True,
    }
    return {**usual, **facts}


@pytest.fixture
def chain(database_url: str, tmp_path: Path) -> Iterator[Chain]:
    engine, keys = connect(database_url), FileKeys(tmp_path / "keys")
    keys.create()
    ring = KeyRing(engine, keys)
    ring.initialise()
    service = Service(engine=engine, key_ring=ring, clock=lambda: NOW)
    actors = _settle(service)
    yield Chain(service, actors, _door(service, lambda _work: actors.get(request.headers.get("Actor", ""))))
    engine.dispose()


def _settle(service: Service) -> dict[str, Actor]:
    with service.work() as work:
        region = Region(id=new_id(), kind=RegionKind.LABOUR_MARKET, code="AM01", name="Voorbeeldregio")
        organisations = {name: Organisation(id=new_id(), kind=kind, name=f"De {name}") for name, kind in KINDS.items()}
        work.session.add_all([region, *organisations.values()])
        return {
            name: Actor(
                id=uuid4(),
                organisation_id=organisation.id,
                organisation_kind=organisation.kind,
                roles=frozenset({Role.REFERRER, Role.COACH, Role.COORDINATOR}),
                region_ids=frozenset({region.id}),
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
