"""Commands about the keys under which personal data are sealed: status, rotate, destroy, doctor."""

import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table

from referral.cli.installation import notes, opened_service, progress_bar
from referral.core.encryption import KINDS, DestroyReceipt, KeyStatus, Progress, Report
from referral.core.encryption.doctor import FAULTS, Finding
from referral.core.policy import system_actor
from referral.core.work import AMSTERDAM, Service
from referral.operations.keys import destroy_kek, rotate_keys

WIDTH = 160
STEPS = {
    "rewrap": "Sleutels opnieuw verpakken",
    "grow": "Nieuwe sleutels maken",
    "reseal": "Gegevens opnieuw versleutelen",
    "retag": "Zoekkenmerken vernieuwen",
    "drop": "Oude sleutels weghalen",
    "settle": "Wachten",
    "announce": "Wachten",
}


@click.group()
def keys() -> None:
    """The keys under which personal data are sealed."""


@keys.command("status")
def keys_status() -> None:
    """How many keys and tags stand under which key, and which rotations run."""
    with opened_service() as service, service.work(read_only=True) as work:
        status = service.key_ring.status(work.session)
    _show_status(status)


@keys.command("rotate")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 10_000), help="Aantal per transactie.")
@click.option("--rate", type=click.IntRange(1), help="Hoogstens zoveel per seconde.")
@click.option("--no-wait", is_flag=True, help="Niet wachten tot alle processen de oude sleutel vergeten zijn.")
def rotate(kind: str, batch: int, rate: int | None, no_wait: bool) -> None:
    """Make a new key and bring everything under it, beside a running service; goes on where it stopped."""
    with opened_service() as service, progress_bar("Sleutels") as bar:
        report = _rotate(service, kind, batch, listener(bar, rate))
        while report.until is not None and not no_wait:
            _wait(report.until, service.clock)
            report = _rotate(service, kind, batch, listener(bar, rate))
    _tell(report)


def _rotate(service: Service, kind: str, batch: int, heard: Callable[[Progress, int], None]) -> Report:
    return rotate_keys(service, kind, actor=system_actor("cli"), batch=batch, heard=heard)


def listener(bar: Callable[..., None], rate: int | None) -> Callable[[Progress, int], None]:
    """Move the bar after every batch, and rest as long as the rate asks."""
    last = time.monotonic()

    def heard(progress: Progress, seen: int) -> None:
        nonlocal last
        bar(progress.done, progress.total or None, STEPS[progress.step.partition(":")[0]])
        if rate:
            time.sleep(max(0.0, seen / rate - (time.monotonic() - last)))
        last = time.monotonic()

    return heard


def _wait(until: datetime, clock: Callable[[], datetime]) -> None:
    notes.print(f"Wacht tot {_time(until)}, als elk proces de oude sleutel vergeten is. Stoppen mag; ga later verder.")
    time.sleep(max(0.0, (until - clock()).total_seconds()))


def _tell(report: Report) -> None:
    click.echo(f"{report.kind}: {report.changed} vernieuwd, {report.errors} fouten.")
    if report.until is not None:
        click.echo(f"Nog niet klaar. Draai dit na {_time(report.until)} opnieuw.")
    elif report.errors:
        click.echo("Nog niet klaar. `referral keys doctor` noemt wat niet openging; draai dit daarna opnieuw.")
    elif report.kept:
        click.echo(f"{report.kept} oude sleutels zijn nog nodig en blijven staan. Draai dit later opnieuw.")
    else:
        click.echo("Klaar. De oude sleutels zijn weg.")
    if report.errors:
        sys.exit(1)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(AMSTERDAM):%Y-%m-%d %H:%M:%S}"


@keys.command("destroy")
@click.argument("kek_id")
@click.option("--yes", is_flag=True, help="Niet vragen of het zeker is.")
def destroy(kek_id: str, yes: bool) -> None:
    """Destroy a key-encryption key that is no longer in use; backups of its time become unreadable for ever."""
    if not yes:
        click.confirm(
            f"{kek_id} vernietigen? Reservekopieën van die tijd zijn daarna onleesbaar.", abort=True, err=True
        )
    with opened_service() as service:
        receipt = destroy_kek(service, kek_id, actor=system_actor("cli"))
    tell_destroyed(receipt)


def tell_destroyed(receipt: DestroyReceipt) -> None:
    """Print what an operator must know of a destroyed KEK: since when it is gone, and what may remain."""
    click.echo(f"{receipt.kek_id} is vernietigd. Weg vanaf {_time(receipt.gone_at)}.")
    click.echo(receipt.remains)


@keys.command("doctor")
def doctor() -> None:
    """Open everything and name what is wrong, with ids and without personal data; exit status 1 when something is."""
    with opened_service() as service, service.work(read_only=True) as work:
        findings = service.key_ring.examine(work.session)
    if findings:
        _show_findings(findings)
        sys.exit(1)
    click.echo("Alles gaat open en klopt.")


def _show_findings(findings: list[Finding]) -> None:
    rows = [(FAULTS[each.fault], each.place, str(each.count), ", ".join(each.examples)) for each in findings]
    _show("Wat er niet klopt", ("wat", "waar", "aantal", "bijvoorbeeld"), rows)


def _show_status(status: KeyStatus) -> None:
    wrapped = [(each.kek_id, str(each.wk_id), str(each.live_keys)) for each in status.wrapping_keys]
    _show("Sleutels per hoofdsleutel", ("hoofdsleutel (KEK)", "verpaksleutel", "sleutels"), wrapped)
    aged = [(str(each.generation), str(each.live_keys), str(each.newest)) for each in status.generations]
    _show("Sleutels per generatie", ("generatie", "sleutels", "de nieuwste van"), aged)
    tagged = [
        (column, str(version), str(count))
        for column, versions in status.index_versions.items()
        for version, count in sorted(versions.items())
    ]
    _show("Zoekkenmerken per versie", ("kolom", "versie", "aantal"), tagged)
    jobs = [
        (each.kind, each.step, f"{each.done}/{each.total}", str(each.errors), str(each.kept), _time(each.started_at))
        for each in status.jobs
    ]
    _show("Rotaties die lopen", ("soort", "stap", "gedaan", "fouten", "nog nodig", "begonnen"), jobs)
    click.echo(f"Sleutels van gewiste personen: {status.tombstones}")


def _show(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A table on stdout, as wide as it needs when nobody watches."""
    table = Table(*heads, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
