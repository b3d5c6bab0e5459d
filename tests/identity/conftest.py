"""A small invented region with people in it, and a service whose clock the test sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from referral.core.database import connect
from referral.core.encryption import FileKeys, KeyRing
from referral.core.http import Application
from referral.core.policy import OrganisationKind, Role, system_actor
from referral.core.work import Service, Work
from referral.identity.models import RegionKind
from referral.identity.usecases import (
    AddMembership,
    RegisterOrganisation,
    RegisterRegion,
    RegisterUser,
    SetPassword,
    add_membership,
    register_organisation,
    register_region,
    register_user,
    set_password,
)
from tests.identity.doors import build

PASSWORD = "correct-paard-batterij"


class Clock:
    """The instant that the test says it is."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Town:
    """The ids of the invented region; everybody's password is `password`."""

    labour_market: UUID
    web_region: UUID
    municipality: UUID
    library: UUID
    network: UUID
    far_away: UUID
    referrer: UUID
    coach: UUID
    admin: UUID
    coordinator: UUID
    password: str = PASSWORD


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Service]:
    engine = connect(database_url)
    keys = FileKeys(tmp_path / "keys")
    keys.create()
    ring = KeyRing(engine, keys)
    ring.initialise()
    yield Service(engine=engine, key_ring=ring, clock=clock, settings={"second_factor_required": False})
    engine.dispose()


@pytest.fixture
def town(service: Service) -> Town:
    actor = system_actor("test")
    with service.work() as work:
        labour_market = register_region(
            RegisterRegion(
                RegionKind.LABOUR_MARKET, "Flevoland", code="AM11", terms={"submitted": {"remind": {"working_days": 4}}}
            ),
            actor=actor,
            work=work,
        ).id
        web_region = register_region(RegisterRegion(RegionKind.WEB, "Polder"), actor=actor, work=work).id

        def organisation(kind: OrganisationKind, name: str, *regions: UUID) -> UUID:
            command = RegisterOrganisation(kind, name, "GM0034", regions)
            return register_organisation(command, actor=actor, work=work).id

        municipality = organisation(OrganisationKind.MUNICIPALITY, "Gemeente Voorbeeld", labour_market, web_region)
        library = organisation(OrganisationKind.LIBRARY, "Bibliotheek Voorbeeld", web_region)
        network = organisation(OrganisationKind.REGION, "Samenwerking Polder", web_region)
        far_away = organisation(OrganisationKind.PROVIDER, "Aanbieder Ver Weg")
        return Town(
            labour_market=labour_market,
            web_region=web_region,
            municipality=municipality,
            library=library,
            network=network,
            far_away=far_away,
            referrer=employ(work, "referrer@voorbeeld.example", "Sanne Verwijzer", municipality, Role.REFERRER),
            coach=employ(work, "coach@voorbeeld.example", "Bram Coach", library, Role.COACH, Role.COORDINATOR),
            admin=employ(work, "admin@voorbeeld.example", "Noor Beheer", library, Role.ADMIN),
            coordinator=employ(work, "regio@voorbeeld.example", "Iris Regio", network, Role.COORDINATOR),
        )


@pytest.fixture
def app(service, town) -> Application:
    return build(service)


def employ(work: Work, email: str, name: str, organisation_id: UUID, *roles: Role) -> UUID:
    actor = system_actor("test")
    user = register_user(RegisterUser(email, name), actor=actor, work=work)
    set_password(SetPassword(user.id, PASSWORD), actor=actor, work=work)
    for role in roles:
        add_membership(AddMembership(user.id, organisation_id, role), actor=actor, work=work)
    return user.id
