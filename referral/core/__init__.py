"""What every area stands on: errors, database, sealed fields, audit, outbox, the web door. Knows no area."""
