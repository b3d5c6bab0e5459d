"""Screenings: anonymous outcomes of an instrument, and whether they were discussed. Nothing here leads to a person."""
