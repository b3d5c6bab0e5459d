"""Who else may see the participant: a disclosure opens, gets its coach, and ends. Called as a referral moves."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from referral.core import idempotency
from referral.core.errors import Erased, GuardRefused, NotFound
from referral.core.work import Work
from referral.participants.models import Agreement, Disclosure, Participant
from referral.participants.scopes import members_within

REPLACED = "replaced"

Row = TypeVar("Row", Agreement, Participant)


def open_disclosure(
    work: Work,
    *,
    participant_id: UUID,
    organisation_id: UUID,
    referral_id: UUID,
    legal_basis: str,
    data_scope: Sequence[str],
    agreement_id: UUID | None,
    purpose: Callable[[], str | None],
) -> Disclosure:
    """Let the receiver see the person within the agreed scope; what is already so stays as it is.

    Another receiver, scope or agreement ends the old disclosure and opens a new one, so that history stays true.
    `purpose` is asked only when a new one opens, and sealed with it.
    Raises `GuardRefused` without an agreement of this participant in force that covers the scope, and `Erased`.
    """
    asked = (organisation_id, agreement_id, sorted(data_scope))
    running = _running(work, referral_id)
    if running is not None and asked == (running.organisation_id, running.agreement_id, sorted(running.data_scope)):
        return running
    hold_participant(work, participant_id)
    agreement = _find_agreement(work, participant_id, agreement_id, data_scope)
    end_disclosure(work, referral_id, REPLACED)
    work.session.flush()
    disclosure = Disclosure(
        participant_id=participant_id,
        organisation_id=organisation_id,
        referral_id=referral_id,
        legal_basis=legal_basis,
        data_scope=list(data_scope),
        agreement_id=agreement.id,
        started_at=work.now,
    )
    disclosure.purpose = purpose()
    work.session.add(disclosure)
    work.session.flush()
    return disclosure


def assign_disclosure(work: Work, referral_id: UUID, user_id: UUID | None) -> None:
    """From now on only this coach sees the person; None gives sight back to the coaches of the team."""
    running = _running(work, referral_id)
    if running is not None and running.user_id != user_id:
        running.user_id = user_id
        idempotency.withhold(work, running.participant_id, running.organisation_id)


def end_disclosure(work: Work, referral_id: UUID, reason: str) -> None:
    """The receiver of this referral loses sight of the person; nothing happens when it had none."""
    running = _running(work, referral_id)
    if running is not None:
        _end(running, work, reason)


def end_disclosures_of(work: Work, participant_id: UUID, reason: str) -> int:
    """End everything that is shared of this person; returns how many disclosures that were."""
    return _end_all(work, Disclosure.participant_id == participant_id, reason)


def end_disclosures_under(work: Work, agreement_id: UUID, reason: str) -> int:
    """End everything that is shared under one agreement; returns how many disclosures that were."""
    return _end_all(work, Disclosure.agreement_id == agreement_id, reason)


def mark_corrected(work: Work, participant_id: UUID, members: Collection[str]) -> int:
    """Note with every disclosure, running or ended, that something it showed was corrected now; returns how many."""
    query = select(Disclosure).where(Disclosure.participant_id == participant_id)
    touched = [
        each for each in work.session.scalars(query) if not set(members).isdisjoint(members_within(each.data_scope))
    ]
    for disclosure in touched:
        disclosure.corrected_at = work.now
    return len(touched)


def hold_participant(work: Work, participant_id: UUID) -> Participant:
    """Keep rivals waiting: nothing opens for a person whose agreement is being withdrawn or who is being erased.

    Raises `NotFound` and `Erased`.
    """
    participant = _read_anew(work, select(Participant).where(Participant.id == participant_id).with_for_update())
    if participant is None:
        raise NotFound
    if participant.erased_at is not None:
        raise Erased
    return participant


def _find_agreement(
    work: Work, participant_id: UUID, agreement_id: UUID | None, data_scope: Sequence[str]
) -> Agreement:
    agreement = _read_anew(
        work, select(Agreement).where(Agreement.id == agreement_id, Agreement.participant_id == participant_id)
    )
    if agreement is None or not agreement.holds:
        raise GuardRefused("De instemming van de deelnemer ontbreekt of is ingetrokken.", code="agreement_missing")
    if not set(data_scope) <= set(agreement.data_scope):
        raise GuardRefused("De deelnemer stemde niet in met het delen van al deze gegevens.", code="scope_too_wide")
    return agreement


def _read_anew(work: Work, query: Select[Row]) -> Row | None:
    """The row as it stands after any rival ended, not as this session read it before."""
    return work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _running(work: Work, referral_id: UUID) -> Disclosure | None:
    return work.session.scalars(
        select(Disclosure).where(Disclosure.referral_id == referral_id, Disclosure.ended_at.is_(None))
    ).one_or_none()


def _end(disclosure: Disclosure, work: Work, reason: str) -> None:
    """End the sight, also through the answers that the receiver could still ask for again."""
    disclosure.ended_at, disclosure.end_reason = work.now, reason
    idempotency.withhold(work, disclosure.participant_id, disclosure.organisation_id)


def _end_all(work: Work, which: ColumnElement[bool], reason: str) -> int:
    running = work.session.scalars(select(Disclosure).where(which, Disclosure.ended_at.is_(None))).all()
    for disclosure in running:
        _end(disclosure, work, reason)
    return len(running)
