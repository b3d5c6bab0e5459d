"""The history of the database: Alembic's environment and the numbered revisions. Run by `referral.core.migrate`."""
