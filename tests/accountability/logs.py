"""Reading the two logs as a test needs them, past every door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from referral.core.audit import AuditEntry
from referral.core.policy import Role, system_actor
from referral.core.processing import ProcessingRecord, read_subject
from referral.identity.usecases import AddMembership, add_membership
from tests.world import STAFF, World

DUINWIJK, ZILT = "Gemeente Duinwijk", "Taalhuis Zilt"


@dataclass(frozen=True)
class Line:
    """One processing record with its person opened."""

    record: ProcessingRecord
    subject_id: UUID | None


def records(world: World, *, trace_id: str | None = None) -> list[Line]:
    """The processing records, oldest first, of one trace or of all."""
    query = select(ProcessingRecord).order_by(ProcessingRecord.id)
    if trace_id is not None:
        query = query.where(ProcessingRecord.trace_id == trace_id)
    with world.service.work(read_only=True) as work:
        found = work.session.scalars(query).all()
        return [Line(each, read_subject(work.session, each.id, each.subject_ct)) for each in found]


def entries(world: World, *, trace_id: str | None = None) -> Sequence[AuditEntry]:
    """The rows of the audit log, oldest first, of one trace or of all."""
    query = select(AuditEntry).order_by(AuditEntry.id)
    with world.service.work(read_only=True) as work:
        return work.session.scalars(query if trace_id is None else query.where(AuditEntry.trace_id == trace_id)).all()


def make_officer(world: World, who: str) -> str:
    """Let somebody be privacy officer of the own organisation as well."""
    with world.service.work() as work:
        command = AddMembership(world.users[who], world.organisations[STAFF[who][0]], Role.PRIVACY_OFFICER)
        add_membership(command, actor=system_actor("test"), work=work)
    return who


def erase(world: World, participant_id: str) -> None:
    """The privacy officer of the gemeente erases somebody."""
    path = f"/v1/participants/{participant_id}/erasures"
    assert world.call("privacy", "POST", path, {"ground": "request"}).status_code == 201


def listed(world: World, path: str, who: str = "privacy") -> list[dict[str, Any]]:
    """The items of a list that must be given."""
    answer = world.call(who, "GET", path)
    assert answer.status_code == 200, answer.json
    return list(answer.json["items"])
