"""The API of webhooks: for the administrator of the organisation, with the secret shown once."""

import pytest

from tests.webhooks.conftest import add_webhook
from tests.webhooks.receiver import Receiver
from tests.world import World


def test_the_secret_is_shown_once(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    assert hook["secret"].startswith("whsec_")
    shown = world.call("admin", "GET", f"/v1/webhooks/{hook['id']}")
    listed = world.call("admin", "GET", "/v1/webhooks")
    assert shown.json == listed.json["items"][0]
    assert shown.json["url"] == receiver.url
    assert hook["secret"] not in shown.text + listed.text


def test_another_organisation_sees_and_changes_nothing(world: World, receiver: Receiver) -> None:
    hook = add_webhook(world, receiver)
    path = f"/v1/webhooks/{hook['id']}"
    assert world.call("provider_admin", "GET", "/v1/webhooks").json["items"] == []
    for method, where in (
        ("GET", path),
        ("DELETE", path),
        ("POST", f"{path}/secrets"),
        ("POST", f"{path}/resumptions"),
    ):
        body = {} if method == "POST" else None
        assert world.call("provider_admin", method, where, body).status_code == 404
        assert world.call("coordinator", method, where, body).status_code == 403
    assert world.call("admin", "GET", path).status_code == 200


@pytest.mark.parametrize(
    "url",
    ["http://ontvanger.example/", "https://127.0.0.2/", "https://localhost/", "https://ontvanger.example:22/", "x"],
)
def test_an_address_that_may_not_be_is_refused_in_dutch_and_not_repeated(
    world: World, receiver: Receiver, url: str
) -> None:
    answer = world.call("admin", "POST", "/v1/webhooks", {"url": url})
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [("/url", "url")]
    assert len(url) == 1 or url not in answer.text
    assert world.call("admin", "GET", "/v1/webhooks").json["items"] == []


def test_an_address_is_told_once_and_an_organisation_has_at_most_ten(world: World, receiver: Receiver) -> None:
    add_webhook(world, receiver)
    assert world.call("admin", "POST", "/v1/webhooks", {"url": receiver.url}).status_code == 409
    for number in range(9):
        answer = world.call("admin", "POST", "/v1/webhooks", {"url": f"https://ontvanger.example/{number}"})
        assert answer.status_code == 201
    assert world.call("admin", "POST", "/v1/webhooks", {"url": "https://ontvanger.example/x"}).status_code == 409
    assert add_webhook(world, receiver, "provider_admin")["url"] == receiver.url
