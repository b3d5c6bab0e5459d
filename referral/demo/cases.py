"""One case of the demo: a participant, a referrer and an offer, and every deed that may be done in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from referral.core.codelists import secrecy
from referral.core.policy import Actor, OrganisationKind
from referral.demo.catalogue import Offer, add_place
from referral.demo.diary import Stage
from referral.demo.organisations import KIND_OF, REGIONAL, Account
from referral.demo.people import Person
from referral.demo.screened import Screened
from referral.notifications.usecases.clocks import CLOCKS
from referral.participants.usecases import AgreementGiven, Declaration, RegisterParticipant
from referral.referrals import usecases as deeds
from referral.referrals.models import Referral
from referral.referrals.usecases.reading import last_facts
from referral.referrals.workflow import EventName
from referral.trajectories.usecases import find_trajectory

SCOPE = ("contact", "learning_wish", "screening_indication", "barriers")
LEGAL_BASIS = {"employer": "contract"}
WITH_THREE = ("three_way", "phone_three_way")
METHOD = {"municipality": "written", "uwv": "written", "employer": "in_person"}


@dataclass
class Known:
    """Somebody in the chain: the person, the screenings, and the id once registered."""

    person: Person
    screenings: list[Screened] = field(default_factory=list)
    participant_id: UUID | None = None


@dataclass
class Case:
    """A referral to be: by `referrer`, to the coach of `offer`; without an offer the region is asked for advice."""

    known: Known
    referrer: Account
    coach: Account
    offer: Offer | None
    skills: Sequence[str]
    words: dict[str, Any]
    referral_id: UUID | None = None

    def refer(self, stage: Stage, *, submit: bool = True, **more: Any) -> None:
        """The referrer makes the referral after the conversation, and sends it at once or keeps it as a draft."""
        kind, today = KIND_OF[self.referrer.organisation], stage.work.today
        codes = tuple(each.code for each in self.known.screenings)
        facts: dict[str, Any] = {
            "participant": None if self.known.participant_id else self._registration(),
            "participant_id": self.known.participant_id,
            "trajectory_id": stage.trajectories[self.offer.key] if self.offer else None,
            "advise_me": self.offer is None,
            "skills": tuple(self.skills),
            "screening_codes": codes,
            "conversation_held_on": today,
            "conversation_outcome": "agrees",
            "legal_basis": LEGAL_BASIS.get(kind, "public_task"),
            "agreement": self._agreement(today, kind),
            "municipality_code": self.known.person.background.municipality_code,
            "employment": self.known.person.background.employment,
            "submit": submit,
            **self.words,
            **more,
        }
        made = deeds.create_referral(deeds.CreateReferral(**facts), actor=stage.actor(self.referrer), work=stage.work)
        self.referral_id, self.known.participant_id = made.id, made.participant_id

    def _agreement(self, today: date, kind: str) -> AgreementGiven:
        """On paper where the sector law asks a declaration for what is shared."""
        method, duty = METHOD.get(kind, "phone"), secrecy().get(OrganisationKind(kind))
        asked = duty is not None and duty.asks_declaration(LEGAL_BASIS.get(kind, "public_task"), SCOPE)
        declaration = Declaration(signed_on=today, form="paper") if asked else None
        return AgreementGiven(given_on=today, method=method, data_scope=SCOPE, declaration=declaration)

    def by_referrer(self, stage: Stage, deed: Callable[..., Referral], command: type[Any], **facts: Any) -> None:
        """The referrer does something."""
        self._do(stage, deed, command, stage.actor(self.referrer), facts)

    def by_coach(self, stage: Stage, deed: Callable[..., Referral], command: type[Any], **facts: Any) -> None:
        """The coach does something."""
        self._do(stage, deed, command, stage.actor(self.coach), facts)

    def by_other(
        self, stage: Stage, who: Account, deed: Callable[..., Referral], command: type[Any], **facts: Any
    ) -> None:
        """Somebody else does something: a coordinator, the region."""
        self._do(stage, deed, command, stage.actor(who), facts)

    def accept(self, stage: Stage) -> None:
        """The coach accepts, and says so aloud when there is no place."""
        self.by_coach(stage, deeds.accept_referral, deeds.AcceptReferral, over_capacity=self._is_full(stage))

    def hand_over(self, stage: Stage, mode: str) -> None:
        """The coach confirms the handover of today."""
        facts = {"held_on": stage.work.today, "mode": mode, "participant_present": mode in WITH_THREE}
        self.by_coach(stage, deeds.confirm_handover, deeds.ConfirmHandover, **facts)

    def take_in(self, stage: Stage) -> None:
        """The intake is today."""
        self.by_coach(stage, deeds.start_intake, deeds.StartIntake, intake_on=stage.work.today)

    def start(self, stage: Stage, goals: tuple[str, ...], outcomes: dict[str, str]) -> None:
        """The participant starts today, and says how things go."""
        facts = {"started_on": stage.work.today, "goals": goals, "outcomes": outcomes}
        self.by_coach(stage, deeds.start_trajectory, deeds.StartTrajectory, **facts)

    def complete(
        self, stage: Stage, results: Sequence[str], certificate: str, report: str, outcomes: dict[str, str]
    ) -> None:
        """The trajectory is finished today, with a result for each goal and what changed."""
        found = deeds.find_referral(self._id, actor=stage.actor(self.coach), work=stage.work)
        goal_ids = last_facts(stage.work, found, EventName.START_TRAJECTORY)["goalIds"]
        facts = {"completed_on": stage.work.today, "certificate": certificate, "report": report, "outcomes": outcomes}
        of_goal = dict(zip(goal_ids, results, strict=True))
        self.by_coach(stage, deeds.complete_trajectory, deeds.CompleteTrajectory, results=of_goal, **facts)

    def stop(self, stage: Stage, reason: str, report: str) -> None:
        """The participant stops today."""
        facts = {"stopped_on": stage.work.today, "reason": reason, "report": report}
        self.by_coach(stage, deeds.stop_trajectory, deeds.StopTrajectory, **facts)

    def decline(self, stage: Stage, reason: str, alternative: Offer | None) -> None:
        """The coach declines, and names another offer when there is one."""
        other = stage.trajectories[alternative.key] if alternative else None
        facts = {"reason": reason, "alternative_trajectory_id": other, "no_alternative": other is None}
        self.by_coach(stage, deeds.decline_referral, deeds.DeclineReferral, **facts)

    def put_on_list(self, stage: Stage, kind: str, days: int) -> None:
        """The coach puts the participant on the waiting list, to be looked at again after so many days."""
        review_on = stage.work.today + timedelta(days=days)
        self.by_coach(stage, deeds.waitlist_referral, deeds.WaitlistReferral, kind=kind, review_on=review_on)

    def offer_place(self, stage: Stage) -> None:
        """A place came free, or is made, for somebody who said today that it still wants to."""
        if self.offer and self._is_full(stage):
            add_place(self.offer, stage.trajectories[self.offer.key], stage.cast, stage.work)
        self.by_coach(stage, deeds.offer_place, deeds.OfferPlace, reconfirmed_on=stage.work.today)

    def attempt(self, stage: Stage, channel: str, outcome: str) -> None:
        """The coach tries to reach the participant."""
        facts = {"attempted_at": stage.work.now, "channel": channel, "outcome": outcome}
        self.by_coach(stage, deeds.record_contact, deeds.RecordContact, **facts)

    def follow_up(self, stage: Stage, outcomes: dict[str, str], *, learning: bool, working: bool) -> None:
        """The aftercare conversation is today."""
        facts = {"held_on": stage.work.today, "still_learning": learning, "at_work": working, "outcomes": outcomes}
        self.by_coach(stage, deeds.record_follow_up, deeds.RecordFollowUp, **facts)

    def hold(self, stage: Stage, reason: str, days: int) -> None:
        """The case pauses for so many days."""
        resume_on = stage.work.today + timedelta(days=days)
        self.by_coach(stage, deeds.hold_referral_case, deeds.HoldReferral, reason=reason, resume_on=resume_on)

    def plan_meeting(self, stage: Stage, days: int) -> None:
        """The coach plans the meeting with the three of them."""
        facts = {"planned_at": stage.work.now + timedelta(days=days), "mode": "three_way"}
        self.by_coach(stage, deeds.plan_handover, deeds.PlanHandover, **facts)

    def agreement_ends(self, stage: Stage, *, by_coach: bool = False) -> None:
        """The participant tells one of the two that nothing may be shared any more."""
        do = self.by_coach if by_coach else self.by_referrer
        do(stage, deeds.withdraw_agreement, deeds.WithdrawAgreement, heard_on=stage.work.today)

    def transfer(self, stage: Stage, offer: Offer, coach: Account, reason: str) -> None:
        """The referrer sends the participant elsewhere: from here on the case is the new referral."""
        elsewhere = stage.trajectories[offer.key]
        command = deeds.TransferReferral(referral_id=self._id, trajectory_id=elsewhere, reason=reason)
        made = deeds.transfer_referral(command, actor=stage.actor(self.referrer), work=stage.work)
        self.referral_id, self.offer, self.coach = made.id, offer, coach

    def advise(self, stage: Stage, offer: Offer, coach: Account) -> None:
        """The region picks the trajectory that it was asked advice about."""
        actor = stage.actor(REGIONAL)
        version = deeds.find_referral(self._id, actor=actor, work=stage.work).version
        picked = {"trajectory_id": stage.trajectories[offer.key]}
        command = deeds.ChangeReferral(referral_id=self._id, expected_version=version, changes=picked)
        deeds.change_referral(command, actor=actor, work=stage.work)
        self.offer, self.coach = offer, coach

    def assign(self, stage: Stage, coach: Account) -> None:
        """A colleague takes the case over from the coach."""
        facts = {"coach_id": stage.actor(coach).id}
        self.by_coach(stage, deeds.assign_coach, deeds.AssignCoach, **facts)
        self.coach = coach

    def strike(self, stage: Stage, clock: str) -> None:
        """The service itself answers a date that has passed."""
        next(each for each in CLOCKS if each.name == clock).strike(self._id, stage.work)

    @property
    def _id(self) -> UUID:
        if self.referral_id is None:
            raise ValueError("the case has no referral yet")
        return self.referral_id

    def _do(self, stage: Stage, deed: Callable[..., Referral], command: type[Any], actor: Actor, facts: Any) -> None:
        deed(command(referral_id=self._id, **facts), actor=actor, work=stage.work)

    def _is_full(self, stage: Stage) -> bool:
        if self.offer is None:
            return False
        offered = find_trajectory(stage.trajectories[self.offer.key], work=stage.work)
        return offered.places_taken >= offered.places

    def _registration(self) -> RegisterParticipant:
        person = self.known.person
        return RegisterParticipant(
            name=person.name,
            phone=person.phone,
            email=person.email,
            client_number=person.client_number,
            preferred_channel=person.channel,
            preferred_moment=person.moment,
            birth_year=person.background.birth_year,
            language_background=person.background.language,
            gender=person.gender,
        )
