"""The rules of the house for code lists: labelled in Dutch, unique, complete against the chain and the API contract."""

import re

import pytest

from referral.core.codelists import (
    LIST_YEARS,
    Effect,
    code_lists,
    instruments,
    labels,
    labour_market_regions,
    legal_bases,
    municipalities,
    reasons,
    reasons_for,
    templates,
)
from referral.core.policy import OrganisationKind, Role
from referral.identity.models import RegionKind

EVENTS = set(
    re.findall(
        r"\w+",
        """create submit return_with_question answer accept waitlist offer_place decline confirm_handover start_intake
    start_trajectory not_start stop complete close withdraw withdraw_agreement expire reopen void undo assign
    plan_handover record_contact record_progress record_follow_up hold resume escalate decide_escalation add_note
    transfer""",
    )
)
NEED_A_REASON = EVENTS & set(
    re.findall(
        r"\w+", "decline not_start stop close withdraw withdraw_agreement expire reopen void hold escalate transfer"
    )
)
REASONS = set(
    re.findall(
        r"\w+",
        """client_no_longer_wants client_unreachable client_no_show client_found_work client_other_training client_moved
    client_health client_care_duties client_practical client_deceased agreement_withdrawn
    no_capacity group_not_formed level_too_low level_too_high outside_target_group outside_region trajectory_ended
    safety entered_in_error duplicate benefit_ended priority_changed transferred no_response retention
    hold_health hold_work hold_care hold_holiday hold_waiting_group hold_other
    q_level q_availability q_contact q_motivation q_other
    client_prefers_alone phone_introduction referrer_unavailable urgent
    goal_reached partly_reached not_reached next_trajectory started_work aftercare_refused aftercare_unreachable""",
    )
)
CONTRACT = {
    "instrument": "taalmeter rekenmeter digimeter taalverkenner sociale_inclusiemeter conversation",
    "indication": "yes no undetermined",
    "languageBackground": "nt1 nt2 unknown",
    "employment": "employed jobseeker benefit other",
    "ageBand": "16-17 18-24 25-34 35-44 45-54 55-64 65+",
    "foundAt": "benefit_intake re_integration workplace taalhuis library school health youth_family other",
    "skills": "reading numeracy digital",
    "conversationOutcome": "agrees declines undecided",
    "dataScope": "contact learning_wish screening_indication barriers background",
    "method": "in_person phone written digital",
    "purpose": "contact intake guidance rights national_statistics",
    "ground": "request retention error",
    "legalBasis": "public_task legal_obligation consent contract legitimate_interest",
    "ballWith": "referrer receiver coach coordinator nobody",
    "party": "client provider referrer system",
    "waitlistKind": "capacity group_forming",
    "mode": "three_way phone_three_way announced cold",
    "channel": "phone text email letter visit",
    "contactOutcome": "reached not_reached",
    "result": "achieved partly not",
    "certificate": "diploma mbo_certificate praktijkverklaring none",
    "stage": "screened indication discussed referred accepted handed_over intake started completed closed",
    "phase": "recognised screened discussed referred intake in_trajectory completed aftercare closed",
    "courseKind": "formal non_formal_professional non_formal_volunteer",
}
LISTS = sorted(code_lists())
# Latin letters with the accents Dutch uses, digits and ordinary punctuation.
DUTCH = re.compile(r"[A-Za-zÀ-ÿ0-9 .,;:'’()/&+–-]+")
CODE = re.compile(r"[a-z][a-z0-9_]*")
STANDARD_CODES = {"ageBand", "level", "municipalityCode", "labourMarketRegionCode", "occupationCode", "sector"}


@pytest.mark.parametrize("name", LISTS)
def test_every_code_has_a_dutch_label_of_its_own(name: str) -> None:
    words = labels(name)
    assert words
    assert all(DUTCH.fullmatch(label) and label == label.strip() for label in words.values())
    assert len(set(words.values())) == len(words)


@pytest.mark.parametrize("name", LISTS)
def test_a_label_is_no_code(name: str) -> None:
    """The control of the test above: a list whose codes were copied into its labels would pass there."""
    if name not in STANDARD_CODES:
        assert not [label for code, label in labels(name).items() if label == code or "_" in label]


@pytest.mark.parametrize("name", sorted(set(LISTS) - STANDARD_CODES))
def test_every_code_of_our_own_is_snake_case(name: str) -> None:
    assert all(CODE.fullmatch(code) for code in labels(name))


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_a_year(name: str) -> None:
    assert 2008 <= LIST_YEARS[name] <= 2026


@pytest.mark.parametrize("name", CONTRACT)
def test_the_codes_of_the_contract_are_there_and_no_others(name: str) -> None:
    assert list(labels(name)) == CONTRACT[name].split()


def test_the_reasons_are_those_of_the_chain() -> None:
    assert set(reasons()) == REASONS


def test_reasons_belong_to_events_of_the_chain() -> None:
    used = {event for reason in reasons().values() for event in reason.events}
    assert used <= EVENTS
    assert used == NEED_A_REASON | {"return_with_question", "confirm_handover"}


@pytest.mark.parametrize("event", sorted(NEED_A_REASON))
def test_every_event_that_asks_a_reason_offers_one(event: str) -> None:
    assert reasons_for(event)


def test_only_other_reasons_ask_for_a_note() -> None:
    assert {code for code, reason in reasons().items() if reason.note_required} == {"hold_other", "q_other"}


def test_every_effect_is_used() -> None:
    assert {reason.effect for reason in reasons().values()} == set(Effect)


def test_no_code_asks_for_a_diagnosis() -> None:
    """AVG art. 9: that health stands in the way may be said, never what it is."""
    forbidden = re.compile(r"diagno|dysle|dyscalc|\blvb\b|autis|adhd|psych|depress|beperking|ziekte|disab", re.I)
    said = [f"{name} {code} {label}" for name in LISTS for code, label in labels(name).items()]
    assert not [words for words in said if forbidden.search(words)]
    assert forbidden.search("barriers lvb Licht verstandelijke beperking")


def test_there_are_342_gemeenten_in_35_regions() -> None:
    assert (len(municipalities()), len(labour_market_regions())) == (342, 35)
    assert len({place.labour_market_region_name for place in municipalities().values()}) == 35


def test_organisations_roles_and_regions_are_those_of_the_code() -> None:
    assert set(labels("organisationKind")) == set(OrganisationKind)
    assert set(labels("regionKind")) == set(RegionKind)
    assert set(labels("role")) == set(Role) - {Role.SYSTEM}


def test_a_list_that_names_codes_of_another_names_existing_ones() -> None:
    for instrument in instruments().values():
        assert set(instrument.skills) <= set(labels("screeningSkill"))
        for block in instrument.blocks:
            assert (block.education or frozenset()) <= set(labels("educationLevel"))
            assert block.level is None or block.level in labels("level")
    for template in templates().values():
        assert set(template.components) <= set(labels("component"))
        assert set(template.results) <= set(labels("certificate"))
        assert template.employment <= set(labels("employment"))
        assert template.pace is None or template.pace in labels("learningPace")


def test_every_kind_of_organisation_that_refers_has_a_legal_basis() -> None:
    kinds = {kind for basis in legal_bases().values() for kind in basis.organisation_kinds}
    assert kinds == set(OrganisationKind) - {OrganisationKind.REGION}
