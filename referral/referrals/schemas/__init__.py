"""The outside words of a referral: requests and events on one side, answers on the other."""
