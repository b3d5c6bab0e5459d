"""The words of a digest: what waits, by when, the one next step and where. Never a word about a participant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage

from referral.notifications.mail import write_mail
from referral.notifications.models import Kind
from referral.referrals.models import Referral
from referral.referrals.workflow import LABELS, Status

MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
    "december",
)  # fmt: skip

HEADINGS: Mapping[Kind, str] = {
    Kind.REVOKED: "Stop en vernietig",
    Kind.ERASED: "Gewist: vernietig uw kopie",
    Kind.AGREEMENT_ENDED: "Het delen is gestopt",
    Kind.RESTRICTED: "Gebruik de gegevens nu niet",
    Kind.RESTRICTION_LIFTED: "De gegevens mogen weer gebruikt worden",
    Kind.CORRECTED: "Gegevens zijn verbeterd",
    Kind.PRIVACY_OVERDUE: "Verzoeken van deelnemers over de termijn",
    Kind.PRIVACY_REQUEST: "Verzoeken van deelnemers",
    Kind.EXPIRED: "Verlopen zonder antwoord",
    Kind.OFFER: "Doorbraakberaad nodig",
    Kind.REGION: "De aanbieder geeft geen antwoord",
    Kind.ESCALATION: "Blijft liggen",
    Kind.REMINDER: "Herinnering",
    Kind.CONVERSATION_ESCALATION: "Gesprekken die blijven liggen",
    Kind.CONVERSATION: "Gesprekken die u nog moet voeren",
    Kind.RETENTION: "Bewaartermijn loopt af",
}

_FOLLOW_UP = "Zoek met de deelnemer een vervolg en leg in een notitie vast wat u deed."
_COORDINATE = "Vraag waarom het stil ligt en zorg dat iemand het oppakt."

NEXT_STEPS: Mapping[Status, str] = {
    Status.DRAFT: "Vul het concept aan en meld aan. Gaat het niet door? Trek het dan in.",
    Status.SUBMITTED: "Geef antwoord: accepteer, stel een vraag, zet op de wachtlijst of wijs af.",
    Status.RETURNED: "Beantwoord de vraag van de ontvanger.",
    Status.ACCEPTED: "Voer het gesprek voor de warme overdracht en leg het vast.",
    Status.WAITLISTED: "Kijk of er plaats is en vertel de deelnemer hoe het ervoor staat.",
    Status.HANDED_OVER: "Start de intake.",
    Status.INTAKE: "Start het traject, of meld dat het niet start.",
    Status.IN_TRAJECTORY: "Meld de voortgang aan de verwijzer.",
    Status.COMPLETED: "Voer het nazorggesprek, leg het vast en sluit de verwijzing.",
    Status.DECLINED: _FOLLOW_UP,
    Status.EXPIRED: _FOLLOW_UP,
    Status.NOT_STARTED: _FOLLOW_UP,
    Status.STOPPED_EARLY: _FOLLOW_UP,
}
"""What whoever has the ball is to do in each status that leaves somebody something to do."""

RIGHTS_STEPS: Mapping[Kind, str] = {
    Kind.REVOKED: "De gegevens mogen niet meer gedeeld worden. Stop, en vernietig wat u over deze deelnemer bewaarde.",
    Kind.ERASED: "De gegevens van deze deelnemer zijn gewist. Vernietig ook wat u er zelf van bewaarde.",
    Kind.AGREEMENT_ENDED: "De ontvanger ziet de gegevens niet meer. Bespreek met de deelnemer wat u nog kunt doen.",
    Kind.RESTRICTED: "De gegevens worden alleen bewaard. Gebruik ze niet tot u hoort dat het weer mag.",
    Kind.RESTRICTION_LIFTED: "De beperking is opgeheven. Loopt deze verwijzing nog bij u, dan kunt u verder.",
    Kind.CORRECTED: "Kijk wat er veranderde, of vraag het de verwijzer. Verbeter wat u zelf bewaarde.",
}
"""What a right of the participant asks of whoever got or gave the data (AVG art. 19)."""

_ADVISE = "Kies een passend traject."
_CONVENE = "Houd het doorbraakberaad en leg het besluit vast."


@dataclass(frozen=True)
class CaseLine:
    """One referral in a digest. Without a link the reader cannot open it, and `ask` is the organisation to ask.

    Who may no longer know how the case stands hears only its reference, and what to do.
    """

    reference: str
    next_step: str
    status: str | None = None
    due_on: date | None = None
    link: str | None = None
    ask: str | None = None

    def as_text(self) -> Iterable[str]:
        """The lines of this referral."""
        status = f": {self.status}" if self.status else ""
        due = f", uiterlijk {_in_words(self.due_on)}" if self.due_on else ""
        yield f"- {self.reference}{status}{due}"
        yield f"  {self.next_step}"
        if self.link:
            yield f"  {self.link}"
        elif self.ask:
            yield f"  Neem contact op met {self.ask}. U kunt deze verwijzing zelf niet openen."


@dataclass(frozen=True)
class Chapter:
    """What there is to say of one kind in one organisation: cases, or numbers of screenings, people, requests."""

    organisation: str
    kind: Kind
    cases: Sequence[CaseLine] = ()
    screenings: int = 0
    falling_due: Sequence[tuple[date, int]] = ()
    requests: int = 0
    first_due_on: date | None = None

    @property
    def count(self) -> int:
        """How many cases, screenings, people or requests it is about."""
        people = sum(people for _, people in self.falling_due)
        return len(self.cases) + self.screenings + people + self.requests

    def as_text(self) -> Iterable[str]:
        """The heading with its number, and the referrals."""
        yield f"{HEADINGS[self.kind]} ({self.count})"
        for case in self.cases:
            yield from case.as_text()
        if self.screenings:
            subject = "1 screening" if self.screenings == 1 else f"{self.screenings} screenings"
            yield f"  Bij {subject} met een indicatie is het gesprek nog niet gevoerd."
        for day, people in self.falling_due:
            subject = "1 deelnemer" if people == 1 else f"{people} deelnemers"
            yield f"- Na {_in_words(day)} worden de gegevens van {subject} vernietigd. Vraag de beheerder om de lijst."
        if self.requests and self.first_due_on:
            due = _in_words(self.first_due_on)
            yield f"  Neem een besluit en vertel het de deelnemer. Het eerste moet uiterlijk {due}."


def next_step(referral: Referral, kind: Kind) -> str:
    """The one thing that the reader of this notice is to do now."""
    if kind in RIGHTS_STEPS:
        return RIGHTS_STEPS[kind]
    if kind in (Kind.ESCALATION, Kind.REGION):
        return _COORDINATE
    if referral.is_escalated:
        return _CONVENE
    if referral.waits_for_region and referral.is_open:
        return _ADVISE
    return NEXT_STEPS[referral.status]


def status_label(referral: Referral) -> str:
    """The Dutch name of the status."""
    return LABELS[referral.status]


def compose(
    name: str, email: str, chapters: Sequence[Chapter], *, public_url: str, message_id: str, at: datetime
) -> EmailMessage:
    """The mail. `message_id` is the part before the @."""
    subject = _subject(sum(chapter.count for chapter in chapters))
    return write_mail(name, email, subject, _lines(chapters), public_url=public_url, message_id=message_id, at=at)


def _subject(count: int) -> str:
    return "Er wacht 1 zaak op u" if count == 1 else f"Er wachten {count} zaken op u"


def _lines(chapters: Sequence[Chapter]) -> Iterable[str]:
    yield "Dit wacht op u."
    organisation = None
    for chapter in chapters:
        if chapter.organisation != organisation:
            organisation = chapter.organisation
            yield from ("", organisation, "=" * len(organisation))
        yield ""
        yield from chapter.as_text()
    yield ""
    yield "U krijgt hoogstens één bericht per dag. Er staan met opzet geen gegevens van deelnemers in."


def _in_words(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
