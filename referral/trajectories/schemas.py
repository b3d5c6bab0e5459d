"""What may enter and leave the catalogue: a trajectory, a change of it, a filter, a profile and ranked offers."""

from typing import Any

from marshmallow import post_load

from referral.core.codelists import labels, municipalities, templates
from referral.core.fields import ApiSchema, Code, Day, Flag, Id, Listed, Number, Part, QueryFlag, Text
from referral.core.http import PageQuery
from referral.trajectories.matching import ADVICE, Profile
from referral.trajectories.usecases import (
    CatalogueEntry,
    ListTrajectories,
    MatchTrajectories,
)

LETTERS = tuple(template.letter for template in templates().values())
BACKGROUNDS = ("nt1", "nt2")
OLDEST = 120
MOST_PLACES = 10_000
MOST_START_DATES = 60


def _codes(list_name: str, **options: Any) -> Code:
    return Code(labels(list_name), **options)


class TrajectoryEligibilitySchema(ApiSchema):
    """Who may take part (K6, M10)."""

    minimum_age = Number(0, OLDEST, load_default=18, metadata={"description": "Laagste leeftijd in jaren."})
    maximum_age = Number(
        0, OLDEST, load_default=None, allow_none=True, metadata={"description": "Hoogste leeftijd; null: geen grens."}
    )
    region_only = Flag(load_default=False, metadata={"description": "Alleen voor inwoners van de arbeidsmarktregio."})
    civic_integration_allowed = Flag(load_default=False, metadata={"description": "Ook voor wie moet inburgeren."})
    means_allowed = Flag(load_default=False, metadata={"description": "Ook voor wie dit zelf kan betalen."})


class TrajectoryMembers(ApiSchema):
    """What a provider tells of a trajectory."""

    name = Text(required=True, longest=120, metadata={"example": "Taal op de werkvloer"})
    description = Text(required=True, longest=2000, metadata={"description": "In eenvoudige taal (B1)."})
    template = Code(LETTERS, required=True, metadata={"description": "A werkenden, B uit educatie, C werkzoekenden."})
    components = Listed(_codes("component"), load_default=list, least=0)
    skills = Listed(_codes("skills"), required=True)
    levels = Listed(_codes("level"), required=True, metadata={"description": "NT1 en NT2 zijn verschillende schalen."})
    language_backgrounds = Listed(Code(BACKGROUNDS), required=True)
    sector_codes = Listed(
        _codes("sector"),
        load_default=list,
        least=0,
        most=len(labels("sector")),
        metadata={"description": "Voor welke sectoren het is bedoeld; leeg: voor elke sector."},
    )
    course_kind = _codes("courseKind", required=True)
    course_type = _codes("courseType", required=True)
    places = Number(0, MOST_PLACES, required=True, metadata={"description": "Aantal plaatsen."})
    minimum_group_size = Number(1, MOST_PLACES, load_default=None, allow_none=True)
    start_dates = Listed(Day(), load_default=list, least=0, most=MOST_START_DATES)
    municipality_code = Code(municipalities(), required=True, metadata={"example": "GM0453"})
    region_id = Id(load_default=None, allow_none=True)
    delivery = _codes("delivery", required=True)
    eligibility = Part(TrajectoryEligibilitySchema, load_default=lambda: TrajectoryEligibilitySchema().load({}))
    funding_source = _codes("fundingSource", required=True)
    successor_id = Id(
        load_default=None, allow_none=True, metadata={"description": "Het traject dat hierop volgt (leerlijn)."}
    )
    last_checked_on = Day(metadata={"description": "Wanneer de beschrijving is bekeken; standaard vandaag."})
    active = Flag(load_default=True)

    @post_load
    def to_facts(self, members: dict[str, Any], **_options: Any) -> dict[str, Any]:
        eligibility = members.pop("eligibility", {})
        return {**members, **eligibility}


class AddTrajectorySchema(TrajectoryMembers):
    """A new trajectory."""


class ChangeTrajectorySchema(TrajectoryMembers):
    """Some members of a trajectory; the others stay as they are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "partial": True})


class TrajectoryProviderSchema(ApiSchema):
    """Who offers a trajectory."""

    id = Id(attribute="trajectory.organisation_id")
    name = Text(attribute="provider_name")


class TrajectorySchema(TrajectoryMembers):
    """A trajectory as the catalogue shows it."""

    id = Id(required=True)
    provider = Part(TrajectoryProviderSchema, required=True, attribute="self")
    free_places = Number(0, MOST_PLACES, required=True)
    waiting = Number(0, MOST_PLACES, required=True, metadata={"description": "Hoeveel deelnemers wachten."})
    next_start_on = Day(required=True, allow_none=True)
    needs_checking = Flag(
        required=True, metadata={"description": "Meer dan een half jaar niet bekeken: vraag de aanbieder of het klopt."}
    )
    version = Number(1, 10**9, required=True)

    def get_attribute(self, obj: CatalogueEntry, attr: str, default: Any) -> Any:
        """A member of the entry, or else of its trajectory, which also holds what it asks of a participant."""
        if attr == "self":
            return obj
        if attr == "eligibility":
            return obj.trajectory
        return super().get_attribute(obj if hasattr(obj, attr) else obj.trajectory, attr, default)


class TrajectoryPage(ApiSchema):
    """A page of the catalogue."""

    items = Listed(Part(TrajectorySchema), required=True, least=0, most=100)
    next = Text(required=True, allow_none=True, metadata={"description": "De cursor van de volgende bladzijde."})


class TrajectoryQuery(PageQuery):
    """The filters of the catalogue."""

    skill = _codes("skills", load_default=None)
    level = _codes("level", load_default=None)
    language_background = Code(BACKGROUNDS, load_default=None)
    sector_code = _codes(
        "sector", load_default=None, metadata={"description": "Wat voor deze sector is bedoeld, of voor elke sector."}
    )
    municipality_code = Code(municipalities(), load_default=None)
    template = Code(LETTERS, load_default=None)
    course_kind = _codes("courseKind", load_default=None)
    active = QueryFlag(load_default=None)
    mine = QueryFlag(load_default=False, metadata={"description": "Alleen de trajecten van de eigen organisatie."})

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ListTrajectories:
        return ListTrajectories(**members)


class ProfileSchema(ApiSchema):
    """Somebody who wants to learn, in coarse facts that lead to nobody; what is left out is not known."""

    skills = Listed(_codes("skills"), required=True)
    age_band = _codes("ageBand", load_default=None)
    birth_year = Number(1900, 2100, load_default=None)
    municipality_code = Code(municipalities(), load_default=None)
    language_background = _codes("languageBackground", load_default=None)
    employment = _codes("employment", load_default=None)
    level = _codes("level", load_default=None)
    civic_integration_duty = Flag(load_default=None, metadata={"description": "Moet de deelnemer inburgeren?"})
    has_means = Flag(load_default=None, metadata={"description": "Kan de deelnemer dit zelf betalen (bijv. expats)?"})
    preferred_delivery = _codes("delivery", load_default=None)
    limit = Number(1, 100, load_default=20, metadata={"description": "Hoeveel trajecten hoogstens."})

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> MatchTrajectories:
        limit = members.pop("limit")
        return MatchTrajectories(Profile(**{**members, "skills": tuple(members["skills"])}), limit)


class OfferReasonSchema(ApiSchema):
    """One argument for or against an offer."""

    code = Text(required=True)
    label = Text(required=True)
    positive = Flag(required=True)


class OfferSchema(ApiSchema):
    """One offer with its place in the advice and why."""

    trajectory = Part(TrajectorySchema, required=True, attribute="entry")
    eligible = Flag(required=True, attribute="match.eligible")
    score = Number(0, 100, required=True, attribute="match.score")
    reasons = Listed(Part(OfferReasonSchema), required=True, least=0, attribute="match.reasons")
    free_places = Number(0, MOST_PLACES, required=True, attribute="entry.free_places")
    waiting = Number(0, MOST_PLACES, required=True, attribute="entry.trajectory.waiting")
    next_start_on = Day(required=True, allow_none=True, attribute="entry.next_start_on")
    needs_checking = Flag(required=True, attribute="entry.needs_checking")


class AdviceSchema(ApiSchema):
    """Ranked offers. Advice, never a decision (AVG art. 22)."""

    items = Listed(Part(OfferSchema), required=True, least=0, most=100)
    advice = Text(required=True, longest=500, metadata={"example": ADVICE})
