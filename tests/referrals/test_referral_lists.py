"""Lists of referrals, page by page and filter by filter, and the history of one."""

import pytest

from tests.referrals.doors import body, history, offer, show, step, wrong
from tests.world import World

# Lists and history.


def _listed(world: World, who: str, query: str) -> list[str]:
    return [each["id"] for each in body(world.call(who, "GET", f"/v1/referrals?{query}"))["items"]]


def test_a_list_is_cut_by_every_filter(world: World) -> None:
    only = f"trajectoryId={world.trajectory_id}"
    draft, sent, accepted = (world.bring_to(status)["id"] for status in ("draft", "submitted", "accepted"))
    other = world.refer(trajectoryId=offer(world))
    assert _listed(world, "referrer", only) == [accepted, sent, draft]
    assert _listed(world, "coach", only) == [accepted, sent]
    assert _listed(world, "referrer", f"{only}&status=accepted") == [accepted]
    assert _listed(world, "referrer", f"{only}&ballWith=receiver") == [sent]
    assert _listed(world, "coach", f"{only}&mine=true") == [accepted, sent]
    assert _listed(world, "second_coach", f"{only}&mine=true") == [sent]
    assert _listed(world, "referrer", f"{only}&mine=true") == [draft]
    assert _listed(world, "referrer", f"{only}&dueBefore=2026-11-07") == [sent]
    assert _listed(world, "referrer", f"{only}&overdue=true") == []
    assert _listed(world, "referrer", f"reference={other['reference']}") == [other["id"]]
    assert _listed(world, "referrer", f"participantId={other['participantId']}") == [other["id"]]
    assert _listed(world, "referrer", f"{only}&status=closed") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=weg", "/status"),
        ("ballWith=iemand", "/ballWith"),
        ("mine=1", "/mine"),
        ("overdue=ja", "/overdue"),
        ("dueBefore=morgen", "/dueBefore"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("cursor=x", "/cursor"),
        ("sort=name", "/sort"),
        ("status=closed&status=void", "/status"),
    ],
)
def test_a_filter_that_is_wrong_is_told(world: World, query: str, pointer: str) -> None:
    assert {each for each, _ in wrong(world.call("referrer", "GET", f"/v1/referrals?{query}"))} == {pointer}


def test_pages_hold_every_referral_once_also_when_new_ones_come_in_between(world: World) -> None:
    """Wrong build: counts rows from the start (OFFSET), and shows one twice after every new one."""
    made = [world.refer()["id"] for _ in range(7)]
    seen: list[str] = []
    cursor, pages = "", 0
    while True:
        path = f"/v1/referrals?limit=3&trajectoryId={world.trajectory_id}{cursor}"
        page = body(world.call("coach", "GET", path))
        seen += [each["id"] for each in page["items"]]
        pages += 1
        world.refer()
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == made[::-1]
    assert pages == 3


def test_a_list_shows_no_words_and_says_what_can_be_done_with_each(world: World) -> None:
    referral = world.refer()
    (listed,) = body(world.call("coach", "GET", f"/v1/referrals?participantId={referral['participantId']}"))["items"]
    shown = show(world, "coach", referral)
    assert {name for name in shown if name not in listed} == {"learningWish", "purpose"}
    assert all(shown[name] == listed[name] for name in listed)


def test_the_history_tells_everything_in_order_and_stays_as_it_is(world: World) -> None:
    accepted = world.bring_to("accepted")
    before = history(world, accepted)
    step(world, "coach", step(world, "coach", accepted, "confirm_handover"), "undo")
    told = history(world, accepted)
    assert told[: len(before)] == before
    assert [(event["sequence"], event["event"], event["from"], event["to"]) for event in told] == [
        (1, "create", None, "draft"),
        (2, "submit", "draft", "submitted"),
        (3, "accept", "submitted", "accepted"),
        (4, "confirm_handover", "accepted", "handed_over"),
        (5, "undo", "handed_over", "accepted"),
    ]
    assert told[-1]["undoes"] == 4
    assert [event["actorId"] for event in told[:3]] == [
        str(world.users[who]) for who in ("referrer", "referrer", "coach")
    ]
