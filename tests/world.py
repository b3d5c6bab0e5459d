"""A small invented region with everybody in it, reached over HTTP as programs reach it. Nothing here is a stand-in."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from referral.core.http import Application
from referral.core.policy import Actor, OrganisationKind, Role, system_actor
from referral.core.work import Service, Work
from referral.identity.models import RegionKind
from referral.identity.usecases import (
    AddMembership,
    IssueToken,
    RegisterOrganisation,
    RegisterRegion,
    RegisterUser,
    add_membership,
    authenticate_token,
    issue_token,
    register_organisation,
    register_region,
    register_user,
)
from referral.referrals.usecases import Move, expire_referral

ORGANISATIONS: dict[str, tuple[OrganisationKind, str | None]] = {
    "Gemeente Duinwijk": (OrganisationKind.MUNICIPALITY, "GM0453"),
    "Bakkerij Kruim": (OrganisationKind.EMPLOYER, None),
    "Taalhuis Zilt": (OrganisationKind.PROVIDER, "GM0392"),
    "Leerhuis Anker": (OrganisationKind.PROVIDER, "GM0392"),
    "Regio Kustrand": (OrganisationKind.REGION, None),
    "Gemeente Ver Weg": (OrganisationKind.MUNICIPALITY, "GM0014"),
}
STAFF: dict[str, tuple[str, tuple[Role, ...]]] = {
    "referrer": ("Gemeente Duinwijk", (Role.REFERRER,)),
    "second_referrer": ("Gemeente Duinwijk", (Role.REFERRER,)),
    "coordinator": ("Gemeente Duinwijk", (Role.COORDINATOR,)),
    "privacy": ("Gemeente Duinwijk", (Role.PRIVACY_OFFICER,)),
    "admin": ("Gemeente Duinwijk", (Role.ADMIN,)),
    "employer": ("Bakkerij Kruim", (Role.REFERRER,)),
    "coach": ("Taalhuis Zilt", (Role.COACH,)),
    "second_coach": ("Taalhuis Zilt", (Role.COACH,)),
    "receiving_coordinator": ("Taalhuis Zilt", (Role.COORDINATOR,)),
    "provider_admin": ("Taalhuis Zilt", (Role.ADMIN,)),
    "other_coach": ("Leerhuis Anker", (Role.COACH,)),
    "region": ("Regio Kustrand", (Role.COORDINATOR,)),
    "region_admin": ("Regio Kustrand", (Role.ADMIN,)),
    "stranger": ("Gemeente Ver Weg", (Role.REFERRER, Role.COACH, Role.COORDINATOR)),
}


class Clock:
    """The instant that the test says it is: a Tuesday morning in November."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    @property
    def today(self) -> date:
        """The day of that instant."""
        return self.now.date()

    def move(self, **span: float) -> None:
        """Let time pass: `days=3`, `minutes=61`."""
        self.now += timedelta(**span)


@dataclass
class World:
    """The region, its people with their tokens, and two trajectories of different providers."""

    app: Application
    service: Service
    clock: Clock
    organisations: dict[str, UUID] = field(default_factory=dict)
    users: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    trajectory_id: str = ""
    other_trajectory_id: str = ""
    calls: int = 0
    people: int = 0

    @property
    def client(self) -> FlaskClient:
        """A fresh client without cookies."""
        return self.app.test_client()

    def call(
        self, who: str | None, method: str, path: str, body: Any = None, *, version: int | None = None, **headers: str
    ) -> TestResponse:
        """One request as this person, with a fresh Idempotency-Key on every POST unless one is given."""
        self.calls += 1
        sent = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        if method == "POST":
            sent["Idempotency-Key"] = f"key-{self.calls}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with self.client as client:
            return client.open(path, method=method, json=body, headers=sent)

    def event(self, who: str, referral: dict[str, Any], event: str, **members: Any) -> TestResponse:
        """One event on the referral as it was last seen."""
        path = f"/v1/referrals/{referral['id']}/events"
        return self.call(who, "POST", path, {"event": event, **members}, version=referral["version"])

    def move(self, who: str, referral: dict[str, Any], event: str, **members: Any) -> dict[str, Any]:
        """One event that must succeed; gives the referral as it now stands."""
        answer = self.event(who, referral, event, **members)
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def renew_kek(self) -> None:
        """Bring every key under a new KEK, past the two minutes in which processes forget the old one."""
        ring = self.service.key_ring
        while not (report := ring.rotate("kek", clock=self.clock)).is_done:
            assert report.until is not None
            self.clock.now = report.until

    def actor(self, who: str) -> Actor:
        """This person as the use cases know them."""
        with self.service.work() as work:
            actor = authenticate_token(work, self.tokens[who], "192.0.2.1")
        assert actor is not None
        return actor

    def referral_body(self, **changes: Any) -> dict[str, Any]:
        """A complete referral of somebody new, ready to submit."""
        self.people += 1
        today = self.clock.today.isoformat()
        body = {
            "participant": {
                "name": f"Deelnemer {self.people}",
                "phone": f"06{30_000_000 + self.people}",
                "email": None,
                "preferredChannel": "phone",
                "preferredMoment": "dinsdag na tien uur",
                "clientNumber": f"K-{self.people}",
                "birthYear": 1985,
                "languageBackground": "nt1",
            },
            "trajectoryId": self.trajectory_id,
            "skills": ["reading"],
            "noScreening": True,
            "conversation": {"heldOn": today, "outcome": "agrees"},
            "learningWish": "Ik wil kunnen voorlezen.",
            "barriers": ["childcare"],
            "legalBasis": "public_task",
            "purpose": "Een passend aanbod",
            "agreement": {
                "givenOn": today,
                "method": "in_person",
                "dataScope": ["contact", "learning_wish", "screening_indication"],
            },
            "submit": True,
        }
        return {name: value for name, value in (body | changes).items() if value is not ...}

    def refer(self, who: str = "referrer", **changes: Any) -> dict[str, Any]:
        """A new referral that must succeed."""
        answer = self.call(who, "POST", "/v1/referrals", self.referral_body(**changes))
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def bring_to(self, status: str, **changes: Any) -> dict[str, Any]:
        """A new referral, walked to this status the shortest way."""
        if status == "draft":
            return self.refer(submit=False, **changes)
        return self._walk(self.refer(**changes), status)

    def _walk(self, referral: dict[str, Any], status: str) -> dict[str, Any]:
        today = self.clock.today.isoformat()
        for who, event, members in _WAYS[status]:
            filled = {name: today if value == "today" else value for name, value in members.items()}
            if event == "expire":
                referral = self._expire(referral)
                continue
            if event == "complete":
                filled["results"] = [{"goalId": goal, "result": "achieved"} for goal in self.goals(referral)]
            referral = self.move(who, referral, event, **filled)
        assert referral["status"] == status
        return referral

    def goals(self, referral: dict[str, Any]) -> list[str]:
        """The ids of the goals that were set at the start."""
        history = self.call("coach", "GET", f"/v1/referrals/{referral['id']}/events").json["items"]
        return list(next(row["facts"]["goalIds"] for row in reversed(history) if row["event"] == "start_trajectory"))

    def _expire(self, referral: dict[str, Any]) -> dict[str, Any]:
        with self.service.work() as work:
            expire_referral(Move(referral_id=UUID(referral["id"])), actor=system_actor(), work=work)
        return dict(self.call("referrer", "GET", f"/v1/referrals/{referral['id']}").json)


Way = list[tuple[str, str, dict[str, Any]]]

_ACCEPT: Way = [("coach", "accept", {})]
_HANDOVER: Way = [
    *_ACCEPT,
    ("coach", "confirm_handover", {"heldOn": "today", "mode": "three_way", "participantPresent": True}),
]
_INTAKE: Way = [*_HANDOVER, ("coach", "start_intake", {"intakeOn": "today"})]
_START: Way = [
    *_INTAKE,
    ("coach", "start_trajectory", {"startedOn": "today", "goals": [{"description": "Een boek lezen"}]}),
]
_COMPLETE: Way = [*_START, ("coach", "complete", {"completedOn": "today", "report": "Goed", "certificate": "none"})]

_WAYS: dict[str, Way] = {
    "submitted": [],
    "returned": [("coach", "return_with_question", {"question": "q_level", "text": "Welk niveau?"})],
    "accepted": _ACCEPT,
    "waitlisted": [("coach", "waitlist", {"kind": "capacity", "reviewOn": "today"})],
    "handed_over": _HANDOVER,
    "intake": _INTAKE,
    "in_trajectory": _START,
    "completed": _COMPLETE,
    "closed": [*_COMPLETE, ("coach", "close", {"reason": "aftercare_refused"})],
    "declined": [("coach", "decline", {"reason": "no_capacity", "noAlternative": True})],
    "withdrawn": [("referrer", "withdraw", {"reason": "priority_changed"})],
    "expired": [("system", "expire", {})],
    "not_started": [*_ACCEPT, ("coach", "not_start", {"reason": "client_found_work"})],
    "stopped_early": [*_START, ("coach", "stop", {"stoppedOn": "today", "reason": "client_moved", "report": "Weg"})],
    "void": [("referrer", "void", {"reason": "entered_in_error"})],
}
"""The shortest way to each status: who, which event, with what."""


def build_world(app: Application, clock: Clock) -> World:
    """Register everybody and the catalogue."""
    world = World(app, app.service, clock)
    with world.service.work() as work:
        _register(world, work)
    world.trajectory_id = _add_trajectory(world, "coach", "Lezen op het werk")
    world.other_trajectory_id = _add_trajectory(world, "other_coach", "Digitaal op weg")
    return world


def _register(world: World, work: Work) -> None:
    system = system_actor("test")
    here = register_region(RegisterRegion(RegionKind.LABOUR_MARKET, "Kustrand", "AM37"), actor=system, work=work)
    away = register_region(RegisterRegion(RegionKind.LABOUR_MARKET, "Ver Weg", "AM01"), actor=system, work=work)
    for name, (kind, municipality) in ORGANISATIONS.items():
        region = away if name == "Gemeente Ver Weg" else here
        command = RegisterOrganisation(kind, name, municipality_code=municipality, region_ids=(region.id,))
        world.organisations[name] = register_organisation(command, actor=system, work=work).id
    for who, (organisation, roles) in STAFF.items():
        user = register_user(RegisterUser(f"{who}@demo.example", f"Medewerker {who}"), actor=system, work=work)
        world.users[who] = user.id
        for role in roles:
            add_membership(AddMembership(user.id, world.organisations[organisation], role), actor=system, work=work)
        work.session.flush()
        command_token = IssueToken(user.email, organisation, days=365)
        world.tokens[who] = issue_token(command_token, actor=system, work=work)


def give_role(world: World, who: str, role: Role) -> None:
    """One more role for somebody, in the organisation where this person works."""
    command = AddMembership(world.users[who], world.organisations[STAFF[who][0]], role)
    with world.service.work() as work:
        add_membership(command, actor=system_actor("test"), work=work)


def _add_trajectory(world: World, who: str, name: str) -> str:
    body = trajectory_body(name, world.clock.today)
    answer = world.call(who, "POST", "/v1/trajectories", body)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def trajectory_body(name: str, today: date, **changes: Any) -> dict[str, Any]:
    """A formal course with ample places that suits almost everybody."""
    return {
        "name": name,
        "description": "Samen lezen en schrijven in een kleine groep.",
        "template": "A",
        "components": ["basic_skills"],
        "skills": ["reading", "numeracy", "digital"],
        "levels": ["1F"],
        "languageBackgrounds": ["nt1", "nt2"],
        "courseKind": "formal",
        "courseType": "language",
        "places": 200,
        "minimumGroupSize": None,
        "startDates": [],
        "municipalityCode": "GM0392",
        "delivery": "on_site",
        "eligibility": {
            "minimumAge": 16,
            "maximumAge": None,
            "regionOnly": False,
            "civicIntegrationAllowed": True,
            "meansAllowed": True,
        },
        "fundingSource": "web",
        "lastCheckedOn": today.isoformat(),
        "active": True,
    } | changes
