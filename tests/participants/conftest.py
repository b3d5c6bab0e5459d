"""Two municipalities and two providers with people in them; a service whose clock the test sets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from referral.core.database import connect, new_id
from referral.core.encryption import FileKeys, KeyRing
from referral.core.ledger import ErasureLedger
from referral.core.policy import Actor, OrganisationKind, Role
from referral.core.work import Service, Work
from referral.identity.models import Organisation, User
from referral.participants.usecases import (
    AgreementGiven,
    RegisterParticipant,
    open_disclosure,
    record_agreement,
    register_participant,
)

RIA = RegisterParticipant(
    name="Ria de Wit",
    phone="06 11 22 33 44",
    email="Ria@voorbeeld.example",
    client_number="K-20418",
    contact_person={"name": "Fatma Yildirim", "phone": "06 22 33 44 55", "relation": "zus"},
    preferred_channel="phone",
    preferred_moment="dinsdag na 10 uur",
    birth_year=1985,
    language_background="nt1",
    gender="female",
)


class Clock:
    """The instant that the test says it is."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Chain:
    """Who takes part."""

    referrer: Actor
    officer: Actor
    neighbour: Actor
    coach: Actor
    colleague: Actor
    other_coach: Actor


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
    yield Service(engine=engine, key_ring=ring, clock=clock, ledger=ErasureLedger(tmp_path / "ledger"))
    engine.dispose()


@pytest.fixture
def chain(service: Service) -> Chain:
    with service.work() as work:
        municipality = _organisation(work, OrganisationKind.MUNICIPALITY, "Gemeente Voorbeeld")
        neighbours = _organisation(work, OrganisationKind.MUNICIPALITY, "Gemeente Ernaast")
        provider = _organisation(work, OrganisationKind.PROVIDER, "Taalschool De Brug")
        other = _organisation(work, OrganisationKind.PROVIDER, "Digischool De Muis")
        return Chain(
            referrer=_actor(work, municipality, Role.REFERRER),
            officer=_actor(work, municipality, Role.PRIVACY_OFFICER),
            neighbour=_actor(work, neighbours, Role.REFERRER),
            coach=_actor(work, provider, Role.COACH),
            colleague=_actor(work, provider, Role.COACH),
            other_coach=_actor(work, other, Role.COACH),
        )


@pytest.fixture
def ria(service: Service, chain: Chain) -> UUID:
    """Registered by the municipality, disclosed to nobody."""
    with service.work() as work:
        return register_participant(RIA, actor=chain.referrer, work=work).id


Disclose = Callable[..., UUID]
Scope = tuple[str, ...]


@pytest.fixture
def disclose(service: Service, chain: Chain, ria: UUID) -> Disclose:
    """Disclose Ria to the coach's organisation; answers the id of the referral."""

    def disclose_to(receiver: Actor, *scope: str) -> UUID:
        with service.work() as work:
            referral_id = new_id()
            open_for(work, chain.referrer, ria, receiver, referral_id, scope or ("contact",))
            return referral_id

    return disclose_to


def agreed(given_on: date, *scope: str) -> AgreementGiven:
    """That the participant agreed in a conversation."""
    return AgreementGiven(given_on=given_on, method="in_person", data_scope=scope)


def open_for(
    work: Work, referrer: Actor, participant_id: UUID, receiver: Actor, referral_id: UUID, scope: Scope
) -> UUID:
    """Record an agreement and open a disclosure under it; answers the id of the agreement."""
    agreement = record_agreement(participant_id, agreed(date(2026, 11, 2), *scope), actor=referrer, work=work)
    open_under(work, agreement.id, participant_id, receiver, referral_id, scope)
    return agreement.id


def open_under(
    work: Work,
    agreement_id: UUID | None,
    participant_id: UUID,
    receiver: Actor,
    referral_id: UUID,
    scope: Scope,
) -> UUID:
    """Open a disclosure under an agreement; answers its id."""
    return open_disclosure(
        work,
        participant_id=participant_id,
        organisation_id=receiver.organisation_id,
        referral_id=referral_id,
        legal_basis="public_task",
        data_scope=scope,
        agreement_id=agreement_id,
        purpose=lambda: "Een passend aanbod",
    ).id


def as_role(actor: Actor, *roles: Role) -> Actor:
    """The same actor with other roles in the same organisation."""
    return replace(actor, roles=frozenset(roles))


def _organisation(work: Work, kind: OrganisationKind, name: str) -> Organisation:
    organisation = Organisation(kind=kind, name=name, active=True)
    work.session.add(organisation)
    work.session.flush()
    return organisation


def _actor(work: Work, organisation: Organisation, *roles: Role) -> Actor:
    identity = new_id()
    user = User(id=identity, email=f"{identity}@voorbeeld.example", name="Iemand", active=True, created_at=work.now)
    work.session.add(user)
    work.session.flush()
    return Actor(
        id=identity, organisation_id=organisation.id, organisation_kind=organisation.kind, roles=frozenset(roles)
    )
