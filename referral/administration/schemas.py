"""What an administrator fills in, and the Dutch words of scopes, code lists, their sources and the steps of a term."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, validates_schema

from referral.core.calendar import Span
from referral.core.codelists import Term, labels, municipalities, retention_records, retention_terms
from referral.core.fields import ApiSchema, Code, Flag, Id, Listed, Number, Part, Text, camel_case, wrong
from referral.core.http import Question
from referral.core.policy import OrganisationKind
from referral.identity.models import ALL_SCOPES
from referral.identity.schemas import LimitsSchema
from referral.identity.usecases import BOUNDS, in_units
from referral.referrals.retention import PARTICIPANT, REFERRAL
from referral.referrals.workflow import LABELS, Status

LONGEST_DAYS = 366
MONTHS_A_YEAR = 12

SERVICE_PERIOD, OWN_PERIOD = "service", "own"
WHOSE: Mapping[str, str] = {SERVICE_PERIOD: "De termijn van de dienst", OWN_PERIOD: "Een eigen termijn"}
UNITS: Mapping[str, str] = {"Y": "jaar", "M": "maanden", "D": "dagen"}
MOST_IN_A_CENTURY: Mapping[str, int] = {"Y": 100, "M": 1200, "D": 36_500}
SHORTEST_DAYS = 7
WITHOUT_CASE = "Deelnemer zonder zaak"

_AREAS = {
    "identity": "Organisaties en collega's", "screenings": "Screenings", "trajectories": "Aanbod",
    "participants": "Deelnemers", "referrals": "Verwijzingen", "webhooks": "Webhooks", "reports": "Cijfers",
    "audit": "Auditlog",
}  # fmt: skip
_REACH = {"read": "lezen", "write": "wijzigen"}
SCOPES: Mapping[str, str] = {
    scope: f"{_AREAS[area]} {_REACH[reach]}" for scope in ALL_SCOPES for area, _, reach in [scope.partition(":")]
}
"""How far a token may reach, in words."""

STEPS: Mapping[str, str] = {
    "remind": "Herinnering",
    "escalate": "Naar de coördinator",
    "escalate_region": "Naar de regio",
    "end": "Einde",
}
SPAN_UNITS: Mapping[str, str] = {"working_days": "werkdagen", "days": "dagen", "months": "maanden"}
LIMITS: Mapping[str, str] = {
    "hold_max_days": "Opschorten, hoogstens (dagen)",
    "undo_minutes": "Een stap terugdraaien, binnen (minuten)",
    "screening_max_age_months": "Een screening is geldig (maanden)",
    "reconfirmation_max_age_days": "Opnieuw gevraagd of de deelnemer nog wil, hoogstens geleden (dagen)",
    "unreachable_attempts": "Niet bereikbaar: minstens zoveel pogingen",
    "unreachable_channels": "Niet bereikbaar: op minstens zoveel manieren",
    "unreachable_working_days": "Niet bereikbaar: verdeeld over (werkdagen)",
    "void_by_referrer_hours": "Een vergissing zelf weghalen, binnen (uren)",
}
TITLES: Mapping[str, str] = {
    "languageBackground": "Taalachtergrond", "employment": "Werksituatie", "ageBand": "Leeftijd",
    "raisesChildren": "Kinderen opvoeden",
    "educationLevel": "Opleiding", "learningPace": "Leertempo", "foundAt": "Vindplaats", "indication": "Indicatie",
    "skills": "Vaardigheden", "screeningSkill": "Vaardigheden bij screening", "level": "Niveau",
    "conversationOutcome": "Uitkomst van het gesprek", "notHeldReason": "Waarom geen gesprek is gevoerd",
    "conversationWaiver": "Verwijzen zonder eigen gesprek", "barriers": "Wat meedoen lastig maakt",
    "method": "Hoe iemand instemde", "told": "Wat de deelnemer is verteld",
    "declarationForm": "Vorm van de verklaring", "dataScope": "Welke gegevens gedeeld worden",
    "purpose": "Doel van inzien", "ground": "Grond van wissen", "requestKind": "Soort verzoek",
    "requestStatus": "Status van een verzoek", "decisionOutcome": "Besluit op een verzoek",
    "restrictionGround": "Grond van stilzetten", "refusalReason": "Reden van afwijzing",
    "overrideReason": "Waarom toch dit traject", "phase": "Ketenfase", "ballWith": "Wie aan zet is",
    "party": "Bij wie de reden ligt", "waitlistKind": "Soort wachtlijst", "mode": "Hoe er werd overgedragen",
    "channel": "Hoe contact is gezocht", "contactOutcome": "Uitkomst van een contactpoging",
    "result": "Resultaat van een doel", "certificate": "Bewijs", "area": "Levensgebied", "direction": "Verandering",
    "moment": "Meetmoment", "stage": "Stap in de doorstroom", "courseKind": "Soort cursus",
    "courseType": "Onderwerp van een cursus", "formality": "Formeel of niet", "delivery": "Manier van leren",
    "theme": "Thema", "component": "Onderdeel van een traject", "fundingSource": "Wie betaalt",
    "organisationKind": "Soort organisatie", "role": "Rol", "regionKind": "Soort regio",
    "instrument": "Screeningsinstrument", "legalBasis": "Grondslag", "occupationCode": "Beroepsgroep",
    "reason": "Reden", "retention": "Bewaartermijn", "sector": "Sector", "term": "Termijn",
    "trajectoryTemplate": "Voorbeeldroute", "municipalityCode": "Gemeente",
    "labourMarketRegionCode": "Arbeidsmarktregio", "skill": "Vaardigheden samen", "figure": "Andere cijfers",
    "absence": "Waarom een cijfer er niet staat", "annualChapter": "Hoofdstuk van het jaarverslag",
    "topList": "Beroepen met veel laaggeletterdheid", "vulnerableSector": "Kwetsbare sectoren", "gender": "Geslacht",
    "motherTongue": "Moedertaal", "leftOut": "Waarom iemand niet in de landelijke statistiek staat",
}  # fmt: skip
OWN = "Van deze dienst"
SOURCES: Mapping[str, str] = {
    "municipalityCode": "CBS, Gebieden in Nederland",
    "labourMarketRegionCode": "CBS, arbeidsmarktregio's",
    "sector": "CBS, Standaard Bedrijfsindeling (SBI)",
    "occupationCode": "Beroepenindeling ROA-CBS (BRC)",
    "retention": "VNG, Selectielijst",
    "legalBasis": "AVG artikel 6",
    "restrictionGround": "AVG artikel 18",
    "refusalReason": "AVG artikelen 12 tot en met 21",
    "requestKind": "AVG hoofdstuk III",
    "courseKind": "CBS, Landelijk Beeld Volwasseneneducatie",
    "courseType": "CBS, Landelijk Beeld Volwasseneneducatie",
}
"""Where a list comes from; the others are `OWN`."""


class TokenInSchema(ApiSchema):
    """A token for a program of the own organisation."""

    name = Text(longest=120, required=True)
    roles = Listed(Code(labels("role")), required=True)
    scopes = Listed(Code(ALL_SCOPES), required=True)
    days = Number(1, LONGEST_DAYS, required=True)


class InvitationInSchema(ApiSchema):
    """A new colleague."""

    name = Text(longest=120, required=True)
    email = Text(longest=254, required=True)
    roles = Listed(Code(labels("role")), required=True)


class RoleInSchema(ApiSchema):
    """One role for a colleague."""

    role = Code(labels("role"), required=True)


class LengthInSchema(ApiSchema):
    """A length as somebody fills it in; without a number the length stays as it is."""

    number = Number(1, LONGEST_DAYS, load_default=None)
    unit = Code(SPAN_UNITS, load_default=None)

    @validates_schema
    def countable(self, members: dict[str, Any], **_: Any) -> None:
        if members.get("number") is not None and members.get("unit") is None:
            raise wrong("required", "Kies waarin u telt.", "unit")


class LimitsInSchema(ApiSchema):
    """Limits of a region; `usual` gives the service's own back."""

    limits = Part(LimitsSchema, load_default=dict)
    usual = Flag(load_default=False)


def term_in_schema(term: Term) -> Schema:
    """What an administrator fills in for the steps of one term; `usual` gives the service's own back."""
    steps = ApiSchema.from_dict({step: Part(LengthInSchema) for step in term.steps()}, name="StepsInSchema")
    members = {"steps": Part(steps, load_default=dict), "usual": Flag(load_default=False)}
    return ApiSchema.from_dict(members, name="TermInSchema")()


def spans_of(steps: Mapping[str, Any]) -> dict[str, Span]:
    """The steps that were filled in, as lengths."""
    return {step: Span(**{each["unit"]: each["number"]}) for step, each in steps.items() if each.get("number")}


def step_questions(term: Term, usual: Term) -> Iterator[Question]:
    """Two questions for every step of a term: how many, and of what."""
    for step, span in term.steps().items():
        name = f"steps/{camel_case(step)}"
        bound = BOUNDS.get((term.code, step))
        hint = f"Nu {span_in_words(span)}, bij de dienst {span_in_words(usual.steps()[step])}. Leeg: blijft zo."
        hint = f"{hint} {bound.why}" if bound else hint
        yield Question(f"{name}/number", "number", STEPS[step], hint)
        yield Question(f"{name}/unit", "select", f"{STEPS[step]}: waarin telt u?", options=SPAN_UNITS)


def step_answers(term: Term) -> dict[str, str]:
    """The steps as they are; one that is made of two units stays empty, and so stays as it is."""
    answers: dict[str, str] = {}
    for step, span in term.steps().items():
        if len(units := in_units(span)) == 1:
            [(unit, number)] = units.items()
            answers |= {f"steps/{camel_case(step)}/number": str(number), f"steps/{camel_case(step)}/unit": unit}
    return answers


class FirstAdministratorSchema(ApiSchema):
    """Who is to run a new organisation."""

    name = Text(longest=120, required=True)
    email = Text(longest=254, required=True)


class OrganisationInSchema(ApiSchema):
    """A new organisation in a region. A region itself is for the service to enter."""

    kind = Code([kind for kind in labels("organisationKind") if kind != OrganisationKind.REGION], required=True)
    name = Text(longest=200, required=True)
    municipality_code = Code(municipalities(), load_default=None)
    region_ids = Listed(Id(), required=True)
    administrator = Part(FirstAdministratorSchema, required=True)


class PeriodSchema(ApiSchema):
    """A number of years, months or days."""

    number = Number(1, MOST_IN_A_CENTURY["D"], required=True)
    unit = Code(UNITS, required=True)

    @validates_schema
    def check_length(self, members: dict[str, Any], **_options: Any) -> None:
        """A retention period is a week to a century (`keeping.period_faults`)."""
        least = SHORTEST_DAYS if members["unit"] == "D" else 1
        if not least <= members["number"] <= MOST_IN_A_CENTURY[members["unit"]]:
            raise wrong("range", "Een bewaartermijn is van een week tot honderd jaar.", "number")


class RetentionInSchema(ApiSchema):
    """One retention period of the own organisation: the service's, or another."""

    whose = Code(WHOSE, required=True)
    period = Part(PeriodSchema, load_default=None)

    @validates_schema
    def check_period(self, members: dict[str, Any], **_options: Any) -> None:
        """Whoever wants another period says which."""
        if members["whose"] == OWN_PERIOD and members["period"] is None:
            raise wrong("required", "Vul in hoe lang u deze gegevens bewaart.", "period")


def period_of(members: Mapping[str, Any]) -> str | None:
    """The period that was filled in, as ISO 8601 ("P5Y"); None for the service's."""
    return "P{number}{unit}".format(**members["period"]) if members["whose"] == OWN_PERIOD else None


def retention_members(period: str | None) -> Mapping[str, Any]:
    """The members of the form for a period as it stands; the other way round of `period_of`."""
    if period is None:
        return {"whose": SERVICE_PERIOD}
    return {"whose": OWN_PERIOD, "period": {"number": int(period[1:-1]), "unit": period[-1]}}


def terms_in_use() -> Mapping[str, str]:
    """The terms that cases and participants have, each with what ends under it; the others are the service's own."""
    records = retention_records()
    ways = [(term, LABELS[Status(result)]) for result, term in records[REFERRAL].items()]
    ways += [(term, WITHOUT_CASE) for term in records[PARTICIPANT].values()]
    covers = {code: ", ".join(way for term, way in ways if term == code) for code in retention_terms()}
    return {code: words for code, words in covers.items() if words}


def span_in_words(span: Span | None) -> str:
    """A length of time as people say it: "3 werkdagen"."""
    if span is None:
        return ""
    years, months = divmod(span.months, MONTHS_A_YEAR)
    units = (
        (years, "jaar", "jaar"),
        (months, "maand", "maanden"),
        (span.days, "dag", "dagen"),
        (span.working_days, "werkdag", "werkdagen"),
    )
    return " en ".join(f"{count} {one if count == 1 else more}" for count, one, more in units if count)
