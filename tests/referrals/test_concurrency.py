"""Two at the same moment: one wins, the other hears it, nothing happens twice. Beside each promise the wrong build."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from referral.core.audit import AuditEntry
from referral.core.errors import Problem
from referral.core.policy import Actor
from referral.core.work import Work
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.schemas.requests import CreateReferralSchema
from referral.referrals.usecases import AcceptReferral, accept_referral, create_referral
from referral.referrals.workflow import EventName, Status
from referral.trajectories.models import Trajectory
from tests.referrals.doors import body, history, offer, places, step, tell
from tests.world import World

ROUNDS, LAST_PLACES, CONTROLS, OVER_HTTP = 200, 50, 40, 20
KEYS, SENDS = 30, 5


def together(pool: ThreadPoolExecutor, deeds: Sequence[Callable[[], str]]) -> list[str]:
    """All at once, each in a thread of its own; what each of them got."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], str]) -> str:
        barrier.wait(30)
        try:
            return deed()
        except Problem as problem:
            return str(problem.members.get("code", problem.slug))

    return list(pool.map(run, deeds))


def submitted(world: World, count: int, **changes: Any) -> list[UUID]:
    """So many new referrals, in one transaction."""
    with world.service.work() as work:
        actor = world.actor("referrer")
        bodies = [world.referral_body(**changes) for _ in range(count)]
        return [create_referral(CreateReferralSchema().load(each), actor=actor, work=work).id for each in bodies]


def accepting(world: World, actor: Actor, referral_id: UUID, version: int | None = None) -> Callable[[], str]:
    def deed() -> str:
        with world.service.work() as work:
            accept_referral(AcceptReferral(referral_id=referral_id, expected_version=version), actor=actor, work=work)
        return "won"

    return deed


def count(work: Work, referral_ids: list[UUID]) -> tuple[int, int]:
    """How many acceptances the history and the audit log tell of."""
    rows = select(func.count()).where(
        ReferralEvent.referral_id.in_(referral_ids), ReferralEvent.event == EventName.ACCEPT
    )
    entries = select(func.count()).where(
        AuditEntry.object_id.in_(referral_ids), AuditEntry.action == "referral:accept", AuditEntry.result == "done"
    )
    return work.session.scalar(rows) or 0, work.session.scalar(entries) or 0


def test_of_two_coaches_who_accept_at_once_exactly_one_wins(world: World) -> None:
    """Half of the rounds with the version that both saw (412), half without (409)."""
    coaches = [world.actor("coach"), world.actor("second_coach")]
    referral_ids = submitted(world, ROUNDS)
    rounds: Counter[tuple[str, ...]] = Counter()
    winners: Counter[int] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for index, referral_id in enumerate(referral_ids):
            version = 2 if index % 2 else None
            got = together(pool, [accepting(world, coach, referral_id, version) for coach in coaches])
            rounds[tuple(sorted(got))] += 1
            winners[got.index("won")] += 1
    tell("two accept", rounds=dict(rounds), winners=dict(winners))
    assert rounds == {("event-not-allowed", "won"): ROUNDS // 2, ("stale-version", "won"): ROUNDS // 2}
    with world.service.work(read_only=True) as work:
        assert count(work, referral_ids) == (ROUNDS, ROUNDS)
    assert places(world, world.trajectory_id) == (ROUNDS, 0)


def test_over_http_the_loser_hears_where_the_case_stands(world: World) -> None:
    answers: Counter[int] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for referral_id in submitted(world, OVER_HTTP):
            seen = {"id": str(referral_id), "version": 2}

            def ask(who: str, seen: dict[str, Any] = seen) -> Callable[[], str]:
                key = f"{who}-{seen['id']}"
                path = f"/v1/referrals/{seen['id']}/events"

                def deed() -> str:
                    answer = world.call(who, "POST", path, {"event": "accept"}, version=2, Idempotency_Key=key)
                    told = body(answer)
                    assert told.get("currentStatus", told.get("status")) == "accepted"
                    return str(answer.status_code)

                return deed

            answers.update(int(got) for got in together(pool, [ask("coach"), ask("second_coach")]))
    tell("two accept over http", **{str(status): times for status, times in answers.items()})
    assert answers == {201: OVER_HTTP, 412: OVER_HTTP}


def test_an_acceptance_that_looks_first_and_writes_later_lets_both_win(world: World) -> None:
    """The wrong build: read the status, then a plain UPDATE."""
    coaches = [world.actor("coach"), world.actor("second_coach")]

    def wrongly(actor: Actor, referral_id: UUID) -> Callable[[], str]:
        def deed() -> str:
            with world.service.work(read_only=True) as work:
                if work.session.get_one(Referral, referral_id).status is not Status.SUBMITTED:
                    return "too late"
            with world.service.work() as work:
                accepted = update(Referral).where(Referral.id == referral_id)
                work.session.execute(accepted.values(status=Status.ACCEPTED, coach_id=actor.id))
            return "won"

        return deed

    with ThreadPoolExecutor(2) as pool:
        rounds = Counter(
            tuple(sorted(together(pool, [wrongly(coach, referral_id) for coach in coaches])))
            for referral_id in submitted(world, CONTROLS)
        )
    tell("check-then-act", rounds=dict(rounds))
    assert rounds[("won", "won")] > 0


def test_the_last_place_goes_to_one_of_two(world: World) -> None:
    coaches = [world.actor("coach"), world.actor("second_coach")]
    rounds: Counter[tuple[str, ...]] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(LAST_PLACES):
            last = offer(world, places=1)
            pair = submitted(world, 2, trajectoryId=last)
            deeds = [accepting(world, coach, referral_id) for coach, referral_id in zip(coaches, pair, strict=True)]
            rounds[tuple(sorted(together(pool, deeds)))] += 1
            assert places(world, last) == (1, 0)
    tell("last place", rounds=dict(rounds))
    assert rounds == {("no_free_place", "won"): LAST_PLACES}


def test_a_place_that_is_looked_at_first_and_taken_later_is_given_twice(world: World) -> None:
    """The wrong build: read how many are taken, then count one up."""

    def wrongly(trajectory_id: UUID) -> Callable[[], str]:
        def deed() -> str:
            with world.service.work(read_only=True) as work:
                trajectory = work.session.get_one(Trajectory, trajectory_id)
                if trajectory.places_taken >= trajectory.places:
                    return "full"
            with world.service.work() as work:
                taken = update(Trajectory).where(Trajectory.id == trajectory_id)
                work.session.execute(taken.values(places_taken=Trajectory.places_taken + 1))
            return "won"

        return deed

    with ThreadPoolExecutor(2) as pool:
        lasts = [UUID(offer(world, places=1)) for _ in range(CONTROLS)]
        rounds = Counter(tuple(sorted(together(pool, [wrongly(last)] * 2))) for last in lasts)
    tell("look-then-take", rounds=dict(rounds))
    assert rounds[("won", "won")] > 0


def test_the_same_request_sent_five_times_at_once_has_one_effect_and_one_answer(world: World) -> None:
    replayed = 0
    with ThreadPoolExecutor(SENDS) as pool:
        for number in range(KEYS):
            sent = world.referral_body()

            def send(barrier: Barrier, key: str = f"storm-{number}-{world.people}", sent: Any = sent) -> Any:
                barrier.wait(30)
                return world.call("referrer", "POST", "/v1/referrals", sent, Idempotency_Key=key)

            answers = list(pool.map(send, [Barrier(SENDS)] * SENDS))
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.data for answer in answers}) == 1
            assert len({(answer.headers["ETag"], answer.headers["Location"]) for answer in answers}) == 1
            replayed += sum(answer.headers.get("Idempotent-Replayed") == "true" for answer in answers)
            with world.service.work(read_only=True) as work:
                same = Referral.participant_id == UUID(body(answers[0])["participantId"])
                assert work.session.scalar(select(func.count()).where(same)) == 1
    tell("storm of creations", keys=KEYS, sends=KEYS * SENDS, replayed=replayed)
    assert replayed == KEYS * (SENDS - 1)


def test_the_same_event_sent_five_times_at_once_happens_once(world: World) -> None:
    replayed = 0
    referral = world.refer()
    with ThreadPoolExecutor(SENDS) as pool:
        for number in range(KEYS // 3):
            path, version = f"/v1/referrals/{referral['id']}/events", referral["version"]

            def send(barrier: Barrier, key: str = f"note-{number}", version: int = version, path: str = path) -> Any:
                barrier.wait(30)
                note = {"event": "add_note", "note": f"Notitie {key}"}
                return world.call("referrer", "POST", path, note, version=version, Idempotency_Key=key)

            answers = list(pool.map(send, [Barrier(SENDS)] * SENDS))
            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.data for answer in answers}) == 1
            replayed += sum(answer.headers.get("Idempotent-Replayed") == "true" for answer in answers)
            referral = body(answers[0])
    assert replayed == KEYS // 3 * (SENDS - 1)
    assert [event["event"] for event in history(world, referral)] == ["create", "submit", *["add_note"] * (KEYS // 3)]
    assert step(world, "coach", referral, "accept")["status"] == "accepted"
