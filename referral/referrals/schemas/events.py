"""The members of each event, and the command that they become: one schema an event, in the order of a case's life."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, post_load, validates_schema

from referral.core.codelists import labels, questionnaire
from referral.core.errors import Invalid
from referral.core.fields import ApiSchema, Code, Day, Flag, Id, Instant, Listed, Part, Text, wrong
from referral.core.policy import Actor
from referral.core.work import Work
from referral.referrals import usecases as deeds
from referral.referrals.models import Referral
from referral.referrals.workflow import STEPS, EventName

MakeMove = Callable[[UUID, int | None], deeds.Move]
LONG = 4000
REASON = {"description": "Een redencode; `GET /v1/workflow` zegt welke bij welke stap horen."}


class EventSchema(ApiSchema):
    """What every event has: its name, and perhaps a note."""

    command: type[deeds.Move] = deeds.Move

    event = Code([event.value for event in EventName], required=True)
    note = Text(longest=LONG, load_default=None, metadata={"description": "Een notitie; wordt versleuteld bewaard."})

    @post_load
    def to_command(self, members: dict[str, Any], **_: Any) -> MakeMove:
        """The command, as soon as the referral and the version are known."""
        members = self.rename(members)
        members.pop("event")
        return lambda referral_id, version: self.command(referral_id=referral_id, expected_version=version, **members)

    def rename(self, members: dict[str, Any]) -> dict[str, Any]:
        """The members as the command has them."""
        return members


class SubmitSchema(EventSchema):
    command = deeds.SubmitReferral


class ReturnSchema(EventSchema):
    command = deeds.ReturnReferral
    question = Text(longest=64, required=True, metadata=REASON)
    text = Text(longest=LONG, required=True)


class AnswerSchema(EventSchema):
    command = deeds.AnswerQuestion
    text = Text(longest=LONG, required=True)


class AcceptSchema(EventSchema):
    command = deeds.AcceptReferral
    coach_id = Id(load_default=None, metadata={"description": "Wie de zaak krijgt; zonder dit veld bent u dat zelf."})
    over_capacity = Flag(load_default=False, metadata={"description": "Hardop: er is geen plaats, en toch."})


class WaitlistSchema(EventSchema):
    command = deeds.WaitlistReferral
    kind = Code(labels("waitlistKind"), required=True)
    expected_start_on = Day(load_default=None)
    review_on = Day(load_default=None)


class OfferPlaceSchema(EventSchema):
    command = deeds.OfferPlace
    reconfirmed_on = Day(required=True)


class DeclineSchema(EventSchema):
    command = deeds.DeclineReferral
    reason = Text(longest=64, required=True, metadata=REASON)
    alternative_trajectory_id = Id(load_default=None, allow_none=True)
    no_alternative = Flag(load_default=False)


class PlanHandoverSchema(EventSchema):
    command = deeds.PlanHandover
    planned_at = Instant(required=True)
    mode = Code(labels("mode"), required=True)


class ConfirmHandoverSchema(EventSchema):
    command = deeds.ConfirmHandover
    held_on = Day(load_default=None)
    mode = Code(labels("mode"), load_default=None)
    participant_present = Flag(load_default=None)
    exception = Text(longest=64, load_default=None, metadata=REASON)


class StartIntakeSchema(EventSchema):
    command = deeds.StartIntake
    intake_on = Day(required=True)


class GoalSchema(ApiSchema):
    description = Text(longest=500, required=True)


class OutcomeSchema(ApiSchema):
    area = Code(questionnaire(), required=True)
    direction = Code(labels("direction"), required=True)


class AskingSchema(EventSchema):
    """An event in which the questions of the monitor are asked (K9)."""

    outcomes = Listed(
        Part(OutcomeSchema),
        least=0,
        load_default=[],
        metadata={"description": "De antwoorden op de vragenlijst van de monitor; per gebied hoogstens een."},
    )

    @validates_schema
    def one_per_area(self, members: dict[str, Any], **_: Any) -> None:
        areas = [each["area"] for each in members.get("outcomes", []) if "area" in each]
        if len(set(areas)) != len(areas):
            raise wrong("double", "Geef elk gebied een keer.", "outcomes")

    def rename(self, members: dict[str, Any]) -> dict[str, Any]:
        outcomes = {each["area"]: each["direction"] for each in members.pop("outcomes")}
        return members | {"outcomes": outcomes}


class StartTrajectorySchema(AskingSchema):
    command = deeds.StartTrajectory
    started_on = Day(required=True)
    goals = Listed(Part(GoalSchema), required=True)

    def rename(self, members: dict[str, Any]) -> dict[str, Any]:
        goals = tuple(goal["description"] for goal in members.pop("goals"))
        return super().rename(members) | {"goals": goals}


class RecordContactSchema(EventSchema):
    command = deeds.RecordContact
    attempted_at = Instant(required=True)
    channel = Code(labels("channel"), required=True)
    outcome = Code(labels("contactOutcome"), required=True)


class RecordProgressSchema(EventSchema):
    command = deeds.RecordProgress
    text = Text(longest=LONG, required=True)


class ResultSchema(ApiSchema):
    goal_id = Id(required=True)
    result = Code(labels("result"), required=True)


class CompleteSchema(AskingSchema):
    command = deeds.CompleteTrajectory
    completed_on = Day(required=True)
    report = Text(longest=LONG, required=True)
    results = Listed(Part(ResultSchema), required=True)
    certificate = Code(labels("certificate"), required=True)

    def rename(self, members: dict[str, Any]) -> dict[str, Any]:
        results = {str(each["goal_id"]): each["result"] for each in members.pop("results")}
        return super().rename(members) | {"results": results}


class RecordFollowUpSchema(AskingSchema):
    command = deeds.RecordFollowUp
    held_on = Day(required=True)
    still_learning = Flag(required=True)
    at_work = Flag(required=True)
    outcomes = Listed(Part(OutcomeSchema), required=True)


class CloseSchema(EventSchema):
    command = deeds.CloseReferral
    reason = Text(longest=64, required=True, metadata=REASON)


class EndSchema(EventSchema):
    command = deeds.EndReferral
    reason = Text(longest=64, required=True, metadata=REASON)


class StopSchema(EventSchema):
    command = deeds.StopTrajectory
    stopped_on = Day(required=True)
    reason = Text(longest=64, required=True, metadata=REASON)
    report = Text(longest=LONG, required=True)


class WithdrawAgreementSchema(EventSchema):
    command = deeds.WithdrawAgreement
    heard_on = Day(required=True)


class TransferSchema(EventSchema):
    command = deeds.TransferReferral
    trajectory_id = Id(required=True)
    reason = Text(longest=64, required=True, metadata=REASON)


class AssignSchema(EventSchema):
    command = deeds.AssignCoach
    coach_id = Id(required=True)


class HoldSchema(EventSchema):
    command = deeds.HoldReferral
    reason = Text(longest=64, required=True, metadata=REASON)
    resume_on = Day(required=True)


class EscalateSchema(EventSchema):
    command = deeds.EscalateReferral
    reason = Text(longest=64, required=True, metadata=REASON)


class DecideEscalationSchema(EventSchema):
    command = deeds.DecideEscalation
    decision = Text(longest=LONG, required=True)
    decided_by = Text(longest=200, required=True)
    due_on = Day(required=True)


class AddNoteSchema(EventSchema):
    command = deeds.AddNote
    note = Text(longest=LONG, required=True)


Deed = Callable[..., Referral]


def _for(event: EventName, schema: type[EventSchema]) -> EventSchema:
    """The schema of exactly this event, under a name of its own in the OpenAPI document."""
    name = "".join(word.capitalize() for word in event.value.split("_")) + "Event"
    only: type[EventSchema] = type(name, (schema,), {"event": Code([event.value], required=True)})
    return only()


E = EventName
DEEDS: Mapping[EventName, tuple[EventSchema, Deed]] = {
    E.SUBMIT: (_for(E.SUBMIT, SubmitSchema), deeds.submit_referral),
    E.RETURN_WITH_QUESTION: (_for(E.RETURN_WITH_QUESTION, ReturnSchema), deeds.return_referral),
    E.ANSWER: (_for(E.ANSWER, AnswerSchema), deeds.answer_question),
    E.ACCEPT: (_for(E.ACCEPT, AcceptSchema), deeds.accept_referral),
    E.WAITLIST: (_for(E.WAITLIST, WaitlistSchema), deeds.waitlist_referral),
    E.OFFER_PLACE: (_for(E.OFFER_PLACE, OfferPlaceSchema), deeds.offer_place),
    E.DECLINE: (_for(E.DECLINE, DeclineSchema), deeds.decline_referral),
    E.PLAN_HANDOVER: (_for(E.PLAN_HANDOVER, PlanHandoverSchema), deeds.plan_handover),
    E.CONFIRM_HANDOVER: (_for(E.CONFIRM_HANDOVER, ConfirmHandoverSchema), deeds.confirm_handover),
    E.START_INTAKE: (_for(E.START_INTAKE, StartIntakeSchema), deeds.start_intake),
    E.START_TRAJECTORY: (_for(E.START_TRAJECTORY, StartTrajectorySchema), deeds.start_trajectory),
    E.RECORD_CONTACT: (_for(E.RECORD_CONTACT, RecordContactSchema), deeds.record_contact),
    E.RECORD_PROGRESS: (_for(E.RECORD_PROGRESS, RecordProgressSchema), deeds.record_progress),
    E.NOT_START: (_for(E.NOT_START, EndSchema), deeds.report_not_started),
    E.STOP: (_for(E.STOP, StopSchema), deeds.stop_trajectory),
    E.COMPLETE: (_for(E.COMPLETE, CompleteSchema), deeds.complete_trajectory),
    E.RECORD_FOLLOW_UP: (_for(E.RECORD_FOLLOW_UP, RecordFollowUpSchema), deeds.record_follow_up),
    E.CLOSE: (_for(E.CLOSE, CloseSchema), deeds.close_referral),
    E.WITHDRAW: (_for(E.WITHDRAW, EndSchema), deeds.withdraw_referral),
    E.WITHDRAW_AGREEMENT: (_for(E.WITHDRAW_AGREEMENT, WithdrawAgreementSchema), deeds.withdraw_agreement),
    E.REOPEN: (_for(E.REOPEN, EndSchema), deeds.reopen_referral),
    E.VOID: (_for(E.VOID, EndSchema), deeds.void_referral),
    E.UNDO: (_for(E.UNDO, EventSchema), deeds.undo_last_event),
    E.ASSIGN: (_for(E.ASSIGN, AssignSchema), deeds.assign_coach),
    E.HOLD: (_for(E.HOLD, HoldSchema), deeds.hold_referral_case),
    E.RESUME: (_for(E.RESUME, EventSchema), deeds.resume_referral),
    E.ESCALATE: (_for(E.ESCALATE, EscalateSchema), deeds.escalate_referral),
    E.DECIDE_ESCALATION: (_for(E.DECIDE_ESCALATION, DecideEscalationSchema), deeds.decide_escalation),
    E.ADD_NOTE: (_for(E.ADD_NOTE, AddNoteSchema), deeds.add_note),
    E.TRANSFER: (_for(E.TRANSFER, TransferSchema), deeds.transfer_referral),
}
"""Which schema reads an event and which deed does it. `create` and `expire` cannot be asked for."""


def perform(event: EventName, body: Any, referral_id: UUID, version: int, *, actor: Actor, work: Work) -> Referral:
    """Do the deed. Wrong members are told only of an event that can happen now: 404, 412 and 409 come before 400."""
    schema, deed = DEEDS[event]
    try:
        make = schema.load(body)
    except ValidationError:
        deeds.require_open(event, referral_id, version, actor=actor, work=work)
        raise
    return deed(make(referral_id, version), actor=actor, work=work)


def read_event(body: Any) -> EventName:
    """Which event the body asks for. Raises `Invalid` when it is none that can be asked for."""
    name = body.get("event") if isinstance(body, dict) else None
    if not isinstance(name, str) or name not in STEPS or EventName(name) not in DEEDS:
        code, sentence = (
            ("required", "Dit veld is verplicht.") if name is None else ("unknown_code", "Deze stap bestaat niet.")
        )
        raise Invalid.one("/event", code, sentence)
    return EventName(name)
