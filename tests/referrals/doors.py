"""Asking the service over HTTP and in its database, and what a test wants to know of the answers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from referral.participants.models import Disclosure
from referral.referrals.models import Referral
from referral.trajectories.models import Trajectory
from tests.referrals.chain import members
from tests.world import World, trajectory_body

Shown = dict[str, Any]

NOBODY = "019a5f3e-7c10-7d42-9a51-3f0c5b7e2d11"
"""An id that nothing has."""


def tell(what: str, **counts: object) -> None:
    """Print what was really run."""
    print(what, *(f"{name}={count}" for name, count in counts.items()))  # noqa: T201


def body(answer: TestResponse) -> Shown:
    """The members of an answer or a refusal."""
    told = answer.json
    assert isinstance(told, dict)
    return told


def create(world: World, who: str = "referrer", **changes: Any) -> TestResponse:
    """Ask for a new referral of somebody new, with some members changed."""
    return world.call(who, "POST", "/v1/referrals", world.referral_body(**changes))


def day(world: World, days: int = 0) -> str:
    """Today, or so many days on or back."""
    return (world.clock.today + timedelta(days=days)).isoformat()


def leave(world: World, admin: str, who: str) -> TestResponse:
    """The administrator ends the account of a colleague."""
    return world.call(admin, "POST", f"/v1/users/{world.users[who]}/deactivations")


def show(world: World, who: str, referral: Shown) -> Shown:
    """The referral as this person sees it now."""
    answer = world.call(who, "GET", f"/v1/referrals/{referral['id']}")
    assert answer.status_code == 200, answer.json
    return body(answer)


def history(world: World, referral: Shown, who: str = "referrer") -> list[Shown]:
    """Everything that happened to it, as this person sees it."""
    rows: list[Shown] = body(world.call(who, "GET", f"/v1/referrals/{referral['id']}/events"))["items"]
    return rows


def change(world: World, who: str, referral: Shown, **changes: Any) -> TestResponse:
    """`PATCH` the referral as it was last seen."""
    return world.call(who, "PATCH", f"/v1/referrals/{referral['id']}", changes, version=referral["version"])


def wrong(answer: TestResponse, status: int = 400) -> set[tuple[str, str]]:
    """Which members were wrong, by which rule."""
    assert answer.status_code == status, answer.json
    return {(error["pointer"], error["code"]) for error in body(answer).get("errors", ())}


def refused(answer: TestResponse, code: str | None = None) -> Shown:
    """What a refusal of the engine or of a guard told; the code is the guard's."""
    assert answer.status_code == 409, answer.json
    told = body(answer)
    assert told.get("code") == code, told
    return told


def step(world: World, who: str, referral: Shown, event: str, **changes: Any) -> Shown:
    """An event with its usual members, some of them changed, that must succeed."""
    answer = attempt(world, who, referral, event, **changes)
    assert answer.status_code == 201, answer.json
    return body(answer)


def attempt(world: World, who: str, referral: Shown, event: str, **changes: Any) -> TestResponse:
    """An event with its usual members, some of them changed; a member that becomes `...` is left out."""
    sent = members(world, event, goals=_goals(world, referral, event)) | changes
    return world.event(who, referral, **{name: value for name, value in sent.items() if value is not ...})


def _goals(world: World, referral: Shown, event: str) -> list[str]:
    return world.goals(referral) if event == "complete" else []


def row(world: World, referral: Shown) -> Referral:
    """The row itself, with the dates that no answer shows."""
    with world.service.work(read_only=True) as work:
        return work.session.get_one(Referral, UUID(referral["id"]))


def disclosures(world: World, referral: Shown) -> list[Disclosure]:
    """What the receiver may or might see, oldest first."""
    with world.service.work(read_only=True) as work:
        query = select(Disclosure).where(Disclosure.referral_id == UUID(referral["id"])).order_by(Disclosure.id)
        return list(work.session.scalars(query))


def places(world: World, trajectory_id: str) -> tuple[int, int]:
    """How many places are taken and how many people wait, as the catalogue counts them."""
    with world.service.work(read_only=True) as work:
        trajectory = work.session.get_one(Trajectory, UUID(trajectory_id))
        return trajectory.places_taken, trajectory.waiting


def offer(world: World, who: str = "coach", **changes: Any) -> str:
    """Another trajectory in the catalogue."""
    answer = world.call(who, "POST", "/v1/trajectories", trajectory_body("Extra", world.clock.today, **changes))
    assert answer.status_code == 201, answer.json
    return str(body(answer)["id"])
