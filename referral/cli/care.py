"""Commands that take care of what is kept: retention, and checking the record."""

import csv
import sys
from dataclasses import astuple, fields

import click

from referral.cli.installation import find_organisation, notes, opened_service, progress_bar
from referral.cli.safekeeping import told
from referral.core.policy import system_actor
from referral.identity.usecases import SetRetention, set_retention
from referral.operations.retention import list_destructions, run_retention
from referral.operations.verification import verify_record
from referral.referrals.usecases.retaining import Destruction


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
def verify() -> None:
    """Check that histories and audit log are complete and agree; exit status 1 when they do not.

    Finds what a fault or a lost row leaves behind. Does not find yet what somebody with write access to the database
    changed on both sides: the rows are not chained to each other.
    """
    with opened_service() as service, service.work(read_only=True) as work:
        found = verify_record(work.session, now=work.now)
    for line in told(found):
        click.echo(line)
    if found.faults:
        sys.exit(1)
