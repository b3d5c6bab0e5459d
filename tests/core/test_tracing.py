"""A trace is taken over from a valid `traceparent` and begun anew for anything else (W3C Trace Context)."""

import re

import pytest

from referral.core.tracing import Span, continue_trace

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALID = (
    f"00-{TRACE}-{PARENT}-01",
    f"00-{TRACE}-{PARENT}-00",
    f" 00-{TRACE}-{PARENT}-01\t",
    f"01-{TRACE}-{PARENT}-01",
    f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like",
)
INVALID = (
    None, "", "00", TRACE, f"00-{TRACE}-{PARENT}", f"00-{TRACE}-{PARENT}-", f"00-{TRACE}-{PARENT}-1",
    f"00-{TRACE}-{PARENT}-01-more", f"00-{TRACE}-{PARENT}-01 ,00-{TRACE}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01",
    f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{PARENT}-01",
    f"00-{TRACE[:-1]}g-{PARENT}-01", f"00-{TRACE}-{PARENT[:-1]}-01", f"00_{TRACE}_{PARENT}_01",
    f"01-{TRACE}-{PARENT}-01what", f"00-{TRACE}-{PARENT}-0x", f"00-{TRACE}-{PARENT}-01\n", "٠٠-" + TRACE,
)  # fmt: skip


@pytest.mark.parametrize("header", VALID)
def test_a_valid_header_is_continued_with_a_span_of_our_own(header: str) -> None:
    span = continue_trace(header)
    assert (span.trace_id, span.parent_span_id) == (TRACE, PARENT)
    assert span.span_id != PARENT
    assert re.fullmatch("[0-9a-f]{16}", span.span_id)


@pytest.mark.parametrize("header", INVALID)
def test_anything_else_begins_a_new_trace(header: str | None) -> None:
    span = continue_trace(header)
    assert span.trace_id != TRACE
    assert span.parent_span_id is None
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", span.traceparent)


def test_what_we_hand_on_can_be_continued() -> None:
    ours = Span()
    theirs = continue_trace(ours.traceparent)
    assert (theirs.trace_id, theirs.parent_span_id) == (ours.trace_id, ours.span_id)


def test_two_pieces_of_work_have_nothing_in_common() -> None:
    assert len({value for span in (Span(), Span()) for value in (span.trace_id, span.span_id)}) == 4
