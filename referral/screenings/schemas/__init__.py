"""What may enter and leave: JSON members (`members`) and rows of a file (`table`)."""

from referral.screenings.schemas.members import (
    ImportResultSchema,
    LogConversationSchema,
    LoggedConversationSchema,
    LogScreeningSchema,
    ScreeningPage,
    ScreeningQuery,
    ScreeningSchema,
)
from referral.screenings.schemas.table import read_table

__all__ = [
    "ImportResultSchema",
    "LogConversationSchema",
    "LogScreeningSchema",
    "LoggedConversationSchema",
    "ScreeningPage",
    "ScreeningQuery",
    "ScreeningSchema",
    "read_table",
]
