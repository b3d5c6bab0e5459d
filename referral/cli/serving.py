"""Commands that run the service: migrate, serve, worker, demo."""

import os
import signal
import threading

import click

from config.settings import create_demo_secret, load
from referral.cli.installation import notes, opened_service, progress_bar
from referral.core.migrate import upgrade
from referral.core.policy import system_actor
from referral.core.work import Service
from referral.demo import ACCOUNTS, PASSWORD, build_demo
from referral.identity.usecases import IssueToken, issue_token
from referral.operations.sealing import seal_log
from referral.reports.usecases import freeze_date, last_reference_date
from referral.server import run_server
from referral.worker import run_once, run_worker


@click.command()
def migrate() -> None:
    """Bring the database to the newest revision and make the first keys."""
    with opened_service() as service:
        upgrade(service.engine)
        _make_keys(service)
    notes.print("De database is bijgewerkt.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="Standaard 1 op SQLite, anders het aantal kernen.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Start the production server."""
    with opened_service():
        settings = load()
    usual = 1 if settings.database_url.startswith("sqlite") else os.cpu_count() or 1
    run_server(settings, host=host, port=port, workers=workers or usual)


@click.command()
@click.option("--once", is_flag=True, help="Eén ronde, en dan stoppen.")
def worker(once: bool) -> None:
    """Do what must happen without anybody asking: outbox, terms, digests."""
    with opened_service() as service:
        if once:
            click.echo(", ".join(f"{name}: {count}" for name, count in run_once(service).items()))
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        notes.print("De worker draait. Stop met Ctrl+C.")
        run_worker(service, stop=stop)


MADE = {
    "organisations": "organisaties",
    "users": "medewerkers",
    "trajectories": "trajecten",
    "screenings": "screenings",
    "participants": "deelnemers",
    "referrals": "verwijzingen",
    "events": "gebeurtenissen",
}
"""What the demo tells that it made."""


@click.command()
@click.option("--no-serve", is_flag=True, help="Alleen vullen, niet starten.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def demo(no_serve: bool, host: str, port: int) -> None:
    """Fill a database with a believable region of invented people, and serve it."""
    os.environ.update({"ENVIRONMENT": "demo", "PUBLIC_URL": f"http://{host}:{port}"})
    create_demo_secret()
    with opened_service() as service:
        upgrade(service.engine)
        _make_keys(service)
        with progress_bar("Demo vullen") as progress:
            made = build_demo(service, progress=progress)
        with service.work(read_only=True) as work:
            on = last_reference_date(work.today)
        freeze_date(service, on)
        seal_log(service)
        token = _demo_token(service)
    counts = ", ".join(f"{count} {MADE[kind]}" for kind, count in (made or {}).items())
    notes.print(f"Gemaakt: {counts}." if made else "Er stond al een demo.")
    _tell_demo(token, f"http://{host}:{port}")
    if not no_serve:
        run_server(load(), host=host, port=port, workers=1, with_worker=True)


def _make_keys(service: Service) -> None:
    """The first keys: under which data are sealed, and with which the audit log is signed."""
    service.key_ring.initialise()
    if service.notary is not None:
        service.notary.create_key()


def _demo_token(service: Service) -> str:
    with service.work() as work:
        command = IssueToken(ACCOUNTS[0].email, ACCOUNTS[0].organisation, days=30)
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
