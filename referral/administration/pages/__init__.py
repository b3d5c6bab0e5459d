"""The HTML door of the administrator: colleagues, the own organisation, tokens, webhooks, code lists and terms."""

from referral.administration.pages import (
    codes,
    lists,
    organisation,
    registering,
    retention,
    terms,
    tokens,
    webhooks,
)
from referral.administration.pages.people import pages as administration

__all__ = [
    "administration",
    "codes",
    "lists",
    "organisation",
    "registering",
    "retention",
    "terms",
    "tokens",
    "webhooks",
]
