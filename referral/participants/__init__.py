"""Participants: sealed personal data, the agreement to share them, who may see what since when, and erasure."""
