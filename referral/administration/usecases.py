"""What an administrator does across areas: inviting by mail, opening an organisation, weighing a retention period."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode
from uuid import UUID

from referral.core.database import new_id
from referral.core.errors import Invalid, Unavailable
from referral.core.policy import Actor
from referral.core.work import Work
from referral.identity.models import Organisation, User
from referral.identity.usecases import (
    InviteFirstAdministrator,
    InviteUser,
    RegisterOrganisation,
    SetRetention,
    invite_first_administrator,
    invite_user,
    register_organisation,
    retention_after,
    retention_for,
    write_invitation,
)
from referral.notifications.mail import MailRefused, MailSink, MailUnavailable, write_mail
from referral.notifications.usecases.sending import MAIL_SINK
from referral.referrals.retention import REFERRAL
from referral.referrals.usecases.retaining import Due, list_due_under

SUBJECT = "Uw account voor screening en verwijzing"


@dataclass(frozen=True)
class DueToday:
    """How many people are past their retention today, and how many cases go with them."""

    people: int
    cases: int


@dataclass(frozen=True)
class RetentionEffect:
    """Who is past retention today as it is, and as it would be."""

    now: DueToday
    then: DueToday


def weigh_retention(command: SetRetention, *, actor: Actor, work: Work) -> RetentionEffect:
    """What `set_retention` would do today; nothing is done yet. Raises what that does."""
    after = retention_after(command, actor=actor, work=work)
    before = retention_for(work.session, command.organisation_id)
    now, then = (list_due_under(work, work.today, command.organisation_id, each) for each in (before, after))
    return RetentionEffect(_count(now), _count(then))


@dataclass(frozen=True)
class OpenOrganisation:
    """A new organisation, and the name and address of who is to run it."""

    organisation: RegisterOrganisation
    name: str = field(repr=False)
    email: str = field(repr=False)


def invite_colleague(command: InviteUser, *, actor: Actor, work: Work) -> User:
    """Open the account and mail the colleague a link to choose a password.

    Raises `NotAllowed`, `Invalid`, `Conflict`, and `Unavailable` when no mail goes out now; then nothing was done.
    """
    user = invite_user(command, actor=actor, work=work)
    return send_invitation(user.id, actor=actor, work=work)


def open_organisation(command: OpenOrganisation, *, actor: Actor, work: Work) -> Organisation:
    """Enter the organisation, and mail its first administrator a link to choose a password.

    Raises `NotAllowed`, `Invalid`, `Conflict`, and `Unavailable` when no mail goes out now; then nothing was done.
    """
    organisation = register_organisation(command.organisation, actor=actor, work=work)
    first = InviteFirstAdministrator(organisation.id, command.email, command.name)
    try:
        user, text = invite_first_administrator(first, actor=actor, work=work)
        _mail_link(user, text, actor=actor, work=work)
    except Invalid as refused:
        errors = [replace(error, pointer=f"/administrator{error.pointer}") for error in refused.errors]
        raise Invalid(errors=errors) from None
    return organisation


def send_invitation(user_id: UUID, *, actor: Actor, work: Work) -> User:
    """Mail the link, again if need be. The link stands in this mail only, so that nobody else can use it.

    Raises `NotFound`, `Conflict`, `Invalid` for an address that is refused, and `Unavailable`.
    """
    user, text = write_invitation(user_id, actor=actor, work=work)
    _mail_link(user, text, actor=actor, work=work)
    return user


def _mail_link(user: User, text: str, *, actor: Actor, work: Work) -> None:
    settings = work.service.settings
    address = f"{settings['public_url']}/welcome?{urlencode({'invitation': text})}"
    lines = [
        f"{actor.name} heeft een account voor u gemaakt.",
        "Kies binnen zeven dagen een wachtwoord. De link werkt een keer:",
        "",
        address,
    ]
    mail = write_mail(
        user.name,
        user.email,
        SUBJECT,
        lines,
        public_url=settings["public_url"],
        message_id=str(new_id()),
        at=work.now,
    )
    sink: MailSink = settings[MAIL_SINK]
    try:
        sink.send(mail)
    except MailRefused:
        raise Invalid.one("/email", "email", "Naar dit adres kunnen wij geen mail sturen.") from None
    except MailUnavailable:
        raise Unavailable("Er kan nu geen mail worden verstuurd. Er is niets gebeurd.") from None


def _count(due: Sequence[Due]) -> DueToday:
    return DueToday(len(due), sum(line.record == REFERRAL for each in due for line in each.lines))
