"""One person, one registration; nothing personal stands in the database in clear."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import inspect, text

from referral.core.audit import AuditEntry
from referral.core.encryption import PurposeMissing
from referral.core.errors import DuplicateParticipant, Invalid, NotFound, Problem, Stale
from referral.core.work import Service
from referral.participants.models import Participant
from referral.participants.usecases import (
    ChangeParticipant,
    RegisterParticipant,
    change_participant,
    find_participant,
    offer_or_register,
    reachable,
    read_participant,
    register_participant,
)
from tests.participants.conftest import RIA, Chain

RANDOM_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")


def everything_stored(service: Service) -> str:
    with service.engine.connect() as connection:
        rows = [
            repr([bytes(value) if isinstance(value, memoryview) else value for value in row])
            for table in inspect(service.engine).get_table_names()
            for row in connection.execute(text(f'SELECT * FROM "{table}"'))
        ]
    return "\n".join(rows)


def found_in(stored: str) -> list[str]:
    """The pieces of Ria that stand there. Ids are taken out first: among random digits any year turns up some day."""
    words = RANDOM_ID.sub("", stored)
    needles = ("Ria", "Wit", "1122", "+3161", "ia@voorbeeld", "20418", "Fatma", "dinsdag", "1985", "7K3Q")
    return [needle for needle in needles if needle in words]


def test_nothing_of_the_person_stands_in_the_database(service: Service, chain: Chain, ria: UUID) -> None:
    """Control: one value put in clear is found."""
    stored = everything_stored(service)
    assert str(ria) in stored or ria.hex in stored, "this does see the row"
    assert found_in(stored) == []
    with service.work() as work:
        work.record(chain.referrer, "participant:read", "participant", ria, year=1985)
    assert found_in(everything_stored(service)) == ["1985"]


def test_no_value_opens_without_a_purpose(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        participant = find_participant(ria, actor=chain.referrer, work=work)
        with pytest.raises(PurposeMissing):
            _ = participant.name
        assert repr(participant) == f"<Participant {ria}>"
        assert "Ria" not in repr(RIA)


@pytest.mark.parametrize("phone", ["0611223344", "+31 6 11223344", "0031-611223344"])
def test_the_same_phone_in_any_notation_is_offered_not_doubled(
    service: Service, chain: Chain, ria: UUID, phone: str
) -> None:
    with service.work() as work, pytest.raises(DuplicateParticipant) as refusal:
        register_participant(RegisterParticipant(name="R. de Wit", phone=phone), actor=chain.referrer, work=work)
    assert refusal.value.members == {"participantId": str(ria), "matchedOn": "phone"}


def test_another_organisation_is_not_told_who_is_known_elsewhere(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        assert register_participant(RIA, actor=chain.neighbour, work=work).id != ria


def test_a_family_may_share_a_phone_but_never_a_client_number(service: Service, chain: Chain, ria: UUID) -> None:
    brother = RegisterParticipant(name="Joop de Wit", phone=RIA.phone, allow_duplicate=True)
    with service.work() as work:
        assert register_participant(brother, actor=chain.referrer, work=work).id != ria
    with service.work() as work, pytest.raises(DuplicateParticipant) as refusal:
        register_participant(replace(brother, client_number=" K-20418 "), actor=chain.referrer, work=work)
    assert refusal.value.members == {"participantId": str(ria), "matchedOn": "clientNumber"}


def test_exactly_the_same_particulars_are_the_same_person(service: Service, chain: Chain, ria: UUID) -> None:
    again = RegisterParticipant(name="ria  de wit", phone="+31611223344", email="RIA@voorbeeld.example")
    with service.work() as work:
        assert offer_or_register(again, actor=chain.referrer, work=work).id == ria
    with service.work() as work:
        assert offer_or_register(replace(again, phone="0655667788"), actor=chain.referrer, work=work).id != ria


@pytest.mark.parametrize("other", [{"name": "Joop de Wit"}, {"birth_year": 1986}, {"email": "joop@voorbeeld.example"}])
def test_other_particulars_are_for_the_referrer_to_choose(
    service: Service, chain: Chain, ria: UUID, other: dict[str, object]
) -> None:
    with service.work() as work, pytest.raises(DuplicateParticipant) as refusal:
        offer_or_register(replace(RIA, client_number=None, **other), actor=chain.referrer, work=work)
    assert refusal.value.members["participantId"] == str(ria)


def test_two_registrations_at_once_lead_to_one_person(service: Service, chain: Chain) -> None:
    def register(_turn: int) -> str:
        try:
            with service.work() as work:
                register_participant(replace(RIA, client_number=None), actor=chain.referrer, work=work)
        except Problem as refusal:
            return refusal.slug
        return "registered"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(register, range(4)))
    assert outcomes == ["duplicate-participant"] * 3 + ["registered"]


@pytest.mark.parametrize("year", [1899, 2013])
def test_a_birth_year_out_of_reach_is_refused_at_its_place(service: Service, chain: Chain, year: int) -> None:
    child = RegisterParticipant(name="Kim", birth_year=year)
    with service.work() as work, pytest.raises(Invalid) as refusal:
        offer_or_register(child, actor=chain.referrer, work=work)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/participant/birthYear", "range")]
    with service.work() as work:
        offer_or_register(replace(child, birth_year=2012), actor=chain.referrer, work=work)


def test_reachable_is_known_without_opening_anything(service: Service, chain: Chain) -> None:
    ways = {"phone": RIA.phone, "email": RIA.email, "contact_person": RIA.contact_person}
    with service.work() as work:
        for member, value in ways.items():
            command = RegisterParticipant(name="Kim", allow_duplicate=True, **{member: value})
            assert reachable(work, register_participant(command, actor=chain.referrer, work=work)), member
        nowhere = register_participant(
            RegisterParticipant(name="Kim", preferred_channel="phone"), actor=chain.referrer, work=work
        )
        assert not reachable(work, nowhere)
        assert work.session.query(AuditEntry).filter_by(action="participant:read").count() == 0


def change(service: Service, chain: Chain, ria: UUID, version: int, **changes: object) -> Participant:
    command = ChangeParticipant(participant_id=ria, expected_version=version, changes=changes)
    with service.work() as work:
        return change_participant(command, actor=chain.referrer, work=work)


def test_a_changed_phone_is_found_and_the_old_one_no_more(service: Service, chain: Chain, ria: UUID) -> None:
    assert change(service, chain, ria, 1, phone="0655667788", email=None).version == 2
    with service.work() as work:
        view = read_participant(ria, "contact", actor=chain.referrer, work=work)
        assert (view.phone, view.email, view.name) == ("0655667788", None, "Ria de Wit")
        register_participant(RegisterParticipant(name="Nieuw", phone=RIA.phone), actor=chain.referrer, work=work)
    with service.work() as work, pytest.raises(DuplicateParticipant):
        register_participant(RegisterParticipant(name="R", phone="06-55667788"), actor=chain.referrer, work=work)


def test_a_change_on_an_old_version_is_refused(service: Service, chain: Chain, ria: UUID) -> None:
    change(service, chain, ria, 1, name="Ria Wit")
    with pytest.raises(Stale) as refusal:
        change(service, chain, ria, 1, name="Ria Zwart")
    assert refusal.value.members == {"version": 2}


def test_a_change_keeps_the_own_number_but_takes_no_other(service: Service, chain: Chain, ria: UUID) -> None:
    with service.work() as work:
        joop = register_participant(
            RegisterParticipant(name="Joop", client_number="K-1"), actor=chain.referrer, work=work
        ).id
    change(service, chain, ria, 1, client_number="K-20418", phone="0611223344")
    with pytest.raises(DuplicateParticipant) as refusal:
        change(service, chain, joop, 1, client_number="K-20418")
    assert refusal.value.members["participantId"] == str(ria)


def test_only_the_registering_organisation_changes(service: Service, chain: Chain, ria: UUID, disclose) -> None:
    disclose(chain.coach, "contact")
    command = ChangeParticipant(participant_id=ria, expected_version=1, changes={"name": "X"})
    for stranger in (chain.coach, chain.neighbour):
        with service.work() as work, pytest.raises(NotFound):
            change_participant(command, actor=stranger, work=work)


def test_the_database_itself_refuses_a_second_client_number(service: Service, chain: Chain, ria: UUID) -> None:
    with service.engine.connect() as connection:
        tag = connection.execute(text("SELECT client_number_bix FROM participant")).scalar_one()
    with service.work() as work:
        register_participant(RegisterParticipant(name="Joop"), actor=chain.referrer, work=work)
    statement = text("UPDATE participant SET client_number_bix = :tag")
    with pytest.raises(Exception, match=r"(?i)unique"), service.engine.begin() as connection:
        connection.execute(statement, {"tag": bytes(tag)})
