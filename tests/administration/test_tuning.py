"""A region tunes its terms: what the page foresees is what happens, running cases keep their dates, bounds hold."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from referral.core.calendar import Span
from referral.core.codelists import default_terms
from referral.core.errors import Invalid, NotFound, Stale
from referral.core.policy import OrganisationKind, system_actor
from referral.identity.models import Region, RegionKind, organisation_region
from referral.identity.usecases import (
    LIMIT_BOUNDS,
    RegisterRegion,
    TuneLimits,
    TuneTerm,
    register_region,
    terms_for,
    tune_limits,
    tune_term,
)
from referral.identity.usecases.bounds import BOUNDS, LONGEST_DAYS, limit_faults, step_faults
from referral.notifications.usecases.terms import run_terms
from referral.referrals.deadlines import start_clock
from referral.referrals.models import Referral
from referral.referrals.usecases import count_under, foresee_term
from referral.referrals.workflow import OPEN, Status
from tests.house.calls import region, screening
from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAYS = (
    Referral.remind_on, Referral.escalate_on, Referral.escalate_region_on, Referral.end_on, Referral.offer_due_on,
    Referral.due_on,
)  # fmt: skip
SHORTER: Mapping[str, dict[str, Span]] = {
    code: {step: Span(days=place) for place, step in enumerate(term.steps(), start=1)}
    for code, term in default_terms().table.items()
}
"""Every term at its shortest: a build that moved running cases would make them all late at once."""


def days_of(world: World) -> dict[str, list[Any]]:
    with world.service.work(read_only=True) as work:
        return {str(row[0]): list(row[1:]) for row in work.session.execute(select(Referral.reference, *DAYS))}


def tune(world: World, term: str, steps: Any, who: str = "region_admin", version: int | None = None) -> int:
    command = TuneTerm(UUID(region(world)), term, steps, version)
    with world.service.work() as work:
        return tune_term(command, actor=world.actor(who), work=work).region.version


def test_no_term_moves_a_date_of_a_running_case_and_the_next_step_has_the_new_length(world: World) -> None:
    """Wrong build, beside it: one that starts the clocks again when a term is tuned."""
    cases = {status: world.bring_to(status.value) for status in (*OPEN, Status.DECLINED)}
    world.move("referrer", world.refer(), "escalate", reason="no_capacity")
    before = days_of(world)
    for code, steps in SHORTER.items():
        tune(world, code, steps)
    assert days_of(world) == before
    assert run_terms(world.service).counts.get("failed", 0) == 0
    accepted = world.move("coach", cases[Status.SUBMITTED], "accept")
    assert accepted["dueOn"] == "2026-11-04", "one day on"
    with world.service.work() as work:
        for row in work.session.scalars(select(Referral).where(Referral.status.in_(OPEN))):
            start_clock(row, terms_for(work.session, row.source_organisation_id), work.today)
    moved = [case for case, days in days_of(world).items() if days[:4] != before[case][:4]]
    assert len(moved) >= len(OPEN), "the wrong build moves them"


def test_the_page_says_what_happens_and_then_exactly_that_happens(world: World) -> None:
    for _ in range(3):
        world.bring_to("accepted")
    world.bring_to("submitted")
    escalated = world.move("coach", world.bring_to("accepted"), "escalate", reason="no_capacity")
    path = f"/administration/regions/{region(world)}/terms/accepted"
    admin, before = Person(world, "region_admin"), days_of(world)
    form = admin.fill(admin.open(path), "/check", steps__remind__number="2")
    page = admin.client.get(f"{path}/check", query_string=form, headers={"Accept": "text/html"})
    assert page.status_code == 200
    for words in ("5 werkdagen", "2 werkdagen", "Dit geldt voor 5 organisaties:", "Gemeente Duinwijk",
                  "Onder deze termijn staan nu 3 zaken. De datums daarvan veranderen niet"):  # fmt: skip
        assert words in page.text, words
    assert "Gemeente Ver Weg" not in page.text
    assert tuned_terms(world) is None, "nothing was done yet"
    sent = admin.fill(page, "/check")
    assert admin.send(f"{path}/check", sent).status_code == 303
    assert tuned_terms(world) == {"accepted": {"remind": {"working_days": 2}}}
    assert days_of(world) == before
    assert escalated["dueOn"]
    assert world.move("coach", world.refer(), "accept")["dueOn"] == "2026-11-05"
    shown = admin.open("/administration/terms?done=term").text
    assert "De termijn is gewijzigd." in shown
    assert '<td class="utrecht-table__cell ds-nowrap" data-label="Van wie">Kustrand</td>' in shown
    back = admin.open(f"{path}/check?usual=true")
    assert "Nu en straks in Kustrand" in back.text
    assert admin.send(f"{path}/check", admin.fill(back, "/check")).status_code == 303
    assert tuned_terms(world) is None


def tuned_terms(world: World) -> Any:
    with world.service.work(read_only=True) as work:
        return work.session.scalar(select(Region.terms).where(Region.id == UUID(region(world))))


@ON_SQLITE
def test_the_cases_under_every_term_are_counted_by_the_clock_that_runs(world: World) -> None:
    world.bring_to("returned")
    world.bring_to("declined")
    world.bring_to("in_trajectory")
    world.move("coach", world.bring_to("intake"), "escalate", reason="no_capacity")
    screening(world)
    with world.service.work(read_only=True) as work:
        here = [world.organisations["Gemeente Duinwijk"]]
        found = {code: count_under(code, here, work) for code in [*default_terms().table, "limits"]}
    assert {code: count for code, count in found.items() if count} == {
        "returned": 1, "follow_up": 1, "in_trajectory": 1, "escalated": 1, "fitting_offer": 2, "screening": 1,
        "limits": 3,
    }  # fmt: skip


@ON_SQLITE
def test_a_screening_keeps_its_days_and_the_next_one_has_those_of_the_region(world: World) -> None:
    """Wrong build: the service's own term for every screening, or an escalation counted anew every night."""
    screening(world)
    tune(world, "screening", {"remind": Span(working_days=1), "escalate": Span(working_days=2)})
    screening(world)
    world.clock.move(days=3)
    assert run_terms(world.service).counts == {"conversation": 1, "conversation_escalation": 1}
    world.clock.move(days=11)
    assert run_terms(world.service).counts.get("conversation") == 1
    assert run_terms(world.service).counts.get("conversation_escalation") is None


def second_region(world: World, code: str, terms: Any) -> UUID:
    """A second arbeidsmarktregio to which Gemeente Duinwijk belongs."""
    with world.service.work() as work:
        command = RegisterRegion(RegionKind.LABOUR_MARKET, "Achterland", code, terms)
        row = register_region(command, actor=system_actor("test"), work=work)
        mine = {"organisation_id": world.organisations["Gemeente Duinwijk"], "region_id": row.id}
        work.session.execute(insert(organisation_region).values(**mine))
        return row.id


@pytest.mark.parametrize(("code", "rules"), [("AM36", True), ("AM38", False)])
@ON_SQLITE
def test_an_organisation_in_two_regions_is_told_whose_terms_win(code: str, rules: bool, world: World) -> None:
    """The lowest code that tuned anything rules alone; `AM37` is Kustrand's."""
    second_region(world, code, {"draft": {"remind": {"days": 7}}})
    world.bring_to("submitted")
    path = f"/administration/regions/{region(world)}/terms/submitted/check"
    asked = {"steps/remind/number": "2", "steps/remind/unit": "working_days"}
    page = Person(world, "region_admin").client.get(path, query_string=asked, headers={"Accept": "text/html"}).text
    assert ("Voor Gemeente Duinwijk verandert er niets: daar gelden de termijnen van Achterland" in page) is rules
    assert ("Onder deze termijn staan nu 0 zaken." in page) is rules
    assert ("Voor Gemeente Duinwijk gelden straks alle termijnen van Kustrand" in page) is not rules
    own = Person(world, "admin").open("/administration/terms").text
    assert "Uw organisatie hoort bij 2 arbeidsmarktregio's" in own
    assert "Nu zijn dat die van Achterland." in own


@ON_SQLITE
def test_an_organisation_that_goes_over_to_another_region_is_named(world: World) -> None:
    second_region(world, "AM38", {"submitted": {"remind": {"working_days": 1}}})
    command = TuneTerm(UUID(region(world)), "draft", {"remind": Span(days=3)})
    with world.service.work() as work:
        foreseen = foresee_term(command, actor=world.actor("region_admin"), work=work)
        assert foreseen.moved == [("Gemeente Duinwijk", "Achterland", "Kustrand")]
        assert terms_for(work.session, world.organisations["Gemeente Duinwijk"])["submitted"].remind == Span(0, 0, 1)
    tune(world, "draft", {"remind": Span(days=3)})
    with world.service.work() as work:
        assert terms_for(work.session, world.organisations["Gemeente Duinwijk"])["submitted"].remind == Span(0, 0, 3)


def test_every_fault_is_told_at_once_and_the_law_cannot_be_loosened() -> None:
    usual = default_terms().table
    wrong = step_faults(
        usual["submitted"],
        {"remind": Span(), "escalate": Span(days=9), "escalate_region": Span(days=9), "end": Span(months=13)},
    )
    assert [(each.pointer, each.code) for each in wrong] == [
        ("/steps/remind", "range"), ("/steps/end", "range"), ("/steps/escalateRegion", "too_early"),
    ]  # fmt: skip
    assert [each.code for each in step_faults(usual["returned"], {"end": Span(days=9)})] == ["no_such_step"]
    for (code, step), bound in BOUNDS.items():
        tuned = {**usual[code].steps(), step: Span(bound.longest.months, bound.longest.days + 1)}
        assert (f"/steps/{step}", "too_loose") in [
            (each.pointer, each.code) for each in step_faults(usual[code], tuned)
        ]
    # Three months are 89 days when February is in them; a build that counts a month as 30 days lets 90 through.
    assert list(step_faults(usual["fitting_offer"], {"escalate": Span(days=89)})) == []
    assert [each.code for each in step_faults(usual["fitting_offer"], {"escalate": Span(days=90)})] == ["too_loose"]
    assert [each.code for each in step_faults(usual["fitting_offer"], {"escalate": Span(working_days=66)})] == [
        "too_loose"
    ]
    assert not [fault for term in usual.values() for fault in step_faults(term, term.steps())]
    for name, (low, high) in LIMIT_BOUNDS.items():
        assert low <= getattr(default_terms().limits, name) <= high
        assert len(list(limit_faults({name: low - 1}))) == len(list(limit_faults({name: high + 1}))) == 1
    assert LONGEST_DAYS > 365


@ON_SQLITE
def test_who_may_tune_and_what_is_refused(world: World) -> None:
    here = UUID(region(world))
    for who in ("admin", "provider_admin", "region", "coordinator"):
        with pytest.raises(NotFound):
            tune(world, "submitted", {}, who)
    with pytest.raises(Invalid) as law:
        tune(world, "rights", None)
    assert "AVG artikel 12" in law.value.errors[0].detail
    with pytest.raises(NotFound):
        tune(world, "niets", None)
    with pytest.raises(Invalid) as faults:
        tune(world, "submitted", {"remind": Span(days=30), "end": Span()})
    assert [error.pointer for error in faults.value.errors] == ["/steps/end", "/steps/escalate"]
    version = tune(world, "submitted", {"remind": Span(working_days=2)}, version=1)
    with pytest.raises(Stale):
        tune(world, "submitted", {"remind": Span(working_days=1)}, version=1)
    with world.service.work() as work:
        command = TuneLimits(here, {"hold_max_days": 60}, version)
        assert tune_limits(command, actor=world.actor("region_admin"), work=work).terms.limits.hold_max_days == 60
    with world.service.work() as work, pytest.raises(Invalid):
        tune_limits(TuneLimits(here, {"hold_max_days": 91}), actor=system_actor("test"), work=work)
    with world.service.work() as work:
        work.session.execute(update(Region).where(Region.id == here).values(kind=RegionKind.RMC))
    with pytest.raises(NotFound):
        tune(world, "submitted", {})
    assert world.actor("region_admin").organisation_kind is OrganisationKind.REGION


@ON_SQLITE
def test_the_api_tunes_and_gives_back_with_the_version_that_was_read(world: World) -> None:
    path = f"/v1/regions/{region(world)}"
    read = world.call("region_admin", "GET", f"{path}/terms")
    assert (read.status_code, read.headers["ETag"]) == (200, '"1"')
    body = {"steps": {"remind": {"workingDays": 2}, "escalateRegion": {"days": 9, "workingDays": 3}}}
    tuned = world.call("region_admin", "PATCH", f"{path}/terms/submitted", body, version=1)
    [term] = [each for each in tuned.json["terms"] if each["own"]]
    assert term["steps"] == {
        "remind": {"workingDays": 2}, "escalate": {"workingDays": 5},
        "escalateRegion": {"days": 9, "workingDays": 3}, "end": {"workingDays": 20},
    }  # fmt: skip
    assert world.call("region_admin", "PATCH", f"{path}/terms/submitted", body).status_code == 428
    assert world.call("region_admin", "PATCH", f"{path}/terms/submitted", body, version=1).status_code == 412
    assert world.call("admin", "PATCH", f"{path}/terms/submitted", body, version=2).status_code == 404
    wrong = world.call("region_admin", "PATCH", f"{path}/terms/fitting_offer", {"steps": {"escalate": {"months": 4}}},
                       version=2)  # fmt: skip
    assert (wrong.status_code, wrong.json["errors"][0]["code"]) == (400, "too_loose")
    limits = {"limits": {"undoMinutes": 30, "holdMaxDays": None}}
    changed = world.call("region_admin", "PATCH", f"{path}/limits", limits, version=2).json
    assert (changed["limits"]["undoMinutes"], changed["limits"]["holdMaxDays"]) == (30, 90)
    usual = world.call("region_admin", "PATCH", f"{path}/terms/submitted", {"steps": None}, version=3).json
    assert not [each for each in usual["terms"] if each["own"]]


@ON_SQLITE
def test_what_is_wrong_comes_back_filled_in_and_a_colleague_is_not_overwritten(world: World) -> None:
    path = f"/administration/regions/{region(world)}/limits"
    admin = Person(world, "region_admin")
    wrong = admin.open(f"{path}/check?limits/holdMaxDays=200")
    assert wrong.status_code == 400
    assert "Dit getal moet van 7 tot en met 90 zijn." in wrong.text
    assert admin.fill(wrong, "/check")["limits/holdMaxDays"] == "200"
    page = admin.open(f"{path}/check?limits/holdMaxDays=30")
    assert "De nieuwe grens telt vanaf nu" in page.text
    tune(world, "draft", {"remind": Span(days=3)})
    late = admin.send(f"{path}/check", admin.fill(page, "/check"))
    assert late.status_code == 412
    assert (
        admin.send(f"{path}/check", admin.fill(admin.open(f"{path}/check?limits/holdMaxDays=30"), "/check")).status_code
        == 303
    )
    assert Person(world, "admin").open(path).status_code == 404
    assert admin.open(f"/administration/regions/{region(world)}/terms/niets").status_code == 404
    bound = admin.open(f"/administration/regions/{region(world)}/terms/fitting_offer").text
    assert "Een passend aanbod komt binnen 3 maanden. Korter mag, langer niet." in bound
