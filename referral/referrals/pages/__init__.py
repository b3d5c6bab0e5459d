"""The HTML door to referrals: the case and its steps, the lists, and making one."""

from referral.referrals.pages.cases import pages as cases
from referral.referrals.pages.lists import lists, queue
from referral.referrals.pages.making import pages as making
from referral.referrals.pages.person import pages as person

__all__ = ["cases", "lists", "making", "person", "queue"]
