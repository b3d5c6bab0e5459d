"""Commands that write reports to files: one report in any shape, and the yearly report as page and PDF."""

from pathlib import Path
from typing import Any

import click

from referral.cli.installation import find_organisation, opened_service, operator_of, progress_bar
from referral.core.documents import to_csv
from referral.core.fields import NoMembers
from referral.core.policy import Actor, Role
from referral.core.work import Work
from referral.reports.schemas import (
    CSV,
    ENDINGS,
    HTML,
    PDF,
    AnnualQuery,
    File,
    FunnelQuery,
    NationalStatisticsQuery,
    PeriodQuery,
    annual_file,
    cbs_sheet,
    file_of,
)
from referral.reports.usecases import (
    note_export,
    report_funnel,
    show_annual,
    show_coverage,
    show_funnel,
    show_monitor,
    show_national_statistics,
    show_reach,
)

KINDS = {ending: kind for kind, ending in ENDINGS.items()}
NATIONAL = "national-statistics"


@click.command()
@click.option("--year", required=True, help="Het jaar, jjjj.")
@click.option("--organisation", required=True, help="Naam of id van de regio.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=".", help="Standaard de map van nu."
)
def annual(year: str, organisation: str, folder: Path) -> None:
    """Write the yearly report of a region as an accessible page and PDF."""
    with opened_service() as service, service.work() as work:
        actor = _coordinator(work, organisation)
        file = annual_file(show_annual(AnnualQuery().load({"year": year}), actor=actor, work=work))
        folder.mkdir(parents=True, exist_ok=True)
        for kind in (HTML, PDF):
            _write(file, kind, folder / file.named(kind), actor, work)


@click.command()
@click.argument("name", type=click.Choice(["funnel", "monitor", "reach", "coverage", "annual", NATIONAL]))
@click.option("--format", "ending", type=click.Choice(sorted(KINDS)), default="csv", show_default=True)
@click.option("--organisation", required=True, help="Naam of id van wie het verslag vraagt.")
@click.option("--from", "since", help="De eerste dag, jjjj-mm-dd.")
@click.option("--to", "until", help="De laatste dag, jjjj-mm-dd.")
@click.option("--group-by", "group_by", help="Bijvoorbeeld sourceKind,month")
@click.option("--year", help="Het jaar, jjjj.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=".", help="Standaard de map van nu."
)
def export(name: str, ending: str, organisation: str, folder: Path, **asked: str | None) -> None:
    """Write one report to a file, with a progress bar. The national statistics are there as CSV only."""
    given = {key: value for key, value in _members(asked).items() if value}
    with opened_service() as service, service.work() as work:
        actor = _coordinator(work, organisation)
        folder.mkdir(parents=True, exist_ok=True)
        if name == NATIONAL:
            _write_national(given, ending, folder, actor, work)
            return
        file = _FILES[name](given, actor, work)
        _write(file, KINDS[ending], folder / file.named(KINDS[ending]), actor, work)


def _members(asked: dict[str, str | None]) -> dict[str, str | None]:
    names = {"since": "from", "until": "to", "group_by": "groupBy"}
    return {names.get(name, name): value for name, value in asked.items()}


def _funnel(asked: dict[str, Any], actor: Actor, work: Work) -> File:
    return file_of(report_funnel(show_funnel(FunnelQuery().load(asked), actor=actor, work=work)))


def _annual(asked: dict[str, Any], actor: Actor, work: Work) -> File:
    return annual_file(show_annual(AnnualQuery().load(asked), actor=actor, work=work))


def _monitor(asked: dict[str, Any], actor: Actor, work: Work) -> File:
    return file_of(show_monitor(PeriodQuery().load(asked), actor=actor, work=work))


def _reach(asked: dict[str, Any], actor: Actor, work: Work) -> File:
    return file_of(show_reach(PeriodQuery().load(asked), actor=actor, work=work))


def _coverage(asked: dict[str, Any], actor: Actor, work: Work) -> File:
    NoMembers().load(asked)
    return file_of(show_coverage(actor=actor, work=work))


_FILES = {"funnel": _funnel, "monitor": _monitor, "reach": _reach, "coverage": _coverage, "annual": _annual}


def _coordinator(work: Work, organisation: str) -> Actor:
    return operator_of(work.session, find_organisation(work.session, organisation), Role.COORDINATOR)


def _write(file: File, kind: str, path: Path, actor: Actor, work: Work) -> None:
    with progress_bar(path.name) as progress:
        content = file.written(kind, work.now, progress)
    note_export(file.name, kind, actor=actor, work=work)
    path.write_bytes(content)
    click.echo(str(path))


def _write_national(asked: dict[str, Any], ending: str, folder: Path, actor: Actor, work: Work) -> None:
    """The set of CBS has one shape: that of CBS."""
    if KINDS[ending] != CSV:
        raise click.ClickException("De landelijke statistiek is er alleen als csv.")
    query = NationalStatisticsQuery().load(asked)
    path = folder / f"cbs-volwasseneneducatie-{query.year}.csv"
    with progress_bar(path.name) as progress:
        found = show_national_statistics(query, actor=actor, work=work, progress=progress)
    note_export("national_statistics", CSV, actor=actor, work=work)
    path.write_text(to_csv([cbs_sheet(found)]), newline="")
    click.echo(str(path))
