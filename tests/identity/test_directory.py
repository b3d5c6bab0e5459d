"""Who is who: coaches, coordinators, regions and the terms that a region has tuned."""

import pytest

from referral.core.codelists import default_terms
from referral.core.errors import NotFound
from referral.core.policy import Actor, OrganisationKind, Role, system_actor
from referral.identity.models import Organisation
from referral.identity.usecases import (
    AddMembership,
    DeactivateUser,
    ListOrganisations,
    ListUsers,
    add_membership,
    coordinators_of,
    deactivate_user,
    find_coach,
    has_other_colleague,
    list_organisations,
    list_users,
    region_organisations_for,
    shared_regions,
    terms_for,
)

SYSTEM = system_actor("test")


def coach_actor(town) -> Actor:
    return Actor(town.coach, town.library, OrganisationKind.LIBRARY, frozenset({Role.COACH}))


def test_a_coach_is_an_active_colleague_with_that_role_in_that_organisation(service, town):
    with service.work() as work:
        assert find_coach(work, town.coach, town.library).name == "Bram Coach"
    for user_id, organisation_id in (
        (town.coach, town.municipality),
        (town.admin, town.library),
        (town.library, town.library),
    ):
        with pytest.raises(NotFound), service.work() as work:
            find_coach(work, user_id, organisation_id)


def test_who_left_is_no_coach_and_no_coordinator(service, town):
    with service.work() as work:
        assert [user.id for user in coordinators_of(work.session, town.library)] == [town.coach]
        deactivate_user(DeactivateUser(town.coach), actor=SYSTEM, work=work)
    with service.work() as work:
        assert coordinators_of(work.session, town.library) == []
        with pytest.raises(NotFound):
            find_coach(work, town.coach, town.library)


def test_another_colleague_is_somebody_else_with_the_role_who_did_not_leave(service, town):
    with service.work() as work:
        assert not has_other_colleague(work.session, town.library, Role.COACH, town.coach)
        add_membership(AddMembership(town.admin, town.library, Role.COACH), actor=SYSTEM, work=work)
        assert has_other_colleague(work.session, town.library, Role.COACH, town.coach)
        assert not has_other_colleague(work.session, town.municipality, Role.COACH, town.coach)
        assert not has_other_colleague(work.session, town.library, Role.REFERRER, town.coach)
        deactivate_user(DeactivateUser(town.admin), actor=SYSTEM, work=work)
        assert not has_other_colleague(work.session, town.library, Role.COACH, town.coach)


def test_organisations_share_the_regions_that_both_belong_to(service, town):
    with service.work() as work:
        assert shared_regions(work.session, town.municipality, town.library) == {town.web_region}
        assert shared_regions(work.session, town.municipality, town.far_away) == frozenset()


def test_the_regional_collaboration_is_found_through_a_shared_region(service, town):
    with service.work() as work:
        for ours in (town.municipality, town.library):
            assert [found.id for found in region_organisations_for(work.session, ours)] == [town.network]
        assert region_organisations_for(work.session, town.far_away) == []
        work.session.get(Organisation, town.network).active = False
    with service.work() as work:
        assert region_organisations_for(work.session, town.library) == []


def test_only_the_labour_market_region_tunes_the_terms(service, town):
    with service.work() as work:
        tuned = terms_for(work.session, town.municipality)
        assert tuned["submitted"].remind.working_days == 4
        assert tuned["submitted"].escalate == default_terms()["submitted"].escalate
        assert terms_for(work.session, town.library) is default_terms()


def test_organisations_are_listed_by_kind_and_page_with_their_regions(service, town):
    with service.work() as work:
        library = list_organisations(ListOrganisations(OrganisationKind.LIBRARY), actor=SYSTEM, work=work).items
        assert [(one.organisation.id, [region.id for region in one.regions]) for one in library] == [
            (town.library, [town.web_region])
        ]
        seen, cursor = [], None
        for _ in range(4):
            page = list_organisations(ListOrganisations(limit=1, cursor=cursor), actor=SYSTEM, work=work)
            seen += [one.organisation.id for one in page.items]
            cursor = page.next
        assert seen == [town.far_away, town.network, town.library, town.municipality]
        assert cursor is None


def test_colleagues_are_those_of_the_own_organisation_with_their_roles_there(service, town):
    with service.work() as work:
        add_membership(AddMembership(town.coach, town.municipality, Role.REFERRER), actor=SYSTEM, work=work)
        page = list_users(ListUsers(), actor=coach_actor(town), work=work)
        assert [(one.user.id, one.roles) for one in page.items] == [
            (town.admin, [Role.ADMIN]),
            (town.coach, [Role.COACH, Role.COORDINATOR]),
        ]
        deactivate_user(DeactivateUser(town.admin), actor=SYSTEM, work=work)
        page = list_users(ListUsers(), actor=coach_actor(town), work=work)
        assert [one.user.id for one in page.items] == [town.coach]
