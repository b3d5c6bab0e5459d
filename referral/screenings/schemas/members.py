"""What may enter and leave as JSON: a screening, a conversation, a filter, an answer.

There is no member for a name, a contact or free text about a person, and whatever is not named here is refused.
"""

from typing import Any

from marshmallow import post_load

from referral.core.codelists import labels, municipalities
from referral.core.fields import ApiSchema, Code, Day, Flag, Id, Listed, Number, Part, Text, pattern
from referral.core.http import PageQuery
from referral.core.work import AMSTERDAM
from referral.screenings.models import NOT_ASKED, Discussed
from referral.screenings.usecases import (
    ListScreenings,
    LogScreening,
    ScreeningRecord,
)

MOST_ROWS = 10_000
MOST_CONVERSATIONS = 10_000


def _codes(list_name: str, **options: Any) -> Code:
    return Code(labels(list_name), **options)


class ScreeningMembers(ApiSchema):
    """An anonymous outcome, in coarse bands and codes."""

    instrument = _codes("instrument", required=True)
    conducted_on = Day(required=True, metadata={"description": "Niet in de toekomst, hoogstens 12 maanden terug."})
    indication = _codes("indication", required=True)
    score = Number(
        0, 100, load_default=None, allow_none=True, metadata={"description": "Goede antwoorden in het eerste blok."}
    )
    block = Number(1, 9, load_default=None, allow_none=True, metadata={"description": "Het laatste gemaakte blok."})
    duration_minutes = Number(0, 600, load_default=None, allow_none=True)
    skills = Listed(
        _codes("screeningSkill"),
        load_default=list,
        least=0,
        metadata={"description": "Alleen bij een gesprek zonder instrument: waar u signalen zag."},
    )
    language_background = _codes("languageBackground", required=True)
    employment = _codes("employment", required=True)
    age_band = _codes("ageBand", required=True)
    raises_children = _codes(
        "raisesChildren",
        load_default=NOT_ASKED,
        metadata={"description": "Voedt kinderen op (onder 18). Mag weg: dan is het onbekend."},
    )
    education_level = _codes("educationLevel", load_default=None, allow_none=True)
    municipality_code = Code(municipalities(), required=True, metadata={"example": "GM0453"})
    sector = _codes("sector", load_default=None, allow_none=True)
    occupation_code = Text(
        longest=4,
        load_default=None,
        allow_none=True,
        validate=pattern(r"\d{4}\Z", "unknown_code", "Hier hoort de code van een beroepsgroep (vier cijfers)."),
        metadata={"description": "Beroepsgroep (BRC 2014).", "example": "1122"},
    )
    found_at = _codes("foundAt", required=True)


class LogScreeningSchema(ScreeningMembers):
    """A screening to log."""

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> LogScreening:
        """The command to log it."""
        return LogScreening(**members)


class ScreeningSourceSchema(ApiSchema):
    """Who logged it."""

    id = Id(required=True, attribute="organisation_id")
    kind = _codes("organisationKind", required=True, attribute="source_kind.value")


class ConversationMembers(ApiSchema):
    """A conversation that was held, or why it was not."""

    held = Flag(load_default=None, allow_none=True, metadata={"description": "Mag weg: dan telt of er een dag is."})
    held_on = Day(load_default=None, allow_none=True)
    outcome = _codes("conversationOutcome", load_default=None, allow_none=True)
    reason = _codes("notHeldReason", load_default=None, allow_none=True)


class LogConversationSchema(ConversationMembers):
    """A conversation to log."""


class ScreeningConversationSchema(ConversationMembers):
    """A conversation as it was logged."""

    sequence = Number(1, MOST_CONVERSATIONS, required=True)


class LoggedConversationSchema(ScreeningConversationSchema):
    """A conversation with what it means for its screening."""

    code = Text(required=True, attribute="screening.code")
    discussed = Code(Discussed, required=True, attribute="screening.discussed.value")


class ScreeningSchema(ScreeningMembers):
    """A screening as it stands."""

    code = Text(required=True, metadata={"description": "Voor op papier en in het gesprek."})
    organisation = Part(ScreeningSourceSchema, required=True)
    conversation_due_on = Day(required=True, allow_none=True)
    conversations = Listed(Part(ScreeningConversationSchema), required=True, least=0, most=MOST_CONVERSATIONS)
    discussed = Code(Discussed, required=True)
    logged_month = Text(required=True, metadata={"example": "2026-11"})
    referred_month = Text(required=True, allow_none=True, metadata={"example": "2026-11"})
    version = Number(1, 10**9, required=True)

    def get_attribute(self, obj: ScreeningRecord, attr: str, default: Any) -> Any:
        """A member of the screening; the conversations stand beside it."""
        if attr == "conversations":
            return obj.conversations
        if attr == "organisation":
            return obj.screening
        if attr == "logged_month":
            return f"{obj.screening.logged_at.astimezone(AMSTERDAM):%Y-%m}"
        return super().get_attribute(obj.screening, attr, default)


class ScreeningPage(ApiSchema):
    """A page of screenings."""

    items = Listed(Part(ScreeningSchema), required=True, least=0, most=100)
    next = Text(required=True, allow_none=True, metadata={"description": "De cursor van de volgende bladzijde."})


class ScreeningQuery(PageQuery):
    """The filters of the own screenings."""

    indication = _codes("indication", load_default=None)
    discussed = Code(Discussed, load_default=None)
    conversation_due = Code(
        ("overdue", "upcoming"),
        load_default=None,
        metadata={"description": "Nog niet besproken, en de termijn is voorbij of loopt nog."},
    )

    @post_load
    def to_command(self, members: dict[str, Any], **_options: Any) -> ListScreenings:
        """The command to list them."""
        return ListScreenings(**members)


class WrongMemberSchema(ApiSchema):
    """What is wrong with one member of a row."""

    pointer = Text(required=True)
    code = Text(required=True)
    detail = Text(required=True)


class RejectedRowSchema(ApiSchema):
    """A row that was not imported, and all that is wrong with it."""

    row = Number(2, MOST_ROWS * 10, required=True, attribute="number", metadata={"description": "De kop is rij 1."})
    errors = Listed(Part(WrongMemberSchema), required=True, most=100)


class ImportResultSchema(ApiSchema):
    """How many screenings were imported, their codes, and the rows that were not."""

    imported = Number(0, MOST_ROWS, required=True)
    codes = Listed(Text(), required=True, least=0, most=MOST_ROWS)
    rejected = Listed(Part(RejectedRowSchema), required=True, least=0, most=MOST_ROWS)
