"""The HTML door of the administrator: colleagues, the own organisation, tokens, webhooks, code lists and terms."""

from referral.administration.pages import lists, organisation, registering, retention, tokens, webhooks
from referral.administration.pages.people import pages as administration

__all__ = ["administration", "lists", "organisation", "registering", "retention", "tokens", "webhooks"]
