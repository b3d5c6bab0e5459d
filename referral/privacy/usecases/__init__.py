"""The rights of a participant that reach across areas: everything that is held about one person."""

from referral.privacy.usecases.answering import answer_access_request, read_answer
from referral.privacy.usecases.gathering import AccessAnswer, Done, HeldReferral, Message, SeenBy, Told

__all__ = [
    "AccessAnswer",
    "Done",
    "HeldReferral",
    "Message",
    "SeenBy",
    "Told",
    "answer_access_request",
    "read_answer",
]
