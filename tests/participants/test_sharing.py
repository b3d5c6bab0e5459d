"""The agreement and what is shared under it: nothing without, nothing after."""

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from referral.core.audit import AuditEntry
from referral.core.database import new_id
from referral.core.errors import GuardRefused, Invalid, NotFound
from referral.core.outbox import OutboxMessage
from referral.core.work import Service
from referral.participants.models import Agreement, Disclosure, Participant
from referral.participants.usecases import (
    AgreementWithdrawn,
    RegisterParticipant,
    WithdrawAgreement,
    Withdrawal,
    agreement_holds,
    end_disclosure,
    record_agreement,
    register_participant,
    withdraw_agreement,
    withdraw_one_agreement,
)
from tests.participants.conftest import Chain, Clock, Disclose, agreed, open_for, open_under

HEARD_ON = date(2026, 11, 3)


def withdraw(service: Service, actor, participant_id: UUID, heard_on: date = HEARD_ON) -> Withdrawal:
    with service.work() as work:
        return withdraw_agreement(WithdrawAgreement(participant_id, heard_on), actor=actor, work=work)


def sees(service: Service, actor, participant_id: UUID) -> bool:
    with service.work() as work:
        query = select(Participant.id).where(Participant.id == participant_id, Participant.visible_to(actor))
        return work.session.scalars(query).one_or_none() is not None


def test_a_withdrawal_ends_all_sharing_at_once(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose, clock: Clock
) -> None:
    disclose(chain.coach, "contact")
    disclose(chain.other_coach, "contact")
    assert sees(service, chain.coach, ria)
    done = withdraw(service, chain.coach, ria)
    assert done == Withdrawal(ria, HEARD_ON, clock.now, agreements_ended=2, disclosures_ended=2)
    assert not sees(service, chain.coach, ria)
    assert not sees(service, chain.other_coach, ria)
    assert sees(service, chain.referrer, ria)
    with service.work() as work:
        for agreement in work.session.scalars(select(Agreement)):
            assert (agreement.withdrawn_on, agreement.withdrawal_recorded_by) == (HEARD_ON, chain.coach.id)
        for disclosure in work.session.scalars(select(Disclosure)):
            assert (disclosure.ended_at, disclosure.end_reason) == (clock.now, "agreement_withdrawn")


def test_a_withdrawal_is_told_to_the_floors_above_and_on_record(service: Service, chain: Chain, ria: UUID) -> None:
    withdraw(service, chain.officer, ria)
    with service.work() as work:
        message = work.session.scalars(select(OutboxMessage)).one()
        entry = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "participant:withdraw_agreement")
        ).one()
    assert message.event == "AgreementWithdrawn"
    assert AgreementWithdrawn.from_payload(message.payload).object_id == ria
    assert (entry.object_id, entry.details) == (ria, {"agreements": 0, "disclosures": 0})


def test_a_second_withdrawal_keeps_the_first_day(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose, clock: Clock
) -> None:
    disclose(chain.coach, "contact")
    withdraw(service, chain.referrer, ria)
    clock.now += timedelta(days=5)
    assert withdraw(service, chain.referrer, ria, date(2026, 11, 8)).agreements_ended == 0
    with service.work() as work:
        assert work.session.scalars(select(Agreement.withdrawn_on)).one() == HEARD_ON


def test_a_day_to_come_is_refused(service: Service, chain: Chain, ria: UUID) -> None:
    tomorrow = date(2026, 11, 4)
    with pytest.raises(Invalid) as refusal:
        withdraw(service, chain.referrer, ria, tomorrow)
    assert [error.pointer for error in refusal.value.errors] == ["/heardOn"]
    with service.work() as work, pytest.raises(Invalid):
        record_agreement(ria, agreed(tomorrow, "contact"), actor=chain.referrer, work=work)


def test_a_stranger_can_neither_agree_nor_withdraw(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    for stranger in (chain.neighbour, chain.coach):
        with pytest.raises(NotFound):
            withdraw(service, stranger, ria)
    disclose(chain.coach, "contact")
    with service.work() as work, pytest.raises(NotFound):
        record_agreement(ria, agreed(HEARD_ON, "contact"), actor=chain.coach, work=work)


def test_one_agreement_ends_what_was_shared_under_it_only(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        first = open_for(work, chain.referrer, ria, chain.coach, new_id(), ("contact",))
        second = open_for(work, chain.referrer, ria, chain.other_coach, new_id(), ("contact",))
    with service.work() as work:
        withdraw_one_agreement(first, HEARD_ON, actor=chain.coach, work=work)
        assert not agreement_holds(work, first)
        assert agreement_holds(work, second)
        assert not agreement_holds(work, None)
        assert not agreement_holds(work, new_id())
    assert not sees(service, chain.coach, ria)
    assert sees(service, chain.other_coach, ria)
    with service.work() as work, pytest.raises(NotFound):
        withdraw_one_agreement(new_id(), HEARD_ON, actor=chain.coach, work=work)


def test_nothing_opens_without_an_agreement_in_force(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        withdrawn = open_for(work, chain.referrer, ria, chain.coach, new_id(), ("contact",))
        joop = register_participant(RegisterParticipant(name="Joop"), actor=chain.referrer, work=work).id
        of_joop = open_for(work, chain.referrer, joop, chain.coach, new_id(), ("contact",))
        withdraw_one_agreement(withdrawn, HEARD_ON, actor=chain.coach, work=work)
    for agreement_id in (None, withdrawn, of_joop, new_id()):
        with service.work() as work, pytest.raises(GuardRefused) as refusal:
            open_under(work, agreement_id, ria, chain.coach, new_id(), ("contact",))
        assert refusal.value.members == {"code": "agreement_missing"}
    assert not sees(service, chain.coach, ria)


def test_no_more_is_shared_than_was_agreed(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        agreement = open_for(work, chain.referrer, ria, chain.coach, new_id(), ("contact", "background"))
        open_under(work, agreement, ria, chain.coach, new_id(), ("background",))
    with service.work() as work, pytest.raises(GuardRefused):
        open_under(work, agreement, ria, chain.coach, new_id(), ("contact", "screening_indication"))


def test_opening_what_is_open_changes_nothing(service: Service, chain: Chain, ria: UUID) -> None:
    referral = new_id()
    with service.work() as work:
        agreement = open_for(work, chain.referrer, ria, chain.coach, referral, ("contact", "background"))
        first = work.session.scalars(select(Disclosure.id)).one()
        assert open_under(work, agreement, ria, chain.coach, referral, ("background", "contact")) == first


def test_another_receiver_gets_a_disclosure_of_its_own(service: Service, chain: Chain, ria: UUID) -> None:
    referral = new_id()
    with service.work() as work:
        agreement = open_for(work, chain.referrer, ria, chain.coach, referral, ("contact",))
        open_under(work, agreement, ria, chain.other_coach, referral, ("contact",))
    assert not sees(service, chain.coach, ria)
    assert sees(service, chain.other_coach, ria)
    with service.work() as work:
        reasons = set(work.session.scalars(select(Disclosure.end_reason)))
        end_disclosure(work, new_id(), "nothing to end")
    assert reasons == {"replaced", None}


def test_the_database_refuses_two_open_disclosures_of_one_referral(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    referral = disclose(chain.coach, "contact")
    with service.work() as work:
        row = work.session.scalars(select(Disclosure)).one()
        again = {column.key: getattr(row, column.key) for column in Disclosure.__table__.columns if column.key != "id"}
    assert again["referral_id"] == referral
    with pytest.raises(IntegrityError), service.work() as work:
        work.session.add(Disclosure(**again))
    with service.work() as work:
        work.session.add(Disclosure(**again | {"ended_at": work.now, "end_reason": "replaced"}))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agreement SET withdrawn_on = '2026-11-03'",
        "UPDATE agreement SET withdrawal_recorded_by = recorded_by",
        "UPDATE disclosure SET end_reason = 'x'",
        "UPDATE disclosure SET ended_at = started_at",
    ],
)
def test_the_database_refuses_half_an_end(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose, statement: str
) -> None:
    disclose(chain.coach, "contact")
    with pytest.raises(IntegrityError), service.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_withdrawal_waits_for_a_disclosure_that_is_being_opened(service: Service, chain: Chain, ria: UUID) -> None:
    """Without the lock on the participant the withdrawal would not see the new disclosure, and leave it open."""
    with service.work() as work:
        agreement = record_agreement(ria, agreed(HEARD_ON, "contact"), actor=chain.referrer, work=work).id
    done: list[Withdrawal] = []
    rival = threading.Thread(target=lambda: done.append(withdraw(service, chain.referrer, ria)))
    with service.work() as work:
        open_under(work, agreement, ria, chain.coach, new_id(), ("contact",))
        rival.start()
        rival.join(0.5)
        assert rival.is_alive()
    rival.join(10)
    assert [withdrawal.disclosures_ended for withdrawal in done] == [1]
    assert not sees(service, chain.coach, ria)


def test_a_disclosure_waits_for_a_withdrawal_and_is_then_refused(service: Service, chain: Chain, ria: UUID) -> None:
    """Without the lock it would read the agreement as it stood before, and open after the withdrawal ended all."""
    with service.work() as work:
        agreement = record_agreement(ria, agreed(HEARD_ON, "contact"), actor=chain.referrer, work=work).id
    outcomes: list[str] = []

    def open_meanwhile() -> None:
        try:
            with service.work() as work:
                open_under(work, agreement, ria, chain.coach, new_id(), ("contact",))
        except GuardRefused:
            outcomes.append("refused")
        else:
            outcomes.append("opened")

    rival = threading.Thread(target=open_meanwhile)
    with service.work() as work:
        withdraw_agreement(WithdrawAgreement(ria, HEARD_ON), actor=chain.referrer, work=work)
        work.session.flush()
        rival.start()
        rival.join(0.5)
        assert rival.is_alive()
    rival.join(10)
    assert outcomes == ["refused"]
    assert not sees(service, chain.coach, ria)
