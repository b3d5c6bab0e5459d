"""What the service may refuse, as one tree. Each leaf knows its HTTP status and its name in `docs/problems.md`.

* Problem
  + Invalid            400  invalid-input           one or more members are wrong; all of them are named
  + Malformed          400  malformed-body          the body cannot be read at all
  + NotSignedIn        401  not-signed-in
  + NotAllowed         403  not-allowed
  + NotFound           404  not-found               also for what the actor may not know to exist
  + MethodNotAllowed   405  method-not-allowed
  + Conflict           409  conflict
    - EventRefused     409  event-not-allowed       the case is not in a state from which this event starts
    - GuardRefused     409  guard-refused           the event is open, but a fact stands in its way
    - DuplicateReferral 409 duplicate-referral      the same need was already referred; names the referral
    - DuplicateParticipant 409 duplicate-participant  the person is already registered; names the participant
    - IdempotencyConflict 409 idempotency-conflict
  + Erased             410  erased                  the person's key was destroyed on purpose
  + Stale              412  stale-version
  + TooLarge           413  too-large
  + WrongMediaType     415  unsupported-media-type
  + PreconditionMissing 428 precondition-required
  + TooManyRequests    429  too-many-requests
  + InternalFault      500  internal-error
    - Tampered         500  tampered                a sealed value does not belong where it stands
  + Unavailable        503  unavailable             database, keys or audit cannot be reached
    - KeyMissing       503  key-missing             never confused with an erasure
  + DiskFull           507  disk-full

Source: RFC 9457, NL GOV API Design Rules 2.x.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

TYPE_PREFIX = "urn:problem-type:referral:"


@dataclass(frozen=True)
class FieldError:
    """One wrong member: where (JSON pointer), which rule (code) and what to do about it (Dutch). Never the value."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An expected refusal, written for the caller to read (RFC 9457)."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "problem"
    title: ClassVar[str] = "Dit kan niet"

    def __init__(self, detail: str = "", *, errors: Sequence[FieldError] = (), **members: object) -> None:
        super().__init__(self.slug)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.members = members
        self.headers: dict[str, str] = {}


class Invalid(Problem):
    """Some members are wrong; `errors` names every one of them."""

    slug, title = "invalid-input", "De invoer klopt niet"

    @classmethod
    def one(cls, pointer: str, code: str, detail: str) -> "Invalid":
        """The refusal of a single member."""
        return cls(errors=[FieldError(pointer, code, detail)])


class Malformed(Problem):
    """The body cannot be read: no JSON, too deep, a number too large, forbidden characters."""

    slug, title = "malformed-body", "De inhoud is niet te lezen"


class NotSignedIn(Problem):
    """Nobody is signed in, or the token is unknown, expired or revoked."""

    status, slug, title = 401, "not-signed-in", "U bent niet aangemeld"


class NotAllowed(Problem):
    """The actor sees the object but may not do this with it."""

    status, slug, title = 403, "not-allowed", "U mag dit niet doen"


class NotFound(Problem):
    """Does not exist, or not for this actor; the answer is the same byte for byte."""

    status, slug, title = 404, "not-found", "Niet gevonden"


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    status, slug, title = 405, "method-not-allowed", "Deze methode bestaat hier niet"


class Conflict(Problem):
    """The state of things stands in the way."""

    status, slug, title = 409, "conflict", "Dit past niet bij de huidige stand"


class EventRefused(Conflict):
    """The event does not start from this status, or not for this actor."""

    slug, title = "event-not-allowed", "Deze stap kan nu niet"


class GuardRefused(Conflict):
    """The event is open, but a fact outside the request stands in its way."""

    slug, title = "guard-refused", "Aan een voorwaarde is niet voldaan"


class DuplicateReferral(Conflict):
    """The participant already has an open referral to the same trajectory."""

    slug, title = "duplicate-referral", "Er loopt al een verwijzing naar dit traject"


class DuplicateParticipant(Conflict):
    """The organisation already registered somebody with this phone, e-mail or client number."""

    slug, title = "duplicate-participant", "Deze deelnemer staat al geregistreerd"


class IdempotencyConflict(Conflict):
    """The idempotency key was used before with another body."""

    slug, title = "idempotency-conflict", "Deze Idempotency-Key is al gebruikt voor iets anders"


class Erased(Problem):
    """The participant's data were erased: the key was destroyed and a tombstone stands in its place (AVG art. 17)."""

    status, slug, title = 410, "erased", "Deze gegevens zijn gewist"


class Stale(Problem):
    """Somebody else changed the object meanwhile."""

    status, slug, title = 412, "stale-version", "Iemand anders heeft dit intussen gewijzigd"


class TooLarge(Problem):
    """The body is larger than the service takes."""

    status, slug, title = 413, "too-large", "De inhoud is te groot"


class WrongMediaType(Problem):
    """The body is of a kind that this operation does not read."""

    status, slug, title = 415, "unsupported-media-type", "Dit soort inhoud wordt hier niet gelezen"


class PreconditionMissing(Problem):
    """A change needs `If-Match` with the version that was read (RFC 6585)."""

    status, slug, title = 428, "precondition-required", "De kop If-Match ontbreekt"


class TooManyRequests(Problem):
    """Too many attempts; `Retry-After` says when to come back."""

    status, slug, title = 429, "too-many-requests", "Te veel verzoeken"


class InternalFault(Problem):
    """Something broke on our side. The answer says no more than that."""

    status, slug, title = 500, "internal-error", "Er ging iets mis aan onze kant"


class Tampered(InternalFault):
    """A sealed value fails its authentication: changed, or moved from another row, column or person."""

    slug, title = "tampered", "Een versleuteld gegeven klopt niet meer"


class Unavailable(Problem):
    """The database, the keys or the audit log cannot be reached; nothing was done."""

    status, slug, title = 503, "unavailable", "De dienst is even niet beschikbaar"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": "5"}


class KeyMissing(Unavailable):
    """No key and no tombstone: wrong key store or an outage, not an erasure."""

    slug, title = "key-missing", "De sleutel van dit gegeven is niet bereikbaar"


class DiskFull(Problem):
    """The disk or the database is full; nothing was written."""

    status, slug, title = 507, "disk-full", "Er is geen opslagruimte meer"
