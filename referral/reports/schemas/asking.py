"""What may be asked: a period, the divisions, and one value of any of them. Whatever is wrong is named, all at once."""

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates, validates_schema

from referral.core.fields import ApiSchema, Code, Day, Id, Text, wrong
from referral.reports.usecases import KEY_LABELS, ORGANISATIONS, TIME_KEYS, GroupKey, ShowFunnel, codes_of

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


def _filter(key: GroupKey) -> fields.Field[Any]:
    about = {"description": f"Alleen deze waarde van: {KEY_LABELS[key].lower()}."}
    if key in ORGANISATIONS:
        return Id(data_key=key.value, load_default=None, metadata=about)
    return Code(codes_of(key), data_key=key.value, load_default=None, metadata=about)


FunnelQuery = FunnelPeriod.from_dict(
    {key.value: _filter(key) for key in GroupKey if key not in TIME_KEYS}, name="FunnelQuery"
)
"""The period and the divisions, and per division the one value that is wanted."""
