"""Thirty days before data are destroyed the privacy officer hears how many people it is about, and nobody's name."""

from datetime import date
from pathlib import Path

from sqlalchemy import select

from referral.core.policy import Role
from referral.identity.models import User
from referral.notifications.mail import FileMailSink
from referral.notifications.models import Kind, Notice
from referral.notifications.usecases import run_terms, send_digests
from tests.world import World


def notices(world: World) -> list[tuple[Role, date | None]]:
    query = select(Notice.role, Notice.due_on).where(Notice.kind == Kind.RETENTION).order_by(Notice.due_on)
    with world.service.work(read_only=True) as work:
        return [(role, day) for role, day in work.session.execute(query)]


def test_it_is_told_once_a_day_of_destruction_and_in_time(world: World) -> None:
    for _ in range(2):
        world.bring_to("withdrawn")
    world.clock.move(days=11)
    run_terms(world.service)
    assert notices(world) == []
    world.clock.move(days=1)
    for _ in range(2):
        run_terms(world.service)
    assert notices(world) == [(Role.PRIVACY_OFFICER, date(2026, 12, 15))]


def test_the_mail_says_how_many_and_when_without_a_name(world: World, tmp_path: Path) -> None:
    for _ in range(2):
        world.bring_to("withdrawn")
    world.clock.move(days=12)
    run_terms(world.service)
    send_digests(world.service, sink=FileMailSink(tmp_path / "digests"))
    mails = [path.read_text() for path in (tmp_path / "digests").glob("*.eml")]
    (mine,) = [mail for mail in mails if "privacy@demo.example" in mail]
    text = mine.replace("=\n", "")
    assert "Bewaartermijn loopt af (2)" in text
    assert "15 december 2026" in text
    assert "2 deelnemers" in text
    assert "Deelnemer 1" not in text


def test_it_is_not_told_any_more_when_nobody_falls_due(world: World, tmp_path: Path) -> None:
    case = world.bring_to("withdrawn")
    world.clock.move(days=12)
    run_terms(world.service)
    world.refer(participant=..., participantId=case["participantId"])
    assert send_digests(world.service, sink=FileMailSink(tmp_path / "digests")).counts.get("sent", 0) == 0


def test_without_a_privacy_officer_the_coordinators_hear_it(world: World) -> None:
    with world.service.work() as work:
        officer = work.session.get_one(User, world.users["privacy"])
        officer.active, officer.deactivated_at = False, work.now
    world.bring_to("withdrawn")
    world.clock.move(days=12)
    run_terms(world.service)
    assert notices(world) == [(Role.COORDINATOR, date(2026, 12, 15))]
