"""The funnel as CSV for a Dutch spreadsheet: `;` between the cells, a comma in decimals, a byte order mark."""

import csv
import io
from collections.abc import Iterator

from referral.core.codelists import labels
from referral.core.documents import Value, in_csv
from referral.reports.schemas.asking import KEY_LABELS
from referral.reports.usecases import ORGANISATIONS, Figure, Funnel, GroupKey, Loss, Missed, codes_of

HIDDEN = "verborgen"
UNKNOWN = "Onbekend"
COLUMNS = (
    "Fase",
    "Uitval door",
    "Reden van uitval",
    "Aantal",
    "Doorstroom",
    "Dagen (mediaan)",
    "Dagen (90e percentiel)",
    "Afgerond op",
    "Verborgen onder",
)


def show_csv(funnel: Funnel) -> str:
    """The funnel as a table: one line per stage, per loss, per reason not to discuss, and per other figure.

    Text that a spreadsheet would run as a formula gets an apostrophe (OWASP).
    """
    file = io.StringIO()
    table = csv.writer(file, delimiter=";")
    table.writerow([*(KEY_LABELS[key] for key in funnel.group_by), *COLUMNS])
    rule = [funnel.rule.rounded_to, funnel.rule.hidden_below]
    for row in funnel.rows:
        group = [_label(key, value, funnel) for key, value in zip(funnel.group_by, row.group, strict=True)]
        stages = (_cells(figure, "stage") for figure in row.stages)
        others = (_cells(figure, "figure") for figure in row.others)
        for cells in (*stages, *map(_loss_cells, row.losses), *map(_missed_cells, row.missed), *others):
            table.writerow([in_csv(value) for value in (*group, *cells, *rule)])
    return "\ufeff" + file.getvalue()


def _cells(figure: Figure, list_name: str) -> Iterator[Value]:
    yield from (labels(list_name)[figure.stage], None, None)
    yield HIDDEN if figure.count is None else figure.count
    yield from (figure.conversion, figure.median_days, figure.p90_days)


def _loss_cells(loss: Loss) -> Iterator[Value]:
    yield from (None, labels("party")[loss.party], labels("reason")[loss.reason], loss.count, None, None, None)


def _missed_cells(missed: Missed) -> Iterator[Value]:
    why = labels("notHeldReason")[missed.reason] if missed.reason else UNKNOWN
    yield from (labels("figure")["not_discussed"], None, why, missed.count, None, None, None)


def _label(key: GroupKey, value: str | None, funnel: Funnel) -> str:
    if value is None:
        return UNKNOWN
    names = funnel.organisation_names if key in ORGANISATIONS else codes_of(key)
    return names.get(value, value)
