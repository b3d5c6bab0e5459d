"""Giving a notice: one row and its audit entry; who it is for follows from the case as it stands."""

from datetime import date
from typing import Final
from uuid import UUID

from referral.core.policy import Relation, Role, system_actor
from referral.core.work import Work
from referral.notifications.models import Kind, Notice
from referral.referrals.models import Referral
from referral.referrals.workflow import ROLE_OF

SYSTEM: Final = system_actor()


def tell_ball_holder(kind: Kind, referral: Referral, due_on: date | None, work: Work) -> str:
    """A notice to whoever has the ball: the person named to the case, or else everybody there with the fitting role."""
    organisation_id = referral.ball_organisation_id or referral.source_organisation_id
    return give_notice(kind, organisation_id, ROLE_OF[referral.ball_party], due_on, work, referral)


def tell_coordinators(kind: Kind, referral: Referral, side: Relation, due_on: date | None, work: Work) -> str:
    """A notice to the coordinators of one side of the case; where that side is nobody yet, to the region's."""
    region = referral.escalation_organisation_id or referral.source_organisation_id
    sides = {Relation.SOURCE: referral.source_organisation_id, Relation.RECEIVER: referral.receiver_organisation_id}
    return give_notice(kind, sides.get(side) or region, Role.COORDINATOR, due_on, work, referral)


def give_notice(
    kind: Kind, organisation_id: UUID, role: Role, due_on: date | None, work: Work, referral: Referral | None = None
) -> str:
    """Write the notice and its trace; returns what to count it as."""
    outlives_case = kind is Kind.ERASED
    work.session.add(
        Notice(
            referral_id=None if outlives_case or referral is None else referral.id,
            reference=referral.reference if outlives_case and referral else None,
            kind=kind,
            due_on=due_on,
            organisation_id=organisation_id,
            role=role,
            given_at=work.now,
        )
    )
    work.session.flush()
    about, object_id = ("referral", referral.id) if referral else ("organisation", organisation_id)
    work.record(
        SYSTEM,
        "notice:give",
        about,
        object_id,
        subjects=[referral.participant_id] if referral else [],
        controller=referral.source_organisation_id if referral else organisation_id,
        kind=kind.value,
        organisation_id=str(organisation_id),
    )
    return kind.value
