"""Random lives of referrals, by random people at random moments: what must hold after every single step."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from referral.core.codelists import default_terms
from referral.core.errors import Conflict, EventRefused, Invalid, NotFound
from referral.core.policy import Actor, system_actor
from referral.core.work import Work
from referral.participants.models import Disclosure
from referral.participants.usecases import WithdrawAgreement, withdraw_agreement
from referral.referrals.guards import open_steps
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.schemas.events import perform
from referral.referrals.schemas.requests import CreateReferralSchema
from referral.referrals.usecases import ChangeReferral, Move, change_referral, create_referral, expire_referral, moving
from referral.referrals.usecases.reading import last_facts
from referral.referrals.workflow import EventName, Party
from referral.trajectories.models import Trajectory
from tests.referrals import chain
from tests.referrals.doors import offer, tell
from tests.world import Clock, World

PEOPLE = (*chain.PEOPLE, "stranger", "other_coach")
ENDINGS = frozenset({"withdraw", "withdraw_agreement", "void", "decline", "expire", "not_start", "stop", "transfer"})
MOST = 3
MANY = settings(
    max_examples=32,
    stateful_step_count=18,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    # A life that fails is told as it was: making it shorter would take minutes.
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
FEW = settings(MANY, max_examples=6)


class Life(RuleBasedStateMachine):
    """At most three referrals, of one person or of more, by random people, to a trajectory with two places."""

    world: World
    counts: Counter[str]
    actors: dict[str, Actor]
    narrow: str | None = None

    @initialize()
    def begin(self) -> None:
        self.world.clock.now = Clock().now
        self.narrow = offer(self.world, places=2)
        self.trails: dict[UUID, list[str]] = {}
        self.versions: dict[UUID, int] = {}
        self.make("sent", known=False)

    # What people do.

    @precondition(lambda self: len(self.trails) < MOST)
    @rule(kind=st.sampled_from(["sent", "draft", "advice"]), known=st.booleans())
    def refer(self, kind: str, known: bool) -> None:
        self.make(kind, known=known)

    def make(self, kind: str, *, known: bool) -> None:
        asks = {"trajectoryId": ..., "adviseMe": True} if kind == "advice" else {"trajectoryId": self.narrow}
        sent: dict[str, Any] = self.world.referral_body(**asks, submit=kind != "draft")
        if known:
            del sent["participant"]
            sent["participantId"] = str(self.read(next(iter(self.trails))).participant_id)
        command = CreateReferralSchema().load(sent)
        try:
            with self.world.service.work() as work:
                made = create_referral(command, actor=self.actors["referrer"], work=work)
        except Conflict:
            self.counts["duplicates refused"] += 1
            return
        self.trails[made.id] = ["draft"] if kind == "draft" else ["draft", "submitted"]
        self.versions[made.id] = len(self.trails[made.id])
        self.counts["referrals"] += 1

    @rule(seed=st.integers(0, 2**30))
    def live(self, seed: int) -> None:
        """Some steps on end; mostly forward, since a life that ends at once proves little."""
        chance = Random(f"{seed} {list(self.trails.values())}")
        for _ in range(chance.randint(3, 7)):
            referral_id = chance.choice(list(self.trails))
            pairs = self.open_to(referral_id)
            quiet = [pair for pair in pairs if pair[1] not in ENDINGS]
            forward = [pair for pair in quiet if chain.ROWS[pair[1]].target or pair[1] is EventName.REOPEN]
            chosen = chance.choices([forward or pairs, quiet or pairs, pairs], [6, 3, 1])[0]
            if chosen:  # Nothing is open to anybody once it is void for an hour.
                event = chance.choice(sorted({event for _, event in chosen}))
                self.act(referral_id, event, chance.choice([who for who, its_event in chosen if its_event is event]))
                self.everything_holds()

    @rule(data=st.data(), who=st.sampled_from((*PEOPLE, "system")), event=st.sampled_from(EventName))
    def try_anything(self, data: st.DataObject, who: str, event: EventName) -> None:
        if event not in (EventName.CREATE, EventName.EXPIRE) or (who, event) == ("system", EventName.EXPIRE):
            self.act(data.draw(st.sampled_from(list(self.trails))), event, who)

    @rule(data=st.data(), who=st.sampled_from(["region", "region", "referrer"]))
    def pick_a_trajectory(self, data: st.DataObject, who: str) -> None:
        referral_id = data.draw(st.sampled_from(list(self.trails)))
        changes = {"trajectory_id": UUID(str(self.narrow))}
        version = self.versions[referral_id]
        command = ChangeReferral(referral_id=referral_id, expected_version=version, changes=changes)
        self.attempt(referral_id, lambda work: change_referral(command, actor=self.actors[who], work=work), "pick")

    @rule(data=st.data(), really=st.sampled_from([False] * 4 + [True]))
    def withdraw_everything(self, data: st.DataObject, really: bool) -> None:
        if not really:
            return
        participant_id = self.read(data.draw(st.sampled_from(list(self.trails)))).participant_id
        command = WithdrawAgreement(participant_id, self.world.clock.today)
        with self.world.service.work() as work:
            withdraw_agreement(command, actor=self.actors["referrer"], work=work)
        for referral_id, trail in self.trails.items():
            if trail[-1] in chain.OPEN and self.read(referral_id).participant_id == participant_id:
                self.follow(referral_id, "withdraw_agreement")
        self.counts["agreements withdrawn"] += 1

    @rule(days=st.sampled_from([0, 1, 3, 15, 40]), minutes=st.sampled_from([1, 30, 61]))
    def wait(self, days: int, minutes: int) -> None:
        self.world.clock.move(days=days, minutes=minutes)

    # How it is done, and what the field expects of it.

    def read(self, referral_id: UUID) -> Referral:
        with self.world.service.work(read_only=True) as work:
            return work.session.get_one(Referral, referral_id)

    def open_to(self, referral_id: UUID) -> list[tuple[str, EventName]]:
        """Everything that somebody could do now."""
        row, now = self.read(referral_id), self.world.clock.now
        people = [(who, actor) for who, actor in self.actors.items() if who == "system" or row.relations_to(actor)]
        return sorted((who, event) for who, actor in people for event in open_steps(row, actor, now, default_terms()))

    def act(self, referral_id: UUID, event: EventName, who: str) -> None:
        actor, version = self.actors[who], self.versions[referral_id]

        def deed(work: Work) -> Referral:
            if event is EventName.EXPIRE:
                return expire_referral(Move(referral_id=referral_id), actor=actor, work=work)
            row = work.session.get_one(Referral, referral_id)
            goals = last_facts(work, row, EventName.START_TRAJECTORY).get("goalIds")
            members = chain.members(self.world, event.value, goals=goals)
            return perform(event, members, referral_id, version, actor=actor, work=work)

        self.attempt(referral_id, deed, event.value)

    def attempt(self, referral_id: UUID, deed: Callable[[Work], Referral], event: str) -> None:
        try:
            with self.world.service.work() as work:
                moved = deed(work)
        except (EventRefused, NotFound):
            self.counts["refused"] += 1
            return
        except (Invalid, Conflict):
            self.counts["guarded"] += 1
            return
        self.counts["done"] += 1
        self.counts[f"{self.trails[referral_id][-1]} → {event}"] += 1
        self.follow(referral_id, event)
        if moved.id != referral_id:
            self.trails[moved.id], self.versions[moved.id] = ["draft", "submitted"], 2

    def follow(self, referral_id: UUID, event: str) -> None:
        """What the field says that the event did; a change of a draft leaves no row of history."""
        trail = self.trails[referral_id]
        self.versions[referral_id] += 1
        if event == "undo":
            trail.pop()
        elif event == "reopen":
            trail.append(next(status for status in reversed(trail) if status in chain.OPEN))
        elif event != "pick":
            trail.append(chain.leads_to(event, trail[-1]))
        elif trail[-1] != "draft":
            trail.append(trail[-1])

    # What holds after every step.

    @invariant()
    def everything_holds(self) -> None:
        if self.narrow is None:
            return
        self.counts["checks"] += 1
        with self.world.service.work(read_only=True) as work:
            for referral_id, trail in self.trails.items():
                row = work.session.get_one(Referral, referral_id)
                assert row.status == trail[-1], (row.status, trail)
                check_ball(row)
                check_history(row, work, self.versions[referral_id])
                check_sight(row, work)
            for trajectory_id in (self.narrow, self.world.other_trajectory_id):
                check_places(UUID(trajectory_id), work)


def machine(world: World, counts: Counter[str]) -> type[Life]:
    """The machine over this world; what it did is counted in `counts`."""
    actors = {who: world.actor(who) for who in PEOPLE} | {"system": system_actor()}
    return type("LifeHere", (Life,), {"world": world, "counts": counts, "actors": actors})


def check_ball(row: Referral) -> None:
    """Exactly one party by exactly one day while it is open or leaves a task, and none when it is over."""
    has_ball = (row.ball_party is not Party.NOBODY, row.ball_organisation_id is not None, row.due_on is not None)
    assert len(set(has_ball)) == 1
    task = row.status in ("declined", "expired", "not_started", "stopped_early") and not row.follow_up_done
    assert has_ball[0] == (row.status in chain.OPEN or task)
    assert (row.ended_at is not None) == (row.status in chain.FINAL)
    assert (row.reason is not None) == (row.status in chain.FINAL)
    assert not (row.is_held and row.status not in chain.FROM_ACCEPTED)


def check_history(row: Referral, work: Work, version: int) -> None:
    """No step is missing and none counts twice."""
    query = select(ReferralEvent).where(ReferralEvent.referral_id == row.id).order_by(ReferralEvent.sequence)
    told = work.session.scalars(query).all()
    assert [each.sequence for each in told] == list(range(1, row.last_sequence + 1))
    assert [each.from_status for each in told[1:]] == [each.to_status for each in told[:-1]]
    assert told[-1].to_status is row.status
    assert row.version == version


def check_sight(row: Referral, work: Work) -> None:
    """The receiver sees the person exactly while the case is shared, and once it is in hand only its coach."""
    query = select(Disclosure).where(Disclosure.referral_id == row.id, Disclosure.ended_at.is_(None))
    running = [(each.organisation_id, each.user_id) for each in work.session.scalars(query)]
    shared = row.status in chain.SHARED and row.receiver_organisation_id is not None
    assert running == ([(row.receiver_organisation_id, row.coach_id)] if shared else [])


def check_places(trajectory_id: UUID, work: Work) -> None:
    """The counters of the catalogue are what counting the cases gives."""
    trajectory = work.session.get_one(Trajectory, trajectory_id)
    query = select(Referral.status, func.count()).where(Referral.trajectory_id == trajectory_id)
    found = {status.value: count for status, count in work.session.execute(query.group_by(Referral.status))}
    taken = sum(found.get(status, 0) for status in chain.TAKES_PLACE)
    assert (trajectory.places_taken, trajectory.waiting) == (taken, found.get("waitlisted", 0))


def test_no_life_of_a_referral_breaks_a_promise(world: World) -> None:
    counts: Counter[str] = Counter()
    run_state_machine_as_test(machine(world, counts), settings=MANY)
    cells = {name: count for name, count in counts.items() if "→" in name}
    tell("lives", **{name: count for name, count in counts.items() if name not in cells}, transitions=len(cells))
    assert counts["done"] >= 100
    assert len(cells) >= 40


@pytest.mark.parametrize(
    ("broken", "noticed_by"),
    [
        ("_sync_places", AssertionError),
        ("_sync_disclosure", AssertionError),
        ("_write_history", AssertionError),
        ("settle", IntegrityError),
    ],
)
def test_the_machine_finds_an_engine_that_forgets(
    world: World, broken: str, noticed_by: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wrong builds: places, sight, history or ball stay behind; the last one is refused by the database itself."""
    if broken == "_write_history":
        whole = moving._write_history

        def forgetful(deed: moving.Deed, before: dict[str, Any] | None) -> ReferralEvent:
            deed.referral.last_sequence += 1
            return whole(deed, before)

        monkeypatch.setattr(moving, broken, forgetful)
    else:
        monkeypatch.setattr(moving, broken, lambda *_: None)
    with pytest.raises(noticed_by):
        run_state_machine_as_test(machine(world, Counter()), settings=FEW)
