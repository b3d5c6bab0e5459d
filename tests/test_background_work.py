"""What happens without anybody asking, in the application as it is wired: reminders reach who can act, in one mail."""

from pathlib import Path

from config.settings import Settings
from referral.worker import run_once
from tests.world import World


def mails(settings: Settings) -> list[str]:
    """The mails in the sink, as text."""
    folder = Path(settings.mail_sink_directory)
    return [path.read_text() for path in sorted(folder.glob("*.eml"))] if folder.exists() else []


def test_a_forgotten_referral_reaches_the_team_in_one_mail_without_a_name(world: World, settings: Settings) -> None:
    referral = world.refer()
    run_once(world.service)
    assert mails(settings) == []

    world.clock.move(days=4)
    counts = run_once(world.service)
    assert counts["terms_reminder"] == 1
    told = mails(settings)
    assert len(told) == 2, "both coaches of the receiving team, each once"
    assert all(referral["reference"] in mail for mail in told)
    assert not any("Deelnemer" in mail or "0630000001" in mail for mail in told)

    run_once(world.service)
    assert len(mails(settings)) == 2, "one digest a day"


def test_the_feed_gives_every_event_once_and_in_order(world: World) -> None:
    referral = world.bring_to("intake")
    run_once(world.service)
    first = world.call("coach", "GET", "/v1/events?after=0&limit=2").json
    rest = world.call("coach", "GET", f"/v1/events?after={first['next']}").json
    events = [item["event"] for item in first["items"] + rest["items"]]
    assert events == ["create", "submit", "accept", "confirm_handover", "start_intake"]
    assert {item["referralId"] for item in rest["items"]} == {referral["id"]}
    assert world.call("stranger", "GET", "/v1/events").json["items"] == []
