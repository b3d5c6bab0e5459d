"""What the funnel costs with 10 thousand, 100 thousand and (asked for) a million referrals of about 8 events, on both
databases: unfiltered, with each filter, against straightforward SQL over the events; and what keeping the facts adds to
an event. `python bench/figures.py 10000 100000 1000000` is the whole measurement; it cleans up behind itself."""

import logging
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sizes import sized
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from config.settings import load
from referral.app import create_app, create_service
from referral.core.database import new_id
from referral.core.logbook import write_log
from referral.core.migrate import upgrade
from referral.core.policy import Actor, OrganisationKind, Role
from referral.core.work import Service
from referral.identity.models import Organisation, Region, RegionKind, organisation_region
from referral.participants.models import Participant
from referral.referrals.models import Referral, ReferralEvent
from referral.referrals.workflow import EventName, Party, Status
from referral.reports.measures import GroupKey
from referral.reports.models import FigureCell, Journey
from referral.reports.tally import Tally, unpack
from referral.reports.usecases import ShowFunnel, note_referral, rebuild_facts, show_funnel
from tests.postgres import own_database, running_postgres
from tests.referrals import chain
from tests.world import Clock, build_world

FIRST_DAY, MONTHS = datetime(2025, 1, 1, 9, tzinfo=UTC), 12
BATCH = 2_000
SEED_CASES, RECOUNTED = sized(10_000, 20), 20_000
"""So many are made one by one; a larger region is made of copies of them under other ids, which is far faster."""
STEPS = (
    ("create", Status.DRAFT), ("submit", Status.SUBMITTED), ("accept", Status.ACCEPTED),
    ("confirm_handover", Status.HANDED_OVER), ("start_intake", Status.INTAKE),
    ("start_trajectory", Status.IN_TRAJECTORY), ("record_progress", Status.IN_TRAJECTORY),
    ("complete", Status.COMPLETED), ("close", Status.CLOSED),
)  # fmt: skip
MILESTONE = (
    "",
    "submitted_at",
    "accepted_at",
    "handed_over_at",
    "intake_at",
    "started_at",
    "",
    "completed_at",
    "closed_at",
)
KINDS = ["municipality"] * 8 + ["uwv", "employer", "employer", "taalhuis"]
FILTERS = {
    GroupKey.AGE_BAND: "25-34", GroupKey.LANGUAGE_BACKGROUND: "nt2", GroupKey.MUNICIPALITY: "GM0453",
    GroupKey.SKILL: "reading_digital", GroupKey.FOUND_AT: "library", GroupKey.SECTOR: "F",
    GroupKey.EMPLOYMENT: "employed",
}  # fmt: skip
YEAR = (date(2025, 1, 1), date(2025, 12, 31))
NAIVE = """
    WITH firsts AS (
        SELECT e.referral_id, e.to_status, min(e.occurred_at) AS at FROM referral_event e
        GROUP BY e.referral_id, e.to_status
    ), steps AS (
        SELECT r.source_kind, {month} AS month, f.to_status,
               {days} AS days
        FROM firsts f JOIN firsts s ON s.referral_id = f.referral_id AND s.to_status = 'submitted'
        JOIN referral r ON r.id = f.referral_id WHERE r.status <> 'void'
    ), ranked AS (
        SELECT source_kind, month, to_status, days,
               row_number() OVER (PARTITION BY source_kind, month, to_status ORDER BY days) AS place,
               count(*) OVER (PARTITION BY source_kind, month, to_status) AS total
        FROM steps
    )
    SELECT source_kind, month, to_status, max(total),
           max(CASE WHEN place * 2 >= total AND (place - 1) * 2 < total THEN days END)
    FROM ranked GROUP BY source_kind, month, to_status
"""
QUICK = {
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000"),
    "postgresql": ("SET session_replication_role = replica", "SET synchronous_commit = off"),
}
DIALECT = {
    "sqlite": {"month": "strftime('%Y-%m', s.at)", "days": "julianday(f.at) - julianday(s.at)"},
    "postgresql": {"month": "to_char(s.at, 'YYYY-MM')", "days": "extract(epoch FROM f.at - s.at) / 86400"},
}
DEEDS = ("accept", "confirm_handover", "start_intake", "start_trajectory", "complete")
CASES = sized(100, 2)
SIZES = [sized(10_000, 40), sized(100_000, 80)]


def main() -> int:
    sizes = [int(each) for each in sys.argv[1:] if each.isdigit()] or SIZES
    write_log(logging.ERROR)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for size_db in ("sqlite", "postgresql"):
            with database(size_db, Path(folder)) as url_of:
                good &= measure(size_db, url_of, Path(folder), sizes)
                good &= event_cost(url_of("event"), Path(folder))
    return 0 if good else 1


class database:
    """Makes databases of this kind, and takes them away again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder, self.open = kind, folder, []

    def __enter__(self) -> Callable[[str], str]:
        if self.kind == "postgresql":
            self.server = running_postgres()
            self.url = self.server.__enter__()
        return self.make

    def __exit__(self, *_: object) -> None:
        for each in reversed(self.open):
            each.__exit__(None, None, None)
        if self.kind == "postgresql":
            self.server.__exit__(None, None, None)

    def make(self, name: str) -> str:
        if self.kind == "sqlite":
            (self.folder / name).mkdir()
            return f"sqlite:///{self.folder / name / 'bench.db'}"
        made = own_database(self.url, f"bench_{name}")
        self.open.append(made)
        return made.__enter__()


def a_service(url: str, folder: Path) -> Service:
    env = {"ENVIRONMENT": "test", "DATABASE_URL": url, "KEY_DIRECTORY": f"{folder}/keys-{abs(hash(url))}"}
    service = create_service(load({**env, "SECRET_KEY": "een-geheim-voor-de-meting-0123456789"}))
    upgrade(service.engine)
    service.key_ring.initialise()
    return service


def measure(kind: str, url_of: Callable[[str], str], folder: Path, sizes: list[int]) -> bool:
    found: dict[int, tuple[float, float, float]] = {}
    for size in sizes:
        service = a_service(url_of(str(size)), folder)
        started = time.perf_counter()
        region = fill(service, size)
        filled = time.perf_counter() - started
        if size <= RECOUNTED:
            assert rebuild_facts(service).is_equal, "the facts of the copies are not what their history says"
        free = timed(partial(ask, service, region, {}))
        filtered = {key: timed(partial(ask, service, region, {key: value})) for key, value in FILTERS.items()}
        slowest = max(filtered, key=lambda key: filtered[key])
        with service.engine.connect() as connection:
            if kind == "postgresql":
                connection.execute(text("SET statement_timeout = 0"))
            began = time.perf_counter()
            connection.execute(text(NAIVE.format(**DIALECT[kind]))).all()
            naive = time.perf_counter() - began
        found[size] = (free, filtered[slowest], naive)
        print(
            f"{kind} {size:>9,}: funnel by source and month {free * 1e3:6.1f} ms, slowest filter ({slowest.value})"
            f" {filtered[slowest] * 1e3:6.1f} ms, plain SQL {naive * 1e3:9.0f} ms ({naive / free:,.0f}x);"
            f" made in {filled:.0f} s",
            flush=True,
        )
        service.engine.dispose()
    return judge(kind, sizes, found)


def judge(kind: str, sizes: list[int], found: dict[int, tuple[float, float, float]]) -> bool:
    small, large = found[min(sizes)], found[max(sizes)]
    growth = [math.log(b / a) / math.log(max(sizes) / min(sizes)) for a, b in zip(small, large, strict=True)]
    ratio, filtered, gain = large[0] / small[0], large[1] / small[0], large[2] / large[0]
    print(f"{kind}: growth exponent funnel {growth[0]:.2f}, filtered {growth[1]:.2f}, plain SQL {growth[2]:.2f}")
    good = ratio <= 2 and filtered <= 5 and (gain >= 50 or max(sizes) < 1_000_000)
    print(
        f"{kind}: {ratio:.2f}x (target 2), filtered {filtered:.2f}x (target 5),"
        f" gain {gain:,.0f}x (target 50 at a million)"
    )
    return good


def timed(deed: Callable[[], object], times: int = 7) -> float:
    """The median of some runs, in seconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        deed()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def ask(service: Service, region: Actor, filters: dict[GroupKey, str]) -> None:
    """The region's facts by source and month, exactly as one organisation's are read: nothing is hidden meanwhile."""
    query = ShowFunnel(*YEAR, (GroupKey.SOURCE_KIND, GroupKey.MONTH), filters)
    with service.work() as work:
        assert show_funnel(query, actor=region, work=work).rows or SEED_CASES < 10_000


def fill(service: Service, size: int) -> Actor:
    """So many referrals with their events, in bulk; returns the coordinator of the largest organisation."""
    chance = Random(size)
    with service.work() as work:
        owners = register(work.session)
        person = Participant(id=new_id(), organisation_id=owners[0][0], registered_at=work.now)
        work.session.add(person)
        work.session.flush()
        seeds = min(size, SEED_CASES)
        for start in range(0, seeds, BATCH):
            rows = [one(chance, owners, person.id) for _ in range(min(BATCH, seeds - start))]
            work.session.execute(insert(Referral), [referral for referral, _ in rows])
            work.session.execute(insert(ReferralEvent), [event for _, events in rows for event in events])
    rebuild_facts(service)
    copy(service, size // seeds)
    return Actor(new_id(), owners[0][0], OrganisationKind.MUNICIPALITY, frozenset({Role.COORDINATOR}))


def copy(service: Service, times: int) -> None:
    """So many times every referral, its events and its facts; a copy's number becomes the first 8 digits of its ids."""
    is_postgresql = service.engine.dialect.name == "postgresql"
    number = "lpad(to_hex(CAST(:n AS integer)), 8, '0')" if is_postgresql else "printf('%08x', :n)"
    key = f"CAST({number} || substr(CAST({{0}} AS text), 9) AS {'uuid' if is_postgresql else 'text'})"
    changed = {name: key.format(name) for name in ("id", "referral_id", "subject_id")}
    changed["reference"] = f"'K-' || substr({number}, 6) || substr(reference, 6)"
    with service.engine.connect() as connection:
        # The copies hold what the rows hold that were checked; checking and syncing each is most of the time.
        for quick in QUICK[service.engine.dialect.name]:
            connection.connection.cursor().execute(quick)
        for table in (Referral.__table__, ReferralEvent.__table__, Journey.__table__):
            names = [column.name for column in table.columns]
            seeds = f"seed_{table.name}"
            connection.execute(text(f"CREATE TEMPORARY TABLE {seeds} AS SELECT * FROM {table.name}"))
            values = ", ".join(changed.get(name, name) for name in names)
            made = text(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {seeds}")
            for n in range(1, times):
                connection.execute(made, {"n": n})
                connection.commit()
        connection.execute(text("ANALYZE"))
        connection.commit()
        connection.invalidate()
    with service.work() as work:
        for cell in work.session.scalars(select(FigureCell)):
            one = unpack(cell.tally, cell.losses)
            cell.tally = Tally(one.counts * times, [days * times for days in one.days]).pack()
            cell.losses = {reason: count * times for reason, count in one.losses.items()}


def register(session: Session) -> list[tuple[UUID, str]]:
    region = Region(id=new_id(), kind=RegionKind.PARTNERSHIP, name="Meetregio")
    rows = [
        Organisation(id=new_id(), kind=OrganisationKind(kind), name=f"Organisatie {n}") for n, kind in enumerate(KINDS)
    ]
    rows += [Organisation(id=new_id(), kind=OrganisationKind.PROVIDER, name=f"Aanbieder {n}") for n in range(4)]
    session.add_all([region, *rows])
    session.flush()
    session.execute(insert(organisation_region), [{"organisation_id": row.id, "region_id": region.id} for row in rows])
    return [(row.id, row.kind.value) for row in rows]


def one(chance: Random, owners: list[tuple[UUID, str]], person: UUID) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One referral and its history."""
    owner, kind = owners[min(int(chance.expovariate(0.25)), len(KINDS) - 1)]
    referral_id, at = new_id(), FIRST_DAY + timedelta(days=chance.randint(0, 30 * MONTHS - 1))
    length = chance.choices(range(2, 10), [3, 4, 4, 5, 8, 12, 24, 40])[0]
    row: dict[str, Any] = dict.fromkeys(each for each in MILESTONE if each)
    events = []
    for sequence, ((event, status), column) in enumerate(zip(STEPS[:length], MILESTONE, strict=False), 1):
        if column:
            row[column] = at
        events.append(
            {
                "referral_id": referral_id,
                "participant_id": person,
                "sequence": sequence,
                "event": EventName(event),
                "from_status": None,
                "to_status": status,
                "reason": None,
                "undoes": None,
                "actor_id": person,
                "organisation_id": owner,
                "occurred_at": at,
                "facts": {},
                "before": None,
            }
        )
        at += timedelta(days=min(int(chance.expovariate(0.1)), 90))
    last = STEPS[length - 1][1]
    is_over = last is Status.CLOSED
    row |= {
        "id": referral_id, "reference": f"V-{referral_id.hex[-13:]}", "participant_id": person,
        "source_organisation_id": owner, "source_kind": OrganisationKind(kind),
        "receiver_organisation_id": owners[len(KINDS) + chance.randrange(4)][0],
        "skills": chance.choice([["reading"], ["digital"], ["reading", "digital"]]),
        "age_band": chance.choice(["18-24", "25-34", "35-44", "45-54", "55-64"]),
        "language_background": chance.choice(["nt1", "nt2"]), "municipality_code": chance.choice(["GM0453", "GM0392"]),
        "employment": chance.choice(["employed", "jobseeker", "benefit"]), "sector": chance.choice("FGIC"),
        "found_at": chance.choice(["library", "workplace", "benefit_intake"]), "data_scope": [], "status": last,
        "reason": "goal_reached" if is_over else None, "ended_at": at if is_over else None,
        "ball_party": Party.NOBODY if is_over else Party.RECEIVER, "due_on": None if is_over else date(2026, 1, 1),
        "created_at": FIRST_DAY, "changed_at": at,
    }  # fmt: skip
    return row, events


def event_cost(url: str, folder: Path) -> bool:
    """What keeping the facts adds to an event through the door: the same lives with and without it, in turns."""
    service, settings = a_service(url, folder), load_again(url, folder)
    bare = replace(service, now_reactions={kind: without_facts(deeds) for kind, deeds in service.now_reactions.items()})
    world = build_world(create_app(settings, service=service), Clock())
    world.clock.now = service.clock()
    doors = {"with": world, "without": replace(world, app=create_app(settings, service=bare), calls=10**6)}
    spent: dict[str, list[list[float]]] = {name: [[] for _ in DEEDS] for name in doors}
    for number in range(CASES):
        name = ("with", "without")[number % 2]
        case, goals = world.refer(), None
        for event, times in zip(DEEDS, spent[name], strict=True):
            path, body = f"/v1/referrals/{case['id']}/events", chain.members(world, event, goals=goals)
            began = time.perf_counter()
            answer = doors[name].call("coach", "POST", path, body, version=case["version"])
            times.append(time.perf_counter() - began)
            assert answer.status_code == 201, answer.json
            case, goals = answer.json, world.goals(answer.json) if event == "start_trajectory" else goals
    kept, plain = (statistics.mean(map(statistics.median, spent[name])) * 1e3 for name in ("with", "without"))
    added = kept / plain - 1
    print(f"event: {plain:.2f} ms without facts, {kept:.2f} ms with: {added:+.0%} (target at most +15 %)", flush=True)
    service.engine.dispose()
    return added <= 0.15


def without_facts(deeds: Sequence[Any]) -> list[Any]:
    return [deed for deed in deeds if deed is not note_referral]


def load_again(url: str, folder: Path) -> Any:
    env = {"ENVIRONMENT": "test", "DATABASE_URL": url, "KEY_DIRECTORY": f"{folder}/keys-{abs(hash(url))}"}
    return load({**env, "SECRET_KEY": "een-geheim-voor-de-meting-0123456789"})


if __name__ == "__main__":
    sys.exit(main())
