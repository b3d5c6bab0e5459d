"""One good request for every operation of the API, so that a rule of the house can be tried on all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from referral.core.policy import Role, system_actor
from referral.identity.models import Organisation, Region, RegionKind, organisation_region
from referral.identity.usecases import InviteUser, RegisterRegion, invite_user, register_region
from referral.reports.usecases import freeze_date
from tests.world import World, trajectory_body

CSV = "text/csv"
RETIRED = "/v1/organisations/me/retired-codes"
RECEIVER = "https://ontvanger.example/verwijzingen"


@dataclass(frozen=True)
class Call:
    """Who sends what, None without proof; `version` becomes `If-Match`."""

    who: str | None
    method: str
    path: str
    body: Any = None
    version: int | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, world: World, **changes: Any) -> TestResponse:
        """Send it, or a changed version of it, with a fresh Idempotency-Key on every POST."""
        call = replace(self, **changes)
        if isinstance(call.body, bytes):
            return call.send_raw(world, call.body, call.content_type)
        return world.call(call.who, call.method, call.path, call.body, version=call.version, **call.headers)

    def send_raw(self, world: World, content: bytes, content_type: str | None = None) -> TestResponse:
        """Send these bytes as the body."""
        world.calls += 1
        sent = {"Authorization": f"Bearer {world.tokens[self.who]}"} if self.who else {}
        if self.version is not None:
            sent["If-Match"] = f'"{self.version}"'
        if self.method == "POST":
            sent["Idempotency-Key"] = f"key-{world.calls}"
        return world.client.open(
            self.path,
            method=self.method,
            data=content,
            content_type=content_type or self.content_type,
            headers=sent | {name.replace("_", "-"): value for name, value in self.headers.items()},
        )


Prepare = Callable[[World], Call]


def screening_body(world: World, **changes: Any) -> dict[str, Any]:
    """An outcome with an indication."""
    return {
        "instrument": "taalmeter",
        "conductedOn": world.clock.today.isoformat(),
        "indication": "yes",
        "score": 9,
        "block": 1,
        "durationMinutes": 11,
        "languageBackground": "nt1",
        "employment": "jobseeker",
        "ageBand": "35-44",
        "municipalityCode": "GM0453",
        "sector": "I",
        "occupationCode": "1122",
        "foundAt": "benefit_intake",
    } | changes


def region(world: World) -> str:
    """The id of the arbeidsmarktregio Kustrand."""
    return str(_region_named(world, "Kustrand"))


def tuned_region(world: World) -> str:
    """The id of a region that Regio Kustrand tunes besides its own, with nobody else in it."""
    if known := _region_named(world, "Achterland"):
        return known
    with world.service.work() as work:
        command = RegisterRegion(RegionKind.LABOUR_MARKET, "Achterland", "AM38")
        row = register_region(command, actor=system_actor("test"), work=work)
        member = {"organisation_id": world.organisations["Regio Kustrand"], "region_id": row.id}
        work.session.execute(insert(organisation_region).values(**member))
        return str(row.id)


def _region_named(world: World, name: str) -> str | None:
    with world.service.work(read_only=True) as work:
        found = work.session.scalar(select(Region.id).where(Region.name == name))
    return str(found) if found else None


def screening(world: World) -> str:
    """The code of a new screening of Gemeente Duinwijk."""
    answer = world.call("referrer", "POST", "/v1/screenings", screening_body(world))
    assert answer.status_code == 201, answer.json
    return str(answer.json["code"])


def person(world: World) -> dict[str, Any]:
    """Somebody who is not registered yet."""
    body: dict[str, Any] = world.referral_body()["participant"]
    contact = {"name": "Tante Truus", "phone": f"06{40_000_000 + world.people}", "relation": "tante"}
    return {**body, "contactPerson": contact}


def participant(world: World) -> str:
    """The id of a new participant of Gemeente Duinwijk."""
    answer = world.call("referrer", "POST", "/v1/participants", person(world))
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def peildatum(world: World) -> str:
    """The path of a reference date that was frozen."""
    freeze_date(world.service, date(2026, 10, 1))
    return "/v1/reports/reference-dates/2026-10-01"


def colleague(world: World) -> UUID:
    """The id of a new colleague of Gemeente Duinwijk in two roles."""
    command = InviteUser(f"{uuid4()}@demo.example", "Noor Nieuw", (Role.REFERRER, Role.COORDINATOR))
    admin = world.actor("admin")
    with world.service.work() as work:
        return invite_user(command, actor=admin, work=work).id


def organisation_version(world: World) -> int:
    """The version of Gemeente Duinwijk now."""
    with world.service.work(read_only=True) as work:
        return work.session.get_one(Organisation, world.organisations["Gemeente Duinwijk"]).version


def webhook(world: World) -> str:
    """The id of a new webhook of Gemeente Duinwijk."""
    answer = world.call("admin", "POST", "/v1/webhooks", {"url": f"{RECEIVER}?nr={world.calls}"})
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def _call_on(world: World, right: str, body: dict[str, Any]) -> Call:
    """A participant calls on this right."""
    return Call("privacy", "POST", f"/v1/participants/{participant(world)}/{right}", body)


def privacy_request(world: World) -> dict[str, Any]:
    """A request to correct that waits for a decision."""
    answer = _call_on(world, "rectifications", {"text": "Mijn telefoonnummer is veranderd."}).send(world)
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def access_request(world: World) -> str:
    """The address of a request for access."""
    answer = _call_on(world, "access-requests", {}).send(world)
    assert answer.status_code == 201, answer.json
    return str(answer.headers["Location"])


def national_statistics(world: World) -> Call:
    """The statistics of this year, with somebody in it."""
    world.bring_to("in_trajectory")
    return Call("coordinator", "GET", f"/v1/reports/national-statistics?year={world.clock.today.year}")


def _import_file(world: World) -> bytes:
    row = {name: value for name, value in screening_body(world).items() if value is not None}
    return f"{','.join(row)}\n{','.join(map(str, row.values()))}\n".encode()


def _change_referral(world: World) -> Call:
    draft = world.bring_to("draft")
    return Call(
        "referrer", "PATCH", f"/v1/referrals/{draft['id']}", {"purpose": "Iets passends"}, version=draft["version"]
    )


def _record_event(world: World) -> Call:
    sent = world.refer()
    path = f"/v1/referrals/{sent['id']}/events"
    return Call("coach", "POST", path, {"event": "accept"}, version=sent["version"])


CALLS: Mapping[str, Prepare] = {
    "identity.show_me": lambda _: Call("referrer", "GET", "/v1/me"),
    "identity.list_organisations": lambda _: Call("referrer", "GET", "/v1/organisations"),
    "identity.list_users": lambda _: Call("referrer", "GET", "/v1/users"),
    "identity.deactivate_user": lambda w: Call(
        "admin", "POST", f"/v1/users/{w.users['second_referrer']}/deactivations", {}
    ),
    "identity.change_organisation": lambda w: Call(
        "admin",
        "PATCH",
        f"/v1/organisations/{w.organisations['Gemeente Duinwijk']}",
        {"name": "Gemeente Duinwijk aan Zee"},
        version=organisation_version(w),
    ),
    "identity.remove_role": lambda w: Call("admin", "DELETE", f"/v1/users/{colleague(w)}/roles/coordinator"),
    "screenings.log_screening": lambda w: Call("referrer", "POST", "/v1/screenings", screening_body(w)),
    "screenings.import_screenings": lambda w: Call(
        "referrer", "POST", "/v1/screenings/_import", _import_file(w), content_type=CSV
    ),
    "screenings.list_screenings": lambda _: Call("referrer", "GET", "/v1/screenings"),
    "screenings.show_screening": lambda w: Call("referrer", "GET", f"/v1/screenings/{screening(w)}"),
    "screenings.log_conversation": lambda w: Call(
        "referrer",
        "POST",
        f"/v1/screenings/{screening(w)}/conversations",
        {"heldOn": w.clock.today.isoformat(), "outcome": "agrees"},
    ),
    "trajectories.list_trajectories": lambda _: Call("referrer", "GET", "/v1/trajectories"),
    "trajectories.show_trajectory": lambda w: Call("referrer", "GET", f"/v1/trajectories/{w.trajectory_id}"),
    "trajectories.add_trajectory": lambda w: Call(
        "coach", "POST", "/v1/trajectories", trajectory_body("Rekenen thuis", w.clock.today)
    ),
    "trajectories.change_trajectory": lambda w: Call(
        "coach", "PATCH", f"/v1/trajectories/{w.trajectory_id}", {"places": 12}, version=1
    ),
    "trajectories.match_trajectories": lambda _: Call(
        "referrer", "POST", "/v1/trajectories/_match", {"skills": ["reading"], "ageBand": "35-44"}
    ),
    "participants.register_participant": lambda w: Call("referrer", "POST", "/v1/participants", person(w)),
    "participants.show_participant": lambda w: Call(
        "referrer", "GET", f"/v1/participants/{participant(w)}?purpose=intake"
    ),
    "participants.change_participant": lambda w: Call(
        "referrer", "PATCH", f"/v1/participants/{participant(w)}", person(w), version=1
    ),
    "participants.search_participants": lambda _: Call(
        "referrer", "POST", "/v1/participants/_search", {"phone": "06 3000 0001"}
    ),
    "rights.withdraw_agreement": lambda w: Call(
        "referrer",
        "POST",
        f"/v1/participants/{participant(w)}/agreement-withdrawals",
        {"heardOn": w.clock.today.isoformat()},
    ),
    "rights.erase_participant": lambda w: Call(
        "privacy", "POST", f"/v1/participants/{participant(w)}/erasures", {"ground": "request"}
    ),
    "privacy.request_access": lambda w: Call(
        "privacy", "POST", f"/v1/participants/{participant(w)}/access-requests", {}
    ),
    "privacy.list_disclosures": lambda w: Call(
        "privacy", "GET", f"/v1/participants/{w.refer()['participantId']}/disclosures"
    ),
    "privacy.request_rectification": lambda w: _call_on(w, "rectifications", {"text": "Mijn geboortejaar klopt niet."}),
    "privacy.request_restriction": lambda w: _call_on(w, "restrictions", {"ground": "accuracy_contested"}),
    "privacy.request_objection": lambda w: _call_on(w, "objections", {"text": "Ik wil niet dat dit gedeeld wordt."}),
    "privacy.request_erasure": lambda w: _call_on(w, "erasure-requests", {"text": "Wis mijn gegevens."}),
    "privacy_requests.list_requests": lambda w: Call(
        "privacy", "GET", f"/v1/privacy-requests?kind={privacy_request(w)['kind']}"
    ),
    "privacy_requests.show_privacy_request": lambda w: Call(
        "privacy", "GET", f"/v1/privacy-requests/{privacy_request(w)['id']}"
    ),
    "privacy_requests.show_answer": lambda w: Call("privacy", "GET", f"{access_request(w)}/answer"),
    "privacy_requests.decide_request": lambda w: Call(
        "privacy",
        "POST",
        f"/v1/privacy-requests/{privacy_request(w)['id']}/decisions",
        {
            "outcome": "refused",
            "toldOn": w.clock.today.isoformat(),
            "reason": "data_correct",
            "explanation": "Nagekeken.",
        },
        version=1,
    ),
    "referrals.create_referral": lambda w: Call(
        "referrer", "POST", "/v1/referrals", w.referral_body(note="Belt liever zelf terug.")
    ),
    "referrals.list_referrals": lambda w: Call("coach", "GET", f"/v1/referrals?status={w.refer()['status']}"),
    "referrals.show_one": lambda w: Call("coach", "GET", f"/v1/referrals/{w.refer()['id']}"),
    "referrals.change_referral": _change_referral,
    "referrals.record_event": _record_event,
    "referrals.list_history": lambda w: Call("coach", "GET", f"/v1/referrals/{w.refer()['id']}/events"),
    "identity.show_terms": lambda w: Call("region_admin", "GET", f"/v1/regions/{region(w)}/terms"),
    "identity.change_term": lambda w: Call(
        "region_admin",
        "PATCH",
        f"/v1/regions/{region(w)}/terms/submitted",
        {"steps": {"remind": {"workingDays": 2}, "end": None}},
        version=1,
    ),
    "identity.change_limits": lambda w: Call(
        "region_admin",
        "PATCH",
        f"/v1/regions/{tuned_region(w)}/limits",
        {"limits": {"holdMaxDays": 60}},
        version=1,
    ),
    "codes.list_retired": lambda _: Call("admin", "GET", RETIRED),
    "codes.retire_code": lambda _: Call("admin", "POST", RETIRED, {"list": "reason", "code": "level_too_low"}),
    "codes.remove_retirement": lambda _: Call("admin", "DELETE", f"{RETIRED}/reason/level_too_low"),
    "workflow.show_workflow": lambda _: Call("referrer", "GET", "/v1/workflow"),
    "workflow.show_diagram": lambda _: Call("referrer", "GET", "/v1/workflow/diagram"),
    "reports.show_funnel": lambda _: Call("coordinator", "GET", "/v1/reports/funnel?groupBy=month"),
    "reports.show_national_statistics": national_statistics,
    "reports.show_annual_report": lambda w: Call("region", "GET", f"/v1/reports/annual?year={w.clock.today.year}"),
    "reports.write_annual": lambda w: Call(
        "region",
        "POST",
        "/v1/reports/annual-texts",
        {"year": w.clock.today.year, "part": "narrative", "text": "Een moeder leest nu zelf voor."},
    ),
    "reports.show_monitor": lambda _: Call("coordinator", "GET", "/v1/reports/monitor"),
    "reports.show_reach": lambda _: Call("coordinator", "GET", "/v1/reports/reach"),
    "reports.show_coverage": lambda _: Call("coordinator", "GET", "/v1/reports/coverage"),
    "reports.show_reference_date": lambda world: Call("coordinator", "GET", peildatum(world)),
    "reports.reconcile_count": lambda world: Call(
        "coordinator",
        "POST",
        f"{peildatum(world)}/_reconcile",
        {"figure": "started", "counts": [{"municipalityCode": "GM0453", "count": 2}]},
    ),
    "webhooks.list_webhooks": lambda _: Call("admin", "GET", "/v1/webhooks"),
    "webhooks.add_webhook": lambda _: Call("admin", "POST", "/v1/webhooks", {"url": RECEIVER}),
    "webhooks.show_webhook": lambda w: Call("admin", "GET", f"/v1/webhooks/{webhook(w)}"),
    "webhooks.remove_webhook": lambda w: Call("admin", "DELETE", f"/v1/webhooks/{webhook(w)}"),
    "webhooks.renew_secret": lambda w: Call("admin", "POST", f"/v1/webhooks/{webhook(w)}/secrets", {}),
    "webhooks.resume_webhook": lambda w: Call("admin", "POST", f"/v1/webhooks/{webhook(w)}/resumptions", {}),
    "feed.list_events": lambda _: Call("referrer", "GET", "/v1/events"),
    "audit.list_entries": lambda _: Call("privacy", "GET", "/v1/audit-entries"),
    "accountability.list_processing_records": lambda _: Call("privacy", "GET", "/v1/processing-records"),
    "accountability.list_access_of_participant": lambda w: Call(
        "privacy", "GET", f"/v1/participants/{participant(w)}/access-log"
    ),
    "accountability.list_access_of_referral": lambda w: Call(
        "coordinator", "GET", f"/v1/referrals/{w.refer()['id']}/access-log"
    ),
    "accountability.find_affected": lambda w: Call(
        "privacy", "POST", "/v1/audit-entries/_affected", {"userId": str(w.users["referrer"])}
    ),
}
"""By the name of the operation in `referral.access`; making one prepares whatever must be there first."""

WITHOUT_BODY = ("show_", "list_", "remove_")
WITH_BODY = tuple(endpoint for endpoint in CALLS if not endpoint.partition(".")[2].startswith(WITHOUT_BODY))
