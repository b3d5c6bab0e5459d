"""Every request leaves its row: the deed's own, or one in the name of the operation when the deed left none.

What is refused leaves one row in a transaction of its own. Which operations leave none, and why, stands in the table of
operations (`unrecorded`). A path or method that is no operation is only a line in the service's own log.
"""

from dataclasses import replace
from typing import Final
from uuid import UUID

from flask import Response, g, request

from referral.core.audit import DONE
from referral.core.audit.refusals import anonymous_actor, count_refusal
from referral.core.policy import Access, Actor
from referral.core.work import Work

REPLAYED: Final = "replayed"
REFUSED: Final = "refused"


def result_of(response: Response) -> str:
    """What the log says about an answer: done, or refused."""
    return DONE if response.status_code < 400 else REFUSED


def record_request(work: Work, access: Access, *, result: str) -> None:
    """See to it that this request leaves a row, of which exactly one carries the name of the operation."""
    if access.unrecorded:
        return
    if not work.drafts:
        if "actor" not in g:
            record_refusal(work, access, result)
            return
        work.note_request(g.actor, access.action, *_object_of(access), result=result)
    work.stand_for(access.action)


def record_replay(work: Work, access: Access, subject_id: UUID | None) -> None:
    """Leave the row of a repeated request; whoever's data its first answer held were shown once more.

    Source: Logboek Dataverwerkingen, which asks a record of every processing, and an answer given again is one.
    """
    work.note_request(g.actor, access.action, *_object_of(access), result=REPLAYED)
    if subject_id is not None:
        work.record(g.actor, "answer:repeat", "participant", subject_id)
    work.stand_for(access.action)


def record_refusal(work: Work, access: Access, result: str) -> None:
    """Leave the row of a refusal; of somebody unknown the first in a minute, and the others as a count."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        actor = anonymous_actor(request.remote_addr or "-")
        origin = count_refusal(work.session, actor.origin, access.action, result, now=work.now)
        if origin is None:
            return
        actor = replace(actor, origin=origin)
    work.note_request(actor, access.action, *_object_of(access), result=result)
    work.stand_for(access.action)


def _object_of(access: Access) -> tuple[str, UUID | None]:
    """What the request was about: the kind in the operation's name, and the id in its path if there is one."""
    ids = [value for value in (request.view_args or {}).values() if isinstance(value, UUID)]
    return access.action.partition(":")[0], ids[0] if ids else None
