"""What of organisations, colleagues and oneself may leave the service, and the queries that ask for it."""

from typing import Any

from marshmallow import post_load

from referral.core.calendar import Span
from referral.core.codelists import default_terms, municipalities
from referral.core.fields import ApiSchema, Code, Flag, Id, Instant, Listed, Number, Part, Text
from referral.core.http import PageQuery
from referral.core.policy import OrganisationKind, Role
from referral.identity.models import ALL_SCOPES, RegionKind
from referral.identity.usecases import LIMIT_BOUNDS, ListOrganisations, ListUsers, TunedRegion, in_units
from referral.identity.usecases.register import LONGEST_NAME


class OrganisationQuery(PageQuery):
    """The query keys of the list of organisations."""

    kind = Code(OrganisationKind, load_default=None, metadata={"description": "Alleen organisaties van deze soort."})

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ListOrganisations:
        kind = members.pop("kind")
        return ListOrganisations(kind=OrganisationKind(kind) if kind else None, **members)


class UserQuery(PageQuery):
    """The query keys of the list of colleagues."""

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ListUsers:
        return ListUsers(**members)


class ActingOrganisationAnswer(ApiSchema):
    """The organisation that somebody acts for."""

    id = Id(required=True)
    kind = Code(OrganisationKind, required=True)
    name = Text(required=True)


class MeAnswer(ApiSchema):
    """Who asks, for which organisation, and how far the token reaches."""

    id = Id(required=True, attribute="actor.id")
    name = Text(required=True, attribute="actor.name")
    organisation = Part(ActingOrganisationAnswer, required=True)
    roles = Listed(Code(Role), required=True)
    scopes = Listed(Code(ALL_SCOPES), required=True)


class RegionAnswer(ApiSchema):
    """A region to which an organisation belongs."""

    id = Id(required=True)
    kind = Code(RegionKind, required=True)
    code = Text(
        required=True, allow_none=True, metadata={"description": "De code van het CBS, bij een arbeidsmarktregio."}
    )
    name = Text(required=True)


class OrganisationAnswer(ApiSchema):
    """An organisation in the chain."""

    id = Id(required=True, attribute="organisation.id")
    kind = Code(OrganisationKind, required=True, attribute="organisation.kind")
    name = Text(required=True, attribute="organisation.name")
    municipality_code = Text(
        required=True,
        allow_none=True,
        attribute="organisation.municipality_code",
        metadata={"description": "De code van het CBS van de gemeente waar deze organisatie werkt."},
    )
    regions = Listed(Part(RegionAnswer), required=True, least=0)
    version = Number(1, 10**9, required=True, attribute="organisation.version")


class ChangeOrganisationSchema(ApiSchema):
    """What an administrator changes of the own organisation; what is left out stays as it is."""

    name = Text(longest=LONGEST_NAME)
    municipality_code = Code(municipalities(), allow_none=True)


class OrganisationPage(ApiSchema):
    """Some organisations, and the cursor of the rest."""

    items = Listed(Part(OrganisationAnswer), required=True, least=0, most=100)
    next = Text(required=True, allow_none=True)


class UserAnswer(ApiSchema):
    """A colleague."""

    id = Id(required=True, attribute="user.id")
    name = Text(required=True, attribute="user.name")
    roles = Listed(Code(Role), required=True)


class UserPage(ApiSchema):
    """Some colleagues, and the cursor of the rest."""

    items = Listed(Part(UserAnswer), required=True, least=0, most=100)
    next = Text(required=True, allow_none=True)


class DeactivationAnswer(ApiSchema):
    """The account that has ended, and when."""

    user_id = Id(required=True, attribute="id")
    deactivated_at = Instant(required=True)


class SpanSchema(ApiSchema):
    """A length of time: months first, then calendar days, then working days."""

    months = Number(1, 12)
    days = Number(1, 366)
    working_days = Number(1, 260)

    @post_load
    def to_span(self, members: dict[str, Any], **_options: Any) -> Span:
        return Span(**members)


class StepsSchema(ApiSchema):
    """The steps of a term; null gives the service's own back."""

    remind = Part(SpanSchema, allow_none=True)
    escalate = Part(SpanSchema, allow_none=True)
    escalate_region = Part(SpanSchema, allow_none=True)
    end = Part(SpanSchema, allow_none=True)


class TuneTermSchema(ApiSchema):
    """The steps of one term that a region tunes; those left out stay."""

    steps = Part(
        StepsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Wat u weglaat, blijft. Null geeft de lengte van de dienst terug."},
    )


class _LimitsSchema(ApiSchema):
    """The limits that guards hold a step against; null gives the service's own back."""


LimitsSchema = _LimitsSchema.from_dict(
    {name: Number(low, high, allow_none=True) for name, (low, high) in LIMIT_BOUNDS.items()}, name="LimitsSchema"
)


class TuneLimitsSchema(ApiSchema):
    """The limits that a region tunes; those left out stay."""

    limits = Part(
        LimitsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Wat u weglaat, blijft. Null geeft het getal van de dienst terug."},
    )


class TermAnswer(ApiSchema):
    """One term as it holds in a region."""

    term = Code(default_terms().table, required=True)
    label = Text(required=True)
    steps = Part(StepsSchema, required=True)
    own = Flag(required=True, metadata={"description": "Of de regio deze termijn zelf heeft aangepast."})


class RegionTermsAnswer(ApiSchema):
    """The terms and limits that a region gives its organisations."""

    region = Part(RegionAnswer, required=True)
    terms = Listed(Part(TermAnswer), required=True)
    limits = Part(LimitsSchema, required=True)
    version = Number(1, 2**31 - 1, required=True)


def describe_terms(tuned: TunedRegion) -> dict[str, Any]:
    """The terms of a region in the words of the API."""
    return {
        "region": tuned.region,
        "terms": [
            {
                "term": code,
                "label": term.label,
                "steps": {step: in_units(span) for step, span in term.steps().items()},
                "own": term != default_terms()[code],
            }
            for code, term in tuned.terms.table.items()
        ],
        "limits": tuned.terms.limits,
        "version": tuned.region.version,
    }
