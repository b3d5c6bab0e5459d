"""The chain as the field describes it, copied out by hand: what the tests hold the live table against.

Nothing here is derived from `workflow.STEPS`. Where the field names no role for an event that keeps the status, the
comment says which role description was followed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from referral.core.policy import Actor, system_actor
from tests.world import World

OPEN = (
    "draft", "submitted", "returned", "accepted", "waitlisted", "handed_over", "intake", "in_trajectory", "completed",
)  # fmt: skip
FINAL = ("closed", "declined", "withdrawn", "expired", "not_started", "stopped_early", "void")
STATUSES = OPEN + FINAL
SENT = OPEN[1:]
FROM_ACCEPTED = OPEN[3:]
SHARED = SENT
TAKES_PLACE = ("accepted", "handed_over", "intake", "in_trajectory")

REFERRER, COACH, SYSTEM = "referrer", "coach", "system"
SENDING, RECEIVING, REGION = "sending coordinator", "receiving coordinator", "regional coordinator"
COORDINATORS = (SENDING, RECEIVING, REGION)
EVERYBODY = (REFERRER, COACH, *COORDINATORS)

SIDES: dict[str, str] = {"referrer": "sending", "coach": "receiving", "region": "region"}
"""On which side of such a referral these people's organisations are; every other organisation is on none."""
PEOPLE: dict[str, str] = {
    "referrer": REFERRER,
    "second_referrer": REFERRER,
    "coordinator": SENDING,
    "coach": COACH,
    "second_coach": COACH,
    "receiving_coordinator": RECEIVING,
    "region": REGION,
}
"""What these people are to a referral of Gemeente Duinwijk to Taalhuis Zilt; whoever is missing is nothing to it."""


@dataclass(frozen=True)
class Row:
    """One line of the field's table; `target` None keeps the status."""

    sources: tuple[str, ...]
    target: str | None
    who: tuple[str, ...]


ROWS: dict[str, Row] = {
    "create": Row((), "draft", (REFERRER,)),
    "submit": Row(("draft",), "submitted", (REFERRER,)),
    "return_with_question": Row(("submitted",), "returned", (COACH,)),
    "answer": Row(("returned",), "submitted", (REFERRER,)),
    "accept": Row(("submitted",), "accepted", (COACH,)),
    "waitlist": Row(("submitted", "accepted"), "waitlisted", (COACH,)),
    "offer_place": Row(("waitlisted",), "accepted", (COACH,)),
    "decline": Row(("submitted", "waitlisted"), "declined", (COACH,)),
    "confirm_handover": Row(("accepted",), "handed_over", (COACH,)),
    "start_intake": Row(("handed_over",), "intake", (COACH,)),
    "start_trajectory": Row(("intake",), "in_trajectory", (COACH,)),
    "not_start": Row(("accepted", "waitlisted", "handed_over", "intake"), "not_started", (COACH, REFERRER)),
    "stop": Row(("in_trajectory",), "stopped_early", (COACH,)),
    "complete": Row(("in_trajectory",), "completed", (COACH,)),
    # The system closes as unreachable at six months (the terms).
    "close": Row(("completed",), "closed", (COACH, SENDING, RECEIVING, SYSTEM)),
    "withdraw": Row(OPEN[:7], "withdrawn", (REFERRER, SENDING)),
    # Whoever hears it from the participant; the system hears it from the register of participants.
    "withdraw_agreement": Row(OPEN, "withdrawn", (REFERRER, COACH, SENDING, RECEIVING, SYSTEM)),
    "expire": Row(("submitted",), "expired", (SYSTEM,)),
    "reopen": Row(FINAL[:-1], None, COORDINATORS),
    "void": Row(STATUSES[:-1], "void", (REFERRER, SENDING)),
    "undo": Row(STATUSES, None, EVERYBODY),
    # The coordinator reassigns; the coach works the queue of the own organisation.
    "assign": Row(FROM_ACCEPTED, None, (COACH, RECEIVING)),
    "plan_handover": Row(("accepted",), None, (COACH, REFERRER)),
    "record_contact": Row(SENT, None, (COACH, REFERRER)),
    "record_progress": Row(("in_trajectory",), None, (COACH,)),
    "record_follow_up": Row(("completed",), None, (COACH,)),
    "hold": Row(FROM_ACCEPTED, None, (COACH, RECEIVING)),
    "resume": Row(FROM_ACCEPTED, None, (COACH, RECEIVING, SYSTEM)),
    "escalate": Row(SENT, None, (*EVERYBODY, SYSTEM)),
    "decide_escalation": Row(SENT, None, COORDINATORS),
    "add_note": Row(STATUSES[:-1], None, EVERYBODY),
    # It closes the old referral as withdrawn, so whoever may withdraw after sending.
    "transfer": Row(OPEN[1:7], "withdrawn", (REFERRER, SENDING)),
}

NOT_WHILE_HELD = frozenset(
    {
        "waitlist", "offer_place", "plan_handover", "confirm_handover", "start_intake", "start_trajectory", "complete",
        "close", "record_progress", "hold",
    }
)  # fmt: skip
"""A paused case does not move forward; it can be ended, talked about and resumed."""
NO_WAY_BACK = frozenset({"create", "withdraw_agreement", "expire", "transfer", "undo"})
"""What undo cannot take back: sharing that stopped, a case that was closed by time or moved elsewhere, an undo."""
LAST_EVENT = {
    "draft": ("create", "referrer"),
    "submitted": ("submit", "referrer"),
    "returned": ("return_with_question", "coach"),
    "accepted": ("accept", "coach"),
    "waitlisted": ("waitlist", "coach"),
    "handed_over": ("confirm_handover", "coach"),
    "intake": ("start_intake", "coach"),
    "in_trajectory": ("start_trajectory", "coach"),
    "completed": ("complete", "coach"),
    "closed": ("close", "coach"),
    "declined": ("decline", "coach"),
    "withdrawn": ("withdraw", "referrer"),
    "expired": ("expire", "system"),
    "not_started": ("not_start", "coach"),
    "stopped_early": ("stop", "coach"),
    "void": ("void", "referrer"),
}
"""By which event, of whom, `World.bring_to` arrives."""


def sees(side: str | None, status: str, *, escalated: bool = False) -> bool:
    """Whether a referral in this status exists for somebody who does case work on this side of it."""
    if side == "receiving":
        return status != "draft"
    if side == "region":
        return escalated or status == "expired"
    return side == "sending"


def leads_to(event: str, status: str) -> str:
    """The status after this event, where the table itself says it."""
    if event == "withdraw_agreement" and status in ("in_trajectory", "completed"):
        return "stopped_early"
    return ROWS[event].target or status


def actor(world: World, who: str) -> Actor:
    """This person, or the service itself."""
    return system_actor() if who == "system" else world.actor(who)


def members(world: World, event: str, *, goals: list[str] | None = None) -> dict[str, Any]:
    """The members with which this event succeeds now, if it can happen at all."""
    today = world.clock.today.isoformat()
    at = datetime.combine(world.clock.today, time(8), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    soon, later = ((world.clock.today + timedelta(days=days)).isoformat() for days in (25, 200))
    made: dict[str, dict[str, Any]] = {
        "return_with_question": {"question": "q_level", "text": "Welk niveau?"},
        "answer": {"text": "Niveau 1F."},
        "waitlist": {"kind": "group_forming", "expectedStartOn": later},
        "offer_place": {"reconfirmedOn": today},
        "decline": {"reason": "level_too_high", "alternativeTrajectoryId": world.other_trajectory_id},
        "plan_handover": {"plannedAt": at, "mode": "announced"},
        "confirm_handover": {"heldOn": today, "mode": "three_way", "participantPresent": True},
        "start_intake": {"intakeOn": today},
        "start_trajectory": {"startedOn": today, "goals": [{"description": "Een brief lezen"}]},
        "not_start": {"reason": "client_found_work"},
        "stop": {"stoppedOn": today, "reason": "client_moved", "report": "Verhuisd."},
        "complete": {
            "completedOn": today,
            "report": "Goed gegaan.",
            "results": [{"goalId": goal, "result": "partly"} for goal in goals or ()],
            "certificate": "none",
        },
        "close": {"reason": "aftercare_refused"},
        "withdraw": {"reason": "priority_changed"},
        "withdraw_agreement": {"heardOn": today},
        "reopen": {"reason": "entered_in_error"},
        "void": {"reason": "duplicate"},
        "assign": {"coachId": str(world.users["second_coach"])},
        "record_contact": {"attemptedAt": at, "channel": "phone", "outcome": "not_reached"},
        "record_progress": {"text": "Het gaat goed."},
        "record_follow_up": {
            "heldOn": today,
            "stillLearning": True,
            "atWork": False,
            "outcomes": [{"area": "digital", "direction": "better"}],
        },
        "hold": {"reason": "hold_work", "resumeOn": soon},
        "escalate": {"reason": "no_capacity"},
        "decide_escalation": {"decision": "Er komt een plaats.", "decidedBy": "de wethouder", "dueOn": soon},
        "add_note": {"note": "Nog eens bellen."},
        "transfer": {"trajectoryId": world.other_trajectory_id, "reason": "no_capacity"},
    }
    return {"event": event, **made.get(event, {})}
