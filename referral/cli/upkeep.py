"""Commands about data: import, report."""

import sys
from pathlib import Path

import click

from config.settings import load
from referral.cli.accounting import affected, register
from referral.cli.installation import find_organisation, opened_service, operator_of, progress_bar
from referral.cli.reporting import annual, export
from referral.core.policy import Role, system_actor
from referral.demo import ACCOUNTS
from referral.reports.schemas import CSV, FunnelQuery, file_of
from referral.reports.usecases import (
    freeze_date,
    last_reference_date,
    rebuild_facts,
    report_funnel,
    show_funnel,
)
from referral.screenings.schemas.table import read_table
from referral.screenings.usecases import import_screenings


@click.group("import")
def import_group() -> None:
    """Bring in data from files."""


@import_group.command("screenings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", help="Naam of id van wie screende; in de demo de gemeente van de klantmanager.")
def import_screenings_file(file: Path, organisation: str | None) -> None:
    """Import anonymous screenings from a CSV file; every bad row is reported, every good one kept."""
    if organisation is None and load().environment != "demo":
        raise click.UsageError("Zeg met --organisation wie deze screenings heeft afgenomen.")
    organisation = organisation or ACCOUNTS[0].organisation
    with opened_service() as service, progress_bar("Screenings") as progress, service.work() as work:
        actor = operator_of(work.session, find_organisation(work.session, organisation), Role.REFERRER)
        result = import_screenings(read_table(file.read_bytes()), actor=actor, work=work, progress=progress)
    click.echo(f"{len(result.imported)} screenings toegevoegd, {len(result.rejected)} regels geweigerd.")
    for row in result.rejected:
        for wrong in row.errors:
            click.echo(f"regel {row.number}: {wrong.pointer.lstrip('/')}: {wrong.detail}")
    if result.rejected:
        sys.exit(1)


@click.group()
def report() -> None:
    """Figures."""


report.add_command(register)
report.add_command(affected)
report.add_command(annual)
report.add_command(export)


@report.command("funnel")
@click.option("--from", "since", required=True, help="De eerste dag, jjjj-mm-dd.")
@click.option("--to", "until", required=True, help="De laatste dag, jjjj-mm-dd.")
@click.option("--organisation", help="Naam of id. Zonder: de hele keten, afgerond en met kleine aantallen verborgen.")
@click.option("--group-by", "group_by", help="Bijvoorbeeld sourceKind,month")
def funnel(since: str, until: str, organisation: str | None, group_by: str | None) -> None:
    """Print the funnel of a period as CSV."""
    asked = {"from": since, "to": until, "groupBy": group_by}
    with opened_service() as service, service.work() as work:
        actor = system_actor("cli")
        if organisation:
            actor = operator_of(work.session, find_organisation(work.session, organisation), Role.COORDINATOR)
        command = FunnelQuery().load({name: value for name, value in asked.items() if value})
        file = file_of(report_funnel(show_funnel(command, actor=actor, work=work)))
        click.echo(file.written(CSV, work.now).decode(), nl=False)


@report.command("freeze")
def freeze() -> None:
    """Freeze the counts of the last reference date for every organisation that has none of it yet."""
    with opened_service() as service:
        with service.work(read_only=True) as work:
            on = last_reference_date(work.today)
        click.echo(f"{on}: {freeze_date(service, on)}")


@report.command("rebuild")
def rebuild() -> None:
    """Count all facts again from the history, report what differs (exit status 1) and put it right."""
    with opened_service() as service, progress_bar("Cijfers") as progress:
        found = rebuild_facts(service, progress=progress)
    for name, count in found.counted.items():
        click.echo(f"{name}: {count}")
    for name, count in (+found.differences).items():
        click.echo(f"verschil: {name}: {count}")
    if not found.is_equal:
        sys.exit(1)
    click.echo("gelijk")
