"""Settings (the only reader of the environment) and the code lists of the trade as TOML and CSV."""
