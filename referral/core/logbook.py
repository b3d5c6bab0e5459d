"""The service's own log: one JSON line an event on stderr, in UTC. Never a name, a value or a query string."""

import logging
import sys

import structlog


def write_log(level: int = logging.INFO) -> None:
    """Write the log from now on; a line end in a field stays inside its JSON string (ASVS 16.4.1)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
