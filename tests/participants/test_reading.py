"""Who sees what of a participant, for which purpose; and that it is on record."""

from uuid import UUID

import pytest
from sqlalchemy import select

from referral.core.audit import AuditEntry
from referral.core.codelists import labels
from referral.core.errors import NotAllowed, NotFound
from referral.core.policy import Role
from referral.core.work import Service
from referral.participants.models import Participant
from referral.participants.scopes import EVERYTHING, MEMBERS, NATIONAL_STATISTICS, PURPOSES, members_within
from referral.participants.usecases import assign_disclosure, end_disclosure, find_participant, read_participant
from tests.participants.conftest import RIA, Chain, Disclose, as_role


def members_seen(service: Service, participant_id: UUID, purpose: str, actor) -> set[str]:
    with service.work() as work:
        view = read_participant(participant_id, purpose, actor=actor, work=work)
    seen = {member for member in EVERYTHING if getattr(view, member) is not None}
    assert seen <= set(view.shown)
    return seen


def test_the_tables_cover_the_code_lists() -> None:
    assert set(MEMBERS) == set(labels("dataScope"))
    assert {*PURPOSES, NATIONAL_STATISTICS} == set(labels("purpose"))
    assert {name for name in RIA.members if name not in ("client_number", "gender")} == set(members_within(MEMBERS))
    assert set(RIA.members) == set(EVERYTHING)


def test_the_registering_organisation_sees_everything(service: Service, chain: Chain, ria: UUID) -> None:
    for purpose in PURPOSES:
        assert members_seen(service, ria, purpose, chain.referrer) == set(EVERYTHING)


@pytest.mark.parametrize("scope", sorted(MEMBERS))
def test_a_receiver_sees_the_agreed_scope_and_no_more(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose, scope: str
) -> None:
    disclose(chain.coach, scope)
    assert members_seen(service, ria, "intake", chain.coach) == set(MEMBERS[scope])


def test_two_disclosures_add_up(service: Service, chain: Chain, ria: UUID, disclose: Disclose) -> None:
    disclose(chain.coach, "contact")
    disclose(chain.coach, "background", "learning_wish")
    disclose(chain.other_coach, "screening_indication")
    seen = members_seen(service, ria, "guidance", chain.coach)
    assert seen == set(members_within(["contact", "background"]))
    assert "client_number" not in seen


def test_nobody_sees_the_person_before_or_after_the_disclosure(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    with pytest.raises(NotFound):
        members_seen(service, ria, "contact", chain.coach)
    referral = disclose(chain.coach, "contact")
    assert members_seen(service, ria, "contact", chain.coach)
    with service.work() as work:
        end_disclosure(work, referral, "client_moved")
    with pytest.raises(NotFound):
        members_seen(service, ria, "contact", chain.coach)


def test_once_a_coach_is_named_only_that_coach_sees_the_person(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    referral = disclose(chain.coach, "contact")
    assert members_seen(service, ria, "contact", chain.colleague), "the control: the whole team sees it in the queue"
    with service.work() as work:
        assign_disclosure(work, referral, chain.coach.id)
    assert members_seen(service, ria, "contact", chain.coach)
    with pytest.raises(NotFound):
        members_seen(service, ria, "contact", chain.colleague)
    with service.work() as work:
        assign_disclosure(work, referral, None)
    assert members_seen(service, ria, "contact", chain.colleague)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COACH])
def test_the_receiver_sees_it_as_a_coach_only(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose, role: Role
) -> None:
    disclose(chain.coach, "contact")
    with pytest.raises(NotFound):
        members_seen(service, ria, "contact", as_role(chain.coach, role))


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.REFERRER, Role.PRIVACY_OFFICER)])
def test_a_colleague_of_the_referrer_needs_the_role(service: Service, chain: Chain, ria: UUID, role: Role) -> None:
    with pytest.raises(NotFound):
        members_seen(service, ria, "contact", as_role(chain.referrer, role))


def test_another_municipality_sees_nothing(service: Service, chain: Chain, ria: UUID) -> None:
    for role in (Role.REFERRER, Role.PRIVACY_OFFICER):
        with pytest.raises(NotFound):
            members_seen(service, ria, "rights", as_role(chain.neighbour, role))


def test_the_privacy_officer_reads_for_rights_only(service: Service, chain: Chain, ria: UUID) -> None:
    assert members_seen(service, ria, "rights", chain.officer) == set(EVERYTHING)
    for purpose in PURPOSES.keys() - {"rights"}:
        with pytest.raises(NotAllowed):
            members_seen(service, ria, purpose, chain.officer)


def test_a_receiver_has_no_rights_purpose(service: Service, chain: Chain, ria: UUID, disclose: Disclose) -> None:
    disclose(chain.coach, "contact")
    with pytest.raises(NotAllowed):
        members_seen(service, ria, "rights", chain.coach)


def test_an_organisation_that_refers_to_itself_keeps_the_scope_for_its_coaches(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    own_coach = as_role(chain.referrer, Role.COACH)
    disclose(own_coach, "background")
    assert members_seen(service, ria, "intake", own_coach) == {"birth_year", "language_background"}


def test_a_reading_is_on_record_with_purpose_and_members(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    disclose(chain.coach, "background")
    members_seen(service, ria, "intake", chain.coach)
    with service.work() as work:
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "participant:read")).one()
    assert (entry.actor_id, entry.object_id) == (chain.coach.id, ria)
    assert entry.details == {"purpose": "intake", "fields": ["birth_year", "language_background"]}


def test_who_may_see_the_row_may_read_it_and_nobody_else(
    service: Service, chain: Chain, ria: UUID, disclose: Disclose
) -> None:
    referral = disclose(chain.coach, "contact")
    with service.work() as work:
        assign_disclosure(work, referral, chain.coach.id)
    actors = [chain.referrer, chain.officer, chain.neighbour, chain.coach, chain.colleague, chain.other_coach]
    for actor in [as_role(actor, role) for actor in actors for role in Role]:
        with service.work() as work:
            listed = work.session.scalars(select(Participant.id).where(Participant.visible_to(actor))).all()
            try:
                found = [find_participant(ria, actor=actor, work=work).id]
            except NotFound:
                found = []
        own = actor.organisation_id == chain.referrer.organisation_id
        expected = own and actor.has_role(Role.REFERRER, Role.PRIVACY_OFFICER)
        expected |= actor.id == chain.coach.id and actor.has_role(Role.COACH)
        assert listed == found == ([ria] if expected else [])
