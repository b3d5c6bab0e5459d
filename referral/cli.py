"""The command line, `referral …`: serve, work, fill a demo, and what an operator does by hand."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from config.settings import SettingsError, create_demo_secret, load
from referral.app import create_service
from referral.core.errors import Problem
from referral.core.logbook import write_log
from referral.core.migrate import upgrade
from referral.core.policy import SYSTEM_ID, Actor, OrganisationKind, Role, system_actor
from referral.core.work import Service
from referral.demo import ACCOUNTS, PASSWORD, build_demo
from referral.identity.models import ALL_SCOPES, Organisation, Region, RegionKind, organisation_region
from referral.identity.usecases import (
    AddMembership,
    IssueToken,
    RegisterOrganisation,
    RegisterRegion,
    RegisterUser,
    SetPassword,
    add_membership,
    issue_token,
    register_organisation,
    register_region,
    register_user,
    set_password,
)
from referral.participants.models import Participant
from referral.reports.schemas import show_csv
from referral.reports.usecases import GroupKey, ShowFunnel, show_funnel
from referral.screenings.schemas.table import read_table
from referral.screenings.usecases import import_screenings
from referral.server import run_server
from referral.worker import run_once, run_worker

ROLES = [role.value for role in Role if role is not Role.SYSTEM]

Named = TypeVar("Named", Organisation, Region)

notes = Console(stderr=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Screening en warme doorverwijzing van mensen met weinig basisvaardigheden."""
    write_log()


@contextmanager
def _service() -> Iterator[Service]:
    """The service of this installation; wrong settings and refusals end the command with a clear line."""
    try:
        service = create_service(load())
        yield service
        service.engine.dispose()
    except (SettingsError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except IntegrityError:
        raise click.ClickException("Dit bestaat al, of het past niet bij wat er al staat.") from None
    except DBAPIError as error:
        raise click.ClickException(
            f"De database is niet bereikbaar of niet bijgewerkt ({type(error).__name__})."
        ) from None
    except Problem as problem:
        lines = [problem.detail, *(f"{wrong.pointer}: {wrong.detail}" for wrong in problem.errors)]
        raise click.ClickException("\n".join(lines)) from None


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr; nothing when nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, disable=not notes.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@main.command()
def migrate() -> None:
    """Bring the database to the newest revision and make the first keys."""
    with _service() as service:
        upgrade(service.engine)
        service.key_ring.initialise()
    notes.print("De database is bijgewerkt.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="Standaard 1 op SQLite, anders het aantal kernen.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Start the production server."""
    with _service():
        settings = load()
    usual = 1 if settings.database_url.startswith("sqlite") else os.cpu_count() or 1
    run_server(settings, host=host, port=port, workers=workers or usual)


@main.command()
@click.option("--once", is_flag=True, help="Eén ronde, en dan stoppen.")
def worker(once: bool) -> None:
    """Do what must happen without anybody asking: outbox, terms, digests."""
    with _service() as service:
        if once:
            click.echo(", ".join(f"{name}: {count}" for name, count in run_once(service).items()))
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        notes.print("De worker draait. Stop met Ctrl+C.")
        run_worker(service, stop=stop)


@main.command()
@click.option("--no-serve", is_flag=True, help="Alleen vullen, niet starten.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def demo(no_serve: bool, host: str, port: int) -> None:
    """Fill a database with a believable region of invented people, and serve it."""
    os.environ.update({"ENVIRONMENT": "demo", "PUBLIC_URL": f"http://{host}:{port}"})
    create_demo_secret()
    with _service() as service:
        upgrade(service.engine)
        service.key_ring.initialise()
        with _progress("Demo vullen") as progress:
            made = build_demo(service, progress=progress)
        token = _demo_token(service)
    notes.print("Er stond al een demo." if made is None else f"Gemaakt: {made}")
    _tell_demo(token, f"http://{host}:{port}")
    if not no_serve:
        run_server(load(), host=host, port=port, workers=1, with_worker=True)


def _demo_token(service: Service) -> str:
    with service.work() as work:
        command = IssueToken(
            user_email=ACCOUNTS[0].email, organisation=ACCOUNTS[0].organisation, scopes=ALL_SCOPES, days=30
        )
        return issue_token(command, actor=system_actor("cli"), work=work)


def _tell_demo(token: str, url: str) -> None:
    width = max(len(account.email) for account in ACCOUNTS)
    click.echo("Accounts van de demo (alle mensen en organisaties zijn verzonnen):")
    for account in ACCOUNTS:
        roles = ", ".join(role.value for role in account.roles)
        click.echo(f"  {account.email:<{width}}  {roles:<16} {account.organisation}")
    click.echo(f"Wachtwoord voor allemaal: {PASSWORD}")
    click.echo(f"Inloggen: {url}/sign-in")
    click.echo(f"API: {url}/v1/docs")
    click.echo("Probeer als klantmanager (het token is 30 dagen geldig):")
    click.echo(f"curl -s -H 'Authorization: Bearer {token}' '{url}/v1/referrals?status=submitted&limit=3'")


@main.group()
def region() -> None:
    """Regions in which organisations work together."""


@region.command("create")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in RegionKind]))
@click.option("--name", required=True)
@click.option("--code", help="Code van de arbeidsmarktregio (CBS), bijvoorbeeld AM10.")
def create_region(kind: str, name: str, code: str | None) -> None:
    """Enter a region; prints its id."""
    with _service() as service, service.work() as work:
        command = RegisterRegion(RegionKind(kind), name, code)
        click.echo(str(register_region(command, actor=system_actor("cli"), work=work).id))


@main.group()
def organisation() -> None:
    """Organisations in the chain."""


@organisation.command("create")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in OrganisationKind]))
@click.option("--name", required=True)
@click.option("--municipality", help="Code van de gemeente (CBS), bijvoorbeeld GM0281.")
@click.option("--region", "regions", multiple=True, help="Naam of id van een regio; mag vaker.")
def create_organisation(kind: str, name: str, municipality: str | None, regions: tuple[str, ...]) -> None:
    """Enter an organisation; prints its id."""
    with _service() as service, service.work() as work:
        ids = tuple(_named(work.session.scalars(select(Region)), each).id for each in regions)
        command = RegisterOrganisation(OrganisationKind(kind), name, municipality, ids)
        click.echo(str(register_organisation(command, actor=system_actor("cli"), work=work).id))


@main.group()
def user() -> None:
    """People who work with the service."""


@user.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--organisation", required=True, help="Naam of id.")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([r.value for r in Role if r is not Role.SYSTEM])
)
@click.option("--password", envvar="NEW_USER_PASSWORD", help="Laat weg om erom gevraagd te worden.")
def create_user(email: str, name: str, organisation: str, roles: tuple[str, ...], password: str | None) -> None:
    """Register somebody in an organisation, with roles and a password."""
    secret = password or click.prompt("Wachtwoord", hide_input=True, confirmation_prompt=True, err=True)
    with _service() as service, service.work() as work:
        found = _organisation(work.session, organisation)
        operator = _operator(work.session, found)
        account = register_user(RegisterUser(email=email, name=name), actor=operator, work=work)
        for role in roles:
            add_membership(AddMembership(account.id, found.id, Role(role)), actor=operator, work=work)
        set_password(SetPassword(account.id, secret), actor=operator, work=work)
        click.echo(str(account.id))


@main.group()
def token() -> None:
    """Tokens for programs."""


@token.command("create")
@click.option("--email", required=True)
@click.option("--organisation", help="Naam of id; mag weg als iemand maar bij een organisatie werkt.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 365))
@click.option("--scope", "scopes", multiple=True, type=click.Choice(sorted(ALL_SCOPES)), help="Standaard alle.")
def create_token(email: str, organisation: str | None, days: int, scopes: tuple[str, ...]) -> None:
    """Print a new token for a user acting for one organisation, and nothing else, on stdout."""
    with _service() as service, service.work() as work:
        command = IssueToken(user_email=email, organisation=organisation, scopes=scopes or ALL_SCOPES, days=days)
        click.echo(issue_token(command, actor=system_actor("cli"), work=work))


@main.group()
def keys() -> None:
    """The keys under which personal data are sealed."""


@keys.command("status")
def keys_status() -> None:
    """How many keys stand under which wrapping key, and which index version is in use."""
    with _service() as service, service.work(read_only=True) as work:
        click.echo(str(service.key_ring.status(work.session, [Participant])))


@keys.command("rotate")
@click.argument("what", type=click.Choice(["kek"]))
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 10_000))
def rotate_keys(what: str, batch: int) -> None:
    """Make a new key-encryption key and put every key under it, beside a running service; goes on where it stopped."""
    with _service() as service, _progress(f"Sleutels ({what})") as progress:
        with service.work(read_only=True) as work:
            standing = service.key_ring.status(work.session).wrapping_keys
        newest = service.key_ring.provider.current()
        if all(each.kek_id == newest for each in standing if each.live_keys):
            service.key_ring.provider.create()
        count = service.key_ring.rotate_kek(batch, lambda done: progress(done, done))
    click.echo(f"{count} sleutels staan onder de nieuwe sleutel.")


@main.group("import")
def import_group() -> None:
    """Bring in data from files."""


@import_group.command("screenings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", required=True, help="Naam of id van wie screende.")
def import_screenings_file(file: Path, organisation: str) -> None:
    """Import anonymous screenings from a CSV file; every bad row is reported, every good one kept."""
    with _service() as service, _progress("Screenings") as progress, service.work() as work:
        actor = _operator(work.session, _organisation(work.session, organisation), Role.REFERRER)
        result = import_screenings(read_table(file.read_bytes()), actor=actor, work=work, progress=progress)
    click.echo(f"{len(result.imported)} screenings toegevoegd, {len(result.rejected)} regels geweigerd.")
    for row in result.rejected:
        for wrong in row.errors:
            click.echo(f"regel {row.number}: {wrong.pointer.lstrip('/')}: {wrong.detail}")
    if result.rejected:
        sys.exit(1)


@main.group()
def report() -> None:
    """Figures."""


@report.command("funnel")
@click.option("--from", "since", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--to", "until", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--organisation", required=True, help="Naam of id; een regio krijgt afgeronde cijfers.")
@click.option("--group-by", "group_by", default="", help="Bijvoorbeeld sourceKind,month")
def funnel(since: datetime, until: datetime, organisation: str, group_by: str) -> None:
    """Print the funnel of a period as CSV."""
    with _service() as service, service.work() as work:
        found = _organisation(work.session, organisation)
        actor = _operator(work.session, found, Role.COORDINATOR)
        keys = tuple(GroupKey(key) for key in group_by.split(",") if key)
        command = ShowFunnel(from_on=since.date(), to_on=until.date(), group_by=keys)
        click.echo(show_csv(show_funnel(command, actor=actor, work=work)), nl=False)


def _organisation(session: Session, name_or_id: str) -> Organisation:
    """The one organisation with this name or id."""
    return _named(session.scalars(select(Organisation)), name_or_id)


def _named(rows: Iterable[Named], name_or_id: str) -> Named:
    """The one row with this name or id."""
    found = [each for each in rows if name_or_id in (each.name, str(each.id))]
    if len(found) != 1:
        raise click.ClickException(f"Er is niet precies een met deze naam of dit id: {name_or_id}")
    return found[0]


def _operator(session: Session, organisation: Organisation, *roles: Role) -> Actor:
    """The operator at the console, acting for this organisation."""
    regions = select(organisation_region.c.region_id).where(organisation_region.c.organisation_id == organisation.id)
    return Actor(
        id=SYSTEM_ID,
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        roles=frozenset({Role.SYSTEM, *roles}),
        region_ids=frozenset(session.scalars(regions)),
        origin="cli",
    )
