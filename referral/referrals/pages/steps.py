"""The pages of the flow as a table: which page asks which members of a new referral, and how its answers read."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from werkzeug.datastructures import MultiDict

from referral.core.codelists import labels, legal_bases
from referral.core.http import Form, Question, ask
from referral.core.http.pages import write_day
from referral.core.policy import Actor
from referral.core.work import Work
from referral.referrals.schemas.requests import CreateReferralSchema
from referral.referrals.submission import SUBMIT_RULES
from referral.screenings.models import Screening
from referral.trajectories.matching import Profile
from referral.trajectories.usecases import list_active


class Step(StrEnum):
    """The pages, in their order."""

    WHO = "who"
    WISH = "wish"
    OFFER = "offer"
    SHARING = "sharing"
    HANDOVER = "handover"


SCHEMA = CreateReferralSchema()
FIRST = Step.WHO

STEPS: Mapping[Step, str] = {
    Step.WHO: "Wie",
    Step.WISH: "Leerwens",
    Step.OFFER: "Aanbod",
    Step.SHARING: "Delen",
    Step.HANDOVER: "Warme overdracht",
}

MEMBERS: Mapping[Step, tuple[str, ...]] = {
    Step.WHO: (
        "participant/name",
        "participant/phone",
        "participant/email",
        "participant/birthYear",
        "participant/languageBackground",
        "participant/clientNumber",
        "participant/contactPerson/name",
        "participant/contactPerson/phone",
        "participant/contactPerson/relation",
        "screeningCodes",
        "noScreening",
        "conversation/heldOn",
        "conversation/outcome",
        "waiver",
    ),
    Step.WISH: ("skills", "learningWish", "barriers", "employment", "municipalityCode"),
    Step.OFFER: ("trajectoryId", "adviseMe", "overrideReason"),
    Step.SHARING: ("legalBasis", "purpose", "agreement/givenOn", "agreement/method", "agreement/dataScope"),
    Step.HANDOVER: ("participant/preferredChannel", "participant/preferredMoment", "note"),
}
"""Which page asks what; a member that is on no page is not asked of people."""

TICKS = frozenset({"noScreening", "adviseMe"})
NEEDED = tuple(pointer.strip("/") for pointer, code, _, _ in SUBMIT_RULES if code in ("required", "agreement_missing"))
"""Members that a concept may leave open but sending cannot do without."""
OPTIONAL_PARTS = ("participant/contactPerson/", "conversation/")
"""Parts that may be left out as a whole, whatever they need when they are there."""
PURPOSE = "Een passend aanbod om te leren"


def step_questions(step: Step, actor: Actor) -> list[Question]:
    """The questions of one page, with the choices that this organisation has."""
    options = {"legalBasis": _bases_of(actor)} if step is Step.SHARING else None
    return [_fit(question) for question in ask(SCHEMA, "create_referral", only=MEMBERS[step], options=options)]


def _bases_of(actor: Actor) -> dict[str, str]:
    """The legal bases that this kind of organisation may rely on."""
    kind = actor.organisation_kind
    return {code: basis.label for code, basis in legal_bases().items() if kind in basis.organisation_kinds}


def _fit(question: Question) -> Question:
    if question.name in TICKS:
        return question.as_kind("tick")
    if question.name == "trajectoryId":
        return question.as_kind("offers")
    if question.name.startswith(OPTIONAL_PARTS):
        return replace(question, required=False)
    return question.as_required() if question.name.startswith(NEEDED) else question


def first_answers(screening: Screening | None, place: str | None, actor: Actor, work: Work) -> dict[str, Any]:
    """What is known before anybody typed: from the screening, the own gemeente, and what usually is so."""
    answers: dict[str, Any] = {
        "municipalityCode": [place or ""],
        "purpose": [PURPOSE],
        "agreement/givenOn": [write_day(work.today)],
        "conversation/heldOn": [write_day(work.today)],
        "legalBasis": list(_bases_of(actor))[:1],
    }
    if screening is not None:
        answers |= {
            "screeningCodes": [screening.code],
            "skills": [skill for skill in screening.skills if skill in labels("skills")],
            "participant/languageBackground": [screening.language_background],
            "municipalityCode": [screening.municipality_code],
            "employment": [screening.employment],
        }
    return {name: values for name, values in answers.items() if any(values)}


def judged(form: Form) -> Form:
    """The answers as they count: the day of a conversation, filled in beforehand, says nothing without its outcome."""
    data = MultiDict(form.data)
    if not data.get("conversation/outcome"):
        data.poplist("conversation/heldOn")
    return Form(SCHEMA, data)


def person_members() -> list[str]:
    """The fields about the person, wherever they are asked."""
    return [name for names in MEMBERS.values() for name in names if name.startswith("participant/")]


def is_answered(step: Step, form: Form) -> bool:
    """Whether somebody answered what this page is about."""
    keys = {
        Step.WHO: ("participant/name", "participantId"),
        Step.WISH: ("skills",),
        Step.OFFER: ("trajectoryId", "adviseMe"),
        Step.SHARING: ("agreement/dataScope",),
        Step.HANDOVER: (),
    }[step]
    return not keys or any(form.value(name) for name in keys)


def profile_of(form: Form) -> Profile:
    """What the answers so far tell the matching; what is not right yet is not known."""
    members = form.members
    person = members.get("participant", {})
    year, skills = person.get("birthYear"), members.get("skills", ())
    return Profile(
        skills=tuple(skill for skill in skills if skill in labels("skills")),
        birth_year=year if isinstance(year, int) else None,
        municipality_code=members.get("municipalityCode"),
        language_background=person.get("languageBackground"),
        employment=members.get("employment"),
    )


def summary(form: Form, actor: Actor, *, work: Work) -> dict[Step, list[tuple[str, str]]]:
    """The answers of every page in words, for the check."""
    names = {str(each.id): each.name for each in list_active(work=work)}
    return {
        step: [
            (question.label, text)
            for question in step_questions(step, actor)
            if (text := _in_words(question, form, names))
        ]
        for step in Step
    }


def _in_words(question: Question, form: Form, trajectories: Mapping[str, str]) -> str:
    values = [value for value in form.values(question.name) if value]
    if question.name == "trajectoryId":
        return ", ".join(trajectories.get(value, "") for value in values)
    if question.kind == "tick":
        return "Ja" if values else ""
    return ", ".join((question.options or {}).get(value, value) for value in values)
