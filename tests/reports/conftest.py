"""An invented region with coordinators, whose screenings and referrals a test writes down day by day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import request
from flask.testing import FlaskClient
from flask_smorest import Api
from sqlalchemy.orm import Session

from referral.access import OPERATIONS
from referral.core.codes import new_reference, new_screening_code
from referral.core.database import connect, new_id
from referral.core.encryption import FileKeys, KeyRing
from referral.core.http import Application, install
from referral.core.policy import Actor, Door, OrganisationKind, Role
from referral.core.work import AMSTERDAM, Service
from referral.identity.models import Organisation, Region, RegionKind, organisation_region
from referral.participants.models import Participant
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.workflow import FINAL, EventName, Party, Status
from referral.reports.api import api
from referral.reports.usecases import rebuild_facts
from referral.screenings.models import Conversation, Discussed, Screening

TODAY = date(2026, 11, 3)
MILESTONES = {
    Status.SUBMITTED: "submitted_at",
    Status.ACCEPTED: "accepted_at",
    Status.HANDED_OVER: "handed_over_at",
    Status.INTAKE: "intake_at",
    Status.IN_TRAJECTORY: "started_at",
    Status.COMPLETED: "completed_at",
    Status.CLOSED: "closed_at",
}
TRAITS = {"municipality_code": "GM0453", "language_background": "nt1", "employment": "jobseeker", "age_band": "35-44"}


@dataclass(frozen=True)
class Step:
    """One event of a history, on a Dutch calendar day; `to` is the status that it leads to."""

    on: date
    event: EventName
    to: Status
    reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    undoes: int | None = None
    at: time = time(12)

    @property
    def moment(self) -> datetime:
        return datetime.combine(self.on, self.at, AMSTERDAM)


def path(start: date, *gaps: int) -> list[Step]:
    """A straight life: submitted on the start, then one milestone after each gap of so many days."""
    steps, day = [Step(start, EventName.SUBMIT, Status.SUBMITTED)], start
    ways = {
        Status.ACCEPTED: EventName.ACCEPT,
        Status.HANDED_OVER: EventName.CONFIRM_HANDOVER,
        Status.INTAKE: EventName.START_INTAKE,
        Status.IN_TRAJECTORY: EventName.START_TRAJECTORY,
        Status.COMPLETED: EventName.COMPLETE,
        Status.CLOSED: EventName.CLOSE,
    }
    for gap, (status, event) in zip(gaps, ways.items(), strict=False):
        day += timedelta(days=gap)
        steps.append(Step(day, event, status, "goal_reached" if status is Status.CLOSED else None))
    return steps


@dataclass
class Ledger:
    """A service, its door, and one coordinator per organisation; `network` is the regional one."""

    service: Service
    client: FlaskClient
    actors: dict[str, Actor] = field(default_factory=dict)

    def settle(self, name: str, kind: OrganisationKind, *regions: UUID, called: str | None = None) -> None:
        """An organisation with a coordinator."""
        with self.service.work() as work:
            organisation = Organisation(id=new_id(), kind=kind, name=called or f"De {name}", municipality_code="GM0453")
            work.session.add(organisation)
            work.session.flush()
            for region in regions:
                work.session.execute(
                    organisation_region.insert().values(organisation_id=organisation.id, region_id=region)
                )
        self.actors[name] = Actor(
            uuid4(), organisation.id, kind, frozenset({Role.COORDINATOR}), region_ids=frozenset(regions)
        )

    def region(self) -> UUID:
        """A new region."""
        with self.service.work() as work:
            region = Region(id=new_id(), kind=RegionKind.PARTNERSHIP, name="Voorbeeldregio")
            work.session.add(region)
        return region.id

    def screen(
        self,
        on: date,
        *,
        by: str = "city",
        held_on: date | None = None,
        missed: Sequence[str] = (),
        indication: str = "yes",
        times: int = 1,
        **traits: Any,
    ) -> None:
        """Write down a number of equal screenings, with the conversation, and why there was none before."""
        actor = self.actors[by]
        with self.service.work() as work:
            for _ in range(times):
                screening = Screening(
                    id=new_id(),
                    code=new_screening_code(),
                    organisation_id=actor.organisation_id,
                    source_kind=actor.organisation_kind,
                    instrument="taalmeter",
                    instrument_year=2026,
                    conducted_on=on,
                    indication=indication,
                    skills=["reading"],
                    found_at="workplace",
                    logged_at=work.now,
                    discussed=Discussed.HELD if held_on else Discussed.NOT_HELD if missed else Discussed.NONE,
                    **{**TRAITS, **traits},
                )
                work.session.add(screening)
                for sequence, reason in enumerate(missed, 1):
                    work.session.add(
                        Conversation(
                            screening=screening, sequence=sequence, held=False, reason=reason, logged_at=work.now
                        )
                    )
                if held_on:
                    work.session.add(
                        Conversation(
                            screening=screening,
                            sequence=len(missed) + 1,
                            held=True,
                            held_on=held_on,
                            outcome="agrees",
                            logged_at=work.now,
                        )
                    )

    def refer(
        self,
        steps: Sequence[Step],
        *,
        by: str = "city",
        to: str = "school",
        previous_id: UUID | None = None,
        times: int = 1,
        **members: Any,
    ) -> UUID:
        """Write down a number of referrals with this history; returns the id of the last."""
        source = self.actors[by]
        with self.service.work() as work:
            for _ in range(times):
                person = Participant(id=new_id(), organisation_id=source.organisation_id, registered_at=work.now)
                work.session.add(person)
                work.session.flush()
                referral = Referral(
                    id=new_id(),
                    reference=new_reference(2026),
                    participant_id=person.id,
                    source_organisation_id=source.organisation_id,
                    source_kind=source.organisation_kind,
                    receiver_organisation_id=self.actors[to].organisation_id,
                    previous_id=previous_id,
                    origin_id=origin_of(work.session, previous_id),
                    data_scope=[],
                    created_at=work.now,
                    changed_at=work.now,
                    **{"skills": ["reading"], **TRAITS, **as_it_stands(steps), **members},
                )
                work.session.add(referral)
                work.session.flush()
                work.session.add_all(_events(referral, steps, source))
        return referral.id

    def funnel(self, who: str = "city", accept: str | None = None, **query: str) -> Any:
        """The answer of the door, from facts counted anew; `from_` is written `from`."""
        rebuild_facts(self.service)
        headers = {"Actor": who, **({"Accept": accept} if accept else {})}
        keys = {name.rstrip("_"): value for name, value in query.items()}
        return self.client.get("/v1/reports/funnel", query_string=keys, headers=headers)

    def rows(self, who: str = "city", **query: str) -> list[dict[str, Any]]:
        """The rows of the funnel of this year, unless asked otherwise."""
        response = self.funnel(who, **{"from_": "2026-01-01", "to": "2026-12-31", **query})
        assert response.status_code == 200, response.json
        rows: list[dict[str, Any]] = response.json["rows"]
        return rows


def origin_of(session: Session, previous_id: UUID | None) -> UUID | None:
    """The first of a chain of transfers."""
    return session.get_one(Referral, previous_id).origin_id or previous_id if previous_id else None


def as_it_stands(steps: Sequence[Step]) -> dict[str, Any]:
    """The columns that a history leaves: the status, the first time of each milestone, and how it ended."""
    last = steps[-1]
    ended = last.to in FINAL
    reached = {column: [step.moment for step in steps if step.to is status] for status, column in MILESTONES.items()}
    return {
        "status": last.to,
        "reason": last.reason if ended else None,
        "ended_at": last.moment if ended else None,
        "ball_party": Party.NOBODY if ended else Party.RECEIVER,
        "due_on": None if ended else TODAY,
        **{column: moments[0] for column, moments in reached.items() if moments},
    }


def _events(referral: Referral, steps: Sequence[Step], actor: Actor) -> Iterator[ReferralEvent]:
    for sequence, step in enumerate(steps, 1):
        yield ReferralEvent(
            referral_id=referral.id,
            participant_id=referral.participant_id,
            sequence=sequence,
            event=step.event,
            to_status=step.to,
            reason=step.reason,
            undoes=step.undoes,
            actor_id=actor.id,
            organisation_id=actor.organisation_id,
            occurred_at=step.moment,
            facts=step.facts,
        )


def stages(row: dict[str, Any]) -> dict[str, Any]:
    """The stages of a row by name."""
    return {stage["stage"]: stage for stage in row["stages"]}


def counts(row: dict[str, Any]) -> list[int | None]:
    """The counts of a row, from screened to closed."""
    return [stage["count"] for stage in row["stages"]]


@pytest.fixture
def ledger(database_url: str, tmp_path: Path) -> Iterator[Ledger]:
    engine, keys = connect(database_url), FileKeys(tmp_path / "keys")
    keys.create()
    ring = KeyRing(engine, keys)
    ring.initialise()
    service = Service(engine=engine, key_ring=ring, clock=lambda: datetime.combine(TODAY, time(10), AMSTERDAM))
    actors: dict[str, Actor] = {}
    app = Application("referral")
    app.config.update(
        API_TITLE="Test", API_VERSION="1.0.0", OPENAPI_VERSION="3.1.0", ALLOWED_ORIGINS=(), MAX_BODY_BYTES=1_000_000
    )
    Api(app).register_blueprint(api)
    install(app, service, OPERATIONS, {Door.API: lambda _work: actors.get(request.headers.get("Actor", ""))})
    ledger = Ledger(service, app.test_client(), actors)
    region = ledger.region()
    ledger.settle("city", OrganisationKind.MUNICIPALITY, region)
    ledger.settle("uwv", OrganisationKind.UWV, region)
    ledger.settle("school", OrganisationKind.PROVIDER, region)
    ledger.settle("bakery", OrganisationKind.EMPLOYER, region)
    ledger.settle("network", OrganisationKind.REGION, region)
    ledger.settle("stranger", OrganisationKind.MUNICIPALITY)
    yield ledger
    engine.dispose()
