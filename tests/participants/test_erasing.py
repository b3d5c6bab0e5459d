"""After an erasure nobody reads or finds the person, and the receipt says what is not yet so."""

from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from referral.core.audit import AuditEntry
from referral.core.errors import Erased, NotAllowed, NotFound
from referral.core.outbox import OutboxMessage
from referral.core.work import Service
from referral.participants.models import Agreement, Participant
from referral.participants.usecases import (
    EraseParticipant,
    ErasureReceipt,
    SearchParticipants,
    WithdrawAgreement,
    erase_participant,
    own_participant,
    read_participant,
    register_participant,
    search_participants,
    withdraw_agreement,
)
from tests.participants.conftest import RIA, Chain, Clock, Disclose


def erase(service: Service, chain: Chain, participant_id: UUID) -> ErasureReceipt:
    with service.work() as work:
        command = EraseParticipant(participant_id, "request")
        return erase_participant(command, actor=chain.officer, work=work)


def test_the_receipt_promises_no_more_than_was_done(service: Service, chain: Chain, ria: UUID, clock: Clock) -> None:
    receipt = erase(service, chain, ria)
    assert (receipt.participant_id, receipt.erased_at, receipt.ground) == (ria, clock.now, "request")
    assert (receipt.live, receipt.backups) == ("done", "readable_until_key_destroyed")
    assert "reservekopie" in receipt.explanation


def test_nobody_opens_a_value_any_more(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        before = read_participant(ria, "contact", actor=chain.referrer, work=work)
    assert before.name == RIA.name, "the control: the keys are warm and the value opened"
    erase(service, chain, ria)
    with service.work() as work, pytest.raises(Erased), work.reading(chain.officer, "rights"):
        _ = work.session.get_one(Participant, ria).name
    service.key_ring.forget()
    with service.work() as work, pytest.raises(Erased), work.reading(chain.officer, "rights"):
        _ = work.session.get_one(Participant, ria).name


def test_others_stay_readable(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        theirs = register_participant(RIA, actor=chain.neighbour, work=work).id
    erase(service, chain, ria)
    with service.work() as work:
        assert read_participant(theirs, "contact", actor=chain.neighbour, work=work).name == RIA.name


def test_an_erased_person_is_gone_for_who_knew_and_unknown_to_all_others(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    disclose(chain.coach, "contact")
    erase(service, chain, ria)
    for actor in (chain.referrer, chain.officer):
        with service.work() as work, pytest.raises(Erased):
            own_participant(ria, actor=actor, work=work)
    for actor in (chain.coach, chain.neighbour):
        with service.work() as work, pytest.raises(NotFound):
            read_participant(ria, "contact", actor=actor, work=work)
    with pytest.raises(Erased):
        erase(service, chain, ria)
    with service.work() as work, pytest.raises(Erased):
        withdraw_agreement(WithdrawAgreement(ria, work.today), actor=chain.referrer, work=work)


def test_an_erased_person_is_not_found_and_may_come_again(service: Service, chain: Chain, ria: UUID) -> None:
    erase(service, chain, ria)
    for given in ({"phone": RIA.phone}, {"email": RIA.email}, {"client_number": RIA.client_number}):
        with service.work() as work:
            command = SearchParticipants(**given)
            assert search_participants(command, actor=chain.referrer, work=work) == []
    with service.work() as work:
        assert register_participant(RIA, actor=chain.referrer, work=work).id != ria


def test_the_proof_stays_without_the_person(service: Service, chain: Chain, ria: UUID, disclose: Disclose) -> None:
    disclose(chain.coach, "contact")
    erase(service, chain, ria)
    with service.work() as work:
        assert work.session.scalars(select(Agreement.method)).one() == "in_person"
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "participant:erase")).one()
        message = work.session.scalars(select(OutboxMessage)).one()
    assert entry.details == {"ground": "request", "disclosures": 1}
    assert (message.event, message.payload["object_id"]) == ("ParticipantErased", str(ria))


def test_only_the_privacy_officer_of_the_own_organisation_erases(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    disclose(chain.coach, "contact")
    command = EraseParticipant(ria, "request")
    refusals = {chain.referrer: NotAllowed, chain.coach: NotFound, chain.neighbour: NotFound}
    for actor, refusal in refusals.items():
        with service.work() as work, pytest.raises(refusal):
            erase_participant(command, actor=actor, work=work)


def test_an_erasure_that_fails_halfway_leaves_everything_as_it_was(service: Service, chain: Chain, ria: UUID) -> None:
    def fail_halfway() -> None:
        with service.work() as work:
            erase_participant(EraseParticipant(ria, "error"), actor=chain.officer, work=work)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    with service.work() as work:
        assert read_participant(ria, "contact", actor=chain.referrer, work=work).name == RIA.name


def test_the_database_refuses_an_erased_person_who_can_be_found(service: Service, chain: Chain, ria: UUID) -> None:
    with pytest.raises(IntegrityError), service.engine.begin() as connection:
        connection.execute(text("UPDATE participant SET erased_at = registered_at"))
