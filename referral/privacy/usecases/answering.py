"""Answering a request for access: everything, at once, and as often as the officer needs it (AVG art. 15)."""

from uuid import UUID

from referral.core.errors import NotFound
from referral.core.policy import Actor
from referral.core.work import Work
from referral.participants.models import RequestKind
from referral.participants.usecases import MakeRequest, find_request, make_request
from referral.privacy.usecases.gathering import AccessAnswer, gather


def answer_access_request(command: MakeRequest, *, actor: Actor, work: Work) -> AccessAnswer:
    """Write the request down and gather the answer. It stays open until the participant got it and that is recorded.

    Raises `NotFound`, `Erased` and `Invalid`.
    """
    request = make_request(command, actor=actor, work=work)
    work.record(actor, "participant:access_request", "participant", request.participant_id)
    return gather(request, actor=actor, work=work)


def read_answer(request_id: UUID, *, actor: Actor, work: Work) -> AccessAnswer:
    """The answer to a request for access, gathered anew. Raises `NotFound` and `Erased`."""
    request = find_request(request_id, actor=actor, work=work)
    if request.kind is not RequestKind.ACCESS:
        raise NotFound
    work.record(actor, "participant:access_answer", "privacy_request", request.id, subjects=[request.participant_id])
    return gather(request, actor=actor, work=work)
