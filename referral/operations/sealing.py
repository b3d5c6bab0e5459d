"""One round of the sealer: write down what was counted, seal what waits, publish what was signed.

Signed first and published after the commit: what was published can always be found in the database, and what a killed
worker did not publish the next one does.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from referral.core.audit.notary import Notary, Signer
from referral.core.audit.refusals import has_counted, take_counted
from referral.core.audit.sealing import BATCH, has_checkpoint, has_unsealed, notes_after, seal_entries
from referral.core.errors import KeyMissing
from referral.core.ledger import LedgerProblem
from referral.core.work import Service


def never() -> bool:
    """Nobody asks to stop."""
    return False


def seal_log(service: Service, *, stopped: Callable[[], bool] = never) -> int:
    """Seal everything that waits, batch by batch; returns how many entries. Does nothing without a notary.

    Raises `LogForked` when the newest published checkpoint is not in this database, `KeyMissing` when the key is gone,
    and, with everything sealed, `LedgerProblem` when the ledger of erasures does not include what was published of it.
    """
    notary = service.notary
    if notary is None:
        return 0
    _write_counted(service)
    sealed = 0
    while not stopped():
        batch = _seal_batch(service, notary)
        sealed += batch
        _publish(service, notary)
        if batch < BATCH:
            break
    _publish_ledger(service, notary)
    return sealed


def _write_counted(service: Service) -> None:
    with service.work(read_only=True) as work:
        due = has_counted(work.session, now=work.now)
    if due:
        with service.work() as work:
            work.drafts += take_counted(work.session, work.trace)


def _seal_batch(service: Service, notary: Notary) -> int:
    with service.work(read_only=True) as work:
        if not has_unsealed(work.session):
            return 0
    published = notary.newest()
    with service.work() as work:
        return seal_entries(work.session, _signer(notary, work.session), published, now=work.now)


def _publish(service: Service, notary: Notary) -> None:
    with service.work(read_only=True) as work:
        notes = notes_after(work.session, notary.newest()[0])
    if notes:
        notary.publish(notes)


def _publish_ledger(service: Service, notary: Notary) -> None:
    """Beside the checkpoints it says how far the ledger of erasures goes; a restore holds the ledger against that."""
    ledger, known = service.ledger, notary.published_ledger()
    head = ledger.head() if ledger else None
    if ledger is None or head is None or head == known:
        return
    if known is not None and not ledger.read().includes(known):
        raise LedgerProblem("Dit register van wissingen is ouder dan wat ervan is gepubliceerd, of een ander.")
    notary.publish_ledger(head)


def _signer(notary: Notary, session: Session) -> Signer:
    """The key; made here only for a log that was never signed, because a lost key must not be replaced in silence."""
    try:
        return notary.signer()
    except KeyMissing:
        if not has_checkpoint(session):
            notary.create_key()
        # Another sealer may have made it since.
        return notary.signer()
