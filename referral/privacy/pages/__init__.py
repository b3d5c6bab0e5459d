"""The HTML door of the privacy officer: the requests of participants, taking one in, and the answer to access."""

from referral.privacy.pages import intake, rights
from referral.privacy.pages.answers import pages as answers
from referral.privacy.pages.desk import pages as desk

__all__ = ["answers", "desk", "intake", "rights"]
