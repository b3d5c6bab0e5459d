"""One digest a day to a person, and only to whoever can act; never a word about a participant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from referral.core.calendar import add_months
from referral.core.policy import Role
from referral.identity.models import Membership, User
from referral.notifications.mail import SmtpMailSink
from referral.notifications.usecases import run_terms, send_digests
from referral.participants.models import Participant
from referral.referrals.usecases import AcceptReferral, AssignCoach, accept_referral, assign_coach
from referral.referrals.workflow import Status
from referral.screenings.usecases import LogConversation, log_conversation
from tests.notifications.chain import FIRST_DAY, PUBLIC_URL, WISH, Chain, address
from tests.notifications.smtp_server import Server, running


def test_a_digest_names_the_case_the_day_the_one_next_step_and_the_place(chain: Chain) -> None:
    case = chain.case(Status.ACCEPTED)
    chain.run(chain.working_days(5))
    assert chain.digest().counts == {"sent": 1}
    reference = chain.read(case).reference
    assert chain.mail_to(chain.coach) == (
        "Beste Bram Coach,\n\nDit wacht op u.\n\n"
        "Taalschool De Brug\n==================\n\n"
        "Herinnering (1)\n"
        f"- {reference}: Geaccepteerd, uiterlijk 10 november 2026\n"
        "  Voer het gesprek voor de warme overdracht en leg het vast.\n"
        f"  {PUBLIC_URL}/referrals/{case}\n\n"
        "U krijgt hoogstens één bericht per dag. Er staan met opzet geen gegevens van deelnemers in.\n\n"
        f"Alles staat op {PUBLIC_URL}\n\n"
        "Dit bericht is automatisch gemaakt. U kunt er niet op antwoorden.\n"
    )
    (mail,) = chain.mails()
    assert mail["Subject"] == "Er wacht 1 zaak op u"
    assert mail["From"] == "Screening en verwijzing <noreply@verwijzen.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_digest_tells_nothing_of_a_participant(chain: Chain) -> None:
    for status in (Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED, Status.INTAKE):
        chain.case(status)
    chain.run(chain.working_days(20))
    chain.digest()
    everything = "".join(str(mail) for mail in chain.mails())
    with chain.service.work() as work:
        people = work.session.scalars(select(Participant)).all()
        with work.reading(chain.referrer, "contact"):
            secrets = [WISH, *(person.name for person in people), *(person.phone for person in people)]
        secrets += [str(person.id) for person in people]
    assert len(secrets) == 13
    assert [secret for secret in secrets if secret in everything] == []


def test_a_named_coach_hears_of_the_own_case_and_a_team_of_a_case_that_waits(chain: Chain) -> None:
    """Wrong build: the whole team hears of everybody's cases."""
    own, waiting = chain.case(Status.ACCEPTED), chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(5))
    chain.digest()
    assert chain.read(own).reference in chain.mail_to(chain.coach)
    assert chain.read(own).reference not in chain.mail_to(chain.second_coach)
    for coach in (chain.coach, chain.second_coach):
        assert chain.read(waiting).reference in chain.mail_to(coach)
    assert chain.read(waiting).reference in chain.mail_to(chain.coordinator)
    assert chain.mail_to(chain.referrer) == ""


def test_each_kind_has_its_number(chain: Chain) -> None:
    for _ in range(2):
        chain.case(Status.SUBMITTED)
    chain.case(Status.ACCEPTED)
    chain.run(chain.working_days(5))
    chain.digest()
    assert "Herinnering (3)" in chain.mail_to(chain.coach)
    assert "Blijft liggen (2)" in chain.mail_to(chain.coordinator)
    assert {mail["Subject"] for mail in chain.mails()} == {"Er wachten 3 zaken op u", "Er wachten 2 zaken op u"}


def test_nobody_gets_a_second_digest_on_a_day_nor_the_same_notice_on_the_next(chain: Chain) -> None:
    """Wrong build: a mail for every run of the worker, or every morning the same mail."""
    cases = [chain.case(Status.ACCEPTED) for _ in range(2)]
    chain.clock.go_to(chain.working_days(5))
    answers = iter([False, True])
    run_terms(chain.service, stopped=lambda: next(answers))
    assert chain.digest().counts == {"sent": 1}
    assert chain.run() == {"reminder": 1}
    assert chain.digest().counts == {}
    chain.run(chain.working_days(6))
    assert chain.digest().counts == {"sent": 1}
    assert [len([case for case in cases if str(case) in mail.get_content()]) for mail in chain.mails()] == [1, 1]
    chain.run(chain.working_days(7))
    assert chain.digest().counts == {}


def test_who_has_nothing_to_hear_gets_no_mail(chain: Chain) -> None:
    chain.case(Status.SUBMITTED)
    chain.run()
    assert chain.digest().counts == {}
    assert chain.mails() == []


def test_who_has_acted_meanwhile_hears_nothing(chain: Chain) -> None:
    """Wrong build: tells every notice that was given, also when somebody answered in the night."""
    case = chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(5))
    chain.do(accept_referral, AcceptReferral(referral_id=case), chain.coach)
    assert chain.digest().counts == {}


def test_a_held_case_is_not_told(chain: Chain) -> None:
    case = chain.case(Status.ACCEPTED)
    chain.run(chain.working_days(5))
    chain.hold(case, chain.today + timedelta(days=7))
    assert chain.digest().counts == {}


def test_whoever_takes_a_case_over_hears_what_the_other_was_told(chain: Chain) -> None:
    """Wrong build: a notice that was told once is told, so that the new coach never hears of it."""
    case = chain.case(Status.ACCEPTED)
    chain.run(chain.working_days(5))
    chain.digest()
    chain.do(assign_coach, AssignCoach(referral_id=case, coach_id=chain.second_coach.id), chain.coordinator)
    chain.clock.go_to(chain.working_days(6))
    assert chain.digest().counts == {"sent": 1}
    assert chain.read(case).reference in chain.mail_to(chain.second_coach)


def test_a_colleague_who_left_gets_no_mail(chain: Chain) -> None:
    chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(3))
    with chain.service.work() as work:
        gone = update(User).where(User.id == chain.coach.id)
        work.session.execute(gone.values(active=False, deactivated_at=work.now))
    assert chain.digest().counts == {"sent": 1}
    assert chain.mail_to(chain.coach) == ""


def test_a_region_that_cannot_open_the_case_gets_no_link_but_somebody_to_call(chain: Chain) -> None:
    case = chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(10))
    chain.digest()
    text = chain.mail_to(chain.regional)
    assert "De aanbieder geeft geen antwoord (1)" in text
    assert "Neem contact op met Taalschool De Brug." in text
    assert f"/referrals/{case}" not in text


def test_a_doorbraakberaad_and_an_expired_case_reach_the_region_with_a_link(chain: Chain) -> None:
    asked, expired = chain.case(Status.ACCEPTED), chain.case(Status.SUBMITTED)
    for day in (chain.working_days(20), add_months(FIRST_DAY, 3)):
        chain.run(day)
    chain.digest()
    text = chain.mail_to(chain.regional)
    assert "Doorbraakberaad nodig (1)" in text
    assert "Houd het doorbraakberaad en leg het besluit vast." in text
    assert "Verlopen zonder antwoord (1)" in text
    for case in (asked, expired):
        assert f"{PUBLIC_URL}/referrals/{case}" in text


def test_a_region_that_was_asked_advice_is_told_to_choose(chain: Chain) -> None:
    chain.draft(submit=True, advise_me=True)
    chain.run(chain.working_days(3))
    chain.digest()
    assert "Kies een passend traject." in chain.mail_to(chain.regional)


def test_screenings_are_a_number_and_never_a_code(chain: Chain) -> None:
    codes = [chain.screening(FIRST_DAY) for _ in range(3)]
    chain.run(chain.working_days(10))
    chain.do(log_conversation, LogConversation(codes[0], held_on=chain.today, outcome="agrees"), chain.referrer)
    chain.digest()
    text = chain.mail_to(chain.referrer)
    assert "Gesprekken die u nog moet voeren (2)" in text
    assert "Bij 2 screenings met een indicatie is het gesprek nog niet gevoerd." in text
    assert not any(code in text for code in codes)
    assert chain.mail_to(chain.second_referrer).count("2 screenings") == 1
    assert chain.mail_to(chain.source_coordinator) == ""
    chain.run(chain.working_days(20))
    chain.digest()
    assert "Gesprekken die blijven liggen (2)" in chain.mail_to(chain.source_coordinator)


def test_two_organisations_are_two_headings_in_one_mail(chain: Chain) -> None:
    with chain.service.work() as work:
        both = {"user_id": chain.coach.id, "organisation_id": chain.referrer.organisation_id, "role": Role.REFERRER}
        work.session.execute(insert(Membership).values(**both))
    chain.case(Status.ACCEPTED)
    chain.screening(FIRST_DAY)
    chain.run(chain.working_days(10))
    chain.digest()
    text = chain.mail_to(chain.coach)
    assert text.index("Gemeente Voorbeeld\n=") < text.index("Taalschool De Brug\n=")


def test_a_notice_that_nobody_can_read_is_said_aloud(chain: Chain) -> None:
    chain.case(Status.ACCEPTED)
    with chain.service.work() as work:
        gone = update(User).where(User.id == chain.coordinator.id)
        work.session.execute(gone.values(active=False, deactivated_at=work.now))
    chain.run(chain.working_days(10))
    with capture_logs() as lines:
        assert chain.digest().counts == {"sent": 1, "unheard": 1}
    assert lines == [{"event": "nobody_to_tell", "log_level": "warning", "notices": 1}]


# What can go wrong


def test_two_workers_at_once_send_one_mail_to_each(chain: Chain) -> None:
    """Wrong build: without the unique day of a person both workers send."""
    sink = Counting()
    for _ in range(3):
        chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(10))
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(send_digests, chain.service, sink=sink) for _ in range(3)]
        assert sum(run.result().counts.get("sent", 0) for run in runs) == 4
    assert sorted(sink.readers) == sorted(
        address(actor) for actor in (chain.coach, chain.second_coach, chain.coordinator, chain.regional)
    )


def test_a_mail_server_that_is_away_loses_nothing(chain: Chain) -> None:
    """Wrong build: marks as told before the server took it."""
    chain.case(Status.ACCEPTED)
    chain.run(chain.working_days(5))
    with running(Server()) as server:
        sink = SmtpMailSink(f"smtp://127.0.0.1:{server.port}")
    assert chain.digest(sink=sink).counts == {"unavailable": 1}
    with running(server):
        assert chain.digest(sink=sink).counts == {"sent": 1}
        assert chain.digest(sink=sink).counts == {}
    assert len(server.mails) == 1


def test_a_server_that_refuses_one_address_takes_the_others(chain: Chain) -> None:
    chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(3))
    with running(Server(refuse=address(chain.coach))) as server, capture_logs() as lines:
        sink = SmtpMailSink(f"smtp://127.0.0.1:{server.port}")
        assert chain.digest(sink=sink).counts == {"sent": 1, "refused": 1}
        assert "voorbeeld" not in str(lines)
        server.refuse = ""
        assert chain.digest(sink=sink).counts == {"sent": 1}


def test_a_process_that_dies_while_it_sends_loses_nothing(chain: Chain) -> None:
    """Wrong build: a claim that never lapses, so that nobody ever sends this mail."""
    chain.case(Status.ACCEPTED)
    chain.run(chain.working_days(5))
    with pytest.raises(SystemExit):
        chain.digest(sink=Dying())
    assert chain.digest().counts == {}
    chain.clock.now += timedelta(minutes=11)
    assert chain.digest().counts == {"sent": 1}


def test_a_run_that_is_stopped_sends_no_more(chain: Chain) -> None:
    chain.case(Status.SUBMITTED)
    chain.run(chain.working_days(3))
    answers = iter([False, True])
    assert chain.digest(stopped=lambda: next(answers)).counts == {"sent": 1}


class Counting:
    """A sink that remembers who was written to."""

    def __init__(self) -> None:
        self.readers: list[str] = []

    def send(self, mail: EmailMessage) -> None:
        self.readers.append(mail["To"].addresses[0].addr_spec)


class Dying:
    """A sink in which the process ends."""

    def send(self, mail: EmailMessage) -> None:
        raise SystemExit
