"""Commands that take care of the installation: retention, checking the record, backup and restore."""

import csv
import sys
from collections.abc import Iterator
from dataclasses import astuple, fields
from pathlib import Path

import click

from referral.cli.installation import notes, opened_service, progress_bar
from referral.operations.backup import make_backup
from referral.operations.restore import restore_backup
from referral.operations.retention import Destruction, list_due, run_retention
from referral.operations.verification import Verification, verify_record


@click.group()
def retention() -> None:
    """How long personal data are kept."""


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="Alleen de lijst; er wordt niets gewist.")
def run(dry_run: bool) -> None:
    """Erase everybody whose cases all ended and are past their term; the destruction list comes as CSV."""
    write = csv.writer(sys.stdout, lineterminator="\n").writerow
    with opened_service() as service, progress_bar("Bewaartermijnen") as progress:
        write(field.name for field in fields(Destruction))
        if not dry_run:
            for line in run_retention(service, progress=progress):
                write(astuple(line))
            return
        with service.work(read_only=True) as work:
            for cases in list_due(work).values():
                for line in cases:
                    write(astuple(line))


@click.group()
def audit() -> None:
    """The record of what happened."""


@audit.command("verify")
def verify() -> None:
    """Check that histories and audit log are complete and agree; exit status 1 when they do not.

    Finds what a fault or a lost row leaves behind. Does not find yet what somebody with write access to the database
    changed on both sides: the rows are not chained to each other.
    """
    with opened_service() as service, service.work(read_only=True) as work:
        found = verify_record(work.session, now=work.now)
    for line in _told(found):
        click.echo(line)
    if found.faults:
        sys.exit(1)


def _told(found: Verification) -> Iterator[str]:
    """The counts, and then every fault by its rule and id, or that there is none."""
    yield from (f"{name}: {count}" for name, count in found.counts.items())
    yield from (f"{fault.rule}: {fault.id}" for fault in found.faults)
    if not found.faults:
        yield "in orde"


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write the database, as it is at this instant, to a new FILE; the service may go on. Keys are not in it."""
    with opened_service() as service:
        manifest = make_backup(service, file)
    notes.print(f"{sum(manifest.tables.values())} rijen bewaard, revisie {manifest.revision}.")
    notes.print(f"De sleutels zitten er niet in. Bewaar ze apart: {', '.join(manifest.key_ids)}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--replace", is_flag=True, help="Alleen SQLite: in plaats van de database die er staat.")
def restore(file: Path, replace: bool) -> None:
    """Check FILE to the last byte and put it back as the database; stop the service first."""
    with opened_service() as service:
        manifest, found = restore_backup(service, file, replace=replace)
    notes.print(f"{sum(manifest.tables.values())} rijen teruggezet, zoals ze waren op {manifest.created_at}.")
    notes.print(f"Nodig om ze te lezen: de sleutels {', '.join(manifest.key_ids)}.")
    for line in _told(found):
        notes.print(line)
