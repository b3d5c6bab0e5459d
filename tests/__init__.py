"""The tests mirror the package; `tests/house/` holds the rules of the house."""
