"""The funnel as JSON."""

from collections.abc import Mapping
from typing import Any

from referral.core.codelists import labels
from referral.core.fields import ApiSchema, Code, Day, Flag, Listed, Number, Part, Text
from referral.reports.usecases import Figure, Funnel, GroupKey, Row


def _share() -> Number:
    about = {"type": "number", "description": "Welk deel van de fase waar het bij hoort (0 tot 1)."}
    return Number(0, 1, required=True, allow_none=True, metadata=about)


def _days(description: str) -> Number:
    about = {"type": "number", "description": description}
    return Number(0, 10**6, required=True, allow_none=True, metadata=about)


def _count() -> Number:
    return Number(0, 10**9, required=True, allow_none=True, metadata={"description": "null: verborgen."})


def _hidden() -> Flag:
    return Flag(metadata={"description": "Staat er alleen, als true, bij een aantal dat niet getoond mag worden."})


class FigureSchema(ApiSchema):
    """A count, and how the days are spread that it took to come there."""

    count = _count()
    hidden = _hidden()
    median_days = _days("Mediaan van de kalenderdagen, zonder opschorting; van een fase sinds de vorige.")
    p90_days = _days("90e percentiel van die dagen.")
    p10_days = _days("10e percentiel.")
    p25_days = _days("25e percentiel.")
    p75_days = _days("75e percentiel.")


class StageSchema(FigureSchema):
    """One stage of one group."""

    stage = Code(labels("stage"), required=True)
    conversion = _share()


class OtherFigureSchema(FigureSchema):
    """A count besides the stages."""

    figure = Code(labels("figure"), required=True)
    share = _share()


class LossSchema(ApiSchema):
    """How many were lost for one reason."""

    party = Code(labels("party"), required=True, metadata={"description": "Aan wiens kant de oorzaak ligt."})
    reason = Code(labels("reason"), required=True)
    count = Number(0, 10**9, required=True)


class MissedSchema(ApiSchema):
    """How many with an indication were not discussed for one reason."""

    reason = Code(
        labels("notHeldReason"),
        required=True,
        allow_none=True,
        metadata={"description": "null: niemand heeft een reden genoteerd."},
    )
    count = Number(0, 10**9, required=True)


class FunnelRowSchema(ApiSchema):
    """The figures of one group."""

    group = Part(
        ApiSchema.from_dict(
            {key.value: Text(data_key=key.value, allow_none=True) for key in GroupKey}, name="FunnelGroup"
        ),
        required=True,
    )
    stages = Listed(Part(StageSchema), required=True, least=0)
    losses = Listed(
        Part(LossSchema),
        required=True,
        least=0,
        most=100,
        metadata={"description": "Uitval met reden. Een aantal dat verborgen moet blijven, staat er niet bij."},
    )
    not_discussed = Listed(
        Part(MissedSchema),
        required=True,
        least=0,
        metadata={"description": "Waarom een uitkomst niet is besproken, onder dezelfde regel."},
    )
    others = Listed(Part(OtherFigureSchema), required=True, least=0)


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


def _row(row: Row, funnel: Funnel) -> dict[str, Any]:
    return {
        "group": {key.value: value for key, value in zip(funnel.group_by, row.group, strict=True)},
        "stages": [_figure(figure, "stage", "conversion") for figure in row.stages],
        "losses": [{"party": loss.party, "reason": loss.reason, "count": loss.count} for loss in row.losses],
        "notDiscussed": [{"reason": missed.reason, "count": missed.count} for missed in row.missed],
        "others": [_figure(figure, "figure", "share") for figure in row.others],
    }


def _figure(figure: Figure, name: str, share: str) -> Mapping[str, Any]:
    return {
        name: figure.stage,
        "count": figure.count,
        **({"hidden": True} if figure.count is None else {}),
        share: figure.conversion,
        "medianDays": figure.median_days,
        "p90Days": figure.p90_days,
        "p10Days": figure.p10_days,
        "p25Days": figure.p25_days,
        "p75Days": figure.p75_days,
    }
