"""The pages of the figures: the dashboard, and the other reports with their files."""

from referral.reports.pages.annual import pages as annual
from referral.reports.pages.figures import pages as figures
from referral.reports.pages.whole import pages as whole

__all__ = ["annual", "figures", "whole"]
