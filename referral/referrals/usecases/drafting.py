"""A referral in the making, written page by page: begun, saved, sent once, thrown away.

Sending makes the referral with the same deed as the API and empties the draft in the same transaction, so that a
double click finds what the first one made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from referral.core.codelists import default_terms
from referral.core.database import new_id
from referral.core.errors import NotFound
from referral.core.policy import Actor
from referral.core.processing import ProcessingRecord, move_records
from referral.core.work import Work
from referral.referrals.models import Referral, ReferralDraft
from referral.referrals.usecases.creating import CreateReferral, create_referral
from referral.referrals.usecases.reading import find_referral

PURPOSE = "intake"


@dataclass(frozen=True)
class SaveDraft:
    """What was typed on one page. `answers` replace those of the members in `asked`; the others stay."""

    draft_id: UUID
    asked: Sequence[str]
    answers: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class SendDraft:
    """The draft, and the referral that its answers stand for."""

    draft_id: UUID
    referral: CreateReferral = field(repr=False)


MOST_AT_ONCE = 100
"""How many old drafts one round of the worker looks at; the next round goes on."""


def begin_draft(answers: Mapping[str, Any], *, actor: Actor, work: Work) -> ReferralDraft:
    """Begin writing, with what is known already (a screening, the own gemeente)."""
    draft = ReferralDraft(
        id=new_id(),
        user_id=actor.id,
        organisation_id=actor.organisation_id,
        created_at=work.now,
        changed_at=work.now,
    )
    draft.answers = dict(answers)
    work.session.add(draft)
    work.session.flush()
    work.record(actor, "referral_draft:begin", "referral_draft", draft.id)
    return draft


def list_drafts(*, actor: Actor, work: Work, most: int = 20) -> Sequence[ReferralDraft]:
    """What this user is still writing, the oldest first; the answers stay sealed."""
    query = select(ReferralDraft).where(*_own(actor), ReferralDraft.referral_id.is_(None))
    return work.session.scalars(query.order_by(ReferralDraft.changed_at, ReferralDraft.id).limit(most)).all()


def find_draft(draft_id: UUID, *, actor: Actor, work: Work) -> ReferralDraft:
    """A draft of this user, held. Raises `NotFound`, also for another's."""
    query = select(ReferralDraft).where(ReferralDraft.id == draft_id, *_own(actor)).with_for_update()
    draft = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if draft is None:
        raise NotFound
    return draft


def read_draft(draft_id: UUID, *, actor: Actor, work: Work) -> dict[str, Any]:
    """What this user typed so far. Raises `NotFound`, also for what was sent."""
    draft = find_draft(draft_id, actor=actor, work=work)
    if draft.referral_id is not None:
        raise NotFound
    with work.reading(actor, PURPOSE):
        return dict(draft.answers or {})


def save_draft(command: SaveDraft, *, actor: Actor, work: Work) -> dict[str, Any]:
    """Keep what was typed on one page; gives all answers."""
    kept = read_draft(command.draft_id, actor=actor, work=work)
    answers = {name: value for name, value in kept.items() if name not in command.asked} | dict(command.answers)
    draft = find_draft(command.draft_id, actor=actor, work=work)
    draft.answers, draft.changed_at = answers, work.now
    work.session.flush()
    work.record(actor, "referral_draft:save", "referral_draft", draft.id)
    return answers


def send_draft(command: SendDraft, *, actor: Actor, work: Work) -> Referral:
    """Make the referral and send it, once: a second time gives the one that is already there."""
    draft = find_draft(command.draft_id, actor=actor, work=work)
    if draft.referral_id is not None:
        return find_referral(draft.referral_id, actor=actor, work=work)
    referral = create_referral(command.referral, actor=actor, work=work)
    draft.answers, draft.referral_id, draft.changed_at = None, referral.id, work.now
    work.session.flush()
    move_records(work.session, draft.id, referral.participant_id)
    work.service.key_ring.erase_subject(work.session, draft.id, at=work.now)
    work.record(actor, "referral_draft:send", "referral_draft", draft.id)
    return referral


def sent_referral(draft_id: UUID, *, actor: Actor, work: Work) -> Referral | None:
    """What this draft became; None while it is still being written. Raises `NotFound`."""
    draft = find_draft(draft_id, actor=actor, work=work)
    return find_referral(draft.referral_id, actor=actor, work=work) if draft.referral_id else None


def drop_draft(draft_id: UUID, *, actor: Actor, work: Work) -> None:
    """Throw a draft away, with the key that its answers are sealed under."""
    draft = find_draft(draft_id, actor=actor, work=work)
    work.record(actor, "referral_draft:drop", "referral_draft", draft.id)
    _destroy([draft], work)


def forget_old_drafts(work: Work) -> int:
    """Destroy what nobody wrote on for as long as a concept is kept (`config/terms.toml`); returns how many."""
    end = default_terms()["draft"].end
    oldest = select(ReferralDraft).order_by(ReferralDraft.changed_at).limit(MOST_AT_ONCE)
    drafts = work.session.scalars(oldest).all() if end else []
    old = [draft for draft in drafts if end and end.after(draft.changed_at.date()) <= work.today]
    _destroy(old, work)
    return len(old)


def _destroy(drafts: Sequence[ReferralDraft], work: Work) -> None:
    for draft in drafts:
        work.service.key_ring.erase_subject(work.session, draft.id, [ProcessingRecord], at=work.now)
    ids = [draft.id for draft in drafts]
    work.session.execute(delete(ReferralDraft).where(ReferralDraft.id.in_(ids)))


def _own(actor: Actor) -> tuple[Any, ...]:
    return ReferralDraft.user_id == actor.id, ReferralDraft.organisation_id == actor.organisation_id
