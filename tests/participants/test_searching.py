"""Finding a participant of the own register by an exact number or address."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from referral.core.audit import AuditEntry
from referral.core.errors import Invalid, TooManyRequests
from referral.core.work import Service
from referral.participants.usecases import (
    Match,
    SearchParticipants,
    read_participant,
    register_participant,
    search_participants,
)
from referral.participants.usecases.finding import SEARCH, SEARCHES, WINDOW
from tests.participants.conftest import RIA, Chain, Clock


def search(service: Service, actor, **given: str) -> list[Match]:
    with service.work() as work:
        return list(search_participants(SearchParticipants(**given), actor=actor, work=work))


@pytest.mark.parametrize(
    ("member", "value", "matched_on"),
    [
        ("phone", "+31 (0)6-1122 3344", "phone"),
        ("phone", "0611223344", "phone"),
        ("email", " RIA@VOORBEELD.example ", "email"),
        ("client_number", " K-20418", "clientNumber"),
    ],
)
def test_any_notation_finds(
    service: Service, chain: Chain, ria: UUID, member: str, value: str, matched_on: str
) -> None:
    assert search(service, chain.referrer, **{member: value}) == [Match(ria, matched_on)]
    assert search(service, chain.officer, **{member: value}) == [Match(ria, matched_on)]


@pytest.mark.parametrize("given", [{"phone": "0611223345"}, {"email": "ria@voorbeeld.nl"}, {"client_number": "k-2"}])
def test_almost_is_not_enough(service: Service, chain: Chain, ria: UUID, given: dict[str, str]) -> None:
    assert search(service, chain.referrer, **given) == []


def test_only_the_own_register_is_searched(service: Service, chain: Chain, ria: UUID) -> None:
    for stranger in (chain.neighbour, chain.coach):
        assert search(service, stranger, phone="0611223344") == []
    with service.work() as work:
        theirs = register_participant(RIA, actor=chain.neighbour, work=work).id
    assert search(service, chain.neighbour, client_number="K-20418") == [Match(theirs, "clientNumber")]
    assert search(service, chain.referrer, client_number="K-20418") == [Match(ria, "clientNumber")]


@pytest.mark.parametrize("given", [{}, {"phone": "0611223344", "email": "ria@voorbeeld.example"}])
def test_a_search_is_for_one_thing(service: Service, chain: Chain, given: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        search(service, chain.referrer, **given)


def test_what_cannot_be_read_is_refused_without_repeating_it(service: Service, chain: Chain) -> None:
    with pytest.raises(Invalid) as refusal:
        search(service, chain.referrer, phone="geen nummer")
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/phone", "phone")]
    assert "geen nummer" not in repr(refusal.value.errors)


def test_a_search_is_on_record_without_what_was_searched(service: Service, chain: Chain, ria: UUID) -> None:
    search(service, chain.referrer, phone="0611223344")
    with service.work() as work:
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.action == SEARCH)).one()
    assert entry.details == {"matched_on": "phone", "found": 1}


def test_sixty_searches_in_ten_minutes_and_no_more(service: Service, chain: Chain, clock: Clock, ria: UUID) -> None:
    for _turn in range(SEARCHES):
        assert search(service, chain.referrer, phone="0611223344")
        clock.now += timedelta(seconds=1)
    with pytest.raises(TooManyRequests) as refusal:
        search(service, chain.referrer, phone="0611223344")
    wait = int(refusal.value.headers["Retry-After"])
    assert wait == (WINDOW - timedelta(seconds=SEARCHES)).total_seconds()
    assert search(service, chain.officer, phone="0611223344"), "the control: each actor has its own sixty"
    with service.work() as work:
        assert read_participant(ria, "contact", actor=chain.referrer, work=work).name, "and reading goes on"
    clock.now += timedelta(seconds=wait - 1)
    with pytest.raises(TooManyRequests):
        search(service, chain.referrer, phone="0611223344")
    clock.now += timedelta(seconds=1)
    assert search(service, chain.referrer, phone="0611223344")


def test_a_refusal_does_not_make_the_wait_longer(service: Service, chain: Chain, clock: Clock, ria: UUID) -> None:
    with service.work() as work:
        for _turn in range(SEARCHES):
            work.record(chain.referrer, SEARCH, "operation", None, result="too-many-requests")
    assert search(service, chain.referrer, phone="0611223344")
