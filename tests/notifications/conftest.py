"""An invented chain: a municipality, a provider and a region, with people in them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from referral.core.database import connect, new_id
from referral.core.encryption import FileKeys, KeyRing
from referral.core.policy import Actor, OrganisationKind, Role
from referral.core.work import Service, Work
from referral.identity.models import Membership, Organisation, Region, RegionKind, User, organisation_region
from referral.notifications.mail import FileMailSink
from referral.trajectories.usecases import AddTrajectory, add_trajectory
from tests.notifications.chain import PUBLIC_URL, Chain, Clock, address


@pytest.fixture
def chain(database_url: str, tmp_path: Path) -> Iterator[Chain]:
    engine = connect(database_url)
    keys = FileKeys(tmp_path / "keys")
    keys.create()
    ring = KeyRing(engine, keys)
    ring.initialise()
    clock, mail = Clock(), tmp_path / "mail"
    settings = {"public_url": PUBLIC_URL, "mail_sink": FileMailSink(mail)}
    service = Service(engine=engine, key_ring=ring, clock=clock, settings=settings)
    yield _settle(service, clock, mail)
    engine.dispose()


def _settle(service: Service, clock: Clock, mail: Path) -> Chain:
    with service.work() as work:
        region = Region(id=new_id(), kind=RegionKind.LABOUR_MARKET, code="AM01", name="Voorbeeldregio")
        work.session.add(region)
        municipality = _organisation(work, region, OrganisationKind.MUNICIPALITY, "Gemeente Voorbeeld")
        provider = _organisation(work, region, OrganisationKind.PROVIDER, "Taalschool De Brug")
        network = _organisation(work, region, OrganisationKind.REGION, "Samenwerking Voorbeeld")
        coach = employ(work, provider, "Bram Coach", Role.COACH)
        facts = some_trajectory()
        return Chain(
            service=service,
            clock=clock,
            mail=mail,
            region=region.id,
            referrer=employ(work, municipality, "Sanne Verwijzer", Role.REFERRER),
            second_referrer=employ(work, municipality, "Tim Verwijzer", Role.REFERRER),
            source_coordinator=employ(work, municipality, "Noor Gemeente", Role.COORDINATOR),
            coach=coach,
            second_coach=employ(work, provider, "Ada Coach", Role.COACH),
            coordinator=employ(work, provider, "Vera Brug", Role.COORDINATOR),
            regional=employ(work, network, "Iris Regio", Role.COORDINATOR),
            trajectory=add_trajectory(AddTrajectory(facts), actor=coach, work=work).trajectory.id,
            other_trajectory=add_trajectory(AddTrajectory(facts), actor=coach, work=work).trajectory.id,
        )


def _organisation(work: Work, region: Region, kind: OrganisationKind, name: str) -> Organisation:
    organisation = Organisation(id=new_id(), kind=kind, name=name, municipality_code="GM0392")
    work.session.add(organisation)
    work.session.flush()
    link = insert(organisation_region).values(organisation_id=organisation.id, region_id=region.id)
    work.session.execute(link)
    return organisation


def employ(work: Work, organisation: Organisation, name: str, role: Role) -> Actor:
    actor = Actor(
        id=new_id(),
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        roles=frozenset({role}),
        name=name,
    )
    work.session.add(User(id=actor.id, email=address(actor), name=name, created_at=work.now))
    work.session.flush()
    work.session.add(Membership(user_id=actor.id, organisation_id=organisation.id, role=role))
    return actor


def some_trajectory() -> dict[str, Any]:
    """An ordinary reading course with places enough."""
    return {
        "name": "Taal op het werk",
        "description": "U leert beter lezen en schrijven.",
        "template": "A",
        "components": ["basic_skills"],
        "skills": ["reading"],
        "levels": ["1F"],
        "language_backgrounds": ["nt1"],
        "course_kind": "non_formal_professional",
        "course_type": "language",
        "places": 500,
        "minimum_group_size": None,
        "start_dates": [date(2027, 1, 11)],
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
