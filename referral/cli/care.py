"""Commands that take care of the installation: retention, checking the record, backup and restore."""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import astuple, fields, replace
from pathlib import Path
from uuid import UUID

import click

from referral.cli.installation import notes, opened_service, progress_bar
from referral.operations.backup import make_backup
from referral.operations.destruction import destroy_old_entries
from referral.operations.log_export import export_log, prove_entry, snapshot
from referral.operations.restore import restore_backup
from referral.operations.retention import Destruction, list_due, run_retention
from referral.operations.verification import Verification, verify_record

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
VERIFIER = "referral/core/audit/verifier.py"


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
@click.option("--checkpoints", type=FOLDER, help="Een eigen kopie van de gepubliceerde controlepunten.")
def verify(checkpoints: Path | None) -> None:
    """Check that histories and audit log agree, recompute the log, and hold it against what was published of it.

    Exit status 1 when anything is wrong, also when the database is older than the newest published checkpoint.
    """
    with opened_service() as service:
        notary = service.notary
        if checkpoints is not None and notary is not None:
            notary = replace(notary, directory=checkpoints)
        with snapshot(service) as session:
            found = verify_record(session, now=service.clock(), notary=notary)
    for line in _told(found):
        click.echo(line)
    if not found.is_whole:
        sys.exit(1)


@audit.command("export")
@click.argument("file", type=FILE)
def export(file: Path) -> None:
    """Write the whole audit log to a new FILE, for an inspector with the verifier (docs/audit.md)."""
    with opened_service() as service:
        if file.exists():
            raise click.ClickException(f"{file} bestaat al.")
        count = export_log(service, file)
    notes.print(f"{count} regels geschreven. Controleer ze met {VERIFIER} en de gepubliceerde controlepunten.")


@audit.command("prove")
@click.argument("entry", type=click.UUID)
def prove(entry: UUID) -> None:
    """Print the proof that one ENTRY (an id) stands in the published log; it can be checked without the log."""
    with opened_service() as service:
        click.echo(json.dumps(prove_entry(service, entry), ensure_ascii=False, indent=1))


@audit.command("destroy")
def destroy() -> None:
    """Remove the content of audit entries older than ten years; their hashes stay, so the log can still be checked."""
    with opened_service() as service:
        count = destroy_old_entries(service)
    notes.print(f"{count} regels vernietigd.")


def _told(found: Verification) -> Iterator[str]:
    """The counts, and then every fault by its rule and id, or that there is none."""
    yield from (f"{name}: {count}" for name, count in found.counts.items())
    yield from found.log.lines()
    yield from (f"{fault.rule}: {fault.id}" for fault in found.faults)
    if found.is_whole:
        yield "in orde"


@click.command()
@click.argument("file", type=FILE)
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
