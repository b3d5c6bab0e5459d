"""Random lives through the real deeds, counted by hand from the history: the facts that were kept must say the same."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, select

from referral.core.codelists import default_terms, municipalities, reasons
from referral.core.errors import Problem
from referral.core.policy import Actor
from referral.core.work import AMSTERDAM, Service
from referral.participants.models import Participant
from referral.participants.usecases import EraseParticipant, erase_participant
from referral.referrals.guards import open_steps
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.schemas.events import perform
from referral.referrals.schemas.requests import CreateReferralSchema
from referral.referrals.usecases import Move, ReferralMoved, create_referral, expire_referral
from referral.referrals.usecases.reading import last_facts
from referral.referrals.workflow import FINAL, MILESTONES, EventName, Status
from referral.reports.measures import GroupKey
from referral.reports.usecases import (
    ShowFunnel,
    ShowReport,
    fold_changes,
    keeping,
    note_referral,
    rebuild_facts,
    show_funnel,
)
from referral.reports.usecases.asked import Asked
from referral.reports.usecases.standing import standing_table
from referral.screenings.models import Conversation, Screening
from referral.screenings.usecases import LogConversation, LogScreening, log_conversation, log_screening
from referral.trajectories.models import Trajectory
from tests.proof import scaled
from tests.referrals import chain
from tests.world import Clock, World

HISTORIES = scaled(500)
STAGES = ["referred", "accepted", "handed_over", "intake", "started", "completed", "closed"]
WHOLE = ["screened", "indication", "discussed", *STAGES]
FORWARD = frozenset({"submit", "accept", "confirm_handover", "start_intake", "start_trajectory", "complete", "close"})
SPECIAL = frozenset({"undo", "reopen", "hold", "resume", "transfer", "void"})
PEOPLE = ("referrer", "coordinator", "coach", "receiving_coordinator", "other_coach", "region", "system")
KEYS = [
    (), ("month",), ("sourceKind", "month"), ("quarter", "ageBand"), ("organisation",), ("partner",), ("skill",),
    ("foundAt",), ("region",), ("occupation", "month"), ("trajectoryTemplate",), ("ageBand", "employment"),
]  # fmt: skip
QUIET = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@dataclass(frozen=True)
class Case:
    """What one screening or one need is in the eyes of one organisation, counted by hand."""

    owner: UUID
    side: str
    traits: dict[str, str | None]
    reached: tuple[str, ...]
    also: frozenset[str]
    days: dict[str, int]
    loss: str | None
    result: str = ""
    since: dict[str, date] = field(default_factory=dict)
    ended: date | None = None


class Town:
    """The world of the tests, with people who act straight on the use cases."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.actors: dict[str, Actor] = {who: chain.actor(world, who) for who in (*PEOPLE, "privacy")}
        self.done: Counter[str] = Counter()

    def live(self, chance: Random) -> None:
        """One history: perhaps a screening, a referral, and some steps of it, its successors, and its person."""
        self.world.clock.now = Clock().now + timedelta(days=chance.randint(0, 400))
        code = self.screen(chance) if chance.random() < 0.7 else None
        body = self.world.referral_body(
            submit=chance.random() < 0.9, skills=chance.choice([["reading"], ["digital", "reading"]])
        )
        if code:
            body |= {"screeningCodes": [code]}
            del body["noScreening"]
        with self.world.service.work() as work:
            made = create_referral(CreateReferralSchema().load(body), actor=self.actors["referrer"], work=work)
        mine, person = [made.id], made.participant_id
        for _ in range(chance.randint(2, 12)):
            self.world.clock.move(days=chance.choice([0, 0, 1, 3, 17, 40]), minutes=chance.choice([1, 30]))
            self.step(chance, mine)
        if chance.random() < 0.15:
            self.erase(person)
        if chance.random() < 0.3:
            fold_changes(self.world.service, most=chance.choice([1, 7, 1000]))

    def screen(self, chance: Random) -> str:
        """A screening, perhaps discussed."""
        band, found, occupation = chance.choice([("25-34", "library", "1122"), ("35-44", "taalhuis", "9999")])
        command = LogScreening(
            "taalmeter", self.world.clock.today, chance.choice(["yes", "yes", "no"]), "nt2", "employed", band,
            chance.choice(["GM0453", "GM0014"]), found, score=9, block=1, sector="I", occupation_code=occupation,
        )  # fmt: skip
        with self.world.service.work() as work:
            code = log_screening(command, actor=self.actors["referrer"], work=work).code
        for _ in range(chance.randint(0, 2)):
            self.world.clock.move(days=chance.randint(0, 4))
            held = LogConversation(code, held_on=self.world.clock.today, outcome="agrees")
            missed = LogConversation(code, reason=chance.choice(["no_time", "client_absent"]))
            said = held if chance.random() < 0.5 else missed
            with self.world.service.work() as work:
                log_conversation(said, actor=self.actors["referrer"], work=work)
        return code

    def step(self, chance: Random, mine: list[UUID]) -> None:
        """Something that somebody can do now, mostly forward."""
        referral_id = chance.choice(mine)
        with self.world.service.work(read_only=True) as work:
            row = work.session.get_one(Referral, referral_id)
            now, terms = self.world.clock.now, default_terms()
            pairs = sorted((event, who) for who in PEOPLE for event in open_steps(row, self.actors[who], now, terms))
        wanted = chance.choices([FORWARD, SPECIAL, frozenset(EventName)], [5, 3, 2])[0]
        chosen = [pair for pair in pairs if pair[0] in wanted] or pairs
        if chosen:
            self.act(referral_id, *chance.choice(chosen), mine, cold=chance.random() < 0.3)

    def act(self, referral_id: UUID, event: EventName, who: str, mine: list[UUID], *, cold: bool) -> None:
        actor = self.actors[who]
        try:
            with self.world.service.work() as work:
                if event is EventName.EXPIRE:
                    moved = expire_referral(Move(referral_id=referral_id), actor=actor, work=work)
                else:
                    row = work.session.get_one(Referral, referral_id)
                    goals = last_facts(work, row, EventName.START_TRAJECTORY).get("goalIds")
                    members = chain.members(self.world, event.value, goals=goals)
                    members |= {"mode": "cold"} if cold and event is EventName.CONFIRM_HANDOVER else {}
                    members |= {"certificate": "mbo_certificate"} if cold and event is EventName.COMPLETE else {}
                    moved = perform(event, members, referral_id, row.version, actor=actor, work=work)
        except Problem:
            return
        self.done[event.value] += 1
        if moved.id not in mine:
            mine.append(moved.id)

    def erase(self, person: UUID) -> None:
        with self.world.service.work() as work:
            if work.session.get_one(Participant, person).erased_at is None:
                command = EraseParticipant(person, "request")
                erase_participant(command, actor=self.actors["privacy"], work=work)
                self.done["erase"] += 1


# Counting by hand.


def count_by_hand(service: Service) -> list[Case]:
    """Every case, from the rows of the screenings and of the histories alone."""
    with service.work(read_only=True) as work:
        session = work.session
        offers = {row.id: row for row in session.scalars(select(Trajectory))}
        held: dict[UUID, list[date]] = {}
        for talk in session.scalars(select(Conversation).where(Conversation.held)):
            held.setdefault(talk.screening_id, []).append(talk.held_on or date.max)
        missed: dict[UUID, str | None] = {}
        for talk in session.scalars(select(Conversation).where(~Conversation.held).order_by(Conversation.sequence)):
            missed[talk.screening_id] = talk.reason
        cases = [screened(row, held.get(row.id, []), missed.get(row.id)) for row in session.scalars(select(Screening))]
        rows = {row.id: row for row in session.scalars(select(Referral))}
        events: dict[UUID, list[ReferralEvent]] = {each: [] for each in rows}
        for row in session.scalars(select(ReferralEvent).order_by(ReferralEvent.sequence)):
            events[row.referral_id].append(row)
        for origin in (row for row in rows.values() if row.previous_id is None):
            needs = list(successors(origin, rows))
            cases += needs_of(needs, {row.id: standing(events[row.id]) for row in needs}, offers)
    return cases


def successors(row: Referral, rows: dict[UUID, Referral]) -> Iterator[Referral]:
    yield row
    for other in rows.values():
        if other.previous_id == row.id:
            yield from successors(other, rows)


def standing(history: Sequence[ReferralEvent]) -> list[ReferralEvent]:
    """The events that were not taken back."""
    taken_back = {row.undoes for row in history}
    return [row for row in history if row.event is not EventName.UNDO and row.sequence not in taken_back]


def day(row: ReferralEvent) -> date:
    return row.occurred_at.astimezone(AMSTERDAM).date()


def first_days(history: Sequence[ReferralEvent]) -> dict[str, date]:
    found: dict[str, date] = {}
    for row in history:
        for stage, status in zip(STAGES, MILESTONES, strict=True):
            if row.to_status is status:
                found.setdefault(stage, day(row))
    return found


def paused(history: Sequence[ReferralEvent]) -> set[date]:
    """Every day on which it was on hold, up to an end that is known."""
    days, since = set(), None
    for row in history:
        if row.event is EventName.HOLD:
            since = day(row)
        elif since is not None and (row.event is EventName.RESUME or row.to_status in FINAL):
            days |= {since + timedelta(days=n) for n in range((day(row) - since).days)}
            since = None
    return days


def needs_of(
    needs: list[Referral], history: dict[UUID, list[ReferralEvent]], offers: dict[UUID, Trajectory]
) -> Iterator[Case]:
    counted = [
        row
        for row in needs
        if "referred" in first_days(history[row.id]) and history[row.id][-1].to_status is not Status.VOID
    ]
    if not counted:
        return
    sender = counted[0].source_organisation_id
    yield need(counted, "sent", sender, history, offers)
    for receiver in {row.receiver_organisation_id for row in counted} - {sender, None}:
        yield need(
            [row for row in counted if row.receiver_organisation_id == receiver], "received", receiver, history, offers
        )


def need(
    rows: list[Referral],
    side: str,
    owner: Any,
    history: dict[UUID, list[ReferralEvent]],
    offers: dict[UUID, Trajectory],
) -> Case:
    submitted = {
        row.id: next(e.occurred_at for e in history[row.id] if e.to_status is Status.SUBMITTED) for row in rows
    }
    first = min(rows, key=lambda row: submitted[row.id])
    reached: dict[str, date] = {}
    for row in rows:
        for stage, on in first_days(history[row.id]).items():
            reached[stage] = min(on, reached.get(stage, on))
    furthest = max(STAGES.index(stage) for stage in reached)
    on_hold = set().union(*(paused(history[row.id]) for row in rows))
    known = reached | ({"discussed": first.conversation_held_on} if first.conversation_held_on else {})
    days = {
        later: worked(known[earlier], known[later], on_hold)
        for earlier, later in pairwise(["discussed", *STAGES[: furthest + 1]])
        if earlier in known and later in known
    }
    also = set()
    if any(e.event in ("accept", "waitlist", "decline", "return_with_question") for e in history[first.id]):
        also.add("answered")
    handovers = [next((e for e in history[row.id] if e.event == "confirm_handover"), None) for row in rows]
    if furthest >= 2 and any(e is not None and e.facts.get("mode") == "cold" for e in handovers):
        also.add("cold_handover")
    if "started" in reached:
        signal = first.screened_on or first.conversation_held_on or reached["referred"]
        days["signal_to_start"] = worked(signal, reached["started"], on_hold)
        started = [(first_days(history[row.id]).get("started"), row.offer_due_on) for row in rows]
        if any(on is not None and due is not None and on <= due for on, due in started):
            also.add("within_term")
    offer = offers.get(first.trajectory_id) if first.trajectory_id else None
    traits = traits_of(first, first.source_organisation_id, reached["referred"])
    traits |= {"partner": str(first.receiver_organisation_id) if first.receiver_organisation_id else None}
    traits |= {"trajectoryTemplate": offer.template if offer else None}
    loss, end = lost(rows, history), ended(rows, history)
    result = result_of(STAGES[: furthest + 1], loss, [e for row in rows for e in history[row.id]])
    return Case(
        owner, side, traits, tuple(STAGES[: furthest + 1]), frozenset(also), days, loss, result, reached, end
    )  # fmt: skip


def result_of(counted: Sequence[str], loss: str | None, events: list[ReferralEvent]) -> str:
    """What a trajectory that started ended with."""
    if "completed" in counted:
        return str(next(e.facts["certificate"] for e in reversed(events) if e.event is EventName.COMPLETE))
    return "" if "started" not in counted else "stopped" if loss else "running"


def ended(rows: list[Referral], history: dict[UUID, list[ReferralEvent]]) -> date | None:
    """The day on which the last of them ended; none while one is open."""
    days = []
    for row in rows:
        last = history[row.id][-1].to_status
        if last not in FINAL:
            return None
        end = next(e for e in reversed(history[row.id]) if e.to_status is last and e.from_status is not last)
        days.append(day(end))
    return max(days)


def lost(rows: list[Referral], history: dict[UUID, list[ReferralEvent]]) -> str | None:
    """The reason of the referral that ended last, unless one is still open, or it went on elsewhere."""
    ends = []
    for row in rows:
        last = history[row.id][-1].to_status
        if last not in FINAL:
            return None
        ends.append(next(e for e in reversed(history[row.id]) if e.to_status is last and e.from_status is not last))
    end = max(ends, key=lambda e: e.occurred_at)
    return None if end.to_status is Status.CLOSED or end.reason == "transferred" else end.reason


def worked(start: date, end: date, on_hold: set[date]) -> int:
    return sum(start + timedelta(days=n) not in on_hold for n in range((end - start).days))


def screened(row: Screening, held: list[date], missed: str | None) -> Case:
    reached, days = ["screened"], {}
    if row.indication == "yes":
        reached.append("indication")
        days["indication"] = 0
        if held:
            reached.append("discussed")
            days["discussed"] = (min(held) - row.conducted_on).days
    traits = traits_of(row, row.organisation_id, row.conducted_on) | {"partner": None, "trajectoryTemplate": None}
    return Case(row.organisation_id, "screened", traits, tuple(reached), frozenset(), days, None if held else missed)


def traits_of(row: Any, organisation: UUID, counted_on: date) -> dict[str, str | None]:
    occupation = row.occupation_code
    place = municipalities().get(row.municipality_code or "")
    return {
        "month": counted_on.isoformat()[:7],
        "quarter": f"{counted_on.year}-Q{(counted_on.month - 1) // 3 + 1}",
        "sourceKind": row.source_kind.value,
        "organisation": str(organisation),
        "ageBand": row.age_band,
        "employment": row.employment,
        "skill": "reading_digital" if "digital" in row.skills else "reading",
        "foundAt": row.found_at,
        "region": place.labour_market_region_code if place else None,
        "occupation": "other" if occupation == "9999" else occupation,
    }


def figures(cases: list[Case]) -> dict[str, Any]:
    """What the report must say of these cases."""
    counts = Counter(name for case in cases for name in (*case.reached, *case.also))
    counts["not_discussed"] = counts["indication"] - counts["discussed"]
    counts["signal_to_start"] = counts["started"]
    days = {
        stage: middle([case.days[stage] for case in cases if stage in case.days])
        for stage in (*WHOLE, "signal_to_start")
    }
    losses = Counter(
        (reasons()[case.loss].party.value, case.loss) for case in cases if case.loss and case.side != "screened"
    )
    missed = Counter(
        case.loss for case in cases if case.side == "screened" and case.reached == ("screened", "indication")
    )
    return {
        "counts": +counts,
        "days": {stage: each for stage, each in days.items() if each},
        "losses": dict(losses),
        "missed": dict(missed),
        "results": dict(Counter(case.result for case in cases if case.result)),
    }


def middle(days: list[int]) -> tuple[float, int] | None:
    if not days:
        return None
    days, half = sorted(days), len(days) // 2
    return (days[half] + days[-half - 1]) / 2, next(d for d in days if sum(o <= d for o in days) * 10 >= 9 * len(days))


def reported(row: Any) -> dict[str, Any]:
    """The same, of a row of the report."""
    cells = [*row.stages, *row.others]
    return {
        "counts": +Counter({cell.stage: cell.count for cell in cells}),
        "days": {cell.stage: (cell.median_days, cell.p90_days) for cell in cells if cell.median_days is not None},
        "losses": {(loss.party, loss.reason): loss.count for loss in row.losses},
        "missed": {each.reason: each.count for each in row.missed},
        "results": {name: count for name, count in row.results.items() if count},
    }


def compare(town: Town, who: str, keys: tuple[str, ...], filters: dict[str, str], by_hand: list[Case]) -> int:
    """Hold one question's answer against the count by hand; returns how many figures were compared."""
    actor = town.actors[who]
    mine = [case for case in by_hand if case.owner == actor.organisation_id]
    mine = [case for case in mine if all(case.traits[key] == value for key, value in filters.items())]
    groups: dict[tuple[str | None, ...], list[Case]] = {} if keys else {(): []}
    for case in mine:
        groups.setdefault(tuple(case.traits[key] for key in keys), []).append(case)
    query = ShowFunnel(
        date(2026, 1, 1), date(2040, 12, 31), tuple(map(GroupKey, keys)), {GroupKey(k): v for k, v in filters.items()}
    )
    with town.world.service.work() as work:
        rows = show_funnel(query, actor=actor, work=work).rows
    assert {row.group: reported(row) for row in rows} == {group: figures(cases) for group, cases in groups.items()}
    return sum(len(row.stages) + len(row.others) + len(row.losses) + len(row.missed) for row in rows)


def compare_standing(town: Town, who: str, on: date, by_hand: list[Case], *, forgets_ends: bool = False) -> bool:
    """Whether the open cases when this day began are what a count by hand gives. `forgets_ends`: the wrong build."""
    actor = town.actors[who]
    there = Counter[str]()
    for case in by_hand:
        begun = case.since.get("referred", date.max) < on and case.owner == actor.organisation_id
        if begun and (forgets_ends or case.ended is None or case.ended >= on):
            furthest = max(STAGES.index(stage) for stage, since in case.since.items() if since < on)
            there.update(STAGES[: min(furthest + 1, 6)])
    with town.world.service.work(read_only=True) as work:
        table = standing_table(Asked(ShowReport(), actor, work), on, GroupKey.PARTNER)
    return [cell.value for cell in table.rows[-1][1:]] == [there[stage] for stage in STAGES[:6]]


FILTERS = [{}, {"ageBand": "35-44"}, {"skill": "reading_digital"}, {"foundAt": "library", "employment": "employed"}]


def test_the_facts_say_what_the_history_says(world: World) -> None:
    town, compared, chosen = Town(world), Counter[str](), Random(7)

    @settings(QUIET, max_examples=HISTORIES)
    @given(st.integers(0, 2**31))
    def lives(seed: int) -> None:
        town.live(Random(seed))
        if compared["histories"] % 10 == 0:
            compare_all(chosen.sample(KEYS, 3))
        compared["histories"] += 1

    def compare_all(questions: Sequence[tuple[str, ...]]) -> None:
        by_hand = count_by_hand(world.service)
        for keys in questions:
            for who in ("coordinator", "receiving_coordinator"):
                compared["figures"] += compare(town, who, keys, chosen.choice(FILTERS), by_hand)

    lives()
    compare_all(KEYS)
    by_hand, days = count_by_hand(world.service), [date(2026, 12, 1), date(2027, 4, 1), date(2027, 10, 1)]
    for who in ("coordinator", "receiving_coordinator"):
        assert all(compare_standing(town, who, on, by_hand) for on in days)
    assert not all(compare_standing(town, "coordinator", on, by_hand, forgets_ends=True) for on in days)
    found = rebuild_facts(world.service)
    assert found.is_equal, found
    compare_all(KEYS[:3])
    sys.stdout.write(f"{dict(compared)} {dict(town.done)} {dict(found.counted)}\n")
    assert {"undo", "reopen", "hold", "resume", "transfer", "void", "erase"} <= set(town.done)


def test_control_a_fact_that_misses_undo_is_found(world: World) -> None:
    def forgetful(event: ReferralMoved, work: Any) -> None:
        if work.session.get_one(ReferralEvent, event.event_id).event is not EventName.UNDO:
            note_referral(event, work)

    wrong = replace(world.service, now_reactions={**world.service.now_reactions, ReferralMoved: [forgetful]})
    world.service = wrong
    town, accepted = Town(world), UUID(world.bring_to("accepted")["id"])
    town.act(accepted, EventName.UNDO, "coach", [accepted], cold=False)
    assert town.done["undo"] == 1
    by_hand = count_by_hand(wrong)
    with pytest.raises(AssertionError):
        compare(town, "coordinator", (), {}, by_hand)
    assert not rebuild_facts(wrong).is_equal
    assert rebuild_facts(wrong).is_equal, "what it found it put right"


def move_both_at_once(world: World) -> bool:
    """Of a need that was sent on three times the second referral becomes void while the last is declined.

    Gives whether the facts are right then. The two have no row in common but the facts.
    """
    first = world.refer()
    second = world.move("other_coach", send_on(world, first, world.other_trajectory_id), "accept")
    last = send_on(world, send_on(world, second, world.trajectory_id), world.other_trajectory_id)
    world.clock.move(minutes=5)
    answers: list[int] = []

    def decline() -> None:
        answer = world.event("other_coach", last, "decline", reason="no_capacity", noAlternative=True)
        answers.append(answer.status_code)

    other, coordinator = Thread(target=decline), world.actor("coordinator")
    with world.service.work() as work:
        row = work.session.get_one(Referral, UUID(second["id"]))
        members = chain.members(world, "void")
        perform(EventName.VOID, members, row.id, row.version, actor=coordinator, work=work)
        other.start()
        other.join(0.5)
        assert answers == [], "it waits for its turn"
    other.join()
    assert answers == [201]
    return rebuild_facts(world.service).is_equal


def send_on(world: World, referral: dict[str, Any], trajectory_id: str) -> dict[str, Any]:
    seen = world.call("referrer", "GET", f"/v1/referrals/{referral['id']}").json
    return world.move("referrer", seen, "transfer", reason="level_too_low", trajectoryId=trajectory_id)


def test_two_referrals_of_one_need_at_once(world: World) -> None:
    assert move_both_at_once(world)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_control_who_does_not_hold_the_need_counts_what_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits in any case, since both change the same fact; but it read too early."""
    monkeypatch.setattr(keeping, "_HELD", select(bindparam("subject_id")))
    assert not move_both_at_once(world)
