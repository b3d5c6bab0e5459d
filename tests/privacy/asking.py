"""Calling on a right, deciding on it, and reading what others are mailed about it."""

from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from referral.notifications.mail import FileMailSink
from referral.notifications.usecases import send_digests
from tests.world import World

BODIES: dict[str, dict[str, Any]] = {
    "access-requests": {},
    "rectifications": {"text": "Mijn geboortejaar klopt niet."},
    "restrictions": {"ground": "accuracy_contested"},
    "objections": {"text": "Ik wil niet dat dit gedeeld wordt."},
    "erasure-requests": {"text": "Wis mijn gegevens."},
}


def call_on(world: World, participant_id: str, right: str, **members: Any) -> TestResponse:
    path = f"/v1/participants/{participant_id}/{right}"
    return world.call("privacy", "POST", path, {**BODIES[right], **members})


def asked(world: World, participant_id: str, right: str, **members: Any) -> dict[str, Any]:
    """A request that must succeed, as it now stands."""
    answer = call_on(world, participant_id, right, **members)
    assert answer.status_code == 201, answer.json
    return dict(world.call("privacy", "GET", answer.headers["Location"]).json)


def decide(world: World, request: dict[str, Any], outcome: str, **members: Any) -> TestResponse:
    body = {"outcome": outcome, "toldOn": world.clock.today.isoformat(), **members}
    return world.call(
        "privacy", "POST", f"/v1/privacy-requests/{request['id']}/decisions", body, version=request["version"]
    )


def decided(world: World, request: dict[str, Any], outcome: str, **members: Any) -> dict[str, Any]:
    answer = decide(world, request, outcome, **members)
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def mails(world: World, folder: Path) -> dict[str, str]:
    """What each person was mailed now, by its address."""
    folder.mkdir()
    send_digests(world.service, sink=FileMailSink(folder))
    texts = [path.read_text() for path in folder.iterdir()]
    return {_to(text): text for text in texts}


def _to(mail: str) -> str:
    return mail.partition("To: ")[2].partition("<")[2].partition("@")[0]
