"""The national statistics as JSON in codes, and as the table for CBS in Dutch words."""

from typing import Any

from marshmallow import fields, post_load

from referral.core.codelists import labels
from referral.core.documents import Sheet
from referral.core.fields import ApiSchema, Code, Id, Listed, Number, Part, QueryNumber, Text
from referral.reports.usecases import EARLIEST_YEAR, NationalStatistics, Participation, ShowNationalStatistics

CBS_COLUMNS = (
    "Geslacht",
    "Geboortejaar",
    "Moedertaal",
    "Woongemeente",
    "Soort cursus",
    "Type cursus",
    "Administratienummer",
)
"""The set of CBS (Landelijk Beeld Volwasseneneducatie), and nothing else."""


class NationalStatisticsQuery(ApiSchema):
    """Which year, and which region when the organisation belongs to more than one."""

    year = QueryNumber(
        EARLIEST_YEAR, 2100, required=True, metadata={"description": "Het kalenderjaar.", "example": 2026}
    )
    region_id = Id(
        load_default=None,
        metadata={"description": "De regio; alleen nodig als uw organisatie bij meer regio's hoort."},
    )

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ShowNationalStatistics:
        return ShowNationalStatistics(**members)


class ParticipationSchema(ApiSchema):
    """One course of one person."""

    gender = Code(labels("gender"), required=True)
    birth_year = Number(1900, 2100, required=True, allow_none=True)
    mother_tongue = Code(labels("motherTongue"), required=True)
    municipality_code = Code(labels("municipalityCode"), required=True, allow_none=True)
    course_kind = Code(labels("courseKind"), required=True, allow_none=True)
    course_type = Code(labels("courseType"), required=True, allow_none=True)
    administration_number = Text(
        longest=20,
        required=True,
        metadata={
            "description": "Van deze persoon in deze regio, elk jaar hetzelfde. Het leidt buiten uw organisatie naar"
            " niemand.",
            "example": "N7K3Q9F2M8XA4",
        },
    )


class NationalStatisticsSchema(ApiSchema):
    """The set of one organisation, region and year."""

    year = Number(EARLIEST_YEAR, 2100, required=True)
    region_id = Id(required=True)
    rows = Listed(Part(ParticipationSchema), required=True, least=0, most=10**6)
    left_out = fields.Dict(
        keys=Code(labels("leftOut")),
        values=Number(0, 10**6),
        required=True,
        metadata={"description": "Hoeveel cursussen er niet in staan, en waarom."},
    )


def show_national(found: NationalStatistics) -> dict[str, Any]:
    """The statistics as the members of their answer."""
    return {
        "year": found.year,
        "regionId": str(found.region_id),
        "rows": [_members(row) for row in found.rows],
        "leftOut": dict(found.left_out),
    }


def cbs_sheet(found: NationalStatistics) -> Sheet:
    """The table for CBS: its set in its order, one line a course."""
    return Sheet(f"CBS {found.year}", CBS_COLUMNS, [_cells(row) for row in found.rows])


def _members(row: Participation) -> dict[str, Any]:
    return {
        "gender": row.gender,
        "birthYear": row.birth_year,
        "motherTongue": row.mother_tongue,
        "municipalityCode": row.municipality_code,
        "courseKind": row.course_kind,
        "courseType": row.course_type,
        "administrationNumber": row.administration_number,
    }


def _cells(row: Participation) -> tuple[str | int | None, ...]:
    return (
        labels("gender")[row.gender],
        row.birth_year,
        labels("motherTongue")[row.mother_tongue],
        row.municipality_code,
        row.course_kind and labels("courseKind")[row.course_kind],
        row.course_type and labels("courseType")[row.course_type],
        row.administration_number,
    )
