"""What somebody was doing when the session ended, sealed for that one person and carried by the sign-in page itself.

Nothing of it is stored here: the browser holds it, and only whoever signs in as the same user gets it back.
"""

import base64
from dataclasses import dataclass
from uuid import UUID

import orjson

from referral.core.encryption import SERVICE_SUBJECT
from referral.core.errors import Problem
from referral.core.policy import SYSTEM_ID
from referral.core.work import Work

LABEL = "sign_in.kept"
LONGEST = 400_000


@dataclass(frozen=True)
class Kept:
    """A page that was asked for; with `fields` when it was a form that was sent."""

    path: str
    fields: tuple[tuple[str, str], ...] | None = None


def keep_page(kept: Kept, user_id: UUID | None, *, work: Work) -> str:
    """The page, sealed for this user; without a user for whoever signs in, and then never with what was typed."""
    if kept.fields is not None and user_id is None:
        return ""
    data = orjson.dumps({"path": kept.path, "fields": kept.fields})
    sealed = work.service.key_ring.seal(work.session, LABEL, user_id or SYSTEM_ID, SERVICE_SUBJECT, data)
    return base64.urlsafe_b64encode(sealed).decode()


def open_page(text: str, user_id: UUID, *, work: Work) -> Kept | None:
    """The page that was kept for this user; None when there is none, or it was kept for somebody else."""
    if not text or len(text) > LONGEST:
        return None
    for holder in (user_id, SYSTEM_ID):
        try:
            sealed = base64.urlsafe_b64decode(text.encode("ascii"))
            data = orjson.loads(work.service.key_ring.unseal(work.session, LABEL, holder, SERVICE_SUBJECT, sealed))
        except (Problem, ValueError):
            continue
        fields = data["fields"]
        return Kept(data["path"], tuple((name, value) for name, value in fields) if fields is not None else None)
    return None
