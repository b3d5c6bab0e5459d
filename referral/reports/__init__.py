"""Figures across areas: counts of what happened, never a person."""
