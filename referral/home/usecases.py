"""My work: everything that waits for this person or its team, across the areas, the most overdue first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from referral.core.codelists import labels
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.notifications.digests import NEXT_STEPS
from referral.participants.usecases import ListRequests, RequestView, count_requests, list_requests
from referral.referrals.models import ReferralDraft
from referral.referrals.phase import Phase, phase_of
from referral.referrals.usecases import (
    Listed,
    ListReferrals,
    ReferralView,
    count_waiting,
    list_drafts,
    list_referrals,
    list_waiting,
    show_lists,
    waits_for,
)
from referral.referrals.workflow import EVENT_LABELS, FOLLOW_UP, LABELS, EventName, main_event
from referral.screenings.models import Screening
from referral.screenings.usecases import count_undiscussed, list_undiscussed

MOST = 100
FOLLOW_UP_STEP = "Vervolg vastleggen"
"""The step on a case that ended badly: a note that tells what the referrer did about it ends the task."""


class Kind(StrEnum):
    """What kind of thing waits."""

    CASE = "case"
    CONVERSATION = "conversation"
    DRAFT = "draft"
    REQUEST = "request"


@dataclass(frozen=True)
class Task:
    """One thing that waits: what it is, why, by when, and the one next step. `event` None: open it and see."""

    kind: Kind
    key: UUID | str
    title: str
    status: str
    why: str
    step: str
    due_on: date | None = None
    event: EventName | None = None
    is_team: bool = False


@dataclass(frozen=True)
class Desk:
    """What lies on somebody's desk; `hidden` is how many more wait than are shown."""

    tasks: Sequence[Task]
    counts: Mapping[str, int]
    hidden: int

    @property
    def waiting(self) -> int:
        """The number for the badge: what somebody is still writing does not count."""
        return self.hidden + sum(task.kind is not Kind.DRAFT for task in self.tasks)


@dataclass(frozen=True)
class Progress:
    """Own referrals, each with how far it is in the chain."""

    listed: Listed
    phases: Sequence[Phase]
    has_more: bool

    def waiting_for(self, actor: Actor) -> Sequence[ReferralView]:
        """Those of them that wait for this actor or its team."""
        return [view for view in self.listed.views if waits_for(view.referral, actor)]


def show_desk(*, actor: Actor, work: Work, progress: Progress | None = None) -> Desk:
    """Everything that waits for this actor or its team, overdue first; nothing that somebody else must do.

    Of whoever sees the `progress` of all own referrals anyway, those that wait are picked out of it.
    """
    cases = progress.waiting_for(actor) if progress and not progress.has_more else _waiting(actor, work)
    results = list_undiscussed(actor=actor, work=work, most=MOST) if actor.has_role(Role.REFERRER) else []
    drafts = list_drafts(actor=actor, work=work) if actor.has_role(Role.REFERRER) else []
    asked = _requests(actor, work) if actor.has_role(Role.PRIVACY_OFFICER) else []
    tasks = [
        *(_of_request(view) for view in asked),
        *(_of_case(view, actor) for view in cases),
        *(_of_result(screening) for screening in results),
        *(_of_draft(draft) for draft in drafts),
    ]
    tasks.sort(key=lambda task: (task.due_on is None, task.due_on or date.max, str(task.key)))
    counts = Counter(task.step for task in tasks)
    waiting = len(tasks) - len(drafts)
    is_full = MOST in (len(cases), len(results), len(asked))
    hidden = count_tasks(actor=actor, work=work) - waiting if is_full else 0
    return Desk(tasks, dict(counts.most_common()), hidden)


def count_tasks(*, actor: Actor, work: Work) -> int:
    """The number for the badge: cases and conversations that wait; what somebody is still writing does not count."""
    works = actor.has_role(Role.REFERRER, Role.COACH, Role.COORDINATOR)
    cases = count_waiting(actor=actor, work=work) if works else 0
    results = count_undiscussed(actor=actor, work=work) if actor.has_role(Role.REFERRER) else 0
    asked = count_requests(actor=actor, work=work) if actor.has_role(Role.PRIVACY_OFFICER) else 0
    return cases + results + asked


def show_progress(*, actor: Actor, work: Work) -> Progress:
    """How far the referrals of an employer came, the newest first: the phase and the status, never why."""
    page = list_referrals(ListReferrals(limit=MOST), actor=actor, work=work)
    listed = show_lists(page.items, work=work)
    phases = [phase_of(view.referral) for view in listed.views]
    return Progress(listed, phases, has_more=page.next is not None)


def _of_case(view: ReferralView, actor: Actor) -> Task:
    referral = view.referral
    event = main_event(referral.status, view.allowed_events)
    facts: dict[str, Any] = {"due_on": referral.due_on, "is_team": referral.ball_user_id != actor.id}
    if referral.is_held and not view.narrow:
        why = "De opschorting loopt tot deze dag. Daarna gaat de zaak verder."
    elif referral.is_escalated:
        why = "Houd het doorbraakberaad en leg het besluit vast."
    elif referral.waits_for_region and referral.is_open:
        why, event = "De verwijzer vraagt advies: kies een passend traject.", None
    else:
        why = NEXT_STEPS[referral.status]
    step = EVENT_LABELS[event] if event else "Zaak bekijken"
    step = FOLLOW_UP_STEP if referral.status in FOLLOW_UP and event is EventName.ADD_NOTE else step
    return Task(Kind.CASE, referral.id, referral.reference, LABELS[referral.status], why, step, event=event, **facts)


def _waiting(actor: Actor, work: Work) -> Sequence[ReferralView]:
    works = actor.has_role(Role.REFERRER, Role.COACH, Role.COORDINATOR)
    return list_waiting(actor=actor, work=work, most=MOST) if works else []


def _requests(actor: Actor, work: Work) -> Sequence[RequestView]:
    return list_requests(ListRequests(limit=MOST), actor=actor, work=work).items


def _of_request(view: RequestView) -> Task:
    kind = labels("requestKind")[view.request.kind]
    return Task(
        Kind.REQUEST,
        view.request.id,
        f"Verzoek: {kind.lower()}",
        labels("requestStatus")[view.request.status],
        "Een deelnemer vraagt dit. De wet geeft u deze termijn (AVG artikel 12).",
        "Verzoek behandelen",
        due_on=view.request.due_on,
        is_team=True,
    )


def _of_result(screening: Screening) -> Task:
    return Task(
        Kind.CONVERSATION,
        screening.code,
        f"Screening {screening.code}",
        "Niet besproken",
        "Er is een indicatie. Bespreek de uitslag met de deelnemer.",
        "Gesprek vastleggen",
        due_on=screening.conversation_due_on,
        is_team=True,
    )


def _of_draft(draft: ReferralDraft) -> Task:
    return Task(
        Kind.DRAFT,
        draft.id,
        "Verwijzing die u aan het maken bent",
        "Nog niet verstuurd",
        "U hebt deze verwijzing nog niet verstuurd. Wat u invulde, is bewaard.",
        "Verder invullen",
    )
