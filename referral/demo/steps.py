"""The steps that every case is made of: a case and its diary, and what may happen between one status and the next."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from referral.core.calendar import add_months
from referral.core.work import AMSTERDAM
from referral.demo import words
from referral.demo.cases import Case
from referral.demo.catalogue import OFFERS, Offer
from referral.demo.diary import Diary
from referral.demo.organisations import REGIONAL, Account
from referral.referrals import usecases as deeds

MODES = ("three_way",) * 11 + ("phone_three_way",) * 4 + ("announced",) * 2 + ("cold",) * 3
EXCEPTIONS = ("client_prefers_alone", "phone_introduction", "referrer_unavailable", "urgent")


@dataclass
class Life:
    """A case and its diary, with the small decisions that chance makes."""

    case: Case
    diary: Diary

    @property
    def rng(self) -> Random:
        """The one source of chance."""
        return self.diary.rng

    def wait(self, least: int, most: int) -> None:
        """Let some working days pass."""
        self.diary.wait(least, most)

    def then(self, deed: Callable[..., object], /, **facts: Any) -> None:
        """Write down the next deed."""
        self.diary.then(deed, **facts)

    def by_coach(self, deed: Callable[..., Any], command: type[Any] = deeds.Move, **facts: Any) -> None:
        """The next deed is the coach's."""
        self.then(self.case.by_coach, deed=deed, command=command, **facts)

    def by_referrer(self, deed: Callable[..., Any], command: type[Any] = deeds.Move, **facts: Any) -> None:
        """The next deed is the referrer's."""
        self.then(self.case.by_referrer, deed=deed, command=command, **facts)

    def by(self, who: Account, deed: Callable[..., Any], command: type[Any] = deeds.Move, **facts: Any) -> None:
        """The next deed is somebody else's: a coordinator's, the region's."""
        self.then(self.case.by_other, who=who, deed=deed, command=command, **facts)

    def chance(self, share: float) -> bool:
        """Whether it happens, this time."""
        return self.rng.random() < share


def meets(life: Life) -> None:
    """The screening and the conversation in which the participant says yes."""
    for screened in life.case.known.screenings:
        life.then(screened.log)
    life.wait(0, 9)
    for screened in life.case.known.screenings:
        life.then(screened.discuss, outcome="agrees")


def refers(life: Life) -> None:
    """The referral, sent at once or after some days as a draft."""
    meets(life)
    life.wait(0, 3)
    if life.chance(0.15):
        life.then(life.case.refer, submit=False)
        life.wait(1, 6)
        life.by_referrer(deeds.submit_referral, deeds.SubmitReferral)
    else:
        life.then(life.case.refer)


def asks(life: Life) -> None:
    """The receiver asks something first, and gets an answer."""
    code, text = life.rng.choice(words.QUESTIONS)
    life.by_coach(deeds.return_referral, deeds.ReturnReferral, question=code, text=text)
    life.wait(1, 4)
    life.by_referrer(deeds.answer_question, deeds.AnswerQuestion, text=life.rng.choice(words.ANSWERS))


def is_accepted(life: Life) -> None:
    """The receiver accepts within some days, sometimes after a question or a while on the waiting list."""
    life.wait(1, 4)
    if life.chance(0.12):
        asks(life)
        life.wait(1, 3)
    if life.chance(0.08):
        life.then(life.case.put_on_list, kind="capacity", days=28)
        life.wait(6, 14)
        life.then(life.case.offer_place)
    else:
        life.then(life.case.accept)


def is_handed_over(life: Life) -> None:
    """The warm handover, most often with the three of them."""
    if life.chance(0.4):
        life.wait(0, 2)
        life.then(life.case.plan_meeting, days=7)
    life.wait(2, 6)
    if life.chance(0.06):
        life.by_coach(deeds.confirm_handover, deeds.ConfirmHandover, exception=life.rng.choice(EXCEPTIONS))
    else:
        life.then(life.case.hand_over, mode=life.rng.choice(MODES))


def starts(life: Life) -> None:
    """Handover, intake and the first day."""
    is_handed_over(life)
    life.wait(2, 8)
    life.then(life.case.take_in)
    life.wait(2, 10)
    answers = dict.fromkeys(words.AREAS[:3], "same")
    life.then(life.case.start, goals=tuple(life.rng.sample(words.GOALS, 2)), outcomes=answers)


def learns(life: Life, months: int) -> None:
    """Some months of lessons, with a word to the referrer every quarter."""
    for _ in range(months // 3):
        life.wait(52, 60)
        life.by_coach(deeds.record_progress, deeds.RecordProgress, text=life.rng.choice(words.PROGRESS))
    life.wait(15, 40)


def completes(life: Life) -> str:
    """The end of the trajectory, with a result for both goals; the reason to close with says how it went."""
    results = life.rng.choices(("achieved", "achieved", "partly", "not"), k=2)
    kinds = ("diploma", "mbo_certificate") if life.case.offer and life.case.offer.is_formal else ("none",)
    changed = {
        area: "better" if result == "achieved" else "same" for area, result in zip(words.AREAS, results, strict=False)
    }
    life.then(
        life.case.complete,
        results=results,
        certificate=life.rng.choice(kinds),
        report=life.rng.choice(words.REPORTS),
        outcomes=changed,
    )
    reached = {"achieved": "goal_reached", "partly": "partly_reached", "not": "not_reached"}
    return reached[results[0]]


def gets_aftercare(life: Life, reason: str) -> None:
    """The conversation after three months, or none: refused, or nobody to be found until the term ends."""
    if life.chance(0.08):
        life.wait(3, 20)
        life.by_coach(deeds.close_referral, deeds.CloseReferral, reason="aftercare_refused")
    elif life.chance(0.12):
        life.diary.go_to(add_months(life.diary.at.astimezone(AMSTERDAM).date(), 6))
        life.wait(1, 1)
        life.then(life.case.strike, clock="end")
    else:
        life.wait(60, 72)
        is_followed_up(life)
        life.wait(0, 4)
        life.by_coach(deeds.close_referral, deeds.CloseReferral, reason=reason)


def is_followed_up(life: Life) -> None:
    """The aftercare conversation."""
    outcomes = {area: life.rng.choice(("better", "better", "same")) for area in life.rng.sample(words.AREAS, 3)}
    life.then(life.case.follow_up, outcomes=outcomes, learning=life.chance(0.5), working=life.chance(0.3))


def is_picked_up(life: Life) -> None:
    """Nobody is let go: whoever has the task writes down what comes next."""
    life.wait(1, 7)
    life.by_referrer(deeds.add_note, deeds.AddNote, note=life.rng.choice(words.FOLLOW_UPS))


def decides(life: Life) -> None:
    """The doorbraakberaad decides, at the region."""
    life.by(
        REGIONAL,
        deeds.decide_escalation,
        deeds.DecideEscalation,
        decision=words.DECISION,
        decided_by=REGIONAL.name,
        due_on=add_months(life.diary.at.astimezone(AMSTERDAM).date(), 1),
    )


def alternative_to(life: Life) -> Offer | None:
    """Another offer for the same skills that is still there, if there is one."""
    case = life.case
    others = [offer for offer in OFFERS if offer != case.offer and set(case.skills) <= set(offer.skills)]
    return life.rng.choice([offer for offer in others if offer.ended is None] or [None])
