"""Reading the audit log, for the privacy officer."""
