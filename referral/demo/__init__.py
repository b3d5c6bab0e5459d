"""A believable region of invented people, so that anybody can try the service without a real person in it."""

from referral.demo.build import build_demo
from referral.demo.organisations import ACCOUNTS, PASSWORD, Account

__all__ = ["ACCOUNTS", "PASSWORD", "Account", "build_demo"]
