"""What arrives: every event, signed, in order within a case, whatever the receiver does."""

import random
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from cloudevents.v1.http import from_http
from sqlalchemy import func, select
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from referral.core.database import new_id
from referral.referrals.workflow import EventName
from referral.webhooks.models import Delivery, Webhook
from referral.webhooks.usecases import SENDER, deliver_due, delivering, forget_delivered, tell_owners
from referral.webhooks.usecases.delivering import CLAIM, KEPT, PAUSES, _claim, _due_ids
from tests.webhooks.conftest import add_webhook
from tests.webhooks.receiver import Message, Receiver
from tests.world import World


def fill(world: World, webhook: dict[str, str], *, cases: int, events: int) -> None:
    """Put this many events in the queue, as the deeds of so many cases would."""
    with world.service.work() as work:
        for case in [new_id() for _ in range(cases)]:
            for sequence in range(1, events + 1):
                delivery = Delivery(
                    webhook_id=UUID(webhook["id"]),
                    event_id=new_id(),
                    referral_id=case,
                    sequence=sequence,
                    event=EventName.ADD_NOTE,
                    occurred_at=work.now,
                    next_at=work.now,
                )
                work.session.add(delivery)


def waiting(world: World) -> list[datetime]:
    """When what did not arrive is tried next: of each case the oldest, which holds up the others."""
    heads = select(Delivery.referral_id, Delivery.next_at).where(Delivery.delivered_at.is_(None))
    with world.service.work() as work:
        rows = work.session.execute(heads.order_by(Delivery.sequence.desc())).all()
    return list(dict((referral_id, next_at) for referral_id, next_at in rows).values())


def run_until_empty(world: World, *, rounds: int = 400) -> None:
    """Let the worker work, moving the clock to whatever is due next."""
    for _ in range(rounds):
        deliver_due(world.service)
        left = waiting(world)
        if not left:
            return
        world.clock.now = max(world.clock.now, min(left)) + timedelta(seconds=1)
    raise AssertionError(f"{len(waiting(world))} messages never arrived")


def inversions(receiver: Receiver) -> int:
    """How often an event of a case was taken for the first time after a later one of the same case."""
    seen: dict[str, list[int]] = defaultdict(list)
    for event in receiver.taken():
        seen[event["subject"]].append(int(event["sequence"]))
    firsts = [list(dict.fromkeys(sequence)) for sequence in seen.values()]
    return sum(each != sorted(each) for each in firsts)


def verify(message: Message, secret: str, at: datetime) -> None:
    """Check the message as a receiver does, with the library of the standard."""
    with time_machine.travel(at, tick=False):
        Verifier(secret).verify(message.body, message.headers)


def test_both_organisations_hear_every_step_and_nobody_else_does(world: World, receiver: Receiver) -> None:
    hooks = {who: add_webhook(world, receiver, who) for who in ("admin", "provider_admin")}
    referral = world.bring_to("accepted")
    assert deliver_due(world.service) == {"delivered": 5}
    by_signature: dict[str, list[str]] = {who: [] for who in hooks}
    for message in receiver.messages:
        for who, hook in hooks.items():
            try:
                verify(message, hook["secret"], world.clock.now)
            except WebhookVerificationError:
                continue
            by_signature[who].append(message.event["data"]["event"])
    assert by_signature == {"admin": ["create", "submit", "accept"], "provider_admin": ["submit", "accept"]}
    assert {message.event["subject"] for message in receiver.messages} == {referral["id"]}


def test_the_message_is_a_cloudevent_that_tells_nothing_but_ids(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver)
    referral = world.refer()
    deliver_due(world.service)
    message = receiver.messages[-1]
    event = from_http(message.headers, message.body)
    assert message.headers["content-type"] == "application/cloudevents+json"
    assert message.headers["webhook-id"] == event["id"] == event.data["eventId"]
    assert event["type"] == "nl.warme-verwijzing.referral.submit"
    assert event["dataref"] == f"http://127.0.0.1:8000/v1/referrals/{referral['id']}"
    assert (event["sequence"], event["sequencetype"]) == ("2", "Integer")
    assert set(event.data) == {"event", "eventId", "referralId"}
    assert set(event.get_attributes()) == {
        "specversion", "id", "source", "type", "subject", "time", "sequence", "sequencetype", "dataref",
        "datacontenttype",
    }  # fmt: skip
    for word in ("Deelnemer", "0630", "K-1", "dinsdag", "voorlezen", "1985"):
        assert all(word.encode() not in each.body for each in receiver.messages), word


def test_a_message_that_was_touched_is_refused_by_the_receiver(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    world.refer()
    deliver_due(world.service)
    message = receiver.messages[0]
    verify(message, hook["secret"], world.clock.now)
    touched = [
        Message(message.headers, message.body[:at] + bytes([message.body[at] ^ 1]) + message.body[at + 1 :], 204)
        for at in range(len(message.body))
    ]
    other = {**message.headers, "webhook-id": str(new_id())}
    for wrong in (*touched, Message(other, message.body, 204)):
        with pytest.raises(WebhookVerificationError):
            verify(wrong, hook["secret"], world.clock.now)
    with pytest.raises(WebhookVerificationError):
        verify(message, hook["secret"], world.clock.now + timedelta(minutes=6))


@pytest.mark.parametrize("seconds", [10, 60, 300, 600, 3_600])
def test_no_event_is_lost_while_the_receiver_is_away(world: World, receiver: Receiver, seconds: int) -> None:
    """Control: the messages that were refused show that the receiver really was away."""
    hook = add_webhook(world, receiver)
    fill(world, hook, cases=15, events=4)
    back = world.clock.now + timedelta(seconds=seconds)
    receiver.behave = lambda _event: 503 if world.clock.now < back else 204
    run_until_empty(world)
    assert len({event["id"] for event in receiver.taken()}) == len(receiver.taken()) == 60
    assert inversions(receiver) == 0
    assert len(receiver.messages) > 60
    assert world.call("admin", "GET", f"/v1/webhooks/{hook['id']}").json["disabledAt"] is None


def test_order_holds_under_failures_and_dying_workers(world: World, receiver: Receiver) -> None:
    """A worker dies between claim and sending, or between sending and settling; three workers go on at once."""
    dice = random.Random(20261103)
    hook = add_webhook(world, receiver)
    fill(world, hook, cases=25, events=8)
    receiver.behave = lambda _event: dice.choice([204, 204, 204, 204, 204, 204, 204, 500, 503, "reset"])
    sender = world.service.settings[SENDER]
    dead = 0
    while waiting(world):
        with world.service.work(read_only=True) as work:
            due = _due_ids(work, Counter())
        for number, delivery_id in enumerate(due[:2] if dead < 20 else []):
            claimed = _claim(world.service, delivery_id)
            if claimed and number:
                receiver.behave = lambda _event: 204
                sender.send(claimed.url, claimed.body, claimed.headers)
            dead += claimed is not None
        receiver.behave = lambda _event: dice.choice([204] * 7 + [500, 503, "reset"])
        with ThreadPoolExecutor(3) as workers:
            list(workers.map(lambda _: deliver_due(world.service), range(3)))
        left = waiting(world)
        world.clock.now = max([world.clock.now + CLAIM, *([min(left)] if left else [])]) + timedelta(seconds=1)
    ids = Counter(event["id"] for event in receiver.taken())
    assert len(ids) == 200
    assert inversions(receiver) == 0
    assert dead > 10
    assert ids.total() > 200, "a worker that died after sending leads to the same message again"
    assert {message.headers["webhook-id"] for message in receiver.messages} == set(ids)


def test_reading_the_queue_by_time_alone_turns_events_around(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: the wrong build that takes whatever is due."""
    dice = random.Random(20261103)
    fill(world, add_webhook(world, receiver), cases=10, events=5)
    receiver.behave = lambda _event: dice.choice([204, 503])
    in_order = delivering._may_go
    monkeypatch.setattr(delivering, "_may_go", lambda work: in_order(work)[:-1])
    run_until_empty(world)
    assert inversions(receiver) > 0


def test_two_workers_send_nothing_twice(world: World, receiver: Receiver) -> None:
    fill(world, add_webhook(world, receiver), cases=30, events=2)
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda _: deliver_due(world.service), range(2)))
    assert Counter(Counter(event["id"] for event in receiver.taken()).values()) == {1: 60}


def test_one_stuck_case_delays_no_other(world: World, receiver: Receiver) -> None:
    """The wrong build, one queue for a webhook, would deliver nothing behind the stuck message."""
    hook = add_webhook(world, receiver)
    fill(world, hook, cases=1, events=3)
    with world.service.work() as work:
        stuck = str(work.session.scalars(select(Delivery.referral_id)).first())
    receiver.behave = lambda event: 500 if event["subject"] == stuck else 204
    fill(world, hook, cases=20, events=3)
    assert deliver_due(world.service) == {"delivered": 60, "failed": 1}
    assert len(waiting(world)) == 1


def test_a_renewed_secret_breaks_nothing_for_a_day(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    answer = world.call("admin", "POST", f"/v1/webhooks/{hook['id']}/secrets", {})
    newer = answer.json["secret"]
    assert newer != hook["secret"]
    world.refer()
    deliver_due(world.service)
    for message in receiver.messages:
        verify(message, hook["secret"], world.clock.now)
        verify(message, newer, world.clock.now)
    world.clock.move(hours=24)
    receiver.messages.clear()
    world.refer()
    deliver_due(world.service)
    for message in receiver.messages:
        verify(message, newer, world.clock.now)
        with pytest.raises(WebhookVerificationError):
            verify(message, hook["secret"], world.clock.now)


def test_after_three_days_it_rests_and_the_owner_hears_so_once(
    world: World, receiver: Receiver, tmp_path: Path
) -> None:
    hook = add_webhook(world, receiver)
    fill(world, hook, cases=1, events=2)
    receiver.behave = lambda _event: 500
    start = world.clock.now
    while world.call("admin", "GET", f"/v1/webhooks/{hook['id']}").json["disabledAt"] is None:
        deliver_due(world.service)
        world.clock.now = max(world.clock.now, min(waiting(world))) + timedelta(seconds=1)
    assert len(receiver.messages) == len(PAUSES) + 1
    assert timedelta(hours=75, minutes=35) <= world.clock.now - start <= timedelta(hours=84)
    world.clock.move(days=1)
    assert deliver_due(world.service) == {}
    assert tell_owners(world.service) == {"told": 1}
    assert tell_owners(world.service) == {}
    [mail] = [message_from_bytes(path.read_bytes(), policy=default) for path in (tmp_path / "mail").glob("*.eml")]
    assert mail["To"].addresses[0].addr_spec == "admin@demo.example"
    assert hook["id"] in mail.get_content()
    assert receiver.url not in mail.get_content()
    receiver.behave = lambda _event: 204
    assert world.call("admin", "POST", f"/v1/webhooks/{hook['id']}/resumptions", {}).json["waiting"] == 2
    assert deliver_due(world.service) == {"delivered": 2}
    assert [event["sequence"] for event in receiver.taken()] == ["1", "2"]


def test_a_receiver_that_is_gone_is_left_at_once(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    fill(world, hook, cases=1, events=2)
    receiver.behave = lambda _event: 410
    assert deliver_due(world.service) == {"disabled": 1}
    shown = world.call("admin", "GET", f"/v1/webhooks/{hook['id']}").json
    assert shown["disabledAt"] is not None
    assert shown["waiting"] == 2


def test_what_arrived_is_forgotten_after_thirty_days_and_nothing_else(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    fill(world, hook, cases=1, events=1)
    deliver_due(world.service)
    receiver.behave = lambda _event: 500
    fill(world, hook, cases=1, events=1)
    deliver_due(world.service)
    world.clock.now += KEPT + timedelta(minutes=1)
    with world.service.work() as work:
        assert forget_delivered(work) == 1
    assert len(waiting(world)) == 1


def test_a_webhook_that_was_removed_hears_nothing_more(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    world.refer()
    assert world.call("admin", "DELETE", f"/v1/webhooks/{hook['id']}").status_code == 204
    world.refer()
    assert deliver_due(world.service) == {}
    assert receiver.messages == []


def test_a_deed_that_fails_tells_nothing(world: World, receiver: Receiver) -> None:
    """The wrong build, which queues outside the deed's transaction, leaves a message about nothing."""
    add_webhook(world, receiver)
    sent = world.refer()
    before = _queued(world)
    assert world.event("coach", {**sent, "version": 1}, "accept").status_code == 412
    assert _queued(world) == before


def _queued(world: World) -> int:
    with world.service.work() as work:
        return work.session.scalar(select(func.count()).select_from(Delivery)) or 0


def test_the_secret_is_not_in_the_database_in_clear(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    with world.service.work() as work:
        row = work.session.get_one(Webhook, UUID(hook["id"]))
        assert hook["secret"].encode() not in row.secret
        assert hook["secret"].removeprefix("whsec_").encode() not in row.secret
