"""Days, times and ids have one spelling outside, whatever the library would read besides."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from marshmallow import ValidationError, fields

from referral.core.fields import Day, Id, Instant

ID = "01936f2a-5c00-7000-8000-00000000b001"


def code_of(field: fields.Field[Any], value: object) -> str:
    """The code with which a value is refused, or nothing."""
    try:
        field.deserialize(value)
    except ValidationError as refusal:
        return str(refusal.messages[0]).partition("|")[0]
    return ""


@pytest.mark.parametrize(
    "text",
    ["2026-W45-2", "20261103", "2026-307", "2026-11-3", "2026-11-03T00:00:00Z", "2026-02-30", "2026-11-0٣", ""],
)
def test_a_day_is_year_month_day(text: str) -> None:
    assert code_of(Day(), text) == "date"
    assert Day().deserialize("2026-11-03") == date(2026, 11, 3)


def test_the_library_reads_more() -> None:
    """The control: without the pattern in front these would pass, and mean something else to another reader."""
    assert fields.Date().deserialize("2026-W45-2") == date(2026, 11, 3)
    assert fields.AwareDateTime(format="iso").deserialize("2026-11-03T14Z") == datetime(2026, 11, 3, 14, tzinfo=UTC)
    assert fields.UUID().deserialize(f"{{{ID}}}") == UUID(ID)


@pytest.mark.parametrize("text", ["1899-12-31", "2101-01-01", "0001-01-01", "9999-12-31"])
def test_a_day_lies_between_1900_and_2100(text: str) -> None:
    assert code_of(Day(), text) == "date"
    assert code_of(Instant(), f"{text}T12:00:00Z") == "time"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-03T14:00:00Z", datetime(2026, 11, 3, 14, tzinfo=UTC)),
        ("2026-11-03t14:00:00z", datetime(2026, 11, 3, 14, tzinfo=UTC)),
        ("2026-11-03T14:00:00+01:00", datetime(2026, 11, 3, 13, tzinfo=UTC)),
        ("2026-11-03T14:00:00.5-00:30", datetime(2026, 11, 3, 14, 30, 0, 500_000, tzinfo=UTC)),
        ("2100-12-31T23:59:59-23:59", datetime(2101, 1, 1, 23, 58, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_may_have_any_offset(text: str, moment: datetime) -> None:
    assert Instant().deserialize(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "20261103T140000Z", "2026-W45-2T14:00:00Z", "2026-11-03T14Z", "2026-11-03T14:00Z", "2026-11-03 14:00:00Z",
        "2026-11-03x14:00:00Z", "2026-11-03T14:00:00+25:00", "2026-11-03T14:00:00+01:00:30", "2026-11-03T24:00:00Z",
        "2026-11-03T14:00:00", "2026-11-03T14:00:00,5Z", "2026-11-03", "",
    ],
)  # fmt: skip
def test_a_moment_is_written_as_rfc_3339_has_it(text: str) -> None:
    assert code_of(Instant(), text) == "time"


@pytest.mark.parametrize(
    "text", [f"urn:uuid:{ID}", f"{{{ID}}}", ID.replace("-", ""), f" {ID}", f"{ID}0", "٠" + ID[1:], ""]
)
def test_an_id_has_its_hyphens_and_nothing_around_it(text: str) -> None:
    assert code_of(Id(), text) == "id"
    assert Id().deserialize(ID) == Id().deserialize(ID.upper()) == UUID(ID)


@pytest.mark.parametrize("field", [Day(), Instant(), Id()])
@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["2026-11-03"]])
def test_none_of_them_is_anything_but_text(field: fields.Field[Any], value: object) -> None:
    assert code_of(field, value) in ("date", "time", "id")
