"""What a coordinator may ask about the chain as a whole, and how the facts behind the answers are kept."""

from referral.reports.measures import TIME_KEYS, GroupKey
from referral.reports.usecases.dashboard import DIVISIONS, Dashboard, show_dashboard
from referral.reports.usecases.domains import KEY_LABELS, ORGANISATIONS, codes_of
from referral.reports.usecases.folding import fold_changes
from referral.reports.usecases.funnel import Funnel, ShowFunnel, show_funnel
from referral.reports.usecases.funnel_report import report_funnel
from referral.reports.usecases.keeping import (
    blur_erased,
    make_anonymous,
    note_conversation,
    note_referral,
    note_screening,
)
from referral.reports.usecases.rebuilding import Rebuilt, rebuild_facts
from referral.reports.usecases.rows import Figure, Loss, Missed, Row

__all__ = [
    "DIVISIONS",
    "KEY_LABELS",
    "ORGANISATIONS",
    "TIME_KEYS",
    "Dashboard",
    "Figure",
    "Funnel",
    "GroupKey",
    "Loss",
    "Missed",
    "Rebuilt",
    "Row",
    "ShowFunnel",
    "blur_erased",
    "codes_of",
    "fold_changes",
    "make_anonymous",
    "note_conversation",
    "note_referral",
    "note_screening",
    "rebuild_facts",
    "report_funnel",
    "show_dashboard",
    "show_funnel",
]
