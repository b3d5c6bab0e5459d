"""Where a piece of work stands in its trace: the ids that join it to its caller and its callees (W3C Trace Context).

A `traceparent` is `00-<trace id, 32 hex>-<span id, 16 hex>-<flags, 2 hex>`. One that is not valid counts as absent.
"""

import re
import secrets
from dataclasses import dataclass, field

_VERSION_0 = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_LATER = re.compile(r"(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_RECORDED = "01"


def new_trace_id() -> str:
    """A fresh trace: 16 random bytes in hex."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """A fresh span: 8 random bytes in hex."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Span:
    """One piece of work within a trace; `parent_span_id` is the caller's, when another system asked for this work."""

    trace_id: str = field(default_factory=new_trace_id)
    span_id: str = field(default_factory=new_span_id)
    parent_span_id: str | None = None

    @property
    def traceparent(self) -> str:
        """The header that hands this trace on. Nothing is sampled, so the flag says: recorded."""
        return f"00-{self.trace_id}-{self.span_id}-{_RECORDED}"


def continue_trace(traceparent: str | None) -> Span:
    """A span of our own in the caller's trace, or in a new one when there is no valid header (W3C, 3.2 and 4.3)."""
    header = (traceparent or "").strip(" \t")
    match = _VERSION_0.fullmatch(header) or _LATER.fullmatch(header)
    if match is None or not (int(match[1], 16) and int(match[2], 16)):
        return Span()
    return Span(trace_id=match[1], parent_span_id=match[2])
