"""What an organisation goes by: the terms of its arbeidsmarktregio, and the codes that it no longer offers itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.core.codelists import Terms, default_terms
from referral.identity.models import Organisation, Region, RegionKind, organisation_region


@dataclass(frozen=True)
class Ruled:
    """The terms of one organisation, and the arbeidsmarktregio that tuned them; None when they are the service's."""

    region_id: UUID | None
    terms: Terms


Overrides = Mapping[str, object] | None


def region_names(session: Session, region_ids: Collection[UUID | None]) -> Mapping[UUID | None, str]:
    """The names of these regions."""
    query = select(Region.id, Region.name).where(Region.id.in_({each for each in region_ids if each}))
    return {region_id: name for region_id, name in session.execute(query)}


def retired_codes(session: Session, organisation_id: UUID, name: str) -> frozenset[str]:
    """The codes of this list that the organisation no longer offers; the list's own `retired` stands above it."""
    kept = session.scalar(select(Organisation.retired_codes).where(Organisation.id == organisation_id))
    return frozenset((kept or {}).get(name, ()))


def terms_for(session: Session, organisation_id: UUID) -> Terms:
    """The terms that hold for this organisation: the service's, as its arbeidsmarktregio has tuned them."""
    return terms_of(session, [organisation_id])[organisation_id]


def terms_of(session: Session, organisation_ids: Collection[UUID]) -> Mapping[UUID, Terms]:
    """The terms of each of these organisations, in one query."""
    return {each: ruled.terms for each, ruled in rule_of(session, organisation_ids).items()}


def rule_of(
    session: Session, organisation_ids: Collection[UUID], instead: Mapping[UUID, Overrides] | None = None
) -> Mapping[UUID, Ruled]:
    """Whose terms hold for each of these organisations. `instead` is what regions would have tuned.

    Of several arbeidsmarktregio's that tuned anything the one with the lowest code rules, and rules alone.
    """
    query = (
        select(organisation_region.c.organisation_id, Region.id, Region.terms)
        .join(Region, organisation_region.c.region_id == Region.id)
        .where(organisation_region.c.organisation_id.in_(organisation_ids), Region.kind == RegionKind.LABOUR_MARKET)
        .order_by(Region.code.desc())
    )
    ruled = {}
    for organisation_id, region_id, kept in session.execute(query):
        terms = instead[region_id] if instead and region_id in instead else kept
        if terms is not None:
            ruled[organisation_id] = Ruled(region_id, default_terms().merged(terms))
    return {each: ruled.get(each, Ruled(None, default_terms())) for each in organisation_ids}


def members_of(session: Session, region_id: UUID) -> Mapping[UUID, str]:
    """The organisations of a region with their names, by name."""
    query = (
        select(Organisation.id, Organisation.name)
        .join(organisation_region, organisation_region.c.organisation_id == Organisation.id)
        .where(organisation_region.c.region_id == region_id)
        .order_by(Organisation.name, Organisation.id)
    )
    return {organisation_id: name for organisation_id, name in session.execute(query)}


def labour_markets_of(session: Session, organisation_id: UUID) -> Mapping[UUID | None, str]:
    """The arbeidsmarktregio's to which this organisation belongs with their names, the one that goes first first."""
    query = (
        select(Region.id, Region.name)
        .join(organisation_region, organisation_region.c.region_id == Region.id)
        .where(organisation_region.c.organisation_id == organisation_id, Region.kind == RegionKind.LABOUR_MARKET)
        .order_by(Region.code)
    )
    return {region_id: name for region_id, name in session.execute(query)}
