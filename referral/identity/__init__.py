"""Regions, organisations, users, roles, sessions and tokens: who somebody is and for whom they act."""
