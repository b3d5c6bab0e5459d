"""The HTML door of identity: signing in and out, and the own account."""

from referral.identity.pages.account import account
from referral.identity.pages.sign_in import page_actor, pages, protect_pages
from referral.identity.pages.welcome import welcome

__all__ = ["account", "page_actor", "pages", "protect_pages", "welcome"]
