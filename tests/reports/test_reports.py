"""The reports beside the funnel, over random regions of which every figure is counted by hand from what was written."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete

from referral.core.codelists import labels, occupations, sectors
from referral.core.database import new_id
from referral.core.policy import OrganisationKind
from referral.core.work import AMSTERDAM
from referral.identity.models import Region, RegionKind, User
from referral.referrals.models import OutcomeTally, Referral, ReferralEvent
from referral.referrals.workflow import EventName, Party, Status
from referral.reports.models import FactChange, FigureCell, Journey
from referral.reports.usecases import freeze_date, freeze_due, rebuild_facts
from referral.reports.usecases.coverage import is_structural, is_structural_in_years
from referral.screenings.models import Conversation, Screening
from referral.trajectories.models import Trajectory
from tests.proof import scaled
from tests.reports.conftest import TODAY, Ledger, Step, path

MARCH, OCTOBER = date(2026, 3, 2), date(2026, 10, 1)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REPORTS = ("monitor", "reach", "coverage")
ENDS = ["diploma", "mbo_certificate", "praktijkverklaring", "none", "stopped", "running"]
Table = dict[tuple[str, ...], dict[str, Any]]


def ask(ledger: Ledger, who: str, report: str, accept: str | None = None, **query: str) -> Any:
    headers = {"Actor": who, **({"Accept": accept} if accept else {})}
    keys = {name.rstrip("_"): value for name, value in query.items()}
    return ledger.client.get(f"/v1/reports/{report}", query_string=keys, headers=headers)


def tables(ledger: Ledger, who: str, report: str, **query: str) -> dict[str, Table]:
    """The cells of every table: by the words of its first columns, and by column."""
    response = ask(ledger, who, report, **query)
    assert response.status_code == 200, response.json
    return {table["table"]: read(table) for table in response.json["tables"]}


def read(table: dict[str, Any]) -> Table:
    words = [each["column"] for each in table["columns"] if each["unit"] == "text" and not each["indicator"]]
    found = {}
    for row in table["rows"]:
        cells = {cell["column"]: cell for cell in row["cells"]}
        assert list(cells) == [each["column"] for each in table["columns"]]
        found[tuple(cells[name].get("code", str(cells[name]["value"])) for name in words)] = {
            name: cell.get("why", cell["value"]) for name, cell in cells.items() if name not in words
        }
    return found


# A random region, and what it is by hand.


@dataclass(frozen=True)
class Case:
    """A referral as a test wrote it down."""

    kind: str
    language: str
    place: str
    age: str
    skills: tuple[str, ...]
    sector: str | None
    occupation: str | None
    started: bool
    end: str
    is_void: bool


def draw_case(chance: Random) -> Case:
    started = chance.random() < 0.6
    return Case(
        chance.choice(["formal", "formal", "non_formal_volunteer"]),
        chance.choice(["nt1", "nt1", "nt2", "unknown"]),
        chance.choice(["GM0453", "GM0375"]),
        chance.choice(["18-24", "35-44"]),
        chance.choice([("reading",), ("digital", "reading")]),
        chance.choice(["F", "F", "A", None]),
        chance.choice(["1121", "0731", "1114", "9999", None]),
        started,
        chance.choice(ENDS) if started else "lost",
        chance.random() < 0.1,
    )


def steps_of(case: Case, start: date) -> list[Step]:
    steps = path(start, *([1, 1, 1, 1] if case.started else [2]))
    last = steps[-1].on + timedelta(days=7)
    if case.end in ("lost", "stopped"):
        reason = "client_moved" if case.started else "no_capacity"
        event, to = (
            (EventName.STOP, Status.STOPPED_EARLY) if case.started else (EventName.NOT_START, Status.NOT_STARTED)
        )
        steps.append(Step(last, event, to, reason))
    elif case.end != "running":
        steps.append(Step(last, EventName.COMPLETE, Status.COMPLETED, facts={"certificate": case.end}))
    if case.is_void:
        steps.append(Step(steps[-1].on, EventName.VOID, Status.VOID, "entered_in_error"))
    return steps


def write_down(ledger: Ledger, chance: Random, count: int) -> list[Case]:
    cases = [draw_case(chance) for _ in range(count)]
    for case in cases:
        ledger.refer(
            steps_of(case, MARCH + timedelta(days=chance.randint(0, 100))),
            offered_course_kind=case.kind, language_background=case.language, municipality_code=case.place,
            age_band=case.age, skills=list(case.skills), sector=case.sector, occupation_code=case.occupation,
        )  # fmt: skip
    rebuild_facts(ledger.service)
    return cases


def clean(ledger: Ledger) -> None:
    with ledger.service.work() as work:
        for model in (ReferralEvent, Referral, Conversation, Screening, Journey, FactChange, FigureCell):
            work.session.execute(delete(model))


def results(cases: list[Case]) -> dict[str, int]:
    return {f"result_{end}": sum(case.end == end for case in cases) for end in ENDS}


def recount(cases: list[Case], *, forgets_void: bool = False) -> dict[str, Table]:
    """The figures of the sender by hand; `forgets_void` is the wrong build that counts what was entered in error."""
    cases = [case for case in cases if forgets_void or not case.is_void]
    formal = {kind: [case for case in cases if case.kind == kind and case.started] for kind in labels("courseKind")}
    everybody = [case for case in cases if case.started]
    output = {(kind,): output_of(those) for kind, those in formal.items()} | {("Totaal",): output_of(everybody)}
    for kind in labels("courseKind"):
        if kind != "formal" and not output[(kind,)]["result_diploma"]:
            output[(kind,)]["result_diploma"] = None
    nt1, nt2 = (sum(case.language == each for case in everybody) for each in ("nt1", "nt2"))
    share = round(nt1 / (nt1 + nt2), 2) if nt1 + nt2 else None
    languages: Table = {
        (each,): {
            "participants": sum(case.language == each for case in everybody),
            "nt1_share": share if each == "nt1" else None,
            "nt1_benchmark": 0.56 if each == "nt1" else None,
        }
        for each in labels("languageBackground")
    }
    languages[("Onbekend",)] = languages.pop(("unknown",)) if ("unknown",) in languages else {}
    return {
        "output": output,
        "languages": languages,
        "topList": {(each,): part(cases, lambda case, each=each: on_list(case) == each) for each in labels("topList")},
        "vulnerableSector": {
            (each,): part(cases, lambda case, each=each: case.sector is not None and sector_kind(case) == each)
            for each in labels("vulnerableSector")
        },
    }


def output_of(cases: list[Case]) -> dict[str, Any]:
    done = sum(case.end in ENDS[:4] for case in cases)
    share = round(done / len(cases), 2) if cases else None
    return {"participants": len(cases), "completed": done, "completed_share": share, **results(cases)}


def part(cases: list[Case], fits: Callable[[Case], bool]) -> dict[str, Any]:
    those = [case for case in cases if fits(case)]
    name = "share"
    return {"screened": 0, "referred": len(those), name: round(len(those) / len(cases), 2) if cases else None}


def on_list(case: Case) -> str | None:
    if case.occupation is None:
        return None
    known = occupations().get(case.occupation)
    if known is None:
        return "no_list"
    kinds = {(True, True): "both_lists", (True, False): "low_literacy", (False, True): "low_numeracy"}
    return kinds[known.high_low_literacy, known.high_low_numeracy]


def sector_kind(case: Case) -> str:
    return "vulnerable" if sectors()[case.sector or ""].vulnerable else "not_vulnerable"


def named_share(table: Table) -> Table:
    """A table of parts with its share under one name."""
    return {
        key: {name if not name.endswith("_share") else "share": value for name, value in cells.items()}
        for key, cells in table.items()
        if key != ("Onbekend",)
    }


def test_monitor_and_reach_are_what_a_count_by_hand_gives(ledger: Ledger) -> None:
    chance, compared = Random(4), 0
    for _ in range(scaled(40)):
        clean(ledger)
        cases = write_down(ledger, chance, chance.randint(1, 30))
        found = tables(ledger, "city", "monitor") | tables(ledger, "city", "reach")
        by_hand = recount(cases)
        assert {key: cells for key, cells in found["output"].items() if key != ("Onbekend",)} == by_hand["output"]
        for key, cells in by_hand["languages"].items():
            assert found["languages"].get(key, found["languages"].get(("unknown",))) == cells
        for name in ("topList", "vulnerableSector"):
            assert named_share(found[name]) == by_hand[name]
        if any(case.is_void for case in cases):
            assert recount(cases, forgets_void=True)["topList"] != by_hand["topList"], "the wrong build is caught"
        counted = Counter(case.place for case in cases if not case.is_void)
        assert {key[0]: cells["referred"] for key, cells in found["municipalities"].items()} == counted | Counter(
            {key[0]: 0 for key in found["municipalities"]}
        )
        without = sum(case.end == "lost" and not case.is_void for case in cases)
        assert found["unmetDemand"][("no_capacity",)] == {"unmet_demand": without}
        demand = Counter("reading_digital" if len(case.skills) > 1 else "reading" for case in cases if not case.is_void)
        assert {key[0]: cells["demand"] for key, cells in found["demand"].items() if cells["demand"]} == +demand
        compared += sum(len(cells) for table in found.values() for cells in table.values())
    assert compared > 500


@ON_SQLITE
def test_shared_results_never_leave_one_hidden_figure_alone(ledger: Ledger) -> None:
    """The control: hiding only what is small leaves a single figure that its total gives away."""
    chance, given_away, shown = Random(11), 0, 0
    for _ in range(scaled(40)):
        clean(ledger)
        weights = [chance.choice([0, 1, 3, 9, 20]) for _ in ENDS]
        ends = {end: weight for end, weight in zip(ENDS, weights, strict=True)}
        for end, times in ends.items():
            case = Case("formal", "nt1", "GM0453", "35-44", ("reading",), "F", "1121", True, end, False)
            if times:
                ledger.refer(steps_of(case, MARCH), offered_course_kind="formal", times=times)
        rebuild_facts(ledger.service)
        total = tables(ledger, "network", "monitor")["output"][("Totaal",)]
        for whole, parts in ((sum(weights[:4]), ENDS[:4]), (sum(weights[4:]), ENDS[4:])):
            figures = {end: total[f"result_{end}"] for end in parts}
            for end, figure in figures.items():
                assert figure == "hidden" or (ends[end] >= 8 and figure == (ends[end] + 2) // 5 * 5)
                shown += figure != "hidden"
            hidden = [end for end, figure in figures.items() if figure == "hidden"]
            assert len(hidden) != 1, "one alone is what its total leaves"
            given_away += whole >= 8 and sum(ends[end] < 8 for end in parts) == 1
    assert given_away, "the control gives some away"
    assert shown, "something is shown"


def test_outcomes_are_rounded_and_hidden_for_the_own_organisation_too(ledger: Ledger) -> None:
    answers = {"better": 70, "same": 32, "worse": 3, "unknown": 14}
    tell(ledger, "city", "health", answers)
    tell(ledger, "stranger", "health", {"better": 500, "same": 40, "worse": 20, "unknown": 10})
    for who in ("city", "school", "network"):
        told = tables(ledger, who, "monitor")["outcome"][("health", "end")]
        assert told["answers"] == 120
        assert told["worse"] == "hidden", "three people whose health got worse are nobody's figure"
        assert sum(value == "hidden" for value in told.values()) >= 2
        assert told["better"] in ("hidden", 70)
    assert tables(ledger, "uwv", "monitor")["outcome"][("health", "end")]["answers"] == "hidden"
    assert tables(ledger, "stranger", "monitor")["outcome"][("health", "end")]["better_share"] == 0.88


def tell(ledger: Ledger, who: str, area: str, answers: dict[str, int]) -> None:
    with ledger.service.work() as work:
        for direction, times in answers.items():
            work.session.add(
                OutcomeTally(
                    month="2026-05",
                    source_id=ledger.actors[who].organisation_id,
                    receiver_id=ledger.actors["school"].organisation_id if who == "city" else new_id(),
                    moment="end",
                    area=area,
                    direction=direction,
                    count=times,
                )
            )


# Coverage.


@pytest.mark.parametrize(
    ("counts", "answer"), [([10, 10, 10, 0], "yes"), ([10, 10, 9, 9], "no"), ([40, 0, 0, 0], "no"), ([10] * 4, "yes")]
)
def test_structural_is_enough_in_enough_quarters(counts: list[int], answer: str) -> None:
    assert is_structural(counts).code == answer


@pytest.mark.parametrize(
    ("last_year", "this_year", "months", "answer"),
    [
        (40, 10, 11, "yes"), (35, 40, 11, "yes"), (35, 35, 11, "no"), (None, 40, 11, "yes"), (None, 35, 11, "hidden"),
        (40, None, 1, "yes"), (35, None, 1, "hidden"), (35, 10, 1, "yes"), (None, None, 6, "hidden"), (0, 0, 12, "no"),
    ],
)  # fmt: skip
def test_structural_in_a_region_is_told_from_what_is_shown(
    last_year: int | None, this_year: int | None, months: int, answer: str
) -> None:
    cell = is_structural_in_years(last_year, this_year, months)
    assert (cell.code or cell.why) == answer


def test_coverage_counts_the_screenings_of_the_last_whole_quarters(ledger: Ledger) -> None:
    for on, times in ((date(2025, 10, 1), 12), (MARCH, 10), (date(2026, 6, 30), 11), (date(2026, 10, 1), 40)):
        ledger.screen(on, times=times)
    ledger.screen(date(2025, 9, 30), times=9)
    rebuild_facts(ledger.service)
    found = tables(ledger, "city", "coverage")["screening"]
    assert list(found.values()) == [
        {"2025-Q4": 12, "2026-Q1": 10, "2026-Q2": 11, "2026-Q3": 0, "screened": 33, "structural": "Ja"}
    ]
    names = {key[0] for key in tables(ledger, "network", "coverage")["screening"]}
    partners = {str(ledger.actors[who].organisation_id) for who in ("city", "uwv", "bakery")}
    assert names == partners, "those who could screen, the silent ones too"


def coached(ledger: Ledger, *names: str) -> list[User]:
    with ledger.service.work() as work:
        people = [User(email=f"{name.lower()}@school.example", name=name, created_at=work.now) for name in names]
        work.session.add_all(people)
        work.session.flush()
        return people


def test_caseload_and_overdue_are_counted_by_hand(ledger: Ledger) -> None:
    ans, bo = coached(ledger, "Ans", "Bo")
    late = {"due_on": TODAY - timedelta(days=1)}
    for coach, times, extra in ((ans, 9, {}), (ans, 2, late), (bo, 4, {})):
        ledger.refer(path(MARCH, 1), coach_id=coach.id, ball_party=Party.COACH, times=times, **extra)
    ledger.refer(path(MARCH), times=3, **late)
    ledger.refer(path(MARCH, 1, 1, 1, 1, 1, 1), coach_id=bo.id, times=5)
    ledger.refer(path(MARCH, 1), by="uwv", coach_id=bo.id, ball_party=Party.COACH)
    found = tables(ledger, "school", "coverage")
    assert found["coaches"] == {
        (str(ans.id),): {"caseload": 11, "overdue": 2},
        (str(bo.id),): {"caseload": 5, "overdue": 0},
    }
    assert found["overdue"][("coach",)] == {"open_cases": 16, "overdue": 2}
    assert found["overdue"][("receiver",)] == {"open_cases": 3, "overdue": 3}
    assert found["overdue"][("Totaal",)] == {"open_cases": 19, "overdue": 5}
    school = (str(ledger.actors["school"].organisation_id),)
    assert found["providers"][school]["caseload"] == 16
    assert tables(ledger, "city", "coverage")["providers"][school]["caseload"] == 15, "its own cases only"
    shared = tables(ledger, "network", "coverage")
    assert "coaches" not in shared, "a coach's caseload is nobody else's business"
    assert shared["overdue"][("Totaal",)] == {"open_cases": 20, "overdue": "hidden"}
    assert shared["overdue"][("receiver",)]["open_cases"] == "hidden"


@ON_SQLITE
def test_no_coach_of_another_organisation_is_told_of(ledger: Ledger) -> None:
    (ans,) = coached(ledger, "Ans")
    ledger.refer(path(MARCH, 1), coach_id=ans.id, ball_party=Party.COACH, times=12)
    for who in ("city", "network", "bakery", "uwv"):
        answer = ask(ledger, who, "coverage")
        assert "Ans" not in answer.text, who
        assert str(ans.id) not in answer.text, who
    assert "Ans" in ask(ledger, "school", "coverage").text


# Reference dates.


def peildatum(ledger: Ledger, who: str, on: str = "2026-10-01", accept: str | None = None) -> Any:
    return ask(ledger, who, f"reference-dates/{on}", accept)


def fill(ledger: Ledger) -> None:
    """Open, done before the day, begun after it, and ended after it."""
    july = date(2026, 7, 1)
    ledger.refer(path(july, 1, 1), times=20)
    ledger.refer(path(july, 1, 1, 1, 1), times=13, municipality_code="GM0375")
    ledger.refer(
        [*path(july, 1), Step(date(2026, 9, 30), EventName.NOT_START, Status.NOT_STARTED, "no_capacity")], times=9
    )
    ledger.refer([*path(july, 1), Step(OCTOBER, EventName.NOT_START, Status.NOT_STARTED, "no_capacity")], times=10)
    ledger.refer(path(date(2026, 9, 30), 1, 1), times=8)
    ledger.refer(path(OCTOBER), times=30)
    rebuild_facts(ledger.service)


def test_a_reference_date_counts_what_was_open_when_the_day_began(ledger: Ledger) -> None:
    fill(ledger)
    assert freeze_date(ledger.service, OCTOBER) == 6
    found = {table["table"]: read(table) for table in peildatum(ledger, "city").json["tables"]}
    open_cases = found["openMunicipality"]
    assert open_cases[("Totaal",)] == {
        "referred": 51, "accepted": 43, "handed_over": 33, "intake": 13, "started": 13, "completed": 0
    }  # fmt: skip
    assert open_cases[("GM0375",)]["started"] == 13
    assert found["quarterMunicipality"][("Totaal",)]["referred"] == 60, "all of July up to September"
    wrong = 51 + 9
    assert open_cases[("Totaal",)]["referred"] != wrong, "a count that forgets who ended would say so"
    shared = {table["table"]: read(table) for table in peildatum(ledger, "network").json["tables"]}
    assert shared["openMunicipality"][("Totaal",)]["referred"] == 50
    assert "quarterPartnerMunicipality" not in shared


def test_a_frozen_count_is_the_same_to_the_byte_whatever_happens_afterwards(ledger: Ledger) -> None:
    fill(ledger)
    freeze_date(ledger.service, OCTOBER)
    before = {
        who: [peildatum(ledger, who).data, peildatum(ledger, who, accept="text/csv").data] for who in ledger.actors
    }
    live = ask(ledger, "city", "funnel").data
    clean(ledger)
    ledger.refer(path(date(2026, 7, 5)), times=3)
    rebuild_facts(ledger.service)
    assert freeze_date(ledger.service, OCTOBER) == 0, "once is for good"
    assert ask(ledger, "city", "funnel").data != live, "the control: what is live did change"
    after = {
        who: [peildatum(ledger, who).data, peildatum(ledger, who, accept="text/csv").data] for who in ledger.actors
    }
    assert after == before


def test_erased_journeys_count_the_same(ledger: Ledger) -> None:
    """Months only, as after an erasure: the day of a reference date is the first of one, so nothing shifts."""
    fill(ledger)
    with ledger.service.work() as work:
        for journey in work.session.query(Journey):
            journey.reached = {stage: day[:7] for stage, day in journey.reached.items()}
            journey.counted_on, journey.is_erased = journey.counted_on.replace(day=1), True
    freeze_date(ledger.service, OCTOBER)
    found = {table["table"]: read(table) for table in peildatum(ledger, "city").json["tables"]}
    assert found["openMunicipality"][("Totaal",)]["referred"] == 51


@ON_SQLITE
@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("2027-01-01", "future"), ("2026-10-02", "no_reference_date"), ("gisteren", "date"), ("2026-13-01", "date"),
        ("2026-07-01", "not_frozen"), ("20261001", "date"),
    ],
)  # fmt: skip
def test_a_wrong_reference_date_is_a_clear_problem(ledger: Ledger, on: str, code: str) -> None:
    answer = peildatum(ledger, "city", on)
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [("/date", code)]


def test_a_partners_own_count_is_held_against_the_frozen_one(ledger: Ledger) -> None:
    for on in (MARCH, date(2026, 5, 4)):
        for place in ("GM0375", "GM0453"):
            ledger.refer(path(on, 1, 1, 1, 1, 1, 1), municipality_code=place, times=12)
    fill(ledger)
    freeze_date(ledger.service, OCTOBER)
    counts = [{"municipalityCode": "GM0375", "count": 15}, {"municipalityCode": "GM0014", "count": 2}]
    body = {"figure": "started", "partnerId": str(ledger.actors["school"].organisation_id), "counts": counts}
    found = read(reconcile(ledger, "city", body).json["tables"][0])
    assert found == {
        ("GM0375",): {"own_count": 15, "started": 13, "count_difference": 2},
        ("GM0014",): {"own_count": 2, "started": 0, "count_difference": 2},
        ("GM0453",): {"own_count": 0, "started": 0, "count_difference": 0},
    }
    assert peildatum(ledger, "network").json["tables"][-1]["rows"][0]["cells"][1]["value"] == 15, "as it was on the eve"
    refused = reconcile(ledger, "network", body)
    assert [error["pointer"] for error in refused.json["errors"]] == ["/partnerId"]
    shared = read(reconcile(ledger, "network", {"figure": "referred", "counts": counts}).json["tables"][0])
    assert shared[("GM0375",)] == {"own_count": 15, "referred": 15, "count_difference": 0}
    assert shared[("GM0014",)]["count_difference"] == "hidden"


def reconcile(ledger: Ledger, who: str, body: dict[str, Any]) -> Any:
    return ledger.client.post("/v1/reports/reference-dates/2026-10-01/_reconcile", json=body, headers={"Actor": who})


# What holds for each of them.


@ON_SQLITE
@pytest.mark.parametrize("report", ["monitor", "reach"])
@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"from_": "2026-05-01", "to": "2026-04-30"}, "/to reversed"),
        ({"from_": "2027-01-01"}, "/to reversed"),
        ({"from_": "2027-01-01", "to": "2027-01-31"}, "/from future"),
        ({"from_": "2026-01-02"}, "/from part_of_month"),
        ({"from_": "2026-01-01", "to": "2026-05-30"}, "/to part_of_month"),
        ({"from_": "jan"}, "/from date"),
        ({"gemeente": "GM0453"}, "/gemeente unknown"),
        ({"groupBy": "coach"}, "/groupBy unknown"),
    ],
)
def test_bad_questions_are_clear_problems(ledger: Ledger, report: str, query: dict[str, str], wrong: str) -> None:
    answer = ask(ledger, "network", report, **query)
    assert answer.status_code == 400
    assert wrong in [f"{error['pointer']} {error['code']}" for error in answer.json["errors"]]


@ON_SQLITE
def test_coverage_takes_no_questions(ledger: Ledger) -> None:
    assert ask(ledger, "city", "coverage", coach="Ans").status_code == 400


@ON_SQLITE
@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("who", ["city", "network", "bakery"])
def test_every_figure_has_its_definition_and_the_table_says_the_same(ledger: Ledger, report: str, who: str) -> None:
    write_down(ledger, Random(2), 12)
    body = ask(ledger, who, report).json
    defined = {each["indicator"] for each in body["definitions"]}
    for table in body["tables"]:
        for column in table["columns"]:
            assert column["unit"] == "text" or column["indicator"] in defined, column
    text = ask(ledger, who, report, "text/csv").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
    assert lines == list(as_lines(body))


def as_lines(body: dict[str, Any]) -> Iterator[list[str]]:
    for table in body["tables"]:
        yield [table["title"]]
        yield [*(column["label"] for column in table["columns"]), "Afgerond op", "Verborgen onder"]
        for row in table["rows"]:
            cells = [as_text(cell) for cell in row["cells"]]
            yield [*cells, str(table["roundedTo"]), str(table["hiddenBelow"])]
        yield []
    yield ["Begrippen"]
    yield ["Begrip", "Wat het betekent"]
    days = (date.fromisoformat(body[key]).strftime("%d-%m-%Y") for key in ("from", "to"))
    yield ["Verslag", f"{body['title']}, {' tot en met '.join(days)}"]
    yield from (["Let op", remark] for remark in body["remarks"])
    for each in body["definitions"]:
        yield [each["label"], each["definition"]]


def as_text(cell: dict[str, Any]) -> str:
    if "why" in cell:
        return labels("absence")[cell["why"]]
    value = cell["value"]
    return "" if value is None else str(value).replace(".", ",") if isinstance(value, float) else str(value)


def test_the_worker_freezes_a_date_within_a_month_and_not_afterwards(ledger: Ledger) -> None:
    fill(ledger)
    asked = {"late": freeze_due(ledger.service)}
    for name, day in (("eve", date(2026, 9, 30)), ("due", OCTOBER), ("again", date(2026, 10, 31))):
        clock = at_ten(day)
        asked[name] = freeze_due(replace(ledger.service, clock=clock))
    assert asked == {"late": 0, "eve": 0, "due": 6, "again": 0}


def at_ten(day: date) -> Callable[[], datetime]:
    return lambda: datetime.combine(day, time(10), AMSTERDAM)


# Offer and targets.


def offer(ledger: Ledger, who: str, **facts: Any) -> None:
    with ledger.service.work() as work:
        known = {
            "name": "Lezen", "description": "Samen lezen.", "template": "A", "components": ["basic_skills"],
            "skills": ["reading"], "levels": ["1F"], "language_backgrounds": ["nt1"], "course_kind": "formal",
            "course_type": "language", "places": 12, "municipality_code": "GM0453", "delivery": "location",
            "minimum_age": 18, "region_only": False, "civic_integration_allowed": False, "means_allowed": True,
            "funding_source": "web", "last_checked_on": TODAY,
        }  # fmt: skip
        organisation_id = ledger.actors[who].organisation_id
        work.session.add(Trajectory(organisation_id=organisation_id, **{**known, **facts}))


@ON_SQLITE
def test_offer_is_held_against_demand(ledger: Ledger) -> None:
    offer(ledger, "school", places_taken=5, waiting=2)
    offer(ledger, "school", places=8, skills=["digital", "reading"], course_kind="non_formal_volunteer")
    offer(ledger, "school", places=50, active=False)
    ledger.refer(path(MARCH, 1, 1, 1, 1), offered_course_kind="formal", times=6)
    ledger.refer(path(MARCH), skills=["numeracy"], times=3)
    rebuild_facts(ledger.service)
    demand = tables(ledger, "city", "reach")["demand"]
    assert demand[("reading",)] == {"demand": 6, "activities": 2, "places": 20, "withoutOffer": "Nee"}
    assert demand[("reading_digital",)] == {"demand": 0, "activities": 1, "places": 8, "withoutOffer": "Nee"}
    assert demand[("numeracy",)] == {"demand": 3, "activities": 0, "places": 0, "withoutOffer": "Ja"}
    put_in = tables(ledger, "city", "monitor")["input"]
    assert put_in[("formal",)] == {
        "activities": 1, "places": 12, "participants": 6, "participants_per_activity": 6.0
    }  # fmt: skip
    school = (str(ledger.actors["school"].organisation_id),)
    assert tables(ledger, "school", "coverage")["providers"][school]["free_places"] == 20 - 5
    shared = tables(ledger, "network", "coverage")["providers"][school]
    assert (shared["free_places"], shared["waiting"], shared["places"]) == ("hidden", "hidden", 20)


def test_offer_is_held_against_demand_by_sector(ledger: Ledger) -> None:
    """A trajectory for two sectors stands with both; what is for every sector is in none of them."""
    offer(ledger, "school", places=9, places_taken=4, sector_codes=["F", "I"])
    offer(ledger, "school", places=7, places_taken=7, sector_codes=["F"])
    offer(ledger, "school", places=50, places_taken=20)
    offer(ledger, "school", places=30, sector_codes=["A"], active=False)
    for sector, times in (("F", 5), ("A", 3), (None, 2)):
        ledger.screen(MARCH, times=times, sector=sector)
    ledger.screen(MARCH, times=4, sector="I", indication="no")
    rebuild_facts(ledger.service)
    found = tables(ledger, "city", "reach")["sectorDemand"]
    assert len(found) == len(sectors()) + 2
    assert {key[0]: list(cells.values()) for key, cells in found.items() if any(cells[name] for name in ASKED)} == {
        "A": [3, 0, 0, 0, "Ja"],
        "F": [5, 2, 16, 5, "Nee"],
        "I": [0, 1, 9, 5, "Nee"],
        "Onbekend": [2, None, None, None, None],
        "Voor elke sector": [None, 1, 50, 30, None],
    }
    by_any = sum(cells["places"] or 0 for cells in found.values())
    assert by_any == 75, "the control: the lines add up to more than the 66 places that there are"
    shared = tables(ledger, "network", "reach")["sectorDemand"]
    assert list(shared[("F",)].values()) == ["hidden", 2, 16, "hidden", "Nee"]
    assert list(shared[("A",)].values()) == ["hidden", 0, 0, 0, "hidden"], "that somebody asks would tell of three"
    assert list(shared[("Voor elke sector",)].values()) == [None, 1, 50, 30, None]


ASKED = ("sector_demand", "sector_activities")


def test_parents_are_a_part_of_who_said_so(ledger: Ledger) -> None:
    for answer, times in (("yes", 30), ("no", 90), ("unknown", 40)):
        ledger.screen(MARCH, times=times, raises_children=answer)
    ledger.screen(MARCH, times=20, indication="no")
    ledger.refer(path(MARCH), times=9)
    rebuild_facts(ledger.service)
    for who in ("city", "network"):
        assert tables(ledger, who, "reach")["parents"] == {
            ("yes",): {"screened": 30, "indication": 30, "parent_share": 0.25},
            ("no",): {"screened": 90, "indication": 90, "parent_share": None},
            ("unknown",): {"screened": 60, "indication": 40, "parent_share": None},
        }
    assert round(30 / 180, 2) != 0.25, "the control: who counts unknown as no says 17 percent"
    ledger.screen(MARCH, by="uwv", times=3, raises_children="no")
    rebuild_facts(ledger.service)
    assert tables(ledger, "uwv", "reach")["parents"][("yes",)]["parent_share"] == 0
    clean(ledger)
    ledger.screen(MARCH, times=4, raises_children="yes")
    ledger.screen(MARCH, times=120, raises_children="no")
    rebuild_facts(ledger.service)
    shared = tables(ledger, "network", "reach")["parents"]
    assert shared[("yes",)] == {"screened": "hidden", "indication": "hidden", "parent_share": "hidden"}
    assert shared[("no",)]["screened"] == "hidden", "the total would give the four away"


@ON_SQLITE
def test_the_ages_say_which_bands_stand_for_the_young(ledger: Ledger) -> None:
    found = ask(ledger, "city", "reach").json
    (meaning,) = [each["definition"] for each in found["definitions"] if each["indicator"] == "young_adults"]
    assert "16 tot en met 30 jaar" in meaning
    assert "16 tot en met 24 jaar" in meaning
    young = {key[0] for key, cells in tables(ledger, "city", "reach")["ages"].items() if cells["young"] == "Ja"}
    assert young == {"16-17", "18-24"}


@ON_SQLITE
def test_free_places_in_shared_figures_tell_no_more_than_the_taken_ones(ledger: Ledger) -> None:
    offer(ledger, "school", places=60, places_taken=23)
    school = (str(ledger.actors["school"].organisation_id),)
    assert tables(ledger, "network", "coverage")["providers"][school]["free_places"] == 60 - 25
    assert tables(ledger, "school", "coverage")["providers"][school]["free_places"] == 60 - 23


@ON_SQLITE
def test_a_region_sees_what_it_reached_of_its_targets_and_its_target_group(ledger: Ledger) -> None:
    with ledger.service.work() as work:
        region = Region(id=new_id(), kind=RegionKind.LABOUR_MARKET, name="Kust", code="AM37")
        work.session.add(region)
    ledger.settle("coast", OrganisationKind.MUNICIPALITY, region.id)
    ledger.settle("board", OrganisationKind.REGION, region.id)
    ledger.screen(MARCH, by="coast", times=52)
    ledger.refer(path(MARCH, 1, 1, 1, 1), by="coast", times=33)
    ledger.refer(path(date(2025, 12, 1), 1, 1, 1, 1), by="coast", times=70)
    rebuild_facts(ledger.service)
    found = tables(ledger, "board", "reach")
    assert found["targets"] == {
        ("AM37", "screened"): {"baseline": 100, "target": 200, "reached": 50, "target_share": 0.25},
        ("AM37", "started"): {"baseline": 30, "target": 80, "reached": 35, "target_share": 0.44},
        ("AM37", "completed"): {"baseline": 10, "target": 40, "reached": "hidden", "target_share": "hidden"},
    }
    assert found["municipalities"][("GM0453",)] == {
        "target_group": 9000, "screened": 50, "reach_share": 0.0056, "referred": 35, "participants": 35
    }  # fmt: skip
    exact = tables(ledger, "coast", "reach")
    assert "targets" not in exact, "the targets are the region's, not those of one organisation"
    assert exact["municipalities"][("GM0453",)]["screened"] == 52


@ON_SQLITE
def test_a_row_that_is_not_always_there_tells_of_somebody_and_so_is_left_out(ledger: Ledger) -> None:
    """Somebody from a gemeente far away, with a partner that offers nothing: in shared tables there is no such row."""
    fill(ledger)
    ledger.refer(path(date(2026, 9, 1), 1), to="bakery", municipality_code="GM0014")
    rebuild_facts(ledger.service)
    freeze_date(ledger.service, OCTOBER)
    bakery = str(ledger.actors["bakery"].organisation_id)
    for who, expected in (("city", True), ("network", False)):
        found = {table["table"]: read(table) for table in peildatum(ledger, who).json["tables"]}
        for name in ("openMunicipality", "quarterMunicipality"):
            assert (("GM0014",) in found[name]) is expected, name
        for name in ("openPartner", "quarterPartner"):
            assert ((bakery,) in found[name]) is expected, name
        assert ((bakery,) in tables(ledger, who, "coverage")["providers"]) is expected
