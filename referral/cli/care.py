"""Commands that take care of what is kept: retention, and checking the record."""

import csv
import json
import sys
from dataclasses import astuple, fields, replace
from pathlib import Path
from uuid import UUID

import click

from referral.cli.installation import find_organisation, notes, opened_service, progress_bar
from referral.cli.safekeeping import told
from referral.core.policy import system_actor
from referral.identity.usecases import SetRetention, set_retention
from referral.operations.destruction import destroy_old_entries
from referral.operations.log_export import export_log, prove_entry, snapshot
from referral.operations.retention import list_destructions, run_retention
from referral.operations.verification import verify_record
from referral.referrals.usecases.retaining import Destruction

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
VERIFIER = "referral/core/audit/verifier.py"


@click.group()
def retention() -> None:
    """How long personal data are kept."""


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="Alleen de lijst; er wordt niets gewist.")
def run(dry_run: bool) -> None:
    """Let go of everybody whose cases all ended and are past their term; the destruction list comes as CSV."""
    write = csv.writer(sys.stdout, lineterminator="\n").writerow
    with opened_service() as service, progress_bar("Bewaartermijnen") as progress:
        write(field.name for field in fields(Destruction))
        if not dry_run:
            for line in run_retention(service, progress=progress):
                write(astuple(line))
            return
        with service.work(read_only=True) as work:
            for line in list_destructions(work):
                write(astuple(line))


@retention.command("set")
@click.option("--organisation", required=True, help="Naam of id.")
@click.option("--term", required=True, help="De code van de bewaartermijn, zoals municipal_trajectory.")
@click.option("--period", help="Bijvoorbeeld P5Y. Zonder: weer de termijn van de dienst.")
def set_period(organisation: str, term: str, period: str | None) -> None:
    """Give one organisation a period of its own."""
    with opened_service() as service, service.work() as work:
        found = find_organisation(work.session, organisation)
        set_retention(SetRetention(found.id, term, period), actor=system_actor("cli"), work=work)
    notes.print(f"{found.name}: {term} is nu {period or 'die van de dienst'}.")


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
    for line in told(found):
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
