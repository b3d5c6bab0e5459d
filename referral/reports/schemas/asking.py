"""What may be asked: a period, the divisions, and one value of any of them. Whatever is wrong is named, all at once."""

from collections.abc import Callable
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates, validates_schema

from referral.core.fields import ApiSchema, Code, Day, Id, Listed, Number, Part, Text, wrong
from referral.reports.usecases import (
    FIGURES,
    KEY_LABELS,
    ORGANISATIONS,
    TIME_KEYS,
    GroupKey,
    Reconcile,
    ShowFunnel,
    ShowReport,
    codes_of,
)

MOST_KEYS = 4


class FunnelPeriod(ApiSchema):
    """The period and the divisions."""

    from_on = Day(
        data_key="from",
        load_default=None,
        metadata={
            "description": "Eerste dag. Standaard zo dat het twaalf kalendermaanden zijn, of voor een regio dit jaar."
        },
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
        keys = tuple(map(GroupKey, text.split(","))) if text else ()
        from_on, to_on = members.pop("from_on"), members.pop("to_on")
        filters = {GroupKey(name): str(value) for name, value in members.items() if value is not None}
        return ShowFunnel(from_on, to_on, keys, filters)


class PeriodQuery(ApiSchema):
    """Whole months."""

    from_on = Day(
        data_key="from",
        load_default=None,
        metadata={"description": "Eerste dag van een maand. Standaard 1 januari van het jaar van `to`."},
    )
    to_on = Day(
        data_key="to",
        load_default=None,
        metadata={"description": "Laatste dag van een maand, of een dag vanaf vandaag. Standaard vandaag."},
    )

    @validates_schema(skip_on_field_errors=False)
    def check_period(self, members: dict[str, Any], **_options: Any) -> None:
        if (members.get("from_on") or date.min) > (members.get("to_on") or date.max):
            raise ValidationError({"to": ["reversed|De laatste dag ligt voor de eerste."]})

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ShowReport:
        return ShowReport(members["from_on"], members["to_on"])


class CountSchema(ApiSchema):
    """What a partner counted for one gemeente."""

    municipality_code = Code(codes_of(GroupKey.MUNICIPALITY), required=True)
    count = Number(0, 10**6, required=True)


class ReconcileSchema(ApiSchema):
    """A partner's own count of the quarter, to be held against the frozen one."""

    figure = Code(FIGURES, load_default=FIGURES[0], metadata={"description": "Wat de partner heeft geteld."})
    partner_id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "Alleen de zaken bij deze aanbieder. Kan niet met gedeelde cijfers."},
    )
    counts = Listed(Part(CountSchema), required=True, most=400)

    @validates_schema
    def one_per_place(self, members: dict[str, Any], **_: Any) -> None:
        places = [each["municipality_code"] for each in members.get("counts", []) if "municipality_code" in each]
        if len(set(places)) != len(places):
            raise wrong("double", "Geef elke gemeente een keer.", "counts")

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> Callable[[str], Reconcile]:
        counts = {each["municipality_code"]: each["count"] for each in members["counts"]}
        return lambda on: Reconcile(on, members["figure"], counts, members["partner_id"])


def _filter(key: GroupKey) -> fields.Field[Any]:
    about = {"description": f"Alleen deze waarde van: {KEY_LABELS[key].lower()}."}
    if key in ORGANISATIONS:
        return Id(data_key=key.value, load_default=None, metadata=about)
    return Code(codes_of(key), data_key=key.value, load_default=None, metadata=about)


FunnelQuery = FunnelPeriod.from_dict(
    {key.value: _filter(key) for key in GroupKey if key not in TIME_KEYS}, name="FunnelQuery"
)
"""The period and the divisions, and per division the one value that is wanted."""
