"""Who is asking and what they are to a case: the words of every grant. The grants themselves stand in `access`
(per operation) and in `referrals.workflow` (per event)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class OrganisationKind(StrEnum):
    """The kinds of organisation in the chain (`docs/glossary.md`)."""

    MUNICIPALITY = "municipality"
    UWV = "uwv"
    EMPLOYER = "employer"
    WERKCENTRUM = "werkcentrum"
    TAALHUIS = "taalhuis"
    LIBRARY = "library"
    PROVIDER = "provider"
    REGION = "region"


class Role(StrEnum):
    """What a user may be within one organisation."""

    REFERRER = "referrer"
    COACH = "coach"
    COORDINATOR = "coordinator"
    PRIVACY_OFFICER = "privacy_officer"
    ADMIN = "admin"
    SYSTEM = "system"


class Relation(StrEnum):
    """What an actor's organisation, or the actor, is to a case. A case tells its relations itself."""

    SOURCE = "source"
    RECEIVER = "receiver"
    COACH = "coach"
    REGION = "region"
    ANYONE = "anyone"


SYSTEM_ID = UUID(int=0)


@dataclass(frozen=True)
class Actor:
    """Somebody who asks: a user or a program acting for exactly one organisation, or the service itself."""

    id: UUID
    organisation_id: UUID
    organisation_kind: OrganisationKind
    roles: frozenset[Role]
    region_ids: frozenset[UUID] = frozenset()
    scopes: frozenset[str] | None = None
    client_id: UUID | None = None
    origin: str = "-"
    name: str = field(default="", repr=False)

    @property
    def has_narrow_view(self) -> bool:
        """An employer sees the progress of its own referral, never scores, reasons or notes (`chain.md`, Who)."""
        return self.organisation_kind is OrganisationKind.EMPLOYER

    def has_role(self, *roles: Role) -> bool:
        """Whether the actor holds one of these roles in the organisation it acts for."""
        return not self.roles.isdisjoint(roles)

    def has_scope(self, scope: str) -> bool:
        """Whether the token reaches this far; a session has no token and so no limit but its roles."""
        return self.scopes is None or scope in self.scopes


def system_actor(origin: str = "worker") -> Actor:
    """The service itself: terms, expiry, retention. It belongs to no organisation."""
    return Actor(
        id=SYSTEM_ID,
        organisation_id=SYSTEM_ID,
        organisation_kind=OrganisationKind.REGION,
        roles=frozenset({Role.SYSTEM}),
        origin=origin,
        name="systeem",
    )


class Subject(Protocol):
    """Anything that can say what an actor is to it."""

    def relations_to(self, actor: Actor) -> frozenset[Relation]:
        """The relations that hold between this object and the actor now."""
        ...


Grant = tuple[Role, Relation]


def permits(actor: Actor, grants: Iterable[Grant], subject: Subject) -> bool:
    """Whether one of the grants (role, relation) holds for this actor and this object."""
    relations = subject.relations_to(actor) | {Relation.ANYONE}
    return any(role in actor.roles and relation in relations for role, relation in grants)


class Door(StrEnum):
    """Through which door an operation is reached, and so which proof of identity it takes."""

    PUBLIC = "public"
    API = "api"
    PAGE = "page"


@dataclass(frozen=True)
class Access:
    """One row of the table of operations: its name in the audit log, who may knock, and what the door asks.

    `scope` is what a token must reach; `versioned` asks `If-Match`; `idempotency` says whether the header
    `Idempotency-Key` is `required`, `optional` or not taken (empty). `unrecorded` is the reason why requests for it
    leave no row in the audit log; without one, each of them does.
    """

    action: str
    roles: frozenset[Role] = frozenset()
    scope: str = ""
    door: Door = Door.API
    versioned: bool = False
    idempotency: str = ""
    unrecorded: str = ""


Operations = Mapping[str, Access]
