"""Regions and organisations enter the register."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from referral.core.codelists import default_terms, labour_market_regions, municipalities
from referral.core.errors import FieldError, Invalid, NotFound
from referral.core.policy import Actor, OrganisationKind
from referral.core.work import Work
from referral.identity.models import Organisation, Region, RegionKind, organisation_region
from referral.identity.usecases.authority import demand_administrator
from referral.identity.usecases.bounds import is_within_bounds
from referral.identity.usecases.keeping import period_faults

LONGEST_NAME = 200


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


def register_region(command: RegisterRegion, *, actor: Actor, work: Work) -> Region:
    """Enter a region; several kinds overlap (requirement M10). Raises `Invalid`."""
    demand_administrator(actor)
    if errors := [*check_name(command.name), *_check_code(command), *_check_terms(command.terms)]:
        raise Invalid(errors=errors)
    terms = dict(command.terms) if command.terms else None
    region = Region(kind=command.kind, code=command.code, name=command.name.strip(), terms=terms)
    work.session.add(region)
    work.session.flush()
    work.record(actor, "region:register", "region", region.id)
    return region


def register_organisation(command: RegisterOrganisation, *, actor: Actor, work: Work) -> Organisation:
    """Enter an organisation with its regions. Raises `Invalid`."""
    demand_administrator(actor)
    if errors := [*check_name(command.name), *_check_municipality(command), *_check_regions(command, work)]:
        raise Invalid(errors=errors)
    organisation = Organisation(
        kind=command.kind, name=command.name.strip(), municipality_code=command.municipality_code, active=True
    )
    work.session.add(organisation)
    work.session.flush()
    for region_id in dict.fromkeys(command.region_ids):
        work.session.execute(insert(organisation_region).values(organisation_id=organisation.id, region_id=region_id))
    work.record(actor, "organisation:register", "organisation", organisation.id, kind=organisation.kind)
    return organisation


@dataclass(frozen=True)
class SetRetention:
    """One period of an organisation, in place of the service's; None gives the service's back."""

    organisation_id: UUID
    term: str
    period: str | None


def set_retention(command: SetRetention, *, actor: Actor, work: Work) -> Organisation:
    """Keep records of one term longer or shorter, for this organisation. Raises `NotFound` and `Invalid`."""
    demand_administrator(actor)
    organisation = work.session.get(Organisation, command.organisation_id)
    if organisation is None:
        raise NotFound
    periods = {**(organisation.retention or {}), command.term: command.period}
    kept = {term: period for term, period in periods.items() if period is not None}
    if faults := period_faults(kept):
        raise Invalid(errors=[FieldError("/period", "period", fault) for fault in faults])
    organisation.retention = kept or None
    work.session.flush()
    work.record(actor, "organisation:set_retention", "organisation", organisation.id, term=command.term)
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


def _check_municipality(command: RegisterOrganisation) -> Iterator[FieldError]:
    if command.municipality_code is not None and command.municipality_code not in municipalities():
        yield FieldError("/municipalityCode", "unknown_code", "Deze gemeentecode staat niet in de lijst van het CBS.")


def _check_regions(command: RegisterOrganisation, work: Work) -> Iterator[FieldError]:
    known = set(work.session.scalars(select(Region.id).where(Region.id.in_(command.region_ids))))
    if not known.issuperset(command.region_ids):
        yield FieldError("/regionIds", "unknown", "Een van deze regio's bestaat niet.")
