"""Regions and organisations enter the register, and an organisation changes its own name and gemeente."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, true

from referral.core.codelists import default_terms, labour_market_regions, municipalities
from referral.core.errors import Conflict, FieldError, Invalid, NotAllowed
from referral.core.policy import Actor, OrganisationKind, Role
from referral.core.work import Work
from referral.identity.models import Organisation, Region, RegionKind, organisation_region
from referral.identity.usecases.authority import demand_administrator, demand_service, find_own_organisation
from referral.identity.usecases.bounds import is_within_bounds

LONGEST_NAME = 200
IN_USE = "Er is al een organisatie met deze naam."


@dataclass(frozen=True)
class RegisterRegion:
    """A region and what it tunes in the terms, as `Terms.merged` reads it."""

    kind: RegionKind
    name: str
    code: str | None = None
    terms: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class RegisterOrganisation:
    """An organisation, the CBS code of the gemeente where it works ("GM0453") and the regions that it belongs to."""

    kind: OrganisationKind
    name: str
    municipality_code: str | None = None
    region_ids: Sequence[UUID] = ()


@dataclass(frozen=True)
class RegionSize:
    """A region and how many organisations belong to it."""

    region: Region
    organisations: int


@dataclass(frozen=True)
class ChangeOrganisation:
    """The `name` and the `municipality_code` of an organisation, or one of them, as they are from now on."""

    organisation_id: UUID
    expected_version: int
    changes: Mapping[str, Any]


def register_region(command: RegisterRegion, *, actor: Actor, work: Work) -> Region:
    """Enter a region, which only the service does; several kinds overlap (requirement M10).

    Raises `NotAllowed` and `Invalid`.
    """
    demand_service(actor)
    if errors := [*check_name(command.name), *_check_code(command), *_check_terms(command.terms)]:
        raise Invalid(errors=errors)
    terms = dict(command.terms) if command.terms else None
    region = Region(kind=command.kind, code=command.code, name=command.name.strip(), terms=terms)
    work.session.add(region)
    work.session.flush()
    work.record(actor, "region:register", "region", region.id)
    return region


def register_organisation(command: RegisterOrganisation, *, actor: Actor, work: Work) -> Organisation:
    """Enter an organisation with its regions: the service any, the administrator of a region one in its own regions.

    Raises `NotAllowed`, `Invalid`, and `Conflict` for a name in use.
    """
    own = {each.region.id for each in registrable_regions(actor=actor, work=work)}
    errors = [*check_name(command.name), *_check_municipality(command.municipality_code)]
    errors += [*_check_regions(command, own, is_service=actor.has_role(Role.SYSTEM))]
    if errors:
        raise Invalid(errors=errors)
    name = command.name.strip()
    if _is_in_use(name, None, work):
        raise Conflict(IN_USE)
    organisation = Organisation(kind=command.kind, name=name, municipality_code=command.municipality_code, active=True)
    work.session.add(organisation)
    work.session.flush()
    for region_id in dict.fromkeys(command.region_ids):
        work.session.execute(insert(organisation_region).values(organisation_id=organisation.id, region_id=region_id))
    work.record(actor, "organisation:register", "organisation", organisation.id, kind=organisation.kind)
    return organisation


def registrable_regions(*, actor: Actor, work: Work) -> Sequence[RegionSize]:
    """The regions in which this actor may register organisations, by name: the service in all, the administrator of a
    region in its own. Raises `NotAllowed` for everybody else."""
    demand_administrator(actor)
    is_service = actor.has_role(Role.SYSTEM)
    if not is_service and actor.organisation_kind is not OrganisationKind.REGION:
        raise NotAllowed("Alleen de beheerder van een regio zet organisaties erbij.")
    members = organisation_region.c.organisation_id
    query = (
        select(Region, func.count(members))
        .outerjoin(organisation_region, organisation_region.c.region_id == Region.id)
        .where(true() if is_service else Region.id.in_(actor.region_ids))
        .group_by(Region.id)
        .order_by(Region.name, Region.id)
    )
    return [RegionSize(region, count) for region, count in work.session.execute(query)]


def change_organisation(command: ChangeOrganisation, *, actor: Actor, work: Work) -> Organisation:
    """Change what an administrator may change of the own organisation; its kind and regions are for the service.

    Raises `NotFound`, `NotAllowed`, `Stale` when it changed meanwhile, `Invalid`, and `Conflict` for a name in use.
    """
    organisation = find_own_organisation(command.organisation_id, command.expected_version, actor=actor, work=work)
    name = str(command.changes.get("name", organisation.name)).strip()
    municipality_code = command.changes.get("municipality_code", organisation.municipality_code)
    if errors := [*check_name(name), *_check_municipality(municipality_code)]:
        raise Invalid(errors=errors)
    if name != organisation.name and _is_in_use(name, organisation.id, work):
        raise Conflict(IN_USE)
    organisation.name, organisation.municipality_code = name, municipality_code
    work.session.flush()
    work.record(actor, "organisation:change", "organisation", organisation.id, fields=sorted(command.changes))
    return organisation


def check_name(name: str) -> Iterator[FieldError]:
    """What is wrong with the name of an organisation, a region or a person."""
    if not name.strip() or not name.isprintable():
        yield FieldError("/name", "required", "Geef een naam zonder stuurtekens.")
    if len(name) > LONGEST_NAME:
        yield FieldError("/name", "too_long", f"Deze naam is te lang: gebruik hoogstens {LONGEST_NAME} tekens.")


def _check_code(command: RegisterRegion) -> Iterator[FieldError]:
    if command.kind is RegionKind.LABOUR_MARKET and command.code not in labour_market_regions():
        yield FieldError("/code", "unknown_code", "Geef de code van een arbeidsmarktregio, zoals AM01.")


def _check_terms(terms: Mapping[str, Any] | None) -> Iterator[FieldError]:
    try:
        is_right = terms is None or is_within_bounds(default_terms().merged(terms))
    except ValueError:
        is_right = False
    if not is_right:
        sentence = "Deze termijnen kloppen niet: een regio past bestaande stappen aan, en blijft binnen de grenzen."
        yield FieldError("/terms", "terms", sentence)


def _is_in_use(name: str, organisation_id: UUID | None, work: Work) -> bool:
    same = func.lower(Organisation.name) == func.lower(name)
    found = work.session.scalars(select(Organisation.id).where(same, Organisation.active))
    return any(each != organisation_id for each in found)


def _check_municipality(code: str | None) -> Iterator[FieldError]:
    if code is not None and code not in municipalities():
        yield FieldError("/municipalityCode", "unknown_code", "Deze gemeentecode staat niet in de lijst van het CBS.")


def _check_regions(command: RegisterOrganisation, known: set[UUID], *, is_service: bool) -> Iterator[FieldError]:
    if not known.issuperset(command.region_ids):
        yield FieldError("/regionIds", "unknown", "Een van deze regio's bestaat niet, of is niet van uw organisatie.")
    if is_service:
        return
    if not command.region_ids:
        yield FieldError("/regionIds", "required", "Kies minstens een regio van uw organisatie.")
    if command.kind is OrganisationKind.REGION:
        yield FieldError("/kind", "not_for_organisation", "Alleen de beheerder van de dienst zet er een regio bij.")
