"""The HTML door of the administrator: colleagues, organisations, tokens, webhooks, code lists and terms."""

from referral.administration.pages import codes, lists, terms, tokens, webhooks
from referral.administration.pages.people import pages as administration

__all__ = ["administration", "codes", "lists", "terms", "tokens", "webhooks"]
