"""Reading the code lists: what they say, and that a malformed file is refused by file and key."""

from collections.abc import Callable
from datetime import date

import pytest

from referral.core.calendar import Span
from referral.core.codelists import (
    LIST_YEARS,
    Effect,
    Party,
    default_terms,
    instruments,
    labels,
    labour_market_regions,
    legal_bases,
    municipalities,
    occupations,
    parse_period,
    reasons,
    reasons_for,
    retention_terms,
    secrecy,
    sectors,
    targets_of,
    templates,
)
from referral.core.codelists.economy import read_occupations
from referral.core.codelists.figures import read_figure_rules
from referral.core.codelists.files import Entry, open_text, read_toml
from referral.core.codelists.indicators import read_indicators
from referral.core.codelists.instruments import read_instruments
from referral.core.codelists.labels import read_labels
from referral.core.codelists.law import read_legal_bases, read_retention_terms, read_secrecy
from referral.core.codelists.places import read_municipalities
from referral.core.codelists.questionnaire import read_questions
from referral.core.codelists.reasons import read_reasons
from referral.core.codelists.targets import read_targets
from referral.core.codelists.terms import read_terms
from referral.core.policy import OrganisationKind, Relation

REASON = """
year = 2026
[codes.urgent]
label = "Haast"
party = "client"
events = ["hold"]
note = false
effect = "none"
retired = false
"""
TERMS = """
year = 2026
[rights]
answer = { months = 1 }
extension = { months = 2 }
remind = { days = 21 }
[limits]
hold_max_days = 90
undo_minutes = 60
screening_max_age_months = 12
reconfirmation_max_age_days = 14
unreachable_attempts = 3
unreachable_channels = 2
unreachable_working_days = 10
void_by_referrer_hours = 24
[codes.submitted]
label = "Aanmelding"
remind = { working_days = 3 }
"""
PLACES = "naam,gemeentecode,arbeidsmarktregiocode,arbeidsmarktregio\nVelsen,GM0453,AM37,Zuid-Kennemerland en IJmond\n"


def working_days(n: int) -> Span:
    return Span(working_days=n)


# What the lists say


def test_the_terms_of_a_submitted_referral_run_from_reminder_to_expiry() -> None:
    term = default_terms()["submitted"]
    assert term.steps() == {
        "remind": working_days(3),
        "escalate": working_days(5),
        "escalate_region": working_days(10),
        "end": working_days(20),
    }
    assert (term.escalate_to, term.end_by) == (Relation.RECEIVER, "expire")


@pytest.mark.parametrize(
    ("code", "remind", "escalate", "end"),
    [
        ("screening", working_days(10), working_days(20), None),
        ("returned", working_days(3), working_days(10), None),
        ("accepted", working_days(5), working_days(10), None),
        ("handed_over", working_days(10), working_days(15), None),
        ("intake", working_days(10), working_days(20), None),
        ("waitlisted", Span(days=30), Span(days=90), None),
        ("fitting_offer", None, Span(months=3), None),
        ("in_trajectory", Span(days=90), Span(days=90, working_days=10), None),
        ("completed", Span(months=3), Span(months=3, working_days=15), Span(months=6)),
        ("draft", Span(days=14), None, Span(days=90)),
        ("follow_up", working_days(10), None, None),
    ],
)
def test_every_term_is_that_of_the_chain(code: str, remind: Span, escalate: Span, end: Span) -> None:
    term = default_terms()[code]
    assert (term.remind, term.escalate, term.escalate_region, term.end) == (remind, escalate, None, end)


def test_a_returned_referral_never_ends_by_itself() -> None:
    assert default_terms()["returned"].end is None


def test_only_the_review_and_the_progress_come_round_again() -> None:
    assert [term.code for term in default_terms().table.values() if term.repeats] == ["waitlisted", "in_trajectory"]


def test_the_limits_are_those_of_the_chain() -> None:
    limits = default_terms().limits
    assert (limits.hold_max_days, limits.undo_minutes, limits.screening_max_age_months) == (90, 60, 12)
    assert (limits.unreachable_attempts, limits.unreachable_channels, limits.unreachable_working_days) == (3, 2, 10)


def test_the_taalmeter_goes_on_after_eleven_right_of_fourteen() -> None:
    first, second = instruments()["taalmeter"].blocks
    assert (first.max_score, first.continue_from_score, first.max_minutes) == (14, 11, 12)
    assert (second.level, second.max_minutes) == ("2F", 17)


@pytest.mark.parametrize(
    ("instrument", "education", "suits"),
    [
        ("rekenmeter", "mbo4", True),
        ("rekenmeter", "havo", False),
        ("rekenmeter", "wo", False),
        ("rekenmeter", "unknown", True),
        ("taalmeter", "mbo4", True),
        ("taalmeter", "havo", False),
        ("digimeter", "wo", True),
        ("conversation", "wo", True),
    ],
)
def test_an_instrument_suits_some_schooling(instrument: str, education: str, suits: bool) -> None:
    assert instruments()[instrument].suits(education) is suits


def test_a_conversation_has_no_score() -> None:
    assert instruments()["conversation"].blocks == ()


def test_a_reason_tells_its_side_its_events_and_its_effect() -> None:
    wish = reasons()["client_no_longer_wants"]
    assert (wish.party, wish.effect, wish.cool_off_days) == (Party.CLIENT, Effect.COOL_OFF_DAYS, 90)
    assert reasons()["hold_other"].note_required
    assert reasons()["no_response"].party is Party.SYSTEM


def test_a_form_offers_the_reasons_of_its_event_only() -> None:
    assert {reason.code for reason in reasons_for("return_with_question")} == {
        "q_level",
        "q_availability",
        "q_contact",
        "q_motivation",
        "q_other",
    }


def test_the_three_templates_name_their_components() -> None:
    assert {template.letter: code for code, template in templates().items()} == {
        "A": "workers",
        "B": "from_education",
        "C": "jobseekers",
    }
    assert set(templates()["jobseekers"].components) == set(labels("component"))


def test_a_gemeente_knows_its_region() -> None:
    velsen = municipalities()["GM0453"]
    assert (velsen.name, velsen.labour_market_region_code) == ("Velsen", "AM37")
    assert labour_market_regions()["AM37"] == "Zuid-Kennemerland en IJmond"
    assert municipalities()["GM0820"].name == "Nuenen, Gerwen en Nederwetten"


def test_the_two_top_tens_overlap_in_nine_occupations() -> None:
    literacy = {code for code, occupation in occupations().items() if occupation.high_low_literacy}
    numeracy = {code for code, occupation in occupations().items() if occupation.high_low_numeracy}
    assert (len(literacy), len(numeracy), len(literacy & numeracy)) == (10, 10, 9)
    assert numeracy - literacy == {"1114"}


def test_the_vulnerable_sectors_are_industry_building_trade_and_catering() -> None:
    assert "".join(sectors()) == "ABCDEFGHIJKLMNOPQRSTU"
    assert [code for code, sector in sectors().items() if sector.vulnerable] == ["C", "F", "G", "I"]


def test_an_office_of_the_state_cannot_plead_its_own_interest_or_consent() -> None:
    for code in ("legitimate_interest", "consent"):
        assert not legal_bases()[code].organisation_kinds & {OrganisationKind.MUNICIPALITY, OrganisationKind.UWV}


def test_a_duty_of_secrecy_asks_a_declaration_beyond_the_task() -> None:
    duty = secrecy()[OrganisationKind.MUNICIPALITY]
    assert "Participatiewet art. 65" in duty.article
    for basis, scope, asked in (
        ("public_task", ["contact", "learning_wish", "screening_indication"], False),
        ("public_task", ["contact", "barriers"], True),
        ("legal_obligation", ["contact", "barriers"], False),
        (None, ["contact", "background"], True),
    ):
        assert duty.asks_declaration(basis, scope) is asked, (basis, scope)
    assert set(secrecy()) == {OrganisationKind.MUNICIPALITY, OrganisationKind.UWV, OrganisationKind.WERKCENTRUM}
    assert all(duty.within_task <= set(labels("dataScope")) for duty in secrecy().values())


def test_retention_runs_from_the_day_the_case_ended() -> None:
    ended = date(2026, 11, 2)
    assert {code: (term.selection_list, term.span.after(ended)) for code, term in retention_terms().items()} == {
        "municipal_trajectory": (("8.1",), date(2036, 11, 2)),
        "broken_off_social": (("8.4.1",), date(2026, 12, 14)),
        "service_elsewhere": (("21.1", "5.1"), date(2031, 11, 2)),
        "broken_off_other": (("5.4",), date(2027, 11, 2)),
        "log_in": (("19.1.24",), date(2027, 5, 2)),
    }


@pytest.mark.parametrize("period", ["", "10Y", "P", "P0D", "P1Y6M", "PT5M", "P-1D", "P1W "])
def test_a_period_of_another_shape_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="period"):
        parse_period(period)


def test_every_list_has_its_year() -> None:
    assert (LIST_YEARS["sector"], LIST_YEARS["occupationCode"], LIST_YEARS["municipalityCode"]) == (2008, 2014, 2026)


def test_nobody_changes_a_list_while_the_service_runs() -> None:
    with pytest.raises(TypeError):
        labels("employment")["retired"] = "Gepensioneerd"  # type: ignore[index]


# A region tunes its terms


def test_a_region_tunes_one_step_and_leaves_the_rest() -> None:
    tuned = default_terms().merged({"submitted": {"remind": {"working_days": 4}}, "limits": {"hold_max_days": 60}})
    assert tuned["submitted"].remind == working_days(4)
    assert tuned["submitted"].escalate == working_days(5)
    assert tuned["accepted"] == default_terms()["accepted"]
    assert (tuned.limits.hold_max_days, tuned.limits.undo_minutes) == (60, 60)


def test_tuning_leaves_the_default_terms_alone() -> None:
    default_terms().merged({"submitted": {"remind": {"working_days": 4}}})
    assert default_terms()["submitted"].remind == working_days(3)
    assert default_terms().merged({}) == default_terms()


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"sumbitted": {"remind": {"working_days": 4}}}, "overrides: sumbitted:"),
        ({"submitted": {"reminder": {"working_days": 4}}}, "overrides: submitted.reminder:"),
        ({"returned": {"end": {"working_days": 20}}}, "overrides: returned.end:"),
        ({"submitted": {"remind": {"weeks": 1}}}, "overrides: submitted.remind.weeks:"),
        ({"submitted": {"remind": {"working_days": 0}}}, "overrides: submitted.remind.working_days:"),
        ({"submitted": {"remind": {"working_days": -3}}}, "overrides: submitted.remind.working_days:"),
        ({"submitted": {"remind": {"working_days": True}}}, "overrides: submitted.remind.working_days:"),
        ({"submitted": {"remind": {"working_days": 2.5}}}, "overrides: submitted.remind.working_days:"),
        ({"submitted": {"remind": {}}}, "overrides: submitted.remind:"),
        ({"submitted": {"remind": 4}}, "overrides: submitted.remind:"),
        ({"submitted": {"remind": {"working_days": 5}}}, "overrides: submitted.escalate:"),
        ({"limits": {"hold_max_days": 0}}, "overrides: limits.hold_max_days:"),
        ({"limits": {"hold_days": 10}}, "overrides: limits.hold_days:"),
    ],
)
def test_a_wrong_wish_of_a_region_is_refused_by_its_key(overrides: dict[str, object], key: str) -> None:
    with pytest.raises(ValueError, match=key):
        default_terms().merged(overrides)


# A malformed file


def test_the_sound_files_of_these_tests_are_read() -> None:
    """The control: what is refused below is refused for the one thing that was changed."""
    assert read_reasons(read_toml("reasons.toml", REASON))
    assert read_terms(read_toml("terms.toml", TERMS))
    assert read_municipalities("gemeenten.csv", PLACES)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('label = "Haast"', "", "codes.urgent.label"),
        ('label = "Haast"', 'label = " "', "codes.urgent.label"),
        ('"client"', '"customer"', "codes.urgent.party"),
        ('["hold"]', "[]", "codes.urgent.events"),
        ('["hold"]', '["hold", "hold"]', "codes.urgent.events"),
        ("note = false", 'note = "no"', "codes.urgent.note"),
        ('effect = "none"', 'effect = "none"\ndays = 3', "codes.urgent.days"),
        ('effect = "none"', 'effect = "cool_off_days"', "codes.urgent.days"),
        ("retired = false", "retired = false\ncolour = 1", "codes.urgent.colour"),
        ("year = 2026", "year = 2026\nyears = 1", "years"),
        ("[codes.urgent]", '[codes."very urgent"]', "codes.very urgent"),
    ],
)
def test_a_malformed_reason_is_refused_by_file_and_key(old: str, new: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"^reasons.toml: {key}: "):
        read_reasons(read_toml("reasons.toml", REASON.replace(old, new)))


def test_a_code_that_stands_twice_is_refused_by_file() -> None:
    with pytest.raises(ValueError, match=r"^reasons\.toml: Cannot declare"):
        read_toml("reasons.toml", REASON + REASON)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("hold_max_days = 90", "", "limits.hold_max_days"),
        ("{ working_days = 3 }", "{ working_days = 0 }", "codes.submitted.remind.working_days"),
        ("{ working_days = 3 }", "3", "codes.submitted.remind"),
        ("remind =", 'end_by = "expire"\nremind =', "codes.submitted.end"),
        ("remind =", "escalate = { days = 9 }\nremind =", "codes.submitted.escalate_to"),
        ("remind =", 'escalate_to = "boss"\nescalate = { days = 9 }\nremind =', "codes.submitted.escalate_to"),
    ],
)
def test_a_malformed_term_is_refused_by_file_and_key(old: str, new: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"^terms.toml: {key}: "):
        read_terms(read_toml("terms.toml", TERMS.replace(old, new)))


@pytest.mark.parametrize(
    ("read", "text", "key"),
    [
        (read_instruments, 'year = 1\n[codes.x]\nlabel = "X"\nskills = "reading"', "codes.x.skills"),
        (
            read_instruments,
            'year = 1\n[codes.x]\nlabel = "X"\nskills = ["reading"]\n[[codes.x.blocks]]\nnumber = 2',
            "codes.x.blocks",
        ),
        (read_instruments, 'year = 1\n[codes.x]\nlabel = "X"\nskills = ["a"]\nblocks = 1', "codes.x.blocks"),
        (
            read_retention_terms,
            'year = 1\n[codes.x]\nlabel = "X"\nselection_list = ["1"]\nperiod = "10Y"',
            "codes.x.period",
        ),
        (read_occupations, 'year = 1\n[codes.1]\nlabel = "X"\nhigh_low_literacy = true', "codes.1.high_low_numeracy"),
        (
            read_legal_bases,
            'year = 1\n[codes.x]\nlabel = "X"\narticle = "6"\norganisation_kinds = ["church"]',
            "codes.x.organisation_kinds",
        ),
        (
            read_secrecy,
            'year = 1\n[codes.x]\nlabel = "X"\narticle = "6"\norganisation_kinds = ["uwv"]\n'
            '[secrecy.uwv]\narticle = "74"\nwithin_task = ["contact"]\nlifted_by = ["y"]',
            "secrecy.uwv.lifted_by",
        ),
        (
            read_secrecy,
            'year = 1\n[codes.x]\nlabel = "X"\narticle = "6"\norganisation_kinds = ["uwv"]\n[secrecy.kerk]\na = 1',
            "secrecy.kerk",
        ),
        (read_labels, "[channel.labels]\nphone = 'Telefoon'", "channel.year"),
        (read_labels, "[channel]\nyear = 1\n[channel.labels]\nphone = ''", "channel.labels.phone"),
        (read_labels, "[channel]\nyear = 1", "channel.labels"),
    ],
)
def test_a_malformed_list_is_refused_by_file_and_key(read: Callable[..., object], text: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"^list.toml: {key}: "):
        read(read_toml("list.toml", text))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (PLACES.replace("naam,", "name,"), "line 1"),
        (PLACES.replace("GM0453", "0453"), "line 2: gemeentecode"),
        (PLACES.replace("AM37", ""), "line 2: arbeidsmarktregiocode"),
        (PLACES.replace("Velsen", ""), "line 2: naam"),
        (PLACES.replace(",Zuid-Kennemerland en IJmond", ""), "line 2: arbeidsmarktregio"),
        (PLACES.strip() + ",extra\n", "line 2"),
        (PLACES + PLACES.splitlines()[1], "line 3: gemeentecode"),
        ("", "line 1"),
    ],
)
def test_a_malformed_row_of_gemeenten_is_refused_by_file_and_line(text: str, place: str) -> None:
    with pytest.raises(ValueError, match=f"^gemeenten.csv: {place}: "):
        read_municipalities("gemeenten.csv", text)


# What the reports are held against


def changed(name: str, old: str, new: str) -> Entry:
    """The file of `config/` with one thing changed."""
    text = open_text(name)
    assert old in text
    return read_toml(name, text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("read", "name", "old", "new", "key"),
    [
        (read_figure_rules, "figures.toml", '"04-01"', '"04-15"', "reference_dates"),
        (read_figure_rules, "figures.toml", '"04-01"', '"13-01"', "reference_dates"),
        (read_figure_rules, "figures.toml", "at_least = 3", "at_least = 5", "structural.at_least"),
        (read_figure_rules, "figures.toml", '"16-17"', '"16-30"', "young_adults.age_bands"),
        (read_targets, "targets.toml", "GM0281 = 5400", "GM9999 = 5400", "codes.AM10.target_group.GM9999"),
        (read_targets, "targets.toml", "started = 200", "begun = 200", "codes.AM10.targets.2026.begun"),
        (read_targets, "targets.toml", "targets.2026]", "targets.soon]", "codes.AM10.targets.soon"),
        (read_questions, "questionnaire.toml", "[codes.health]", "[codes.wealth]", "codes.wealth.region"),
        (read_questions, "questionnaire.toml", 'region = "AM10"', 'region = "AM99"', "codes.volunteering.region"),
        (
            read_questions,
            "questionnaire.toml",
            'moments = ["start"',
            'moments = ["later"',
            "codes.language_in_daily_life.moments",
        ),
        (read_indicators, "indicators.toml", 'label = "Gescreend"', "", "codes.screened.label"),
    ],
)
def test_a_malformed_rule_of_the_reports_is_refused_by_file_and_key(
    read: Callable[[Entry], object], name: str, old: str, new: str, key: str
) -> None:
    assert read(read_toml(name, open_text(name))), "the control: the file itself is sound"
    with pytest.raises(ValueError, match=f"^{name}: {key}: "):
        read(changed(name, old, new))


def test_a_region_has_its_targets_and_the_growth_it_agreed() -> None:
    targets = targets_of("AM10")
    assert targets is not None
    assert [targets.of(year)["started"] for year in (2026, 2027, 2028)] == [200, 210, 220]
    assert targets.of(2025) == {}
    assert targets_of("AM01") is None
