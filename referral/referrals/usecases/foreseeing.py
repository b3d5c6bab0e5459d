"""What tuning the terms of a region would do to its organisations and their cases; nothing is done here.

A case keeps its dates on its own row, a screening too. So no date moves: the new length counts from the next time that
the term starts, and a limit from the next step.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from referral.core.codelists import Terms, default_terms
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Region
from referral.identity.usecases import (
    LIMITS,
    Ruled,
    TuneLimits,
    TuneTerm,
    find_tunable,
    members_of,
    region_names,
    rule_of,
    with_limits,
    with_term,
)
from referral.referrals.models import Referral
from referral.referrals.workflow import FOLLOW_UP, OPEN, Status
from referral.screenings.models import Discussed, Screening

SCREENING = "screening"
_RUNS = Referral.status.in_(OPEN)
_ELSE: Mapping[str, ColumnElement[bool]] = {
    "escalated": and_(_RUNS, Referral.escalated_at.is_not(None)),
    "follow_up": and_(Referral.status.in_(FOLLOW_UP), Referral.follow_up_done.is_(False)),
    "fitting_offer": and_(_RUNS, Referral.offer_due_on.is_not(None), Referral.started_at.is_(None)),
    LIMITS: _RUNS,
}
"""Which cases stand under a term that is not that of a status."""


@dataclass(frozen=True)
class Foreseen:
    """What tuning would do: the region's terms before and after, and whom it reaches.

    `reached` are the organisations whose terms change, `cases` how many of their open cases (or screenings) stand
    under the term now. `elsewhere` are members of the region that another region rules, `moved` those that go over
    from one region to another as a whole: organisation, from, to.
    """

    region: Region
    before: Terms
    after: Terms
    cases: int
    reached: Sequence[str]
    elsewhere: Sequence[tuple[str, str]]
    moved: Sequence[tuple[str, str, str]]


def foresee_term(command: TuneTerm, *, actor: Actor, work: Work) -> Foreseen:
    """What `tune_term` would do. Raises `NotFound`, and `Invalid` as that would."""
    region = find_tunable(command.region_id, actor=actor, work=work)
    return _foresee(region, with_term(region, command), command.term, work)


def foresee_limits(command: TuneLimits, *, actor: Actor, work: Work) -> Foreseen:
    """What `tune_limits` would do. Raises `NotFound`, and `Invalid` as that would."""
    region = find_tunable(command.region_id, actor=actor, work=work)
    return _foresee(region, with_limits(region, command), LIMITS, work)


def count_under(term: str, organisation_ids: Collection[UUID], work: Work) -> int:
    """How many open cases that these organisations sent stand under this term now; of screenings, how many wait."""
    if term == SCREENING:
        waits = and_(Screening.discussed == Discussed.NONE, Screening.conversation_due_on.is_not(None))
        query = select(func.count(Screening.id)).where(waits, Screening.organisation_id.in_(organisation_ids))
        return work.session.scalar(query) or 0
    under = _ELSE[term] if term in _ELSE else _in_status(Status(term))
    query = select(func.count(Referral.id)).where(under, Referral.source_organisation_id.in_(organisation_ids))
    return work.session.scalar(query) or 0


def _in_status(status: Status) -> ColumnElement[bool]:
    """While a doorbraakberaad lies over a case, its own term runs and not that of the status."""
    return and_(Referral.status == status, Referral.escalated_at.is_(None))


def _foresee(region: Region, wished: dict[str, Any] | None, term: str, work: Work) -> Foreseen:
    members = members_of(work.session, region.id)
    now = rule_of(work.session, members)
    then = rule_of(work.session, members, {region.id: wished})
    reached = [each for each in members if now[each].terms != then[each].terms]
    names = region_names(work.session, {ruled.region_id for ruled in (*now.values(), *then.values())})
    return Foreseen(
        region=region,
        before=default_terms().merged(region.terms or {}),
        after=default_terms().merged(wished or {}),
        cases=count_under(term, [each for each in reached if _of(now[each], term) != _of(then[each], term)], work),
        reached=[members[each] for each in reached],
        elsewhere=[
            (name, names[ruler])
            for each, name in members.items()
            if each not in reached and (ruler := then[each].region_id) not in (None, region.id)
        ],
        moved=[
            (name, names[now[each].region_id], names[then[each].region_id])
            for each, name in members.items()
            if now[each].region_id != then[each].region_id and now[each].region_id and then[each].region_id
        ],
    )


def _of(ruled: Ruled, term: str) -> object:
    return ruled.terms.limits if term == LIMITS else ruled.terms[term]
