"""The dashboard of a coordinator: pictures, each with the table of its numbers. The address holds the question."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from marshmallow import ValidationError

from referral.core.errors import Invalid
from referral.core.http import current_actor, current_work, invalid
from referral.core.policy import OrganisationKind
from referral.reports import usecases
from referral.reports.charts import Bar, Box, Link, draw_bars, draw_boxes, draw_flow, write_figure
from referral.reports.pages.periods import days_of, periods_until
from referral.reports.pages.whole import picture_of, sent
from referral.reports.report import Cell, Table
from referral.reports.schemas import FunnelQuery, file_of
from referral.reports.usecases import DIVISIONS, KEY_LABELS, Dashboard, GroupKey, ShowFunnel, dashboard, report_funnel

pages = Blueprint("figures", __name__, url_prefix="/figures")
pages.add_app_template_filter(write_figure, "figure")

MOST_LOSSES = 8
"""How many reasons are drawn; the table has all of them."""


@pages.get("")
def show() -> ResponseReturnValue:
    """The dashboard for the period, the division and the filters in the address."""
    actor, work = current_actor(), current_work()
    asked = {name: value.strip() for name, value in request.args.items() if value.strip()}
    is_region = actor.organisation_kind is OrganisationKind.REGION
    by = asked.get("by") or _first_filter(asked) or (GroupKey.SOURCE_KIND if is_region else GroupKey.PARTNER).value
    frame: dict[str, Any] = {
        "asked": asked,
        "by": by,
        "is_region": is_region,
        "periods": periods_until(work.today),
        "divisions": {key.value: KEY_LABELS[key] for key in DIVISIONS},
    }
    try:
        shown = usecases.show_dashboard(*_question(asked, by), actor=actor, work=work)
    except Invalid as refusal:
        return render_template("reports/dashboard.html", shown=None, refusal=refusal, **frame), refusal.status
    return render_template("reports/dashboard.html", shown=shown, refusal=None, **frame, **_pictures(shown))


@pages.get("/funnel.csv")
def download() -> Response:
    """The same funnel for a spreadsheet, by the same division and under the same rule."""
    asked = {name: value.strip() for name, value in request.args.items() if value.strip()}
    query, by = _question(asked, asked.get("by") or GroupKey.SOURCE_KIND.value)
    funnel = usecases.show_funnel(
        ShowFunnel(query.from_on, query.to_on, (by,), query.filters), actor=current_actor(), work=current_work()
    )
    return sent(file_of(report_funnel(funnel)), "csv")


def _question(asked: Mapping[str, str], by: str) -> tuple[ShowFunnel, GroupKey]:
    """What the address asks. Raises `Invalid` with everything that is wrong with it."""
    filters = {name: value for name, value in asked.items() if name not in ("period", "by")}
    try:
        query: ShowFunnel = FunnelQuery().load({**days_of(asked.get("period", "")), "groupBy": by, **filters})
    except ValidationError as error:
        raise invalid(error) from None
    if len(query.group_by) != 1 or query.group_by[0] not in DIVISIONS:
        raise Invalid.one("/by", "unknown_code", "Kies een indeling uit de lijst.")
    return ShowFunnel(query.from_on, query.to_on, (), query.filters), query.group_by[0]


def _first_filter(asked: Mapping[str, str]) -> str | None:
    return next((name for name in asked if name in set(GroupKey)), None)


def _pictures(shown: Dashboard) -> dict[str, Any]:
    """Every picture with its table."""
    row = shown.row
    tables: dict[str, Table] = {
        "stages": dashboard.stage_table(row, shown),
        "days": dashboard.days_table(row, shown),
        "losses": dashboard.loss_table(row, shown),
        "missed": dashboard.missed_table(row, shown),
        "others": dashboard.other_table(row, shown),
        "parts": dashboard.part_table(shown),
    }
    pictures = {
        "stages": draw_bars([_stage(line) for line in tables["stages"].rows], "Doorstroom van screening tot nazorg"),
        "days": draw_boxes(
            [
                Box(name, it.p10_days, it.p25_days, it.median_days, it.p75_days, it.p90_days)
                for name, it in dashboard.timed(row)
            ],
            "Dagen per stap",
        ),
        "losses": draw_bars(
            [Bar(str(line[0].value), _count(line[2])) for line in tables["losses"].rows[:MOST_LOSSES]],
            "Redenen van uitval",
        ),
    }
    if shown.flow is not None:
        tables["flow"] = dashboard.flow_table(shown.flow, shown)
        links = [Link(it.column, it.source, it.target, it.count) for it in shown.flow if it.count]
        pictures["flow"] = draw_flow(links, "Van bron naar traject") if links else Markup()
    pictures |= {table.name: picture for table in shown.today if (picture := picture_of(table))}
    words = {"filtered": dashboard.filter_words(shown), "definitions": report_funnel(shown.total).definitions}
    return {"tables": tables, "pictures": pictures, "is_mute": _is_mute(tables["parts"]), **words}


def _is_mute(table: Table) -> bool:
    """Whether not one figure of a table is shown."""
    return bool(table.rows) and all(cell.is_hidden for row in table.rows for cell in row[1:])


def _stage(line: Sequence[Cell]) -> Bar:
    name, number, share = line
    note = "" if share.value is None else f"{float(share.value):.0%} van de stap ervoor"
    return Bar(str(name.value), _count(number), note)


def _count(cell: Cell) -> int | None:
    return None if cell.value is None else int(cell.value)
