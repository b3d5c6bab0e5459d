"""What one may do with screenings: log, import, look, discuss, and note that one led to a referral."""

from referral.screenings.usecases.commands import (
    ConversationHeld,
    ImportResult,
    ImportRow,
    ImportScreenings,
    ListScreenings,
    LogConversation,
    LogScreening,
    ScreeningLogged,
    ScreeningRecord,
)
from referral.screenings.usecases.discuss import log_conversation
from referral.screenings.usecases.log import import_screenings, log_screening, mark_referred
from referral.screenings.usecases.look import (
    count_undiscussed,
    find_screening,
    list_screenings,
    list_undiscussed,
    screenings_by_code,
    screenings_of_codes,
    show_screening,
)

__all__ = [
    "ConversationHeld",
    "ImportResult",
    "ImportRow",
    "ImportScreenings",
    "ListScreenings",
    "LogConversation",
    "LogScreening",
    "ScreeningLogged",
    "ScreeningRecord",
    "count_undiscussed",
    "find_screening",
    "import_screenings",
    "list_screenings",
    "list_undiscussed",
    "log_conversation",
    "log_screening",
    "mark_referred",
    "screenings_by_code",
    "screenings_of_codes",
    "show_screening",
]
