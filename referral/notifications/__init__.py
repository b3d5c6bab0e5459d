"""Reminders, escalations and what the service does itself when a date has passed; and one digest a day to a person.

`usecases.clocks` is the table: every date of a referral, and what happens when it has passed.
"""
