"""What a coordinator may ask about the chain as a whole, and how the facts behind the answers are kept."""

from referral.reports.measures import TIME_KEYS, GroupKey
from referral.reports.usecases.annual import (
    CHAIN,
    TEXT_PARTS,
    AnnualReport,
    Chapter,
    ShowAnnual,
    WriteAnnualText,
    read_annual_texts,
    show_annual,
    write_annual_text,
)
from referral.reports.usecases.asked import ShowReport
from referral.reports.usecases.coverage import show_coverage
from referral.reports.usecases.dashboard import DIVISIONS, Dashboard, show_dashboard
from referral.reports.usecases.domains import KEY_LABELS, ORGANISATIONS, codes_of
from referral.reports.usecases.exporting import note_export
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
from referral.reports.usecases.monitor import show_monitor
from referral.reports.usecases.national import (
    EARLIEST_YEAR,
    NationalStatistics,
    Participation,
    ShowNationalStatistics,
    show_national_statistics,
)
from referral.reports.usecases.reach import show_reach
from referral.reports.usecases.rebuilding import Rebuilt, rebuild_facts
from referral.reports.usecases.reference import (
    FIGURES,
    Reconcile,
    freeze_date,
    freeze_due,
    last_reference_date,
    reconcile_count,
    show_reference_date,
)
from referral.reports.usecases.rows import Figure, Loss, Missed, Row

__all__ = [
    "CHAIN",
    "DIVISIONS",
    "EARLIEST_YEAR",
    "FIGURES",
    "KEY_LABELS",
    "ORGANISATIONS",
    "TEXT_PARTS",
    "TIME_KEYS",
    "AnnualReport",
    "Chapter",
    "Dashboard",
    "Figure",
    "Funnel",
    "GroupKey",
    "Loss",
    "Missed",
    "NationalStatistics",
    "Participation",
    "Rebuilt",
    "Reconcile",
    "Row",
    "ShowAnnual",
    "ShowFunnel",
    "ShowNationalStatistics",
    "ShowReport",
    "WriteAnnualText",
    "blur_erased",
    "codes_of",
    "fold_changes",
    "freeze_date",
    "freeze_due",
    "last_reference_date",
    "make_anonymous",
    "note_conversation",
    "note_export",
    "note_referral",
    "note_screening",
    "read_annual_texts",
    "rebuild_facts",
    "reconcile_count",
    "report_funnel",
    "show_annual",
    "show_coverage",
    "show_dashboard",
    "show_funnel",
    "show_monitor",
    "show_national_statistics",
    "show_reach",
    "show_reference_date",
    "write_annual_text",
]
