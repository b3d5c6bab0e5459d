"""What a coordinator may ask about the chain as a whole."""

from referral.reports.usecases.counting import GroupKey
from referral.reports.usecases.funnel import Funnel, ShowFunnel, show_funnel

__all__ = ["Funnel", "GroupKey", "ShowFunnel", "show_funnel"]
