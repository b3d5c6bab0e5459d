"""Erasing again, in a database that comes out of a backup, whoever was erased since: before anybody can read it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from referral.core.encryption import RESERVED_SUBJECTS, subject_key
from referral.core.ledger import BACKUP, ErasureLedger, LedgerContent, LedgerHead, LedgerLine, LedgerProblem
from referral.core.policy import SYSTEM_ID, Actor, Role
from referral.core.work import Work
from referral.identity.models import Organisation
from referral.participants.models import ErasureRequest, Participant
from referral.participants.usecases import FINDABLE, decide_erasure, note_destroyed

OLDER = (
    "Dit register van wissingen is niet het nieuwste, of een ander: het heeft {lines} regels, en bij de controlepunten"
    " staat dat het er {published} waren. Wie later gewist is, zou terugkomen. Zet eerst het nieuwste terug. Er is"
    " niets teruggezet."
)


@dataclass(frozen=True)
class Replay:
    """What the ledger was good for: how many people were erased again, up to when it goes, and whether that is known
    to be as far as it ever went.
    """

    erased: int
    newest: str
    is_newest: bool


def read_ledger_for(backup_id: str, ledger: ErasureLedger, published: LedgerHead | None) -> LedgerContent:
    """The ledger, at least as new as this backup, and as what was published of it where anything was.

    Raises `LedgerProblem` when it is missing, changed or older.
    """
    content = ledger.read()
    if published is not None and not content.includes(published):
        raise LedgerProblem(OLDER.format(lines=len(content.lines), published=published.number))
    if not content.knows(BACKUP, backup_id):
        raise LedgerProblem(
            "Het register van wissingen is ouder dan deze reservekopie, of van een andere installatie. Zet eerst het"
            " nieuwste register terug. Er is niets teruggezet."
        )
    return content


def erase_again(work: Work, ledger: ErasureLedger, content: LedgerContent, *, is_newest: bool) -> Replay:
    """Erase everybody who stands in the ledger and is not erased here; needs no key, and leaves its audit rows."""
    living = select(subject_key.c.subject_id).where(subject_key.c.blob.is_not(None)).distinct()
    found = [each for each in work.session.scalars(living).all() if each not in RESERVED_SUBJECTS]
    again = [(each, content.erased[tag]) for each in found if (tag := ledger.tag(each)) in content.erased]
    for subject_id, line in again:
        _erase(work, subject_id, line)
    return Replay(len(again), content.newest.isoformat(), is_newest)


def _erase(work: Work, subject_id: UUID, line: LedgerLine) -> None:
    participant = work.session.get(Participant, subject_id)
    if participant is not None and participant.erased_at is None:
        decide_erasure(participant, line.ground, actor=keeper_of(participant, work), work=work)
    work.service.key_ring.erase_subject(work.session, subject_id, FINDABLE, at=work.now)
    of_person = select(ErasureRequest).where(ErasureRequest.participant_id == subject_id)
    request = work.session.scalars(of_person).one_or_none()
    if request is not None:
        request.entered_at = line.at
        note_destroyed(request, work)


def keeper_of(participant: Participant, work: Work) -> Actor:
    """The service itself, acting for the organisation that registered the person."""
    organisation = work.session.get_one(Organisation, participant.organisation_id)
    return Actor(
        id=SYSTEM_ID,
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        roles=frozenset({Role.SYSTEM, Role.PRIVACY_OFFICER}),
        origin="cli",
    )
