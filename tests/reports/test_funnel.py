"""The funnel as a coordinator reads it: who counts where, what stays out, how long it took."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import Engine, event, select

from referral.core.audit import AuditEntry
from referral.core.policy import SYSTEM_ID, Role, system_actor
from referral.referrals.models import Referral
from referral.referrals.workflow import EventName, Status
from referral.reports.disclosure import SHARED
from referral.reports.usecases import ShowFunnel, rebuild_facts, show_funnel
from tests.reports.conftest import Ledger, Step, counts, path, stages

MARCH = date(2026, 3, 2)
PERSONAL = re.compile(r"\bparticipant(_id)?\b|\bsubject_key\b|\w+_(ct|bix)\b|\bagreement\b|\bdisclosure\b")
WHO_IS_ERASED = re.compile(r"JOIN participant ON participant.id = referral.participant_id|participant.erased_at")
"""What counting anew looks up: of whom only the months may be kept."""


def days(number: int) -> timedelta:
    return timedelta(days=number)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that reaches the database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_every_stage_counts_whoever_came_that_far(ledger: Ledger) -> None:
    ledger.screen(MARCH, indication="no")
    ledger.screen(MARCH, times=3)
    ledger.screen(MARCH, held_on=MARCH + days(5), times=2)
    ledger.refer(path(MARCH))
    ledger.refer(path(MARCH, 2, 3, 4, 5, 60, 90), times=2)
    assert counts(ledger.rows()[0]) == [6, 5, 2, 3, 2, 2, 2, 2, 2, 2]


def test_a_stage_tells_its_share_of_the_one_before_and_how_long_it_took(ledger: Ledger) -> None:
    ledger.refer(path(MARCH), conversation_held_on=MARCH - days(1))
    ledger.refer(path(MARCH, 2), conversation_held_on=MARCH - days(4))
    ledger.refer(path(MARCH, 7))
    row = stages(ledger.rows()[0])
    assert row["referred"] | {"stage": ""} == {
        "stage": "", "count": 3, "conversion": None, "medianDays": 2.5, "p90Days": 4,
        "p10Days": 1, "p25Days": 1, "p75Days": 4,
    }  # fmt: skip
    assert row["accepted"] == {
        "stage": "accepted", "count": 2, "conversion": 0.67, "medianDays": 4.5, "p90Days": 7,
        "p10Days": 2, "p25Days": 2, "p75Days": 7,
    }  # fmt: skip
    assert row["handed_over"] == {
        "stage": "handed_over", "count": 0, "conversion": 0.0, "medianDays": None, "p90Days": None,
        "p10Days": None, "p25Days": None, "p75Days": None,
    }  # fmt: skip


def test_a_later_stage_implies_the_earlier_ones(ledger: Ledger) -> None:
    ledger.refer(path(MARCH, 1, 1, 1), accepted_at=None, handed_over_at=None)
    row = ledger.rows()[0]
    assert counts(row)[3:8] == [1, 1, 1, 1, 0]
    assert stages(row)["intake"]["medianDays"] is None


def test_a_conversation_without_an_indication_is_no_stage(ledger: Ledger) -> None:
    ledger.screen(MARCH, indication="no", held_on=MARCH)
    assert counts(ledger.rows()[0])[:3] == [1, 0, 0]


def test_void_counts_nowhere(ledger: Ledger) -> None:
    voided = [*path(MARCH, 2), Step(MARCH + days(3), EventName.VOID, Status.VOID, "entered_in_error")]
    ledger.refer(voided)
    ledger.refer(path(MARCH))
    row = ledger.rows()[0]
    assert counts(row)[3:5] == [1, 0]
    assert row["losses"] == []


def test_a_draft_is_not_referred(ledger: Ledger) -> None:
    ledger.refer([Step(MARCH, EventName.CREATE, Status.DRAFT)])
    assert counts(ledger.rows()[0])[3] == 0


def test_the_day_is_the_dutch_one(ledger: Ledger) -> None:
    midnight = replace(path(date(2026, 4, 1))[0], at=time(0, 30))
    ledger.refer([midnight])
    assert counts(ledger.rows(from_="2026-04-01")[0])[3] == 1, "in UTC this is still March"
    assert counts(ledger.rows(to="2026-03-31")[0])[3] == 0


class TestTransfer:
    """A transferred referral and its successor are one need of one person."""

    def transfer(self, ledger: Ledger, *, void_between: bool = False) -> None:
        moved = Step(MARCH + days(10), EventName.TRANSFER, Status.WITHDRAWN, "transferred")
        first = ledger.refer([*path(MARCH, 4), moved])
        if void_between:
            void = Step(MARCH + days(12), EventName.VOID, Status.VOID, "entered_in_error")
            first = ledger.refer([*path(MARCH + days(10)), void], previous_id=first)
        lost = Step(date(2026, 5, 20), EventName.NOT_START, Status.NOT_STARTED, "client_moved")
        ledger.refer([*path(date(2026, 5, 1), 3, 8), lost], previous_id=first)

    @pytest.mark.parametrize("void_between", [False, True])
    def test_it_counts_once_with_all_that_was_reached(self, ledger: Ledger, void_between: bool) -> None:
        self.transfer(ledger, void_between=void_between)
        row = ledger.rows()[0]
        assert counts(row)[3:6] == [1, 1, 1], "control: two rows would count 2, 2, 1"
        assert stages(row)["accepted"]["medianDays"] == 4
        assert row["losses"] == [{"party": "client", "reason": "client_moved", "count": 1}]

    def test_it_counts_when_the_first_was_submitted(self, ledger: Ledger) -> None:
        self.transfer(ledger)
        assert [row["group"]["month"] for row in ledger.rows(groupBy="month")] == ["2026-03"]
        assert counts(ledger.rows(from_="2026-05-01")[0])[3] == 0

    def test_a_transfer_is_no_loss_not_even_to_whom_it_left(self, ledger: Ledger) -> None:
        moved = Step(MARCH + days(10), EventName.TRANSFER, Status.WITHDRAWN, "transferred")
        ledger.refer(path(MARCH + days(10)), to="stranger", previous_id=ledger.refer([*path(MARCH), moved]))
        for who, referred in (("city", 1), ("school", 1), ("stranger", 1)):
            row = ledger.rows(who)[0]
            assert (counts(row)[3], row["losses"]) == (referred, [])

    def test_a_case_that_was_reopened_is_not_lost_with_its_successor(self, ledger: Ledger) -> None:
        moved = Step(MARCH + days(10), EventName.TRANSFER, Status.WITHDRAWN, "transferred")
        reopened = Step(MARCH + days(30), EventName.REOPEN, Status.SUBMITTED)
        declined = Step(MARCH + days(20), EventName.DECLINE, Status.DECLINED, "no_capacity")
        first = ledger.refer([*path(MARCH), moved, reopened])
        ledger.refer([*path(MARCH + days(10)), declined], previous_id=first)
        row = ledger.rows()[0]
        assert (counts(row)[3], row["losses"]) == (1, []), "control: the newest referral alone says no_capacity"


class TestHold:
    """Days on hold are nobody's slowness."""

    def held(self, *after: Step) -> list[Step]:
        accepted, handed_over = path(MARCH, 0, 30)[1:]
        since, until = MARCH + days(5), MARCH + days(15)
        return [
            *path(MARCH),
            accepted,
            Step(since, EventName.HOLD, Status.ACCEPTED, "hold_health"),
            Step(until, EventName.RESUME, Status.ACCEPTED, facts={"heldSince": since.isoformat()}),
            *after,
            handed_over,
        ]

    def test_the_days_on_hold_are_left_out(self, ledger: Ledger) -> None:
        ledger.refer(self.held())
        assert stages(ledger.rows()[0])["handed_over"]["medianDays"] == 20, "control: without holds it is 30"

    def test_a_resumption_that_was_undone_does_not_end_the_hold(self, ledger: Ledger) -> None:
        undo = Step(MARCH + days(15), EventName.UNDO, Status.ACCEPTED, undoes=4)
        again = Step(MARCH + days(25), EventName.RESUME, Status.ACCEPTED, facts={"heldSince": str(MARCH + days(5))})
        ledger.refer(self.held(undo, again))
        assert stages(ledger.rows()[0])["handed_over"]["medianDays"] == 10, "control: both would leave 0"


def test_losses_tell_on_whose_side_the_cause_lies(ledger: Ledger) -> None:
    for event_name, status, reason in (
        (EventName.DECLINE, Status.DECLINED, "level_too_high"),
        (EventName.DECLINE, Status.DECLINED, "level_too_high"),
        (EventName.EXPIRE, Status.EXPIRED, "no_response"),
        (EventName.STOP, Status.STOPPED_EARLY, "client_health"),
        (EventName.CLOSE, Status.CLOSED, "goal_reached"),
    ):
        ledger.refer([*path(MARCH), Step(MARCH + days(1), event_name, status, reason)])
    assert ledger.rows()[0]["losses"] == [
        {"party": "client", "reason": "client_health", "count": 1},
        {"party": "provider", "reason": "level_too_high", "count": 2},
        {"party": "system", "reason": "no_response", "count": 1},
    ]


def test_why_an_outcome_was_not_discussed(ledger: Ledger) -> None:
    """Held outweighs not held, the last reason counts, and without an indication there was nothing to discuss (L7)."""
    ledger.screen(MARCH, times=2, missed=["no_time"])
    ledger.screen(MARCH, missed=["client_absent", "no_time"])
    ledger.screen(MARCH, missed=["client_absent"])
    ledger.screen(MARCH, times=4)
    ledger.screen(MARCH, missed=["client_absent"], held_on=MARCH)
    ledger.screen(MARCH, missed=["client_absent"], indication="no")
    row = ledger.rows()[0]
    assert row["notDiscussed"] == [
        {"reason": "client_absent", "count": 1}, {"reason": "no_time", "count": 3}, {"reason": None, "count": 4},
    ]  # fmt: skip
    assert next(each["count"] for each in row["others"] if each["figure"] == "not_discussed") == 8
    assert (row["losses"], ledger.rows("network")[0]["notDiscussed"]) == ([], [])


class TestScope:
    """A coordinator counts the own cases; the regional one those of everybody who shares the region."""

    def fill(self, ledger: Ledger) -> None:
        for name, times in (("city", 10), ("uwv", 20), ("bakery", 30), ("stranger", 40)):
            ledger.screen(MARCH, by=name, times=times)
            ledger.refer(path(MARCH), by=name, to="stranger" if name == "stranger" else "school", times=times)

    @pytest.mark.parametrize(
        ("who", "screened", "referred"),
        [("city", 10, 10), ("school", 0, 60), ("stranger", 40, 40), ("network", 60, 60), ("bakery", 30, 30)],
    )
    def test_others_do_not_count(self, ledger: Ledger, who: str, screened: int, referred: int) -> None:
        self.fill(ledger)
        row = stages(ledger.rows(who)[0])
        assert (row["screened"]["count"] or 0, row["referred"]["count"]) == (screened, referred)

    def test_exact_and_regional_figures_say_what_they_are(self, ledger: Ledger) -> None:
        own, regional = ledger.funnel("city").json, ledger.funnel("network").json
        assert (own["roundedTo"], own["hiddenBelow"]) == (1, 0)
        assert (regional["roundedTo"], regional["hiddenBelow"]) == (5, 8)

    def test_the_service_itself_counts_everybody_under_disclosure_control(self, ledger: Ledger) -> None:
        self.fill(ledger)
        rebuild_facts(ledger.service)
        with ledger.service.work() as work:
            funnel = show_funnel(ShowFunnel(), actor=system_actor(), work=work)
        assert (funnel.rows[0].stages[0].count, funnel.rule) == (100, SHARED)

    def test_an_employer_sees_no_reasons(self, ledger: Ledger) -> None:
        ledger.refer([*path(MARCH), Step(MARCH, EventName.DECLINE, Status.DECLINED, "safety")], by="bakery")
        ledger.screen(MARCH, by="bakery", missed=["no_time"])
        row = ledger.rows("bakery")[0]
        assert (row["losses"], row["notDiscussed"]) == ([], [])
        assert ledger.rows("school")[0]["losses"] != []

    @pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
    def test_only_a_coordinator_may_ask(self, ledger: Ledger, role: Role) -> None:
        ledger.actors["city"] = replace(ledger.actors["city"], roles=frozenset({role}))
        assert ledger.funnel("city").status_code == 403


class TestPrivacy:
    """A report touches no personal data, and leaves a trace."""

    def test_no_statement_names_a_person_or_a_sealed_column(self, ledger: Ledger) -> None:
        ledger.screen(MARCH, held_on=MARCH)
        ledger.refer(path(MARCH, 1))
        for who in ("city", "network"):
            with statements(ledger.service.engine) as seen:
                ledger.rows(who, groupBy="organisation,month")
            assert any("FROM referral " in statement or "FROM referral\n" in statement for statement in seen)
            assert [statement for statement in seen if PERSONAL.search(WHO_IS_ERASED.sub("", statement))] == []

    def test_control_a_report_that_loads_the_case_is_caught(self, ledger: Ledger) -> None:
        with statements(ledger.service.engine) as seen, ledger.service.work() as work:
            work.session.scalars(select(Referral)).all()
        assert any(PERSONAL.search(statement) for statement in seen)

    def test_the_trace_holds_the_question_and_nothing_else(self, ledger: Ledger) -> None:
        ledger.rows(groupBy="sourceKind,month")
        with ledger.service.work() as work:
            entry = work.session.scalars(select(AuditEntry)).one()
            assert (entry.action, entry.result, entry.object_id) == ("report:funnel", "done", None)
            assert entry.details == {"from": "2026-01-01", "to": "2026-12-31", "groupBy": ["sourceKind", "month"]}


class TestQuestion:
    """What may be asked, and what is refused with everything that is wrong."""

    def test_without_days_it_is_twelve_calendar_months_up_to_today(self, ledger: Ledger) -> None:
        body = ledger.funnel().json
        assert (body["from"], body["to"], body["groupBy"]) == ("2025-12-01", "2026-11-03", [])

    def test_a_year_that_is_not_over_may_be_asked(self, ledger: Ledger) -> None:
        assert ledger.funnel(from_="2026-01-01", to="2026-12-31").status_code == 200

    @pytest.mark.parametrize(
        ("query", "wrong"),
        [
            ({"from_": "2026-11-04"}, {"/from": "future"}),
            ({"to": "2028-01-01"}, {"/to": "future"}),
            ({"from_": "2026-05-01", "to": "2026-04-30"}, {"/to": "reversed"}),
            ({"from_": "1-1-2026", "to": "2026-02-30"}, {"/from": "date", "/to": "date"}),
            ({"groupBy": "month,month"}, {"/groupBy": "double"}),
            ({"groupBy": "month,"}, {"/groupBy": "unknown_code"}),
            ({"groupBy": ""}, {"/groupBy": "required"}),
            ({"groupBy": "month,quarter,ageBand,sourceKind,employment"}, {"/groupBy": "too_many"}),
            (
                {"from_": "2026-05-01", "to": "2026-04-30", "groupBy": "name", "phone": "0612345678"},
                {"/to": "reversed", "/groupBy": "unknown_code", "/phone": "unknown"},
            ),
        ],
    )
    def test_all_that_is_wrong_is_named(self, ledger: Ledger, query: dict[str, str], wrong: dict[str, str]) -> None:
        response = ledger.funnel(**query)
        assert response.status_code == 400
        assert {error["pointer"]: error["code"] for error in response.json["errors"]} == wrong
        assert "0612345678" not in response.text


def test_an_operator_who_acts_for_one_organisation_counts_its_cases_only(ledger: Ledger) -> None:
    """The control is the service itself, which belongs to no organisation and counts all."""
    ledger.screen(MARCH, times=3)
    ledger.screen(MARCH, by="bakery", times=5)
    rebuild_facts(ledger.service)
    operator = replace(ledger.actors["city"], id=SYSTEM_ID, roles=frozenset({Role.SYSTEM, Role.COORDINATOR}))
    everybody = replace(operator, organisation_id=SYSTEM_ID)
    for actor, expected in ((operator, 3), (everybody, 8)):
        with ledger.service.work() as work:
            shown = show_funnel(ShowFunnel(date(2026, 1, 1), date(2026, 12, 31)), actor=actor, work=work)
        assert shown.rows[0].stages[0].count == expected
