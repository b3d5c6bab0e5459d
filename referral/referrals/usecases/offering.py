"""Which reasons the people of an organisation may choose: it stops offering a code, and takes it up again.

Cases keep the reasons they have. The service's own `retired` of `config/reasons.toml` stands above this.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select

from referral.core.codelists import Reason, reasons, reasons_for
from referral.core.errors import GuardRefused, NotFound
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.identity.models import Organisation
from referral.identity.usecases import demand_administrator, retired_codes
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.usecases.guiding import NO_FOLLOW_UP_NEEDED
from referral.referrals.usecases.moving import REASON
from referral.referrals.workflow import EVENT_LABELS, STEPS, EventName

FACTS_WITH_A_REASON = ("exception", "why")
"""Where a step keeps the reason that was chosen when it is not the reason of the case (handover, transfer)."""

_OF_PEOPLE = tuple(event for event, step in STEPS.items() if any(role is not Role.SYSTEM for role, _ in step.grants))


@dataclass(frozen=True)
class RetireCode:
    """A code of a list that the own organisation no longer offers."""

    name: str
    code: str


@dataclass(frozen=True)
class OfferCode:
    """A code of a list that the own organisation offers again."""

    name: str
    code: str


@dataclass(frozen=True)
class CodeForeseen:
    """What it does when the own organisation stops offering a code, or offers it again.

    `cases` are the own cases that carry it, `steps` the steps by which it is chosen, by their Dutch names; `obstacle`
    says why it cannot be missed.
    """

    reason: Reason
    is_retired: bool
    cases: int
    steps: Sequence[str]
    obstacle: str


def offered_reasons(event: EventName, *, actor: Actor, work: Work) -> Sequence[Reason]:
    """The reasons that the actor may choose with this event, in the order of the list."""
    return reasons_for(event.value, but=retired_reasons(actor=actor, work=work))


def retired_reasons(*, actor: Actor, work: Work) -> frozenset[str]:
    """The reasons that the actor's organisation no longer offers."""
    return retired_codes(work.session, actor.organisation_id, REASON)


def list_retired(*, actor: Actor, work: Work) -> Sequence[tuple[str, str]]:
    """The codes that the own organisation no longer offers, each with the name of its list."""
    work.record(actor, "organisation:list_retired_codes", "organisation", actor.organisation_id)
    return [(REASON, code) for code in sorted(retired_reasons(actor=actor, work=work))]


def retire_code(command: RetireCode, *, actor: Actor, work: Work) -> Organisation:
    """Stop offering a code; cases that carry it keep it. A second time changes nothing.

    Raises `NotFound` for what nobody chooses, and `GuardRefused` when a step cannot do without it.
    """
    reason = _choosable(command.name, command.code)
    organisation = _hold_own(actor, work)
    gone = _gone(organisation) | {reason.code}
    if obstacle := _obstacle(reason, gone):
        raise GuardRefused(obstacle, code="reason_needed")
    _keep(organisation, gone)
    work.session.flush()
    work.record(actor, "organisation:retire_code", "organisation", organisation.id, list=REASON, code=reason.code)
    return organisation


def offer_code(command: OfferCode, *, actor: Actor, work: Work) -> Organisation:
    """Offer a code again. A second time changes nothing. Raises `NotFound`."""
    reason = _choosable(command.name, command.code)
    organisation = _hold_own(actor, work)
    _keep(organisation, _gone(organisation) - {reason.code})
    work.session.flush()
    work.record(actor, "organisation:offer_code", "organisation", organisation.id, list=REASON, code=reason.code)
    return organisation


def foresee_code(command: RetireCode, *, actor: Actor, work: Work) -> CodeForeseen:
    """What retiring or offering the code would do; nothing is done yet. Raises `NotFound`."""
    reason = _choosable(command.name, command.code)
    gone = retired_reasons(actor=actor, work=work)
    steps = [EVENT_LABELS[event] for event in _OF_PEOPLE if event.value in reason.events]
    obstacle = _obstacle(reason, gone | {reason.code})
    return CodeForeseen(reason, reason.code in gone, _carrying(reason.code, actor, work), steps, obstacle)


def choosable_reasons() -> Mapping[str, Reason]:
    """The reasons that people choose from: not retired by the service, and not the service's alone."""
    people = {event.value for event in _OF_PEOPLE}
    return {code: each for code, each in reasons().items() if each.events & people and not each.retired}


def _choosable(name: str, code: str) -> Reason:
    reason = choosable_reasons().get(code) if name == REASON else None
    if reason is None:
        raise NotFound
    return reason


def _obstacle(reason: Reason, gone: Collection[str]) -> str:
    """Why this reason cannot be missed: a rule of the chain names it, or a step would be left without any."""
    if reason.code in NO_FOLLOW_UP_NEEDED:
        return "Zonder deze reden kan een zaak zonder nazorggesprek niet worden gesloten."
    left = (event for event in _OF_PEOPLE if event.value in reason.events and not reasons_for(event.value, but=gone))
    event = next(left, None)
    return f"Bij de stap “{EVENT_LABELS[event]}” moet minstens één reden overblijven." if event else ""


def _carrying(code: str, actor: Actor, work: Work) -> int:
    own = or_(
        Referral.source_organisation_id == actor.organisation_id,
        and_(Referral.receiver_organisation_id == actor.organisation_id, Referral.submitted_at.is_not(None)),
    )
    given = or_(
        ReferralEvent.reason == code,
        *(ReferralEvent.facts[name].as_string() == code for name in FACTS_WITH_A_REASON),
    )
    query = select(func.count(Referral.id.distinct())).join(ReferralEvent, ReferralEvent.referral_id == Referral.id)
    return work.session.scalar(query.where(own, given)) or 0


def _hold_own(actor: Actor, work: Work) -> Organisation:
    demand_administrator(actor)
    query = select(Organisation).where(Organisation.id == actor.organisation_id).with_for_update()
    organisation = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if organisation is None:
        raise NotFound
    return organisation


def _gone(organisation: Organisation) -> frozenset[str]:
    return frozenset((organisation.retired_codes or {}).get(REASON, ()))


def _keep(organisation: Organisation, gone: Collection[str]) -> None:
    organisation.retired_codes = {REASON: sorted(gone)} if gone else None
