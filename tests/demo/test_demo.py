"""The demo: an invented region that is believable, complete, and the same every time for the same clock."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, or_, select

from config.settings import load
from referral.app import create_service
from referral.core.codes import looks_like_bsn
from referral.core.outbox import OutboxMessage
from referral.core.policy import OrganisationKind, system_actor
from referral.core.work import Service
from referral.demo import ACCOUNTS, PASSWORD, build_demo, story
from referral.demo.organisations import COACH, KLANTMANAGER, MUNICIPALITIES, SCHAKEL, STAFF
from referral.demo.people import FIRST_NAMES, LAST_NAMES
from referral.demo.story import Story
from referral.identity.models import Organisation, User
from referral.identity.usecases import SignIn, sign_in
from referral.notifications.usecases.terms import run_terms
from referral.participants.models import Participant
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.workflow import OPEN, EventName, Party, Status
from referral.reports.usecases import GroupKey, ShowFunnel, show_funnel
from referral.reports.usecases.counting import OWN_SIDES, Reading, Scope, add_up
from referral.screenings.models import Conversation, Discussed, Screening
from referral.trajectories.matching import free_places, needs_checking
from referral.trajectories.models import Trajectory

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SCALE = 0.25


def a_service(url: str, folder: Path, now: datetime = NOW) -> Service:
    settings = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": url,
        "KEY_DIRECTORY": str(folder / "keys"),
        "CHECKPOINT_DIRECTORY": str(folder / "checkpoints"),
    }
    service = create_service(load({**settings, "SECRET_KEY": "een-geheim-voor-de-tests-0123456789"}), clock=lambda: now)
    service.key_ring.initialise()
    return service


@pytest.fixture(scope="module")
def demo(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A quarter of the region, built once for everybody who only looks."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "db").mkdir()
    service = a_service(f"sqlite:///{shutil.copyfile(migrated_sqlite, folder / 'db' / 'demo.db')}", folder)
    build_demo(service, scale=SCALE)
    yield service
    service.engine.dispose()


def all_of(service: Service, query: Any) -> list[Any]:
    with service.work(read_only=True) as work:
        return list(work.session.execute(query).all())


def count(service: Service, *conditions: Any) -> int:
    with service.work(read_only=True) as work:
        return work.session.scalar(select(func.count()).where(*conditions)) or 0


def tallies(service: Service) -> dict[str, Any]:
    """What must be equal when the same region is built again: numbers per status, month, organisation; and people."""
    rows = all_of(
        service,
        select(Referral.status, Referral.created_at, Organisation.name, Referral.due_on).join(
            Organisation, Organisation.id == Referral.source_organisation_id
        ),
    )
    screened = all_of(service, select(Screening.conducted_on, Screening.indication, Screening.instrument))
    events = all_of(service, select(ReferralEvent.event, ReferralEvent.occurred_at))
    with service.work() as work, work.reading(system_actor(), "rights"):
        people = sorted((each.name, each.phone) for each in work.session.scalars(select(Participant)))
    return {
        "status": Counter(status for status, *_ in rows),
        "due": Counter((status, due_on) for status, _, _, due_on in rows),
        "month": Counter(f"{created:%Y-%m}" for _, created, *_ in rows),
        "organisation": Counter(name for *_, name, _ in rows),
        "screened": Counter((f"{day:%Y-%m}", *rest) for day, *rest in screened),
        "events": Counter((event, at) for event, at in events),
        "people": people,
    }


# What is in it


@pytest.mark.parametrize("days", [0, 5, 55])
def test_the_whole_region_has_1500_screenings_and_400_referrals(days: int) -> None:
    """On a Tuesday, on a Sunday, and in the days of Christmas: nothing that was planned falls after now."""
    planned = Counter(getattr(each.deed, "func", each.deed).__name__ for each in Story(NOW + timedelta(days)).beats)
    assert planned["log"] == 1500
    assert planned["refer"] + planned["transfer"] == 400


def test_the_numbers_follow_the_scale(demo: Service) -> None:
    assert count(demo, Screening.id.is_not(None)) == 375
    assert count(demo, Referral.id.is_not(None)) == 100
    assert count(demo, User.id.is_not(None)) == 41
    assert count(demo, Trajectory.id.is_not(None)) == 25
    kinds = Counter(kind for (kind,) in all_of(demo, select(Organisation.kind)))
    assert kinds == {
        OrganisationKind.MUNICIPALITY: 8,
        OrganisationKind.UWV: 1,
        OrganisationKind.WERKCENTRUM: 1,
        OrganisationKind.EMPLOYER: 4,
        OrganisationKind.TAALHUIS: 2,
        OrganisationKind.PROVIDER: 5,
        OrganisationKind.REGION: 1,
    }


def test_every_status_is_there(demo: Service) -> None:
    assert {status for (status,) in all_of(demo, select(Referral.status))} == set(Status)


SITUATIONS: dict[str, tuple[Any, ...]] = {
    "on hold": (Referral.hold_since.is_not(None),),
    "escalated": (Referral.escalated_at.is_not(None),),
    "overdue": (Referral.status.in_(OPEN), Referral.due_on < NOW.date()),
    "a group that is forming": (Referral.status == Status.WAITLISTED, Referral.waitlist_kind == "group_forming"),
    "no capacity": (Referral.status == Status.WAITLISTED, Referral.waitlist_kind == "capacity"),
    "advice asked": (Referral.trajectory_id.is_(None), Referral.ball_party == Party.COORDINATOR),
    "an override": (Referral.override_reason.is_not(None),),
    "no screening": (Referral.no_screening,),
    "undone": (ReferralEvent.event == EventName.UNDO,),
    "reopened": (ReferralEvent.event == EventName.REOPEN,),
    "assigned": (ReferralEvent.event == EventName.ASSIGN,),
    "resumed": (ReferralEvent.event == EventName.RESUME,),
    "decided": (ReferralEvent.event == EventName.DECIDE_ESCALATION,),
    "not discussed yet, too late": (Screening.discussed == Discussed.NONE, Screening.conversation_due_on < NOW.date()),
    "not discussed, with the reason": (Conversation.reason.is_not(None),),
    "a trajectory that ended": (~Trajectory.active, Trajectory.successor_id.is_not(None)),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_is_there(demo: Service, situation: str) -> None:
    assert count(demo, *SITUATIONS[situation]) > 0


def test_parents_and_the_sectors_of_the_offer_are_there_in_plausible_numbers(demo: Service) -> None:
    told = Counter(answer for (answer,) in all_of(demo, select(Screening.raises_children)))
    assert 0.1 < told["unknown"] / told.total() < 0.3
    assert 0.3 < told["yes"] / (told["yes"] + told["no"]) < 0.6
    meant = [sectors for (sectors,) in all_of(demo, select(Trajectory.sector_codes).where(Trajectory.active))]
    assert 3 <= sum(bool(sectors) for sectors in meant) <= len(meant) / 2


def test_somebody_is_referred_to_two_places_at_once_and_somebody_was_transferred_twice(demo: Service) -> None:
    parallel = select(Referral.participant_id).where(Referral.status.in_(OPEN))
    assert all_of(demo, parallel.group_by(Referral.participant_id).having(func.count() > 1))
    before = dict(all_of(demo, select(Referral.id, Referral.previous_id)))
    assert any(before.get(before[each]) for each in before if before[each])


def test_the_catalogue_is_full_here_and_stale_there(demo: Service) -> None:
    with demo.work(read_only=True) as work:
        offers = work.session.scalars(select(Trajectory).where(Trajectory.active)).all()
    assert any(free_places(offer) == 0 for offer in offers)
    assert 2 <= sum(needs_checking(offer, NOW.date()) for offer in offers) <= 6
    assert {offer.template for offer in offers} == {"A", "B", "C"}
    assert {skill for offer in offers for skill in offer.skills} == {"reading", "numeracy", "digital"}


def test_the_proportions_are_those_of_the_field(demo: Service) -> None:
    screened = Counter(indication for (indication,) in all_of(demo, select(Screening.indication)))
    assert screened["yes"] / screened.total() == pytest.approx(0.45, abs=0.02)
    discussed = count(demo, Screening.indication == "yes", Screening.discussed == Discussed.HELD)
    assert 0.7 < discussed / screened["yes"] < 0.9
    first = NOW - timedelta(days=92)
    sent = (Referral.submitted_at < first, Referral.status != Status.VOID)
    in_time = [
        started is not None and started - submitted <= timedelta(days=92)
        for submitted, started in all_of(demo, select(Referral.submitted_at, Referral.started_at).where(*sent))
    ]
    assert sum(in_time) / len(in_time) == pytest.approx(0.62, abs=0.08)


def test_the_funnel_has_the_proportions_of_the_field(demo: Service) -> None:
    """Of the pilot's 266 referred 108 wanted digital skills, 58 language and 43 both; 62 % had started in time."""
    first, three_months_ago = date(NOW.year - 2, 11, 1), date(NOW.year, 7, 31)
    with demo.work() as work:
        everybody = Scope(select(Organisation.id), OWN_SIDES, first, date(NOW.year, 11, 30))
        reading = Reading(work.session, everybody.owners)
        (whole,) = add_up(reading, everybody, ()).values()
        skills = add_up(reading, everybody, (GroupKey.SKILL,))
        (earlier,) = add_up(reading, replace(everybody, to_on=three_months_ago), ()).values()
    for skill, of_266 in {"digital": 108, "reading": 58, "reading_digital": 43}.items():
        share = skills[(skill,)].count("referred") / whole.count("referred")
        assert share == pytest.approx(of_266 / 266, abs=0.06), skill
    assert earlier.count("within_term") / earlier.count("referred") == pytest.approx(0.62, abs=0.08)
    assert whole.count("indication") / whole.count("screened") == pytest.approx(0.45, abs=0.02)


def test_the_region_sees_that_funnel_rounded(demo: Service) -> None:
    this_year = Scope(select(Organisation.id), OWN_SIDES, date(NOW.year, 1, 1), date(NOW.year, 12, 31))
    with demo.work() as work:
        (exact,) = add_up(Reading(work.session, this_year.owners), this_year, ()).values()
        (row,) = show_funnel(ShowFunnel(this_year.from_on, this_year.to_on), actor=system_actor(), work=work).rows
    shown = {each.stage: each.count for each in row.stages if each.count is not None}
    assert len(shown) >= 8
    assert {stage: abs(count - exact.count(stage)) <= 2 for stage, count in shown.items()} == dict.fromkeys(shown, True)


def test_every_open_case_has_one_ball_and_a_date(demo: Service) -> None:
    lost = or_(Referral.ball_party == Party.NOBODY, Referral.due_on.is_(None), Referral.ball_organisation_id.is_(None))
    assert count(demo, Referral.status.in_(OPEN), lost) == 0


@pytest.mark.parametrize("account", [KLANTMANAGER, COACH], ids=lambda account: account.roles[0])
def test_work_waits_for_a_visitor_today(demo: Service, account: Any) -> None:
    waiting = all_of(
        demo, select(Referral.due_on).join(User, User.id == Referral.ball_user_id).where(User.email == account.email)
    )
    assert 5 <= len(waiting) <= 30
    assert any(due_on < NOW.date() for (due_on,) in waiting)


def test_the_queue_of_the_coach_holds_new_referrals(demo: Service) -> None:
    receiver = Referral.receiver_organisation_id == Organisation.id
    assert count(demo, receiver, Organisation.name == SCHAKEL, Referral.status == Status.SUBMITTED) >= 5


def test_history_lies_behind_us_and_was_written_in_its_order(demo: Service) -> None:
    moments = [at for (at,) in all_of(demo, select(OutboxMessage.published_at).order_by(OutboxMessage.id))]
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    assert moments[0] < NOW - timedelta(days=365 * 2 - 60)


# Who is in it


def test_nobody_in_it_is_real(demo: Service) -> None:
    with demo.work() as work, work.reading(system_actor(), "rights"):
        for person in work.session.scalars(select(Participant)):
            first, _, last = str(person.name).partition(" ")
            assert first in FIRST_NAMES
            assert last in LAST_NAMES
            assert str(person.phone).startswith("06-1234")
            assert person.email is None or person.email.endswith("@voorbeeld.example")
            assert not looks_like_bsn(str(person.client_number))
        addresses = work.session.scalars(select(User.email)).all()
    assert all(address.endswith(".example") for address in addresses)


def test_a_phone_number_is_given_once(demo: Service) -> None:
    with demo.work() as work, work.reading(system_actor(), "rights"):
        phones = [each.phone for each in work.session.scalars(select(Participant))]
    assert len(set(phones)) == len(phones)


def test_municipalities_are_places_and_every_other_name_is_invented(demo: Service) -> None:
    names = {kind: set[str]() for kind in OrganisationKind}
    for kind, name in all_of(demo, select(Organisation.kind, Organisation.name)):
        names[kind].add(name)
    assert len(names[OrganisationKind.MUNICIPALITY]) == len(MUNICIPALITIES)
    assert all(name.startswith("Gemeente ") for name in names[OrganisationKind.MUNICIPALITY])
    assert names[OrganisationKind.UWV] == {"UWV-kantoor De Kade"}


def test_the_demo_accounts_sign_in_and_their_colleagues_have_no_password(demo: Service) -> None:
    for account in ACCOUNTS:
        with demo.work() as work:
            signed_in = sign_in(SignIn(account.email, PASSWORD), work=work)
            assert signed_in is not None
            assert signed_in.actor.roles == frozenset(account.roles)
    assert count(demo, User.password_hash.is_not(None)) == len(ACCOUNTS)
    assert len({account.email for account in STAFF}) == 41


# Building it


def test_a_second_build_changes_nothing(demo: Service) -> None:
    before = tallies(demo)
    assert build_demo(demo, scale=SCALE) is None
    assert tallies(demo) == before


def test_one_clock_and_one_seed_make_one_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control is the last line: the moments do follow from the seed."""
    moments = [beat.at for beat in Story(NOW, SCALE).beats]
    assert [beat.at for beat in Story(NOW, SCALE).beats] == moments
    monkeypatch.setattr(story, "SEED", 1)
    assert [beat.at for beat in Story(NOW, SCALE).beats] != moments


def test_two_builds_with_one_clock_are_alike(demo: Service, database_url: str, tmp_path: Path) -> None:
    """On both databases; a story that drew from another source of chance would differ from the one above."""
    service = a_service(database_url, tmp_path)
    build_demo(service, scale=SCALE)
    assert tallies(service) == tallies(demo)
    service.engine.dispose()


MOMENTS = {
    "on new year's night": datetime(2027, 12, 31, 23, 30, tzinfo=UTC),
    "on a leap day": datetime(2028, 2, 29, 6, 0, tzinfo=UTC),
    "on a sunday in may": datetime(2030, 5, 5, 12, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_scenes_fit_every_day_and_the_terms_then_end_nothing(sqlite_url: str, tmp_path: Path, moment: str) -> None:
    """A scene that lay beyond its term would be ended or escalated by the first run of the service."""
    service = a_service(sqlite_url, tmp_path, MOMENTS[moment])
    build_demo(service, scale=0.02)
    before = tallies(service)
    assert set(before["status"]) == set(Status)
    run_terms(service)
    after = tallies(service)
    assert after["status"] == before["status"]
    assert after["due"] == before["due"]
    service.engine.dispose()


def test_progress_runs_to_the_end_and_a_build_that_is_broken_off_leaves_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    service = a_service(sqlite_url, tmp_path)

    def break_off(done: int, total: int) -> None:
        heard.append((done, total))
        if done == 60:
            raise KeyboardInterrupt

    heard: list[tuple[int, int]] = []
    with pytest.raises(KeyboardInterrupt):
        build_demo(service, progress=break_off, scale=0.02)
    assert count(service, User.id.is_not(None)) == 0
    assert count(service, Screening.id.is_not(None)) == 0
    assert [done for done, _ in heard] == list(range(1, 61))
    assert {total for _, total in heard} == {len(Story(NOW, 0.02).beats)}
    service.engine.dispose()
