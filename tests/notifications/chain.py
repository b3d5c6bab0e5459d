"""What a test does with the chain: bring a case to a status by its own use cases, move the clock, read the mail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import select

from referral.core.calendar import add_working_days
from referral.core.policy import Actor, Role
from referral.core.work import AMSTERDAM, Service
from referral.notifications.models import Kind, Notice
from referral.notifications.usecases import DigestsResult, TermsResult, run_terms, send_digests
from referral.participants.usecases import AgreementGiven, RegisterParticipant
from referral.referrals.models import Referral
from referral.referrals.usecases import (
    AcceptReferral,
    CompleteTrajectory,
    ConfirmHandover,
    CreateReferral,
    HoldReferral,
    Move,
    ReturnReferral,
    StartIntake,
    StartTrajectory,
    WaitlistReferral,
    accept_referral,
    complete_trajectory,
    confirm_handover,
    create_referral,
    hold_referral_case,
    return_referral,
    start_intake,
    start_trajectory,
    waitlist_referral,
)
from referral.referrals.usecases.reading import last_facts
from referral.referrals.workflow import EventName, Status
from referral.screenings.usecases import LogScreening, log_screening

FIRST_DAY = date(2026, 11, 3)
PUBLIC_URL = "https://verwijzen.example"
WISH = "voorlezen aan mijn kleinkind"


class Clock:
    """The instant that the test says it is."""

    def __init__(self) -> None:
        self.now = datetime.combine(FIRST_DAY, time(10), AMSTERDAM).astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now

    def go_to(self, day: date, at: time = time(10)) -> None:
        self.now = datetime.combine(day, at, AMSTERDAM).astimezone(UTC)


@dataclass
class Chain:
    """The service, who works in it, and what a test does with a case."""

    service: Service
    clock: Clock
    mail: Path
    region: UUID
    referrer: Actor
    second_referrer: Actor
    source_coordinator: Actor
    coach: Actor
    second_coach: Actor
    coordinator: Actor
    regional: Actor
    trajectory: UUID
    other_trajectory: UUID
    numbers: Iterator[int] = field(default_factory=lambda: count(1000))

    # Time

    def working_days(self, days: int) -> date:
        return add_working_days(FIRST_DAY, days)

    def run(self, day: date | None = None) -> dict[str, int]:
        """Run the terms on that day; answers what was done."""
        if day is not None:
            self.clock.go_to(day)
        result: TermsResult = run_terms(self.service)
        return dict(result.counts)

    def digest(self, **options: Any) -> DigestsResult:
        return send_digests(self.service, **options)

    def mails(self) -> list[EmailMessage]:
        """The mails in the folder."""
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(file.read_bytes()) for file in sorted(self.mail.glob("*.eml"))]

    def mail_to(self, actor: Actor) -> str:
        """The text of the only mail to this person; empty when there is none."""
        texts = [mail.get_content() for mail in self.mails() if address(actor) in str(mail["To"])]
        assert len(texts) <= 1
        return texts[0].replace("\r\n", "\n") if texts else ""

    # Cases

    def draft(self, *, submit: bool = False, advise_me: bool = False) -> UUID:
        number = next(self.numbers)
        command = CreateReferral(
            participant=RegisterParticipant(name=f"Ria {number}", phone=f"061122{number}", birth_year=1985),
            trajectory_id=None if advise_me else self.trajectory,
            advise_me=advise_me,
            skills=("reading",),
            no_screening=True,
            conversation_held_on=FIRST_DAY,
            conversation_outcome="agrees",
            learning_wish=WISH,
            legal_basis="public_task",
            purpose="taal leren",
            agreement=AgreementGiven(given_on=FIRST_DAY, method="in_person", data_scope=("contact", "learning_wish")),
            override_reason="policy_exception",
            submit=submit,
        )
        return self.do(create_referral, command, self.referrer).id

    def case(self, status: Status) -> UUID:
        """A new case that was brought to this status today."""
        if status is Status.DRAFT:
            return self.draft()
        case = self.draft(submit=True)
        if status is Status.RETURNED:
            command = ReturnReferral(referral_id=case, question="q_level", text="Welk niveau?")
            self.do(return_referral, command, self.coach)
        elif status is Status.WAITLISTED:
            review = WaitlistReferral(referral_id=case, kind="capacity", review_on=self.today + timedelta(days=30))
            self.do(waitlist_referral, review, self.coach)
        elif status is not Status.SUBMITTED:
            self._guide(case, status)
        return case

    def _guide(self, case: UUID, status: Status) -> None:
        today = self.today
        steps: list[tuple[Status, Callable[[], object]]] = [
            (Status.ACCEPTED, lambda: self.do(accept_referral, AcceptReferral(referral_id=case), self.coach)),
            (
                Status.HANDED_OVER,
                lambda: self.do(
                    confirm_handover,
                    ConfirmHandover(referral_id=case, held_on=today, mode="three_way", participant_present=True),
                    self.coach,
                ),
            ),
            (
                Status.INTAKE,
                lambda: self.do(start_intake, StartIntake(referral_id=case, intake_on=today), self.coach),
            ),
            (
                Status.IN_TRAJECTORY,
                lambda: self.do(
                    start_trajectory,
                    StartTrajectory(referral_id=case, started_on=today, goals=("Brieven lezen",)),
                    self.coach,
                ),
            ),
            (Status.COMPLETED, lambda: self._complete(case)),
        ]
        for reached, take in steps:
            take()
            if reached is status:
                return
        raise AssertionError(status)

    def _complete(self, case: UUID) -> None:
        with self.service.work() as work:
            goals = last_facts(work, work.session.get_one(Referral, case), EventName.START_TRAJECTORY)["goalIds"]
            command = CompleteTrajectory(
                referral_id=case,
                completed_on=self.today,
                report="Klaar.",
                results=dict.fromkeys(goals, "achieved"),
                certificate="none",
            )
            complete_trajectory(command, actor=self.coach, work=work)

    def hold(self, case: UUID, resume_on: date) -> None:
        command = HoldReferral(referral_id=case, reason="hold_holiday", resume_on=resume_on)
        self.do(hold_referral_case, command, self.coach)

    def do(self, deed: Callable[..., Any], command: object, actor: Actor) -> Any:
        with self.service.work() as work:
            return deed(command, actor=actor, work=work)

    def move(self, deed: Callable[..., Any], case: UUID, actor: Actor) -> Any:
        return self.do(deed, Move(referral_id=case), actor)

    def screening(self, conducted_on: date) -> str:
        command = LogScreening(
            instrument="taalmeter",
            conducted_on=conducted_on,
            indication="yes",
            language_background="nt1",
            employment="jobseeker",
            age_band="45-54",
            municipality_code="GM0392",
            found_at="workplace",
        )
        return str(self.do(log_screening, command, self.referrer).code)

    # Looking

    @property
    def today(self) -> date:
        return self.clock.now.astimezone(AMSTERDAM).date()

    def read(self, case: UUID) -> Referral:
        with self.service.work(read_only=True) as work:
            return work.session.get_one(Referral, case)

    def notices(self, case: UUID | None = None) -> list[tuple[Kind, UUID, Role]]:
        """Which notices there are: kind, organisation and role."""
        query = select(Notice).order_by(Notice.id)
        if case is not None:
            query = query.where(Notice.referral_id == case)
        with self.service.work(read_only=True) as work:
            return [(row.kind, row.organisation_id, row.role) for row in work.session.scalars(query)]


def address(actor: Actor) -> str:
    return f"{actor.name.lower().replace(' ', '.')}@voorbeeld.example"


@contextmanager
def closed_to_everybody(url: str) -> Iterator[None]:
    """A database that takes no connections and has lost those it had."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
