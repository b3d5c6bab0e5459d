"""The HTML door of the administrator: colleagues, organisations, tokens, code lists and terms."""

from referral.administration.pages import lists, tokens
from referral.administration.pages.people import pages as administration

__all__ = ["administration", "lists", "tokens"]
