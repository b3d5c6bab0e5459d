"""What `submit` asks, rule by rule: a ground, an agreement that covers the scope, a reachable person, an offer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from referral.core.calendar import add_months
from referral.core.codelists import Limits, Secrecy, legal_bases
from referral.core.errors import FieldError
from referral.core.policy import OrganisationKind
from referral.referrals.models import Referral

RECEIVABLE: Mapping[OrganisationKind, frozenset[str]] = {
    kind: frozenset()
    if kind is OrganisationKind.EMPLOYER
    else frozenset({"contact", "learning_wish", "screening_indication", "barriers", "background"})
    for kind in OrganisationKind
}
"""What a receiver of each kind may be shown of a person; an employer receives no people."""


@dataclass(frozen=True)
class Submission:
    """The facts that `submit` is judged by."""

    referral: Referral
    source_kind: OrganisationKind
    receiver_kind: OrganisationKind | None
    duty: Secrecy | None
    has_declaration: bool
    has_purpose: bool
    has_agreement: bool
    is_reachable: bool
    trajectory_is_active: bool
    obstacles: Sequence[str]
    today: date
    limits: Limits


SUBMIT_RULES: tuple[tuple[str, str, str, Callable[[Submission], bool]], ...] = (
    (
        "/legalBasis",
        "required",
        "Kies de grondslag voor het delen van de gegevens.",
        lambda s: bool(s.referral.legal_basis),
    ),
    (
        "/legalBasis",
        "not_for_organisation",
        "Deze grondslag past niet bij uw soort organisatie.",
        lambda s: (
            s.referral.legal_basis is None or s.source_kind in legal_bases()[s.referral.legal_basis].organisation_kinds
        ),
    ),
    ("/purpose", "required", "Schrijf op met welk doel de gegevens worden gedeeld.", lambda s: s.has_purpose),
    (
        "/agreement",
        "agreement_missing",
        "Leg vast dat de deelnemer instemt met het delen, of kijk of de instemming is ingetrokken.",
        lambda s: s.has_agreement,
    ),
    (
        "/agreement/dataScope",
        "scope_too_wide",
        "De ontvanger mag niet al deze gegevens zien.",
        lambda s: s.receiver_kind is None or set(s.referral.data_scope) <= RECEIVABLE[s.receiver_kind],
    ),
    (
        "/agreement/dataScope",
        "contact_missing",
        "Zonder contact in de dataScope kan de ontvanger de deelnemer niet bereiken.",
        lambda s: not s.has_agreement or "contact" in s.referral.data_scope,
    ),
    (
        "/agreement/declaration",
        "declaration_missing",
        "Voor deze gegevens geldt een geheimhoudingsplicht ({article}). Leg de schriftelijke verklaring van de"
        " deelnemer vast, of deel minder gegevens.",
        lambda s: s.has_declaration or not _asks_declaration(s),
    ),
    (
        "/participant",
        "not_reachable",
        "Geef een telefoonnummer, een e-mailadres of een contactpersoon.",
        lambda s: s.is_reachable,
    ),
    (
        "/screeningCodes",
        "screening_missing",
        "Geef de code van een screening van hoogstens 12 maanden oud, of stuur noScreening mee.",
        lambda s: s.referral.no_screening or _is_recent(s),
    ),
    (
        "/trajectoryId",
        "trajectory_inactive",
        "Dit traject wordt niet meer aangeboden.",
        lambda s: s.trajectory_is_active,
    ),
    (
        "/overrideReason",
        "not_eligible",
        "De deelnemer voldoet niet aan de voorwaarden. Kies een ander traject of geef een overrideReason.",
        lambda s: not s.obstacles or s.referral.override_reason is not None,
    ),
)
"""`submit`, rule by rule: where, which code, what to do about it, and when it is good."""


def _asks_declaration(submission: Submission) -> bool:
    referral, duty = submission.referral, submission.duty
    return duty is not None and duty.asks_declaration(referral.legal_basis, referral.data_scope)


def _is_recent(submission: Submission) -> bool:
    screened_on = submission.referral.screened_on
    oldest = add_months(submission.today, -submission.limits.screening_max_age_months)
    return screened_on is not None and screened_on >= oldest


def check_submit(submission: Submission) -> list[FieldError]:
    """`submit`: every rule that is not met."""
    article = submission.duty.article if submission.duty else ""
    return [
        FieldError(pointer, code, detail.format(article=article))
        for pointer, code, detail, holds in SUBMIT_RULES
        if not holds(submission)
    ]
