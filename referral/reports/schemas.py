"""What may be asked of a report, and what leaves it: JSON, or a table that a Dutch spreadsheet opens as it is."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, post_load, validates, validates_schema

from referral.core.codelists import labels
from referral.core.fields import ApiSchema, Code, Day, Flag, Listed, Number, Part, Text, wrong
from referral.reports.disclosure import Figure, ShownLoss, ShownRow
from referral.reports.usecases import Funnel, GroupKey, ShowFunnel

MOST_KEYS = 4
HIDDEN = "verborgen"
UNKNOWN = "Onbekend"
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
KEY_LABELS = {
    GroupKey.SOURCE_KIND: "Soort verwijzer",
    GroupKey.ORGANISATION: "Organisatie",
    GroupKey.MUNICIPALITY: "Gemeente",
    GroupKey.MONTH: "Maand",
    GroupKey.QUARTER: "Kwartaal",
    GroupKey.LANGUAGE_BACKGROUND: "Taalachtergrond",
    GroupKey.EMPLOYMENT: "Werk",
    GroupKey.AGE_BAND: "Leeftijd",
}
LISTS = {
    GroupKey.SOURCE_KIND: "organisationKind",
    GroupKey.MUNICIPALITY: "municipalityCode",
    GroupKey.LANGUAGE_BACKGROUND: "languageBackground",
    GroupKey.EMPLOYMENT: "employment",
    GroupKey.AGE_BAND: "ageBand",
}
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


class FunnelQuery(ApiSchema):
    """The period and the division."""

    from_on = Day(
        data_key="from",
        load_default=None,
        metadata={"description": "Eerste dag. Standaard zo dat het twaalf kalendermaanden zijn."},
    )
    to_on = Day(data_key="to", load_default=None, metadata={"description": "Laatste dag. Standaard vandaag."})
    group_by = Text(
        load_default=None,
        metadata={
            "description": f"Hoogstens {MOST_KEYS} van: {', '.join(GroupKey)}. Met een komma ertussen.",
            "example": "sourceKind,month",
        },
    )

    @validates("group_by")
    def check_keys(self, text: str | None, **_options: Any) -> None:
        keys = text.split(",") if text else []
        if not set(keys) <= set(GroupKey):
            raise wrong("unknown_code", f"Kies uit {', '.join(GroupKey)}, met een komma ertussen.")
        if len(set(keys)) < len(keys):
            raise wrong("double", "Noem elke indeling een keer.")
        if len(keys) > MOST_KEYS:
            raise wrong("too_many", f"Kies hoogstens {MOST_KEYS} indelingen.")

    @validates_schema(skip_on_field_errors=False)
    def check_period(self, members: dict[str, Any], **_options: Any) -> None:
        if (members.get("from_on") or date.min) > (members.get("to_on") or date.max):
            raise ValidationError({"to": ["reversed|De laatste dag ligt voor de eerste."]})

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ShowFunnel:
        text = members.pop("group_by")
        return ShowFunnel(**members, group_by=tuple(map(GroupKey, text.split(","))) if text else ())


class StageSchema(ApiSchema):
    """One stage of one group."""

    stage = Code(labels("stage"), required=True)
    count = Number(0, 10**9, required=True, allow_none=True, metadata={"description": "null: verborgen."})
    hidden = Flag(metadata={"description": "Staat er alleen, als true, bij een aantal dat niet getoond mag worden."})
    conversion = Number(
        0, 1, required=True, allow_none=True,
        metadata={"type": "number", "description": "Welk deel van de vorige fase (0 tot 1)."},
    )  # fmt: skip
    median_days = Number(
        0, 10**6, required=True, allow_none=True,
        metadata={
            "type": "number",
            "description": "Mediaan van de kalenderdagen sinds de vorige fase, zonder opschorting.",
        },
    )  # fmt: skip
    p90_days = Number(
        0, 10**6, required=True, allow_none=True, metadata={"description": "90e percentiel van die dagen."}
    )


class LossSchema(ApiSchema):
    """How many were lost for one reason."""

    party = Code(labels("party"), required=True, metadata={"description": "Aan wiens kant de oorzaak ligt."})
    reason = Code(labels("reason"), required=True)
    count = Number(0, 10**9, required=True)


class FunnelRowSchema(ApiSchema):
    """The figures of one group."""

    group = Part(
        ApiSchema.from_dict({key.value: Text(allow_none=True) for key in GroupKey}, name="FunnelGroup"), required=True
    )
    stages = Listed(Part(StageSchema), required=True, least=0)
    losses = Listed(
        Part(LossSchema),
        required=True,
        least=0,
        most=100,
        metadata={"description": "Uitval met reden. Een aantal dat verborgen moet blijven, staat er niet bij."},
    )


class FunnelSchema(ApiSchema):
    """The funnel, with the rule by which it is shown."""

    from_on = Day(data_key="from", required=True)
    to_on = Day(data_key="to", required=True)
    group_by = Listed(Code(GroupKey), required=True, least=0)
    rounded_to = Number(
        1, 100, required=True, metadata={"description": "Elk aantal is afgerond op een veelvoud hiervan."}
    )
    hidden_below = Number(0, 100, required=True, metadata={"description": "Elk kleiner aantal is verborgen."})
    rows = Listed(Part(FunnelRowSchema), required=True, least=0, most=100_000)


def show_json(funnel: Funnel) -> dict[str, Any]:
    """The funnel as the members of its answer."""
    return {
        "from": funnel.from_on.isoformat(),
        "to": funnel.to_on.isoformat(),
        "groupBy": [key.value for key in funnel.group_by],
        "roundedTo": funnel.rule.rounded_to,
        "hiddenBelow": funnel.rule.hidden_below,
        "rows": [_row(row, funnel) for row in funnel.rows],
    }


def show_csv(funnel: Funnel) -> str:
    """The funnel as CSV for a Dutch spreadsheet: `;` between the cells, a comma in decimals, a byte order mark.

    One line per stage and per loss. Text that a spreadsheet would run as a formula gets an apostrophe (OWASP).
    """
    file = io.StringIO()
    table = csv.writer(file, delimiter=";")
    table.writerow([*(KEY_LABELS[key] for key in funnel.group_by), *COLUMNS])
    for row in funnel.rows:
        group = [_label(key, value, funnel) for key, value in zip(funnel.group_by, row.group, strict=True)]
        for cells in (*map(_stage_cells, row.stages), *map(_loss_cells, row.losses)):
            rule = [funnel.rule.rounded_to, funnel.rule.hidden_below]
            table.writerow([_cell(value) for value in (*group, *cells, *rule)])
    return "\ufeff" + file.getvalue()


def _row(row: ShownRow, funnel: Funnel) -> dict[str, Any]:
    return {
        "group": {key.value: value for key, value in zip(funnel.group_by, row.group, strict=True)},
        "stages": [_stage(figure) for figure in row.stages],
        "losses": [{"party": loss.party, "reason": loss.reason, "count": loss.count} for loss in row.losses],
    }


def _stage(figure: Figure) -> Mapping[str, Any]:
    return {
        "stage": figure.stage,
        "count": figure.count,
        **({"hidden": True} if figure.count is None else {}),
        "conversion": figure.conversion,
        "medianDays": figure.median_days,
        "p90Days": figure.p90_days,
    }


def _stage_cells(figure: Figure) -> Iterator[object]:
    yield from (labels("stage")[figure.stage], None, None)
    yield HIDDEN if figure.count is None else figure.count
    yield from (figure.conversion, figure.median_days, figure.p90_days)


def _loss_cells(loss: ShownLoss) -> Iterator[object]:
    yield from (None, labels("party")[loss.party], labels("reason")[loss.reason], loss.count, None, None, None)


def _label(key: GroupKey, value: str | None, funnel: Funnel) -> str:
    if value is None:
        return UNKNOWN
    names = funnel.organisation_names if key is GroupKey.ORGANISATION else labels(LISTS[key]) if key in LISTS else {}
    return names.get(value, value)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return str(value).replace(".", ",")
    text = "" if value is None else str(value)
    return f"'{text}" if FORMULA.match(text) else text
