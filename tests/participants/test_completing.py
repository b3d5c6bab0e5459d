"""An erasure that was decided is carried out, wherever it was stopped."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from referral.core import remains
from referral.core.encryption import KeyRing, subject_key
from referral.core.errors import Erased, Unavailable
from referral.core.ledger import ErasureLedger
from referral.core.work import Service
from referral.participants.models import ErasureRequest
from referral.participants.usecases import EraseParticipant, complete_erasures, erase_participant, read_participant
from tests.participants.conftest import Chain

Steps = tuple[bool, bool, bool]


class Stopped(Exception):
    """The process ends here."""


def erase(service: Service, chain: Chain, participant_id: UUID) -> None:
    with service.work() as work:
        erase_participant(EraseParticipant(participant_id, "request"), actor=chain.officer, work=work)


def erase_and_wipe(service: Service, chain: Chain, participant_id: UUID) -> None:
    erase(service, chain, participant_id)
    complete_erasures(service)


def steps(service: Service) -> Steps:
    """Which steps are noted as done: entered in the ledger, keys destroyed, remains wiped."""
    with service.work(read_only=True) as work:
        request = work.session.scalars(select(ErasureRequest)).one()
    return request.entered_at is not None, request.destroyed_at is not None, request.wiped_at is not None


def has_key(service: Service, person: UUID) -> bool:
    with service.engine.connect() as connection:
        return any(connection.scalars(select(subject_key.c.blob).where(subject_key.c.subject_id == person)))


def fail(*_arguments: object, **_options: object) -> None:
    raise Stopped


def break_ledger(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ErasureLedger, "add_erasure", fail)


def break_keys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(KeyRing, "erase_subject", fail)


def break_wiping(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("referral.participants.usecases.completing.wipe_remains", fail)


@pytest.mark.parametrize(
    ("stop", "reached"),
    [(break_ledger, (False,) * 3), (break_keys, (True, False, False)), (break_wiping, (True, True, False))],
)
def test_an_erasure_that_was_stopped_is_finished_later(
    service: Service, chain: Chain, ria: UUID, stop: Callable[[pytest.MonkeyPatch], None], reached: Steps
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stop(patch)
        with pytest.raises(Stopped):
            erase_and_wipe(service, chain, ria)
    assert steps(service) == reached
    # It was decided: from then on nobody reads her, although her key may still be there.
    assert has_key(service, ria) is not reached[1]
    with service.work() as work, pytest.raises(Erased):
        read_participant(ria, "contact", actor=chain.referrer, work=work)
    assert complete_erasures(service) == 1
    assert (steps(service), has_key(service, ria)) == ((True,) * 3, False)
    assert service.ledger is not None
    assert service.ledger.tag(ria) in service.ledger.read().erased
    assert complete_erasures(service) == 0, "done once"


def test_without_a_ledger_no_key_is_destroyed(service: Service, chain: Chain, ria: UUID, tmp_path: Path) -> None:
    (tmp_path / "no-folder").touch()
    blind = replace(service, ledger=None)
    with pytest.raises(Unavailable):
        erase(blind, chain, ria)
    with pytest.raises(Unavailable):
        complete_erasures(replace(service, ledger=ErasureLedger(tmp_path / "no-folder")))
    assert has_key(service, ria)
    complete_erasures(service)
    assert not has_key(service, ria)


def test_wiping_waits_when_somebody_stands_in_the_way(service: Service, chain: Chain, ria: UUID) -> None:
    reader = service.engine.connect().execution_options(read_only=True)
    with reader:
        reader.execute(select(subject_key))
        erase_and_wipe(service, chain, ria)
        assert steps(service) == (True, True, False)
    assert complete_erasures(service) == 1
    assert remains.wipe_remains(service.engine)
